package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestBenchServe: servers by themselves are driven by REST and by what is typed; a wrong field is named and changes nothing.
func TestBenchServe(t *testing.T) {
	t.Parallel()
	s := benchServing(t, "--separate")
	url, ctx := s.url+"/api/v1/lab/servers/", t.Context()
	ask := func(method, path, body, host string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			r.Host = host
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	for _, c := range []struct {
		method, path, body, host string
		status                   int
		want                     string
	}{
		{"PUT", "primary", `{"behaviour":"status","status":503,"retry_after_s":10}`, "", 200, `"status":503`},
		{"GET", "primary", "", "", 200, `"retry_after_s":10`},
		{"PUT", "primary", `{"behaviour":"angry"}`, "", 422, `"body.behaviour"`},
		{"PUT", "primary", `{`, "", 400, "detail"},
		{"PUT", "third", `{"behaviour":"serve"}`, "", 404, "third"},
		{"GET", "primary", "", "", 200, `"status":503`},
		{"PUT", "primary", `{"behaviour":"serve","spelling":["spaces"],"pad":4000,"add":["X: 1"]}`, "", 200, `"spelling":["spaces"],"pad":4000,"add":["X: 1"]`},
		{"PUT", "primary", `{"behaviour":"serve","spelling":["odd"]}`, "", 422, `"body.spelling"`},
		{"PUT", "primary", `{"behaviour":"serve"}`, "evil.example", 403, ""},
	} {
		if status, text := ask(c.method, c.path, c.body, c.host); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s: %d %s, want %d and %s", c.method, c.path, c.body, status, text, c.status, c.want)
		}
	}
	for _, c := range []struct{ typed, want string }{
		{"backup close only INVITE", "ok"}, {"peer busy", "ok"}, {"backup angry", "behaviour: "}, {"peer hangup", "no call"},
		{"peer call", "ok"}, {"peer send NOTIFY event x", "ok"}, {"peer send ACK", "send: "}, {"primary serve spelling spaces,compact", "ok"}, {"wait 1s", "\"wait\" is not"},
	} {
		s.told(t, c.typed, c.want)
	}
	if _, text := ask("GET", "backup", "", ""); !strings.Contains(text, `"close"`) {
		t.Errorf("what was typed has no effect: %s", text)
	}
}
