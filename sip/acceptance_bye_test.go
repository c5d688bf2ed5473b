package sip_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// talking starts line 1 on the primary, has it call 1002 or be called by 1002 through a server, and lets the call run for a second,
// which ends at zero.
func talking(x *stack, incoming bool, settings ...string) line.CallID {
	x.t.Helper()
	registered(x, settings...)
	return talk(x, incoming, x.lab.Primary)
}

func talk(x *stack, incoming bool, through *server.Server) line.CallID {
	x.t.Helper()
	id := line.CallID("1")
	if incoming {
		if _, err := x.lab.Phone.Dial(context.Background(), through.Addr(), "1001"); err != nil {
			x.t.Fatal(err)
		}
		x.wait(0)
		id = "in1"
		x.wantCall(id, "ringing")
		x.post(line.Answer{Call: id})
	} else {
		x.dial(id, "1002")
	}
	x.wait(time.Second)
	x.wantCall(id, "talking")
	x.wantPeer(server.CallUp)
	x.zero()
	return id
}

// quiet checks that the call is over for the user and silent since zero (FO-37).
func quiet(x *stack, id line.CallID) {
	x.t.Helper()
	x.wantCall(id, "ended user")
	if c := x.call(id); c.End.Elapsed != 0 {
		x.t.Errorf("the user's call ended %v after the hang-up", c.End.Elapsed)
	}
	if sent := x.sound(peerMedia); len(sent) > 0 && sent[len(sent)-1] > 0 {
		x.t.Errorf("%d RTP packets, the last at %v", len(sent), sent[len(sent)-1])
	}
}

// T50, T53, FO-36, FO-37, FO-38: the BYE of a call through the primary reaches the other phone through the backup, whoever called, and
// the user's call is over at once.
func TestByeFailsOver(t *testing.T) {
	for _, incoming := range []bool{false, true} {
		for _, routed := range []bool{true, false} {
			t.Run(name("incoming", incoming)+" "+name("record-route", routed), func(t *testing.T) {
				run(t, server.LabConfig{Open: true, NoRecordRoute: !routed}, func(x *stack) {
					id := talking(x, incoming)
					x.behave("primary", silent)
					x.post(line.HangUp{Call: id})
					quiet(x, id)
					x.until(50 * time.Second)
					p, b := x.want("BYE 0 500 1500 3500", "REGISTER 7500, BYE 7500")
					x.differ(p[0], b[1])
					// Nothing but the branch is another: Call-ID, tags, CSeq number, Request-URI, Route set.
					if want := strings.Replace(p[0].raw, p[0].branch(), b[1].branch(), 1); b[1].raw != want {
						t.Errorf("the BYE changed from\n%s\nto\n%s", p[0].raw, b[1].raw)
					}
					if p[0].uri() != "sip:1002@127.0.0.4:5060" || (p[0].header("Route") != "") != routed {
						t.Errorf("the BYE is\n%s", p[0].raw)
					}
					if route := p[0].header("Route"); routed && route != "<sip:127.0.0.2:5060;lr>" {
						t.Errorf("Route %s", route)
					}
					quiet(x, id)
					peer := x.wantPeer(server.CallOver)
					if peer.End != (server.End{By: "peer", Method: "BYE"}) || p[0].header("Call-ID") != peer.CallID {
						t.Errorf("1002's call %+v", peer)
					}
					x.phase(line.OnBackup)
					x.wantEvents("bye_lost", "")
				})
			})
		}
	}
}

func name(what string, on bool) string {
	if on {
		return what
	}
	return "no " + what
}

// T51, FO-39: with in_dialog_failover=rewrite the BYE at the backup names the backup: in its Route, or without one in its Request-URI
// where that names the primary.
func TestByeIsRewritten(t *testing.T) {
	run(t, open, func(x *stack) {
		id := talking(x, false, "in_dialog_failover=rewrite")
		x.behave("primary", silent)
		x.post(line.HangUp{Call: id})
		x.until(50 * time.Second)
		p, b := x.want("BYE 0 500 1500 3500", "REGISTER 7500, BYE 7500")
		if p[0].header("Route") != "<sip:127.0.0.2:5060;lr>" || b[1].header("Route") != "<sip:127.0.0.3:5060;lr>" {
			t.Errorf("Route %s at the primary, %s at the backup", p[0].header("Route"), b[1].header("Route"))
		}
		x.same(p[0], b[1], "Call-ID", "From", "To", "CSeq")
		if p[0].uri() != b[1].uri() {
			t.Errorf("Request-URI %s, then %s", p[0].uri(), b[1].uri())
		}
		x.wantPeer(server.CallOver)
	})
	// A back-to-back agent, without Record-Route: its Contact is the remote target.
	run(t, open, func(x *stack) {
		agent(x, "<sip:b2b-1002@127.0.0.2:5060;transport=udp;x=1>")
		x.post(line.HangUp{Call: "1"})
		x.until(50 * time.Second)
		p, b := x.want("BYE 0 500 1500 3500", "REGISTER 7500, BYE 7500")
		if p[0].uri() != "sip:b2b-1002@127.0.0.2:5060;transport=udp;x=1" || b[1].uri() != "sip:b2b-1002@127.0.0.3:5060;x=1;transport=udp" {
			t.Errorf("Request-URI %s, then %s", p[0].uri(), b[1].uri())
		}
	})
	// A remote target elsewhere is not the primary's and stays.
	run(t, open, func(x *stack) {
		agent(x, "<sip:1002@127.0.0.4>")
		x.post(line.HangUp{Call: "1"})
		x.until(50 * time.Second)
		p, b := x.want("BYE 0 500 1500 3500", "REGISTER 7500, BYE 7500")
		if p[0].uri() != "sip:1002@127.0.0.4" || b[1].uri() != p[0].uri() {
			t.Errorf("Request-URI %s, then %s", p[0].uri(), b[1].uri())
		}
	})
}

// agent sets a call up with a primary that ends calls itself, with this Contact, and never hears a BYE.
func agent(x *stack, contact string) {
	x.t.Helper()
	x.script(primaryAddr, func(d datagram) []string {
		switch d.method() {
		case "REGISTER":
			return []string{grant(d, 3600)}
		case "INVITE":
			return []string{accept(d, "Contact: "+contact)}
		}
		return nil
	})
	registered(x, "in_dialog_failover=rewrite")
	x.dial("1", "1002")
	x.wantCall("1", "talking")
	x.wait(time.Second)
	x.zero()
}

// FO-40: the way of this dialog leads through another server than the primary: it is that server's BYE, for 64*T1, and nobody's else.
func TestByeOfAnotherWay(t *testing.T) {
	run(t, open, func(x *stack) {
		x.net.BlackHole(thirdAddr)
		x.script(primaryAddr, func(d datagram) []string {
			if d.method() == "REGISTER" {
				return []string{grant(d, 3600)}
			}
			return []string{accept(d, "Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:127.0.0.9;lr>")}
		})
		registered(x)
		x.dial("1", "1002")
		x.wantCall("1", "talking")
		x.post(line.HangUp{Call: "1"})
		x.until(60 * time.Second)
		x.traffic(lists{primaryAddr: "INVITE 0", thirdAddr: "ACK 0, BYE 0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500"})
		x.wantEvents("bye_lost", "32000")
		x.phase(line.OnPrimary)
	})
}

// T52, FO-43: what answers to the BYE do.
func TestByeAnswers(t *testing.T) {
	for _, c := range []struct {
		name            string
		primary, backup server.Behaviour
		atPrimary       string
		atBackup        string
		lost            string
	}{
		{"T52 the primary says 481", status(481, "BYE"), serve, "BYE 0", "", ""},
		{"T52 the backup says 481", silent, status(481, "BYE"), "BYE 0 500 1500 3500", "REGISTER 7500, BYE 7500", ""},
		{"408", status(408, "BYE"), serve, "BYE 0", "", ""},
		{"500, the primary registers the line: WR-57", status(500, "BYE"), serve, "BYE 0, REGISTER 0", "", ""},
		{"500 to everything: WR-57", status(500), serve, "BYE 0, REGISTER 0", "REGISTER 0, BYE 0", ""},
		{"503", status(503, "BYE"), serve, "BYE 0", "REGISTER 0, BYE 0", ""},
		{"closed port: FO-05", refuse, serve, "BYE 0", "REGISTER 0, BYE 0", ""},
		{"100 only: FO-04 WR-24", server.Behaviour{Mode: server.Hang, Methods: []string{"BYE"}}, serve,
			"BYE 0 500 4500 8500 12500 16500 20500 24500 28500", "REGISTER 32000, BYE 32000", ""},
		{"T56 both silent", silent, silent, "BYE 0 500 1500 3500, REGISTER 71500 72000 73000",
			"REGISTER 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000", "39500"},
		{"the backup takes the REGISTER only", silent, server.Behaviour{Mode: server.Silent, Methods: []string{"BYE"}}, "BYE 0 500 1500 3500",
			"REGISTER 7500, BYE 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000", "39500"},
		{"the backup says 403: FO-29 FO-51", silent, status(403, "REGISTER"), "BYE 0 500 1500 3500, REGISTER 39500 40000 41000 43000",
			"REGISTER 7500 47000", "7500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				id := talking(x, false)
				x.behave("primary", c.primary)
				x.behave("backup", c.backup)
				x.post(line.HangUp{Call: id})
				quiet(x, id)
				x.until(74 * time.Second)
				x.want(c.atPrimary, c.atBackup)
				quiet(x, id)
				x.wantEvents("bye_lost", c.lost)
			})
		})
	}
}

// FO-37: a new call may start at once and joins the REGISTER that the BYE has started.
func TestCallWhileByeFailsOver(t *testing.T) {
	run(t, open, func(x *stack) {
		id := talking(x, false)
		x.behave("primary", silent)
		x.behave("backup", server.Behaviour{Delay: 2 * time.Second, Methods: []string{"REGISTER"}})
		x.post(line.HangUp{Call: id})
		x.until(8 * time.Second)
		x.dial("2", "1002")
		x.until(50 * time.Second)
		x.want("BYE 0 500 1500 3500", "REGISTER 7500 8000 9000, BYE 9500, INVITE 9500, ACK 9500")
		x.wantCall("2", "talking")
		if all := x.lab.Phone.Calls(); len(all) != 2 || all[0].Info().State != server.CallOver {
			t.Errorf("1002's calls: %d", len(all))
		}
	})
}

// FO-41, FO-42: once the line has moved, a BYE goes where its call can be reached without another REGISTER.
func TestByeAfterTheLineMoved(t *testing.T) {
	t.Run("FO-41 from the primary to the backup", func(t *testing.T) {
		run(t, open, func(x *stack) {
			id := talking(x, false)
			x.behave("primary", refuse)
			x.dial("2", "1002") // takes the line to the backup
			x.wantCall("2", "talking")
			x.zero()
			x.post(line.HangUp{Call: id})
			x.until(50 * time.Second)
			x.want("", "BYE 0")
			x.wantCall("2", "talking")
		})
	})
	t.Run("FO-42 from the backup to the primary", func(t *testing.T) {
		run(t, open, func(x *stack) {
			onBackup(x, "failback_interval=10")
			id := talk(x, false, x.lab.Backup)
			x.behave("primary", serve)
			x.until(20 * time.Second)
			x.phase(line.OnPrimary)
			x.behave("backup", silent)
			x.zero()
			x.post(line.HangUp{Call: id})
			x.until(50 * time.Second)
			x.want("BYE 7500", "BYE 0 500 1500 3500")
			x.wantPeer(server.CallOver)
		})
	})
}

// FO-44: the peer hangs up while our BYE is on its way: it is answered, our BYE stops, the REGISTER at the backup completes.
func TestBothHangUp(t *testing.T) {
	run(t, open, func(x *stack) {
		id := talking(x, false)
		x.behave("primary", silent)
		x.behave("backup", server.Behaviour{Delay: 2 * time.Second, Methods: []string{"REGISTER"}})
		x.post(line.HangUp{Call: id})
		x.until(8 * time.Second)
		own := x.sent(primaryAddr)[0]
		x.inject(backupAddr2, strings.Join([]string{"BYE sip:1001@127.0.0.1:5070 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.3:5062;branch=z9hG4bKpeer",
			"Max-Forwards: 70", "From: " + own.header("To"), "To: " + own.header("From"), "Call-ID: " + own.header("Call-ID"), "CSeq: 1 BYE", "Content-Length: 0", "", ""}, "\r\n"))
		x.until(50 * time.Second)
		x.traffic(lists{primaryAddr: "BYE 0 500 1500 3500", backupAddr: "REGISTER 7500 8000 9000", backupAddr2: "200 8000"})
		x.phase(line.OnBackup)
		x.wantCall(id, "ended user")
	})
}
