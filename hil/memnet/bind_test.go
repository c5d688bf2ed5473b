package memnet

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// The ports that the network gives are those from 32768 to 65535 of each address, then there are none.
func TestNoFreePort(t *testing.T) {
	n := New()
	given := map[int]bool{}
	for range 32768 {
		c, err := n.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("after %d: %v", len(given), err)
		}
		given[c.LocalAddr().(*net.UDPAddr).Port] = true
	}
	if len(given) != 32768 || !given[32768] || !given[65535] {
		t.Errorf("%d ports, 32768 %v, 65535 %v", len(given), given[32768], given[65535])
	}
	for addr, want := range map[string]string{"127.0.0.1:0": "listen udp 127.0.0.1:0: no free port: address already in use", "127.0.0.1:40000": "listen udp 127.0.0.1:40000: bind: address already in use"} {
		if _, err := n.ListenPacket("udp", addr); !errors.Is(err, syscall.EADDRINUSE) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if c, err := n.ListenPacket("udp", "127.0.0.2:0"); err != nil || c.LocalAddr().(*net.UDPAddr).Port < 32768 {
		t.Errorf("another address: %v, %v", c, err)
	}
}
