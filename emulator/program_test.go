package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

var loginLink = regexp.MustCompile(`Open +(\S+)\n`)

// TestDemo is the first minute of a visitor: the link logs in, once; the token works, another does not.
func TestDemo(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--log-level", "debug")
	link := p.out.wait(t, p, loginLink)[1]
	get := func(link string, cookies ...*http.Cookie) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), "GET", link, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cookies {
			request.AddCookie(c)
		}
		response, err := p.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return response
	}

	if r := get(p.url + "/"); r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), "/login") {
		t.Errorf("a stranger at the front panel: %s to %s", r.Status, r.Header.Get("Location"))
	}
	first := get(link)
	if first.StatusCode != http.StatusSeeOther || first.Header.Get("Location") != "/" || len(first.Cookies()) != 1 {
		t.Fatalf("the link: %s to %q with %d cookies", first.Status, first.Header.Get("Location"), len(first.Cookies()))
	}
	if r := get(p.url+"/", first.Cookies()...); r.StatusCode != http.StatusOK {
		t.Errorf("the front panel after login: %s", r.Status)
	}
	if r := get(link); r.StatusCode != http.StatusUnauthorized || len(r.Cookies()) != 0 {
		t.Errorf("the link again: %s with %d cookies", r.Status, len(r.Cookies()))
	}

	p.registered("primary")
	token := p.token
	p.token = strings.Repeat("0", len(token))
	if status, _ := p.ask("GET", "lines/1/status", ""); status != http.StatusUnauthorized {
		t.Errorf("a wrong token: %d", status)
	}
	p.token = token
	p.terminate()
	for name, secret := range map[string]string{"token": token, "login link": link[strings.Index(link, "=")+1:], "session": first.Cookies()[0].Value} {
		if strings.Contains(p.err.String(), secret) {
			t.Errorf("the %s is in the log", name)
		}
	}
}

// step is a line of the walk through a failover, as the README has it.
type step struct {
	method, path, body string
	check              func(w *walker, answer []byte)
}

// walker goes the walk.
type walker struct {
	*process
	seq int64 // of the newest event before the step under way
}

// failoverWalk is the README's walk through a failover and back. TestReadme holds the README to it.
var failoverWalk = []step{
	{"POST", "phone/keys", `{"keys":"1002#"}`, func(w *walker, _ []byte) {
		if c := w.talking(w.seq); c.Server != "primary" {
			w.t.Errorf("the first call is served by %s", c.Server)
		}
	}},
	{"GET", "calls", "", contains(`"state":"talking","server":"primary"`)},
	{"PUT", "lab/servers/primary", `{"behaviour":"silent"}`, nil},
	{"POST", "phone/keys", `{"keys":"{release}"}`, nil},
	{"GET", "events?type=failover&wait_s=20", "", func(w *walker, answer []byte) {
		contains(`"from":"primary","to":"backup"`)(w, answer)
		w.byeFailover()
	}},
	{"POST", "phone/keys", `{"keys":"1002#"}`, func(w *walker, _ []byte) {
		if c := w.talking(w.seq); c.Server != "backup" {
			w.t.Errorf("the second call is served by %s", c.Server)
		}
	}},
	{"GET", "calls", "", contains(`"state":"talking","server":"backup"`)},
	{"POST", "phone/keys", `{"keys":"{release}"}`, nil},
	{"GET", "lines/1/status", "", contains(`"state":"registered","active":"backup"`)},
	{"PUT", "lab/servers/primary", `{"behaviour":"serve"}`, nil},
	{"GET", "events?type=failback&wait_s=60", "", contains(`"from":"backup","to":"primary"`)},
	{"GET", "lines/1/status", "", contains(`"state":"registered","active":"primary"`)},
}

func contains(text string) func(*walker, []byte) {
	return func(w *walker, answer []byte) {
		w.t.Helper()
		if !strings.Contains(string(answer), text) {
			w.t.Errorf("%s is not in %s", text, answer)
		}
	}
}

// byeFailover holds the events against the vendor document: BYE to the primary, sent four times, then REGISTER and BYE to the backup.
func (w *walker) byeFailover() {
	w.t.Helper()
	w.await(0, "attempt_end", func(e eventSeen) bool { return e.Data.Method == "BYE" && e.Data.Slot == "backup" })
	var all []eventSeen
	w.do("GET", "events?type=attempt_start,send,attempt_end,failover,registered", "", &all)
	begin := slices.IndexFunc(all, func(e eventSeen) bool { return e.Type == "attempt_start" && e.Data.Method == "BYE" })
	var story []string
	for _, e := range all[begin:] {
		story = append(story, strings.TrimSpace(strings.Join([]string{e.Type, e.Data.Method, e.Data.Slot, e.Data.Cause}, " ")))
	}
	want := []string{
		"attempt_start BYE primary", "send", "send", "send", "send", "attempt_end BYE primary no_response",
		"attempt_start REGISTER backup", "send", "attempt_end REGISTER backup response", // challenged
		"attempt_start REGISTER backup", "send", "attempt_end REGISTER backup response",
		"attempt_start BYE backup", "send", "attempt_end BYE backup response",
	}
	said := slices.DeleteFunc(slices.Clone(story), func(s string) bool { return strings.HasPrefix(s, "failover") || strings.HasPrefix(s, "registered") })
	if !slices.Equal(said, want) || len(story) != len(said)+2 {
		w.t.Errorf("the BYE went\n%s\nwant\n%s\nwith one failover and one registration", strings.Join(story, "\n"), strings.Join(want, "\n"))
	}
	sends := all[begin+1 : begin+5]
	for i, after := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond} {
		if d := sends[i].Time.Sub(sends[0].Time); d < after-5*time.Millisecond || d > after+250*time.Millisecond {
			w.t.Errorf("send %d of the BYE came %v after the first, want %v", i, d, after)
		}
	}
}

// TestFailoverWalk goes the README's walk, at true timer values.
func TestFailoverWalk(t *testing.T) {
	t.Parallel()
	w := &walker{process: start(t, self(t), "demo", "--listen", "127.0.0.1:0")}
	w.registered("primary")
	var silent, served time.Time
	for _, s := range failoverWalk {
		w.seq = w.process.seq()
		switch s.body {
		case `{"behaviour":"silent"}`:
			silent = time.Now()
		case `{"behaviour":"serve"}`:
			served = time.Now()
		}
		status, answer := w.ask(s.method, s.path, s.body)
		if status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", s.method, s.path, status, answer)
		}
		if s.check != nil {
			s.check(w, answer)
		}
	}
	failover := w.await(0, "failover", nil).Time.Sub(silent)
	failback := w.await(0, "failback", nil).Time.Sub(served)
	t.Logf("failover %v after the primary fell silent, failback %v after it came back", failover, failback)
	// It probes 20 s after the registration with the backup; a silent primary is asked for 32 s before the next 20 s begin.
	if failback > 25*time.Second {
		t.Errorf("failback came %v after the primary was back", failback)
	}
	w.terminate()
}

// TestTerminate ends the phone in each of its states, with clients attached that wait for more.
func TestTerminate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		answering    server.Answering
		get          func(f *farEnd, p *process) // into the state
		unregistered bool                        // the registration can be taken back
		says         string                      // what 1002 must hear
	}{
		{name: "idle", unregistered: true, get: func(*farEnd, *process) {}},
		{name: "talking", unregistered: true, says: "BYE", get: func(_ *farEnd, p *process) {
			p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
			p.talking(0)
		}},
		{name: "ringback", answering: server.Answering{Mode: server.Ring}, unregistered: true, says: "CANCEL", get: func(_ *farEnd, p *process) {
			p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
			p.await(0, "call", func(e eventSeen) bool { return e.Data.State == "ringback" })
		}},
		{name: "a call to a silent primary", get: func(f *farEnd, p *process) {
			f.behave("primary", server.Silent)
			p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
			f.await(0, request("primary", "INVITE"))
		}},
		{name: "failover of a registration", get: func(f *farEnd, p *process) {
			f.behave("primary", server.Silent)
			f.behave("backup", server.Silent)
			p.do("POST", "lines/1/register", "", nil)
			p.await(0, "attempt_start", func(e eventSeen) bool { return e.Data.Slot == "backup" })
		}},
		{name: "failover of a BYE", get: func(f *farEnd, p *process) {
			p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
			c := p.talking(0)
			f.behave("primary", server.Silent)
			f.behave("backup", server.Silent)
			p.do("DELETE", "calls/"+c.ID, "", nil)
			p.await(0, "attempt_start", func(e eventSeen) bool { return e.Data.Slot == "backup" })
		}},
		{name: "on the backup", unregistered: true, get: func(f *farEnd, p *process) {
			f.behave("primary", server.Silent)
			p.do("POST", "lines/1/register", "", nil)
			p.registered("backup")
		}},
		{name: "a probe of the primary", unregistered: true, get: func(f *farEnd, p *process) {
			f.behave("primary", server.Silent)
			p.do("POST", "lines/1/register", "", nil)
			p.registered("backup")
			p.do("PATCH", "lines/1/sip", `{"failback_interval":1}`, nil)
			p.await(0, "probe_start", nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFarEnd(t, c.answering)
			p := f.run(self(t), swift)
			c.get(f, p)
			clients := p.attach()
			before := f.count()
			took := p.terminate()
			clients.Wait()
			t.Logf("ended after %v", took)
			if b := f.Primary.Registrations().Bindings("1001"); c.unregistered && len(b) != 0 {
				t.Errorf("1001 is still registered: %+v", b)
			}
			if c.says != "" && len(f.after(before, request("1002", c.says))) == 0 {
				t.Errorf("1002 got no %s", c.says)
			}
		})
	}
}

// attach connects clients that will wait for something until the phone ends: a long poll, an event stream, a connection that sends
// nothing, and one that stops in the middle of a request.
func (p *process) attach() *sync.WaitGroup {
	p.t.Helper()
	var clients sync.WaitGroup
	answered := make(chan error, 1) // the stream's first line
	clients.Go(func() {
		request, err := http.NewRequestWithContext(context.Background(), "GET", p.url+"/api/v1/events/stream?since=0", nil)
		if err != nil {
			answered <- err
			return
		}
		request.Header.Set("Authorization", "Bearer "+p.token)
		response, err := p.http.Do(request)
		if err != nil {
			answered <- err
			return
		}
		defer response.Body.Close()
		in := bufio.NewReader(response.Body)
		_, err = in.ReadString('\n')
		answered <- err
		_, _ = io.Copy(io.Discard, in) // until the phone ends
	})
	if err := <-answered; err != nil {
		p.t.Fatal(err)
	}
	clients.Go(func() { // this one ends with an empty answer or a broken connection
		_, _, _ = p.try(context.Background(), "GET", "events?type=never&wait_s=50", "")
	})
	u, err := url.Parse(p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, half := range []string{"", "POST /api/v1/calls HTTP/1.1\r\nHost: " + u.Host + "\r\nAuthorization: Bearer " + p.token +
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"} {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, half); err != nil {
			p.t.Fatal(err)
		}
	}
	return &clients
}

// TestInvalidSettings: each field of the line page refuses what it cannot mean, by its name, and nothing changes.
func TestInvalidSettings(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	p := f.run(self(t), nil)
	_, settings := p.ask("GET", "lines/1/sip", "")
	status, since, messages := p.status(), p.seq(), f.count()
	tried := 0
	for _, d := range line.Table {
		for _, value := range invalid(d) {
			for _, method := range []string{"PUT", "PATCH"} {
				body := fmt.Sprintf(`{%q:%s}`, d.Name, value)
				code, answer := p.ask(method, "lines/1/sip", body)
				if code != http.StatusUnprocessableEntity || !strings.Contains(string(answer), `"location":"body.`+d.Name+`"`) {
					t.Errorf("%s %.80s: %d %.300s", method, body, code, answer)
				}
				tried++
			}
		}
	}
	for body, location := range map[string]string{`{"no_such":1}`: "body.no_such", `{"t1_ms":500,"t2_ms":100}`: "body.t2_ms", `[]`: "body"} {
		if code, answer := p.ask("PUT", "lines/1/sip", body); code != http.StatusUnprocessableEntity || !strings.Contains(string(answer), location) {
			t.Errorf("PUT %s: %d %s", body, code, answer)
		}
		tried++
	}
	t.Logf("%d requests refused", tried)
	if _, now := p.ask("GET", "lines/1/sip", ""); string(now) != string(settings) {
		t.Errorf("the settings are now %s, were %s", now, settings)
	}
	if now := p.status(); now != status {
		t.Errorf("the line is now %+v, was %+v", now, status)
	}
	var events []eventSeen
	p.do("GET", fmt.Sprintf("events?since=%d", since), "", &events)
	if len(events) != 0 {
		t.Errorf("something happened: %+v", events)
	}
	if sent := f.after(messages, func(seen) bool { return true }); len(sent) != 0 {
		t.Errorf("%d messages passed, the first: %s", len(sent), sent[0].Start)
	}
}

// invalid returns values in JSON that a setting must refuse.
func invalid(d line.Setting) []string {
	switch d.Kind {
	case line.Number:
		return []string{fmt.Sprint(d.Min - 1), fmt.Sprint(int64(d.Max) + 1), "1.5", "1e400", `"5060"`, "true", "[]", "{}"}
	case line.Switch:
		return []string{"1", `"yes"`, "[]"}
	case line.Choice:
		return []string{`"pigeon"`, `""`, "1"}
	case line.Host:
		return []string{`"two words"`, `"1.2.3"`, `"http://x"`, `"x\u0000"`, `"` + strings.Repeat("a.", 130) + `a"`, "5"}
	case line.Source:
		return []string{`""`, `"nobody"`, `"192.0.2.0/40"`, `"pbx.example.test"`, "5"}
	case line.List:
		return []string{`"99"`, `"500;503"`, `"x"`, "500"}
	}
	values := []string{`"a\nb"`, `"` + strings.Repeat("x", d.Max+1) + `"`, "5", "{}"}
	if d.Name == "phone_number" {
		values = append(values, `"1001@elsewhere"`, `"<sip:1>"`)
	}
	return values
}

// TestKill: what a client was told is stored is there after a kill -9.
func TestKill(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, token := f.folder(nil)
	newest, told := 0, int64(0)
	for round := range 3 {
		p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
		p.token = token
		var s struct {
			Name     string `json:"display_name"`
			Interval int    `json:"failback_interval"`
		}
		p.do("GET", "lines/1/sip", "", &s)
		// The last request before the kill may have been carried out without its answer having come, but whole.
		if round > 0 && (s.Interval != newest && s.Interval != newest+1 || s.Name != fmt.Sprint("name ", s.Interval)) {
			t.Errorf("round %d: stored are %q and %d, acknowledged was %d", round, s.Name, s.Interval, newest)
		}
		newest = max(newest, s.Interval)
		if round == 0 {
			newest = 1000
		}
		p.await(told, "registered", func(e eventSeen) bool { return e.Data.Slot == "primary" }) // no number is given twice
		acknowledged := make(chan struct{}, 1000)
		var client sync.WaitGroup
		client.Go(func() {
			for {
				body := fmt.Sprintf(`{"display_name":"name %d","failback_interval":%d}`, newest+1, newest+1)
				if status, _, err := p.try(context.Background(), "PATCH", "lines/1/sip", body); err != nil || status != http.StatusOK {
					return
				}
				newest++
				select {
				case acknowledged <- struct{}{}:
				default:
				}
			}
		})
		for range 10 + 7*round {
			<-acknowledged
		}
		told = p.seq()
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-p.ended
		client.Wait()
		t.Logf("round %d: killed after %d", round, newest)
	}
}
