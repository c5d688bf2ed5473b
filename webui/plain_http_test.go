package webui

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// SE-14: pages that come over plain HTTP from another computer say so, in every language, and lead to HTTPS where there is any.
func TestPlainHTTPNotice(t *testing.T) {
	_, s := inhabited(t)
	for _, c := range []struct {
		name, local, remote string
		tls                 bool
		secure              string // listener for HTTPS
		link                string // "": no notice
	}{
		{"from another computer", "192.0.2.61:8080", "192.0.2.1:40000", false, "", "--tls self"},
		{"by IPv6", "[2001:db8::61]:8080", "[2001:db8::1]:40000", false, "", "--tls self"},
		{"where there is HTTPS", "192.0.2.61:8080", "192.0.2.1:40000", false, "0.0.0.0:8443", `href="https://phone.lab:8443/`},
		{"where there is HTTPS at that address", "192.0.2.61:8080", "192.0.2.1:40000", false, "192.0.2.61:443", `href="https://phone.lab:443/`},
		{"where there is HTTPS elsewhere", "192.0.2.61:8080", "192.0.2.1:40000", false, "127.0.0.1:8443", "--tls self"},
		{"by HTTPS", "192.0.2.61:8443", "192.0.2.1:40000", true, "", ""},
		{"from loopback", "127.0.0.1:8080", "127.0.0.1:40000", false, "", ""},
		{"from IPv6 loopback", "[::1]:8080", "[::1]:40000", false, "", ""},
		{"from the computer itself", "192.0.2.61:8080", "192.0.2.61:40000", false, "", ""},
	} {
		s.listeningTLS = nil
		if c.secure != "" {
			s.listeningTLS = []netip.AddrPort{netip.MustParseAddrPort(c.secure)}
		}
		for _, l := range languages {
			for _, path := range []string{"/", "/line/sip?line=2", "/login", "/docs", "/nothing"} {
				r := request("", "GET "+path, "")
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.local)))))
				r.Host, r.RemoteAddr = "phone.lab:8080", c.remote
				r.Header.Set("Accept-Language", l.Tag.tag)
				r.Header.Set("Accept", "text/html")
				if c.tls {
					r.TLS = &tls.ConnectionState{}
				}
				if path != "/login" {
					cookie := sessionOf(s, RoleAdmin)
					cookie.Name = cookieName(r)
					r.AddCookie(cookie)
				}
				body := serve(s, r).Body.String()
				if got := strings.Contains(body, l.Tag.say("insecure.text")); got != (c.link != "") || !strings.Contains(body, c.link) {
					t.Errorf("%s, %s in %s: the notice is %v", c.name, path, l.Tag.tag, got)
				}
				if c.name == "from another computer" && path != "/nothing" {
					checkPage(t, s, c.name+" "+path, body, l.Tag)
				}
			}
		}
	}
}

// SE-14: a common password is refused on every way to set one, with the reason at its field.
func TestCommonPasswords(t *testing.T) {
	h, s := inhabited(t)
	for _, p := range []string{"password", "Password", "12345678", "qwertyuiop", "admin1234", "hilphone"} {
		w := browse(s, RoleAdmin, japanese, "POST /system/accounts", url.Values{"account": {"user"}, "password": {p}, "again": {p}})
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), japanese.say("accounts.common")) {
			t.Errorf("%q on the page: %d", p, w.Code)
		}
		answer := rest(s, "PUT /system/accounts", `{"account":"user","password":"`+p+`"}`)
		if problem := problemIn(t, answer); problem.Status != http.StatusUnprocessableEntity || len(problem.Errors) != 1 || problem.Errors[0].Location != "body.password" || problem.Errors[0].Value != nil {
			t.Errorf("%q by REST: %s", p, answer.Body)
		}
	}
	if h.password["user"] != "battery staple" {
		t.Errorf("the password is %q", h.password["user"])
	}
	h.password = map[string]string{"admin": "", "user": ""}
	form := url.Values{"code": {s.FirstRunCode()}, "password": {"password1"}, "again": {"password1"}}
	if w := browse(s, "", english, "POST /first", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), english.say("accounts.common")) || h.password["admin"] != "" {
		t.Errorf("at the first run: %d", w.Code)
	}
	// One that was set when there were fewer rules still opens the pages.
	h.password["user"] = "short"
	if w := serve(s, loginForm("user", "short", "", "192.0.2.1")); w.Code != http.StatusSeeOther {
		t.Errorf("an old password: %d", w.Code)
	}
}
