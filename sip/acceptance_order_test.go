package sip_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/sip/line"
)

// peer is a socket of the stranger's that stays open, so that several messages can be sent without a pause.
func (x *stack) peer(send ...string) {
	x.t.Helper()
	c, err := x.net.ListenPacket("udp", stranger.String())
	if err != nil {
		x.t.Fatal(err)
	}
	defer c.Close()
	to := net.UDPAddrFromAddrPort(phoneAddr)
	for _, raw := range send {
		if _, err := c.WriteTo([]byte(raw), to); err != nil {
			x.t.Fatal(err)
		}
	}
	synctest.Wait()
}

// WR-30: a CANCEL directly behind its INVITE ends it, each time.
func TestCancelBehindInvite(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		for i := range 20 {
			branch := fmt.Sprintf("z9hG4bKback%d", i)
			known := len(x.sent(stranger))
			x.peer(inviteOf(branch), asked("CANCEL", branch, "From: <sip:1002@127.0.0.66>;tag=f"+branch))
			var codes []string
			tags := map[string]bool{}
			for _, d := range x.sent(stranger)[known:] {
				codes = append(codes, d.name()+" "+d.method())
				tags[d.tag("To")] = true
			}
			if got := strings.Join(codes, ", "); got != "180 INVITE, 200 CANCEL, 487 INVITE" || len(tags) != 1 {
				t.Fatalf("%d: %s with To tags %v", i, got, tags)
			}
		}
	})
}

// WR-30: requests of one sender are answered in the order in which they came.
func TestRequestsInOrder(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		var all []string
		for i := range 200 {
			all = append(all, asked("OPTIONS", fmt.Sprintf("z9hG4bKo%d", i)))
		}
		x.peer(all...)
		for i, d := range x.sent(stranger) {
			if want := fmt.Sprintf("z9hG4bKo%d", i); d.branch() != want {
				t.Fatalf("answer %d is to %s", i, d.branch())
			}
		}
	})
}

// inDialog is a request of the stranger's within the call it has with the phone.
func (x *stack) inDialog(method string, cseq int, branch string, more ...string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	tag := ""
	for _, d := range x.wire {
		if d.to == stranger && d.method() == "INVITE" && d.status() > 100 {
			tag = d.tag("To")
		}
	}
	return asked(method, branch, append([]string{"From: <sip:1002@127.0.0.66>;tag=fz9hG4bKcall", "To: <sip:1001@127.0.0.1>;tag=" + tag, "Call-ID: z9hG4bKcall",
		fmt.Sprintf("CSeq: %d %s", cseq, method)}, more...)...)
}

// inCall has the stranger call line 1, which answers; the ACK is as given.
func inCall(x *stack, cseq int, settings ...string) {
	x.t.Helper()
	registered(x, settings...)
	x.net.BlackHole(stranger)
	x.inject(stranger, inviteOf("z9hG4bKcall", fmt.Sprintf("CSeq: %d INVITE", cseq)))
	x.post(line.Answer{Call: "in1"})
}

// WR-31: a request whose CSeq is lower than the highest before is 500 and changes nothing; a higher one, with gaps, is served.
func TestRemoteSequence(t *testing.T) {
	run(t, open, func(x *stack) {
		inCall(x, 5)
		x.inject(stranger, x.inDialog("ACK", 5, "z9hG4bKack"))
		for i, c := range []struct {
			method string
			cseq   int
			want   string
		}{{"INVITE", 9, "200"}, {"INVITE", 8, "500"}, {"OPTIONS", 4, "500"}, {"NOTIFY", 1, "500"}, {"OPTIONS", 9, "200"}, {"BYE", 3, "500"}, {"OPTIONS", 10, "200"}} {
			known := len(x.sent(stranger))
			x.inject(stranger, x.inDialog(c.method, c.cseq, fmt.Sprintf("z9hG4bKs%d", i)))
			if codes, _ := answers(x, known); codes != c.want {
				t.Errorf("%s %d: answered %s, want %s", c.method, c.cseq, codes, c.want)
			}
			x.inject(stranger, x.inDialog("ACK", c.cseq, fmt.Sprintf("z9hG4bKa%d", i)))
		}
		x.wantCall("in1", "talking")
		known := len(x.sent(stranger))
		x.inject(stranger, x.inDialog("BYE", 11, "z9hG4bKbye"))
		x.inject(stranger, x.inDialog("BYE", 11, "z9hG4bKbye")) // repeated
		if codes, _ := answers(x, known); codes != "200 200" {
			t.Errorf("BYE: %s", codes)
		}
		x.wantCall("in1", "ended peer")
	})
}

// WR-32: the ACK for a 2xx reaches the call with whatever Via it has. Without it the 200 is sent again (RFC 3261 13.3.1.4).
func TestACK(t *testing.T) {
	for name, via := range map[string]string{
		"a branch for itself":     "SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKack",
		"the INVITE's branch":     "SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKcall",
		"no branch":               "SIP/2.0/UDP 127.0.0.66:6000",
		"a branch of RFC 2543":    "SIP/2.0/UDP 127.0.0.66:6000;branch=1",
		"the cookie alone":        "SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bK",
		"INVITE's from elsewhere": "SIP/2.0/UDP 127.0.0.67:6000;branch=z9hG4bKcall",
	} {
		run(t, open, func(x *stack) {
			inCall(x, 1)
			x.wait(600 * time.Millisecond)
			x.inject(stranger, x.inDialog("ACK", 1, "", "Via: "+via))
			x.wait(40 * time.Second)
			if codes, _ := answers(x, 0); codes != "180 200 200" {
				t.Errorf("%s: the phone sent %s", name, codes)
			}
			x.wantCall("in1", "talking")
			x.post(line.HangUp{Call: "in1"})
		})
	}
}

// WR-32: peers of RFC 2543 have no branch at all, and are one transaction with their retransmissions, ACK and CANCEL.
func TestPeerWithoutBranch(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		const via = "Via: SIP/2.0/UDP 127.0.0.66:6000"
		x.inject(stranger, inviteOf("old", via))
		x.inject(stranger, inviteOf("old", via))
		x.post(line.Reject{Call: "in1", Code: 486})
		if codes, _ := answers(x, 0); codes != "180 180 486" {
			t.Errorf("sent %s", codes)
		}
		_, refusal := answers(x, 0)
		x.wait(600 * time.Millisecond)
		x.inject(stranger, asked("ACK", "old", via, "From: <sip:1002@127.0.0.66>;tag=fold", "To: "+refusal.header("To")))
		x.wait(40 * time.Second)
		if codes, _ := answers(x, 0); codes != "180 180 486 486" {
			t.Errorf("sent %s", codes)
		}
	})
}

// WR-33: with T1 of one second a 200 that no ACK comes for is sent until 64 s, a refusal too.
func TestServerTimers(t *testing.T) {
	run(t, open, func(x *stack) {
		inCall(x, 1, "t1_ms=1000")
		x.until(70 * time.Second)
		var at []string
		for _, d := range x.sent(stranger) {
			if d.status() == 200 {
				at = append(at, millis(d.at))
			}
		}
		if got := strings.Join(at, " "); got != "0 1000 3000 7000 11000 15000 19000 23000 27000 31000 35000 39000 43000 47000 51000 55000 59000 63000" {
			t.Errorf("200 at %s", got)
		}
		x.zero()
		x.inject(stranger, inviteOf("z9hG4bKagain"))
		x.post(line.Reject{Call: "in2", Code: 486})
		x.until(70 * time.Second)
		n := 0
		for _, d := range x.sent(stranger) {
			if d.status() == 486 {
				n++
			}
		}
		if n != 18 {
			t.Errorf("486 was sent %d times, want 18 until 64 s", n)
		}
	})
}

// WR-34: an extension that is required and unknown is 420 with its name, in any request but ACK and CANCEL.
func TestRequire(t *testing.T) {
	run(t, open, func(x *stack) {
		inCall(x, 1)
		x.inject(stranger, x.inDialog("ACK", 1, "z9hG4bKack", "Require: foo"))
		x.wait(10 * time.Second)
		if codes, _ := answers(x, 0); codes != "180 200" {
			t.Errorf("an ACK with Require did not count: %s", codes)
		}
		for i, raw := range []string{x.inDialog("BYE", 2, "z9hG4bKr0", "Require: foo"), asked("OPTIONS", "z9hG4bKr1", "Require: foo, bar"), inviteOf("z9hG4bKr2", "Require: 100rel\r\nRequire: foo"),
			x.inDialog("INVITE", 3, "z9hG4bKr3", "Require: timer")} {
			known := len(x.sent(stranger))
			x.inject(stranger, raw)
			codes, d := answers(x, known)
			if want := []string{"foo", "foo, bar", "100rel, foo", "timer"}[i]; codes != "420" || d.header("Unsupported") != want {
				t.Errorf("%s\nanswered %s, Unsupported %q", raw, codes, d.header("Unsupported"))
			}
		}
		x.wantCall("in1", "talking")
		known := len(x.sent(stranger))
		x.inject(stranger, inviteOf("z9hG4bKc"))
		x.inject(stranger, asked("CANCEL", "z9hG4bKc", "Require: foo"))
		if codes, _ := answers(x, known); codes != "180 200 487" {
			t.Errorf("CANCEL with Require: %s", codes)
		}
	})
}

// WR-35: the same INVITE on another way is 482 while it is under way; another CSeq, Call-ID or From tag is another call.
func TestMergedRequest(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		const id, from = "Call-ID: same", "From: <sip:1002@127.0.0.66>;tag=same"
		x.inject(stranger, inviteOf("z9hG4bK1", id, from))
		for _, c := range []struct {
			raw  string
			want string
		}{
			{inviteOf("z9hG4bK2", id, from), "482"},
			{inviteOf("z9hG4bK3", id, from, "CSeq: 2 INVITE"), "180"},
			{inviteOf("z9hG4bK4", id, "From: <sip:1002@127.0.0.66>;tag=other"), "180"},
			{inviteOf("z9hG4bK5", "Call-ID: other", from), "180"},
		} {
			known := len(x.sent(stranger))
			x.inject(stranger, c.raw)
			if codes, _ := answers(x, known); codes != c.want {
				t.Errorf("%s\nanswered %s, want %s", c.raw, codes, c.want)
			}
		}
		for _, id := range []line.CallID{"in1", "in2", "in3", "in4"} {
			x.post(line.Reject{Call: id})
		}
		x.wait(70 * time.Second)
		known := len(x.sent(stranger))
		x.inject(stranger, inviteOf("z9hG4bK6", id, from))
		if codes, _ := answers(x, known); codes != "180" {
			t.Errorf("after the first has ended: %s", codes)
		}
		x.post(line.Reject{Call: "in5"})
	})
}

// WR-42: an event that was not subscribed to is 489, the customary ones are taken.
func TestUnsolicitedNotify(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		for event, want := range map[string]string{
			"Event: message-summary": "200", "Event: check-sync;reboot=false": "200", "o: Message-Summary": "200", "Event: presence": "489", "Event: dialog": "489", "X: y": "489",
			"Event: keep-alive": "489", "Event: refer": "481",
		} {
			known := len(x.sent(stranger))
			x.inject(stranger, asked("NOTIFY", fmt.Sprintf("z9hG4bK%x", event), event))
			codes, d := answers(x, known)
			if codes != want || want == "489" && d.header("Allow-Events") == "" {
				t.Errorf("%s: answered %s, want %s\n%s", event, codes, want, d.raw)
			}
		}
	})
}
