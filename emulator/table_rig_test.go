//go:build rig

package main_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// A way is how the servers are reached.
type way struct {
	primary, backup string // transports
	retryTimer      bool   // tcp_use_retry_timer
	t1              time.Duration
}

func (w way) String() string {
	name := w.primary
	if w.backup != w.primary {
		name += " to " + w.backup
	}
	if w.retryTimer {
		name += ", retry timer"
	}
	if w.t1 == trueT1 {
		name += ", true timers"
	}
	return name
}

const (
	trueT1   = 500 * time.Millisecond
	scaledT1 = 100 * time.Millisecond // where a table at true times would take too long
)

func (w way) budget() time.Duration { return 15 * w.t1 } // D(3): 1, 2, 4 and 8 times T1
func (w way) full() time.Duration   { return 64 * w.t1 }

// account are the settings of a number that reaches a pair this way.
func (w way) account(pair *kamailio.Pair, number string) settings {
	port := map[string]int{"udp": kamailio.Port, "tcp": kamailio.Port, "tls": kamailio.TLSPort}
	return account(number).with(settings{
		"transport": w.primary, "register_port": port[w.primary], "backup_transport": w.backup, "backup_port": port[w.backup],
		"tls_ca_file": pair.CAFile(), "domain": kamailio.Domain, "tcp_use_retry_timer": w.retryTimer, "t1_ms": int(w.t1.Milliseconds()),
	})
}

// A stage is how far a request gets at a primary that fails.
type stage int

const (
	refused  stage = iota // nobody is there, and the phone is told
	lost                  // packets vanish
	deaf                  // connections are made, and nothing reads them
	mute                  // messages are read, and nothing answers them
	answered              // with a status
)

// A failure is a way for the primary to fail, whatever the transport.
type failure struct {
	name       string
	fail       func(context.Context, *kamailio.Server) error
	stage      stage
	status     int // of stage answered
	only       string
	retryAfter bool // with a Retry-After
}

func answer(status int, retryAfter time.Duration) func(context.Context, *kamailio.Server) error {
	return func(ctx context.Context, s *kamailio.Server) error { return s.Answer(ctx, status, retryAfter) }
}

var (
	gone      = failure{name: "gone", fail: func(_ context.Context, s *kamailio.Server) error { return s.Kill() }, stage: refused}
	noTLS     = failure{name: "TLS alert", fail: func(_ context.Context, s *kamailio.Server) error { return s.RefuseTLS() }, stage: refused, only: "tls"}
	foreign   = failure{name: "unknown CA", fail: showing(kamailio.Foreign), stage: refused, only: "tls"}
	misnamed  = failure{name: "wrong name", fail: showing(kamailio.Misnamed), stage: refused, only: "tls"}
	frozen    = failure{name: "frozen", fail: func(_ context.Context, s *kamailio.Server) error { return s.Freeze() }, stage: deaf}
	blackHole = failure{name: "black hole", fail: func(ctx context.Context, s *kamailio.Server) error { return s.Blackhole(ctx) }, stage: lost}
	tcpDrop   = failure{name: "TCP dropped", fail: func(ctx context.Context, s *kamailio.Server) error { return s.DropTCP(ctx) }, stage: lost, only: "tcp tls"}
	silent    = failure{name: "mute", fail: func(ctx context.Context, s *kamailio.Server) error { return s.Mute(ctx) }, stage: mute}
	quick     = []failure{
		gone, noTLS, foreign, misnamed,
		{name: "403", fail: answer(403, 0), stage: answered, status: 403},
		{name: "423", fail: answer(423, 0), stage: answered, status: 423},
		{name: "500", fail: answer(500, 0), stage: answered, status: 500},
		{name: "503", fail: answer(503, 0), stage: answered, status: 503},
		{name: "503 Retry-After", fail: answer(503, time.Minute), stage: answered, status: 503, retryAfter: true},
	}
	slow = []failure{frozen, blackHole, tcpDrop, silent}
	all  = slices.Concat(slow, quick) // what must be quick comes when all pairs are up
)

func showing(c kamailio.Certificate) func(context.Context, *kamailio.Server) error {
	return func(ctx context.Context, s *kamailio.Server) error { return s.Present(ctx, c) }
}

// met tells whether the failure can be met this way.
func (f failure) met(w way) bool { return f.only == "" || strings.Contains(f.only, w.primary) }

// An expectation is what becomes of a request.
type expectation struct {
	onward bool          // the backup serves it
	after  time.Duration // this long after the primary was asked
	cause  string
}

// expects is FAILOVER in three lines: what is told at once, what a server that is alive may say, and how long a silent one is waited for.
func (f failure) expects(w way, method string) expectation {
	switch f.stage {
	case refused:
		cause := map[string]string{"udp": "icmp", "tcp": "connect", "tls": "connect"}[w.primary] // FO-05, FO-07
		if f.only == "tls" {
			cause = "tls" // FO-09
		}
		return expectation{true, 0, cause}
	case answered:
		return expectation{f.status == 503 || f.status == 500, 0, "response"} // FO-14, FO-26; 500 to INVITE and BYE after a REGISTER (WR-57)
	}
	// REGISTER comes first on its connection; INVITE and BYE find one (FO-08).
	connecting := method == "REGISTER" && (f.stage == lost || f.stage == deaf && w.primary == "tls")
	if w.primary == "udp" || w.retryTimer || connecting {
		return expectation{true, w.budget(), "no_response"}
	}
	return expectation{true, w.full(), "no_response"}
}

// column is the failures met in one way.
type column struct {
	way
	failures []failure
}

// columns run at the same time, those of a list one after the other at the same pair.
var columns = [][]column{
	{{way{"udp", "udp", false, scaledT1}, all}, {way{"udp", "tls", false, scaledT1}, []failure{gone, silent}}},
	{{way{"tcp", "tcp", false, scaledT1}, all}},
	{{way{"tls", "tls", false, scaledT1}, all}},
	{{way{"tls", "udp", true, scaledT1}, all}},
	{{way{"tcp", "tcp", true, scaledT1}, slow}, {way{"tcp", "udp", true, scaledT1}, []failure{gone, frozen}}, {way{"tls", "tls", true, scaledT1}, slow}},
	{{way{"tcp", "tcp", true, trueT1}, []failure{blackHole, silent}}, {way{"tcp", "tcp", false, trueT1}, []failure{frozen}}},
	{{way{"tls", "tls", true, trueT1}, []failure{blackHole, frozen}}, {way{"tls", "tls", false, trueT1}, []failure{silent}}},
}

// table plays the failures of columns against a REGISTER, an INVITE and a BYE that begin at the same time.
func (r *rig) table(t *testing.T, columns []column) {
	r.tableOf(t, r.pair(t), kamailio.PrimaryAddress, columns, experiment{rig: r})
}

// tableOf plays the failures at a pair, where baresip has an outbound proxy, as variations of an experiment.
func (r *rig) tableOf(t *testing.T, pair *kamailio.Pair, outbound string, columns []column, like experiment) {
	h := newHandset(t, pair, r.binary, "1001")
	b := newBaresip(t, pair, "1005", outbound)
	b.await(t, "200 OK") // to its REGISTER
	contacts, err := pair.Primary.Contacts(t.Context(), b.number)
	must(t, err)
	want(t, "contacts of baresip", len(contacts), 1)
	must(t, pair.Backup.Knows(t.Context(), b.number, contacts[0]))
	fresh := 3
	for _, c := range columns {
		for _, f := range c.failures {
			if !f.met(c.way) {
				continue
			}
			// A line that has registered before may still have its connection.
			e := like
			e.way, e.failure, e.pair, e.baresip = c.way, f, pair, b
			e.register, e.invite, e.bye = &subject{h, fresh, "1001"}, &subject{h, 1, "1002"}, &subject{h, 2, "1003"}
			fresh++
			if !t.Run(c.String()+": "+f.name, e.run) {
				return
			}
		}
	}
}

// An experiment is one failure met in one way, by three lines of a phone.
type experiment struct {
	*rig
	way
	failure
	pair                  *kamailio.Pair
	baresip               *baresip
	register, invite, bye *subject
	failed                int64                                                  // the last event before the failure
	label                 string                                                 // of its rows, besides the way
	more                  settings                                               // of the lines with the REGISTER and the INVITE
	then                  func(*testing.T, *experiment, *subject, string, int64) // looks at what became of a request that the backup served; may be nil
}

// subject is a line of a phone with several.
type subject struct {
	*handset
	line   int
	number string
}

func (s *subject) set(t *testing.T, to settings) {
	t.Helper()
	s.do(t, "PATCH", fmt.Sprintf("/lines/%d/sip", s.line), to, nil)
}

func (s *subject) status(t *testing.T) (v status) {
	t.Helper()
	s.do(t, "GET", fmt.Sprintf("/lines/%d/status", s.line), nil, &v)
	return v
}

func (s *subject) until(t *testing.T, since int64, within time.Duration, what string, meant func(event) bool) event {
	t.Helper()
	return s.handset.until(t, since, within, fmt.Sprintf("%s on line %d", what, s.line), func(e event) bool { return e.Line == s.line && meant(e) })
}

func (s *subject) untilPhase(t *testing.T, since int64, phase string) event {
	t.Helper()
	return s.until(t, since, patience, "phase "+phase, func(e event) bool { return e.Type == "line_state" && e.Data.Phase == phase })
}

func (s *subject) untilCall(t *testing.T, since int64, state string) event {
	t.Helper()
	return s.until(t, since, patience, "call that is "+state, func(e event) bool { return e.Type == "call" && e.Data.State == state })
}

// asked tells whether an attempt at the server began.
func (s *subject) asked(t *testing.T, since int64, slot string) bool {
	t.Helper()
	return slices.ContainsFunc(s.events(t, since, fmt.Sprintf("&type=attempt_start&line=%d", s.line)), func(e event) bool { return e.Data.Slot == slot })
}

func (s *subject) dial(t *testing.T, to string) string {
	t.Helper()
	var c call
	s.do(t, "POST", "/calls", map[string]any{"line": s.line, "to": to}, &c)
	return c.ID
}

func (e *experiment) run(t *testing.T) {
	// Only the request under test moves a line: nothing goes back by itself.
	own := settings{"enable_failback": false}
	since := e.invite.now(t)
	for s, more := range map[*subject]settings{e.invite: e.more, e.bye: nil} {
		s.set(t, e.account(e.pair, s.number).with(own).with(more))
		s.untilPhase(t, since, "on_primary")
	}
	e.bye.dial(t, e.baresip.number)
	up := e.bye.untilCall(t, since, "talking")
	want(t, "server of the call", e.bye.call(t, up.Call).Server, "primary")

	e.failed = e.bye.now(t)
	must(t, e.fail(t.Context(), e.pair.Primary))
	since = e.bye.now(t)
	e.bye.do(t, "DELETE", "/calls/"+up.Call, nil, nil)
	e.bye.untilCall(t, since, "ended")
	e.invite.dial(t, e.baresip.number)
	e.register.set(t, e.account(e.pair, e.register.number).with(own).with(e.more))

	e.becomes(t, e.register, since, "REGISTER", e.register.untilPhase(t, since, "try_primary"))
	e.becomes(t, e.invite, since, "INVITE", e.invite.untilCall(t, since, "calling"))
	e.becomes(t, e.bye, since, "BYE", e.bye.untilCall(t, since, "ended"))
	if e.retryAfter && e.register.status(t).Servers.Primary.QuarantinedUntil == nil {
		t.Error("the primary is not left alone after Retry-After")
	}

	// All that is left of it: the calls at baresip, the failure, and the lines.
	since = e.invite.now(t)
	for _, c := range e.invite.calls(t) {
		e.invite.do(t, "DELETE", "/calls/"+c.ID, nil, nil)
		e.invite.untilCall(t, since, "ended")
	}
	must(t, e.pair.Primary.Restore(t.Context()))
	e.baresip.command(t, "hangupall", "")
	for _, s := range []*subject{e.register, e.invite, e.bye} {
		s.set(t, settings{"enabled": false})
		s.untilPhase(t, since, "unregistered")
	}
}

// calls are those that are up.
func (h *handset) calls(t *testing.T) (calls []call) {
	t.Helper()
	h.do(t, "GET", "/calls", nil, &calls)
	return calls
}

// becomes holds what becomes of a request against what is expected, and puts it into the table.
func (e *experiment) becomes(t *testing.T, s *subject, since int64, method string, stimulus event) {
	t.Helper()
	expected := e.expects(e.way, method)
	patience := expected.after + patience
	asked := func(slot string) func(event) bool {
		return func(v event) bool {
			return v.Type == "attempt_end" && v.Data.Slot == slot && v.Data.Method == method && v.Data.Code != 401 && v.Data.Code != 407
		}
	}
	if !expected.onward {
		end := s.until(t, since, patience, "end of the "+method, asked("primary"))
		want(t, "answer to the "+method, end.Data.Code, e.status)
		if method == "REGISTER" {
			want(t, "code of register_rejected", s.until(t, since, patience, "register_rejected",
				func(v event) bool { return v.Type == "register_rejected" }).Data.Code, e.status)
		}
		want(t, "the backup was asked after the "+method, s.asked(t, since, "backup"), false)
		e.rows.add(e.way.String()+e.label, e.name, method, "the primary has answered", "", fmt.Sprintf("%d, no failover", end.Data.Code))
		return
	}
	served := s.until(t, since, patience, method+" that the backup takes", func(v event) bool { return asked("backup")(v) && v.Data.Code == 200 })
	took := served.after(stimulus)
	between(t, method+" served by the backup", took, expected.after, expected.after+atOnce+2*allowance)
	s.untilPhase(t, e.failed, "on_backup")
	cause := "had registered anew"
	if !s.moved(t, since, e, method) {
		end := s.until(t, since, patience, "end of the "+method+" at the primary", asked("primary"))
		// A line that had a connection may have looked for the server while it was being exchanged.
		if exchanged := e.only == "tls" && method != "REGISTER" && end.Data.Cause == "connect"; !exchanged {
			want(t, "cause", end.Data.Cause, expected.cause)
		}
		between(t, method+" given up by its own account", time.Duration(end.Data.ElapsedMS*float64(time.Millisecond)), expected.after, expected.after+allowance)
		cause = end.Data.Cause
	}
	if e.then != nil {
		e.then(t, e, s, method, since)
	}
	e.rows.add(e.way.String()+e.label, e.name, method, cause, fmt.Sprintf("%d ms", expected.after.Milliseconds()), fmt.Sprintf("%.1f ms", float64(took.Microseconds())/1000))
}

// moved tells whether the line was elsewhere before it was asked for anything: over TLS it sees its server go, and its Contact with it
// (CL-04).
func (s *subject) moved(t *testing.T, since int64, e *experiment, method string) bool {
	t.Helper()
	if e.primary != "tls" || e.stage != refused || method == "REGISTER" {
		return false
	}
	return !slices.ContainsFunc(s.events(t, since, fmt.Sprintf("&type=attempt_start&line=%d", s.line)), func(v event) bool {
		return v.Data.Method == method && v.Data.Slot == "primary"
	})
}
