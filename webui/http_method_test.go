package webui

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/db/device"
)

// rawRequest sends a request line as it is and returns the status line and the header.
func rawRequest(t *testing.T, ts *httptest.Server, line string) string {
	t.Helper()
	c, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tok-admin\r\nConnection: close\r\n\r\n", line)
	answer, err := io.ReadAll(bufio.NewReader(c))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// getPaths are all paths that answer GET, with examples for their parameters.
func getPaths(s *Server) (paths []string) {
	example := strings.NewReplacer(":name", "hook", ":n", "1", ":id", "1", ":server", "primary", ":file", "live.js")
	for _, r := range s.echo.Routes() {
		if path := example.Replace(r.Path); r.Method == http.MethodGet && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// RS-02: HEAD is answered wherever GET is, with the same status and header, the length of GET's body and no body; that of a stream ends at once.
func TestHeadWhereverGetIs(t *testing.T) {
	h, s := inhabited(t)
	h.set.RemoteControl = device.RemoteControl{Enabled: true, Allow: []string{"127.0.0.1"}}
	ts := httptest.NewServer(s.Handler())
	defer ts.Close()
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	session := sessionOf(s, RoleAdmin)
	do := func(method, path string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, ts.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(path, base) {
			r.Header.Set("Authorization", "Bearer tok-admin")
		} else if strings.HasPrefix(path, "/default_user") {
			r.SetBasicAuth("any", "tok-admin")
		} else {
			r.AddCookie(session)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		defer answer.Body.Close()
		if strings.HasSuffix(path, "/stream") && method == http.MethodGet {
			return answer, ""
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return answer, string(body)
	}
	tried, volatile := 0, []string{"/system/information", "/system/time", "/metrics", "/lock", "/phone", "/lines", "/lines/1/timeline", "/timeline", "/", "/system", "/calls"}
	for _, path := range getPaths(s) {
		if slices.Contains(actingGets, path) {
			continue
		}
		tried++
		get, body := do("GET", path)
		head, none := do("HEAD", path)
		if none != "" || head.StatusCode != get.StatusCode {
			t.Errorf("HEAD %s: %d and %d octets, GET %d", path, head.StatusCode, len(none), get.StatusCode)
		}
		for _, name := range []string{"Content-Type", "ETag", "Cache-Control", "Location", "Allow", "Content-Disposition", "Content-Security-Policy"} {
			if a, b := get.Header.Get(name), head.Header.Get(name); a != b {
				t.Errorf("%s: %s is %q by GET and %q by HEAD", path, name, a, b)
			}
		}
		if strings.HasSuffix(path, "/stream") {
			continue
		}
		if !slices.ContainsFunc(volatile, func(v string) bool {
			return path == v || path == base+v || strings.HasPrefix(get.Header.Get("Content-Type"), "text/html")
		}) &&
			head.ContentLength != int64(len(body)) {
			t.Errorf("HEAD %s: Content-Length %d, GET has %d octets", path, head.ContentLength, len(body))
		}
		if head.ContentLength <= 0 && len(body) > 0 {
			t.Errorf("HEAD %s has no length", path)
		}
	}
	if tried < 60 {
		t.Errorf("only %d paths were tried", tried)
	}
	if answer, body := do("HEAD", base+"/lines/21/sip"); answer.StatusCode != http.StatusNotFound || body != "" || answer.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("HEAD of nothing: %d %q", answer.StatusCode, body)
	}
	if answer, _ := do("HEAD", base+"/lines/1/register"); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD where there is no GET: %d", answer.StatusCode)
	}
}

// RS-02: HEAD does nothing (RFC 9110 9.2.1): it uses no one-time login, and presses no key where the vendor's phones press one by GET.
func TestHeadIsSafe(t *testing.T) {
	h, s := inhabited(t)
	h.set.RemoteControl = device.RemoteControl{Enabled: true, Allow: []string{"192.0.2.1"}}
	link := s.OneTimeLogin()
	ask := func(method, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://127.0.0.1"+path, nil)
		r.SetBasicAuth("any", "tok-admin")
		return serve(s, r)
	}
	noAuth := httptest.NewRequest("HEAD", "http://127.0.0.1"+link, nil)
	if w := serve(s, noAuth); w.Code != http.StatusOK || w.Body.Len() != 0 || len(w.Result().Cookies()) != 0 {
		t.Errorf("HEAD of a one-time login: %d %q %v", w.Code, w.Body, w.Result().Cookies())
	}
	if w := serve(s, httptest.NewRequest("GET", "http://127.0.0.1"+link, nil)); w.Code != http.StatusSeeOther || len(w.Result().Cookies()) == 0 {
		t.Errorf("GET after it: %d", w.Code)
	}
	before := fmt.Sprint(h.pressed, h.calls)
	for _, path := range []string{activeURIPath, "/cgi-bin/%43onfigManApp.com"} {
		if w := ask("HEAD", path+"?key=1;2"); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound || fmt.Sprint(h.pressed, h.calls) != before {
			t.Errorf("HEAD %s: %d, pressed %v", path, w.Code, h.pressed)
		}
	}
	if w := ask("GET", activeURIPath+"?key=1;2"); w.Code != http.StatusOK || fmt.Sprint(h.pressed, h.calls) == before {
		t.Errorf("GET: %d %s, pressed %v", w.Code, w.Body, h.pressed)
	}
}

// RS-02: OPTIONS, and the answer to a method that there is not, name the methods there are, HEAD where GET is; RS-07: and what PATCH takes.
func TestAllow(t *testing.T) {
	s := newServer(t, newHouse())
	methods := map[string][]string{}
	for _, r := range s.echo.Routes() {
		methods[r.Path] = append(methods[r.Path], r.Method)
	}
	if len(methods) < 100 {
		t.Fatalf("only %d routes", len(methods))
	}
	example := strings.NewReplacer(":name", "hook", ":n", "1", ":id", "1", ":server", "primary", ":file", "live.js")
	for route, all := range methods {
		for _, method := range []string{"OPTIONS", "TRACE", "BREW"} {
			r := request("tok-admin", "GET "+example.Replace(route), "")
			r.Method = method
			w := serve(s, r)
			if want := map[string]int{"OPTIONS": 204}[method]; want != 0 && w.Code != want || want == 0 && w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, route, w.Code)
			}
			allowed := strings.Split(w.Header().Get("Allow"), ", ")
			for _, m := range all {
				if !slices.Contains(allowed, m) {
					t.Errorf("%s %s: Allow is %q without %s", method, route, allowed, m)
				}
			}
			head := slices.Contains(all, "GET") && !slices.Contains(actingGets, route)
			if slices.Contains(allowed, "HEAD") != head {
				t.Errorf("%s %s: Allow is %q, HEAD %v", method, route, allowed, head)
			}
			if patch := w.Header().Get("Accept-Patch"); method == "OPTIONS" && (patch != "") != slices.Contains(all, "PATCH") {
				t.Errorf("OPTIONS %s: Accept-Patch %q", route, patch)
			}
		}
	}
}
