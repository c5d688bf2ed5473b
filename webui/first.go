package webui

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"hilphone/db/audit"
	"hilphone/sip/line"
	"hilphone/webui/limit"
)

// firstRun is the code with which the admin's first password is set on the pages. It is told where the phone was started, so that
// whoever comes first, from whatever account of the machine, does not own the phone by that.
type firstRun struct {
	setting sync.Mutex // held while the password is set

	mu   sync.Mutex
	code *[sha256.Size]byte // nil: none was given out, or it is spent
}

// codeLetters leaves out those that are taken for each other; 32 of them carry 5 bits each.
const codeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

const codeLength = 10

// FirstRunCode returns a new code that sets the admin's first password on the pages, once, such as "K7QFM-2XDRW". It is of use only
// while the admin has none. An earlier code is worth nothing from now on.
func (s *Server) FirstRunCode() string {
	b := make([]byte, codeLength)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = codeLetters[int(b[i])%len(codeLetters)]
	}
	sum := sha256.Sum256(b)
	s.first.mu.Lock()
	defer s.first.mu.Unlock()
	s.first.code = &sum
	return string(b[:codeLength/2]) + "-" + string(b[codeLength/2:])
}

// open reports whether there is a code that somebody may type.
func (f *firstRun) open() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.code != nil
}

// matches reports whether that is the code, however it is typed.
func (f *firstRun) matches(typed string) bool {
	typed = strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(narrow(typed)))
	sum := sha256.Sum256([]byte(typed))
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.code != nil && subtle.ConstantTimeCompare(sum[:], f.code[:]) == 1
}

func (f *firstRun) spend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.code = nil
}

// firstPageData is the page of the first run.
type firstPageData struct {
	frame
	Next, Why                            string
	CodeError, PasswordError, AgainError string
	Locked                               bool
	Length                               string
}

// firstForm answers POST /first: code, password, again.
func (s *Server) firstForm(c echo.Context) error {
	r := c.Request()
	limitBody(c, maxLoginBody, bodyTimeout)
	if err := r.ParseForm(); err != nil {
		return bodyProblem(err, "the form cannot be read")
	}
	busy(c)
	l, form := languageOf(r), r.PostForm
	d := firstPageData{Next: localPath(form.Get("next"))}
	set, err := s.takeFirstRun(c, &d, l)
	switch {
	case err != nil:
		return err
	case set:
		since, err := s.passwordSince(r.Context(), string(RoleAdmin))
		if err != nil {
			return err
		}
		return s.admitBrowser(c, string(RoleAdmin), RoleAdmin, since, d.Next)
	case d.Locked:
		return s.renderFirst(c, http.StatusTooManyRequests, d)
	case d.Why != "":
		return s.renderFirst(c, http.StatusConflict, d)
	case d.CodeError != "":
		return s.renderFirst(c, http.StatusForbidden, d)
	}
	return s.renderFirst(c, http.StatusUnprocessableEntity, d)
}

// takeFirstRun sets the admin's password if the code is right and there is none yet; otherwise d says what was wrong. Wrong codes count
// for the network they come from alone: they do not lock the code for others (SE-06).
func (s *Server) takeFirstRun(c echo.Context, d *firstPageData, l language) (set bool, err error) {
	s.first.setting.Lock()
	defer s.first.setting.Unlock()
	ctx, form := c.Request().Context(), c.Request().PostForm
	since, err := s.passwordSince(ctx, string(RoleAdmin))
	if err != nil {
		return false, err
	}
	if !since.IsZero() || !s.first.open() {
		d.Why = l.say("first.over")
		return false, nil
	}
	attempt, wait := s.logins.attempts.Begin(limit.Key{Kind: limit.Code, Name: limit.NetworkOf(c.RealIP()).String()})
	if wait > 0 {
		d.Locked, d.Why = true, l.say("login.locked", countdown(wait))
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter(wait))
		return false, nil
	}
	if !s.first.matches(form.Get("code")) {
		attempt.Fail()
		s.recordLogin("wrong", c.RealIP(), "")
		s.audits.later(stranger(c.RealIP()), audit.LoginFailed, map[string]any{"first_run": true})
		d.CodeError = l.say("first.wrong")
		return false, nil
	}
	defer func() {
		if set {
			attempt.Succeed()
		} else {
			attempt.Cancel()
		}
	}()
	if form.Get("again") != form.Get("password") {
		d.AgainError = l.say("accounts.differ")
		return false, nil
	}
	err = s.storePassword(ctx, string(RoleAdmin), form.Get("password"))
	if line.FieldErrors(err) != nil {
		d.PasswordError = l.passwordRefused(form.Get("password"))
		return false, nil
	}
	if err != nil {
		return false, errors.Join(errors.New("first password"), err)
	}
	s.first.spend()
	s.Log.Info("password changed", "account", RoleAdmin, "source", "web")
	s.audits.record(ctx, stranger(c.RealIP()), audit.Password, map[string]any{"account": RoleAdmin, "first_run": true})
	return true, nil
}

func (s *Server) renderFirst(c echo.Context, status int, d firstPageData) error {
	keepLanguage(c)
	l := languageOf(c.Request())
	now, _ := s.Journal.Clock()
	d.frame = frame{Lang: l, Title: l.say("first.title"), Scripts: []string{"menu.js"}, Now: now, Back: "/login", Insecure: s.insecureNotice(c.Request())}
	d.Length = l.say("accounts.length", minPassword, maxPassword)
	return s.show(c, status, "first", d)
}
