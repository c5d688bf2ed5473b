package webui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The first run asks for the code and a password; whoever has no code does not own the phone, however early he comes.
func TestFirstRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.password = map[string]string{"admin": "", "user": ""}
		s := newServer(t, h)
		post := func(code, password, again string) int {
			w := browse(s, "", english, "POST /first", url.Values{"code": {code}, "password": {password}, "again": {again}, "next": {"/line/sip"}})
			if cookie := cookieOf(w); (w.Code == http.StatusSeeOther) != (cookie != nil) {
				t.Errorf("%d with the cookie %v", w.Code, cookie)
			}
			if strings.Contains(w.Body.String(), "long enough") {
				t.Error("the password comes back")
			}
			return w.Code
		}
		if page := browse(s, "", english, "GET /login", nil).Body.String(); strings.Contains(page, "/first") || !strings.Contains(page, "hilphone password") {
			t.Error("without a code the page must name the command")
		}
		if code := post("", "long enough", "long enough"); code != http.StatusConflict {
			t.Errorf("without a code having been given out: %d", code)
		}
		old, code := s.FirstRunCode(), s.FirstRunCode()
		page := browse(s, "", japanese, "GET /login?next=/line/sip", nil)
		checkPage(t, s, "first run", page.Body.String(), japanese)
		if !strings.Contains(page.Body.String(), "初回設定") || strings.Contains(page.Body.String(), code) {
			t.Error("the page of the first run")
		}
		for _, q := range []struct {
			code, password, again string
			want                  int
		}{
			{"", "long enough", "long enough", http.StatusForbidden},
			{old, "long enough", "long enough", http.StatusForbidden},
			{code, "short", "short", http.StatusUnprocessableEntity},
			{code, "long enough", "long enouhg", http.StatusUnprocessableEntity},
			{code, strings.Repeat("x", wantMaxPassword+1), strings.Repeat("x", wantMaxPassword+1), http.StatusUnprocessableEntity},
		} {
			if got := post(q.code, q.password, q.again); got != q.want || h.password["admin"] != "" {
				t.Errorf("%+v: %d, password %q", q, got, h.password["admin"])
			}
		}
		for range wantAttempts - 2 {
			post("guess", "long enough", "long enough")
		}
		if got := post(code, "long enough", "long enough"); got != http.StatusTooManyRequests || h.password["admin"] != "" {
			t.Errorf("after %d wrong codes: %d", wantAttempts, got)
		}
		time.Sleep(wantWindow)
		if got := post(strings.ToLower(strings.ReplaceAll(code, "-", " ")), "long enough", "long enough"); got != http.StatusSeeOther || h.password["admin"] != "long enough" {
			t.Fatalf("the code: %d, password %q", got, h.password["admin"])
		}
		if got := post(code, "another one", "another one"); got != http.StatusConflict || h.password["admin"] != "long enough" {
			t.Errorf("a second time: %d", got)
		}
		if page := browse(s, "", english, "GET /login", nil).Body.String(); strings.Contains(page, "/first") {
			t.Error("the first run is offered still")
		}
	})
}

// A code that was given out is worth nothing once the command has set the password.
func TestFirstRunAfterTheCommand(t *testing.T) {
	h := newHouse()
	h.password["admin"] = ""
	s := newServer(t, h)
	code := s.FirstRunCode()
	if err := h.SetPassword(t.Context(), "admin", "by the command"); err != nil {
		t.Fatal(err)
	}
	w := browse(s, "", english, "POST /first", url.Values{"code": {code}, "password": {"long enough"}, "again": {"long enough"}})
	if w.Code != http.StatusConflict || h.password["admin"] != "by the command" {
		t.Errorf("%d, password %q", w.Code, h.password["admin"])
	}
}
