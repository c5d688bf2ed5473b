package sip

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

const enonet = syscall.ENONET // ICMP 3/8, source host isolated

// listenUDP opens the socket with its error queue switched on. A connected
// socket would not do: the kernel hides host unreachable and administratively
// prohibited from it (FAILOVER.md 3.12).
func listenUDP(addr string) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(network, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) { failed = recvErr(int(fd), network) })
		return errors.Join(err, failed)
	}}
	conn, err := config.ListenPacket(context.Background(), "udp", addr)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// recvErr switches the error queue on. An IPv6 socket may carry IPv4 too.
func recvErr(fd int, network string) error {
	if network == "udp6" {
		if err := unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_RECVERR, 1); err != nil {
			return err
		}
	}
	return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_RECVERR, 1)
}

// readErrorQueue hands out the ICMP errors of the error queue until it is empty.
func readErrorQueue(fd int, found func(icmpError)) {
	var (
		payload [2048]byte // more than an ICMP error returns
		control [512]byte
	)
	for {
		n, oob, _, to, err := unix.Recvmsg(fd, payload[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil { // EAGAIN: empty
			return
		}
		e, ok := parseError(control[:oob])
		if !ok {
			continue
		}
		e.to = sentTo(to)
		e.payload = append([]byte(nil), payload[:n]...)
		found(e)
	}
}

// parseError reads the sock_extended_err of an entry of the error queue (ip(7):
// errno, origin, type, code). It passes over errors that are not ICMP: a local
// one was the return value of the send call already.
func parseError(control []byte) (icmpError, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return icmpError{}, false
	}
	for _, m := range messages {
		recvErr := m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR ||
			m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if !recvErr || len(m.Data) < 16 || binary.NativeEndian.Uint32(m.Data) == 0 {
			continue
		}
		typ, code := int(m.Data[5]), int(m.Data[6])
		switch m.Data[4] {
		case unix.SO_EE_ORIGIN_ICMP:
			return icmpError{typ: typ, code: code, from: offender(m.Data)}, true
		case unix.SO_EE_ORIGIN_ICMP6:
			typ, code, ok := icmp4(typ, code)
			return icmpError{typ: typ, code: code, from: offender(m.Data)}, ok
		}
	}
	return icmpError{}, false
}

// offender reads the address that follows a sock_extended_err (SO_EE_OFFENDER of ip(7)): who sent the ICMP message.
func offender(data []byte) netip.Addr {
	const extendedErr = 16
	if len(data) < extendedErr+8 {
		return netip.Addr{}
	}
	address := data[extendedErr:]
	switch binary.NativeEndian.Uint16(address) {
	case unix.AF_INET:
		return netip.AddrFrom4([4]byte(address[4:8]))
	case unix.AF_INET6:
		if len(address) >= 24 {
			return netip.AddrFrom16([16]byte(address[8:24])).Unmap()
		}
	}
	return netip.Addr{}
}

// sentTo converts the address a datagram went to; IPv4 on an IPv6 socket becomes
// plain IPv4 again.
func sentTo(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		addr := netip.AddrFrom16(sa.Addr).Unmap()
		if sa.ZoneId != 0 {
			if ifi, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				addr = addr.WithZone(ifi.Name)
			}
		}
		return netip.AddrPortFrom(addr, uint16(sa.Port))
	}
	return netip.AddrPort{}
}
