package webui

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

func loginForm(account, password, next, from string) *http.Request {
	form := url.Values{"user": {account}, "password": {password}, "next": {next}}
	r := httptest.NewRequest("POST", "/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", time.Now().UnixNano()%250)) // a forged one must not help
	r.Host, r.RemoteAddr = "127.0.0.1:8080", from+":40000"
	return r
}

func cookieOf(w *httptest.ResponseRecorder) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if strings.HasPrefix(c.Name, "hilphone") {
			return c
		}
	}
	return nil
}

func logIn(t testing.TB, s *Server, account, password string) *http.Cookie {
	t.Helper()
	w := serve(s, loginForm(account, password, "", "192.0.2.1"))
	c := cookieOf(w)
	if w.Code != http.StatusSeeOther || c == nil {
		t.Fatalf("login as %s: %d %s", account, w.Code, w.Body)
	}
	return c
}

// get asks with a session.
func get(s *Server, cookie *http.Cookie, path string) *httptest.ResponseRecorder {
	r := request("", "GET "+path, "")
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return serve(s, r)
}

func TestLogin(t *testing.T) {
	s := newServer(t, newHouse())
	w := serve(s, loginForm("admin", "correct horse", "/line/sip?line=2", "192.0.2.1"))
	c := cookieOf(w)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/line/sip?line=2" {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || len(c.Value) < 43 {
		t.Errorf("cookie %+v", c)
	}
	if w := get(s, c, base+"/phone"); w.Code != http.StatusOK {
		t.Errorf("with the cookie: %d", w.Code)
	}
	events := s.Journal.Events(journal.Query{Types: []string{"login"}})
	if len(events) != 1 || events[0].Data != (event.Login{Result: "ok", From: "192.0.2.1", Account: "admin"}) {
		t.Errorf("events %+v", events)
	}
	// Logging in again gives a new key, and the old one is worth nothing.
	r := loginForm("admin", "correct horse", "", "192.0.2.1")
	r.AddCookie(c)
	next := cookieOf(serve(s, r))
	if next.Value == c.Value || get(s, c, base+"/phone").Code != http.StatusUnauthorized || get(s, next, base+"/phone").Code != http.StatusOK {
		t.Error("the key of the session did not change with the login")
	}
	r = request("", "POST /logout", "")
	r.AddCookie(next)
	if w := serve(s, r); w.Code != http.StatusSeeOther || cookieOf(w).MaxAge >= 0 || get(s, next, base+"/phone").Code != http.StatusUnauthorized {
		t.Errorf("after the logout: %d", w.Code)
	}
}

// SE-14: over HTTPS the cookies have the prefix __Host-.
func TestLoginSecureUnderTLS(t *testing.T) {
	s := newServer(t, newHouse())
	server := httptest.NewTLSServer(s.Handler())
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.PostForm(server.URL+"/login", url.Values{"user": {"admin"}, "password": {"correct horse"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"__Host-hilphone_" + at.Port(), "__Host-hilphone_device_admin_" + at.Port()}
	if len(answer.Cookies()) != len(want) {
		t.Fatalf("cookies %v", answer.Cookies())
	}
	for i, c := range answer.Cookies() {
		// What a browser demands of the prefix (RFC 6265bis 4.1.3.2).
		if len(answer.Cookies()) != len(want) || c.Name != want[i] || !c.Secure || c.Path != "/" || c.Domain != "" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
			t.Errorf("cookies %v", answer.Cookies())
		}
	}
	r, err := http.NewRequest(http.MethodGet, server.URL+base+"/phone", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		r.AddCookie(c)
	}
	if answer, err = client.Do(r); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("with the cookies: %v, %v", answer, err)
	}
	answer.Body.Close()
	// One without the prefix could have been set by plain HTTP.
	r.Header.Set("Cookie", strings.ReplaceAll(r.Header.Get("Cookie"), "__Host-", ""))
	if answer, err = client.Do(r); err != nil || answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("with cookies without the prefix: %v, %v", answer, err)
	}
	answer.Body.Close()
}

func TestPageNeedsLogin(t *testing.T) {
	s := newServer(t, newHouse())
	w := get(s, nil, "/?line=2")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login?next=%2F%3Fline%3D2" {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	r := request("tok-admin", "GET /", "")
	if w := serve(s, r); w.Code != http.StatusSeeOther {
		t.Errorf("a token opens a page: %d", w.Code)
	}
	if w := get(s, logIn(t, s, "user", "battery staple"), "/"); w.Code != http.StatusOK {
		t.Errorf("with a login: %d", w.Code)
	}
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"": "/", "/": "/", "/line/sip?line=2": "/line/sip?line=2", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example/": "/",
		"\\\\evil.example": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/", "line": "/", "/%": "/", "///evil.example": "/", "/ok\r\nX: y": "/",
	} {
		if got := localPath(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Five failures, by address or by account, then nobody gets in for a quarter of an hour, right password or not.
func TestLoginLockOut(t *testing.T) {
	for _, test := range []struct {
		name string
		try  func(i int) (account, from string)
		// what is locked afterwards, and what is not
		lockedAccount, lockedFrom, freeAccount, freeFrom string
	}{
		{"address", func(i int) (string, string) { return fmt.Sprint("guess", i), "192.0.2.1" }, "admin", "192.0.2.1", "admin", "192.0.2.2"},
		{"account", func(i int) (string, string) { return "admin", fmt.Sprint("192.0.2.", 10+i) }, "admin", "192.0.2.99", "user", "192.0.2.99"},
		{"IPv6 network", func(i int) (string, string) { return fmt.Sprint("guess", i), fmt.Sprintf("[2001:db8::%d]", i) }, "admin", "[2001:db8::ffff]", "admin", "[2001:db8:0:1::1]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, newHouse())
				right := map[string]string{"admin": "correct horse", "user": "battery staple"}
				for i := range wantAttempts {
					account, from := test.try(i)
					if w := serve(s, loginForm(account, "wrong", "", from)); w.Code != http.StatusUnauthorized {
						t.Fatalf("try %d: %d", i+1, w.Code)
					}
					time.Sleep(time.Minute)
				}
				w := serve(s, loginForm(test.lockedAccount, right[test.lockedAccount], "", test.lockedFrom))
				wait, err := strconv.Atoi(w.Header().Get("Retry-After"))
				if w.Code != http.StatusTooManyRequests || err != nil || cookieOf(w) != nil {
					t.Fatalf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
				}
				if want := int((wantWindow - wantAttempts*time.Minute).Seconds()); wait != want {
					t.Errorf("Retry-After %d, want %d", wait, want)
				}
				if w := serve(s, loginForm(test.freeAccount, right[test.freeAccount], "", test.freeFrom)); w.Code != http.StatusSeeOther {
					t.Errorf("somebody else: %d", w.Code)
				}
				time.Sleep(time.Duration(wait) * time.Second)
				if w := serve(s, loginForm(test.lockedAccount, right[test.lockedAccount], "", test.lockedFrom)); w.Code != http.StatusSeeOther {
					t.Errorf("after Retry-After: %d", w.Code)
				}
				results := map[string]int{}
				for _, e := range s.Journal.Events(journal.Query{Types: []string{"login"}}) {
					results[e.Data.(event.Login).Result]++
				}
				if results["wrong"] != wantAttempts || results["locked"] != 1 || results["ok"] != 2 {
					t.Errorf("events %v", results)
				}
			})
		})
	}
}

// A page that is left open asks for itself again and again and has the events sent; that does not keep its login.
func TestPageLeftOpenEndsItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		left, used := logIn(t, s, "admin", "correct horse"), logIn(t, s, "admin", "correct horse")
		refresh := func(cookie *http.Cookie) int {
			r := request("", "GET /line/sip", "")
			r.AddCookie(cookie)
			r.Header.Set(refreshHeader, "1")
			return serve(s, r).Code
		}
		const every = 20 * time.Second
		for open := every; open < wantIdle; open += every {
			time.Sleep(every)
			if refresh(left) != http.StatusOK || refresh(used) != http.StatusOK {
				t.Fatalf("a page left open for %s is logged out", open)
			}
			stream := request("", "GET "+base+"/events/stream", "")
			stream.AddCookie(left)
			stream.Header.Set("Last-Event-ID", "not a number") // or it would not end
			if w := serve(s, stream); w.Code != http.StatusUnprocessableEntity {
				t.Fatalf("the event stream: %d", w.Code)
			}
			if open == 10*time.Minute {
				get(s, used, "/line/sip?line=2") // somebody is there
			}
		}
		time.Sleep(every)
		if code := refresh(left); code != http.StatusSeeOther {
			t.Errorf("a page left open for %s: %d", wantIdle, code)
		}
		if code := refresh(used); code != http.StatusOK {
			t.Errorf("a page on which somebody clicked after ten minutes: %d", code)
		}
	})
}

// Before a password is set nobody logs in with one, the empty one least of all; the link of the demo still works.
func TestNoPasswordSet(t *testing.T) {
	h := newHouse()
	h.password = map[string]string{"admin": "", "user": ""}
	s := newServer(t, h)
	if w := serve(s, loginForm("admin", "", "", "127.0.0.1")); w.Code != http.StatusForbidden || cookieOf(w) != nil {
		t.Errorf("%d", w.Code)
	}
	if w := get(s, nil, s.OneTimeLogin()); w.Code != http.StatusSeeOther {
		t.Errorf("one-time login: %d", w.Code)
	}
}

func TestChangePassword(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	mine, other := logIn(t, s, "user", "battery staple"), logIn(t, s, "user", "battery staple")
	put := func(cookie *http.Cookie, body string) int {
		r := request("", "PUT "+base+"/system/accounts", body)
		r.AddCookie(cookie)
		return serve(s, r).Code
	}
	if code := put(mine, `{"account":"user","password":"new password"}`); code != http.StatusForbidden {
		t.Errorf("without the current one: %d", code)
	}
	if code := put(mine, `{"account":"admin","current_password":"battery staple","password":"new password"}`); code != http.StatusForbidden {
		t.Errorf("that of the admin: %d", code)
	}
	if code := put(mine, `{"account":"user","current_password":"battery staple","password":"new password"}`); code != http.StatusNoContent {
		t.Errorf("one's own: %d", code)
	}
	if get(s, mine, base+"/phone").Code != http.StatusOK || get(s, other, base+"/phone").Code != http.StatusUnauthorized {
		t.Error("the other session must end, this one stay")
	}
	if code := put(logIn(t, s, "admin", "correct horse"), `{"account":"user","password":"from the admin"}`); code != http.StatusNoContent || h.password["user"] != "from the admin" {
		t.Errorf("by the admin: %d", code)
	}
	w := get(s, logIn(t, s, "user", "from the admin"), base+"/system/accounts")
	if !strings.Contains(w.Body.String(), `"user"`) || strings.Contains(w.Body.String(), "admin") {
		t.Errorf("a user sees %s", w.Body)
	}
	// Guessing through an open session is limited as a login is.
	session := logIn(t, s, "admin", "correct horse")
	for range wantAttempts {
		put(session, `{"account":"admin","current_password":"guess","password":"new password"}`)
	}
	if code := put(session, `{"account":"admin","current_password":"correct horse","password":"new password"}`); code != http.StatusTooManyRequests {
		t.Errorf("after %d guesses: %d", wantAttempts, code)
	}
}

// UX-24: the account admin is filled in and the password has the focus; after a failure the form keeps what was typed.
func TestLoginForm(t *testing.T) {
	s := newServer(t, newHouse())
	page := serve(s, request("", "GET /login", "")).Body.String()
	if !strings.Contains(page, `name="user" autocomplete="username" autocapitalize="none" spellcheck="false" value="admin"`) || strings.Count(page, " autofocus") != 1 ||
		!strings.Contains(page, `type="password" autocomplete="current-password" autofocus`) {
		t.Errorf("%s", page)
	}
	r := request("", "POST /login", "user=user&password=wrong")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if page := serve(s, r).Body.String(); !strings.Contains(page, `value="user"`) {
		t.Errorf("after a failure: %s", page)
	}
}
