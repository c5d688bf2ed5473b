package sip_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// wantDigits checks the events dtmf since zero: "0 5 info 160", in milliseconds.
func (x *stack) wantDigits(want ...string) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	var got []string
	for _, e := range x.events {
		if d, ok := e.data.(event.DTMF); ok {
			got = append(got, fmt.Sprintf("%s %s %s %d", millis(e.at), d.Digit, d.How, d.Duration))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		x.t.Errorf("events dtmf\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// RS-13: digits in INFO, by both media types and in the spellings of phones; what is no digit is refused or does nothing.
func TestDigitsInINFO(t *testing.T) {
	relay := func(lines ...string) []string {
		return append([]string{"Content-Type: application/dtmf-relay", ""}, append(lines, "")...)
	}
	plain := func(text string) []string { return []string{"Content-Type: application/dtmf", "", text} }
	for _, c := range []struct {
		name   string
		fields []string
		status int
		parts  []string
		want   string
	}{
		{"relay", relay("Signal=5", "Duration=160"), 200, nil, "0 5 info 160"},
		{"relay with spaces", relay("Signal= 5 ", "Duration= 160"), 200, nil, "0 5 info 160"},
		{"relay, other order and case", relay("duration=80", "SIGNAL=#"), 200, nil, "0 # info 80"},
		{"relay without duration", relay("Signal=*"), 200, nil, "0 * info 0"},
		{"relay, star by its number", relay("Signal=10", "Duration=100"), 200, nil, "0 * info 100"},
		{"relay, D by its number", relay("Signal=15"), 200, nil, "0 D info 0"},
		{"relay, small letter", relay("Signal=b"), 200, nil, "0 B info 0"},
		{"relay with parameters", append([]string{"Content-Type: Application/DTMF-Relay; charset=utf-8", ""}, "Signal=1", ""), 200, nil, "0 1 info 0"},
		{"plain", plain("7"), 200, nil, "0 7 info 0"},
		{"plain with a line end", plain("7\r\n"), 200, nil, "0 7 info 0"},
		{"plain that is a relay", plain("Signal=7\r\nDuration=90\r\n"), 200, nil, "0 7 info 90"},
		{"flash", relay("Signal=16", "Duration=300"), 200, nil, ""},
		{"nothing", nil, 200, nil, ""},
		{"two digits", plain("77"), 400, nil, ""},
		{"two signals", relay("Signal=1", "Signal=2"), 400, nil, ""},
		{"no signal", relay("Duration=100"), 400, nil, ""},
		{"no digit", relay("Signal=x"), 400, nil, ""},
		{"17", relay("Signal=17"), 400, nil, ""},
		{"endless", relay("Signal=1", "Duration=99999999999999999999"), 400, nil, ""},
		{"negative", relay("Signal=1", "Duration=-1"), 400, nil, ""},
		{"other type", []string{"Content-Type: application/media_control+xml", "", "<media_control/>"}, 415, []string{"Accept: application/dtmf-relay, application/dtmf"}, ""},
		{"no type", []string{"", "5"}, 415, nil, ""},
		{"encoded", append([]string{"Content-Encoding: gzip"}, relay("Signal=1")...), 415, []string{"Accept-Encoding: identity"}, ""},
		{"a package", append([]string{"Info-Package: foo"}, relay("Signal=1")...), 469, []string{"Recv-Info:"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				by := newHandCaller(x)
				by.up(offer()...)
				by.send("INFO", 2, c.fields...)
				by.want(c.status, c.parts...)
				digits := ""
				if c.want == "" {
					x.wantDigits()
				} else {
					x.wantDigits(c.want)
					digits = strings.Fields(c.want)[1]
				}
				by.send("BYE", 3)
				x.wantCall("in1", "ended peer")
				if got := x.call("in1").Digits; got != digits {
					t.Errorf("the call has the digits %q, want %q", got, digits)
				}
			})
		})
	}
}

// RS-13: an INFO that comes again is one digit; one outside a call is 481; Allow names it.
func TestINFOInItsDialog(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.send("INFO", 1, "Content-Type: application/dtmf", "", "1")
		by.want(481)
		by.up(offer()...)
		for range 3 {
			by.send("INFO", 2, "Content-Type: application/dtmf", "", "1")
			by.n-- // with the same branch, a retransmission
		}
		by.n++
		by.want(200)
		x.wantDigits("0 1 info 0")
		by.send("OPTIONS", 3)
		by.want(200, "INFO")
		by.send("BYE", 4)
		by.send("INFO", 5, "Content-Type: application/dtmf", "", "2")
		by.want(481)
		x.wantDigits("0 1 info 0")
	})
}

// RS-13: a flood of digits is bounded: 64 at once and then ten in a second; the call keeps the newest 128, and a BYE ends it.
func TestFloodOfDigits(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		by.up(offer()...)
		for i := range 300 {
			by.send("INFO", 2+i, "Content-Type: application/dtmf", "", fmt.Sprint(i%10))
		}
		by.want(503, "Retry-After")
		if n := len(x.digitEvents()); n != 64 {
			t.Errorf("%d events of 300 digits at once", n)
		}
		by.send("OPTIONS", 302)
		by.want(200)
		x.wait(time.Minute)
		for i := range 100 {
			x.wait(100 * time.Millisecond)
			by.send("INFO", 303+i, "Content-Type: application/dtmf", "", "*")
		}
		if n := len(x.digitEvents()); n != 164 {
			t.Errorf("%d events after 100 digits in 10 s", n)
		}
		by.send("BYE", 500)
		if got, want := x.call("in1").Digits, strings.Repeat("*", 100); len(got) != 128 || !strings.HasSuffix(got, want) {
			t.Errorf("the call keeps %d digits: %s", len(got), got)
		}
	})
}

// digitEvents are all events dtmf since zero.
func (x *stack) digitEvents() (all []recorded) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.events {
		if e.kind == "dtmf" {
			all = append(all, e)
		}
	}
	return all
}

// RS-13: digits in RTP (RFC 4733), whose end comes three times, or not at all.
func TestDigitsInRTP(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		by := newHandCaller(x)
		c, err := x.net.ListenPacket("udp", "127.0.0.4:4002")
		if err != nil {
			t.Fatal(err)
		}
		x.ends = append(x.ends, func() { c.Close() })
		x.net.BlackHole(netip.MustParseAddrPort("127.0.0.4:4002"))
		by.up(described("127.0.0.4", "m=audio 4002 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")...)
		var phone netip.AddrPort
		x.mu.Lock()
		for _, d := range x.wire {
			if d.from != phoneAddr {
				continue
			}
			if _, rest, ok := strings.Cut(d.raw, "m=audio "); ok {
				phone = netip.MustParseAddrPort("127.0.0.1:" + strings.Fields(rest)[0])
			}
		}
		x.mu.Unlock()
		sequence := uint16(100)
		press := func(stamp uint32, key byte, durations ...uint16) { // the last three are the end, as far as they are there
			for i, d := range durations {
				sequence++
				p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 101, SequenceNumber: sequence, Timestamp: stamp, SSRC: 7, Marker: i == 0},
					Payload: []byte{key, 10, byte(d >> 8), byte(d)}}
				if d == 800 {
					p.Payload[1] |= 0x80
				}
				b, err := p.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.WriteTo(b, net.UDPAddrFromAddrPort(phone)); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
		}
		press(1000, 5, 160, 320, 480, 640, 800, 800, 800)
		x.wantDigits("0 5 rfc4733 100")
		x.wait(time.Second)
		press(9000, 11, 160, 320) // its end is lost, and nothing follows
		x.wait(time.Second)
		x.wantDigits("0 5 rfc4733 100", "1300 # rfc4733 40")
		press(25000, 16, 800, 800, 800) // a flash is no digit
		press(25000+1600, 0, 800)
		x.wantDigits("0 5 rfc4733 100", "1300 # rfc4733 40", "2000 0 rfc4733 100")
		x.post(line.HangUp{Call: "in1"})
		if got := x.call("in1").Digits; got != "5#0" {
			t.Errorf("the call has the digits %q", got)
		}
	})
}

// RS-13: the display name of the caller is in the call and its events, without what would harm those who show it.
func TestNameOfTheCaller(t *testing.T) {
	for _, c := range []struct{ from, want string }{
		{`<sip:1002@127.0.0.66>;tag=a`, ""},
		{`"Alice \"Al\" Liddell" <sip:1002@127.0.0.66>;tag=a`, `Alice "Al" Liddell`},
		{"\"\x1b[2JEve\u202e\" <sip:1002@127.0.0.66>;tag=a", "[2JEve"},
		{`"` + strings.Repeat("x", 4000) + `" <sip:1002@127.0.0.66>;tag=a`, strings.Repeat("x", 128)},
	} {
		run(t, open, func(x *stack) {
			registered(x)
			x.net.BlackHole(stranger)
			x.inject(stranger, inviteOf("z9hG4bKname", "From: "+c.from))
			if got := x.call("in1"); got.RemoteName != c.want || got.Remote != "1002" {
				t.Errorf("%s: %q, want %q", c.from, got.RemoteName, c.want)
			}
			for _, e := range x.wantEvents("call", "0") {
				if got := e.data.(event.Call).RemoteName; got != c.want {
					t.Errorf("%s: the event has %q, want %q", c.from, got, c.want)
				}
			}
		})
	}
}
