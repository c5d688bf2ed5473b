package sip_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// handCaller is a phone behind 127.0.0.2:5062 that calls line 1 with messages written by hand.
type handCaller struct {
	x   *stack
	tag string // of the phone
	n   int    // messages sent
}

// newHandCaller lets datagrams to the caller be lost instead of refused.
func newHandCaller(x *stack) *handCaller {
	x.net.BlackHole(primaryAddr2)
	return &handCaller{x: x}
}

// send sends a request of the call; fields are header fields, and after an empty one the body.
func (c *handCaller) send(method string, cseq int, fields ...string) {
	c.x.t.Helper()
	c.n++
	to := "To: <sip:1001@127.0.0.2>"
	if c.tag != "" {
		to += ";tag=" + c.tag
	}
	var body string
	for i, f := range fields {
		if f == "" {
			body, fields = strings.Join(fields[i+1:], "\r\n"), fields[:i]
			break
		}
	}
	lines := append([]string{method + " sip:1001@127.0.0.1:5070 SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP 127.0.0.2:5062;branch=z9hG4bK-%d", c.n),
		"Max-Forwards: 70", "From: <sip:1002@127.0.0.2>;tag=from", to, "Call-ID: by-hand", fmt.Sprintf("CSeq: %d %s", cseq, method),
		"Contact: <sip:1002@127.0.0.2:5062>"}, fields...)
	c.x.inject(primaryAddr2, strings.Join(append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", body), "\r\n"))
}

// got is the newest message that the phone sent to the caller.
func (c *handCaller) got() datagram {
	c.x.t.Helper()
	all := c.x.sent(primaryAddr2)
	if len(all) == 0 {
		c.x.t.Fatalf("the phone sent nothing\n%s", c.x.story())
	}
	return all[len(all)-1]
}

// want checks the newest message: its status, and what has to be in it.
func (c *handCaller) want(status int, parts ...string) datagram {
	c.x.t.Helper()
	d := c.got()
	if d.status() != status {
		c.x.t.Errorf("answered by\n%s\nwant %d", d.raw, status)
	}
	for _, part := range parts {
		if !strings.Contains(d.raw, part) {
			c.x.t.Errorf("no %q in\n%s", part, d.raw)
		}
	}
	return d
}

// up has the caller call and the phone answer; cseq 1 is used up. Then now is zero.
func (c *handCaller) up(fields ...string) {
	c.x.t.Helper()
	c.send("INVITE", 1, fields...)
	c.want(180)
	c.tag = c.got().tag("To")
	c.x.post(line.Answer{Call: "in1"})
	c.want(200)
	c.send("ACK", 1)
	c.x.wantCall("in1", "talking")
	c.x.zero()
}

// offer is a body with header field: an SDP offer of audio at the phone 1002, and what is said of it.
func offer(attributes ...string) []string {
	return described("127.0.0.4", append([]string{audio}, attributes...)...)
}

const audio = "m=audio 4000 RTP/AVP 0"

func described(ip string, media ...string) []string {
	conn := "c=IN IP4 " + ip
	if strings.Contains(ip, ":") {
		conn = "c=IN IP6 " + ip
	}
	return append(append([]string{"Content-Type: application/sdp", "", "v=0", "o=- 1 1 IN IP4 127.0.0.4", "s=-", conn, "t=0 0"}, media...), "")
}

// packets lets a second pass and counts the RTP packets sent to an address.
func (x *stack) packets(to netip.AddrPort) int {
	x.mu.Lock()
	before := len(x.rtp[to])
	x.mu.Unlock()
	x.wait(time.Second)
	return len(x.sound(to)) - before
}

// wantMedia checks the events media since zero: "2000 no_rtp in", in milliseconds.
func (x *stack) wantMedia(want ...string) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	var got []string
	for _, e := range x.events {
		if e.kind == "media" {
			got = append(got, fmt.Sprintf("%s %v", millis(e.at), e.data))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		x.t.Errorf("events media\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// multipart is a body in parts, with its header field.
func multipart(kind string, parts ...string) []string {
	lines := []string{"Content-Type: multipart/" + kind + `; boundary="a b"`, ""}
	for _, p := range parts {
		lines = append(lines, "--a b", p)
	}
	return append(lines, "--a b--", "")
}

// WR-36: what the type of a body makes of an INVITE.
func TestBodyOfInvite(t *testing.T) {
	sdp := strings.Join(offer(), "\r\n")
	const text, unknown = "Content-Type: text/plain\r\n\r\nhello", "Content-Type: application/x-foo\r\nContent-Disposition: x; handling="
	plain := append([]string{"Content-Type: text/plain"}, offer()[1:]...)
	with := func(field string, body []string) []string { return append([]string{field}, body...) }
	for _, c := range []struct {
		name   string
		fields []string
		status int // of the first final response, or 0: it rings
		field  string
		offer  bool // the 200 has an offer, for the INVITE had none
	}{
		{"SDP", offer(), 0, "", false},
		{"short form", append([]string{"c: application/SDP"}, offer()[1:]...), 0, "", false},
		{"text/plain holding SDP", plain, 415, "Accept: application/sdp", false},
		{"text that is optional", with("Content-Disposition: render;handling=optional", plain), 0, "", true},
		{"no body", nil, 0, "", true},
		{"no type", offer()[1:], 0, "", false},
		{"gzip", with("Content-Encoding: gzip", offer()), 415, "Accept-Encoding: identity", false},
		{"gzip, short form", with("e: gzip", offer()), 415, "Accept-Encoding: identity", false},
		{"text beside", multipart("mixed", text, sdp), 0, "", false},
		{"unknown beside, optional", multipart("mixed", unknown+"optional\r\n\r\nx", sdp), 0, "", false},
		{"unknown beside, required", multipart("mixed", sdp, unknown+"required\r\n\r\nx"), 415, "Accept: application/sdp", false},
		{"alternatives", multipart("alternative", text, sdp), 0, "", false},
		{"related", multipart("related", sdp, text), 0, "", false},
		{"no boundary", []string{"Content-Type: multipart/mixed", "", "x"}, 400, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				by := newHandCaller(x)
				by.send("INVITE", 1, c.fields...)
				if c.status != 0 {
					by.want(c.status, c.field)
					if x.call("in1").ID != "" {
						t.Error("it rang")
					}
					return
				}
				by.want(180)
				by.tag = by.got().tag("To")
				x.post(line.Answer{Call: "in1"})
				formats := "RTP/AVP 0\r\n"
				if c.offer {
					formats = "RTP/AVP 0 8 101\r\n"
				}
				by.want(200, "Content-Type: application/sdp", formats, "a=sendrecv")
				by.send("ACK", 1, map[bool][]string{true: offer()}[c.offer]...)
				if n := x.packets(peerMedia); n != 50 {
					t.Errorf("%d RTP packets", n)
				}
			})
		})
	}
}

// WR-37, WR-39, WR-43: an offer that cannot be used does not ring.
func TestOfferThatCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		name    string
		fields  []string
		warning string
	}{
		{"G.729 alone", described("127.0.0.4", "m=audio 4000 RTP/AVP 18"), "Warning: 305 127.0.0.1 \""},
		{"video alone", described("127.0.0.4", "m=video 4000 RTP/AVP 31"), "Warning: 304 127.0.0.1 \""},
		{"audio switched off for video", described("127.0.0.4", "m=audio 0 RTP/AVP 0", "m=video 4000 RTP/AVP 31"), "Warning: 304 "},
		{"IPv6", described("2001:db8::7", audio), "Warning: 301 127.0.0.1 \"sdp: "},
		{"SRTP alone", described("127.0.0.4", "m=audio 4000 RTP/SAVP 0"), "Warning: 304 "},
		{"no address", []string{"Content-Type: application/sdp", "", "v=0", "m=audio 4000 RTP/AVP 0"}, "Warning: 304 "},
		{"no SDP", []string{"Content-Type: application/sdp", "", "hello"}, "Warning: 304 "},
		{"65 streams", described("127.0.0.4", audio, strings.Repeat("m=video 0 RTP/AVP 31\r\n", 64)), "Warning: 304 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				by := newHandCaller(x)
				by.send("INVITE", 1, c.fields...)
				by.want(488, c.warning)
				if x.call("in1").ID != "" {
					t.Error("it rang")
				}
			})
		})
	}
}

// WR-39: a broken media line costs no other one.
func TestBrokenMediaLines(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.send("INVITE", 1, described("127.0.0.4", "m=video x RTP/AVP 31", "m=", audio, "m=application\x01 9 UDP/DTLS/SCTP webrtc-datachannel")...)
		by.want(180)
		x.post(line.Answer{Call: "in1"})
		body := by.want(200).body()
		at := 0
		for _, stream := range []string{"\r\nm=video 0 RTP/AVP 31\r\n", "\r\nm=application 0 RTP/AVP 0\r\n", "\r\nm=audio 1", "\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"} {
			next := strings.Index(body[at:], stream)
			if next < 0 {
				t.Fatalf("no %q, or not in its place:\n%s", stream, body)
			}
			at += next + 2
		}
		if n := strings.Count(body, "\r\nm="); n != 4 {
			t.Errorf("%d streams", n)
		}
	})
}

// WR-37: a re-INVITE that cannot be used changes nothing, neither the sound nor who holds.
func TestReinviteThatCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		status int
	}{
		{"G.729 alone", described("127.0.0.4", "m=audio 4000 RTP/AVP 18", "a=sendonly"), 488},
		{"video alone", described("127.0.0.4", "m=video 4000 RTP/AVP 31"), 488},
		{"T.38", described("127.0.0.4", "m=audio 0 RTP/AVP 0", "m=image 4000 udptl t38"), 488},
		{"IPv6", described("2001:db8::7", audio, "a=inactive"), 488},
		{"no stream left", described("127.0.0.4"), 488},
		{"text", append([]string{"Content-Type: text/plain"}, offer("a=sendonly")[1:]...), 415},
		{"gzip", append([]string{"Content-Encoding: gzip"}, offer()...), 415},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				by := newHandCaller(x)
				by.up(offer()...)
				by.send("INVITE", 2, c.fields...)
				by.want(c.status)
				if n := x.packets(peerMedia); n != 50 {
					t.Errorf("%d RTP packets in the second after", n)
				}
				x.wantCall("in1", "talking")
				by.send("INVITE", 3, offer("a=sendonly")...)
				by.want(200, "a=recvonly")
				by.send("ACK", 3)
				by.send("INVITE", 4, c.fields...)
				by.want(c.status)
				x.wantCall("in1", "held")
				if n := x.packets(peerMedia); n > 0 {
					t.Errorf("%d RTP packets while held", n)
				}
				by.send("BYE", 5)
				x.wantCall("in1", "ended peer")
			})
		})
	}
}

// WR-37, WR-43: audio with port 0 is answered with port 0: the call stays, without sound, and says so.
func TestAudioSwitchedOff(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.up(offer()...)
		by.send("INVITE", 2, described("127.0.0.4", "m=audio 0 RTP/AVP 0")...)
		by.want(200, "m=audio 0 RTP/AVP 0\r\n")
		by.send("ACK", 2)
		if n := x.packets(peerMedia); n > 0 {
			t.Errorf("%d RTP packets", n)
		}
		x.wantCall("in1", "talking")
		x.until(5 * time.Second)
		x.wantMedia("2000 {no_rtp out the other side has no audio stream, port 0}")
		by.send("INVITE", 3, offer()...)
		by.want(200, "m=audio 1")
		by.send("ACK", 3)
		if n := x.packets(peerMedia); n != 50 {
			t.Errorf("%d RTP packets", n)
		}
		x.zero()
		x.until(5 * time.Second)
		x.wantMedia("500 {rtp out }")
	})
}

// WR-37, WR-43: an INVITE whose audio has port 0, or without a stream, is a call whose streams come later (RFC 3264 5, 5.1).
func TestInviteWithoutAudio(t *testing.T) {
	for name, fields := range map[string][]string{
		"port 0":    described("127.0.0.4", "m=audio 0 RTP/AVP 0"),
		"no stream": described("127.0.0.4"),
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				by := newHandCaller(x)
				by.up(fields...)
				x.until(3 * time.Second)
				x.wantMedia("2000 {no_rtp out the other side has no audio stream, port 0}")
				by.send("INVITE", 2, offer()...)
				by.want(200, "m=audio 1", "a=sendrecv")
				by.send("ACK", 2)
				if n := x.packets(peerMedia); n != 50 {
					t.Errorf("%d RTP packets", n)
				}
			})
		})
	}
}
