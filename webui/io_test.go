package webui

import (
	"net/http"
	"strings"
	"testing"
)

// As labgrid's HttpDigitalOutput does it: a PUT of one digit without a media type, the answer compared to the letter, and a token
// from a file of passwords.
func TestLevelsAsPlainText(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	ask := func(method, path, body, kind string) (int, string, string) {
		r := request("", method+" "+base+path, body)
		r.SetBasicAuth("anybody", "tok-control")
		r.Header.Del("Content-Type")
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		w := serve(s, r)
		return w.Code, w.Body.String(), w.Header().Get("Content-Type")
	}
	for _, c := range []struct {
		body, kind string
		want       int
		level      string
	}{
		{"1", "", 204, "1"}, {"0", "", 204, "0"}, {"1\n", "application/x-www-form-urlencoded", 204, "1"}, {"0", "text/plain", 204, "0"},
		{"1", "application/json", 204, "1"}, {"true", "", 422, "1"}, {"01", "", 422, "1"}, {"", "", 400, "1"}, {" \n", "", 422, "1"}, {strings.Repeat(" ", wantLevelBody) + "0", "", 413, "1"},
	} {
		if code, body, _ := ask("PUT", "/io/hook", c.body, c.kind); code != c.want {
			t.Errorf("PUT %q as %q: %d %s, want %d", c.body, c.kind, code, body, c.want)
		}
		if code, body, kind := ask("GET", "/io/hook", "", ""); code != 200 || body != c.level || kind != "text/plain; charset=utf-8" {
			t.Errorf("after PUT %q: %d %q as %q, want %q", c.body, code, body, kind, c.level)
		}
	}
	if got := strings.Join(h.byHand, ", "); got != "api off, api on, api off, api on, api off" {
		t.Errorf("the phone saw %s", got)
	}
}

func TestTokenAsPassword(t *testing.T) {
	s := newServer(t, newHouse())
	for _, c := range []struct {
		user, password string
		want           int
	}{{"", "tok-read", 200}, {"tok-read", "", 401}, {"admin", "correct horse", 401}, {"tok-read", "tok-none", 401}} {
		r := request("", "GET "+base+"/phone", "")
		r.SetBasicAuth(c.user, c.password)
		if w := serve(s, r); w.Code != c.want {
			t.Errorf("%s:%s: %d, want %d", c.user, c.password, w.Code, c.want)
		}
	}
	r := request("", "GET "+base+"/phone", "")
	r.Header.Set("Authorization", "Basic ???")
	if w := serve(s, r); w.Code != http.StatusUnauthorized {
		t.Errorf("what is no base64: %d", w.Code)
	}
}
