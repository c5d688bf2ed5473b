package server

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// Auth is how a server asks for passwords (RFC 3261 22, RFC 8760).
type Auth struct {
	Realm      string            // default "hilphone"
	Users      map[string]string // user to password; only these may register
	Algorithms []string          // "MD5", "SHA-256"; offered in this order; default MD5
	Calls      bool              // INVITE too is challenged, with 407
	NonceLife  time.Duration     // an older nonce is stale; default 5 min
}

// gate is an Auth at work; only the server's loop uses it.
type gate struct {
	Auth
	secret [32]byte
	counts map[string]int // nonce to the highest nonce count seen
}

func newGate(a *Auth) (*gate, error) {
	if a == nil {
		return nil, nil
	}
	g := &gate{Auth: *a, counts: map[string]int{}}
	if g.Realm == "" {
		g.Realm = "hilphone"
	}
	if strings.ContainsAny(g.Realm, "\"\\\r\n") {
		return nil, wrong("realm", "%q cannot be quoted", g.Realm)
	}
	if len(g.Algorithms) == 0 {
		g.Algorithms = []string{"MD5"}
	}
	for _, name := range g.Algorithms {
		if hashOf(name) == nil {
			return nil, wrong("algorithms", "%q is not one of MD5, SHA-256", name)
		}
	}
	if g.NonceLife < 0 {
		return nil, wrong("nonce_life", "%v is negative", g.NonceLife)
	}
	if g.NonceLife == 0 {
		g.NonceLife = 5 * time.Minute
	}
	if _, err := rand.Read(g.secret[:]); err != nil {
		return nil, fmt.Errorf("make the nonce secret: %w", err)
	}
	return g, nil
}

func hashOf(algorithm string) func() hash.Hash {
	switch strings.ToUpper(algorithm) {
	case "", "MD5":
		return md5.New
	case "SHA-256":
		return sha256.New
	}
	return nil
}

func (g *gate) knows(user string) bool { _, ok := g.Users[user]; return ok }

// admit lets a request with good credentials of this user pass ("" is any user); otherwise it answers the challenge,
// code 401 or 407, and reports false.
func (s *Server) admit(req *sip.Request, user string, code int) bool {
	if s.auth == nil {
		return true
	}
	verdict := s.auth.check(req, user, code)
	switch verdict {
	case credentialsGood:
		return true
	case credentialsOfAnother:
		s.station.answer(req, respond(req, 403, ""))
		return false
	}
	res := respond(req, code, "")
	name := "WWW-Authenticate"
	if code == 407 {
		name = "Proxy-Authenticate"
	}
	nonce := s.auth.nonce(time.Now())
	for _, algorithm := range s.auth.Algorithms {
		value := fmt.Sprintf("Digest realm=%q, nonce=%q, algorithm=%s, qop=\"auth\"", s.auth.Realm, nonce, algorithm)
		if verdict == credentialsStale {
			value += ", stale=true"
		}
		res.AppendHeader(sip.NewHeader(name, value))
	}
	s.station.answer(req, res)
	return false
}

type credentials int

const (
	credentialsMissing credentials = iota
	credentialsGood
	credentialsStale
	credentialsOfAnother
)

func (g *gate) check(req *sip.Request, user string, code int) credentials {
	name := "Authorization"
	if code == 407 {
		name = "Proxy-Authorization"
	}
	for _, h := range req.GetHeaders(name) {
		c, err := digest.ParseCredentials(h.Value())
		if err != nil || c.Realm != g.Realm {
			continue
		}
		password, known := g.Users[c.Username]
		made, ours := g.nonceTime(c.Nonce)
		if !known || !ours || !slices.ContainsFunc(g.Algorithms, func(a string) bool {
			return strings.EqualFold(a, c.Algorithm) || c.Algorithm == "" && a == "MD5"
		}) {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(g.response(c, string(req.Method), password)), []byte(c.Response)) != 1 {
			continue
		}
		switch {
		case user != "" && c.Username != user:
			return credentialsOfAnother
		case time.Since(made) > g.NonceLife || c.QOP != "" && c.Nc <= g.counts[c.Nonce]:
			return credentialsStale // a repeated nonce count is a replay (RFC 7616 3.4)
		}
		g.counts[c.Nonce] = c.Nc
		return credentialsGood
	}
	return credentialsMissing
}

// response is the digest the credentials should carry (RFC 7616 3.4.1). The digest-uri is taken from the credentials.
func (g *gate) response(c *digest.Credentials, method, password string) string {
	sum := func(text string) string {
		h := hashOf(c.Algorithm)()
		h.Write([]byte(text))
		return hex.EncodeToString(h.Sum(nil))
	}
	a1, a2 := sum(c.Username+":"+c.Realm+":"+password), sum(method+":"+c.URI)
	if c.QOP == "" {
		return sum(a1 + ":" + c.Nonce + ":" + a2)
	}
	return sum(fmt.Sprintf("%s:%s:%08x:%s:%s:%s", a1, c.Nonce, c.Nc, c.Cnonce, c.QOP, a2))
}

// nonce carries its time and a proof that we made it, so that no list of nonces is needed.
func (g *gate) nonce(now time.Time) string {
	for old := range g.counts {
		if made, ok := g.nonceTime(old); !ok || now.Sub(made) > g.NonceLife {
			delete(g.counts, old)
		}
	}
	salt := make([]byte, 4)
	rand.Read(salt)
	text := strconv.FormatInt(now.UnixNano(), 16) + "." + hex.EncodeToString(salt)
	return text + "." + g.proof(text)
}

func (g *gate) nonceTime(nonce string) (time.Time, bool) {
	text, proof, ok := cutLast(nonce, ".")
	if !ok || !hmac.Equal([]byte(proof), []byte(g.proof(text))) {
		return time.Time{}, false
	}
	stamp, _, _ := strings.Cut(text, ".")
	ns, err := strconv.ParseInt(stamp, 16, 64)
	return time.Unix(0, ns), err == nil
}

func (g *gate) proof(text string) string {
	mac := hmac.New(sha256.New, g.secret[:])
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:12])
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
