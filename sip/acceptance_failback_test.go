package sip_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

// T60, T61, T62, T63, FB-01 to FB-07, FB-13: when the primary is probed, and what comes of it. Zero is the backup's 200.
func TestProbes(t *testing.T) {
	probes := func(at ...string) string { return "REGISTER " + strings.Join(at, " ") }
	for _, c := range []struct {
		name      string
		settings  string
		primary   server.Behaviour
		wait      time.Duration
		atPrimary string
		atBackup  string
		phase     line.Phase
		failback  string
		result    string // of the first probe
	}{
		{"T60 the primary is back: FB-04", "failback_interval=10", serve, 60 * time.Second, probes("10000"), "", line.OnPrimary, "10000", "recovered"},
		{"T61 silent: FB-03 FB-05", "failback_interval=10", silent, 52001 * time.Millisecond,
			probes("10000", "10500", "11500", "13500", "17500", "21500", "25500", "29500", "33500", "37500", "41500", "52000"), "", line.OnBackup, "", "unavailable"},
		{"n says nothing of probes: FB-03", "failback_interval=10 signal_retry_counts=0", silent, 15 * time.Second,
			probes("10000", "10500", "11500", "13500"), "", line.OnBackup, "", ""},
		{"T62 closed port: FB-06", "failback_interval=10", refuse, 35 * time.Second, probes("10000", "20000", "30000"), "", line.OnBackup, "", "unavailable"},
		{"503: FB-06", "failback_interval=10", status(503), 35 * time.Second, probes("10000", "20000", "30000"), "", line.OnBackup, "", "unavailable"},
		{"500: FB-06", "failback_interval=10", status(500), 35 * time.Second, probes("10000", "20000", "30000"), "", line.OnBackup, "", "unavailable"},
		{"403: FB-07", "failback_interval=10", status(403), 35 * time.Second, probes("10000", "20000", "30000"), "", line.OnBackup, "", "rejected"},
		{"423: FB-07", "failback_interval=10", server.Behaviour{MinExpires: 2 * time.Hour}, 35 * time.Second, probes("10000", "10000"), "", line.OnPrimary, "10000", "recovered"},
		{"100 and then nothing: FO-04 WR-24", "failback_interval=10", server.Behaviour{Mode: server.Hang}, 52001 * time.Millisecond,
			probes("10000", "10500", "14500", "18500", "22500", "26500", "30500", "34500", "38500", "52000"), "", line.OnBackup, "", "unavailable"},
		{"T63 disabled: FB-13", "failback_interval=10 enable_failback=0 backup_ttl=20", serve, 35 * time.Second, "", "REGISTER 10000 20000 30000", line.OnBackup, "", ""},
		{"interval 0: FB-13", "failback_interval=0 backup_ttl=20", serve, 35 * time.Second, "", "REGISTER 10000 20000 30000", line.OnBackup, "", ""},
		{"FB-01 a refresh at the backup does not arm it again", "failback_interval=25 backup_ttl=20", serve, 60 * time.Second,
			probes("25000"), "REGISTER 10000 20000", line.OnPrimary, "25000", "recovered"},
		{"FB-02 the backup is refreshed while a probe runs", "failback_interval=15 backup_ttl=20", silent, 46 * time.Second,
			probes("15000", "15500", "16500", "18500", "22500", "26500", "30500", "34500", "38500", "42500"), "REGISTER 10000 20000 30000 40000", line.OnBackup, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				onBackup(x, strings.Fields(c.settings)...)
				boot := x.boot()
				x.behave("primary", c.primary)
				x.until(c.wait)
				p, _ := x.want(c.atPrimary, c.atBackup)
				x.phase(c.phase)
				x.wantEvents("failback", c.failback)
				x.mu.Lock()
				defer x.mu.Unlock()
				result := "" // of the first probe
				for _, e := range x.events {
					if n, ok := e.data.(event.ProbeEnd); ok && result == "" {
						result = n.Result
					}
				}
				if result != c.result {
					t.Errorf("the probe ended with %q, want %q", result, c.result)
				}
				if len(boot) != 2 || boot[0].to != primaryAddr || boot[1].to != backupAddr {
					t.Fatalf("registered by %v", boot)
				}
				for _, d := range p { // FB-02: a registration of its own
					for _, was := range boot {
						if d.header("Call-ID") == was.header("Call-ID") || d.tag("From") == was.tag("From") {
							t.Errorf("the probe has the Call-ID or From tag of an earlier REGISTER to %s", was.to)
						}
					}
				}
			})
		})
	}
}

// boot gives the REGISTERs that were sent before zero.
func (x *stack) boot() []datagram {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []datagram
	for _, d := range x.wire[:x.from] {
		if d.method() == "REGISTER" && d.status() == 0 {
			all = append(all, d)
		}
	}
	return all
}

// T60, FB-04, FO-21: the next call goes to the primary, and the backup is not asked to forget us.
func TestCallAfterFailback(t *testing.T) {
	run(t, open, func(x *stack) {
		onBackup(x, "failback_interval=10")
		x.behave("primary", serve)
		x.until(20 * time.Second)
		x.dial("1", "1002")
		x.until(21 * time.Second)
		x.post(line.HangUp{Call: "1"})
		x.until(2 * time.Hour)
		// 3600 s were granted: its registration is refreshed after 3540 s.
		x.want("REGISTER 10000, INVITE 20000, ACK 20000, BYE 21000, REGISTER 3550000 7090000", "")
		if c := x.wantCall("1", "ended user"); c.Server != line.Primary {
			t.Errorf("the call went through the %s", c.Server)
		}
	})
}

// T68, FB-04, FO-16: the probe is the registration: its Call-ID goes on, refreshed by the primary's grant.
func TestProbeIsTheRegistration(t *testing.T) {
	run(t, open, func(x *stack) {
		onBackup(x, "failback_interval=10")
		x.behave("primary", server.Behaviour{MaxExpires: 2 * time.Minute})
		x.until(100 * time.Second)
		p, _ := x.want("REGISTER 10000 70000", "")
		x.same(p[0], p[1], "Call-ID", "From", "To", "Contact", "Expires")
		if p[1].cseq() != p[0].cseq()+1 {
			t.Errorf("CSeq %d after %d", p[1].cseq(), p[0].cseq())
		}
	})
}

// T64, FB-08, FB-10: a call through the backup does not notice that the line goes back: its sound goes on packet by packet, and
// its BYE goes to the backup.
func TestFailbackDuringACall(t *testing.T) {
	run(t, open, func(x *stack) {
		onBackup(x, "failback_interval=10")
		id := talk(x, false, x.lab.Backup)
		x.behave("primary", serve)
		x.until(20 * time.Second)
		x.want("REGISTER 9000", "")
		x.phase(line.OnPrimary)
		sound := x.sound(peerMedia)
		for i := 1; i < len(sound); i++ {
			if gap := sound[i] - sound[i-1]; gap != 20*time.Millisecond {
				t.Fatalf("%v between the RTP packets at %v and %v", gap, sound[i-1], sound[i])
			}
		}
		if n := len(sound); n != 20*50+1 && n != 20*50 {
			t.Errorf("%d RTP packets in 20 s", n)
		}
		x.zero()
		x.post(line.HangUp{Call: id})
		x.until(50 * time.Second)
		x.want("", "BYE 0")
		x.wantPeer(server.CallOver)
	})
}

// T64: a call being dialled when the line goes back finishes at the backup (FB-10).
func TestFailbackWhileRinging(t *testing.T) {
	run(t, open, func(x *stack) {
		x.answering(server.Answering{After: 10 * time.Second})
		onBackup(x, "failback_interval=10")
		x.behave("primary", serve)
		x.until(5 * time.Second)
		x.dial("1", "1002")
		x.until(20 * time.Second)
		x.want("REGISTER 10000", "INVITE 5000, ACK 15000")
		x.wantCall("1", "talking")
	})
}

// T65, FO-69, FB-08, FB-11: a call that comes through the backup while the primary is probed rings and is answered there.
func TestCallDuringProbe(t *testing.T) {
	run(t, open, func(x *stack) {
		onBackup(x, "failback_interval=10")
		x.behave("primary", silent)
		x.until(12 * time.Second)
		x.zero() // the probe left at -2000
		id := talk(x, true, x.lab.Backup)
		x.post(line.HangUp{Call: id})
		x.until(20 * time.Second)
		if c := x.wantCall(id, "ended user"); c.Server != line.Backup || c.Remote != "1002" {
			t.Errorf("the call is %+v", c)
		}
		x.want("REGISTER 500 4500 8500 12500 16500", "BYE 0")
		x.wantPeer(server.CallOver)
		x.until(29 * time.Second) // the probe ends in its own time: -3 + 32 s
		x.wantEvents("probe_end", "29000")
	})
}

// T70, CF-03: a shorter interval counts from where the wait began, at once if that is past.
func TestIntervalChanges(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   string
		at       time.Duration
		wait     time.Duration
		expected string
	}{
		{"T70 1800 s to 5 s at 100 s", "failback_interval=5", 100 * time.Second, 104 * time.Second, "REGISTER 100000"},
		{"1800 s to 200 s at 100 s", "failback_interval=200", 100 * time.Second, 204 * time.Second, "REGISTER 200000"},
		{"off", "enable_failback=0", 100 * time.Second, 4000 * time.Second, ""},
		{"n and period leave it alone", "signal_retry_counts=1", 100 * time.Second, 1804 * time.Second, "REGISTER 1800000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				onBackup(x, "backup_ttl=100000")
				x.behave("backup", server.Behaviour{MaxExpires: 24 * time.Hour})
				x.post(line.Register{}) // asks for the longer grant: the primary's port is closed
				x.zero()
				x.behave("primary", serve)
				x.until(c.at)
				x.change(c.change)
				x.until(c.wait)
				x.want(c.expected, "")
			})
		})
	}
}

// T73, CL-01: the timers' clock is monotonic, and the only other clock the line looks at is how long the machine was suspended, which no
// setting of the wall clock changes. A large constant there, or one that grows by less than 30 s, is no suspension; more is a manual
// registration (CL-02, FB-16), at the latest 30 s after the machine woke.
func TestOtherClocks(t *testing.T) {
	for _, c := range []struct {
		name                string
		jump                time.Duration
		atPrimary, atBackup string
		probes              string
	}{
		{"T73 nothing but the wall clock", 0, "REGISTER 600000", "", "600000"},
		{"29 s", 29 * time.Second, "REGISTER 600000", "", "600000"},
		{"CL-02 a day", 24 * time.Hour, "REGISTER 122000 722000", "REGISTER 122000", "722000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				var slept atomic.Int64
				slept.Store(int64(48 * time.Hour))
				x.suspended = func() time.Duration { return time.Duration(slept.Load()) }
				onBackup(x, "failback_interval=600")
				x.until(99 * time.Second)
				slept.Add(int64(c.jump))
				x.until(800 * time.Second)
				x.want(c.atPrimary, c.atBackup)
				x.wantEvents("probe_start", c.probes)
			})
		})
	}
}
