package main

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// UX-03: --sip is refused at the start where it cannot be used, as --listen is: one line that names the flag, the address and why.
func TestUnusableAddresses(t *testing.T) {
	clean(t)
	dir := filepath.Join(t.TempDir(), "data")
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	const foreign, multicast, broadcast, loopback = "192.0.2.77", "224.0.1.75", "255.255.255.255", "127.255.255.255"
	for _, c := range []struct {
		flag, value string
		code        int
		why         string
	}{
		{"--sip", udp.LocalAddr().String(), exitFailed, "in use by another program"},
		{"--sip", tcp.Addr().String(), exitFailed, "in use by another program"},
		{"--sip", foreign, exitFailed, "not an address of this computer"},
		{"--sip", foreign + ":5060", exitFailed, "not an address of this computer"},
		{"--sip", "[2001:db8::77]:5060", exitFailed, "not an address of this computer"},
		{"--sip", multicast, exitUsage, "multicast"},
		{"--sip", "ff02::1", exitUsage, "multicast"},
		{"--sip", broadcast, exitUsage, "broadcast"},
		{"--sip", loopback, exitUsage, "broadcast"},
		{"--sip", "pbx.example.test:5060", exitUsage, "is not an IP address"},
		{"--sip", "127.0.0.1:sip", exitUsage, "is not an IP address"},
		{"--listen", multicast + ":8080", exitUsage, "multicast"},
		{"--https", broadcast + ":8443", exitUsage, "broadcast"},
	} {
		for _, args := range [][]string{{"run", "--data", dir}, {"demo"}} {
			if c.flag == "--sip" {
				args = append(args, "--listen", "127.0.0.1:0")
			}
			refused(t, c.code, "", append(args, c.flag, c.value), c.flag+": ", strings.TrimSuffix(strings.TrimSuffix(c.value, ":8080"), ":8443"), c.why)
		}
	}
	if code, _, err := command(t, "", "token", "new", "--data", dir, "--scope", "admin", "x"); code != 0 { // so that --listen gets as far
		t.Fatal(err)
	}
	if code, _, err := command(t, "a long password\n", "password", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	refused(t, exitFailed, "", []string{"run", "--data", dir, "--listen", foreign + ":8080"}, "--listen: ", foreign+":8080 is not an address of this computer")
}

// UX-03: a line whose socket cannot be opened after the start says so in its status, on its pages, in /readyz and by an event, calls are refused
// with the reason, and it registers when the socket can be opened.
func TestBlockedSocket(t *testing.T) {
	t.Parallel()
	held, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := held.LocalAddr().String()
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	f := newFarEnd(t, server.Answering{})
	dir, token := f.folder(func(s *line.Settings) { swift(s); s.Enabled = false })
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0", "--sip", at)
	p.token = token
	readiness := func() (int, string) {
		response, err := p.http.Get(p.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	ready := func(code int, text string) {
		t.Helper()
		if got, body := readiness(); got != code || !strings.Contains(body, text) {
			t.Errorf("/readyz is %d %q, want %d %q", got, body, code, text)
		}
	}
	p.until(func() bool { code, _ := readiness(); return code == http.StatusOK }, "a phone that is ready") // the pages are there before the lines run
	if held, err = net.ListenPacket("udp", at); err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	p.do("PATCH", "lines/1/sip", `{"enabled":true}`, nil)
	why := "--sip: " + at + " is in use by another program"
	fault := p.await(0, "fault", nil)
	if fault.Line != 1 || fault.Data.Message != why {
		t.Errorf("the fault is %+v, want %q", fault, why)
	}
	ready(http.StatusServiceUnavailable, "line 1: "+why)
	var status struct {
		State      string   `json:"state"`
		Phase      string   `json:"phase"`
		LastResult string   `json:"last_result"`
		Reason     string   `json:"reason"`
		Word       string   `json:"reason_word"`
		Remedy     string   `json:"remedy"`
		Retry      *float64 `json:"retry_in_s"`
	}
	p.do("GET", "lines/1/status", "", &status)
	if status.State != "timeout" || status.Phase != "all_failed" || status.LastResult != "socket" || status.Word != "socket" ||
		status.Reason != "the phone cannot open the SIP socket of this line ("+why+")" || !strings.Contains(status.Remedy, "--sip") || status.Retry == nil || *status.Retry > reopenAfter.Seconds() {
		t.Errorf("the status is %+v", status)
	}
	session := p.logIn(dir)
	for _, page := range []string{"/", "/line/sip", "/system/information"} {
		if text, code := p.hear(page, session...); code != http.StatusOK || !strings.Contains(string(text), "cannot open the SIP socket") {
			t.Errorf("the page %s (%d) does not say why", page, code)
		}
	}
	if code, answer := p.ask("POST", "calls", `{"to":"1002"}`); code != http.StatusConflict || !strings.Contains(string(answer), why) {
		t.Errorf("a call: %d %s", code, answer)
	}
	p.do("PATCH", "lines/1/sip", `{"display_name":"Lab"}`, nil) // the settings of a blocked line can be changed
	p.do("PATCH", "lines/1/sip", `{"enabled":false}`, nil)
	ready(http.StatusOK, "ok")
	over := func(e eventSeen) bool { return e.Line == 1 && e.Data.Message == "" }
	disabled := p.await(fault.Seq, "fault", nil) // what does not run has no fault; the change before was no end of it and no other one
	if !over(disabled) {
		t.Errorf("the fault of a disabled line is %+v", disabled)
	}
	p.do("PATCH", "lines/1/sip", `{"enabled":true}`, nil)
	again := p.await(disabled.Seq, "fault", nil)
	if again.Line != 1 || again.Data.Message != why {
		t.Errorf("the fault is %+v, want %q", again, why)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	p.do("POST", "lines/1/register", "", nil)
	p.registered("primary")
	ready(http.StatusOK, "ok")
	p.await(again.Seq, "fault", over)
	p.terminate()
}

// logIn sets a password and logs in on the pages.
func (p *process) logIn(dir string) []*http.Cookie {
	p.t.Helper()
	const password = "a long password"
	if code, _, err := execute1(p.t.Context(), password+"\n", "password", "--data", dir); code != 0 {
		p.t.Fatal(err)
	}
	answered, err := p.http.PostForm(p.url+"/login", url.Values{"user": {"admin"}, "password": {password}})
	if err != nil || answered.StatusCode != http.StatusSeeOther || answered.Body.Close() != nil {
		p.t.Fatalf("%v, %v", answered, err)
	}
	return answered.Cookies()
}

// UX-03: a TCP port that is taken after the start costs calls by TCP alone: the line registers by UDP, and status, pages and an event say what is
// missing until the port is free.
func TestTakenTCPPort(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	f := newFarEnd(t, server.Answering{})
	dir, token := f.folder(func(s *line.Settings) { swift(s); s.Enabled = false })
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0", "--sip", at)
	p.token = token
	held, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	p.do("PATCH", "lines/1/sip", `{"enabled":true}`, nil)
	p.registered("primary")
	why := "TCP " + at + " is in use by another program"
	fault := p.await(0, "fault", nil)
	if fault.Line != 1 || fault.Data.Message != "no TCP port for incoming calls: "+why {
		t.Errorf("the fault is %+v", fault)
	}
	port := func(want string) {
		t.Helper()
		var status struct {
			State string `json:"state"`
			Port  string `json:"tcp_port"`
		}
		if p.do("GET", "lines/1/status", "", &status); status.State != "registered" || status.Port != want {
			t.Errorf("the status is %+v, want tcp_port %q", status, want)
		}
	}
	port(why)
	session := p.logIn(dir)
	for _, page := range []string{"/", "/line/sip", "/system/information"} {
		if text, code := p.hear(page, session...); code != http.StatusOK || !strings.Contains(string(text), "cannot open the TCP port of this line (") && !strings.Contains(string(text), "cannot open the TCP port of this line: ") {
			t.Errorf("the page %s (%d) does not say why", page, code)
		}
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	p.do("POST", "lines/1/register", "", nil)
	p.await(fault.Seq, "fault", func(e eventSeen) bool { return e.Line == 1 && e.Data.Message == "" })
	port("")
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatalf("the port is not open: %v", err)
	}
	_ = c.Close()
	p.terminate()
}
