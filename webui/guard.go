package webui

import (
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// contentPolicy lets a page load nothing but this server's own files, with no script or style inside the page.
const contentPolicy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// headers sets what every answer carries. Static files replace Cache-Control. Strict-Transport-Security is not among it: it would hold for
// all ports of the host, the phone's own HTTP at loopback among them, and lock out whoever has yet to trust a self-made certificate.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy, contentPolicy)
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderReferrerPolicy, "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}

// recover turns a panic into a 500 without a word about the inside, and logs it.
func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.Log.Error("web request panicked", "method", c.Request().Method, "path", c.Path(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = problem(http.StatusInternalServerError, "internal error")
		}()
		return next(c)
	}
}

// hostCheck refuses requests for a host that is not this phone: a page from elsewhere whose name was made to point here
// (DNS rebinding) shows its own name. An IP address cannot be made to point elsewhere, so any is fine.
func (s *Server) hostCheck(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Request(); !s.knownHost(r.Host) && r.URL.Path != "/healthz" && r.URL.Path != "/readyz" {
			return problem(http.StatusMisdirectedRequest, "this phone is not called by that name; use its address, localhost or a configured name")
		}
		return next(c)
	}
}

func (s *Server) knownHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	return slices.ContainsFunc(s.Names, func(name string) bool { return strings.EqualFold(name, host) })
}

// crossSite refuses writes that a browser sends on behalf of another site. Scripts, which send no Origin, pass.
func (s *Server) crossSite(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.crossOrigin.Check(c.Request()); err != nil {
			return problem(http.StatusForbidden, "a write from another site is refused")
		}
		return next(c)
	}
}

// serverLog brings what net/http has to say into the log.
func serverLog(l *slog.Logger) *log.Logger { return slog.NewLogLogger(l.Handler(), slog.LevelDebug) }
