package webui

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// SE-06: five wrong passwords within 15 minutes lock an address and an account until the first of them is 15 minutes old. Each edge of that from both
// sides: the fourth and the fifth failure, the window and the end.
func TestLockOutFromBothSides(t *testing.T) {
	const moment = time.Millisecond
	for _, c := range []struct {
		name  string
		waits []time.Duration // before each failure
		then  time.Duration   // before the right password
		retry int             // seconds that are said; 0: it logs in
	}{
		{"four failures", every(0, 4), 0, 0},
		{"five failures", every(0, 5), 0, 900},
		{"a moment after five", every(0, 5), moment, 900},
		{"half a second after five", every(0, 5), 500 * time.Millisecond, 900},
		{"a second after five", every(0, 5), time.Second, 899},
		{"a moment before the end", every(0, 5), 15*time.Minute - moment, 1},
		{"at the end", every(0, 5), 15 * time.Minute, 0},
		{"the fifth a moment before the first is forgotten", append(every(0, 4), 15*time.Minute-moment), 0, 1},
		{"the fifth as the first are forgotten", append(every(0, 4), 15*time.Minute), 0, 0},
		{"one each three minutes", every(3*time.Minute, 5), 0, 180},
		{"one each three minutes, when the first is forgotten", every(3*time.Minute, 5), 3 * time.Minute, 0},
		{"one each four minutes: never five in the window", every(4*time.Minute, 30), 0, 0},
	} {
		for _, by := range []string{"address", "account"} {
			t.Run(c.name+" by "+by, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newServer(t, newHouse())
					for i, wait := range c.waits {
						time.Sleep(wait)
						account, from := "admin", fmt.Sprintf("192.0.2.%d", 100+i) // of an account that exists, from ever another address
						if by == "address" {
							account, from = fmt.Sprint("guess", i), "192.0.2.1"
						}
						if w := serve(s, loginForm(account, "wrong", "", from)); w.Code != http.StatusUnauthorized {
							t.Fatalf("failure %d: %d", i+1, w.Code)
						}
					}
					time.Sleep(c.then)
					w := serve(s, loginForm("admin", "correct horse", "", "192.0.2.1"))
					want, retry := http.StatusSeeOther, ""
					if c.retry > 0 {
						want, retry = http.StatusTooManyRequests, strconv.Itoa(c.retry)
					}
					if w.Code != want || w.Header().Get("Retry-After") != retry {
						t.Errorf("the right password: %d, Retry-After %q, want %d, %q", w.Code, w.Header().Get("Retry-After"), want, retry)
					}
				})
			})
		}
	}
}

// SE-06: the page says how many attempts are left, down to none; a right password makes earlier failures forgotten, but those of others.
func TestAttemptsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		fail := func(left int) {
			t.Helper()
			w := serve(s, loginForm("admin", "wrong", "", "192.0.2.1"))
			if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), english.say("login.left", left)) {
				t.Errorf("%d, want %d left", w.Code, left)
			}
		}
		for left := 4; left > 0; left-- {
			fail(left)
		}
		if w := serve(s, loginForm("admin", "correct horse", "", "192.0.2.1")); w.Code != http.StatusSeeOther {
			t.Fatalf("%d", w.Code)
		}
		for left := 4; left >= 0; left-- { // the network is known now and has its own count
			fail(left)
		}
		if w := serve(s, loginForm("admin", "correct horse", "", "192.0.2.1")); w.Code != http.StatusTooManyRequests {
			t.Errorf("after five: %d", w.Code)
		}
	})
}

// SE-06: one password of strangers is checked at a time and 16 more wait; one more is refused at once, with a word when to come again. Who waits for more
// than 5 s is refused too.
func TestStrangersWait(t *testing.T) {
	type answer struct {
		code  int
		retry string
		after time.Duration
	}
	ask := func(t *testing.T, checks time.Duration, clients int) map[answer]int {
		h := newHouse()
		h.checks = checks
		s := newServer(t, h)
		var mu sync.Mutex
		var wait sync.WaitGroup
		got := map[answer]int{}
		for i := range clients {
			wait.Go(func() {
				began := time.Now()
				w := serve(s, loginForm(fmt.Sprint("guess", i), "wrong", "", fmt.Sprintf("192.0.2.%d", i)))
				mu.Lock()
				defer mu.Unlock()
				got[answer{w.Code, w.Header().Get("Retry-After"), time.Since(began)}]++
			})
			synctest.Wait() // one comes after the other
		}
		wait.Wait()
		return got
	}
	for _, c := range []struct {
		name    string
		checks  time.Duration
		clients int
		want    map[answer]int
	}{
		{"two", time.Second, 2, map[answer]int{{401, "", time.Second}: 1, {401, "", 2 * time.Second}: 1}},
		{"the second waits 4.999 s", 4999 * time.Millisecond, 2, map[answer]int{{401, "", 4999 * time.Millisecond}: 1, {401, "", 9998 * time.Millisecond}: 1}},
		{"the second waits 5 s in vain", 5001 * time.Millisecond, 2, map[answer]int{{401, "", 5001 * time.Millisecond}: 1, {503, "2", 5 * time.Second}: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := ask(t, c.checks, c.clients); fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("%v, want %v", got, c.want)
				}
			})
		})
	}
	for _, clients := range []int{17, 18, 40} {
		synctest.Test(t, func(t *testing.T) {
			checked, refused := 0, 0
			for a, n := range ask(t, 100*time.Millisecond, clients) {
				switch {
				case a.code == http.StatusUnauthorized:
					checked += n
				case a == answer{http.StatusServiceUnavailable, "2", 0}:
					refused += n
				default:
					t.Errorf("of %d: %+v", clients, a)
				}
			}
			if checked != 17 || refused != clients-17 {
				t.Errorf("of %d at once %d are checked and %d refused at once", clients, checked, refused)
			}
		})
	}
}
