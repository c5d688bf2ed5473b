package sip

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"hilphone/db/secret"
	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// endpoint is the line's UDP socket. Every message that crosses it, retransmissions included, is traced; of those to and from addresses that
// accept_from does not allow at most strangersBurst at once and ten in a second, so that no stranger fills the trace (SE-04).
type endpoint struct {
	Socket
	line      *Line
	servers   atomic.Pointer[map[place]far]
	accept    atomic.Pointer[line.Sources]
	strangers eventLimit // of traced messages
}

const (
	strangersBurst = 200
	strangersEvery = 100 * time.Millisecond
)

// place is where a server is: the same address over another transport may be another server (FO-61).
type place struct {
	addr      netip.AddrPort
	transport line.Transport
}

// far is who is at a place: a server of the line, or its outbound proxy.
type far struct {
	slot  line.Slot
	proxy bool
}

func newEndpoint(s Socket, l *Line) *endpoint {
	e := &endpoint{Socket: s, line: l, strangers: eventLimit{burst: strangersBurst, every: strangersEvery}}
	e.servers.Store(&map[place]far{})
	e.acceptFrom(l.settings.AcceptFrom)
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
	if !e.traced(a.Addr()) {
		return
	}
	at := e.at(a, transport)
	e.line.cfg.Trace(Message{
		At: time.Now(), Line: e.line.cfg.Number, Out: out, Slot: at.slot, Proxy: at.proxy, Transport: transport,
		Local: local.String(), Remote: a.String(), Raw: Mask(b), Fault: secret.MaskText(fault),
	})
}

func (e *endpoint) acceptFrom(s line.Sources) { e.accept.Store(&s) }

// traced says whether a message to or from an address is traced now.
func (e *endpoint) traced(a netip.Addr) bool {
	if e.isServer(a) || e.accept.Load().Match(a, false) {
		return true
	}
	_, ok := e.strangers.take(time.Now())
	return ok
}

// at is the server at an address. A server of UDP is also asked over TCP, where a request is too long for UDP (RFC 3261 18.1.1); one that connects
// is known by its host.
func (e *endpoint) at(a netip.AddrPort, transport line.Transport) far {
	servers := *e.servers.Load()
	if f, ok := servers[place{a, transport}]; ok {
		return f
	}
	if f, ok := servers[place{a, line.UDP}]; ok && transport == line.TCP {
		return f
	}
	if transport == line.UDP {
		return far{slot: line.None}
	}
	return hostAt(servers, a.Addr(), transport)
}

// has says whether there is a server at a place.
func (e *endpoint) has(p place) bool {
	_, ok := (*e.servers.Load())[p]
	return ok
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

// setServer lets messages to and from an address be shown as those of a server.
func (e *endpoint) setServer(a place, f far) {
	old := *e.servers.Load()
	if old[a] == f {
		return
	}
	servers := make(map[place]far, len(old)+1)
	for k, v := range old {
		servers[k] = v
	}
	servers[a] = f
	e.servers.Store(&servers)
}
