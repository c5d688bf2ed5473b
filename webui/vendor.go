package webui

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/sysconf"
)

const activeURIPath = "/cgi-bin/ConfigManApp.com"

// The paths under which scripts reach the vendor's phones: served with the same effect, to those whom the settings of remote control let in.
// Everything goes through the same functions as REST. Unlike those phones this one tells the truth.
func (s *Server) registerVendor(e *echo.Echo) {
	e.GET(activeURIPath, s.vendor(Control, s.activeURI))
	for _, path := range []string{"/xmlService", "/xmlservice"} {
		e.POST(path, s.vendor(Read, s.xmlService))
	}
	e.GET("/default_user_config.txt", s.vendor(Admin, s.userConfig(sysconf.Text)))
	e.GET("/default_user_config.xml", s.vendor(Admin, s.userConfig(sysconf.XML)))
}

// vendor lets a request through whose sender is let in, has an account or a token, and may do what needs the scope. Where remote control is off
// there is nothing at these paths.
func (s *Server) vendor(needed Scope, handler func(c echo.Context, who Visitor) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		remote := s.Device.Device().RemoteControl
		if !remote.Enabled {
			return echo.ErrNotFound
		}
		from, err := netip.ParseAddr(c.RealIP())
		if err != nil || !remote.Allows(from) {
			return problem(http.StatusForbidden, "this address is not let in: Active Uri IP does not name it")
		}
		// A browser that knows the password must not be made to use it by a page from elsewhere: these GETs do things.
		if fromElsewhere(r) {
			return problem(http.StatusForbidden, "a request from another site is refused")
		}
		who, err := s.basic(c)
		if err != nil {
			return err
		}
		if !who.May(needed) {
			return problem(http.StatusForbidden, "this account may not do that")
		}
		if err := s.hold(c, who); err != nil {
			return err
		}
		return handler(c, who)
	}
}

// fromElsewhere reports whether a browser sends a request on behalf of another site. One that does not say so (Fetch Metadata) is known by
// the address of the page it comes from, where it names one. Scripts name none.
func fromElsewhere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "none" && site != "same-origin"
	}
	for _, name := range []string{echo.HeaderOrigin, "Referer"} {
		for _, value := range r.Header.Values(name) {
			if value == "" {
				continue
			}
			if u, err := url.Parse(value); err != nil || !strings.EqualFold(u.Host, r.Host) || (u.Scheme != "http" && u.Scheme != "https") {
				return true // "null" too: the page hides where it is from
			}
		}
	}
	return false
}

// basic finds out who asks by Basic authentication (RFC 7617): an account, or a token as the password.
func (s *Server) basic(c echo.Context) (Visitor, error) {
	r := c.Request()
	ask := func() error {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Basic realm="VoIP Phone", charset="UTF-8"`)
		return problem(http.StatusUnauthorized, "an account's name and password are needed (Basic authentication)")
	}
	account, password, ok := r.BasicAuth()
	if !ok {
		return Visitor{}, ask()
	}
	if who, ok := s.identifyToken(r.Context(), r.Header.Get(echo.HeaderAuthorization), c.RealIP()); ok {
		return who, nil
	}
	result, err := s.checkPassword(r.Context(), loginAttempt{account: account, password: password, ip: c.RealIP()})
	if err == nil {
		err = result.refused()
	}
	switch {
	case err != nil:
		return Visitor{}, err
	case result.Reason != "":
		return Visitor{}, ask()
	}
	s.remember(r.Context(), account, networkDevice(c.RealIP()))
	who := Visitor{Token: "Active Uri " + account, basic: account, scope: roleScopes[result.Role], ip: c.RealIP(), alive: func() bool { return true }}
	s.audits.script(who.author())
	return who, nil
}

// userConfig answers with the configuration file, secrets left out.
func (s *Server) userConfig(format sysconf.Format) func(echo.Context, Visitor) error {
	return func(c echo.Context, who Visitor) error {
		file, err := s.exported(c.Request().Context(), who, format, false)
		if err != nil {
			return err
		}
		kind := "text/plain; charset=utf-8"
		if format == sysconf.XML {
			kind = "text/xml; charset=utf-8"
		}
		return c.Blob(http.StatusOK, kind, file)
	}
}

// activeURI answers GET /cgi-bin/ConfigManApp.com?key=K1;K2: a finger on the keys.
func (s *Server) activeURI(c echo.Context, who Visitor) error {
	err := s.mayWrite(who)
	if err == nil {
		// Query().Get would drop what has a semicolon in it.
		err = s.pressed(c.Request().Context(), who, keyParameter(c.Request().URL.RawQuery))
	}
	status, result := http.StatusOK, "success"
	if err != nil {
		status, result = s.vendorFault(err)
		if s.Device.Device().RemoteControl.Faithful {
			status, result = http.StatusOK, "success" // as at least one firmware does, whatever was asked
		}
	}
	return c.String(status, "result = ["+result+"]\n")
}

// vendorFault is the status and the words for what went wrong; what is internal is logged.
func (s *Server) vendorFault(err error) (int, string) {
	p, known := problemOf(err)
	if !known {
		s.Log.Error("script of the vendor's failed", "err", err)
	}
	text := p.Detail
	var faults []string
	for _, e := range p.Errors {
		faults = append(faults, strings.TrimPrefix(e.Location, "body.")+" "+e.Message)
	}
	if len(faults) > 0 {
		text += ": " + strings.Join(faults, "; ")
	}
	return p.Status, "failed: " + text
}

// lampOf carries out Led:NAME=PATTERN.
func (s *Server) lampOf(ctx context.Context, name, pattern string) error {
	lamp := strings.ToLower(name)
	for _, colour := range []string{"_green", "_red", "_orange"} {
		lamp = strings.TrimSuffix(lamp, colour) // lamps of this phone have one colour
	}
	known := map[string]string{"off": "off", "on": "on", "fastflash": "fast", "slowflash": "slow"}[strings.ToLower(pattern)]
	if known == "" {
		return unprocessable("Led:" + name + " is off, on, fastflash or slowflash")
	}
	err := s.Phone.Lamp(ctx, lamp, known)
	if errors.Is(err, ErrNotFound) {
		return unprocessable("this phone has no lamp " + name + "; it has POWER, MESSAGE, SPEAKER and Line1 to Line20")
	}
	return err
}

func unprocessable(text string) *huma.ErrorModel {
	return problem(http.StatusUnprocessableEntity, text)
}
