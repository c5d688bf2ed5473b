package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// The first run of a real phone: the code in its log and a password begin a session, which ends when the command sets another
// password beside the running phone.
func TestPasswordOfARunningPhone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0", "--sip", "127.0.0.1")
	code := p.err.wait(t, p, regexp.MustCompile(`code=(\S+)\n`))[1]
	send := func(path string, form url.Values, cookies ...*http.Cookie) *http.Response {
		t.Helper()
		method := http.MethodPost
		if form == nil {
			method = http.MethodGet
		}
		r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		answer, err := p.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	first := send("/first", url.Values{"code": {code}, "password": {"correct horse"}, "again": {"correct horse"}})
	if first.StatusCode != http.StatusSeeOther || len(first.Cookies()) != 2 {
		t.Fatalf("%d %v", first.StatusCode, first.Cookies())
	}
	if got := send("/system/tokens", nil, first.Cookies()...); got.StatusCode != http.StatusOK {
		t.Fatalf("logged in: %d", got.StatusCode)
	}
	if code, _, err := command(t, "battery staple\n", "password", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	if got := send("/system/tokens", nil, first.Cookies()...); got.StatusCode != http.StatusSeeOther {
		t.Errorf("the session of the old password: %d", got.StatusCode)
	}
	for password, want := range map[string]int{"correct horse": http.StatusUnauthorized, "battery staple": http.StatusSeeOther} {
		if got := send("/login", url.Values{"user": {"admin"}, "password": {password}}); got.StatusCode != want {
			t.Errorf("%s: %d, want %d", password, got.StatusCode, want)
		}
	}
	if strings.Contains(p.err.String(), "correct horse") || strings.Contains(p.err.String(), "battery") {
		t.Error("a password is in the log")
	}
	p.terminate()
}
