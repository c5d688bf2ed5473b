//go:build !linux

package sip

import (
	"net"
	"syscall"
)

const enonet = syscall.EHOSTUNREACH // no such cause elsewhere

// listenUDP opens the socket. Other systems have no error queue: ReadICMP waits
// until Close, and an unreachable server is found by its silence.
func listenUDP(addr string) (*net.UDPConn, error) {
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func readErrorQueue(int, func(icmpError)) {}
