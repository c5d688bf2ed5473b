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

// WR-54: without a route to the primary REGISTER, INVITE and BYE go to the backup at once, like after an ICMP error.
func TestNoRoute(t *testing.T) {
	for _, err := range []error{syscall.ENETUNREACH, syscall.EHOSTUNREACH} {
		run(t, open, func(x *stack) {
			x.net.SendError(primaryAddr, err)
			x.start()
			x.until(time.Second)
			x.want("", "REGISTER 0")
			x.phase(line.OnBackup)
		})
		run(t, open, func(x *stack) {
			registered(x)
			x.net.SendError(primaryAddr, err)
			x.dial("1", "1002")
			x.wait(time.Second)
			x.want("", "REGISTER 0, INVITE 0, ACK 0")
			x.wantCall("1", "talking")
			x.post(line.HangUp{Call: "1"})
		})
		run(t, open, func(x *stack) {
			talking(x, false)
			x.net.SendError(primaryAddr, err)
			x.zero()
			x.post(line.HangUp{Call: "1"})
			x.wait(time.Second)
			x.want("", "REGISTER 0, BYE 0")
		})
	}
}

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
