package sip_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// T77, FO-11: lines are independent.
func TestTwoLines(t *testing.T) {
	run(t, open, func(x *stack) {
		second := netip.MustParseAddrPort("127.0.0.1:5071")
		x.net.BlackHole(thirdAddr)
		x.start("register_addr=127.0.0.9")
		x.startLine(2, second, "phone_number=1003")
		x.until(20 * time.Second)
		x.lines[2].Post(line.Dial{Call: "a", To: "1002"})
		x.until(30 * time.Second)
		x.phase(line.OnBackup)
		if s := x.lines[2].Snapshot(); s.Phase != line.OnPrimary {
			t.Errorf("line 2 is %s", s.Phase)
		}
		x.wantCall("a", "talking")
		x.traffic(lists{thirdAddr: fourSends, backupAddr: "REGISTER 7500", primaryAddr: "REGISTER 0, INVITE 20000, ACK 20000"})
		for _, d := range x.sent(primaryAddr) {
			if d.from != second {
				t.Errorf("%s at the primary is of line 1", d.start())
			}
		}
		if e := x.wantEvents("failover", "7500"); len(e) != 1 || e[0].line != 1 {
			t.Errorf("failovers %+v, want that of line 1", e)
		}
	})
}

// T78, CF-01: a new primary in the middle of failover is asked at once, the old one and the backup hear nothing more.
func TestServerChangesDuringFailover(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(thirdAddr, func(d datagram) []string { return []string{grant(d, 3600)} })
		x.behave("primary", silent)
		x.start()
		x.until(2 * time.Second)
		x.change("register_addr=127.0.0.9")
		x.until(60 * time.Second)
		x.traffic(lists{primaryAddr: "REGISTER 0 500 1500", backupAddr: "", thirdAddr: "REGISTER 2000"})
		x.phase(line.OnPrimary)
		if d := x.sent(thirdAddr)[0]; d.uri() != "sip:127.0.0.9" || d.cseq() != 1 {
			t.Errorf("not a new registration:\n%s", d.raw)
		}
	})
}

// CF-01, CF-02: what a change of settings does on the wire while the line is registered at the primary and has a call there.
func TestSettingsChange(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings string
		want     lists
		phase    line.Phase
	}{
		{"retry count, period and codes: nothing", "signal_retry_counts=1 failover_mode=period failover_period_ms=900 register_failover_codes=5??",
			lists{primaryAddr: ""}, line.OnPrimary},
		{"number: the old binding goes", "phone_number=1009", lists{primaryAddr: "REGISTER 0 0"}, line.OnPrimary},
		{"primary: the old binding goes", "register_addr=127.0.0.9", lists{primaryAddr: "REGISTER 0", thirdAddr: "REGISTER 0"}, line.OnPrimary},
		{"no primary", "register_addr=", lists{primaryAddr: "REGISTER 0", backupAddr: "REGISTER 0"}, line.OnBackup},
		{"switched off", "enabled=0", lists{primaryAddr: "REGISTER 0"}, line.Unregistered},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.script(thirdAddr, func(d datagram) []string { return []string{grant(d, 3600)} })
				id := talking(x, false)
				old := x.boot()[0]
				x.change(strings.Fields(c.settings)...)
				x.until(50 * time.Second)
				x.traffic(c.want)
				x.phase(c.phase)
				x.wantCall(id, "talking")
				if p := x.sent(primaryAddr); len(p) > 0 {
					if p[0].header("Expires") != "0" || p[0].cseq() != old.cseq()+1 {
						t.Errorf("the old binding is not taken away by\n%s", p[0].raw)
					}
					x.same(old, p[0], "Call-ID", "From", "To", "Contact")
				}
				// The call keeps its server (CF-01).
				x.zero()
				x.post(line.HangUp{Call: id})
				x.until(10 * time.Second)
				x.want("BYE 0", "")
				x.wantPeer(server.CallOver)
			})
		})
	}
}

// CF-02: an attempt that runs keeps the count it began with; the next has the new one.
func TestRetryCountChangesDuringAttempt(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", silent)
		x.behave("backup", silent)
		x.start()
		x.until(time.Second)
		x.change("signal_retry_counts=1", "reg_fail_interval=1")
		x.until(45 * time.Second)
		x.want(fourSends+" 40500 41000", "REGISTER 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000 42000 42500 43500")
	})
}

// FO-45, FO-46, FB-09: a server that answers 503 with Retry-After is left alone for so long.
func TestRetryAfter(t *testing.T) {
	unavailable := server.Behaviour{Mode: server.Status, Status: 503, RetryAfter: 50 * time.Second}
	run(t, open, func(x *stack) {
		x.behave("primary", unavailable)
		x.start("failback_interval=10")
		x.behave("primary", serve)
		x.until(20 * time.Second)
		x.dial("1", "1002")
		x.until(60 * time.Second)
		x.want("REGISTER 0 50000", "REGISTER 0, INVITE 20000, ACK 20000")
		x.phase(line.OnPrimary)
	})
	// Where both ask for it, the first to be free again ends the wait (FO-45).
	run(t, open, func(x *stack) {
		x.behave("primary", unavailable)
		x.behave("backup", server.Behaviour{Mode: server.Status, Status: 503, RetryAfter: 20 * time.Second})
		x.start()
		x.dial("1", "1002")
		x.wantCall("1", "ended phone")
		x.behave("primary", serve)
		x.behave("backup", serve)
		x.until(40 * time.Second)
		x.want("REGISTER 0", "REGISTER 0 20000")
		x.phase(line.OnBackup)
	})
	// honor_retry_after=0.
	run(t, open, func(x *stack) {
		x.behave("primary", unavailable)
		x.start("honor_retry_after=0", "failback_interval=10")
		x.behave("primary", serve)
		x.until(20 * time.Second)
		x.want("REGISTER 0 10000", "REGISTER 0")
	})
}
