package webui

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// loginWith logs in from a browser with these cookies.
func loginWith(s *Server, account, password, from string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	r := loginForm(account, password, "", from)
	for _, c := range cookies {
		if strings.Contains(c.Name, "device") {
			r.AddCookie(c)
		}
	}
	return serve(s, r)
}

// SE-06: strangers lock an account again and again; the browser that has logged in before does so all the same, from wherever it is.
func TestStrangersDoNotLockOutAKnownBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		first := loginWith(s, "admin", "correct horse", "192.0.2.1", nil)
		known := first.Result().Cookies()
		if first.Code != http.StatusSeeOther || len(known) != 2 || known[1].MaxAge < 365*24*3600 || !known[1].HttpOnly || known[1].SameSite != http.SameSiteStrictMode {
			t.Fatalf("%d %v", first.Code, known)
		}
		for round := range 3 {
			for i := range wantAttempts {
				loginWith(s, "admin", "wrong", fmt.Sprintf("198.51.%d.%d", round, i), nil)
			}
			if w := loginWith(s, "admin", "correct horse", "198.51.100.99", nil); w.Code != http.StatusTooManyRequests {
				t.Errorf("round %d: a new browser: %d", round, w.Code)
			}
			for _, from := range []string{"192.0.2.1", "203.0.113.7", "198.51.0.1"} {
				w := loginWith(s, "admin", "correct horse", from, known)
				if w.Code != http.StatusSeeOther || w.Result().Cookies()[1].Value != known[1].Value {
					t.Errorf("round %d: the known browser at %s: %d %v", round, from, w.Code, w.Result().Cookies())
				}
			}
			if w := loginWith(s, "user", "battery staple", "198.51.100.99", nil); w.Code != http.StatusSeeOther {
				t.Errorf("round %d: another account: %d", round, w.Code)
			}
			time.Sleep(wantWindow)
		}
	})
}

// SE-06: a known browser has as few attempts as any other; a cookie that it made up, or that of another account, is worth nothing.
func TestKnownBrowserIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		known := loginWith(s, "user", "battery staple", "192.0.2.1", nil).Result().Cookies()
		for i := range wantAttempts {
			if w := loginWith(s, "user", "wrong", fmt.Sprintf("198.51.100.%d", i), known); w.Code != http.StatusUnauthorized {
				t.Errorf("attempt %d: %d", i, w.Code)
			}
		}
		if w := loginWith(s, "user", "battery staple", "192.0.2.1", known); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "900" {
			t.Errorf("after that: %d", w.Code)
		}
		if w := loginWith(s, "user", "battery staple", "198.51.100.1", nil); w.Code != http.StatusSeeOther {
			t.Errorf("others are locked out by it: %d", w.Code)
		}
		forged := newSecret()
		for i := range wantAttempts {
			for _, value := range []string{forged, known[1].Value, "short"} {
				cookie := &http.Cookie{Name: "hilphone_device_admin", Value: value}
				loginWith(s, "admin", "wrong", fmt.Sprintf("203.0.113.%d", i), []*http.Cookie{cookie})
			}
		}
		if w := loginWith(s, "admin", "correct horse", "198.51.100.2", []*http.Cookie{{Name: "hilphone_device_admin", Value: forged}}); w.Code != http.StatusTooManyRequests {
			t.Errorf("with a cookie that was made up: %d", w.Code)
		}
		time.Sleep(wantWindow)
		// One that somebody else has put into the browser becomes no device of the account.
		w := loginWith(s, "admin", "correct horse", "192.0.2.1", []*http.Cookie{{Name: "hilphone_device_admin", Value: forged}})
		if w.Code != http.StatusSeeOther || w.Result().Cookies()[1].Value == forged {
			t.Errorf("%d, the cookie is %v", w.Code, w.Result().Cookies())
		}
	})
}

// SE-06: an account that is locked stays so, however many names are made up, from however many addresses.
func TestMadeUpNamesFreeNoAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		for i := range wantAttempts {
			loginWith(s, "admin", "wrong", fmt.Sprintf("192.0.2.%d", i), nil)
		}
		for i := range 1500 {
			if w := loginWith(s, fmt.Sprint("guess", i), "wrong", fmt.Sprintf("[2001:db8:%x::1]", i), nil); w.Code != http.StatusUnauthorized {
				t.Fatalf("guess %d: %d", i, w.Code)
			}
		}
		if w := loginWith(s, "admin", "correct horse", "198.51.100.1", nil); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "900" {
			t.Errorf("%d, Retry-After %s", w.Code, w.Header().Get("Retry-After"))
		}
	})
}

// SE-06: many guesses at once are no more than a few one after the other.
func TestManyGuessesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.checks = 100 * time.Millisecond
		s := newServer(t, h)
		var wait sync.WaitGroup
		var mu sync.Mutex
		codes := map[int]int{}
		for i := range 200 {
			wait.Go(func() {
				w := loginWith(s, "admin", "wrong", fmt.Sprintf("192.0.2.%d", i), nil)
				mu.Lock()
				defer mu.Unlock()
				codes[w.Code]++
			})
		}
		wait.Wait()
		if codes[http.StatusUnauthorized] > wantAttempts || codes[http.StatusUnauthorized]+codes[http.StatusTooManyRequests] != 200 {
			t.Errorf("answers by status: %v", codes)
		}
	})
}

// SE-06: a right login does not wait behind wrong ones, of the same names or of others, from one address or from many.
func TestRightLoginDoesNotWait(t *testing.T) {
	const hash = 100 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		known := loginWith(s, "admin", "correct horse", "192.0.2.1", nil).Result().Cookies()
		h.checks = hash
		stop := make(chan struct{})
		var flood sync.WaitGroup
		for i := range 100 {
			flood.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					from := "192.0.2.2"
					if i%2 == 0 {
						from = fmt.Sprintf("[2001:db8:%x:%x::1]", i, n)
					}
					if w := loginWith(s, fmt.Sprint("guess", i), "wrong", from, nil); w.Code != http.StatusUnauthorized {
						time.Sleep(10 * time.Millisecond) // refused at once
					}
				}
			})
		}
		time.Sleep(time.Second)
		for name, c := range map[string]struct {
			account, password, from string
			cookies                 []*http.Cookie
		}{
			"the known browser": {"admin", "correct horse", "203.0.113.1", known},
			"the known network": {"admin", "correct horse", "192.0.2.1", nil},
			"a new browser":     {"user", "battery staple", "203.0.113.2", nil},
		} {
			began := time.Now()
			if w := loginWith(s, c.account, c.password, c.from, c.cookies); w.Code != http.StatusSeeOther || time.Since(began) > 2*hash {
				t.Errorf("%s: %d after %v", name, w.Code, time.Since(began))
			}
			time.Sleep(time.Second)
		}
		close(stop)
		flood.Wait()
	})
}

// SE-06: too many logins at once are refused by REST and on the page with a word, not kept waiting.
func TestTooManyLoginsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.checks = time.Second
		s := newServer(t, h)
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() {
				if w := loginWith(s, "user", "wrong", "192.0.2.1", nil); w.Code != http.StatusUnauthorized {
					t.Errorf("one of two: %d", w.Code)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		w := loginWith(s, "user", "battery staple", "192.0.2.1", nil)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "2" || time.Since(began) != 0 || !strings.Contains(w.Body.String(), english.say("login.busy")) {
			t.Errorf("%d %v after %v", w.Code, w.Header(), time.Since(began))
		}
		wait.Wait()
		if w := loginWith(s, "user", "battery staple", "192.0.2.1", nil); w.Code != http.StatusSeeOther {
			t.Errorf("a moment later: %d", w.Code)
		}
	})
}

// SE-06: wrong codes of the first run lock only where they come from.
func TestGuessesOfOthersDoNotLockTheFirstRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.password = map[string]string{"admin": "", "user": ""}
		s := newServer(t, h)
		code := s.FirstRunCode()
		try := func(code, from string) int {
			r := httptest.NewRequest("POST", "/first", strings.NewReader(url.Values{"code": {code}, "password": {"long enough"}, "again": {"long enough"}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Host, r.RemoteAddr = "127.0.0.1:8080", from+":40000"
			return serve(s, r).Code
		}
		for i := range 20 * wantAttempts {
			try("guess", fmt.Sprintf("192.0.2.%d", i/10))
			try("guess", fmt.Sprintf("[2001:db8::%d]", i))
		}
		for _, from := range []string{"192.0.2.1", "[2001:db8::ffff]"} {
			if got := try(code, from); got != http.StatusTooManyRequests {
				t.Errorf("where the guesses come from, %s: %d", from, got)
			}
		}
		if got := try(code, "127.0.0.1"); got != http.StatusSeeOther || h.password["admin"] != "long enough" {
			t.Errorf("the right code: %d", got)
		}
	})
}

// SE-06: scripts of the vendor's phones, which keep no cookies, are not locked out by strangers either.
func TestStrangersDoNotLockOutAScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := remote(t, false)
		if code, body := script(s, vendorPaths[3], ""); code != http.StatusOK {
			t.Fatalf("%d %s", code, body)
		}
		for i := range wantAttempts {
			loginWith(s, "admin", "wrong", fmt.Sprintf("198.51.100.%d", i), nil)
		}
		if w := loginWith(s, "admin", "correct horse", "203.0.113.1", nil); w.Code != http.StatusTooManyRequests {
			t.Errorf("a stranger: %d", w.Code)
		}
		if code, body := script(s, vendorPaths[3], ""); code != http.StatusOK {
			t.Errorf("%d %s", code, body)
		}
		for range wantAttempts {
			script(s, vendorPaths[3], "", func(r *http.Request) { r.SetBasicAuth("admin", "guess") })
		}
		if code, _ := script(s, vendorPaths[3], ""); code != http.StatusTooManyRequests {
			t.Errorf("after %d own wrong passwords: %d", wantAttempts, code)
		}
	})
}

// SE-06: the password of an open session is asked for within its own limit, and strangers do not reach it.
func TestOwnPasswordIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		session := logIn(t, s, "admin", "correct horse")
		put := func(current string) int {
			r := request("", "PUT "+base+"/system/accounts", `{"account":"admin","current_password":"`+current+`","password":"another horse"}`)
			r.AddCookie(session)
			return serve(s, r).Code
		}
		for i := range wantAttempts {
			loginWith(s, "admin", "wrong", fmt.Sprintf("198.51.100.%d", i), nil)
		}
		for i := range wantAttempts - 1 {
			if code := put("guess"); code != http.StatusForbidden {
				t.Errorf("guess %d: %d", i, code)
			}
		}
		if code := put("correct horse"); code != http.StatusNoContent {
			t.Errorf("the right one: %d", code)
		}
	})
}
