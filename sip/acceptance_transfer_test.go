package sip_test

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

// third puts a phone 1003 beside 1002, known to both servers.
func (x *stack) third(how server.Answering) *server.Phone {
	x.t.Helper()
	p, err := server.NewPhone(server.PhoneConfig{User: "1003", Answering: how, Listen: func() (net.PacketConn, error) {
		return x.net.ListenPacket("udp", thirdAddr.String())
	}})
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.lab.Primary.Registrations().Bind("1003", p.Contact(), time.Hour); err != nil {
		x.t.Fatal(err)
	}
	x.tasks.Go(func() {
		if err := p.Run(context.Background()); err != nil {
			x.t.Error(err)
		}
	})
	x.ends = append(x.ends, p.Close)
	return p
}

// wantTransfer checks the steps of the transfers since zero, "asked accepted failed 486".
func (x *stack) wantTransfer(want string) {
	x.t.Helper()
	var got []string
	x.mu.Lock()
	for _, e := range x.events {
		if n, ok := e.data.(event.Transfer); ok && n.Code != 100 { // it may come after the next
			got = append(got, n.State)
			if n.State == string(line.TransferFailed) || n.State == string(line.TransferProgress) {
				got = append(got, strconv.Itoa(n.Code))
			}
		}
	}
	x.mu.Unlock()
	if s := strings.Join(got, " "); s != want {
		x.t.Errorf("transfer %q, want %q\n%s", s, want, x.story())
	}
}

// RFC 3515, RFC 5589 6.1: 1002 calls 1003 for us and tells how that goes; then our call ends with BYE and theirs goes on.
func TestTransfer(t *testing.T) {
	for _, incoming := range []bool{false, true} {
		for _, routed := range []bool{true, false} {
			t.Run(name("incoming", incoming)+" "+name("record-route", routed), func(t *testing.T) {
				run(t, server.LabConfig{Open: true, NoRecordRoute: !routed}, func(x *stack) {
					third := x.third(server.Answering{After: 2 * time.Second})
					id := talking(x, incoming)
					x.post(line.Transfer{Call: id, To: "1003"})
					x.wait(5 * time.Second)
					p, _ := x.want("REFER 0, 200 0, 200 0, 200 2000, BYE 2000", "")
					if got := p[0].header("Refer-To"); got != "<sip:1003@127.0.0.2>" || p[0].header("Referred-By") != "<sip:1001@127.0.0.2>" {
						t.Errorf("the REFER is\n%s", p[0].raw)
					}
					x.wantTransfer("asked accepted progress 180 succeeded")
					if c := x.wantCall(id, "ended user"); c.End.Reason != "transferred to 1003" {
						t.Errorf("the call ended %+v", c.End)
					}
					if calls := third.Calls(); len(calls) != 1 || calls[0].Info().State != server.CallUp || calls[0].Info().Remote != "1002" {
						t.Errorf("1003 has %d calls", len(calls))
					}
				})
			})
		}
	}
}

// A transfer that fails gives the call back: whoever does not answer, is not known or does not want to be called.
func TestTransferFails(t *testing.T) {
	for _, c := range []struct {
		how  server.Answering
		to   string
		want string
	}{
		{server.Answering{Mode: server.Busy}, "1003", "asked accepted failed 486"},
		{server.Answering{Mode: server.Decline, After: time.Second}, "1003", "asked accepted progress 180 failed 603"},
		{server.Answering{}, "1099", "asked accepted failed 404"},
	} {
		t.Run(c.to+" "+string(c.how.Mode), func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.third(c.how)
				talking(x, false)
				x.post(line.Transfer{Call: "1", To: c.to})
				x.wait(5 * time.Second)
				if p := x.sent(primaryAddr); p[0].method() != "REFER" || p[len(p)-1].method() != "NOTIFY" {
					t.Error(x.story())
				}
				x.wantTransfer(c.want)
				x.wantCall("1", "talking")
				if first := x.lab.Phone.Calls()[0].Info(); first.State != server.CallUp {
					t.Errorf("the call of 1002 is %+v", first)
				}
				x.zero()
				x.post(line.HangUp{Call: "1"})
				x.wait(time.Second)
				x.want("BYE 0", "")
			})
		})
	}
}

// REFER is no failover trigger: a silent server gets the full schedule, and the BYE that ends the call fails over.
func TestTransferNoFailover(t *testing.T) {
	run(t, open, func(x *stack) {
		talking(x, false)
		x.behave("primary", silent)
		x.post(line.Transfer{Call: "1", To: "1003"})
		x.wait(45 * time.Second)
		x.want("REFER 0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500, BYE 32000 32500 33500 35500", "REGISTER 39500, BYE 39500")
		x.wantTransfer("asked failed 0")
		x.wantCall("1", "ended phone")
	})
}

// What a NOTIFY may say, and from whom: only one of the call's own dialog counts, and only a status line says anything.
func TestTransferNotify(t *testing.T) {
	run(t, open, func(x *stack) {
		var invite, refer datagram
		x.script(backupAddr, func(d datagram) []string { return nil })
		x.script(primaryAddr, func(d datagram) []string {
			switch d.method() {
			case "REGISTER":
				return []string{grant(d, 3600)}
			case "INVITE":
				invite = d
				return []string{accept(d, "Contact: <sip:peer@127.0.0.2>")}
			case "REFER":
				refer = d
				return []string{reply(d, "202 Accepted")}
			}
			if d.status() > 0 || d.method() == "ACK" {
				return nil
			}
			return []string{reply(d, "200 OK")}
		})
		x.start()
		x.wait(time.Second)
		x.dial("1", "1002")
		x.wait(time.Second)
		x.zero()
		x.post(line.Transfer{Call: "1", To: "1003"})
		x.wait(time.Second)
		if refer.raw == "" {
			t.Fatal(x.story())
		}
		n := 0
		notify := func(tag, state, kind, body string) int {
			n++
			x.inject(thirdAddr, strings.Join([]string{
				"NOTIFY sip:1001@127.0.0.1:5070 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bKnotify" + strconv.Itoa(n),
				"From: <sip:1002@127.0.0.2>;tag=" + tag, "To: " + invite.header("From"), "Call-ID: " + invite.header("Call-ID"),
				"CSeq: " + strconv.Itoa(n) + " NOTIFY", "Max-Forwards: 70", "Contact: <sip:peer@127.0.0.9>", "Event: refer;id=2",
				"Subscription-State: " + state, "Content-Type: " + kind, "Content-Length: " + strconv.Itoa(len(body)), "", body}, "\r\n"))
			x.wait(0)
			return x.answerTo(thirdAddr, "z9hG4bKnotify"+strconv.Itoa(n))
		}
		const frag = "message/sipfrag;version=2.0"
		for _, c := range []struct {
			tag, state, kind, body string
			want                   int
		}{
			{"alien", "terminated", frag, "SIP/2.0 200 OK\r\n", 481},
			{"peer", "active", "text/plain", "SIP/2.0 200 OK\r\n", 400},
			{"peer", "active", frag, "SIP/2.0 abc\r\n", 400},
			{"peer", "active", frag, "SIP/2.0 999 OK\r\n", 400},
			{"peer", "active", frag, "", 400},
			{"peer", "active;expires=60", frag, "SIP/2.0 183 Session Progress\r\nServer: x\r\n", 200},
			{"peer", "terminated;reason=giveup", frag, "", 200},
			{"peer", "terminated", frag, "SIP/2.0 200 OK\r\n", 200}, // too late: the first said that nothing more comes
		} {
			if got := notify(c.tag, c.state, c.kind, c.body); got != c.want {
				t.Errorf("NOTIFY %+v was answered %d\n%s", c, got, x.story())
			}
		}
		x.wantTransfer("asked accepted progress 183 failed 0")
		x.wantCall("1", "talking")
	})
}

// answerTo is the status of the phone's answer on a branch, 0 for none.
func (x *stack) answerTo(at netip.AddrPort, branch string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range x.wire {
		if d.to == at && d.status() > 0 && d.branch() == branch {
			return d.status()
		}
	}
	return 0
}
