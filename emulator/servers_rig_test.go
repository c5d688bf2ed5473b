//go:build rig

package main_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// A fault is a way for the primary to fail.
type fault struct {
	name   string
	fail   func(context.Context, *kamailio.Server) error
	silent bool   // the phone has to wait for it: 7.5 s, where the others are seen at once
	cause  string // as the phone names it
	more   settings
	flags  []string
}

var faults = []fault{
	{"killed", func(_ context.Context, s *kamailio.Server) error { return s.Kill() }, false, "icmp", settings{"domain": kamailio.Domain}, nil},
	{"503", func(ctx context.Context, s *kamailio.Server) error { return s.Answer(ctx, 503, 0) }, false, "response", nil, nil},
	{"frozen", func(_ context.Context, s *kamailio.Server) error { return s.Freeze() }, true, "no_response", nil, nil},
	{"black hole", func(ctx context.Context, s *kamailio.Server) error { return s.Blackhole(ctx) }, true, "no_response",
		settings{"domain": kamailio.Domain}, []string{"--sip", kamailio.PhoneAddress}},
	{"mute", func(ctx context.Context, s *kamailio.Server) error { return s.Mute(ctx) }, true, "no_response",
		settings{"domain": kamailio.Domain, "in_dialog_failover": "rewrite"}, nil},
}

const (
	budget    = 7500 * time.Millisecond // of a server that is silent (FO-01): 4 sends at 0, 0.5, 1.5 and 3.5 s
	timeout   = 32 * time.Second        // of the last server (FO-02): 64*T1
	atOnce    = 100 * time.Millisecond  // from a failure until the backup is asked
	allowance = 400 * time.Millisecond  // for what follows: up to three requests with their challenges, on a machine that is busy
	interval  = 2 * time.Second         // of the failback probes
)

// within fails the test unless the failover took as long as it should.
func (f fault) within(t *testing.T, what string, took time.Duration) {
	t.Helper()
	if f.silent {
		between(t, what, took, budget, budget+allowance)
	} else {
		between(t, what, took, 0, atOnce+allowance)
	}
}

// servers is two phones at a pair of servers, and a third one that does nothing but register.
type servers struct {
	*rig
	fault
	pair          *kamailio.Pair
	caller, other *handset // 1001 and 1002
	idle          *handset // 1003
}

// fault plays one way to fail through all that a phone does meanwhile.
func (r *rig) fault(t *testing.T, f fault) {
	s := &servers{rig: r, fault: f, pair: r.pair(t)}
	s.more = settings{"failback_interval": int(interval / time.Second)}.with(f.more)
	s.caller = newHandset(t, s.pair, r.binary, "1001", f.flags...)
	s.other = newHandset(t, s.pair, r.binary, "1002", f.flags...)
	s.idle = newHandset(t, s.pair, r.binary, "1003", f.flags...)
	all := []trial{
		{"register", s.register},
		{"calls", s.calls},
		{"cancel", s.cancel},
		{"BYE failover", s.byeFailover},
		{"register failover at start", s.startFailover},
		{"failback", s.failback},
		{"INVITE failover", s.inviteFailover},
		{"register failover at refresh", s.refreshFailover},
		{"failback in a call", s.failbackInCall},
		{"BYE failover of the called", s.calledByeFailover},
	}
	if f.cause == "icmp" {
		all = append(all, trial{"both killed", s.bothKilled})
	}
	steps(t, append(all, trial{"capture", s.capture})...)
}

// register: both phones register at the primary, and prove who they are.
func (s *servers) register(t *testing.T) {
	for _, h := range []*handset{s.caller, s.other} {
		since := h.now(t)
		h.set(t, account(h.number).with(s.more))
		began := h.untilPhase(t, since, "try_primary")
		registered := h.untilPhase(t, since, "on_primary")
		s.measured(t, h.number+" registered", registered.after(began))
		var seen []string
		for _, m := range h.trace(t, "") {
			what := m.what()
			if m.header("Authorization") != "" {
				what += " with credentials"
			}
			seen = append(seen, what)
		}
		want(t, "messages", strings.Join(seen, ", "), "REGISTER, 401, REGISTER with credentials, 200")
		got := h.status(t)
		want(t, "state", got.State, "registered")
		want(t, "active server", got.Active, "primary")
		for _, server := range []*kamailio.Server{s.pair.Primary, s.pair.Backup} {
			must(t, server.Knows(t.Context(), h.number, h.contact(t)))
		}
	}
}

// calls: in both directions, hung up by either.
func (s *servers) calls(t *testing.T) {
	for _, c := range []struct{ caller, called, by *handset }{
		{s.caller, s.other, s.caller}, {s.other, s.caller, s.caller},
	} {
		talk := connect(t, c.caller, c.called)
		talk.through(t, "primary")
		s.measured(t, c.caller.number+" calls "+c.called.number+": ringback", talk.ringback)
		s.measured(t, c.by.number+" hangs up: the other knows", talk.hangUp(t, c.by))
	}
}

// cancel: the caller gives up while it rings.
func (s *servers) cancel(t *testing.T) {
	c := ring(t, s.caller, s.other)
	since := s.other.now(t)
	s.caller.hook(t, "on")
	ended := s.other.untilCall(t, since, "ended")
	want(t, "ended by", ended.Data.End.By, "peer")
	want(t, "state at the caller", s.caller.call(t, c.outgoing).State, "ended")
}

func (s *servers) fails(t *testing.T) { t.Helper(); must(t, s.fail(t.Context(), s.pair.Primary)) }

// byeFailover: the primary fails during a call, and the caller hangs up.
func (s *servers) byeFailover(t *testing.T) {
	c := connect(t, s.caller, s.other)
	c.through(t, "primary")
	since := s.caller.now(t)
	s.fails(t)
	took := c.hangUp(t, s.caller)
	s.measured(t, "hung up: the other knows", took)
	s.within(t, "the other phone heard of the end", took)
	s.onBackup(t, s.caller, since, "bye", "BYE")
}

// onBackup fails the test unless the phone has changed to the backup for the reason.
func (s *servers) onBackup(t *testing.T, h *handset, since int64, trigger, method string) {
	t.Helper()
	e := h.untilType(t, since, patience, "failover")
	want(t, "failover from", e.Data.From, "primary")
	want(t, "failover to", e.Data.To, "backup")
	want(t, "trigger", e.Data.Trigger, trigger)
	want(t, "method", e.Data.Method, method)
	want(t, "cause", e.Data.Cause, s.cause)
	s.asksAtOnce(t, h, since, method)
	got := h.status(t)
	want(t, "active server", got.Active, "backup")
	want(t, "state", got.State, "registered")
	if got.LastFailover == nil {
		t.Fatal("the status tells of no failover")
	}
	s.within(t, "failover", time.Duration(got.LastFailover.ElapsedMS*float64(time.Millisecond)))
}

// asksAtOnce fails the test unless the phone asked the backup as soon as the primary had failed it.
func (s *servers) asksAtOnce(t *testing.T, h *handset, since int64, method string) {
	t.Helper()
	events := h.events(t, since, "&type=attempt_start,attempt_end")
	failed := slices.IndexFunc(events, func(e event) bool {
		d := e.Data
		return e.Type == "attempt_end" && d.Slot == "primary" && d.Method == method && d.Cause == s.cause && (d.Cause != "response" || d.Code == 503)
	})
	if failed < 0 {
		t.Fatalf("no %s to the primary ended by %s", method, s.cause)
	}
	next := slices.IndexFunc(events[failed:], func(e event) bool { return e.Type == "attempt_start" && e.Data.Slot == "backup" })
	if next < 0 {
		t.Fatal("the backup was not asked")
	}
	want(t, "asked of the backup", events[failed+next].Data.Method, "REGISTER")
	between(t, "backup asked", events[failed+next].after(events[failed]), 0, atOnce)
}

// startFailover: a phone is set up while the primary is out of order.
func (s *servers) startFailover(t *testing.T) {
	since := s.idle.now(t)
	s.idle.set(t, account(s.idle.number).with(s.more).with(settings{"register_ttl": 10}))
	began := s.idle.untilPhase(t, since, "try_primary")
	registered := s.idle.untilPhase(t, since, "on_backup")
	s.measured(t, "1003 on the backup", registered.after(began))
	s.within(t, "registered", registered.after(began))
	s.onBackup(t, s.idle, since, "boot", "REGISTER")
}

// back restores the primary and waits until the phones are back with it.
func (s *servers) back(t *testing.T) {
	t.Helper()
	began := time.Now()
	phones := []*handset{s.caller, s.idle}
	since := []int64{s.caller.now(t), s.idle.now(t)}
	must(t, s.pair.Primary.Restore(t.Context()))
	restored := time.Since(began)
	for i, h := range phones {
		e := h.untilType(t, since[i], patience, "failback")
		want(t, "failback to", e.Data.To, "primary")
		want(t, "active server", h.status(t).Active, "primary")
		s.measured(t, h.number+" back on the primary", e.Time.Sub(began))
		// The next probe, or the next repeat of the one that is under way.
		between(t, h.number+" came back", e.Time.Sub(began), 0, restored+interval+4*time.Second)
	}
}

// failback: the primary is restored, and the next call goes through it.
func (s *servers) failback(t *testing.T) {
	s.back(t)
	c := connect(t, s.caller, s.other)
	c.through(t, "primary")
	c.hangUp(t, s.other)
}

// inviteFailover: the primary fails, and then a call is made. It stays up.
func (s *servers) inviteFailover(t *testing.T) {
	since, asked := s.caller.now(t), len(s.caller.trace(t, ""))
	s.fails(t)
	c := connect(t, s.caller, s.other)
	c.through(t, "backup")
	s.measured(t, "ringback", c.ringback)
	s.within(t, "ringback", c.ringback)
	s.onBackup(t, s.caller, since, "invite", "INVITE")
	want(t, "INVITEs to the primary", s.schedule(t, since, sent(s.caller.trace(t, "")[asked:], "INVITE", kamailio.PrimaryAddress)), s.sends())
}

// sends is how often a request goes to the primary before the phone gives it up.
func (f fault) sends() int {
	if f.silent {
		return 4
	}
	return 1
}

// schedule holds the sends of the caller's INVITE against the table of RFC 3261 17.1.1.2 and returns their number. The timers count from the
// beginning of the attempt: a first send that is late does not put the others off.
func (s *servers) schedule(t *testing.T, since int64, sends []message) int {
	t.Helper()
	began := s.caller.until(t, since, patience, "start of the INVITE", func(v event) bool {
		return v.Type == "attempt_start" && v.Data.Slot == "primary" && v.Data.Method == "INVITE"
	})
	for i, m := range sends {
		due := time.Duration(1<<i-1) * 500 * time.Millisecond
		at := time.Duration(m.MonoUS-began.MonoUS) * time.Microsecond
		between(t, "send "+m.what(), at, due, due+50*time.Millisecond)
	}
	return len(sends)
}

// refreshFailover: the phone that does nothing notices the failure when it renews its registration.
func (s *servers) refreshFailover(t *testing.T) {
	events := s.idle.events(t, 0, "&type=failback")
	if len(events) == 0 {
		t.Fatal("1003 was never back on the primary")
	}
	s.onBackup(t, s.idle, events[len(events)-1].Seq, "refresh", "REGISTER")
	s.measured(t, "1003 on the backup, since its refresh", time.Duration(s.idle.status(t).LastFailover.ElapsedMS*float64(time.Millisecond)))
}

// failbackInCall: the line goes back while a call through the backup is up; the call stays there, is heard, and ends there.
func (s *servers) failbackInCall(t *testing.T) {
	calls := s.callsUp(t)
	s.back(t)
	calls.through(t, "backup")
	calls.sound(t)
	asked := len(s.caller.trace(t, ""))
	s.measured(t, "hung up: the other knows", calls.hangUp(t, s.caller))
	seen := s.caller.trace(t, "")[asked:]
	want(t, "BYEs to the backup", len(sent(seen, "BYE", kamailio.BackupAddress)), 1)
	want(t, "BYEs to the primary", len(sent(seen, "BYE", kamailio.PrimaryAddress)), 0)
}

// callsUp is the call that is up.
func (s *servers) callsUp(t *testing.T) talk {
	t.Helper()
	id := func(h *handset) string {
		var calls []call
		h.do(t, "GET", "/calls", nil, &calls)
		if len(calls) != 1 || calls[0].State != "talking" {
			t.Fatalf("phone %s has the calls %+v, want one", h.number, calls)
		}
		return calls[0].ID
	}
	return talk{caller: s.caller, called: s.other, outgoing: id(s.caller), incoming: id(s.other)}
}

// calledByeFailover: as byeFailover, and it is the called phone that hangs up. The primary stays out of order: the phones are
// switched off without it.
func (s *servers) calledByeFailover(t *testing.T) {
	c := connect(t, s.caller, s.other)
	c.through(t, "primary")
	since := s.other.now(t)
	s.fails(t)
	took := c.hangUp(t, s.other)
	s.measured(t, "hung up: the other knows", took)
	s.within(t, "the other phone heard of the end", took)
	s.onBackup(t, s.other, since, "bye", "BYE")
}

// bothKilled: the user is told at once that there is no server.
func (s *servers) bothKilled(t *testing.T) {
	must(t, s.pair.Backup.Kill())
	since := s.caller.now(t)
	s.caller.hook(t, "off")
	s.caller.keys(t, s.other.number+"#")
	began := s.caller.untilCall(t, since, "calling")
	ended := s.caller.untilCall(t, since, "ended")
	s.measured(t, "called: the user is told", ended.after(began))
	between(t, "the user was told", ended.after(began), 0, atOnce)
	want(t, "ended by", ended.Data.End.By, "phone")
	want(t, "cause", ended.Data.End.Cause, "icmp")
	s.caller.hook(t, "on")
}
