package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
)

// bindError says in plain words why an address cannot be bound. It keeps its cause.
type bindError struct {
	text  string
	cause error
}

func (e *bindError) Error() string { return e.text }
func (e *bindError) Unwrap() error { return e.cause }

// asBindError explains the error of bind(2) at an address.
func asBindError(at string, err error) error {
	for cause, text := range map[error]string{
		syscall.EADDRINUSE:    "%s is in use by another program",
		syscall.EADDRNOTAVAIL: "%s is not an address of this computer",
		syscall.EACCES:        "%s may not be used by this user: ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)",
	} {
		if errors.Is(err, cause) {
			return &bindError{fmt.Sprintf(text, at), err}
		}
	}
	return err
}

// checkUnicast refuses addresses that can be bound and that no peer can send to: multicast and broadcast.
func checkUnicast(a netip.Addr) error {
	if a.IsMulticast() || a.Unmap() == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return fmt.Errorf("%s is a multicast or broadcast address", a)
	}
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil // binding it will tell
	}
	if slices.ContainsFunc(nets, func(n net.Addr) bool { return isBroadcast(a.Unmap(), n) }) {
		return fmt.Errorf("%s is the broadcast address of a network of this computer", a)
	}
	return nil
}

// isBroadcast reports whether a is the broadcast address of an IPv4 network of more than two addresses (RFC 919, RFC 3021).
func isBroadcast(a netip.Addr, of net.Addr) bool {
	n, ok := of.(*net.IPNet)
	if !ok || !a.Is4() || n.IP.To4() == nil {
		return false
	}
	if ones, bits := n.Mask.Size(); bits-ones < 2 || !n.Contains(a.AsSlice()) {
		return false
	}
	mask := n.Mask[len(n.Mask)-4:]
	for i, b := range a.As4() {
		if b|mask[i] != 0xff {
			return false
		}
	}
	return true
}

// checkSIP refuses a --sip that cannot be used now, as --listen is refused (UX-03): it is bound for UDP and TCP, and let go.
func (c *runFlags) checkSIP(ctx context.Context) error {
	if c.SIP == "" {
		return nil
	}
	addr, port, err := splitSIP(c.SIP)
	if err != nil {
		return usage("--sip: %v", err)
	}
	at := net.JoinHostPort(addr.String(), strconv.Itoa(int(port)))
	shown := at
	if port == 0 {
		shown = addr.String()
	}
	var config net.ListenConfig
	socket, err := config.ListenPacket(ctx, "udp", at)
	if err != nil {
		return fmt.Errorf("--sip: %w", asBindError(shown, err))
	}
	listener, err := config.Listen(ctx, "tcp", at)
	if err != nil {
		return errors.Join(fmt.Errorf("--sip: %w", asBindError(shown, err)), socket.Close())
	}
	return errors.Join(listener.Close(), socket.Close())
}
