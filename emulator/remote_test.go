package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestActionURLsOfTheDemo: a server in the lab hears of the registration and of a call, each time with what the phone knows of it.
func TestActionURLsOfTheDemo(t *testing.T) {
	t.Parallel()
	heard := make(chan url.Values, 100)
	lab := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.URL.Query() }))
	defer lab.Close()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--log-level", "debug")
	p.registered("primary")
	const canary = "canary-in-an-address"
	address := strings.Replace(lab.URL, "http://", "http://lab:"+canary+"@", 1) + "/?line=$line&server=$server&remote=$remote&user=$active_user&call=$call_id&event="
	body := fmt.Sprintf(`{"reg_on":%q,"outgoing_call":%q,"call_active":%q,"call_stop":%q}`, address+"reg_on", address+"outgoing_call", address+"call_active", address+"call_stop")
	p.do("PUT", "system/action-urls", body, nil)
	p.do("POST", "lines/1/unregister", "", nil)
	p.await(0, "line_state", func(e eventSeen) bool { return e.Data.State == "unapplied" })
	p.do("POST", "lines/1/register", "", nil)
	want := func(name, remote string) {
		t.Helper()
		select {
		case v := <-heard:
			if v.Get("event") != name || v.Get("line") != "1" || v.Get("server") != "primary" || v.Get("remote") != remote || v.Get("user") != "1001" || (v.Get("call") != "") != (remote != "") {
				t.Errorf("heard %v, want %s %s", v, name, remote)
			}
		case <-time.After(patience):
			t.Fatalf("%s was not told", name)
		}
	}
	want("reg_on", "")
	p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
	want("outgoing_call", "1002")
	c := p.talking(0)
	want("call_active", "1002")
	p.do("DELETE", "calls/"+c.ID, "", nil)
	want("call_stop", "1002")
	p.await(0, "action_url", nil)
	for _, path := range []string{"events", "system/action-urls"} {
		if _, text := p.ask("GET", path, ""); strings.Contains(string(text), canary) {
			t.Errorf("%s shows the password", path)
		}
	}
	p.terminate()
	if strings.Contains(p.err.String(), canary) {
		t.Error("the log shows the password")
	}
}

// TestActiveURIOfTheDemo: a script of the vendor's dials, transfers and reads settings, once it is let in.
func TestActiveURIOfTheDemo(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	p.registered("primary")
	script := func(method, path, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("admin", p.token)
		answer, err := p.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	const secret = "canary-of-the-line"
	const dial = "/cgi-bin/ConfigManApp.com?key=SPEAKER;1002;OK"
	if code, _ := script("GET", dial, ""); code != 404 {
		t.Errorf("as delivered: %d", code)
	}
	p.do("PUT", "system/remote-control", `{"enabled":true}`, nil)
	if code, _ := script("GET", dial, ""); code != 403 {
		t.Errorf("with nobody let in: %d", code)
	}
	p.do("PUT", "system/remote-control", `{"enabled":true,"allow":["127.0.0.1"]}`, nil)
	if code, text := script("GET", dial, ""); code != 200 || text != "result = [success]\n" {
		t.Fatalf("%d %s", code, text)
	}
	p.talking(0)
	if code, text := script("GET", dial, ""); code != 409 || !strings.HasPrefix(text, "result = [failed: ") {
		t.Errorf("a second call: %d %s", code, text)
	}
	if code, text := script("POST", "/xmlService", `<FanvilIPPhoneExecute><ExecuteItem URI="Led:Line2_GREEN=fastflash/"/></FanvilIPPhoneExecute>`); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	p.await(0, "lamp", func(e eventSeen) bool { return e.Line == 2 })
	if code, text := script("GET", "/cgi-bin/ConfigManApp.com?key=F_TRANSFER;1003;OK", ""); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	p.await(0, "transfer", func(e eventSeen) bool { return e.Data.State == "succeeded" })
	if code, text := script("POST", "/xmlService", `<FanvilConfiguration cmd="set"><Item>sip.line.1.FailbackInterval = 90</Item></FanvilConfiguration>`); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	p.do("PATCH", "lines/3/sip", `{"auth_password":"`+secret+`"}`, nil)
	if code, text := script("GET", "/default_user_config.txt", ""); code != 200 || !strings.Contains(text, "SIP1 Failback Interval  :90") || strings.Contains(text, secret) {
		t.Errorf("%d %.400s", code, text)
	}
	p.terminate()
}
