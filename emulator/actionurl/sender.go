// Package actionurl is how the phone tells a server in the lab, by HTTP GET, that something has happened to it: a call, a registration, a
// failover. It reads the journal as anybody else does, so nothing waits for it; what a server does not take is told once more, twice, and then
// left.
package actionurl

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"hilphone/db/device"
	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

// Config is what a Sender is made of.
type Config struct {
	Journal   *journal.Journal
	URLs      func() device.ActionURLs         // those in force; asked at each event, so it must not wait
	Describe  func(line int) map[string]string // the variables of a line: mac, ip, model and so on; must not wait
	Lab       bool                             // the phone has a lab of its own: loopback may be called
	UserAgent string
	Resolver  *net.Resolver // nil: the system's
	Log       *slog.Logger
}

// Sender calls action URLs. Make one with New.
type Sender struct {
	cfg    Config
	client *http.Client
	tests  chan struct{} // one place per test that is under way
	since  int64         // the newest event before it was made
	waits  [tries - 1]time.Duration
}

const (
	queueLimit = 32 // that wait for one server
	maxLanes   = 16 // servers called at once
	maxTests   = 4
	bodyLimit  = 4 << 10
)

// New makes a sender that does nothing before Run, except for Test. What happens from now on is told when Run begins.
func New(c Config) *Sender {
	_, newest := c.Journal.Held()
	return &Sender{
		since: newest,
		cfg:   c, client: newClient(c.Lab, c.Resolver), tests: make(chan struct{}, maxTests),
		waits: [...]time.Duration{time.Second, 3 * time.Second},
	}
}

// job is one address to be called.
type job struct {
	action string
	line   int
	call   string
	url    string
	shown  string // scheme and host, as every token may read events
}

// Run tells what happens until ctx ends. What is under way then is cut off.
func (s *Sender) Run(ctx context.Context) error {
	sub := s.cfg.Journal.Subscribe(journal.Query{Since: s.since, Types: kinds})
	defer sub.Close()
	r := &run{Sender: s, ctx: ctx, lanes: map[string]*lane{}, free: make(chan string)}
	defer r.sending.Wait()
	m := newMatcher()
	r.tell(happening{action: "boot_completed"}, "")
	for {
		select {
		case e := <-sub.C:
			for _, h := range m.match(e) {
				r.tell(h, e.Call)
			}
		case host := <-r.free:
			r.next(host)
		case <-ctx.Done():
			return nil
		}
	}
}

// run is the state of Run. Servers are called one beside the other, each one in the order of events.
type run struct {
	*Sender
	ctx     context.Context
	lanes   map[string]*lane
	free    chan string // the server whose call is over
	sending sync.WaitGroup
}

type lane struct{ waiting []job }

func (r *run) tell(h happening, call string) {
	text := r.cfg.URLs()[h.action]
	if text == "" {
		return
	}
	j := r.job(h, text)
	j.call = call
	u, err := url.Parse(j.url)
	if err != nil {
		r.record(j, Result{Error: "is no address"})
		return
	}
	l := r.lanes[u.Host]
	switch {
	case l == nil && len(r.lanes) >= maxLanes, l != nil && len(l.waiting) >= queueLimit:
		r.record(j, Result{Error: "too much waits to be told"})
	case l == nil:
		r.lanes[u.Host] = &lane{}
		r.send(u.Host, j)
	default:
		l.waiting = append(l.waiting, j)
	}
}

func (r *run) next(host string) {
	l := r.lanes[host]
	if len(l.waiting) == 0 {
		delete(r.lanes, host)
		return
	}
	j := l.waiting[0]
	l.waiting = l.waiting[1:]
	r.send(host, j)
}

func (r *run) send(host string, j job) {
	r.sending.Go(func() {
		r.record(j, r.persist(r.ctx, j.url))
		select {
		case r.free <- host:
		case <-r.ctx.Done():
		}
	})
}

// job puts the values into an address.
func (s *Sender) job(h happening, text string) job {
	values := maps.Clone(s.cfg.Describe(h.line))
	if values == nil {
		values = map[string]string{}
	}
	for name, v := range h.values {
		if v != "" || values[name] == "" {
			values[name] = v
		}
	}
	return job{action: h.action, line: h.line, url: device.Expand(text, values), shown: device.Origin(text)}
}

// Result is what came of a call.
type Result struct {
	Status  int // of the answer, 0 without one
	Tries   int
	Elapsed time.Duration
	Error   string // empty: there was an answer
}

// persist calls an address until it is answered, whatever the answer is, three times at most.
func (s *Sender) persist(ctx context.Context, address string) Result {
	began := time.Now()
	for n := 1; ; n++ {
		result := s.once(ctx, address)
		result.Tries, result.Elapsed = n, time.Since(began)
		if result.Status != 0 && result.Status < 500 || n == tries {
			return result
		}
		select {
		case <-time.After(s.waits[n-1]):
		case <-ctx.Done():
			return result
		}
	}
}

func (s *Sender) once(ctx context.Context, address string) Result {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Result{Error: "is no address"}
	}
	request.Header.Set("User-Agent", s.cfg.UserAgent)
	response, err := s.client.Do(request)
	if err != nil {
		return Result{Error: reason(err)}
	}
	_, _ = io.CopyN(io.Discard, response.Body, bodyLimit) // polite; what it says does not matter
	_ = response.Body.Close()
	return Result{Status: response.StatusCode}
}

func (s *Sender) record(j job, r Result) { s.recordAs(j, r, false) }

func (s *Sender) recordAs(j job, r Result, test bool) {
	s.cfg.Journal.Record(j.line, j.call, event.ActionURL{
		Event: j.action, URL: j.shown, Status: r.Status, Tries: r.Tries, Elapsed: r.Elapsed.Milliseconds(), Error: r.Error, Test: test,
	})
	if r.Error != "" {
		s.cfg.Log.Warn("action URL not called", "event", j.action, "err", r.Error)
	}
}

// ErrBusy says that too many tests are under way.
var ErrBusy = fmt.Errorf("%d tests are under way", maxTests)

// Test calls the address of an action once, with example values, and returns what came of it. It waits for the answer.
func (s *Sender) Test(ctx context.Context, action, text string) (Result, error) {
	select {
	case s.tests <- struct{}{}:
		defer func() { <-s.tests }()
	default:
		return Result{}, ErrBusy
	}
	j := s.job(happening{action: action, line: 1, values: map[string]string{
		"line": "1", "server": "backup", "cause": "test", "elapsed_ms": "0", "remote": "1002", "display_remote": "1002", "call_id": "test",
	}}, text)
	began := time.Now()
	r := s.once(ctx, j.url)
	r.Tries, r.Elapsed = 1, time.Since(began)
	s.recordAs(j, r, true)
	return r, nil
}
