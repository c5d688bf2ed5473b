package webui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestHost(t *testing.T) {
	s := newServer(t, newHouse())
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:8080": 200, "LOCALHOST": 200, "[::1]:8080": 200, "192.0.2.61": 200, "phone.lab": 200, "Phone.Lab.:8080": 200, "hil.localhost": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421, "": 421, "phone.lab.evil.example:8080": 421, "1234.5": 421,
	} {
		r := request("tok-read", "GET "+base+"/phone", "")
		r.Host = host
		if w := serve(s, r); w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
		r = request("", "GET /healthz", "")
		r.Host = host
		if w := serve(s, r); w.Code != http.StatusOK || w.Body.String() != "ok" {
			t.Errorf("healthz as %q: %d %q", host, w.Code, w.Body)
		}
	}
}

func TestCrossSite(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	for _, test := range []struct {
		name, header, value string
		want                int
	}{
		{"script", "", "", 200},
		{"own page", "Sec-Fetch-Site", "same-origin", 200},
		{"other site", "Sec-Fetch-Site", "cross-site", 403},
		{"other port of this host", "Sec-Fetch-Site", "same-site", 403},
		{"own page, old browser", "Origin", "http://127.0.0.1:8080", 200},
		{"other site, old browser", "Origin", "http://evil.example", 403},
		{"sandboxed frame", "Origin", "null", 403},
	} {
		r := request("tok-admin", "PUT "+base+"/phone/hook", `{"state":"off"}`)
		if test.header != "" {
			r.Header.Set(test.header, test.value)
		}
		if w := serve(s, r); w.Code != test.want {
			t.Errorf("%s: %d, want %d", test.name, w.Code, test.want)
		}
	}
	if len(h.byHand) != 3 {
		t.Errorf("the hook moved %d times, want 3", len(h.byHand))
	}
	r := loginForm("admin", "correct horse", "", "192.0.2.1")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := serve(s, r); w.Code != http.StatusForbidden {
		t.Errorf("login from another site: %d", w.Code)
	}
}

func TestHeaders(t *testing.T) {
	s := newServer(t, newHouse())
	for _, what := range []string{"GET /", "GET /login", "GET " + base + "/phone", "GET /nothing", "GET " + base + "/nothing", "DELETE " + base + "/phone"} {
		h := serve(s, request("tok-read", what, "")).Header()
		for name, want := range map[string]string{"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", what, name, h.Get(name), want)
			}
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s lets other sites read", what)
		}
	}
	if strings.Contains(contentPolicy, "unsafe") {
		t.Error("the policy lets scripts stand in pages")
	}
}

func TestNoSuchThing(t *testing.T) {
	s := newServer(t, newHouse())
	if p := problemIn(t, rest(s, "GET /nothing", "")); p.Status != http.StatusNotFound {
		t.Errorf("%+v", p)
	}
	w := rest(s, "DELETE /phone", "")
	if p := problemIn(t, w); p.Status != http.StatusMethodNotAllowed || !strings.Contains(w.Header().Get("Allow"), "GET") {
		t.Errorf("%+v, Allow %q", p, w.Header().Get("Allow"))
	}
	s.Lab = nil
	for _, what := range []string{"GET", "PUT"} {
		body := map[string]string{"PUT": `{"behaviour":"serve"}`}[what]
		if p := problemIn(t, rest(s, what+" /lab/servers/primary", body)); p.Status != http.StatusNotFound || !strings.Contains(p.Detail, "lab") {
			t.Errorf("%s without a lab: %+v", what, p)
		}
	}
}

// A panic ends its own request alone and says nothing of the inside.
func TestPanic(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	s.echo.GET("/api/v1/panic", func(echo.Context) error { panic("secret inside") })
	w := rest(s, "GET /panic", "")
	if p := problemIn(t, w); p.Status != http.StatusInternalServerError || strings.Contains(w.Body.String(), "inside") || strings.Contains(w.Body.String(), ".go") {
		t.Errorf("%s", w.Body)
	}
	s.Calls = nil // whatever panics inside an operation
	if p := problemIn(t, rest(s, "GET /calls", "")); p.Status != http.StatusInternalServerError {
		t.Errorf("%+v", p)
	}
	if w := rest(s, "GET /phone", ""); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestReady(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	if w := serve(s, request("", "GET /readyz", "")); w.Code != http.StatusOK {
		t.Errorf("%d", w.Code)
	}
	h.ready = http.ErrServerClosed
	if w := serve(s, request("", "GET /readyz", "")); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
}
