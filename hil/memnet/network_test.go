package memnet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func listen(t *testing.T, n *Network, addr string) net.PacketConn {
	t.Helper()
	c, err := n.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t *testing.T, from net.PacketConn, to, payload string) {
	t.Helper()
	n, err := from.WriteTo([]byte(payload), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
	if err != nil || n != len(payload) {
		t.Fatalf("WriteTo = %d, %v", n, err)
	}
}

func receive(t *testing.T, c net.PacketConn) (payload, from string) {
	t.Helper()
	b := make([]byte, 2048)
	n, addr, err := c.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), addr.String()
}

// nothing fails the test if a datagram arrives within d.
func nothing(t *testing.T, c net.PacketConn, d time.Duration) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(d))
	defer c.SetReadDeadline(time.Time{})
	b := make([]byte, 2048)
	if n, _, err := c.ReadFrom(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("received %q, %v; want nothing", b[:n], err)
	}
}

type icmpReader interface {
	ReadICMP(payload []byte) (n int, to, from net.Addr, typ, code int, err error)
}

func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a, b := listen(t, n, "127.0.0.1:5070"), listen(t, n, "127.0.0.2:5060")
		send(t, a, "127.0.0.2:5060", "one")
		send(t, a, "127.0.0.2:5060", "two")
		for _, want := range []string{"one", "two"} {
			if got, from := receive(t, b); got != want || from != "127.0.0.1:5070" {
				t.Errorf("received %q from %s, want %q", got, from, want)
			}
		}
		if got := b.LocalAddr().String(); got != "127.0.0.2:5060" {
			t.Errorf("LocalAddr = %s", got)
		}
	})
}

func TestPayloadIsCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a, b := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.1:2")
		var seen []byte
		n.Tap(func(p Packet) { p.Payload[0] = 'X'; seen = p.Payload })
		buffer := []byte("hello")
		a.WriteTo(buffer, b.LocalAddr())
		copy(buffer, "-----")
		if got, _ := receive(t, b); got != "hello" {
			t.Errorf("received %q", got)
		}
		if string(seen) != "Xello" {
			t.Errorf("tap kept %q", seen)
		}
	})
}

func TestAddressInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a := listen(t, n, "127.0.0.1:5060")
		if _, err := n.ListenPacket("udp", "127.0.0.1:5060"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("second bind: %v", err)
		}
		a.Close()
		listen(t, n, "127.0.0.1:5060")
	})
}

func TestBadListen(t *testing.T) {
	n := New()
	for _, c := range []struct{ network, addr string }{
		{"tcp", "127.0.0.1:1"}, {"udp", "localhost:1"}, {"udp", "127.0.0.1"}, {"udp", ""}, {"udp", "127.0.0.1:70000"},
	} {
		if pc, err := n.ListenPacket(c.network, c.addr); err == nil {
			pc.Close()
			t.Errorf("ListenPacket(%q, %q) succeeded", c.network, c.addr)
		}
	}
}

func TestFreePorts(t *testing.T) {
	n := New()
	seen := map[string]bool{}
	for range 100 {
		addr := listen(t, n, "127.0.0.1:0").LocalAddr().String()
		if seen[addr] || netip.MustParseAddrPort(addr).Port() == 0 {
			t.Fatalf("port 0 gave %s", addr)
		}
		seen[addr] = true
	}
}

func TestWildcard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		wild, exact := listen(t, n, "0.0.0.0:5060"), listen(t, n, "127.0.0.2:5060")
		a := listen(t, n, "127.0.0.9:1")
		send(t, a, "127.0.0.2:5060", "exact")
		send(t, a, "127.0.0.3:5060", "wild")
		if got, _ := receive(t, exact); got != "exact" {
			t.Errorf("exact socket received %q", got)
		}
		if got, _ := receive(t, wild); got != "wild" {
			t.Errorf("wildcard socket received %q", got)
		}
		send(t, wild, "127.0.0.9:1", "back")
		if _, from := receive(t, a); from != "127.0.0.1:5060" {
			t.Errorf("wildcard sent from %s", from)
		}
	})
}

func TestCloseWakesReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a := listen(t, n, "127.0.0.1:1")
		ends := make(chan error, 2)
		go func() { _, _, err := a.ReadFrom(make([]byte, 10)); ends <- err }()
		go func() { _, _, _, _, _, err := a.(icmpReader).ReadICMP(make([]byte, 10)); ends <- err }()
		synctest.Wait()
		a.Close()
		for range 2 {
			if err := <-ends; !errors.Is(err, net.ErrClosed) {
				t.Errorf("reader ended with %v", err)
			}
		}
		if _, err := a.WriteTo([]byte("x"), a.LocalAddr()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write after close: %v", err)
		}
		for _, set := range []func(time.Time) error{a.SetDeadline, a.SetReadDeadline, a.SetWriteDeadline} {
			if err := set(time.Now().Add(time.Hour)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("deadline of a closed socket: %v", err)
			}
		}
		if err := a.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("second close: %v", err)
		}
	})
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a := listen(t, n, "127.0.0.1:1")
		start := time.Now()
		a.SetReadDeadline(start.Add(3 * time.Second))
		_, _, err := a.ReadFrom(make([]byte, 10))
		var timeout net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("err = %v", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("deadline after %s", took)
		}
		// A deadline moved while a reader waits counts from then on.
		a.SetReadDeadline(time.Time{})
		end := make(chan time.Duration)
		go func() { a.ReadFrom(make([]byte, 10)); end <- time.Since(start) }()
		synctest.Wait()
		a.SetReadDeadline(time.Now().Add(time.Second))
		if took := <-end; took != 4*time.Second {
			t.Errorf("moved deadline ended the read at %s", took)
		}
	})
}

func TestPortUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a, other := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.1:2")
		b := make([]byte, 2048)
		send(t, a, "127.0.0.2:5060", "REGISTER")
		size, to, _, typ, code, err := a.(icmpReader).ReadICMP(b)
		got := fmt.Sprintf("%s %s %d/%d %v", b[:size], to, typ, code, err)
		if got != "REGISTER 127.0.0.2:5060 3/3 <nil>" {
			t.Errorf("ReadICMP: %s", got)
		}
		// The error belongs to the sender alone, and never to ReadFrom.
		nothing(t, other, time.Second)
		nothing(t, a, time.Second)
		other.Close()
	})
}

func TestMarkedDestinations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a, server := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.2:5060")
		at := netip.MustParseAddrPort("127.0.0.2:5060")
		var dropped []bool
		n.Tap(func(p Packet) { dropped = append(dropped, p.Dropped) })

		n.Unreachable(at, 3, 13)
		send(t, a, "127.0.0.2:5060", "x")
		if _, _, _, typ, code, _ := a.(icmpReader).ReadICMP(make([]byte, 10)); typ != 3 || code != 13 {
			t.Errorf("ICMP %d/%d, want 3/13", typ, code)
		}
		n.BlackHole(at)
		send(t, a, "127.0.0.2:5060", "y")
		n.Restore(at)
		n.BlackHole(netip.MustParseAddrPort("127.0.0.2:0"))
		send(t, a, "127.0.0.2:5060", "z")
		n.Restore(netip.MustParseAddrPort("127.0.0.2:0"))
		n.SendError(at, syscall.ENETUNREACH)
		if _, err := a.WriteTo([]byte("w"), net.UDPAddrFromAddrPort(at)); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("SendError: %v", err)
		}
		n.Restore(at)
		send(t, a, "127.0.0.2:5060", "served")
		if got, _ := receive(t, server); got != "served" {
			t.Errorf("received %q", got)
		}
		if got := fmt.Sprint(dropped); got != "[false true true false]" {
			t.Errorf("tap saw dropped %s", got)
		}
		woken := make(chan error, 1)
		go func() { _, _, _, _, _, err := a.(icmpReader).ReadICMP(make([]byte, 10)); woken <- err }()
		synctest.Wait()
		select {
		case <-woken:
			t.Error("a black hole or a served datagram gave an ICMP error")
		default:
		}
		a.Close()
		<-woken
	})
}

func TestBadWrites(t *testing.T) {
	n := New()
	a := listen(t, n, "127.0.0.1:1")
	if _, err := a.WriteTo(make([]byte, 65508), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2}); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("over-size: %v", err)
	}
	for _, to := range []net.Addr{nil, &net.UDPAddr{}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.UnixAddr{Name: "x"}} {
		if _, err := a.WriteTo([]byte("x"), to); err == nil {
			t.Errorf("WriteTo(%v) succeeded", to)
		}
	}
	a.SetWriteDeadline(time.Unix(1, 0))
	if _, err := a.WriteTo([]byte("x"), a.LocalAddr()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write after the deadline: %v", err)
	}
}

func TestSocketBufferIsFinite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a := listen(t, n, "127.0.0.1:1")
		for i := range socketBuffer + 10 {
			send(t, a, "127.0.0.1:1", fmt.Sprint(i))
		}
		for i := range socketBuffer {
			if got, _ := receive(t, a); got != fmt.Sprint(i) {
				t.Fatalf("datagram %d is %q", i, got)
			}
		}
		nothing(t, a, time.Second)
	})
}
