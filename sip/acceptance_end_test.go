package sip_test

import (
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// CF-04: the end of a line hangs up, un-registers with its own Contact where a binding is, and is bounded by 3 s whatever the servers do.
func TestEnd(t *testing.T) {
	for _, c := range []struct {
		name      string
		servers   server.Behaviour
		call      bool
		atPrimary string
		took      time.Duration
	}{
		{"idle", serve, false, "REGISTER 0", 0},
		{"in a call", serve, true, "BYE 0, REGISTER 0", 0},
		{"silent servers", silent, true, "BYE 0, REGISTER 0, BYE 500, REGISTER 500, BYE 1500, REGISTER 1500", 3 * time.Second},
		{"closed ports", refuse, true, "BYE 0, REGISTER 0", 0},
		{"403", status(403), true, "BYE 0, REGISTER 0", 0},
		{"100 and no more: WR-24", server.Behaviour{Mode: server.Hang}, false, "REGISTER 0 500", 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				if c.call {
					talking(x, false)
				} else {
					registered(x)
				}
				old := x.boot()[0]
				x.behave("primary", c.servers)
				x.behave("backup", c.servers)
				if took := x.stop(1); took != c.took {
					t.Errorf("Run returned after %v, want %v", took, c.took)
				}
				p, _ := x.want(c.atPrimary, "")
				for _, d := range p {
					if d.method() == "REGISTER" {
						x.same(old, d, "Call-ID", "From", "To", "Contact")
						if d.header("Expires") != "0" || d.cseq() != old.cseq()+1 {
							t.Errorf("not the removal of our binding:\n%s", d.raw)
						}
					}
				}
				if c.call {
					quiet(x, "1")
				}
				if n := len(x.lab.Primary.Registrations().Bindings("1001")); c.servers.Mode == server.Serve && n != 0 {
					t.Errorf("%d bindings are left", n)
				}
				x.zero()
				x.wait(time.Minute)
				x.want("", "") // nothing lives on
			})
		})
	}
}

// CF-04: with the primary's binding presumed gone but perhaps there, the active server comes first, then the other.
func TestEndOnBackup(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", refuse)
		x.post(line.Register{})
		x.phase(line.OnBackup)
		x.behave("primary", serve)
		x.zero()
		x.stop(1)
		x.want("REGISTER 0", "REGISTER 0")
		if all := x.sent(noAddr); all[0].to != backupAddr {
			t.Errorf("the active server is not first:\n%s", x.story())
		}
	})
}

// The end at every stage of what a line does: it comes in time, and nothing is sent afterwards.
func TestEndAnyTime(t *testing.T) {
	for _, at := range []time.Duration{0, 499, 500, 501, 1000, 3500, 7499, 7500, 7501, 8000, 12000, 39499, 39500, 39501, 60000, 71500} {
		run(t, open, func(x *stack) {
			registered(x)
			x.behave("primary", silent)
			x.behave("backup", silent)
			x.dial("1", "1002")
			x.until(at * time.Millisecond)
			x.stop(1)
			if c := x.call("1"); c.State != line.Ended {
				t.Errorf("ended at %d ms, the call is %s", at, c.State)
			}
			x.zero()
			x.wait(2 * time.Minute)
			x.want("", "")
		})
	}
}
