package sip

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// endpoint is the line's UDP socket. Every message that crosses it, retransmissions included, is traced.
type endpoint struct {
	Socket
	line    *Line
	servers atomic.Pointer[map[place]line.Slot]
}

// place is where a server is: the same address over another transport may be another server (FO-61).
type place struct {
	addr      netip.AddrPort
	transport line.Transport
}

func newEndpoint(s Socket, l *Line) *endpoint {
	e := &endpoint{Socket: s, line: l}
	e.servers.Store(&map[place]line.Slot{})
	return e
}

// read hands datagrams to the line in the order of their arrival until the socket is closed.
func (e *endpoint) read() error {
	b := make([]byte, wire.MaxDatagram)
	for {
		n, from, err := e.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if !keepAlive(b[:n]) {
			e.line.arrived(b[:n], from, nil)
		}
	}
}

// keepAlive says whether a datagram holds no message but keeps an address translation open: nothing, line ends, zeroes.
func keepAlive(b []byte) bool { return len(bytes.Trim(b, "\r\n\x00")) == 0 }

// send writes one datagram.
func (e *endpoint) send(b []byte, to netip.AddrPort) error {
	addr := net.UDPAddrFromAddrPort(to)
	e.trace(true, line.UDP, e.LocalAddr(), addr, b, "")
	_, err := e.WriteTo(b, addr)
	return err
}

// trace shows a message of any transport.
func (e *endpoint) trace(out bool, transport line.Transport, local, remote net.Addr, b []byte, fault string) {
	a := addrPort(remote)
	e.line.cfg.Trace(Message{
		At: time.Now(), Line: e.line.cfg.Number, Out: out, Slot: e.slot(a, transport), Transport: transport,
		Local: local.String(), Remote: a.String(), Raw: Mask(b), Fault: fault,
	})
}

// slot is the server at an address. A server of UDP is also asked over TCP, where a request is too long for UDP (RFC 3261 18.1.1).
func (e *endpoint) slot(a netip.AddrPort, transport line.Transport) line.Slot {
	servers := *e.servers.Load()
	if slot, ok := servers[place{a, transport}]; ok {
		return slot
	}
	if slot, ok := servers[place{a, line.UDP}]; ok && transport == line.TCP {
		return slot
	}
	return line.None
}

// isServer says whether an address is one of the line's servers, whatever the port and the transport. It may be called from any goroutine.
func (e *endpoint) isServer(a netip.Addr) bool {
	for p := range *e.servers.Load() {
		if p.addr.Addr() == a {
			return true
		}
	}
	return false
}

// setServer lets messages to and from an address be shown as the slot's.
func (e *endpoint) setServer(a place, slot line.Slot) {
	old := *e.servers.Load()
	if old[a] == slot {
		return
	}
	servers := make(map[place]line.Slot, len(old)+1)
	for k, v := range old {
		servers[k] = v
	}
	servers[a] = slot
	e.servers.Store(&servers)
}
