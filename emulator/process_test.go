package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asPhone in the environment of the test binary makes it the phone: its arguments are then a command line.
const asPhone = "HILPHONE_TEST_AS_PHONE"

func TestMain(m *testing.M) {
	if os.Getenv(asPhone) != "" {
		main()
	}
	code := m.Run()
	removeBuilt()
	os.Exit(code)
}

// patience is how long a test waits for what must come; it is far more than anything takes.
const patience = 60 * time.Second

// process is a phone in a process of its own.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	out   output
	err   output
	ended chan struct{}
	url   string // of the web server, without a slash at the end
	token string
	http  *http.Client
}

// self is the phone that is the test binary.
func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts a phone and waits until its web server listens. It is killed at the end of the test if it still runs.
func start(t testing.TB, program string, args ...string) *process {
	t.Helper()
	p := launch(t, program, args...)
	if args[0] == "demo" {
		found := p.out.wait(t, p, regexp.MustCompile(`export HILPHONE_URL=(\S+) HILPHONE_TOKEN=(\S+)\n`))
		p.url, p.token = found[1], found[2]
	} else {
		p.url = p.err.wait(t, p, regexp.MustCompile(`msg="web pages" url=(\S+)/\n`))[1]
	}
	return p
}

// launch starts a phone and does not wait for anything.
func launch(t testing.TB, program string, args ...string) *process {
	t.Helper()
	return launchIn(t, program, nil, args...)
}

// launchIn starts a phone with more in its environment.
func launchIn(t testing.TB, program string, environment []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.http = &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.Env = append(append(cleanEnvironment(), asPhone+"=1"), environment...)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its end is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // most have ended before
		<-p.ended
		p.http.CloseIdleConnections()
		if _, bench := t.(*testing.B); t.Failed() && !bench {
			t.Logf("%s\n%s", strings.Join(args, " "), p.err.String())
		}
	})
	return p
}

// cleanEnvironment is that of the test without what would change a phone.
func cleanEnvironment() (vars []string) {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "HILPHONE_") && !strings.HasPrefix(v, "STATE_DIRECTORY=") {
			vars = append(vars, v)
		}
	}
	return vars
}

// terminate sends SIGTERM and returns how long the phone took to end. It must exit with 0 within the 5 s of the contract.
func (p *process) terminate() time.Duration {
	p.t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the phone does not end")
	}
	took := time.Since(began)
	if took > 5*time.Second {
		p.t.Errorf("the phone ended %v after SIGTERM, more than 5 s", took)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("the phone ended with exit code %d (%v)", code, p.cmd.ProcessState)
	}
	return took
}

// running fails the test if the process has ended.
func (p *process) running() {
	p.t.Helper()
	select {
	case <-p.ended:
		p.t.Fatalf("the phone has ended: %v\n%s", p.cmd.ProcessState, p.err.String())
	default:
	}
}

// ask sends a request to the phone's REST interface and returns the status and the answer.
func (p *process) ask(method, path, body string) (int, []byte) {
	p.t.Helper()
	status, answer, err := p.try(p.t.Context(), method, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return status, answer
}

func (p *process) try(ctx context.Context, method, path, body string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.url+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := p.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, errors.Join(err, response.Body.Close())
}

// do sends a request that must succeed and reads its answer into v, which may be nil.
func (p *process) do(method, path, body string, v any) {
	p.t.Helper()
	status, answer := p.ask(method, path, body)
	if status >= 300 {
		p.t.Fatalf("%s %s %s: %d %s", method, path, body, status, answer)
	}
	if v != nil {
		if err := json.Unmarshal(answer, v); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

// eventSeen is an event as a script sees it.
type eventSeen struct {
	Seq    int64     `json:"seq"`
	Time   time.Time `json:"time"`
	MonoUS int64     `json:"mono_us"`
	Type   string    `json:"type"`
	Line   int       `json:"line"`
	Call   string    `json:"call"`
	Data   struct {
		Method, Slot, Branch, Cause, State, From, To, Server, Result, Source, Message, Key, By, Reason, Local, Remote, Transport string

		NoEffect string `json:"no_effect"`

		K int `json:"k"`
	} `json:"data"`
}

// await returns the first event after since of the given types that is wanted; nil wants any.
func (p *process) await(since int64, types string, wanted func(eventSeen) bool) eventSeen {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		var found []eventSeen
		p.do("GET", fmt.Sprintf("events?since=%d&type=%s&wait_s=20", since, url.QueryEscape(types)), "", &found)
		for _, e := range found {
			if wanted == nil || wanted(e) {
				return e
			}
			since = e.Seq
		}
	}
	_, all := p.ask("GET", "events", "")
	p.t.Fatalf("no such event of type %s came after %d:\n%s", types, since, all)
	return eventSeen{}
}

// seq is the number of the newest event.
func (p *process) seq() int64 {
	p.t.Helper()
	var all []eventSeen
	p.do("GET", "events", "", &all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].Seq
}

// registered waits until line 1 is registered with the server.
func (p *process) registered(slot string) {
	p.t.Helper()
	p.await(0, "registered", func(e eventSeen) bool { return e.Data.Slot == slot })
}

// talking waits until a call that began after since is up, and returns it.
func (p *process) talking(since int64) callNow {
	p.t.Helper()
	id := p.await(since, "call", func(e eventSeen) bool { return e.Data.State == "talking" }).Call
	var c callNow
	p.do("GET", "calls/"+id, "", &c)
	return c
}

// callNow is what a script reads of a call.
type callNow struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Server string `json:"server"`
}

// statusNow is what a script reads of a line.
type statusNow struct {
	State    string `json:"state"`
	Active   string `json:"active"`
	Phase    string `json:"phase"`
	Failback struct {
		State string   `json:"state"`
		Next  *float64 `json:"next_probe_in_s"`
	} `json:"failback"`
}

func (p *process) status() (s statusNow) {
	p.t.Helper()
	p.do("GET", "lines/1/status", "", &s)
	return s
}

// output is what a program has written, for one writer and any reader.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed at the next write
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) lines() int { return strings.Count(o.String(), "\n") }

// next returns what was written and a channel that is closed at the next write.
func (o *output) next() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return o.text.String(), o.more
}

// wait waits until what was written matches, and returns the match. The process may not end before.
func (o *output) wait(t testing.TB, p *process, pattern *regexp.Regexp) []string {
	t.Helper()
	deadline := time.After(patience)
	for {
		text, more := o.next()
		if found := pattern.FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-p.ended:
			t.Fatalf("the phone has ended: %v\n%s", p.cmd.ProcessState, p.err.String())
		case <-deadline:
			t.Fatalf("%s never came:\n%s", pattern, text)
		}
	}
}
