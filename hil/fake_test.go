package hil

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hilphone/hil/evidence"
)

// fakePhone is a phone as small as a bench can play with: a line at two servers, one call at a time. It takes its times from its own clock,
// which began before the bench's.
type fakePhone struct {
	mu       sync.Mutex
	born     time.Time
	events   []map[string]any
	messages []map[string]any
	settings map[string]any
	servers  map[string]string // name to behaviour
	active   string
	call     string // its state
	hook     string
	lamp     string // of line 1, as its front shows it
	locked   bool
	scope    string // of every token: read, control or admin; empty: tokens are refused; older: it cannot be asked
	requests []string
	more     chan struct{}

	gone    bool          // does not answer
	reborn  bool          // its clock has begun again
	quick   time.Duration // how much too early it fails over
	onDial  func()
	latency time.Duration // of each answer
}

func newFakePhone() *fakePhone {
	return &fakePhone{born: time.Now().Add(-time.Hour), active: "primary", scope: "admin", hook: "on", lamp: "off", more: make(chan struct{}),
		servers:  map[string]string{"primary": "serve", "backup": "serve"},
		settings: map[string]any{"t1_ms": 500.0, "failback_interval": 20.0, "enable_failback": true, "transport": "udp", "phone_number": "1001", "auth_password": nil}}
}

func (p *fakePhone) mono() int64 {
	if p.reborn {
		return 1000
	}
	return time.Since(p.born).Microseconds()
}

func (p *fakePhone) wake() {
	close(p.more)
	p.more = make(chan struct{})
}

func (p *fakePhone) event(kind string, data map[string]any) { p.lateEvent(0, kind, data) }

// lateEvent is an event that is recorded so long after it was decided.
func (p *fakePhone) lateEvent(late time.Duration, kind string, data map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, map[string]any{"seq": len(p.events) + 1, "mono_us": p.mono() - late.Microseconds(), "type": kind, "line": 1, "call": nil, "data": data})
	p.wake()
}

func (p *fakePhone) message(direction, slot, start, method string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, map[string]any{"seq": len(p.messages) + 1, "mono_us": p.mono(), "after_event": len(p.events), "line": 1, "direction": direction, "slot": slot,
		"transport": "udp", "local": "127.0.0.1:5060", "remote": "127.0.0.2:5060", "call_id": "a", "start": start,
		"raw": start + "\r\nCSeq: 1 " + method + "\r\nFrom: <sip:1001@a>\r\n\r\n"})
}

// dial is a call: to a silent primary sent four times, and then the backup is asked.
func (p *fakePhone) dial() {
	if p.onDial != nil {
		p.onDial()
	}
	p.setCall("calling")
	p.mu.Lock()
	silent, t1, quick := p.servers["primary"] == "silent", time.Duration(p.settings["t1_ms"].(float64))*time.Millisecond, p.quick
	p.mu.Unlock()
	if silent {
		for _, pause := range []time.Duration{0, t1, 2 * t1, 4 * t1} {
			<-time.After(pause)
			p.message("sent", "primary", "INVITE sip:1002@a SIP/2.0", "INVITE")
		}
		<-time.After(8*t1 - quick)
		p.event("failover", map[string]any{"from": "primary", "to": "backup"})
		p.message("sent", "backup", "REGISTER sip:b SIP/2.0", "REGISTER")
		p.message("received", "backup", "SIP/2.0 200 OK", "REGISTER")
		p.setActive("backup")
	}
	p.message("sent", p.active, "INVITE sip:1002@b SIP/2.0", "INVITE")
	p.setCall("talking")
	p.event("lamp", map[string]any{"name": "line1", "pattern": "on"})
}

func (p *fakePhone) setCall(state string) {
	p.mu.Lock()
	p.call = state
	active := p.active
	p.mu.Unlock()
	p.event("call", map[string]any{"id": "1", "state": state, "server": active})
}

func (p *fakePhone) setActive(slot string) {
	p.mu.Lock()
	p.active = slot
	p.mu.Unlock()
	p.event("line_state", map[string]any{"state": "registered", "active": slot, "phase": "on_" + slot})
}

// RoundTrip is the way to the phone.
func (p *fakePhone) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	gone, latency := p.gone, p.latency
	p.mu.Unlock()
	if gone {
		return nil, errors.New("connection refused")
	}
	<-time.After(latency)
	w := httptest.NewRecorder()
	p.serve(w, r)
	<-time.After(latency)
	return w.Result(), nil
}

func (p *fakePhone) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	body := map[string]any{}
	if r.Body != nil {
		if text, err := io.ReadAll(r.Body); err == nil && len(text) > 0 {
			if err := json.Unmarshal(text, &body); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
		}
	}
	if r.Method != http.MethodGet {
		p.mu.Lock()
		p.requests = append(p.requests, r.Method+" "+path)
		p.mu.Unlock()
	}
	answer, code := p.answer(r, path, body)
	if code == 0 {
		code = http.StatusOK
	}
	w.WriteHeader(code)
	if answer != nil {
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func (p *fakePhone) answer(r *http.Request, path string, body map[string]any) (answer any, code int) {
	switch r.Method + " " + path {
	case "GET events":
		return p.listEvents(r), 0
	case "GET trace":
		since, _ := strconv.Atoi(r.URL.Query().Get("since"))
		p.mu.Lock()
		defer p.mu.Unlock()
		if r.URL.Query().Get("newest") != "" {
			return slices.Clone(p.messages[max(0, len(p.messages)-1):]), 0
		}
		return slices.Clone(p.messages[min(since, len(p.messages)):]), 0
	case "POST calls":
		go p.dial()
		return nil, http.StatusCreated
	case "DELETE calls/1":
		p.setCall("ended")
		return nil, http.StatusAccepted
	case "POST lines/1/register":
		p.setActive("primary")
		return nil, 0
	case "PUT phone/hook":
		p.mu.Lock()
		p.hook = body["state"].(string)
		p.mu.Unlock()
		p.event("hook", map[string]any{"state": body["state"], "source": "api"})
		return nil, 0
	case "POST phone/keys":
		return nil, 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch r.Method + " " + path {
	case "GET system/information":
		return map[string]any{"model": "fake", "software_version": "1", "mono_us": p.mono(), "last_event": len(p.events)}, 0
	case "GET system/token":
		switch p.scope {
		case "":
			return nil, http.StatusUnauthorized
		case "older":
			return nil, http.StatusNotFound
		}
		return map[string]any{"name": "lab", "scope": p.scope}, 0
	case "GET lock":
		return map[string]any{"locked": p.locked, "mine": false}, 0
	case "POST lock", "DELETE lock":
		p.locked = r.Method == http.MethodPost
		return nil, 0
	case "GET lines/1/sip":
		return p.settings, 0
	case "PATCH lines/1/sip":
		maps.Copy(p.settings, body)
		return p.settings, 0
	case "POST lines/1/plan":
		if body["t1_ms"] == 11.0 {
			return map[string]any{"detail": "no", "errors": []any{map[string]any{"location": "body.t1_ms", "message": "must be 12 at least"}}}, 422
		}
		return nil, 0
	case "GET lines/1/status":
		return map[string]any{"state": "registered", "active": p.active, "phase": "on_" + p.active}, 0
	case "GET phone":
		return map[string]any{"hook": p.hook, "state": "idle", "display": []string{"1001", p.call}, "lamps": map[string]string{"line1": p.lamp}, "ringer": "off"}, 0
	case "GET calls":
		if p.call == "" || p.call == "ended" {
			return []any{}, 0
		}
		return []any{map[string]any{"id": "1", "state": p.call}}, 0
	case "GET lab/servers/primary":
		return nil, 0
	case "PUT lab/servers/primary", "PUT lab/servers/backup":
		p.servers[strings.TrimPrefix(path, "lab/servers/")] = body["behaviour"].(string)
		return nil, 0
	}
	return map[string]any{"detail": "no " + path}, http.StatusNotFound
}

// listEvents is a long poll.
func (p *fakePhone) listEvents(r *http.Request) any {
	since, _ := strconv.Atoi(r.URL.Query().Get("since"))
	wait, _ := strconv.ParseFloat(r.URL.Query().Get("wait_s"), 64)
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(wait*float64(time.Second)))
	defer cancel()
	for {
		p.mu.Lock()
		found, more := slices.Clone(p.events[min(since, len(p.events)):]), p.more
		p.mu.Unlock()
		if len(found) > 0 || ctx.Err() != nil {
			return found
		}
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
}

// memory keeps evidence in memory.
type memory struct {
	mu       sync.Mutex
	entries  []evidence.Entry
	messages []evidence.Message
	levels   []evidence.Level
}

func (m *memory) Entry(e evidence.Entry) {
	m.mu.Lock()
	m.entries = append(m.entries, e)
	m.mu.Unlock()
}
func (m *memory) Message(s evidence.Message) {
	m.mu.Lock()
	m.messages = append(m.messages, s)
	m.mu.Unlock()
}
func (m *memory) Level(l evidence.Level) { m.mu.Lock(); m.levels = append(m.levels, l); m.mu.Unlock() }
func (m *memory) Console() io.Writer     { return io.Discard }
func (m *memory) Hide(...string)         {}

// text is the entries of a kind, one a line.
func (m *memory) text(kind evidence.Kind) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for _, e := range m.entries {
		if e.Kind == kind {
			lines = append(lines, fmt.Sprintf("%.1f %s", e.At.Seconds(), e.Text))
		}
	}
	return strings.Join(lines, "\n")
}
