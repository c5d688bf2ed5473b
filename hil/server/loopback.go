package server

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// Loopback opens a UDP socket on an address of this machine: at the port or, where that is taken, one of the next even
// ones, else at any; and on 127.0.0.1 where the address does not exist. Called again it opens the same address and port.
func Loopback(ip netip.Addr, port uint16) func() (net.PacketConn, error) {
	return nearby(ip, port, func(addr string) (net.PacketConn, net.Addr, error) {
		conn, err := net.ListenPacket("udp", addr)
		if err != nil {
			return nil, nil, err
		}
		return conn, conn.LocalAddr(), nil
	})
}

// LoopbackTCP opens a TCP listener as Loopback opens a UDP socket.
func LoopbackTCP(ip netip.Addr, port uint16) func() (net.Listener, error) {
	return nearby(ip, port, func(addr string) (net.Listener, net.Addr, error) {
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, nil, err
		}
		return listener, listener.Addr(), nil
	})
}

// LoopbackTLS opens a TLS listener as Loopback opens a UDP socket. The configuration needs a certificate.
func LoopbackTLS(ip netip.Addr, port uint16, config *tls.Config) func() (net.Listener, error) {
	open := LoopbackTCP(ip, port)
	return func() (net.Listener, error) {
		listener, err := open()
		if err != nil {
			return nil, err
		}
		return tls.NewListener(listener, config), nil
	}
}

func nearby[T any](ip netip.Addr, port uint16, listen func(addr string) (T, net.Addr, error)) func() (T, error) {
	var chosen string
	return func() (socket T, err error) {
		if chosen != "" {
			socket, _, err = listen(chosen)
			return socket, err
		}
		var tries []string
		for p := port; port != 0 && p < port+20; p += 2 {
			tries = append(tries, netip.AddrPortFrom(ip, p).String())
		}
		tries = append(tries, netip.AddrPortFrom(ip, 0).String(), "127.0.0.1:0")
		var failures []error
		for _, try := range tries {
			socket, addr, err := listen(try)
			if err == nil {
				chosen = addr.String()
				return socket, nil
			}
			failures = append(failures, err)
			if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
				break
			}
		}
		return socket, errors.Join(failures...)
	}
}
