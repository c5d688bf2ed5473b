package sip_test

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"hilphone/sip/line"
)

// WR-54: with a socket for every address the route is missed already when the message is built, whose Via has the local address.
func TestNoRouteForVia(t *testing.T) {
	away := false
	run(t, open, func(x *stack) {
		x.local = func(remote string) (netip.Addr, error) {
			if away && netip.MustParseAddrPort(remote) == primaryAddr {
				return netip.Addr{}, fmt.Errorf("local address for %q: %w", remote, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH})
			}
			return phoneAddr.Addr(), nil
		}
		away = true
		x.start()
		x.until(time.Second)
		x.want("", "REGISTER 0")
		x.phase(line.OnBackup)
		away = false
	})
	run(t, open, func(x *stack) {
		x.local = func(remote string) (netip.Addr, error) {
			if away && netip.MustParseAddrPort(remote) == primaryAddr {
				return netip.Addr{}, syscall.EHOSTUNREACH
			}
			return phoneAddr.Addr(), nil
		}
		talking(x, false)
		away = true
		x.zero()
		x.dial("2", "1002")
		x.wait(100 * time.Millisecond)
		x.want("", "REGISTER 0, INVITE 0, ACK 0")
		x.post(line.HangUp{Call: "1"})
		x.post(line.HangUp{Call: "2"})
		x.wait(100 * time.Millisecond)
		away = false
	})
}
