package webui

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/audit"
	"hilphone/db/journal/event"
)

// LoginReason is why somebody is not logged in.
type LoginReason string

// The reasons.
const (
	LoginWrong  LoginReason = "wrong"  // account or password; never which of the two
	LoginLocked LoginReason = "locked" // too many failures
	LoginBusy   LoginReason = "busy"   // too many passwords are being checked
	LoginOnce   LoginReason = "once"   // the one-time link was used before or is too old

	// None is set: `hilphone password` sets it, or the page of the first run with a code.
	LoginNoPassword LoginReason = "no_password"
)

// LoginFailure is what the login page says. The zero value is the empty form.
type LoginFailure struct {
	Reason  LoginReason   // empty: nothing to say
	Account string        // what was typed as account
	Left    int           // Wrong: tries left in the next 15 minutes
	Wait    time.Duration // Locked, Busy: until the next try
	Next    string        // local path to go to after the login, a hidden field "next" of the form; may be empty
}

const maxLoginBody = 4 << 10

// loginPage answers GET /login: the form, or for /login?once=CODE a session.
func (s *Server) loginPage(c echo.Context) error {
	next := localPath(c.QueryParam("next"))
	if c.QueryParams().Has("once") && !isHead(c) { // HEAD is safe: it does not use the code
		return s.loginOnce(c, c.QueryParam("once"), next)
	}
	if who, ok := s.identify(c); ok && who.Token == "" {
		return c.Redirect(http.StatusSeeOther, next)
	}
	failure := LoginFailure{Next: next}
	set, err := s.passwordSet(c.Request().Context())
	if err != nil {
		return err
	}
	if !set && s.first.open() {
		return s.renderFirst(c, http.StatusOK, firstPageData{Next: next})
	}
	if !set {
		failure.Reason = LoginNoPassword
	}
	return s.renderLogin(c, http.StatusOK, failure)
}

// login answers POST /login with the fields user, password and next.
func (s *Server) login(c echo.Context) error {
	r := c.Request()
	limitBody(c, maxLoginBody, bodyTimeout)
	if err := r.ParseForm(); err != nil {
		return bodyProblem(err, "the login form cannot be read")
	}
	if !r.PostForm.Has("user") && !r.PostForm.Has("password") { // such as a body of another media type: no attempt
		return problem(http.StatusBadRequest, "the login form cannot be read")
	}
	busy(c)
	account, password := r.PostForm.Get("user"), r.PostForm.Get("password")
	failure := LoginFailure{Account: account, Next: localPath(r.PostForm.Get("next"))}
	since, err := s.passwordSince(r.Context(), account) // before it is checked: a change meanwhile ends the session
	if err != nil {
		return err
	}
	result, err := s.checkPassword(r.Context(), loginAttempt{account: account, password: password, ip: c.RealIP(), browser: deviceOf(r, account)})
	switch {
	case err != nil:
		return err
	case result.Reason == "":
		s.remember(r.Context(), account, networkDevice(c.RealIP()))
		return s.admitBrowser(c, account, result.Role, since, failure.Next)
	}
	failure.Reason, failure.Left, failure.Wait = result.Reason, result.Left, result.Wait
	if failure.Wait > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter(failure.Wait))
	}
	return s.renderLogin(c, loginStatus[result.Reason], failure)
}

// loginStatus is the HTTP status of the login page by the reason why it is shown again.
var loginStatus = map[LoginReason]int{
	LoginWrong: http.StatusUnauthorized, LoginLocked: http.StatusTooManyRequests, LoginBusy: http.StatusServiceUnavailable, LoginNoPassword: http.StatusForbidden,
}

func (s *Server) passwordSet(ctx context.Context) (bool, error) {
	accounts, err := s.Accounts.Accounts(ctx)
	for _, a := range accounts {
		if a.PasswordSet {
			return true, nil
		}
	}
	return false, err
}

// OneTimeLogin returns a path with a code that logs in as admin once, within an hour: "/login?once=CODE".
func (s *Server) OneTimeLogin() string { return "/login?once=" + s.sessions.newOnce() }

func (s *Server) loginOnce(c echo.Context, code, next string) error {
	if !s.sessions.takeOnce(code) {
		return s.renderLogin(c, http.StatusUnauthorized, LoginFailure{Reason: LoginOnce, Next: next})
	}
	since, err := s.passwordSince(c.Request().Context(), "admin")
	if err != nil {
		return err
	}
	s.beginSession(c, "admin", RoleAdmin, since, map[string]any{"once": true})
	return c.Redirect(http.StatusSeeOther, next)
}

// beginSession ends the session the browser had, so that a key known before the login is worth nothing after it. Data is for the audit
// history.
func (s *Server) beginSession(c echo.Context, account string, role Role, password time.Time, data map[string]any) {
	if old, ok := sessionKeyOf(c.Request()); ok {
		s.sessions.end(old)
	}
	key := s.sessions.begin(account, role)
	s.sessions.renew(key, password)
	c.SetCookie(sessionCookie(c.Request(), key))
	s.recordLogin("ok", c.RealIP(), account)
	s.audits.later(audit.Author{Kind: audit.Account, Name: account, Source: "web", From: c.RealIP()}, audit.Login, data)
}

// admitBrowser begins a session for a browser that has shown a password, or has set one: it is known by its device cookie from now on.
func (s *Server) admitBrowser(c echo.Context, account string, role Role, password time.Time, next string) error {
	s.beginSession(c, account, role, password, nil)
	if err := s.keepDevice(c, account); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}

// logout answers POST /logout.
func (s *Server) logout(c echo.Context) error {
	if key, ok := sessionKeyOf(c.Request()); ok {
		if held, ok := s.sessions.look(key); ok {
			s.audits.later(audit.Author{Kind: audit.Account, Name: held.account, Source: "web", From: c.RealIP()}, audit.Logout, nil)
		}
		s.sessions.end(key)
		s.doubt.tell()
	}
	c.SetCookie(sessionCookie(c.Request(), ""))
	return c.Redirect(http.StatusSeeOther, "/login")
}

func (s *Server) toLogin(c echo.Context) error {
	to := "/login"
	if c.Request().Method == http.MethodGet {
		if next := localPath(c.Request().URL.RequestURI()); next != "/" {
			to += "?next=" + url.QueryEscape(next)
		}
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// localPath returns path if it leads to this server, else "/". A browser takes //host, /\host and the like for another one.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\t\r\n") {
		return "/"
	}
	return path
}

func (s *Server) recordLogin(result, from, account string) {
	s.Journal.Record(0, "", event.Login{Result: result, From: from, Account: account})
}

// retryAfter is the header field of that name: whole seconds, at least one.
func retryAfter(d time.Duration) string { return strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))) }
