package line

import (
	"strings"
	"testing"
	"time"

	"hilphone/sip/netfault"
)

// wantChanges checks the last failover and the last failback of a status; nil is none.
func (d *driver) wantChanges(t *testing.T, when string, failover, failback *Failover) {
	t.Helper()
	s := d.m.Status()
	for _, c := range []struct {
		way       string
		got, want *Failover
	}{{"failover", s.LastFailover, failover}, {"failback", s.LastFailback, failback}} {
		if (c.got == nil) != (c.want == nil) || c.got != nil && *c.got != *c.want {
			t.Errorf("%s: the last %s is %+v, want %+v", when, c.way, c.got, c.want)
		}
	}
}

// do plays lines of a trace.
func (d *driver) do(t *testing.T, inputs ...string) {
	t.Helper()
	for _, input := range inputs {
		if err := d.input(strings.Fields(input)); err != nil {
			t.Fatalf("%s: %v", input, err)
		}
	}
}

// UX-21, UX-22, FB-04, FB-16: each direction has its last change, whole: when it was, between which servers, what began it and how long it took from
// there. The way back does not touch the way there.
func TestStatusOfChanges(t *testing.T) {
	d := newDriver(t, []string{"failback_interval=20", "signal_retry_counts=1"})
	d.do(t, "start", "200 #1", "wait 10s")
	d.wantChanges(t, "registered", nil, nil)

	d.do(t, "register", "wait 1500ms", "wait 200ms", "200 #3")
	there := &Failover{At: 11700 * time.Millisecond, From: Primary, To: Backup, Method: REGISTER, Trigger: "manual", Cause: CauseNoResponse, Elapsed: 1700 * time.Millisecond}
	d.wantChanges(t, "failed over", there, nil)

	d.do(t, "wait 20s", "wait 300ms", "200 #4")
	back := &Failover{At: 32 * time.Second, From: Backup, To: Primary, Method: REGISTER, Trigger: "probe", Elapsed: 300 * time.Millisecond}
	d.wantChanges(t, "the probe succeeded", there, back)

	d.do(t, "dial 1 1002", "200 #5", "hangup 1", "wait 100ms", "503 #6", "wait 400ms", "200 #7")
	there = &Failover{At: 32500 * time.Millisecond, From: Primary, To: Backup, Method: BYE, Trigger: "bye", Cause: CauseResponse, Elapsed: 500 * time.Millisecond}
	d.wantChanges(t, "failed over by a BYE", there, back)

	d.do(t, "wait 1s", "register", "wait 250ms", "200 #9")
	back = &Failover{At: 33750 * time.Millisecond, From: Backup, To: Primary, Method: REGISTER, Trigger: "manual", Elapsed: 250 * time.Millisecond}
	d.wantChanges(t, "back by hand", there, back)

	d.do(t, "set register_ttl=600")
	d.wantChanges(t, "with another interval", there, back)
	d.do(t, "set register_addr=192.0.2.9")
	d.wantChanges(t, "with another server", nil, nil)
}

// FO-21, CF-04: what the status says of each server: how long it keeps a binding, and that one that was left keeps it until its time is over.
func TestStatusOfServers(t *testing.T) {
	d := newDriver(t, []string{"failback_interval=1800", "register_ttl=600"})
	want := func(when string, slot Slot, last string, until, quarantined time.Duration) {
		t.Helper()
		if s := d.m.Status().Servers[slot]; s.LastResult != last || s.RegisteredUntil != until || s.QuarantinedUntil != quarantined {
			t.Errorf("%s: the %s is %+v, want result %q, registered until %s, quarantined until %s", when, slot, s, last, until, quarantined)
		}
	}
	d.do(t, "start")
	want("asked", Primary, "", 0, 0)
	d.do(t, "200 #1 expires=500", "wait 100s", "register", "503 #2 after=30")
	want("refused", Primary, "503", 500*time.Second, 130*time.Second)
	want("not asked", Backup, "", 0, 0)
	d.do(t, "wait 1s", "200 #3")
	want("left", Primary, "503", 500*time.Second, 130*time.Second)
	want("active", Backup, "200", 3701*time.Second, 0)
	if s := d.m.Status(); s.Phase != OnBackup || s.Active != Backup || s.Failback != FailbackWaiting || s.NextProbe != 1901*time.Second || s.FailedBy != None || s.NextTry != 0 {
		t.Errorf("%+v", s)
	}
	// The status is that of the newest event: an answer to nothing is one.
	d.do(t, "wait 28999ms", "200 #99")
	want("a moment before its quarantine ends", Primary, "503", 500*time.Second, 130*time.Second)
	d.do(t, "wait 1ms", "200 #99")
	want("out of quarantine", Primary, "503", 500*time.Second, 0)
	d.do(t, "wait 369999ms", "200 #99")
	want("a moment before its binding ends", Primary, "503", 500*time.Second, 0)
	d.do(t, "wait 1ms", "200 #99")
	want("its binding is over", Primary, "503", 0, 0)
	d.do(t, "unregister")
	want("un-registered", Backup, "200", 0, 0)
}

// UX-04: how the last REGISTER to a server ended is kept whole, for the explanation of the pages: the response, why its challenge was not answered, or
// what failed below SIP. Requests of calls do not change it.
func TestStatusOfRegister(t *testing.T) {
	d := newDriver(t, nil)
	want := func(when string, want RegisterResult) {
		t.Helper()
		if got := d.m.Status().Servers[Primary].Register; got != want {
			t.Errorf("%s: %+v, want %+v", when, got, want)
		}
	}
	d.do(t, "start")
	want("asked", RegisterResult{})
	d.do(t, "401 #1")
	want("challenged", RegisterResult{})
	d.do(t, "401 #2 challenge=refused reason=credentials_rejected realm=r")
	refused := RegisterResult{Cause: CauseResponse, Code: 401, Refusal: RefusedLogin}
	want("refused", refused)
	if s := d.m.Status(); s.FailedBy != Primary || s.NextTry != 32*time.Second {
		t.Errorf("%+v", s)
	}
	d.do(t, "dial 1 1002", "486 #3")
	want("after a call", refused)
	d.do(t, "wait 32s", "failed #4 tls x509: expired")
	want("no TLS", RegisterResult{Cause: CauseTLS, Fault: netfault.Fault{Reason: netfault.Other, Detail: "x509: expired"}})
	d.do(t, "wait 1s", "register", "200 #5")
	want("un-affected by the backup", RegisterResult{Cause: CauseTLS, Fault: netfault.Fault{Reason: netfault.Other, Detail: "x509: expired"}})
	d.do(t, "register", "200 #6")
	want("accepted", RegisterResult{Cause: CauseResponse, Code: 200})
}
