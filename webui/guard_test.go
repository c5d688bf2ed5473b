package webui

import (
	"net/http"
	"regexp"
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

// policyOfDrawing is that of a drawing that is opened by itself: it loads nothing and runs nothing, and has its one style sheet inside.
var policyOfDrawing = regexp.MustCompile(`^default-src 'none'; frame-ancestors 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='$`)

// What every answer carries, whatever is asked, by whom, and how it is answered. The values are those that OWASP ASVS 5 names (3.4) for pages that load
// nothing from elsewhere.
func TestHeaders(t *testing.T) {
	s := newServer(t, newHouse())
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-store",
	}
	asked := map[string]bool{"GET /nothing": true, "GET " + base + "/nothing": true, "DELETE " + base + "/phone": true, "OPTIONS /": true, "TRACE /": true}
	for _, r := range s.echo.Routes() {
		if r.Path != base+"/events/stream" && r.Method != "echo_route_not_found" {
			asked[r.Method+" "+strings.NewReplacer(":n", "1", ":id", "1", ":server", "primary", ":name", "hook", ":file", "style.css").Replace(r.Path)] = true
		}
	}
	if len(asked) < 140 {
		t.Fatalf("only %d requests", len(asked))
	}
	statuses := map[int]int{}
	for what := range asked {
		for _, token := range []string{"", "tok-read"} {
			w := serve(s, request(token, what, ""))
			statuses[w.Code]++
			for name, value := range want {
				if name == "Cache-Control" && strings.Contains(what, "/static/") {
					value = "no-cache" // a file without its sum in the address
				}
				got := w.Header().Values(name)
				if name == "Content-Security-Policy" && w.Code == http.StatusOK && strings.HasSuffix(what, "/trace.svg") {
					if len(got) != 1 || !policyOfDrawing.MatchString(got[0]) {
						t.Errorf("%s: the policy of a drawing is %q", what, got)
					}
					continue
				}
				if len(got) != 1 || got[0] != value {
					t.Errorf("%s (%d): %s is %q, want %q", what, w.Code, name, got, value)
				}
			}
			for name := range w.Header() {
				if strings.HasPrefix(name, "Access-Control-") || name == "Server" || name == "X-Powered-By" || name == "Strict-Transport-Security" {
					t.Errorf("%s has %s: %s", what, name, w.Header().Get(name))
				}
			}
		}
	}
	for _, status := range []int{200, 303, 401, 403, 404, 405} {
		if statuses[status] == 0 {
			t.Errorf("no request was answered %d: %v", status, statuses)
		}
	}
}

// A static file whose address has its sum stays in the browser for a year, without it or with another one it is asked for each time.
func TestCacheOfStaticFiles(t *testing.T) {
	s := newServer(t, newHouse())
	page := browse(s, "", english, "GET /login", nil).Body.String()
	_, rest, found := strings.Cut(page, `"/static/style.css?v=`)
	sum, _, _ := strings.Cut(rest, `"`)
	if !found || len(sum) != 12 {
		t.Fatalf("the page names no file: %.300s", page)
	}
	for query, want := range map[string]string{"?v=" + sum: "public, max-age=31536000, immutable", "": "no-cache", "?v=000000000000": "no-cache"} {
		if w := serve(s, request("", "GET /static/style.css"+query, "")); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != want || w.Header().Get("Etag") != `"`+sum+`"` {
			t.Errorf("%q: %d, Cache-Control %q, ETag %q", query, w.Code, w.Header().Get("Cache-Control"), w.Header().Get("Etag"))
		}
	}
}

// A refusal says when to come again, or what may be sent instead, whoever refuses: what stands before an operation, or the operation itself.
func TestHeadersOfRefusals(t *testing.T) {
	_, s := remote(t, false)
	r := request("tok-admin", "PUT "+base+"/phone/hook", `{"state":"off"}`)
	r.Header.Set("Content-Encoding", "gzip")
	if w := serve(s, r); w.Code != http.StatusUnsupportedMediaType || w.Header().Get("Accept-Encoding") != "identity" {
		t.Errorf("a compressed body: %d %v", w.Code, w.Header())
	}
	guess := func(r *http.Request) { r.SetBasicAuth("admin", "guess") }
	for range wantAttempts {
		script(s, vendorPaths[3], "", guess)
	}
	r = request("", vendorPaths[3], "")
	r.RemoteAddr = "192.0.2.1:40000"
	guess(r)
	if w := serve(s, r); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "900" {
		t.Errorf("a script that is locked out: %d %v", w.Code, w.Header())
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
