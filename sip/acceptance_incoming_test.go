package sip_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// ringing has 1002 call line 1 through the primary.
func ringing(x *stack) *server.Call {
	x.t.Helper()
	c, err := x.lab.Phone.Dial(context.Background(), primaryAddr, "1001")
	if err != nil {
		x.t.Fatal(err)
	}
	x.wait(0)
	if got := x.wantCall("in1", "ringing"); got.Remote != "1002" || got.Server != line.Primary || got.Direction != line.Incoming {
		x.t.Errorf("the call is %+v", got)
	}
	return c
}

// Incoming calls: ring, then what either side does. Zero is the INVITE; the answers of a call share one To tag (RFC 3261 8.2.6.2).
func TestIncomingCall(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(x *stack, c *server.Call)
		want  string
		ended string
		peer  server.End
		sound bool
	}{
		{"rejected", func(x *stack, c *server.Call) { x.post(line.Reject{Call: "in1", Code: 486}) }, "180 0, 486 1000", "ended user 486",
			server.End{By: "server", Method: "INVITE", Status: 486}, false},
		{"hung up while it rings", func(x *stack, c *server.Call) { x.post(line.HangUp{Call: "in1"}) }, "180 0, 603 1000", "ended user 603",
			server.End{By: "server", Method: "INVITE", Status: 603}, false},
		{"cancelled", hangUpPeer, "180 0, 200 1000, 487 1000", "ended peer 487", server.End{By: "phone", Method: "CANCEL", Status: 487}, false},
		{"answered, the peer hangs up", func(x *stack, c *server.Call) {
			x.post(line.Answer{Call: "in1"})
			x.wait(5 * time.Second)
			hangUpPeer(x, c)
		}, "180 0, 200 1000 6000", "ended peer", server.End{By: "phone", Method: "BYE", Status: 200}, true},
		{"answered, the user hangs up", func(x *stack, c *server.Call) {
			x.post(line.Answer{Call: "in1"})
			x.wait(5 * time.Second)
			x.post(line.HangUp{Call: "in1"})
		}, "180 0, 200 1000, BYE 6000", "ended user", server.End{By: "peer", Method: "BYE"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				call := ringing(x)
				x.until(time.Second)
				c.do(x, call)
				x.until(60 * time.Second)
				p, _ := x.want(c.want, "")
				x.wantCall("in1", c.ended)
				if peer := x.wantPeer(server.CallOver); peer.End != c.peer {
					t.Errorf("1002's call ended %+v, want %+v", peer.End, c.peer)
				}
				tag := ""
				for _, d := range p {
					if d.status() != 0 && d.method() == "INVITE" {
						if tag = cmp.Or(tag, d.tag("To")); d.tag("To") != tag {
							t.Errorf("the To tag was %s and is %s in\n%s", tag, d.tag("To"), d.raw)
						}
					}
				}
				sound := map[bool]int{true: 251}[c.sound] // from 1 s to 6 s, both included, in both directions
				if m, back := x.lab.Phone.Media(), len(x.sound(phoneMedia(x))); int(m.Received) != sound || back != sound {
					t.Errorf("1002 received %d RTP packets and sent %d, want %d", m.Received, back, sound)
				}
			})
		})
	}
}

func hangUpPeer(x *stack, c *server.Call) {
	x.t.Helper()
	if err := c.HangUp(context.Background()); err != nil {
		x.t.Error(err)
	}
}

// FO-68: an answer that nobody confirms is repeated for 64*T1; then the call is over. It came from neither server, so no other than its
// caller can take the BYE (FO-40).
func TestAnswerIsNotConfirmed(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(primaryAddr2)
		x.inject(primaryAddr2, invite("call-1", "sip:1002@127.0.0.2:5062"))
		x.post(line.Answer{Call: "in1"})
		x.wantCall("in1", "talking")
		x.until(100 * time.Second)
		x.traffic(lists{
			primaryAddr2: "180 0, 200 0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500, BYE 32000 32500 33500 35500 39500 43500 47500 51500 55500 59500 63500",
		})
		x.wantCall("in1", "ended phone")
	})
}

// FO-68, FO-36: the BYE of a call that came from the primary fails over as any other.
func TestAnswerIsNotConfirmedByThePrimary(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", refuse)
		x.inject(primaryAddr, strings.ReplaceAll(invite("call-1", "sip:1002@127.0.0.4:5060"), "127.0.0.2:5062", "127.0.0.2:5060"))
		x.behave("primary", silent)
		x.post(line.Answer{Call: "in1"})
		x.until(100 * time.Second)
		x.want("180 0, 200 0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500, BYE 32000 32500 33500 35500", "REGISTER 39500, BYE 39500")
		x.wantCall("in1", "ended phone")
	})
}

// invite is an INVITE to line 1 from 127.0.0.2:5062, where nothing listens between datagrams.
func invite(callID, contact string, more ...string) string {
	body := strings.Join([]string{"v=0", "o=- 1 1 IN IP4 127.0.0.4", "s=-", "c=IN IP4 127.0.0.4", "t=0 0", "m=audio 4000 RTP/AVP 0", ""}, "\r\n")
	return strings.Join(append(append([]string{"INVITE sip:1001@127.0.0.1:5070 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.2:5062;branch=z9hG4bK-" + callID,
		"Max-Forwards: 70", "From: <sip:1002@127.0.0.2>;tag=from", "To: <sip:1001@127.0.0.2>", "Call-ID: " + callID, "CSeq: 1 INVITE",
		"Contact: <" + contact + ">"}, more...), "Content-Type: application/sdp", fmt.Sprintf("Content-Length: %d", len(body)), "", body), "\r\n")
}

// The peer changes the session of a call that is up (RFC 3261 14.2): hold stops our sound, resume brings it back, an offer that cannot be
// had leaves the call as it was, and so does a request with wrong tags.
func TestPeerChangesTheSession(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(primaryAddr2)
		first := invite("call-1", "sip:1002@127.0.0.2:5062")
		x.inject(primaryAddr2, first)
		x.post(line.Answer{Call: "in1"})
		tag := x.sent(primaryAddr2)[1].tag("To")
		within := func(method string, cseq int, from, attribute string) string {
			raw := strings.Replace(first, "branch=z9hG4bK-call-1", fmt.Sprintf("branch=z9hG4bK%s%d", method, cseq), 1)
			raw = strings.Replace(strings.Replace(raw, "To: <sip:1001@127.0.0.2>", "To: <sip:1001@127.0.0.2>;tag="+tag, 1), "tag=from", "tag="+from, 1)
			raw = strings.Replace(strings.Replace(raw, "CSeq: 1 INVITE", fmt.Sprintf("CSeq: %d %s", cseq, method), 1), "INVITE sip:", method+" sip:", 1)
			head, body, _ := strings.Cut(raw, "\r\n\r\n")
			body += attribute
			head = head[:strings.LastIndex(head, "Content-Length")] + fmt.Sprintf("Content-Length: %d", len(body))
			return head + "\r\n\r\n" + body
		}
		answer := func(wait time.Duration) datagram {
			x.t.Helper()
			x.wait(wait)
			all := x.sent(primaryAddr2)
			return all[len(all)-1]
		}
		x.inject(primaryAddr2, within("ACK", 1, "from", ""))
		x.wait(time.Second)
		for i, step := range []struct {
			from, attribute string
			status          int
			direction       string
			packets         bool
		}{
			{"from", "a=sendonly\r\n", 200, "a=recvonly", false},
			{"from", "a=sendrecv\r\n", 200, "a=sendrecv", true},
			{"mallory", "a=sendonly\r\n", 481, "", true},
		} {
			x.zero()
			x.inject(primaryAddr2, within("INVITE", 2+i, step.from, step.attribute))
			d := answer(0)
			if d.status() != step.status || d.tag("To") != tag || !strings.Contains(d.body(), step.direction) {
				t.Errorf("step %d: answered by\n%s", i, d.raw)
			}
			ack := within("ACK", 2+i, step.from, "")
			if step.status >= 300 {
				ack = strings.Replace(ack, "z9hG4bKACK", "z9hG4bKINVITE", 1) // RFC 3261 17.1.1.3
			}
			x.inject(primaryAddr2, ack)
			x.zero()
			x.wait(time.Second)
			if n := len(x.sound(peerMedia)); n != map[bool]int{true: 50}[step.packets] {
				t.Errorf("step %d: %d RTP packets in the second after", i, n)
			}
			x.traffic(lists{primaryAddr2: ""}) // the ACK ended the repeats
		}
		x.wantCall("in1", "talking")
		x.inject(primaryAddr2, within("BYE", 9, "from", ""))
		if d := answer(0); d.status() != 200 {
			t.Errorf("BYE answered by\n%s", d.raw)
		}
		x.wantCall("in1", "ended peer")
	})
}

// FO-69, FO-67: an incoming call rings whatever the line is doing, from either server.
func TestIncomingCallDuringFailover(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", silent)
		x.behave("backup", server.Behaviour{Delay: 3 * time.Second, Methods: []string{"REGISTER"}})
		x.post(line.Register{})
		x.until(9 * time.Second) // REGISTER at the backup pending
		if _, err := x.lab.Phone.Dial(context.Background(), backupAddr, "1001"); err != nil {
			t.Fatal(err)
		}
		x.wait(0)
		x.post(line.Answer{Call: "in1"})
		x.until(20 * time.Second)
		if c := x.wantCall("in1", "talking"); c.Server != line.Backup {
			t.Errorf("the call is %+v", c)
		}
		x.want(fourSends, "REGISTER 7500 8000 9000, 180 9000, 200 9000")
		x.phase(line.OnBackup)
	})
}

// A call for another number, without a number, in an unknown dialog or with a session this phone cannot have does not ring.
func TestIncomingCallThatDoesNotRing(t *testing.T) {
	base := invite("call-1", "sip:1002@127.0.0.2:5062")
	for _, c := range []struct {
		name, raw string
		want      string
	}{
		{"another number", strings.Replace(base, "sip:1001@127.0.0.1", "sip:1003@127.0.0.1", 1), "404 0"},
		{"no number", strings.Replace(base, "sip:1001@127.0.0.1", "sip:127.0.0.1", 1), "404 0"},
		{"unknown dialog", strings.Replace(base, "To: <sip:1001@127.0.0.2>", "To: <sip:1001@127.0.0.2>;tag=x", 1), "481 0"},
		{"no audio", strings.Replace(base, "m=audio", "m=video", 1), "488 0"},
		{"no common codec", strings.Replace(base, "RTP/AVP 0", "RTP/AVP 9", 1), "488 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				x.inject(primaryAddr2, c.raw)
				got := x.sent(primaryAddr2)
				if len(got) == 0 || got[0].name()+" "+millis(got[0].at) != c.want {
					t.Errorf("%s", x.story())
				}
				if c := x.call("in1"); c.ID != "" {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// The same INVITE by two ways is one call (RFC 3261 8.2.2.2), a retransmission gets the answer again (17.2.1), and the second call of a
// busy line is the phone's affair: it rings.
func TestIncomingCallTwice(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		raw := invite("call-1", "sip:1002@127.0.0.2:5062")
		x.inject(primaryAddr2, raw)
		x.inject(primaryAddr2, raw)
		x.inject(backupAddr2, strings.Replace(raw, "127.0.0.2:5062;branch=z9hG4bK-call-1", "127.0.0.3:5062;branch=z9hG4bK-other", 1))
		x.inject(primaryAddr2, strings.Replace(invite("call-2", "sip:1002@127.0.0.2:5062"), "tag=from", "tag=two", 1))
		var statuses []int
		for _, d := range x.sent(noAddr) {
			statuses = append(statuses, d.status())
		}
		if !slices.Equal(statuses, []int{180, 180, 482, 180}) {
			t.Errorf("answers %v", statuses)
		}
		x.wantCall("in1", "ringing")
		x.wantCall("in2", "ringing")
	})
}

// CF-04: a call that comes while the line ends is refused.
func TestIncomingCallAtTheEnd(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", silent) // keeps the removal going for 4 s
		x.runs[1].cancel()
		x.wait(time.Second)
		call, err := x.lab.Phone.Dial(context.Background(), backupAddr, "1001")
		if err != nil {
			t.Fatal(err)
		}
		var refused *server.StatusError
		if err := call.Answered(context.Background()); !errors.As(err, &refused) || refused.Status != 480 {
			t.Errorf("%v, want 480", err)
		}
	})
}
