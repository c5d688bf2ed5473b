package webui

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	sessionIdle = 15 * time.Minute // the vendor's logon timeout
	sessionMost = 12 * time.Hour
	maxSessions = 256
	onceMost    = time.Hour // how long a one-time login may wait to be used
)

// session is one login on the pages.
type session struct {
	account string
	role    Role
	secret  time.Time // when the account's password was set that holds for this session
	began   time.Time
	used    time.Time
}

func (s session) expired(now time.Time) bool {
	return now.Sub(s.used) >= sessionIdle || now.Sub(s.began) >= sessionMost
}

// sessions holds the logins in memory, by the hash of their key: the phone itself does not know the keys.
type sessions struct {
	mu   sync.Mutex
	held map[[sha256.Size]byte]*session
	once map[[sha256.Size]byte]time.Time // one-time logins, and until when
}

func newSessions() *sessions {
	return &sessions{held: map[[sha256.Size]byte]*session{}, once: map[[sha256.Size]byte]time.Time{}}
}

// begin starts a session and returns its key. The oldest makes room when there are too many.
func (s *sessions) begin(account string, role Role) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var oldest [sha256.Size]byte
	var oldestUsed time.Time
	for h, held := range s.held {
		if held.expired(now) {
			delete(s.held, h)
		} else if oldestUsed.IsZero() || held.used.Before(oldestUsed) {
			oldest, oldestUsed = h, held.used
		}
	}
	if len(s.held) >= maxSessions {
		delete(s.held, oldest)
	}
	key := newSecret()
	s.held[sha256.Sum256([]byte(key))] = &session{account: account, role: role, began: now, used: now}
	return key
}

// renew has the session hold as long as the password that was set at that time; the zero Time stands for none.
func (s *sessions) renew(key string, set time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok := s.held[sha256.Sum256([]byte(key))]; ok {
		held.secret = set
	}
}

// use returns the session with the key and starts its idle time again.
func (s *sessions) use(key string) (session, bool) { return s.find(key, true) }

// look returns the session with the key without using it: an event stream left open does not keep a login alive.
func (s *sessions) look(key string) (session, bool) { return s.find(key, false) }

func (s *sessions) find(key string, use bool) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := sha256.Sum256([]byte(key))
	held, ok := s.held[h]
	if !ok {
		return session{}, false
	}
	now := time.Now()
	if held.expired(now) {
		delete(s.held, h)
		return session{}, false
	}
	if use {
		held.used = now
	}
	return *held, true
}

func (s *sessions) end(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, sha256.Sum256([]byte(key)))
}

// endAccount ends all sessions of an account, but the one with the key except.
func (s *sessions) endAccount(account, except string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := sha256.Sum256([]byte(except))
	for h, held := range s.held {
		if held.account == account && h != keep {
			delete(s.held, h)
		}
	}
}

// newOnce returns a code that begins one session of the admin.
func (s *sessions) newOnce() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := newSecret()
	s.once[sha256.Sum256([]byte(code))] = time.Now().Add(onceMost)
	return code
}

// takeOnce reports whether the code is good, and spends it.
func (s *sessions) takeOnce(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := sha256.Sum256([]byte(code))
	until, ok := s.once[h]
	delete(s.once, h)
	return ok && time.Now().Before(until)
}

// cookieName differs by port, as browsers do not tell the ports of a host apart: two phones on one machine keep their logins. Over
// HTTPS it has the prefix by which a browser takes it from this host alone, over HTTPS (RFC 6265bis 4.1.3.2): neither plain HTTP nor a
// neighbour in the domain can set it.
func cookieName(r *http.Request) string { return cookieNamed(r, "hilphone") }

func cookieNamed(r *http.Request, name string) string {
	if r.TLS != nil {
		name = "__Host-" + name
	}
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(addr.String()); err == nil {
			name += "_" + port
		}
	}
	return name
}

func sessionKeyOf(r *http.Request) (string, bool) {
	c, err := r.Cookie(cookieName(r))
	if err != nil || c.Value == "" {
		return "", false
	}
	return c.Value, true
}

// sessionCookie carries the key; an empty key takes it away.
func sessionCookie(r *http.Request, key string) *http.Cookie {
	c := newCookie(r, cookieName(r), key)
	if key == "" {
		c.MaxAge = -1
	}
	return c
}

func newCookie(r *http.Request, name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// secretLength is that of newSecret.
const secretLength = 43

func newSecret() string { return base64.RawURLEncoding.EncodeToString(random(32)) }
