package webui

import (
	"context"
	"net/http"
	"time"

	"hilphone/db/audit"
	"hilphone/webui/limit"
)

// Password hashes cost memory and time. Clients that have logged in before have a queue of their own, so that they never wait for
// the attempts of strangers (SE-06).
const (
	hashesAtOnce  = 1 // of each of the two queues
	hashesWaiting = 16
	hashesEach    = 2 // of one network or browser, the one under way included
	hashWait      = 5 * time.Second
	busyRetry     = 2 * time.Second
)

// loginLimit bounds the attempts of logins.
type loginLimit struct {
	attempts         *limit.Attempts
	known, strangers *limit.Queue
}

func newLoginLimit() *loginLimit {
	return &loginLimit{limit.NewAttempts(), limit.NewQueue(hashesAtOnce, hashesWaiting, hashesEach), limit.NewQueue(hashesAtOnce, hashesWaiting, hashesEach)}
}

// loginAttempt is a password that somebody has sent.
type loginAttempt struct {
	account, password string
	ip                string
	browser           string // secret of a browser's device cookie; empty: it has none
	session           string // key of the session whose own password is asked for again; empty: it is a login
}

// loginResult is what came of a loginAttempt.
type loginResult struct {
	Role   Role
	Reason LoginReason   // empty: the password is right
	Left   int           // LoginWrong: attempts left
	Wait   time.Duration // LoginLocked, LoginBusy: until the next attempt
}

// counters returns what a failed attempt is counted by, and whether its client has logged in to the account before. A browser that
// has, which its device cookie shows, has its own counter: the attempts of others do not lock it out, nor do its own count for
// others. So has a network from which there was a login, for scripts, which keep no cookies. Strangers are counted by their network
// and by the account, if it exists.
func (s *Server) counters(ctx context.Context, a loginAttempt) (keys []limit.Key, known bool, err error) {
	network := limit.NetworkOf(a.ip).String()
	if a.session != "" {
		return []limit.Key{{Kind: limit.Device, Name: "session " + a.session}}, true, nil
	}
	if a.browser != "" {
		if known, err = s.Accounts.KnownDevice(ctx, a.account, browserDevice(a.browser)); known || err != nil {
			return []limit.Key{{Kind: limit.Device, Name: a.account + " browser " + a.browser}}, known, err
		}
	}
	keys = []limit.Key{{Kind: limit.Address, Name: network}}
	if known, err = s.Accounts.KnownDevice(ctx, a.account, networkDevice(a.ip)); known || err != nil {
		return append(keys, limit.Key{Kind: limit.Device, Name: a.account + " network " + network}), known, err
	}
	exists, err := s.accountExists(ctx, a.account)
	if exists {
		keys = append(keys, limit.Key{Kind: limit.Account, Name: a.account})
	}
	return keys, false, err
}

// browserDevice and networkDevice are the texts by which the store knows clients: a cookie cannot claim to be a network.
func browserDevice(secret string) string { return "browser " + secret }

func networkDevice(ip string) string { return "network " + limit.NetworkOf(ip).String() }

func (s *Server) accountExists(ctx context.Context, account string) (bool, error) {
	all, err := s.Accounts.Accounts(ctx)
	for _, a := range all {
		if a.Account == account && a.PasswordSet {
			return true, err
		}
	}
	return false, err
}

// checkPassword checks a password within the limits and records what came of it.
func (s *Server) checkPassword(ctx context.Context, a loginAttempt) (loginResult, error) {
	set, err := s.passwordSet(ctx)
	if err != nil {
		return loginResult{}, err
	}
	if !set {
		return loginResult{Reason: LoginNoPassword}, nil
	}
	keys, known, err := s.counters(ctx, a)
	if err != nil {
		return loginResult{}, err
	}
	attempt, wait := s.logins.attempts.Begin(keys...)
	if wait > 0 {
		return loginResult{Reason: LoginLocked, Wait: wait}, nil
	}
	leave, err := s.enterHash(ctx, keys, known)
	if err != nil {
		attempt.Cancel()
		return loginResult{Reason: LoginBusy, Wait: busyRetry}, nil
	}
	role, ok, err := s.Accounts.Check(ctx, a.account, a.password)
	leave()
	switch {
	case err != nil:
		attempt.Cancel()
		return loginResult{}, err
	case !ok:
		left := attempt.Fail()
		return loginResult{Reason: LoginWrong, Left: left}, s.recordFailure(ctx, a, left)
	}
	attempt.Succeed()
	return loginResult{Role: role}, nil
}

// recordFailure records a failed login. What was typed as the account is left out where there is none of that name: people type passwords
// there.
func (s *Server) recordFailure(ctx context.Context, a loginAttempt, left int) error {
	exists, err := s.accountExists(ctx, a.account)
	if err != nil {
		return err
	}
	data := func() map[string]any {
		if exists {
			return map[string]any{"account": a.account}
		}
		return nil
	}
	by := stranger(a.ip)
	if a.session != "" {
		by.Kind, by.Name = audit.Account, a.account
	}
	s.recordLogin("wrong", a.ip, "")
	s.audits.later(by, audit.LoginFailed, data())
	if left == 0 { // once: further attempts must not fill the histories
		s.recordLogin("locked", a.ip, "")
		s.audits.later(by, audit.LoginLocked, data())
	}
	return nil
}

// enterHash waits for the turn to compute a hash: for a bounded time, and not behind those that have failed lately or name an account
// that does not exist.
func (s *Server) enterHash(ctx context.Context, keys []limit.Key, known bool) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	queue, rank := s.logins.strangers, s.logins.attempts.Failed(keys[0])
	switch {
	case known:
		queue = s.logins.known
	case keys[len(keys)-1].Kind != limit.Account:
		rank += limit.MaxAttempts
	}
	return queue.Enter(ctx, keys[0].Name, rank)
}

// refused is the answer by REST to a password that was not checked; nil if it was.
func (r loginResult) refused() error {
	switch r.Reason {
	case LoginLocked:
		return refuseWith(problem(http.StatusTooManyRequests, "too many wrong passwords"), "Retry-After", retryAfter(r.Wait))
	case LoginBusy:
		return refuseWith(problem(http.StatusServiceUnavailable, "too many passwords are being checked"), "Retry-After", retryAfter(r.Wait))
	}
	return nil
}

// remember notes that a client has logged in to an account.
func (s *Server) remember(ctx context.Context, account, device string) {
	if err := s.Accounts.RememberDevice(context.WithoutCancel(ctx), account, device); err != nil {
		s.Log.Error("a client that has logged in is not remembered", "account", account, "err", err)
	}
}
