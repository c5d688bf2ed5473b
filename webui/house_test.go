package webui

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/db/audit"
	"hilphone/db/journal"
	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// canary stands where a secret stands; it must never come out.
const canary = "canary-7d1f-secret"

// house is a phone of plain values behind the interfaces of Config.
type house struct {
	houseDevice
	houseFiles
	mu        sync.Mutex
	settings  map[int]line.Settings
	saves     int
	saveErr   error
	applied   []string // "line 1: register_port"
	byHand    []string
	hook      string
	pressed   []string
	calls     []CallView
	acts      []CallAction
	password  map[string]string
	changed   map[string]time.Time
	audits    []audit.Entry
	devices   map[string]bool      // account and client
	checks    time.Duration        // how long a password takes
	tokens    map[string]TokenView // by secret
	lab       map[line.Slot]behaviour.Server
	far       farPhone
	ready     error
	board     string // as set
	fixed     bool
	faults    []string // of the board
	walk      bool
	whole                     // the configuration as a whole
	saved     []journal.Event // the history
	traced    []journal.Message
	beside    []SeenMessage
	junk      map[int]uint64              // malformed messages by line
	registers map[int]line.RegisterResult // how the last REGISTER of a line ended that is not registered
	log       []CallView                  // newest first
	block     chan struct{}               // if set, Keys says so on it and waits for its context
}

func newHouse() *house {
	return &house{
		settings: map[int]line.Settings{},
		hook:     "on",
		password: map[string]string{"admin": "correct horse", "user": "battery staple"},
		changed:  map[string]time.Time{},
		devices:  map[string]bool{},
		tokens: map[string]TokenView{
			"tok-read":    {Name: "reader", Scope: Read},
			"tok-control": {Name: "hands", Scope: Control},
			"tok-admin":   {Name: "boss", Scope: Admin},
		},
		lab: map[line.Slot]behaviour.Server{
			line.Primary: {Mode: behaviour.Serve, Status: 503},
			line.Backup:  {Mode: behaviour.Serve, Status: 503},
		},
	}
}

func (h *house) Line(_ context.Context, n int) (line.Settings, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.settings[n]; ok {
		return s, nil
	}
	return line.Default(), nil
}

func (h *house) Lines(ctx context.Context) (map[int]line.Settings, error) {
	all := map[int]line.Settings{}
	for n := 1; n <= line.MaxLines; n++ {
		all[n], _ = h.Line(ctx, n)
	}
	return all, nil
}

func (h *house) SaveLine(ctx context.Context, n int, s line.Settings, e audit.Entry) error {
	if h.saveErr != nil {
		return h.saveErr
	}
	if err := h.RecordAudit(ctx, e); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saves++
	h.settings[n] = s
	return nil
}

func (h *house) Status(n int) StatusView {
	v := StatusView{State: line.StateUnapplied, Active: line.None, Phase: line.Unregistered, Failback: FailbackView{Enabled: true, State: line.FailbackIdle}, Malformed: h.junk[n]}
	if set, _ := h.Line(context.Background(), n); set.Usable() {
		v.State, v.Active, v.Phase = line.StateRegistered, line.Backup, line.OnBackup
		next := 762.5
		v.Failback.State, v.Failback.NextProbeInS = line.FailbackWaiting, &next
		v.Servers.Backup = ServerView{Address: "127.0.0.3:5060 udp", LastResult: "200", LastCause: line.CauseResponse, LastInCall: &ResultView{Method: line.INVITE, Result: "404", Cause: line.CauseResponse}, RegisteredUntil: At(time.Now())}
		v.LastFailover = &LastChangeView{Time: At(time.Now()), From: line.Primary, To: line.Backup, Method: line.REGISTER, Trigger: "manual", Cause: line.CauseNoResponse, ElapsedMS: 7501.5}
	}
	if r, ok := h.registers[n]; ok {
		v.State, v.Active, v.Phase, v.Servers.Backup = line.StateTimeout, line.None, line.AllFailed, ServerView{}
		v.Servers.Primary = ServerView{Address: "127.0.0.2:5060 udp", LastResult: strconv.Itoa(r.Code), LastCause: r.Cause}
		v.Explain(r, line.RegisterResult{}, line.Primary)
	}
	return v
}

func (h *house) Apply(n int, old, next line.Settings) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.applied = append(h.applied, fmt.Sprintf("line %d: %s", n, strings.Join(line.Changed(old, next), " ")))
}

func (h *house) Register(n int)   { h.byHand = append(h.byHand, fmt.Sprint("register ", n)) }
func (h *house) Unregister(n int) { h.byHand = append(h.byHand, fmt.Sprint("unregister ", n)) }

func (h *house) View() PhoneView {
	h.mu.Lock()
	defer h.mu.Unlock()
	return PhoneView{Hook: h.hook, Handset: h.hook, Speaker: "off", State: "idle", Display: []string{"1 1001", "", "idle"}, Ringer: "off", Lamps: map[string]string{"power": "on"},
		Calls: slices.Clone(h.calls), Board: BoardView{Kind: "virtual", Faults: slices.Clone(h.faults)}, Digits: strings.Join(h.pressed, "")}
}

func (h *house) Hook(_ context.Context, source string, off bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hook = map[bool]string{true: "off", false: "on"}[off]
	h.byHand = append(h.byHand, source+" "+h.hook)
	return nil
}

func (h *house) Keys(ctx context.Context, _ string, keys []string, _, _ time.Duration) ([]NoEffectView, error) {
	if h.block != nil {
		h.block <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Contains(keys, "nonsense") {
		return nil, &line.FieldError{Name: "keys", Message: "nonsense is no key of this phone", Value: "nonsense"}
	}
	h.pressed = append(h.pressed, keys...)
	var without []NoEffectView
	for i, k := range keys {
		if k == "line17" {
			without = append(without, NoEffectView{Position: i + 1, Key: k, Reason: "there is a call on line 1"})
		}
	}
	return without, nil
}

func (h *house) IO() []IOView {
	hook, _ := h.Level("hook")
	return []IOView{{Name: "hook", Direction: "input", Level: hook, Pins: []string{"GPIO4"}, Chip: "gpiochip0 (pinctrl-rp1)"}, {Name: "lamp_power", Direction: "output", Level: 1, Pins: []string{}}}
}

func (h *house) Level(name string) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case name == "hook" && h.hook == "off", name == "lamp_power":
		return 1, nil
	case name == "hook":
		return 0, nil
	}
	return 0, fmt.Errorf("%s: %w", name, ErrNotFound)
}

func (h *house) SetLevel(source, name string, level int) error {
	if _, err := h.Level(name); err != nil || name != "hook" {
		return cmp.Or(err, fmt.Errorf("%s is an output: %w", name, ErrConflict))
	}
	return h.Hook(context.Background(), source, level == 1)
}

func (h *house) Current() []CallView { return h.View().Calls }

func (h *house) Find(id line.CallID) (CallView, error) {
	for _, c := range h.Current() {
		if c.ID == id {
			return c, nil
		}
	}
	return CallView{}, fmt.Errorf("call %s: %w", id, ErrNotFound)
}

func (h *house) Dial(_ context.Context, n int, to string) (CallView, error) {
	if set, _ := h.Line(context.Background(), n); !set.Usable() {
		return CallView{}, fmt.Errorf("line %d is not activated: %w", n, ErrConflict)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c := CallView{ID: line.CallID(fmt.Sprint(len(h.calls) + 1)), Line: n, Direction: line.Outgoing, Remote: to, State: line.Calling, Server: line.Primary, Started: At(time.Now())}
	h.calls = append(h.calls, c)
	return c, nil
}

func (h *house) Act(_ context.Context, id line.CallID, a CallAction) error {
	if _, err := h.Find(id); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acts = append(h.acts, a)
	if a.Do == Answer {
		return fmt.Errorf("call %s does not ring: %w", id, ErrConflict)
	}
	return nil
}

func (h *house) Log(_ context.Context, limit int, before int64) (calls []CallView, err error) {
	for _, c := range h.log {
		if (before == 0 || c.Key < before) && len(calls) < limit {
			calls = append(calls, c)
		}
	}
	if h.log == nil {
		calls = []CallView{{Key: 4, ID: "9", Line: 1, Direction: line.Incoming, Remote: "2004", State: line.Ended, Server: line.Backup,
			End: &EndView{By: line.ByPeer, Cause: line.CauseResponse, ElapsedMS: 3}, Media: &MediaView{Codec: "PCMU", Remote: "127.0.0.3:4000"}}}
	}
	return calls, nil
}

func (h *house) Check(_ context.Context, account, password string) (Role, bool, error) {
	<-time.After(h.checks) // in a bubble
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.password[account]
	if kept == "" || subtle.ConstantTimeCompare([]byte(kept), []byte(password)) != 1 {
		return "", false, nil
	}
	return Role(account), true, nil
}

func (h *house) Accounts(context.Context) ([]AccountView, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return []AccountView{{"admin", RoleAdmin, h.password["admin"] != "", At(h.changed["admin"])}, {"user", RoleUser, h.password["user"] != "", At(h.changed["user"])}}, nil
}

func (h *house) SetPassword(_ context.Context, account, password string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.password[account]; !ok {
		return fmt.Errorf("account %s: %w", account, ErrNotFound)
	}
	h.password[account], h.changed[account] = password, time.Now()
	return nil
}

func (h *house) KnownDevice(_ context.Context, account, device string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.devices[account+" "+device], nil
}

func (h *house) RememberDevice(_ context.Context, account, device string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.devices[account+" "+device] = true
	return nil
}

func (h *house) RecordAudit(_ context.Context, e audit.Entry) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	text, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	e.ID, e.Data = int64(len(h.audits)+1), map[string]any{}
	if err := json.Unmarshal(text, &e.Data); err != nil {
		return err
	}
	h.audits = append(h.audits, e)
	return nil
}

func (h *house) AuditHistory(_ context.Context, q audit.Query) (found []audit.Entry, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range slices.Backward(h.audits) {
		group, _ := audit.GroupOf(e.Action)
		if (q.Before == 0 || e.ID < q.Before) && (q.Groups == nil || slices.Contains(q.Groups, group)) && len(found) < q.Limit {
			found = append(found, e)
		}
	}
	return found, nil
}

func (h *house) NewToken(_ context.Context, name string, scope Scope) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.tokens {
		if t.Name == name {
			return "", fmt.Errorf("token %s exists: %w", name, ErrConflict)
		}
	}
	h.tokens["tok-"+name] = TokenView{Name: name, Scope: scope, Created: At(time.Now())}
	return "tok-" + name, nil
}

func (h *house) Tokens(context.Context) ([]TokenView, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []TokenView
	for _, t := range h.tokens {
		all = append(all, t)
	}
	return all, nil
}

func (h *house) RevokeToken(_ context.Context, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for secret, t := range h.tokens {
		if t.Name == name {
			delete(h.tokens, secret)
			return nil
		}
	}
	return fmt.Errorf("token %s: %w", name, ErrNotFound)
}

func (h *house) LookupToken(_ context.Context, secret string) (TokenView, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t, ok := h.tokens[secret]; ok {
		return t, nil
	}
	return TokenView{}, ErrNotFound
}

func (h *house) Server(slot line.Slot) (behaviour.Server, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lab[slot], nil
}

func (h *house) SetServer(slot line.Slot, v behaviour.Server) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lab[slot] = v
	return nil
}

func (h *house) Beside(from, until time.Time) (seen []SeenMessage) {
	for _, m := range h.beside {
		if !m.Time.Before(from) && m.Time.Before(until) {
			seen = append(seen, m)
		}
	}
	return seen
}

func (h *house) EventHistory(_ context.Context, p journal.Past) (found []journal.Event, err error) {
	for _, e := range h.saved {
		if p.Match(e) {
			found = append(found, e)
		}
	}
	if p.Newest {
		slices.Reverse(found)
	}
	if p.Limit > 0 {
		found = found[:min(p.Limit, len(found))]
	}
	return found, nil
}

func (h *house) MessageHistory(_ context.Context, q journal.MessageQuery) (found []journal.Message, err error) {
	for _, m := range h.traced {
		if q.Match(m) {
			found = append(found, m)
		}
	}
	if q.Newest {
		slices.Reverse(found)
	}
	if len(found) > 3 { // never many at once
		found = found[:3]
	}
	if q.Limit > 0 {
		found = found[:min(q.Limit, len(found))]
	}
	return found, nil
}

func (h *house) Information() InformationView {
	return InformationView{Model: "hilphone"}
}
func (h *house) Ready() error { return h.ready }
func (h *house) CallsEnded() map[CallEnd]int64 {
	return map[CallEnd]int64{{line.Outgoing, line.Backup, true}: 3, {line.Incoming, line.Primary, false}: 1}
}

// next is the number of the first event after the history.
func (h *house) next() int64 {
	if len(h.saved) == 0 {
		return 1
	}
	return h.saved[len(h.saved)-1].Seq + 1
}

// nextMessage is the number of the first message after those that are saved.
func (h *house) nextMessage() int64 {
	if len(h.traced) == 0 {
		return 1
	}
	return h.traced[len(h.traced)-1].Seq + 1
}

// newServer makes a web server for the house.
func newServer(t testing.TB, h *house) *Server {
	t.Helper()
	s, err := New(Config{Journal: journal.New(journal.Config{First: h.next(), FirstMessage: h.nextMessage()}), History: h, Settings: h, Lines: h, Phone: h, IO: h, Waves: h, Calls: h, CallLog: h, Accounts: h, Tokens: h,
		System: h, Device: h.device(), Board: h, Whole: h, Audit: h, Lab: h, Names: []string{"phone.lab"}, Version: "1.2.3", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// request makes a request as a script with the token would: "PUT /lines/1/sip".
func request(token, what, body string) *http.Request {
	method, path, _ := strings.Cut(what, " ")
	var r *http.Request
	if body == "" {
		r = httptest.NewRequest(method, path, nil)
	} else {
		r = httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	r.Host = "127.0.0.1:8080"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func serve(s *Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// rest asks as the admin's script: "GET /lines".
func rest(s *Server, what, body string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(what, " ")
	return serve(s, request("tok-admin", method+" "+base+path, body))
}
