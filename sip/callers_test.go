package sip

import (
	"net/netip"
	"testing"
)

// SE-07
func TestCallers(t *testing.T) {
	var c callers
	addr := netip.MustParseAddr
	for range maxPerAddress {
		if _, ok := c.enter(addr("2001:db8::1"), false); !ok {
			t.Fatal("refused")
		}
	}
	if _, ok := c.enter(addr("2001:db8::2"), false); ok {
		t.Error("another address of the same network has a count for itself")
	}
	leave, ok := c.enter(addr("2001:db8:0:1::1"), false)
	if !ok {
		t.Error("another network is refused")
	}
	leave()
	for range maxPerServer {
		if _, ok := c.enter(addr("192.0.2.1"), true); !ok {
			t.Fatal("a server is refused")
		}
	}
	if _, ok := c.enter(addr("192.0.2.1"), true); ok {
		t.Error("a server has no limit")
	}
	for i := range maxStrangers {
		_, ok := c.enter(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), false)
		if want := i < maxStrangers-maxPerAddress; ok != want {
			t.Errorf("stranger %d is let in: %v", i, ok)
		}
	}
	if len(c.of) != 2+maxStrangers-maxPerAddress {
		t.Errorf("%d addresses are kept", len(c.of))
	}
}
