package sip

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

const (
	defaultPort = 5060 // RFC 3261 section 19.1.2
	portsTried  = 100  // ports after the first one
	maxPort     = 65535
)

// LocalAddrFor gives the local address that routes to remote, "host:port" or a
// host alone. Nothing is sent. A name is resolved first, which may take time:
// pass an IP address where waiting matters. Without a route the error holds
// syscall.ENETUNREACH or syscall.EHOSTUNREACH.
func LocalAddrFor(remote string) (netip.Addr, error) {
	host, port, err := splitPort(remote)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("local address for %q: %w", remote, err)
	}
	if host == "" {
		return netip.Addr{}, fmt.Errorf("local address for %q: no host", remote)
	}
	if port == "" {
		port = strconv.Itoa(defaultPort)
	}
	conn, err := net.Dial("udp", net.JoinHostPort(host, port)) // connecting looks the route up
	if err != nil {
		return netip.Addr{}, fmt.Errorf("local address for %q: %w", remote, err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// Listen opens the UDP socket at addr, "ADDR[:PORT]". A port that was asked for
// is taken or the call fails. Without one the port is 5060, or the next free one
// of the 100 after it if that is busy. An empty ADDR listens on every address.
func Listen(addr string) (Socket, error) { return ListenFrom(addr, defaultPort) }

// ListenFrom is Listen with another first port than 5060.
func ListenFrom(addr string, first int) (Socket, error) {
	host, port, err := splitPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sip address %q: %w", addr, err)
	}
	if port != "" {
		socket, err := ListenUDP(net.JoinHostPort(host, port))
		if err != nil {
			return nil, fmt.Errorf("sip address %q: %w", addr, err)
		}
		return socket, nil
	}
	for p := first; ; p++ {
		socket, err := ListenUDP(net.JoinHostPort(host, strconv.Itoa(p)))
		if err == nil {
			return socket, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) || p == min(first+portsTried, maxPort) {
			return nil, fmt.Errorf("sip address %q: %w", addr, err)
		}
	}
}

// splitPort takes "host", "host:port", "::1", "[::1]" or "[::1]:port" apart;
// port is empty if there is none.
func splitPort(addr string) (host, port string, err error) {
	if _, err := netip.ParseAddr(addr); err == nil {
		return addr, "", nil
	}
	if inner, ok := strings.CutPrefix(addr, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			_, err := netip.ParseAddr(inner)
			return inner, "", err
		}
	}
	if !strings.Contains(addr, ":") {
		return addr, "", nil
	}
	host, port, err = net.SplitHostPort(addr)
	if err != nil {
		return "", "", err
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", "", fmt.Errorf("port %q is not a number from 0 to 65535", port)
	} else if n == 0 {
		port = "0"
	}
	return host, port, nil
}
