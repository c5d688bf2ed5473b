package sip_test

import (
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// T33, FO-18, FO-33: the primary dies while the other phone rings. The call is over for the user at once; the CANCEL has the retry
// count, goes nowhere else, and its timeout starts registration failover at the primary.
func TestCancelTimesOut(t *testing.T) {
	run(t, open, func(x *stack) {
		x.answering(server.Answering{Mode: server.Ring})
		registered(x)
		x.dial("1", "1002")
		x.wantCall("1", "ringback")
		x.behave("primary", silent)
		x.until(5 * time.Second)
		invite := x.sent(primaryAddr)[0]
		x.zero()
		x.post(line.HangUp{Call: "1"})
		x.wantCall("1", "ended user")
		x.until(60 * time.Second)
		p, _ := x.want("CANCEL 0 500 1500 3500, REGISTER 7500 8000 9000 11000", "REGISTER 15000")
		if p[0].branch() != invite.branch() || p[0].cseq() != invite.cseq() || p[0].uri() != invite.uri() {
			t.Errorf("the CANCEL of\n%s\nis\n%s", invite.raw, p[0].raw)
		}
		x.same(invite, p[0], "Via", "From", "To", "Call-ID", "Route", "Max-Forwards")
		x.phase(line.OnBackup)
	})
}

// A CANCEL that is answered ends the call without ado: 200 for it, 487 for the INVITE, whose ACK follows (RFC 3261 9.1). One that meets a
// dead host is the failure that a timeout is.
func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name                string
		primary             server.Behaviour
		atPrimary, atBackup string
	}{
		{"answered", serve, "CANCEL 0, ACK 0", ""},
		{"481", status(481, "CANCEL"), "CANCEL 0", ""},
		{"503 is an answer", status(503, "CANCEL"), "CANCEL 0", ""},
		{"closed port", refuse, "CANCEL 0, REGISTER 0", "REGISTER 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.answering(server.Answering{Mode: server.Ring})
				registered(x)
				x.dial("1", "1002")
				x.until(5 * time.Second)
				x.behave("primary", c.primary)
				x.zero()
				x.post(line.HangUp{Call: "1"})
				x.wantCall("1", "ended user")
				x.until(60 * time.Second)
				x.want(c.atPrimary, c.atBackup)
				if c.primary.Mode == server.Serve {
					x.wantPeer(server.CallOver)
				}
			})
		})
	}
}

// T34, T49, FO-30: the user gives up before any answer. No CANCEL may be sent, nothing more is sent for the call, and a REGISTER at the
// backup that has begun completes.
func TestHangUpBeforeAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name                string
		at                  time.Duration
		atPrimary, atBackup string
		phase               line.Phase
	}{
		{"T34 after 1000 ms", time.Second, "INVITE 0 500", "", line.OnPrimary},
		{"as a retransmission is due", 1499 * time.Millisecond, "INVITE 0 500", "", line.OnPrimary},
		{"just before the budget ends", 7499 * time.Millisecond, "INVITE 0 500 1500 3500", "", line.OnPrimary},
		{"T49 REGISTER pending", 7600 * time.Millisecond, "INVITE 0 500 1500 3500", "REGISTER 7500 8000", line.OnBackup},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				x.behave("primary", silent)
				x.behave("backup", server.Behaviour{Delay: time.Second, Methods: []string{"REGISTER"}})
				x.dial("1", "1002")
				x.until(c.at)
				x.post(line.HangUp{Call: "1"})
				x.wantCall("1", "ended user")
				x.until(100 * time.Second)
				x.want(c.atPrimary, c.atBackup)
				x.phase(c.phase)
				if n := len(x.lab.Phone.Calls()); n > 0 {
					t.Errorf("1002 had %d calls", n)
				}
			})
		})
	}
}

// FO-27: what the primary says of an INVITE after the phone has given it up there. The user sees none of it.
func TestLateAnswers(t *testing.T) {
	type say func(invite datagram) []string
	one := func(line string) say { return func(d datagram) []string { return []string{reply(d, line)} } }
	for _, c := range []struct {
		name      string
		answers   map[time.Duration]say
		atPrimary string
		late      string // events
	}{
		{"100: CANCEL once", map[time.Duration]say{10: one("100 Trying"), 11: one("180 Ringing")}, "INVITE 0 500 1500 3500, CANCEL 10000", ""},
		{"486: ACK each time", map[time.Duration]say{10: one("486 Busy Here"), 12: one("486 Busy Here")}, "INVITE 0 500 1500 3500, ACK 10000 12000", "10000 12000"},
		{"200: ACK and BYE", map[time.Duration]say{10: func(d datagram) []string { return []string{accept(d, "Contact: <sip:1002@127.0.0.2>")} }},
			"INVITE 0 500 1500 3500, ACK 10000, BYE 10000", "10000"},
		{"180, CANCEL crosses 200", map[time.Duration]say{10: one("180 Ringing"), 11: func(d datagram) []string { return []string{accept(d, "Contact: <sip:1002@127.0.0.2>")} }},
			"INVITE 0 500 1500 3500, CANCEL 10000, ACK 11000, BYE 11000", "11000"},
		{"two forks", map[time.Duration]say{10: func(d datagram) []string {
			return []string{accept(d, "Contact: <sip:a@127.0.0.2>"), tagged(accept(d, "Contact: <sip:b@127.0.0.2>"), "other")}
		}}, "INVITE 0 500 1500 3500, ACK 10000, BYE 10000, ACK 10000, BYE 10000", "10000 10000"},
		{"after 64*T1 nobody listens", map[time.Duration]say{33: one("486 Busy Here")}, "INVITE 0 500 1500 3500", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				var invite datagram
				x.script(primaryAddr, func(d datagram) []string {
					switch d.method() {
					case "REGISTER":
						return []string{grant(d, 3600)}
					case "INVITE":
						invite = d
						return nil
					case "CANCEL", "BYE":
						return []string{reply(d, "200 OK")}
					}
					return nil
				})
				registered(x)
				x.dial("1", "1002")
				for s := range 40 {
					x.until(time.Duration(s) * time.Second)
					if s == 9 {
						x.wantCall("1", "talking") // through the backup
					}
					if say, ok := c.answers[time.Duration(s)]; ok {
						for _, raw := range say(invite) {
							x.inject(backupAddr2, raw) // an answer is known by its branch, wherever it comes from
						}
					}
				}
				x.until(80 * time.Second)
				x.want(c.atPrimary, "REGISTER 7500, INVITE 7500, ACK 7500")
				x.wantCall("1", "talking")
				x.wantPeer(server.CallUp)
				x.wantEvents("late_response", c.late)
			})
		})
	}
}

// FO-23, CF-04: a 200 to a REGISTER that was given up changes nothing but that the primary may hold a binding: it is taken away at the
// end.
func TestLateRegistration(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", server.Behaviour{Delay: 10 * time.Second})
		x.start()
		x.until(60 * time.Second)
		x.want(fourSends, "REGISTER 7500")
		x.phase(line.OnBackup)
		x.wantEvents("late_response", "10000 10500 11500 13500")
		x.behave("primary", serve)
		x.stop(1)
		p, b := x.want(fourSends+" 60000", "REGISTER 7500 60000")
		for _, d := range []datagram{p[4], b[1]} {
			if d.header("Expires") != "0" || d.header("Contact") != "<sip:1001@127.0.0.1:5070>" {
				t.Errorf("not a removal of our own contact:\n%s", d.raw)
			}
		}
		if n := len(x.lab.Primary.Registrations().Bindings("1001")); n != 0 {
			t.Errorf("%d bindings are left", n)
		}
	})
}
