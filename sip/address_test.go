package sip

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestLocalAddrFor(t *testing.T) {
	for _, c := range []struct{ remote, want string }{
		{"127.0.0.1:5060", "127.0.0.1"},
		{"127.0.0.9", "127.0.0.1"},
		{"[::1]:5060", "::1"},
		{"::1", "::1"},
		{"[::1]", "::1"},
	} {
		got, err := LocalAddrFor(c.remote)
		if err != nil || got.String() != c.want {
			t.Errorf("%s: %v, %v, want %s", c.remote, got, err, c.want)
		}
	}
	for _, remote := range []string{"", ":5060", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:", "[::1", "a:b:c"} {
		if got, err := LocalAddrFor(remote); err == nil {
			t.Errorf("%q gave %v", remote, got)
		}
	}
}

func TestListenTakesTheNextFreePort(t *testing.T) {
	// An address of the loopback network of our own keeps 5060 of other programs out.
	first, err := Listen("127.77.60.1")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := Listen("127.77.60.1")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	a, b := first.LocalAddr().(*net.UDPAddr).Port, second.LocalAddr().(*net.UDPAddr).Port
	if a < defaultPort || b <= a || b > defaultPort+portsTried {
		t.Errorf("ports %d and %d", a, b)
	}
	if _, err := Listen(first.LocalAddr().String()); !errors.Is(err, syscall.EADDRINUSE) ||
		!strings.Contains(err.Error(), first.LocalAddr().String()) {
		t.Errorf("a port asked for that is busy: %v", err)
	}
}

// IM-10: the lines are at the port of the setting SIP Port, or at the next free one.
func TestListenFromAnotherPort(t *testing.T) {
	const addr = "127.77.60.2"
	for i, want := range []int{65534, 65535} {
		s, err := ListenFrom(addr, 65534)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got := s.LocalAddr().(*net.UDPAddr).Port; got != want {
			t.Errorf("socket %d is at port %d, want %d", i+1, got, want)
		}
	}
	if s, err := ListenFrom(addr, 65534); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("beyond the last port: %v, %v", s, err)
	}
}

func TestListenAddresses(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		s, err := Listen(addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if p := s.LocalAddr().(*net.UDPAddr).Port; p == 0 {
			t.Errorf("%s: no port", addr)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, addr := range []string{"127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "[::1", "192.0.2.1:5060"} {
		if s, err := Listen(addr); err == nil {
			t.Errorf("%s listens at %v", addr, s.LocalAddr())
			s.Close()
		}
	}
}
