package webui

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// Scope is what a token may do. Each scope includes those before it.
type Scope string

// The scopes; Scopes says what they permit.
const (
	Read    Scope = "read"
	Control Scope = "control"
	Admin   Scope = "admin"

	// Setup is the settings of the lines. No token has this scope: it is what the role user may do on the pages of the vendor's
	// phones, more than a script that only uses the phone.
	Setup Scope = "setup"
)

var (
	scopes = []Scope{Read, Control, Admin}        // of tokens
	rights = []Scope{Read, Control, Setup, Admin} // each permits what those before it do
)

// Includes reports whether s permits what needs the other scope.
func (s Scope) Includes(other Scope) bool {
	return slices.Contains(rights, s) && slices.Index(rights, s) >= slices.Index(rights, other)
}

// ofToken returns the scope that a token needs for it.
func (s Scope) ofToken() Scope {
	if s == Setup {
		return Admin
	}
	return s
}

// Role is what an account of the pages may do.
type Role string

// The roles, as the vendor's phones have them.
const (
	RoleAdmin Role = "admin"
	RoleUser  Role = "user"
)

// roleScopes is what the roles may do.
var roleScopes = map[Role]Scope{RoleAdmin: Admin, RoleUser: Setup}

// Visitor is who asks: an account logged in on the pages, or a token.
type Visitor struct {
	Account string // of a session; empty for a token
	Role    Role   // of a session; empty for a token
	Token   string // name of the token; empty for a session

	key   string // of a session
	basic string // account of a script of remote control, whose Token is no token's
	ip    string
	scope Scope
	alive func() bool // whether the session or token still holds; asking is no use of it
}

// May reports whether the visitor may do what needs the scope.
func (v Visitor) May(s Scope) bool { return v.scope.Includes(s) }

// Source is the word for the visitor in events: web for the pages, api for scripts.
func (v Visitor) Source() string {
	if v.Token != "" {
		return "api"
	}
	return "web"
}

// refreshHeader marks requests that a page makes by itself: they are no use of the session, or a page left open would keep it for ever.
const refreshHeader = "Hilphone-Refresh"

type visitorKey struct{}

// visitorOf returns who asks; the zero Visitor, who may do nothing, outside an operation.
func visitorOf(ctx context.Context) Visitor {
	v, _ := ctx.Value(visitorKey{}).(Visitor)
	return v
}

// identify finds out who asks. A request that brings a token is judged by that alone, whatever its cookies.
func (s *Server) identify(c echo.Context) (Visitor, bool) {
	r := c.Request()
	if h := r.Header.Get(echo.HeaderAuthorization); h != "" {
		return s.identifyToken(r.Context(), h, c.RealIP())
	}
	key, ok := sessionKeyOf(r)
	if !ok {
		return Visitor{}, false
	}
	look := s.sessions.use
	if r.Header.Get(refreshHeader) != "" || c.Path() == base+"/events/stream" {
		look = s.sessions.look
	}
	got, ok := look(key)
	if !ok || !s.holds(r.Context(), got) {
		return Visitor{}, false
	}
	v := Visitor{Account: got.account, Role: got.role, key: key, ip: c.RealIP(), scope: roleScopes[got.role]}
	ctx := context.WithoutCancel(r.Context())
	v.alive = func() bool { now, ok := s.sessions.look(key); return ok && s.holds(ctx, now) }
	return v, true
}

// holds reports whether the session's account still has the password it had, whoever changed it: the pages, a script, or
// `hilphone password` beside the running phone.
func (s *Server) holds(ctx context.Context, got session) bool {
	set, err := s.passwordSince(ctx, got.account)
	if err != nil {
		s.Log.Error("accounts not read", "err", err)
	}
	return err == nil && set.Equal(got.secret)
}

// passwordSince returns when the password of an account was set; the zero Time if it has none.
func (s *Server) passwordSince(ctx context.Context, account string) (time.Time, error) {
	all, err := s.Accounts.Accounts(ctx)
	for _, a := range all {
		if a.Account == account {
			return a.PasswordChanged.Time, err
		}
	}
	return time.Time{}, err
}

func (s *Server) identifyToken(ctx context.Context, header, ip string) (Visitor, bool) {
	secret := tokenIn(header)
	if secret == "" {
		return Visitor{}, false
	}
	t, err := s.Tokens.LookupToken(ctx, secret)
	if err != nil {
		if !errors.Is(err, ErrNotFound) && ctx.Err() == nil { // who has gone needs no answer
			s.Log.Error("token not looked up", "err", err)
		}
		return Visitor{}, false
	}
	return Visitor{Token: t.Name, scope: t.Scope, ip: ip, alive: func() bool {
		_, err := s.Tokens.LookupToken(context.WithoutCancel(ctx), secret)
		return err == nil
	}}, true
}

// tokenIn returns the token in a header Authorization, empty if there is none. Tools that know passwords only (RFC 7617) give it as that.
func tokenIn(header string) string {
	scheme, rest, _ := strings.Cut(header, " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "bearer":
		return rest
	case "basic":
		pair, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return ""
		}
		_, secret, _ := strings.Cut(string(pair), ":")
		return secret
	}
	return ""
}

// authorise answers the visitor if he may do what needs the scope, and otherwise the refusal.
func (s *Server) authorise(c echo.Context, needed Scope) (Visitor, error) {
	v, ok := s.identify(c)
	if !ok {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="hilphone"`)
		return v, problem(http.StatusUnauthorized, "a token (Authorization: Bearer) or a login is needed")
	}
	if !v.May(needed) {
		needed = needed.ofToken()
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="hilphone", error="insufficient_scope", scope="`+string(needed)+`"`)
		return v, problem(http.StatusForbidden, v.refusal(needed))
	}
	return v, s.hold(c, v)
}

// page makes a handler of a page for those who are logged in; others are sent to the login and come back after it.
func (s *Server) page(handler func(c echo.Context, who Visitor) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		who, ok := s.identify(c)
		if !ok || who.Token != "" {
			return s.toLogin(c)
		}
		if !who.May(neededAt(c.Path())) {
			return problem(http.StatusForbidden, "this page is the admin's")
		}
		if err := s.hold(c, who); err != nil {
			return err
		}
		if c.Request().Method == http.MethodPost {
			if err := checkFormQuery(c); err != nil {
				return err
			}
			if !slices.Contains(lockFreePages, c.Path()) {
				if err := s.mayWrite(who); err != nil {
					return err
				}
			}
		}
		return handler(c, who)
	}
}
