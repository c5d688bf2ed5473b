package sip_test

import (
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

// UX-21, UX-22: the status keeps the last failover and the last failback apart, and the events of both say how long it took.
func TestStatusKeepsBothChanges(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x, "failback_interval=60")
		if s := x.lines[1].Snapshot(); s.LastFailover != nil || s.LastFailback != nil {
			t.Errorf("before: %+v, %+v", s.LastFailover, s.LastFailback)
		}
		x.behave("primary", silent)
		x.post(line.Register{})
		x.wait(8 * time.Second)
		x.phase(line.OnBackup)
		x.behave("primary", server.Behaviour{Mode: server.Serve, Delay: 40 * time.Millisecond})
		x.wait(time.Minute)
		x.phase(line.OnPrimary)
		s := x.lines[1].Snapshot()
		if f := s.LastFailover; f == nil || f.From != line.Primary || f.To != line.Backup || f.Elapsed != 7500*time.Millisecond || f.Trigger != "manual" {
			t.Errorf("failover %+v", f)
		}
		if f := s.LastFailback; f == nil || f.From != line.Backup || f.To != line.Primary || f.Elapsed != 40*time.Millisecond || f.Trigger != "probe" {
			t.Errorf("failback %+v", f)
		}
		if e := x.wantEvents("failover", "7500"); len(e) != 1 || e[0].data.(event.Failover).Elapsed != 7500 {
			t.Errorf("%+v", e)
		}
		if e := x.wantEvents("failback", "67540"); len(e) != 1 || e[0].data.(event.Failback).Elapsed != 40 {
			t.Errorf("%+v", e)
		}
		if e := x.wantEvents("probe_end", "67540"); len(e) != 1 || e[0].data.(event.ProbeEnd).Elapsed != 40 {
			t.Errorf("%+v", e)
		}
		x.change("register_addr=127.0.0.9", "backup_addr=")
		if s := x.lines[1].Snapshot(); s.LastFailover != nil || s.LastFailback != nil {
			t.Errorf("of other servers: %+v, %+v", s.LastFailover, s.LastFailback)
		}
	})
}

// UX-20: how a server is, is what it answers to REGISTER and OPTIONS. What answers a request of a call names its method.
func TestHealthIsOfTheServer(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		health := func(when, result string, cause line.Cause, inCall line.Result) {
			t.Helper()
			if v := x.lines[1].Snapshot().Servers[line.Primary]; v.LastResult != result || v.LastCause != cause || v.InCall != inCall {
				t.Errorf("%s: %+v", when, v)
			}
		}
		health("registered", "200", line.CauseResponse, line.Result{})
		x.dial("1", "4711") // unknown to the server
		x.wait(time.Second)
		health("a call to a wrong number", "200", line.CauseResponse, line.Result{Method: line.INVITE, Text: "404", Cause: line.CauseResponse})
		x.answering(server.Answering{Mode: server.Busy})
		x.dial("2", "1002")
		x.wait(time.Second)
		health("a busy phone", "200", line.CauseResponse, line.Result{Method: line.INVITE, Text: "486", Cause: line.CauseResponse})
		x.answering(server.Answering{})
		x.dial("3", "1002")
		x.wait(time.Second)
		x.behave("primary", silent)
		x.post(line.HangUp{Call: "3"})
		x.wait(8 * time.Second)
		health("a BYE that found no answer", "200", line.CauseResponse, line.Result{Method: line.BYE, Text: "no response", Cause: line.CauseNoResponse})
		x.phase(line.OnBackup)
		x.behave("primary", status(503))
		x.post(line.Register{})
		x.wait(time.Second)
		health("a REGISTER that was refused", "503", line.CauseResponse, line.Result{Method: line.BYE, Text: "no response", Cause: line.CauseNoResponse})
	})
	run(t, open, func(x *stack) {
		registered(x, "options_keepalive=1", "options_fail_count=3")
		x.behave("primary", status(500, "OPTIONS"))
		x.wait(35 * time.Second)
		if v := x.lines[1].Snapshot().Servers[line.Primary]; v.LastResult != "500" || v.Register.Code != 200 {
			t.Errorf("OPTIONS answered 500: %+v", v)
		}
	})
}
