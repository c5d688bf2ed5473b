package sip_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// deaf is a place where RTP is taken and none comes from.
func deaf(x *stack, at string) netip.AddrPort {
	x.t.Helper()
	c, err := x.net.ListenPacket("udp", at)
	if err != nil {
		x.t.Fatal(err)
	}
	x.ends = append(x.ends, func() { c.Close() })
	return netip.MustParseAddrPort(at)
}

// WR-38: a re-INVITE without SDP: our 200 has the offer, and the answer in the ACK says who holds.
func TestReinviteWithoutOffer(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.up(offer()...)
		for i, step := range []struct {
			answer    string
			state     string
			direction string // of our next offer: we want both
			packets   int
		}{{"a=sendonly", "held", "a=sendrecv", 0}, {"a=sendrecv", "talking", "a=sendrecv", 50}, {"a=inactive", "held", "a=sendrecv", 0}} {
			before := x.call("in1").State
			by.send("INVITE", 2+i)
			by.want(200, "Content-Type: application/sdp", audio[:8], step.direction)
			x.wantCall("in1", string(before)) // nothing is said yet
			by.send("ACK", 2+i, offer(step.answer)...)
			x.wantCall("in1", step.state)
			by.send("ACK", 2+i, offer()...) // the ACK once more, and another one at that
			x.wantCall("in1", step.state)
			if n := x.packets(peerMedia); n != step.packets {
				t.Errorf("%s: %d RTP packets", step.answer, n)
			}
		}
		x.wantEvents("hold", "0 1000 2000")
	})
}

// WR-38, RFC 3264 8.4: our 200 to a re-INVITE without SDP offers what we want: hold, while we hold. What the ACK answers cannot end that; resuming offers
// again, and the session version rises by one each time it says something else.
func TestReinviteWithoutOfferWhileWeHold(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.up(offer()...)
		x.post(line.Hold{Call: "in1"})
		hold := by.got()
		x.inject(primaryAddr2, reply(hold, "200 OK", offer("a=recvonly")...))
		x.wantCall("in1", "held")
		version := func(d datagram) string {
			_, o, _ := strings.Cut(d.raw, "\r\no=")
			f := strings.Fields(o)
			if len(f) < 3 {
				t.Fatalf("no o= line in\n%s", d.raw)
			}
			return f[2]
		}
		by.send("INVITE", 2)
		if d := by.want(200, "a=sendonly"); d.cseq() != 2 || version(d) != version(hold) {
			t.Errorf("the offer is\n%s\nafter\n%s", d.raw, hold.raw)
		}
		by.send("ACK", 2, offer("a=recvonly")...)
		x.wantCall("in1", "held")
		x.wait(time.Second)
		x.zero()
		x.post(line.Resume{Call: "in1"})
		d := by.got()
		if d.method() != "INVITE" || d.status() != 0 || !strings.Contains(d.raw, "a=sendrecv") || version(d) == version(hold) {
			t.Errorf("resume is\n%s", d.raw)
		}
		x.inject(primaryAddr2, reply(d, "200 OK", offer()...))
		x.wantCall("in1", "talking")
		if n := x.packets(peerMedia); n != 50 {
			t.Errorf("%d RTP packets in the second after", n)
		}
		x.traffic(lists{primaryAddr2: "INVITE 0, ACK 0"})
	})
}

// WR-38: an ACK whose answer cannot be used, or that has none, leaves the session as it was: talking, and the sound where it went.
func TestReinviteWithoutOfferIsNotAnswered(t *testing.T) {
	for name, answer := range map[string][]string{
		"none":          nil,
		"another codec": described("127.0.0.4", "m=audio 4002 RTP/AVP 18"),
		"IPv6":          described("2001:db8::7", audio, "a=sendonly"),
		"no SDP":        {"Content-Type: text/plain", "", "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				by := newHandCaller(x)
				by.up(offer()...)
				by.send("INVITE", 2)
				by.want(200, "a=sendrecv")
				by.send("ACK", 2, answer...)
				x.wantCall("in1", "talking")
				if n := x.packets(peerMedia); n != 50 {
					t.Errorf("%d RTP packets in the second after", n)
				}
				x.wantEvents("hold", "")
				x.post(line.Hold{Call: "in1"}) // does not wait for an answer any more
				if d := by.got(); d.method() != "INVITE" || d.status() != 0 || !strings.Contains(d.raw, "a=sendonly") {
					t.Errorf("hold is\n%s", d.raw)
				}
			})
		})
	}
}

// WR-38, FO-68: our 200 to a re-INVITE without SDP that is never acknowledged is repeated for 64*T1, and then ends the call by BYE, as that to an INVITE.
func TestReinviteWithoutOfferIsNotAcknowledged(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.up(offer()...)
		x.wait(time.Second)
		x.zero()
		by.send("INVITE", 2)
		by.want(200, "m=audio 1")
		x.until(31999 * time.Millisecond)
		x.wantCall("in1", "talking")
		x.until(32 * time.Second)
		x.wantCall("in1", "ended phone")
		x.until(32100 * time.Millisecond)
		x.traffic(lists{primaryAddr2: "200 0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500, BYE 32000"})
	})
}

// WR-38, RFC 3261 14.1: the peer refuses our hold with 491 and sends its own re-INVITE without SDP while we wait: our hold is sent once, when the ACK has
// settled that.
func TestReinviteWithoutOfferAfterGlare(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.up(offer()...)
		x.zero()
		x.post(line.Hold{Call: "in1"})
		x.inject(primaryAddr2, reply(by.got(), "491 Request Pending"))
		by.send("INVITE", 2)
		by.want(200, "a=sendrecv", "m=audio 1")
		x.until(3 * time.Second) // 491 asks for 0 to 2 s from who did not choose the Call-ID
		x.traffic(lists{primaryAddr2: "INVITE 0, ACK 0, 200 0 500 1500"})
		by.send("ACK", 2, offer()...)
		x.wantCall("in1", "talking")
		d := by.got()
		if d.method() != "INVITE" || d.status() != 0 || !strings.Contains(d.raw, "a=sendonly") || d.cseq() != 2 {
			t.Errorf("hold is\n%s", d.raw)
		}
		x.inject(primaryAddr2, reply(d, "200 OK", offer("a=recvonly")...))
		x.wantCall("in1", "held")
		x.until(10 * time.Second)
		x.traffic(lists{primaryAddr2: "INVITE 0, ACK 0, 200 0 500 1500, INVITE 3000, ACK 3000"})
	})
}

// WR-38: while the offer of our 200 is unanswered, another one gets 491, and the 200 is repeated as before.
func TestOfferWhileOursIsUnanswered(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.send("INVITE", 1) // without SDP
		by.want(180)
		by.tag = by.got().tag("To")
		x.post(line.Answer{Call: "in1"})
		first := by.want(200, "m=audio 1")
		x.zero()
		by.send("INVITE", 2, offer("a=sendonly")...)
		if d := by.want(491); d.cseq() != 2 {
			t.Errorf("491 to\n%s", d.raw)
		}
		by.n--
		by.send("ACK", 2)              // on the branch of its INVITE
		x.post(line.Hold{Call: "in1"}) // has to wait, too
		x.until(500 * time.Millisecond)
		if again := by.want(200); again.raw != first.raw {
			t.Errorf("the 200 is repeated as\n%s", again.raw)
		}
		x.wantCall("in1", "talking")
		by.send("ACK", 1, offer()...)
		x.wantCall("in1", "talking")
		if d := by.got(); d.method() != "INVITE" || d.status() != 0 || !strings.Contains(d.raw, "a=sendonly") {
			t.Errorf("hold is\n%s", d.raw)
		}
		x.until(900 * time.Millisecond)
		x.traffic(lists{primaryAddr2: "491 0, 200 500, INVITE 500"})
	})
}

// WR-38: a re-INVITE of an early dialog has to wait (RFC 3261 14.2).
func TestReinviteWhileRinging(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.send("INVITE", 1, offer()...)
		by.tag = by.want(180).tag("To")
		by.send("INVITE", 2, offer()...)
		by.want(500, "Retry-After: ")
		x.wantCall("in1", "ringing")
		x.post(line.Answer{Call: "in1"})
		if d := by.want(200, "m=audio 1"); d.cseq() != 1 {
			t.Errorf("answered\n%s", d.raw)
		}
	})
}

// WR-38, WR-43: an ACK without the answer is a call without sound, and says so.
func TestAckWithoutAnswer(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.up()
		x.until(5 * time.Second)
		x.wantMedia("2000 {no_rtp in no packet received}", "2000 {no_rtp out no answer to our offer}")
	})
}

// answersInvite has the primary answer each INVITE with these responses.
func answersInvite(x *stack, f func(d datagram) []string) {
	x.script(primaryAddr, func(d datagram) []string {
		switch d.method() {
		case "REGISTER":
			return []string{grant(d, 3600)}
		case "INVITE":
			return f(d)
		case "BYE", "CANCEL":
			return []string{reply(d, "200 OK")}
		}
		return nil
	})
}

// with is a response with SDP of audio at an address.
func with(d datagram, status, at string, more ...string) string {
	a := netip.MustParseAddrPort(at)
	fields := described(a.Addr().String(), append([]string{strings.Replace(audio, "4000", strings.Split(at, ":")[len(strings.Split(at, ":"))-1], 1)}, more...)...)
	return reply(d, status, fields...)
}

// WR-38: the first SDP of a dialog is the answer, in whichever response it comes (RFC 3261 13.2.1); early media is heard while it rings.
func TestEarlyMedia(t *testing.T) {
	const here, there = "127.0.0.4:4000", "127.0.0.4:4002"
	for _, c := range []struct {
		name   string
		early  func(d datagram) []string
		final  func(d datagram) string
		sounds string // where RTP goes early
		then   string // and after the answer
		media  []string
		held   bool
	}{
		{name: "in 183, 200 without", early: func(d datagram) []string { return []string{with(d, "183 Session Progress", here)} },
			final: func(d datagram) string { return reply(d, "200 OK") }, sounds: here, then: here},
		{name: "in 180, 200 without", early: func(d datagram) []string { return []string{with(d, "180 Ringing", here)} },
			final: func(d datagram) string { return reply(d, "200 OK") }, sounds: here, then: here},
		{name: "in 183, another one in the 200", early: func(d datagram) []string { return []string{with(d, "183 Session Progress", here)} },
			final: func(d datagram) string { return with(d, "200 OK", there, "a=inactive") }, sounds: here, then: here},
		{name: "in 183, the same in the 200", early: func(d datagram) []string { return []string{with(d, "183 Session Progress", here)} },
			final: func(d datagram) string { return with(d, "200 OK", here) }, sounds: here, then: here},
		{name: "two in 183", early: func(d datagram) []string {
			return []string{with(d, "183 Session Progress", here), with(d, "183 Session Progress", there)}
		}, final: func(d datagram) string { return reply(d, "200 OK") }, sounds: here, then: here},
		{name: "in the 200 alone", early: func(d datagram) []string { return []string{reply(d, "180 Ringing")} },
			final: func(d datagram) string { return with(d, "200 OK", here) }, then: here},
		{name: "a 183 that cannot be used", early: func(d datagram) []string {
			return []string{with(d, "183 Session Progress", "[2001:db8::7]:4000"), reply(d, "183 Session Progress", "Content-Type: text/plain", "", "hello"), with(d, "183 Session Progress", "127.0.0.4:0")}
		}, final: func(d datagram) string { return with(d, "200 OK", here) }, then: here},
		{name: "a 183 without a tag", early: func(d datagram) []string {
			return []string{strings.Replace(with(d, "183 Session Progress", here), ";tag=peer", "", 1)}
		}, final: func(d datagram) string { return reply(d, "200 OK") }, sounds: here, then: here},
		{name: "one fork rings, another one answers", early: func(d datagram) []string { return []string{tagged(with(d, "183 Session Progress", there), "fork")} },
			final: func(d datagram) string { return with(d, "200 OK", here) }, sounds: there, then: here},
		{name: "both forks ring", early: func(d datagram) []string {
			return []string{with(d, "183 Session Progress", here), tagged(with(d, "183 Session Progress", there), "fork")}
		}, final: func(d datagram) string { return reply(d, "200 OK") }, sounds: there, then: here},
		{name: "held by the answer", early: func(d datagram) []string { return []string{reply(d, "180 Ringing")} },
			final: func(d datagram) string { return with(d, "200 OK", here, "a=sendonly") }, held: true},
		{name: "no answer at all", early: func(d datagram) []string { return []string{reply(d, "180 Ringing")} },
			final: func(d datagram) string { return reply(d, "200 OK") },
			media: []string{"2000 {no_rtp in no packet received}", "2000 {no_rtp out no answer to our offer}"}},
		{name: "the answer of another fork alone", early: func(d datagram) []string { return []string{tagged(with(d, "183 Session Progress", here), "fork")} },
			final: func(d datagram) string { return reply(d, "200 OK") }, sounds: here,
			media: []string{"2000 {no_rtp in no packet received}", "2000 {no_rtp out no answer to our offer}"}},
		{name: "an answer of another IP version", early: func(d datagram) []string { return nil },
			final: func(d datagram) string { return with(d, "200 OK", "[2001:db8::7]:4000") },
			media: []string{"2000 {no_rtp in no packet received}", "2000 {no_rtp out answer: sdp: no usable audio stream: 2001:db8::7: address of another IP version}"}},
		{name: "an answer without audio", early: func(d datagram) []string { return nil },
			final: func(d datagram) string { return with(d, "200 OK", "127.0.0.4:0") },
			media: []string{"2000 {no_rtp out the other side has no audio stream, port 0}"}},
		{name: "an answer in parts", early: func(d datagram) []string { return nil },
			final: func(d datagram) string {
				return reply(d, "200 OK", multipart("mixed", "Content-Type: text/plain\r\n\r\nx", strings.Join(offer(), "\r\n"))...)
			}, then: here},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				deaf(x, there)
				var invite datagram
				answersInvite(x, func(d datagram) []string {
					invite = d
					return c.early(d)
				})
				registered(x)
				x.dial("1", "1002")
				sounds := func(when, where string, d time.Duration) {
					t.Helper()
					x.zero()
					x.wait(d)
					for _, at := range []string{here, there} {
						got, want := len(x.sound(netip.MustParseAddrPort(at))), 0
						if at == where {
							want = 50
						}
						if got != want {
							t.Errorf("%s: %d RTP packets to %s", when, got, at)
						}
					}
				}
				sounds("early", c.sounds, time.Second)
				if s := x.call("1").State; s != line.Ringback && s != line.Calling || s == line.Calling && c.sounds != "" {
					t.Errorf("the call is %s", s)
				}
				x.zero()
				x.inject(thirdAddr, c.final(invite))
				if c.held {
					x.wantCall("1", "held")
				} else {
					x.wantCall("1", "talking")
				}
				x.until(2500 * time.Millisecond)
				if c.held || c.media != nil || c.then == here { // 1002 sends back what it hears
					x.wantMedia(c.media...)
				}
				sounds("after the answer", c.then, time.Second)
			})
		})
	}
}

// WR-38, FO-25: a server that refuses after early media ends that; the INVITE at the next server offers the same.
func TestEarlyMediaOfAServerThatRefuses(t *testing.T) {
	run(t, open, func(x *stack) {
		answersInvite(x, func(d datagram) []string {
			return []string{with(d, "183 Session Progress", peerMedia.String()), reply(d, "503 Service Unavailable")}
		})
		x.script(backupAddr, func(d datagram) []string {
			switch d.method() {
			case "REGISTER":
				return []string{grant(d, 3600)}
			case "INVITE":
				return []string{reply(d, "180 Ringing")}
			}
			return nil
		})
		registered(x)
		x.dial("1", "1002")
		dialled := time.Since(x.mark)
		x.wait(time.Second)
		// The first packet may be sent before the 503 is read, which comes at the same instant; none is sent later.
		if sound := x.sound(peerMedia); len(sound) > 1 || len(sound) == 1 && sound[0] != dialled {
			t.Errorf("RTP packets at %v, dialled at %v", sound, dialled)
		}
		x.wantCall("1", "ringback")
		var bodies []string
		for _, d := range x.sent(noAddr) {
			if d.method() == "INVITE" && d.status() == 0 {
				bodies = append(bodies, d.body())
			}
		}
		if len(bodies) != 2 || bodies[0] != bodies[1] {
			t.Errorf("offers:\n%s", strings.Join(bodies, "\n"))
		}
	})
}

// WR-38: the answer to a re-INVITE may come in a provisional response; whether the peer holds is in the answer to our resume.
func TestAnswerToReinvite(t *testing.T) {
	run(t, open, func(x *stack) {
		direction := "a=sendrecv"
		answersInvite(x, func(d datagram) []string {
			if d.tag("To") == "" {
				return []string{with(d, "200 OK", peerMedia.String())}
			}
			return []string{with(d, "183 Session Progress", peerMedia.String(), direction), reply(d, "200 OK")}
		})
		registered(x)
		x.dial("1", "1002")
		x.wantCall("1", "talking")
		for _, step := range []struct {
			event     line.Event
			direction string
			state     string
			packets   int
		}{
			{line.Hold{Call: "1"}, "a=recvonly", "held", 50}, // the tone goes on
			{line.Resume{Call: "1"}, "a=sendonly", "held", 0},
			{line.Hold{Call: "1"}, "a=inactive", "held", 0},
			{line.Resume{Call: "1"}, "a=sendrecv", "talking", 50},
		} {
			direction = step.direction
			x.post(step.event)
			x.wantCall("1", step.state)
			if n := x.packets(peerMedia); n != step.packets {
				t.Errorf("%T answered %s: %d RTP packets", step.event, step.direction, n)
			}
		}
		x.wait(5 * time.Second)
		x.wantMedia()
	})
}

// WR-39: a name in c= is looked up while the line goes on; RTP is sent once it has an address.
func TestNameInSDP(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.hosts, x.names.delay = map[string][]string{"phone.example": {"2001:db8::7", "127.0.0.4"}, "six.example": {"2001:db8::7"}}, 3*time.Second
		registered(x)
		by := newHandCaller(x)
		named := func(name string) []string {
			fields := offer()
			for i := range fields {
				fields[i] = strings.Replace(fields[i], "c=IN IP4 127.0.0.4", "c=IN IP4 "+name, 1)
			}
			return fields
		}
		by.up(named("phone.example")...)
		by.send("OPTIONS", 2)
		by.want(200) // the line does not wait for the name
		if n := x.packets(peerMedia); n > 0 {
			t.Errorf("%d RTP packets to a name", n)
		}
		x.until(4 * time.Second)
		x.wantMedia("2000 {no_rtp in no packet received}", "2000 {no_rtp out phone.example is not resolved}", "3000 {rtp in }")
		if n := x.packets(peerMedia); n != 50 {
			t.Errorf("%d RTP packets", n)
		}
		x.wantMedia("2000 {no_rtp in no packet received}", "2000 {no_rtp out phone.example is not resolved}", "3000 {rtp in }", "4500 {rtp out }")

		x.zero()
		by.send("INVITE", 3, named("phone.example")...) // known already
		by.want(200)
		by.send("ACK", 3)
		if n := x.packets(peerMedia); n != 50 {
			t.Errorf("%d RTP packets after a re-INVITE", n)
		}
		x.zero()
		by.send("INVITE", 4, named("six.example")...) // no address of this IP version
		by.want(200)
		by.send("ACK", 4)
		x.until(10 * time.Second)
		x.wantMedia("2000 {no_rtp in no packet received}", "2000 {no_rtp out six.example is not resolved}")
		x.zero()
		by.send("INVITE", 5, named("none.example")...)
		by.want(200)
		by.send("ACK", 5)
		by.send("INVITE", 6, offer()...) // before the name is looked up
		by.want(200)
		by.send("ACK", 6)
		x.until(10 * time.Second)
		x.wantMedia("0 {rtp in }", "1500 {rtp out }")
		x.post(line.HangUp{Call: "in1"})
	})
}

// WR-39: the call is over before its name is looked up.
func TestNameOfACallThatIsOver(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.delay = time.Hour
		registered(x)
		by := newHandCaller(x)
		by.up("Content-Type: application/sdp", "", "v=0", "c=IN IP4 phone.example", audio, "")
		by.send("BYE", 2)
		x.wantCall("in1", "ended peer")
		x.wait(time.Minute)
		x.wantMedia()
	})
}

// WR-43 (WIRE 5): sound that is missing in one direction, and comes again.
func TestMissingSound(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		silent := deaf(x, "127.0.0.4:4002")
		fields := offer()
		fields[len(fields)-2] = strings.Replace(audio, "4000", "4002", 1)
		by.up(fields...)
		x.until(4 * time.Second)
		x.wantMedia("2000 {no_rtp in no packet received}")
		// The port is closed.
		x.net.Unreachable(silent, 3, 3)
		x.until(7 * time.Second)
		x.wantMedia("2000 {no_rtp in no packet received}", "6020 {no_rtp out ICMP port unreachable}")
		x.zero()
		by.send("INVITE", 2, offer()...) // elsewhere, where all is well
		by.send("ACK", 2)
		x.until(10 * time.Second)
		x.wantMedia("20 {rtp in }", "1500 {rtp out }")
		by.send("INVITE", 3, offer("a=inactive")...)
		by.send("ACK", 3)
		x.until(20 * time.Second)
		x.wantMedia("20 {rtp in }", "1500 {rtp out }")
		by.send("BYE", 4)
		x.until(30 * time.Second)
		x.wantMedia("20 {rtp in }", "1500 {rtp out }")
	})
}
