package webui

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The instant at which a login ends by itself, from both sides: not used for 15 minutes (PHONE.md 1.3), or begun 12 hours ago.
func TestSessionLife(t *testing.T) {
	for _, test := range []struct {
		name  string
		waits []time.Duration // between requests
		want  int             // of the last
	}{
		{"a moment before it has been idle for too long", []time.Duration{wantIdle - time.Millisecond}, http.StatusOK},
		{"idle", []time.Duration{wantIdle}, http.StatusUnauthorized},
		{"idle after it was used", []time.Duration{wantIdle - time.Millisecond, wantIdle}, http.StatusUnauthorized},
		{"used within the idle time", []time.Duration{wantIdle - time.Millisecond, wantIdle - time.Millisecond, wantIdle - time.Millisecond}, http.StatusOK},
		{"used all the time until a moment before its end", append(every(10*time.Minute, 71), 10*time.Minute-time.Millisecond), http.StatusOK},
		{"used all the time until its end", every(10*time.Minute, 72), http.StatusUnauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, newHouse())
				cookie := logIn(t, s, "admin", "correct horse")
				code := 0
				for i, wait := range test.waits {
					time.Sleep(wait)
					if code = get(s, cookie, base+"/phone").Code; i < len(test.waits)-1 && code != http.StatusOK {
						t.Fatalf("request %d: %d", i, code)
					}
				}
				if code != test.want {
					t.Errorf("%d, want %d", code, test.want)
				}
			})
		})
	}
}

func every(d time.Duration, times int) (waits []time.Duration) {
	for range times {
		waits = append(waits, d)
	}
	return waits
}

// There are 256 logins at most: one more ends that which was used longest ago, not that which was begun first, and no other.
func TestSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		var all []*http.Cookie
		for range wantSessions {
			all = append(all, logIn(t, s, "admin", "correct horse"))
			time.Sleep(time.Millisecond)
		}
		if code := get(s, all[0], base+"/phone").Code; code != http.StatusOK { // used last now
			t.Fatalf("the first of %d: %d", wantSessions, code)
		}
		time.Sleep(time.Millisecond)
		for i := range all {
			if _, ok := s.sessions.look(all[i].Value); !ok {
				t.Errorf("login %d of %d has ended", i, wantSessions)
			}
		}
		next := logIn(t, s, "user", "battery staple")
		for i, c := range append(all, next) {
			want := http.StatusOK
			if i == 1 {
				want = http.StatusUnauthorized
			}
			if code := get(s, c, base+"/phone").Code; code != want {
				t.Errorf("after one more, login %d: %d, want %d", i, code, want)
			}
		}
	})
}

// A one-time link logs in once, within an hour, from both sides; one that was used or is too late gives no cookie.
func TestOneTimeLinkLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		early, late, other := s.OneTimeLogin(), s.OneTimeLogin(), s.OneTimeLogin()
		if code := strings.TrimPrefix(early, "/login?once="); len(code) != 43 || early == late {
			t.Errorf("%s and %s", early, late)
		}
		time.Sleep(wantOnce - time.Millisecond)
		w := get(s, nil, early)
		if c := cookieOf(w); w.Code != http.StatusSeeOther || c == nil || get(s, c, base+"/system/tokens").Code != http.StatusOK {
			t.Errorf("a moment before its end: %d", w.Code)
		}
		if w.Header().Get("Location") != "/" {
			t.Errorf("it leads to %s", w.Header().Get("Location"))
		}
		if w := get(s, nil, early); w.Code != http.StatusUnauthorized || cookieOf(w) != nil {
			t.Errorf("a second time: %d", w.Code)
		}
		time.Sleep(time.Millisecond)
		for range 2 {
			if w := get(s, nil, late); w.Code != http.StatusUnauthorized || cookieOf(w) != nil {
				t.Errorf("at its end: %d", w.Code)
			}
		}
		// HEAD does not use it, nor does a wrong one.
		fresh := s.OneTimeLogin()
		if w := serve(s, request("", "HEAD "+fresh, "")); cookieOf(w) != nil {
			t.Errorf("HEAD logs in: %v", w.Header())
		}
		if w := get(s, nil, fresh+"x"); w.Code != http.StatusUnauthorized || cookieOf(w) != nil {
			t.Errorf("with another character: %d", w.Code)
		}
		if w := get(s, nil, fresh); w.Code != http.StatusSeeOther || cookieOf(w) == nil {
			t.Errorf("after that: %d", w.Code)
		}
		if w := get(s, nil, other); w.Code != http.StatusUnauthorized {
			t.Errorf("another one of an hour ago: %d", w.Code)
		}
	})
}

// The cookies of a login, field by field: for this host alone, not for scripts of pages, not from other sites; that of the session goes when the browser
// ends, that by which the browser is known stays 400 days. Both are 256 bits of chance.
func TestCookies(t *testing.T) {
	s := newServer(t, newHouse())
	seen := map[string]bool{}
	for range 3 {
		w := serve(s, loginForm("admin", "correct horse", "", "192.0.2.1"))
		cookies := w.Result().Cookies()
		if len(cookies) != 2 {
			t.Fatalf("%d: %v", w.Code, cookies)
		}
		for i, want := range []struct {
			name string
			age  int
		}{{"hilphone", 0}, {"hilphone_device_admin", int(wantDevice.Seconds())}} {
			c := cookies[i]
			if c.Name != want.name || c.MaxAge != want.age || !c.Expires.IsZero() || c.Path != "/" || c.Domain != "" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure {
				t.Errorf("cookie %+v, want %+v", c, want)
			}
			if len(c.Value) != 43 || seen[c.Value] {
				t.Errorf("the value %q was there before or is too short", c.Value)
			}
			seen[c.Value] = true
		}
	}
	// The session's is taken away by a logout, on the server too; the other stays.
	cookie := logIn(t, s, "admin", "correct horse")
	r := request("", "POST /logout", "")
	r.AddCookie(cookie)
	w := serve(s, r)
	if c := w.Result().Cookies(); len(c) != 1 || c[0].Name != "hilphone" || c[0].Value != "" || c[0].MaxAge != -1 {
		t.Errorf("the logout: %v", c)
	}
	if code := get(s, cookie, base+"/phone").Code; code != http.StatusUnauthorized {
		t.Errorf("with the cookie of before: %d", code)
	}
}

// Whatever changes a password, the form of the page or REST, the owner or the administrator: all other logins of that account end at once, those of the other
// account and that of whoever changed it do not.
func TestPasswordChangeEndsTheOtherSessions(t *testing.T) {
	type login struct{ account, name string }
	for _, c := range []struct {
		name, by, of, current string
		page                  bool
	}{
		{"one's own by REST", "user", "user", "battery staple", false},
		{"one's own on the page", "user", "user", "battery staple", true},
		{"the administrator's own by REST", "admin", "admin", "correct horse", false},
		{"the administrator's own on the page", "admin", "admin", "correct horse", true},
		{"of the user by the administrator, by REST", "admin", "user", "", false},
		{"of the user by the administrator, on the page", "admin", "user", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse()
				s := newServer(t, h)
				password := map[string]string{"admin": "correct horse", "user": "battery staple"}
				held := map[login]*http.Cookie{}
				for _, account := range []string{"admin", "user"} {
					for _, name := range []string{"one", "two", "three"} {
						held[login{account, name}] = logIn(t, s, account, password[account])
					}
				}
				time.Sleep(time.Second)
				if code := changePassword(s, held[login{c.by, "one"}], c.page, c.of, c.current, "another password"); code != http.StatusNoContent && code != http.StatusSeeOther || h.password[c.of] != "another password" {
					t.Fatalf("%d, it is %q", code, h.password[c.of])
				}
				if len(held) != 6 {
					t.Fatalf("%d logins", len(held))
				}
				for l, cookie := range held {
					want := http.StatusOK
					if l.account == c.of && (l.name != "one" || c.by != c.of) {
						want = http.StatusUnauthorized
					}
					if code := get(s, cookie, base+"/phone").Code; code != want {
						t.Errorf("%s %s: %d, want %d", l.account, l.name, code, want)
					}
				}
				if w := serve(s, loginForm(c.of, password[c.of], "", "192.0.2.1")); w.Code != http.StatusUnauthorized {
					t.Errorf("with the old password: %d", w.Code)
				}
				logIn(t, s, c.of, "another password")
			})
		})
	}
}

func changePassword(s *Server, by *http.Cookie, page bool, of, current, next string) int {
	var r *http.Request
	if page {
		r = httptest.NewRequest("POST", "/system/accounts", strings.NewReader("account="+of+"&current_password="+current+"&password="+next+"&again="+next))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Host = "127.0.0.1:8080"
	} else {
		body := `{"account":"` + of + `","password":"` + next + `"}`
		if current != "" {
			body = `{"account":"` + of + `","current_password":"` + current + `","password":"` + next + `"}`
		}
		r = request("", "PUT "+base+"/system/accounts", body)
	}
	r.AddCookie(by)
	return serve(s, r).Code
}

// SE-14: a password has from 8 to 256 characters, wherever it is set, from both sides.
func TestLengthOfPasswords(t *testing.T) {
	for secret, good := range map[string]bool{
		"Xk3vv0p": false, "Xk3vv0p-": true, "パスワードを一": false, "パスワードを一つ": true,
		strings.Repeat("Xk3-", 64): true, strings.Repeat("Xk3-", 64) + "x": false, strings.Repeat("語彙", 128): true, strings.Repeat("語彙", 128) + "x": false,
	} {
		if n := len([]rune(secret)); good != (n >= wantPassword && n <= wantMaxPassword) {
			t.Fatalf("%q has %d characters", secret, n)
		}
		for _, page := range []bool{false, true} {
			h := newHouse()
			s := newServer(t, h)
			code := changePassword(s, logIn(t, s, "admin", "correct horse"), page, "user", "", secret)
			if set := h.password["user"] == secret; set != good || good == (code == http.StatusUnprocessableEntity) {
				t.Errorf("%.20q of %d characters, on the page %v: %d, set %v", secret, len([]rune(secret)), page, code, set)
			}
		}
		h := newHouse()
		h.password["admin"] = ""
		s := newServer(t, h)
		r := httptest.NewRequest("POST", "/first", strings.NewReader("code="+s.FirstRunCode()+"&password="+secret+"&again="+secret))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Host = "127.0.0.1:8080"
		if w := serve(s, r); (w.Code == http.StatusSeeOther) != good || (h.password["admin"] == secret) != good {
			t.Errorf("%.20q in the first run: %d, set %v", secret, w.Code, h.password["admin"] == secret)
		}
	}
}

// The code of the first run is ten of 32 letters and figures, 50 bits, none of which is taken for another, and each is another one.
func TestFirstRunCode(t *testing.T) {
	s := newServer(t, newHouse())
	used, codes := map[rune]int{}, map[string]bool{}
	for range 1000 {
		code := s.FirstRunCode()
		if len(code) != 11 || code[5] != '-' || codes[code] {
			t.Fatalf("%q", code)
		}
		codes[code] = true
		for _, r := range strings.ReplaceAll(code, "-", "") {
			used[r]++
		}
	}
	if len(used) != 32 {
		t.Errorf("%d letters are used", len(used))
	}
	for r, n := range used {
		if !strings.ContainsRune("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", r) || n < 150 || n > 500 { // 312 on average, a standard deviation of 17
			t.Errorf("%c is used %d times of 10000", r, n)
		}
	}
}
