package sip_test

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/sip"
	"hilphone/sip/line"
)

// forgedICMP is a socket whose ICMP errors are made by the test.
type forgedICMP struct {
	sip.Socket
	errors chan forgedError
	closed chan struct{}
}

type forgedError struct {
	to        netip.AddrPort
	quotation string
}

func (f *forgedICMP) ReadICMP(payload []byte) (int, net.Addr, net.Addr, int, int, error) {
	select {
	case e := <-f.errors:
		return copy(payload, e.quotation), net.UDPAddrFromAddrPort(e.to), nil, 3, 3, nil
	case <-f.closed:
		return 0, nil, nil, 0, 0, net.ErrClosed
	}
}

func (f *forgedICMP) Close() error {
	close(f.closed)
	return f.Socket.Close()
}

// SE-08: an ICMP error counts with a quotation that has the branch, or the beginning of a datagram of the attempt. Others change nothing and
// are an event.
func TestForgedICMP(t *testing.T) {
	for name, c := range map[string]struct {
		to        netip.AddrPort
		quotation func(d datagram) string
		moves     bool
		ignored   string // instants
	}{
		"the datagram":              {primaryAddr, func(d datagram) string { return d.raw }, true, ""},
		"until the branch":          {primaryAddr, func(d datagram) string { return d.raw[:200] }, true, ""},
		"its beginning":             {primaryAddr, func(d datagram) string { return d.raw[:20] }, true, ""},
		"nothing":                   {primaryAddr, func(datagram) string { return "" }, false, "100"},
		"nothing, another address":  {thirdAddr, func(datagram) string { return "" }, false, "100"},
		"its beginning, another to": {thirdAddr, func(d datagram) string { return d.raw[:20] }, false, "100"},
		"another request":           {primaryAddr, func(datagram) string { return "REGISTER sip:192.0.2.1 SIP/2.0" }, false, "100"},
		"another branch":            {primaryAddr, func(datagram) string { return "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx;rport\r\n" }, false, "100"},
		"a response":                {thirdAddr, func(datagram) string { return "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx;rport\r\n" }, false, ""},
		"octets":                    {primaryAddr, func(datagram) string { return "\x00\x01\x02" }, false, "100"},
	} {
		run(t, open, func(x *stack) {
			var f *forgedICMP
			x.socket = func(s sip.Socket) sip.Socket {
				f = &forgedICMP{s, make(chan forgedError), make(chan struct{})}
				return f
			}
			x.behave("primary", silent)
			x.start()
			x.until(100 * time.Millisecond)
			f.errors <- forgedError{c.to, c.quotation(x.sent(primaryAddr)[0])}
			synctest.Wait()
			moved := x.lines[1].Snapshot().Phase == line.OnBackup
			if moved != c.moves {
				t.Errorf("%s: the line moved: %v", name, moved)
			}
			x.wantEvents("icmp_ignored", c.ignored)
		})
	}
}

// SE-08: a flood of forged ICMP errors is a few events.
func TestForgedICMPFlood(t *testing.T) {
	run(t, open, func(x *stack) {
		var f *forgedICMP
		x.socket = func(s sip.Socket) sip.Socket {
			f = &forgedICMP{s, make(chan forgedError), make(chan struct{})}
			return f
		}
		registered(x)
		for range 1000 {
			f.errors <- forgedError{primaryAddr, ""}
		}
		x.wait(time.Millisecond)
		n := 0
		for _, e := range x.events {
			if e.kind == "icmp_ignored" {
				n++
			}
		}
		if n != 10 {
			t.Errorf("%d events", n)
		}
		x.phase(line.OnPrimary)
	})
}
