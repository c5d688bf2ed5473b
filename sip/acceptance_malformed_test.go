package sip_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip"
	"hilphone/sip/line"
)

func malformedIn(t testing.TB, events []recorded) (found []event.Malformed) {
	t.Helper()
	for _, e := range events {
		if m, ok := e.data.(event.Malformed); ok {
			found = append(found, m)
		}
	}
	return found
}

func (x *stack) malformed() []event.Malformed {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	return malformedIn(x.t, x.events)
}

// tracedFrom are the messages in the trace that came from an address.
func (x *stack) tracedFrom(from netip.AddrPort) (found []sip.Message) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range x.traced {
		if !m.Out && m.Remote == from.String() {
			found = append(found, m)
		}
	}
	return found
}

// WR-10: datagrams that are no messages do nothing. Those that keep an address translation open are not even an event.
func TestNoMessages(t *testing.T) {
	rtp := "\x80\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef" + strings.Repeat("\xff", 160)
	for name, c := range map[string]struct {
		raw    string
		silent bool // no event
	}{
		"empty":              {"", true},
		"CRLF":               {"\r\n", true},
		"CRLFCRLF":           {"\r\n\r\n", true},
		"30 000 CRLF":        {strings.Repeat("\r\n", 30000), true},
		"one zero":           {"\x00", true},
		"zeroes":             {strings.Repeat("\x00", 4), true},
		"a STUN request":     {"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", false},
		"a STUN response":    {"\x01\x01\x00\x0c\x21\x12\xa4\x42abcdefghijkl\x00\x20\x00\x08\x00\x01\x32\xd8\x5e\x12\xa4\x43", false},
		"RTP":                {rtp, false},
		"RTCP":               {"\x81\xc9\x00\x07\xde\xad\xbe\xef" + strings.Repeat("\x00", 24), false},
		"a DTLS ClientHello": {"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00", false},
		"one octet":          {"I", false},
		"HTTP":               {"GET / HTTP/1.1\r\nHost: phone\r\n\r\n", false},
		"60 000 octets":      {strings.Repeat("A", 60000), false},
		"a bare response":    {"SIP/2.0 200 OK\r\n\r\n", false},
		"status 999":         {message("SIP/2.0 999 x", "Via: SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bK1", "CSeq: 1 OPTIONS"), false},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				before := len(x.sent(noAddr))
				x.inject(stranger, c.raw)
				x.wait(40 * time.Second) // beyond 64*T1
				if got := x.sent(noAddr)[before:]; len(got) != 0 {
					t.Errorf("answered: %s", got[0].raw)
				}
				x.phase(line.OnPrimary)
				events, traced := x.malformed(), x.tracedFrom(stranger)
				if c.silent {
					if len(events) != 0 || x.lines[1].Snapshot().Malformed != 0 {
						t.Errorf("events %+v, %d counted", events, x.lines[1].Snapshot().Malformed)
					}
					return
				}
				if len(events) != 1 || x.lines[1].Snapshot().Malformed != 1 {
					t.Fatalf("events %+v, %d counted", events, x.lines[1].Snapshot().Malformed)
				}
				if e := events[0]; e.From != stranger.String() || e.Transport != "udp" || e.Size != len(c.raw) || e.Reason == "" || len(e.Reason) > 250 || e.LeftOut != 0 {
					t.Errorf("event %+v", e)
				}
				if len(traced) != 1 || string(traced[0].Raw) != c.raw || traced[0].Fault != events[0].Reason {
					t.Errorf("traced %+v", traced)
				}
			})
		})
	}
}

// WR-10: a request without a Via that can be read is never answered, whatever is wrong with it besides; nor is an ACK. It is an event, and stays
// in the trace as it came.
func TestNoVia(t *testing.T) {
	for name, c := range map[string]struct{ raw, reason string }{
		"OPTIONS":          {strings.Replace(request("OPTIONS"), "Via", "Vio", 1), "no Via"},
		"INVITE":           {strings.Replace(request("INVITE"), "Via", "Vio", 1), "no Via"},
		"nothing else":     {"INVITE sip:1001@127.0.0.1 SIP/2.0\r\n\r\n", "no Via"},
		"a Via of nothing": {strings.Replace(request("OPTIONS"), "SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKstranger", "x", 1), `Via: "x" names no protocol`},
		"no CSeq either":   {strings.Replace(strings.Replace(request("OPTIONS"), "Via", "Vio", 1), "CSeq", "CSoq", 1), "no Via"},
		"a response":       {strings.Replace(request("OPTIONS"), "OPTIONS sip:1001@127.0.0.1:5070 SIP/2.0\r\nVia", "SIP/2.0 200 OK\r\nVio", 1), "no Via"},
		"a broken ACK":     {strings.Replace(request("ACK"), "CSeq", "CSoq", 1), "Bad CSeq"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				before := len(x.sent(noAddr))
				x.inject(stranger, c.raw)
				x.wait(40 * time.Second)
				if got := x.sent(noAddr)[before:]; len(got) != 0 {
					t.Errorf("answered: %s", got[0].raw)
				}
				want := event.Malformed{From: stranger.String(), Transport: "udp", Size: len(c.raw), Reason: c.reason}
				if events := x.malformed(); len(events) != 1 || events[0] != want {
					t.Errorf("events %+v, want %+v", events, want)
				}
				if traced := x.tracedFrom(stranger); len(traced) != 1 || string(traced[0].Raw) != c.raw || traced[0].Fault != c.reason {
					t.Errorf("traced %+v", traced)
				}
			})
		})
	}
}

// A header field that the phone does not need is a fault in the trace, and no event: the request is answered.
func TestFaultInTheTrace(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		before := len(x.sent(noAddr))
		x.inject(stranger, strings.Replace(request("OPTIONS"), "Max-Forwards: 70", "Max-Forwards: abc", 1))
		if got := x.sent(noAddr)[before:]; len(got) != 1 || got[0].status() != 200 {
			t.Errorf("sent %+v", got)
		}
		traced := x.tracedFrom(stranger)
		if len(traced) != 1 || traced[0].Fault != `Max-Forwards: "abc" is no number` {
			t.Errorf("traced %+v", traced)
		}
		if events := x.malformed(); len(events) != 0 || x.lines[1].Snapshot().Malformed != 0 {
			t.Errorf("events %+v", events)
		}
	})
}

// A reason quotes what came; a secret in it is masked there too.
func TestNoSecretInAReason(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.inject(stranger, "Authorization: Basic c2VjcmV0c2Vj\r\nVia: x\r\n\r\n")
		x.inject(stranger, "Proxy-Authorization: Digest\r\n response=\"0123\"\r\n\r\n")
		traced := x.tracedFrom(stranger)
		for _, m := range traced {
			if text := m.Fault + string(m.Raw); strings.Contains(text, "c2Vj") || strings.Contains(text, "0123") || !strings.Contains(text, "***") {
				t.Errorf("traced %q, %q", m.Fault, m.Raw)
			}
		}
		if len(traced) != 2 {
			t.Errorf("%d traced", len(traced))
		}
		events := x.malformed()
		if len(events) != 2 {
			t.Errorf("%d events", len(events))
		}
		for _, e := range events {
			if strings.Contains(e.Reason, "c2Vj") || strings.Contains(e.Reason, "0123") {
				t.Errorf("event %+v", e)
			}
		}
	})
}

// A flood of what cannot be read is ten events and then one in 10 s, which says how many were left out; all are counted and traced, and the line
// goes on answering.
func TestFloodOfMalformed(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		const many, apart = 10000, 100
		junk, err := x.net.ListenPacket("udp", "127.0.0.67:6000")
		if err != nil {
			t.Fatal(err)
		}
		defer junk.Close()
		to := net.UDPAddrFromAddrPort(phoneAddr)
		for i := range many {
			if _, err := fmt.Fprintf(datagrams{junk, to}, "junk %d", i); err != nil {
				t.Fatal(err)
			}
			if i%apart == apart-1 {
				synctest.Wait()
			}
		}
		if events := x.malformed(); len(events) != 10 {
			t.Errorf("%d events at once: %+v", len(events), events)
		}
		if n := x.lines[1].Snapshot().Malformed; n != many {
			t.Errorf("%d counted", n)
		}
		if n := len(x.tracedFrom(netip.MustParseAddrPort("127.0.0.67:6000"))); n != many {
			t.Errorf("%d traced", n)
		}
		x.inject(stranger, request("OPTIONS"))
		if got := x.sent(stranger); len(got) != 1 || got[0].status() != 200 {
			t.Errorf("an OPTIONS after the flood: %+v", got)
		}
		x.until(10 * time.Second)
		for range 2 {
			x.inject(stranger, "more junk")
		}
		events := x.malformed()
		if len(events) != 11 || events[10].LeftOut != many-10 {
			t.Errorf("after 10 s: %d events, the last %+v", len(events), events[len(events)-1])
		}
		x.until(1000 * time.Second) // the allowance grows to ten again, and no further
		for range 20 {
			x.inject(stranger, "junk once more")
		}
		if events = x.malformed(); len(events) != 21 || events[11].LeftOut != 1 {
			t.Errorf("later: %d events, %+v", len(events), events[11:])
		}
		x.phase(line.OnPrimary)
	})
}

// datagrams is the writer of a socket to one address.
type datagrams struct {
	net.PacketConn
	to net.Addr
}

func (d datagrams) Write(b []byte) (int, error) { return d.WriteTo(b, d.to) }

// WR-08: datagrams of up to the largest size are read and answered.
func TestLargeDatagrams(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		for i, size := range []int{1301, 1500, 2049, 4097, 8193, 16384, 32769, 60000, 65507} {
			raw := strings.Replace(request("OPTIONS"), "z9hG4bKstranger", fmt.Sprint("z9hG4bKlarge", i), 1)
			raw = strings.Replace(raw, "Max-Forwards:", "X: \r\nMax-Forwards:", 1)
			raw = strings.Replace(raw, "X: ", "X: "+strings.Repeat("x", size-len(raw)), 1)
			before := len(x.sent(stranger))
			x.inject(stranger, raw)
			if got := x.sent(stranger)[before:]; len(got) != 1 || got[0].status() != 200 || !strings.Contains(got[0].raw, fmt.Sprint("z9hG4bKlarge", i)) {
				t.Errorf("%d octets: %+v", len(raw), got)
			}
		}
		traced := x.tracedFrom(stranger)
		for _, m := range traced {
			if m.Fault != "" {
				t.Errorf("%d octets: %s", len(m.Raw), m.Fault)
			}
		}
		if len(traced) != 9 || len(traced[8].Raw) != 65507 {
			t.Errorf("%d traced", len(traced))
		}
		if events := x.malformed(); len(events) != 0 {
			t.Errorf("events %+v", events)
		}
	})
}

// WR-08: a message of 1 MiB on a stream is read and answered. A longer one, and what has no end that can be found, ends its connection, after an
// answer where its head is there; it is one event and is counted once.
func TestMalformedOnAStream(t *testing.T) {
	const limit = 1 << 20
	sized := func(head string, size int) string {
		head = strings.Replace(head, "Content-Length: 0\r\n\r\n", "", 1)
		return head + "X: " + strings.Repeat("x", size-len(head)-len("X: \r\nContent-Length: 0\r\n\r\n")) + "\r\nContent-Length: 0\r\n\r\n"
	}
	w := reachable(t)
	good := w.connect()
	for _, c := range []struct {
		name   string
		raw    func(options string) string
		status int // of the answer; 0: none
		reason string
		goes   bool // the connection goes on
	}{
		{"1 MiB", func(o string) string { return sized(o, limit) }, 200, "", true},
		{"one octet more", func(o string) string { return sized(o, limit+1) }, 0, "longer than 1048576 octets", false},
		{"a body announced that is too long", func(o string) string { return strings.Replace(o, "Length: 0", "Length: 2000000", 1) }, 513, "Content-Length is 2000000", false},
		{"a length that is no number", func(o string) string { return strings.Replace(o, "Length: 0", "Length: many", 1) }, 400, "no Content-Length that can be read", false},
		{"a body too long and no Via", func(o string) string {
			return strings.NewReplacer("Length: 0", "Length: 2000000", "Via:", "Vio:").Replace(o)
		}, 0, "Content-Length is 2000000", false},
		{"an endless line", func(string) string { return strings.Repeat("x", limit+8192) }, 0, "do not end", false},
		{"HTTP", func(string) string { return "GET / HTTP/1.1\r\nHost: x\r\n\r\n" }, 0, "no Content-Length that can be read", false},
		{"nonsense with a length", func(string) string { return "nonsense\r\nContent-Length: 3\r\n\r\nabc" }, 0, `no SIP message: "nonsense`, true},
		{"no Via", func(o string) string { return strings.Replace(o, "Via:", "Vio:", 1) }, 0, "no Via", true},
		{"cut off", func(o string) string { return o[:60] }, 0, "ended within a message", false},
		{"cut off in the body", func(o string) string { return strings.Replace(o, "Length: 0", "Length: 10", 1) }, 0, "ended within a message", false},
	} {
		w.forget()
		before := w.line.Snapshot().Malformed
		peer := w.connect()
		raw := c.raw(peer.options())
		go func() {
			_, _ = io.WriteString(peer, raw) // the line may close before it has all
			if strings.HasPrefix(c.name, "cut off") {
				_ = peer.Conn.(*net.TCPConn).CloseWrite()
			}
		}()
		if c.status != 0 {
			peer.expect(c.status)
		}
		if c.reason != "" {
			w.until(c.name, func() bool {
				events := malformedIn(t, w.events)
				return len(events) == 1 && strings.Contains(events[0].Reason, c.reason) && events[0].From == peer.LocalAddr().String() && events[0].Transport == "tcp"
			})
		}
		if c.goes {
			peer.write(peer.options())
			peer.expect(200)
		} else {
			peer.ends()
		}
		good.write(good.options())
		good.expect(200)
		counted := w.line.Snapshot().Malformed - before
		w.mu.Lock()
		events := malformedIn(t, w.events)
		var faulty []sip.Message
		for _, m := range w.traced {
			if m.Fault != "" {
				faulty = append(faulty, m)
			}
		}
		w.mu.Unlock()
		if c.reason == "" {
			if len(events) != 0 || counted != 0 || len(faulty) != 0 {
				t.Errorf("%s: events %+v, %d counted", c.name, events, counted)
			}
			continue
		}
		if len(events) != 1 || counted != 1 || events[0].Size < min(len(raw), limit) || events[0].Size > limit+8192 {
			t.Errorf("%s: events %+v, %d counted", c.name, events, counted)
		}
		if len(faulty) != 1 || faulty[0].Fault != events[0].Reason || !strings.HasPrefix(raw, string(faulty[0].Raw)) || len(faulty[0].Raw) < min(len(raw), 65535) {
			t.Errorf("%s: %d traced with a fault", c.name, len(faulty))
		}
	}
	w.phase(line.OnPrimary)
}
