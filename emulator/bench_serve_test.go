package main

import (
	"fmt"
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

// Of bench serve too the servers and the phone 1002 have one IP version (BE-03).
func TestBenchServeAddresses(t *testing.T) {
	for _, c := range []struct {
		of   benchServe
		want string
	}{
		{benchServe{}, "127.0.0.12:5060 127.0.0.13:5060 127.0.0.14"},
		{benchServe{Primary: "[::1]:7060"}, "[::1]:7060 [::1]:5080 ::1"},
		{benchServe{Peer: "::1"}, "[::1]:5070 [::1]:5080 ::1"},
		{benchServe{Primary: "[::1]:7060", Backup: "127.0.0.1:7060"}, "--backup: is IPv4, and --primary is IPv6"},
		{benchServe{Primary: "[::1]:7060", Peer: "127.0.0.1"}, "--peer: is IPv4, and --primary is IPv6"},
		{benchServe{Backup: "here"}, `--backup: must be ADDR:PORT`},
		{benchServe{Peer: "fe80::1%eth0"}, "--peer: is of one link alone"},
	} {
		at, err := c.of.addresses()
		got := fmt.Sprint(at.Primary, " ", at.Backup, " ", at.Peer)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%+v: %s, want %s", c.of, got, c.want)
		}
	}
}
