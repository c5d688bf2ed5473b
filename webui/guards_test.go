package webui

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// RS-04: a body is one value of JSON; what follows it is refused.
func TestTwoValuesInABody(t *testing.T) {
	s := newServer(t, newHouse())
	for body, want := range map[string]int{
		`{"ring_timeout":20}`: http.StatusOK, " {\"ring_timeout\":20}\r\n\t ": http.StatusOK, `{"ring_timeout":20}{}`: http.StatusBadRequest, `{"ring_timeout":20} null`: http.StatusBadRequest,
		`{"ring_timeout":20},`: http.StatusBadRequest, `{"ring_timeout":20}]`: http.StatusBadRequest,
	} {
		w := serve(s, request("tok-admin", "PUT /api/v1/phone/features", body))
		if w.Code != want || want == http.StatusBadRequest && !strings.Contains(w.Body.String(), "has more than one value") {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// RS-06: a precondition without a tag is none that can be met, and is refused.
func TestNoTagInAList(t *testing.T) {
	for _, text := range []string{"", " ", ",", " , ,\t"} {
		if l, err := readTags([]string{text}); err == nil || l != nil {
			t.Errorf("%q: %+v, %v", text, l, err)
		}
	}
}

// SE-14: the notice leads to the same page by HTTPS; from the answer to a form, which cannot be asked for, to the first one.
func TestPageByHTTPS(t *testing.T) {
	s := newServer(t, newHouse())
	s.listeningTLS = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:444"), netip.MustParseAddrPort("[::]:8443")}
	for _, c := range []struct{ what, host, at, want string }{
		{"GET /line/sip?line=2", "phone.lab:8080", "192.0.2.61", "https://phone.lab:8443/line/sip?line=2"},
		{"GET /", "phone.lab", "192.0.2.61", "https://phone.lab:8443/"},
		{"GET //evil.example/", "phone.lab", "192.0.2.61", "https://phone.lab:8443/"},
		{"POST /line/sip?line=2", "phone.lab:8080", "192.0.2.61", "https://phone.lab:8443/"},
		{"GET /line/sip", "[2001:db8::61]:8080", "2001:db8::61", "https://[2001:db8::61]:8443/line/sip"},
		{"GET /line/sip", "[2001:db8::61]", "2001:db8::61", "https://[2001:db8::61]:8443/line/sip"},
		{"GET /line/sip", "192.0.2.7:8080", "192.0.2.7", "https://192.0.2.7:444/line/sip"},
	} {
		r := request("", c.what, "")
		r.Host = c.host
		if got := s.httpsAddress(r, netip.MustParseAddr(c.at)); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.what, c.host, got, c.want)
		}
	}
}

// The language that is chosen before the first password is set stays: the cookie lasts a year and is for the server alone.
func TestLanguageOfTheFirstRun(t *testing.T) {
	h := newHouse()
	h.password = map[string]string{"admin": "", "user": ""}
	s := newServer(t, h)
	s.FirstRunCode()
	for query, want := range map[string]string{"": "", "?lang=xx": "", "?lang=ja": "ja", "?lang=zh": "zh"} {
		kept := ""
		for _, c := range browse(s, "", english, "GET /login"+query, nil).Result().Cookies() {
			if c.Name == languageCookie {
				if kept = c.Value; c.MaxAge != 31536000 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
					t.Errorf("the cookie %v", c)
				}
			}
		}
		if kept != want {
			t.Errorf("%q is kept as %q, want %q", query, kept, want)
		}
	}
}

// SE-06: when a password is to be given again is in the answer of REST too: in two seconds where too many are being checked, after the lock-out where too
// many were wrong.
func TestRetryOfOwnPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		session := logIn(t, s, "admin", "correct horse")
		put := func(current string) *httptest.ResponseRecorder {
			r := request("", "PUT "+base+"/system/accounts", `{"account":"admin","current_password":"`+current+`","password":"another horse"}`)
			r.AddCookie(session)
			return serve(s, r)
		}
		h.checks = time.Second
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() { put("guess") })
		}
		synctest.Wait()
		if w := put("guess"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "2" {
			t.Errorf("too many at once: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		wait.Wait()
		for range 3 {
			if w := put("guess"); w.Code != http.StatusForbidden || w.Header().Get("Retry-After") != "" {
				t.Errorf("wrong: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
			}
		}
		if w := put("guess"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "896" { // one after the other, at 1 to 5 s; the first of them counts until 901 s
			t.Errorf("too many wrong: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
	})
}
