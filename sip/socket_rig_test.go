//go:build rig && linux

package sip

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// inNetwork runs the calling test once more in a network namespace of its own,
// and reports whether this is that run. It needs user namespaces and iproute2.
func inNetwork(t *testing.T) bool {
	const mark = "HILPHONE_TEST_NETWORK"
	if os.Getenv(mark) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), mark+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("in a network namespace of its own (user namespaces needed): %v", err)
	}
	return false
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v (iproute2 needed): %v: %s", args, err, out)
	}
}

func TestUnreachableHosts(t *testing.T) { // FO-05, FO-10
	if !inNetwork(t) {
		return
	}
	ip(t, "link", "set", "lo", "up")
	ip(t, "link", "add", "one", "type", "veth", "peer", "name", "two")
	ip(t, "addr", "add", "192.0.2.1/24", "dev", "one")
	ip(t, "link", "set", "one", "up")
	ip(t, "link", "set", "two", "up")
	ip(t, "route", "add", "unreachable", "198.51.100.0/24")

	s := listen(t, "0.0.0.0:0")
	icmp := reports(s)
	data, _ := datagrams(s)
	peer := listen(t, "127.0.0.1:0")

	for _, c := range []struct {
		to    string
		cause error
	}{{"203.0.113.1", syscall.ENETUNREACH}, {"198.51.100.1", syscall.EHOSTUNREACH}} {
		to := &net.UDPAddr{IP: net.ParseIP(c.to), Port: 5060}
		if _, err := s.WriteTo([]byte("x"), to); !errors.Is(err, c.cause) {
			t.Errorf("to %s: %v, want %v", to, err, c.cause)
		}
		if _, err := LocalAddrFor(to.String()); !errors.Is(err, c.cause) {
			t.Errorf("local address for %s: %v, want %v", to, err, c.cause)
		}
	}

	// Nobody answers ARP: host unreachable after about 3 s.
	absent := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 5060}
	start := time.Now()
	if _, err := s.WriteTo([]byte("REGISTER"), absent); err != nil {
		t.Fatal(err)
	}
	r := next(t, icmp, "ICMP error")
	t.Logf("%d/%d after %v", r.typ, r.code, r.at.Sub(start))
	if r.typ != 3 || r.code != 1 || r.to != absent.String() || string(r.payload) != "REGISTER" {
		t.Errorf("%+v", r)
	}

	// And the socket lives on.
	local := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.LocalAddr().(*net.UDPAddr).Port}
	if _, err := peer.WriteTo([]byte("hello"), local); err != nil {
		t.Fatal(err)
	}
	if got := next(t, data, "datagram"); got != "hello" {
		t.Errorf("read %q", got)
	}
}
