package webui

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// deviceFor is how long a browser keeps a device cookie, in seconds: as long as browsers allow (RFC 6265bis 5.5).
const deviceFor = 400 * 24 * 3600

// deviceCookieName is of the cookie by which a browser is known that has logged in to the account before. It is no login: its
// attempts have a counter of their own (SE-06).
func deviceCookieName(r *http.Request, account string) string {
	return cookieNamed(r, "hilphone_device_"+account)
}

// deviceOf returns the secret of the browser's device cookie for an account; empty if there is none.
func deviceOf(r *http.Request, account string) string {
	if account != string(RoleAdmin) && account != string(RoleUser) {
		return "" // any text: no name of a cookie
	}
	c, err := r.Cookie(deviceCookieName(r, account))
	if err != nil || len(c.Value) != secretLength {
		return ""
	}
	return c.Value
}

// keepDevice gives a browser that has logged in its device cookie. A secret that the account does not know is replaced: somebody
// else may have put it there.
func (s *Server) keepDevice(c echo.Context, account string) error {
	r := c.Request()
	secret := deviceOf(r, account)
	known := false
	if secret != "" {
		var err error
		if known, err = s.Accounts.KnownDevice(r.Context(), account, browserDevice(secret)); err != nil {
			return err
		}
	}
	if !known {
		secret = newSecret()
	}
	s.remember(r.Context(), account, browserDevice(secret))
	cookie := newCookie(r, deviceCookieName(r, account), secret)
	cookie.MaxAge = deviceFor
	c.SetCookie(cookie)
	return nil
}
