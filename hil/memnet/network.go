// Package memnet is the cable between the phone and its servers, made of memory: datagrams, losses, delays, ICMP
// errors and TCP connections without a real socket.
//
// Every wait is on a channel, so a whole SIP stack over it runs inside a testing/synctest bubble at true timer values:
// 32 s of retransmissions take milliseconds.
package memnet

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// ICMP numbers a Network answers by itself (RFC 792).
const (
	DestinationUnreachable = 3 // type
	PortUnreachable        = 3 // code of DestinationUnreachable
)

// maxPayload is the largest UDP payload over IPv4 (RFC 768, RFC 791).
const maxPayload = 65507

// Packet is one datagram as a tap sees it, at the moment it is sent.
type Packet struct {
	At       time.Time
	From, To netip.AddrPort
	Payload  []byte // the tap's own copy
	Dropped  bool   // lost to a filter or a black hole; a datagram answered by ICMP is not dropped
}

// Network is a set of UDP sockets and TCP ports that reach each other and nothing else. Its zero latency delivers a datagram before
// WriteTo returns. Filters and taps are for datagrams; what is marked is so for TCP as well. Create it with New, inside the bubble that uses it. Safe for concurrent use.
type Network struct {
	mu      sync.Mutex
	sockets map[netip.AddrPort]*conn
	verdict map[netip.AddrPort]verdict
	filters []*Filter
	taps    []*func(Packet)
	flying  flying
	nextUDP uint16

	listeners map[netip.AddrPort]*listener
	streams   map[*stream]bool // both ends of each TCP connection
	nextTCP   uint16
}

// verdict is what a marked destination does with every datagram.
type verdict struct {
	silent  bool
	typ     int
	code    int
	sendErr error
}

// New returns an empty network without faults.
func New() *Network {
	return &Network{
		sockets: map[netip.AddrPort]*conn{},
		verdict: map[netip.AddrPort]verdict{},
		nextUDP: 32768,

		listeners: map[netip.AddrPort]*listener{},
		streams:   map[*stream]bool{},
	}
}

// ListenPacket binds a socket; network is "udp", "udp4" or "udp6", addr a numeric "ip:port". Port 0 takes a free port
// from 32768 up. The wildcard ("0.0.0.0:port", ":port") receives for every address on that port that has no socket of
// its own, and sends from the loopback address. An address in use is syscall.EADDRINUSE. The socket also has
//
//	ReadICMP(payload []byte) (n int, to, from net.Addr, typ, code int, err error)
//
// which blocks until an ICMP error comes back for a datagram sent from this socket; payload receives that datagram.
func (n *Network) ListenPacket(network, addr string) (net.PacketConn, error) {
	switch network {
	case "udp", "udp4", "udp6":
	default:
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.UnknownNetworkError(network)}
	}
	if len(addr) > 0 && addr[0] == ':' {
		addr = "0.0.0.0" + addr
	}
	local, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: &net.AddrError{Err: err.Error(), Addr: addr}}
	}
	local = plain(local)
	n.mu.Lock()
	defer n.mu.Unlock()
	if local.Port() == 0 {
		if local, err = n.freePort(local.Addr()); err != nil {
			return nil, &net.OpError{Op: "listen", Net: network, Addr: net.UDPAddrFromAddrPort(local), Err: err}
		}
	}
	if n.sockets[local] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: net.UDPAddrFromAddrPort(local),
			Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	c := &conn{net: n, local: local, changed: make(chan struct{})}
	n.sockets[local] = c
	return c, nil
}

func (n *Network) freePort(ip netip.Addr) (netip.AddrPort, error) {
	for range 1 << 15 {
		local := netip.AddrPortFrom(ip, n.nextUDP)
		if n.nextUDP++; n.nextUDP == 0 {
			n.nextUDP = 32768
		}
		if n.sockets[local] == nil {
			return local, nil
		}
	}
	return netip.AddrPortFrom(ip, 0), fmt.Errorf("no free port: %w", syscall.EADDRINUSE)
}

// Unreachable makes a destination answer every datagram with an ICMP error of this type and code, whether a socket is
// bound there or not. Port 0 marks every port of the address.
func (n *Network) Unreachable(to netip.AddrPort, typ, code int) {
	n.mark(to, verdict{typ: typ, code: code})
}

// BlackHole makes a destination swallow every datagram without a sign. Port 0 marks every port of the address.
func (n *Network) BlackHole(to netip.AddrPort) { n.mark(to, verdict{silent: true}) }

// SendError makes WriteTo towards a destination fail locally with err, as the kernel does without a route
// (syscall.ENETUNREACH). Port 0 marks every port of the address.
func (n *Network) SendError(to netip.AddrPort, err error) { n.mark(to, verdict{sendErr: err}) }

// Restore takes back Unreachable, BlackHole or SendError for exactly this address and port.
func (n *Network) Restore(to netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.verdict, plain(to))
	n.retransmit()
}

func (n *Network) mark(to netip.AddrPort, v verdict) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.verdict[plain(to)] = v
}

// marked prefers the mark of the port to the mark of the whole address.
func (n *Network) marked(to netip.AddrPort) (verdict, bool) {
	v, ok := n.verdict[to]
	if !ok {
		v, ok = n.verdict[netip.AddrPortFrom(to.Addr(), 0)]
	}
	return v, ok
}

// Tap shows every datagram sent from now on to f, in order, until remove is called. f runs under the network's lock:
// it must neither block nor call the network or a socket of it.
func (n *Network) Tap(f func(Packet)) (remove func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := &f
	n.taps = append(n.taps, p)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.taps = without(n.taps, p)
	}
}

// send carries one datagram from a socket; called with the lock held.
func (n *Network) send(from *conn, to netip.AddrPort, payload []byte) error {
	p := Packet{At: time.Now(), From: from.source(to), To: to, Payload: append([]byte(nil), payload...)}
	v, marked := n.marked(to)
	if marked && v.sendErr != nil {
		return v.sendErr
	}
	var fate Fate
	for _, f := range n.filters {
		(*f)(p, &fate)
	}
	p.Dropped = fate.Drop || marked && v.silent
	for _, tap := range n.taps {
		q := p
		q.Payload = append([]byte(nil), payload...)
		(*tap)(q)
	}
	if p.Dropped {
		return nil
	}
	if fate.Delay <= 0 {
		n.deliver(from, p)
		return nil
	}
	n.flying.add(flight{due: p.At.Add(fate.Delay), from: from, packet: p})
	time.AfterFunc(fate.Delay, n.land)
	return nil
}

// land delivers everything that is due, in order of arrival: timers of the same instant fire in any order.
func (n *Network) land() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.flying.take(time.Now()) {
		n.deliver(f.from, f.packet)
	}
}

// deliver hands a datagram to its socket, or the ICMP error to the socket it came from; called with the lock held.
func (n *Network) deliver(from *conn, p Packet) {
	if v, ok := n.marked(p.To); ok {
		if !v.silent && v.sendErr == nil {
			from.bounce(icmp{p.Payload, p.To, v.typ, v.code})
		}
		return
	}
	to := n.sockets[p.To]
	if to == nil {
		to = n.sockets[netip.AddrPortFrom(unspecified(p.To.Addr()), p.To.Port())]
	}
	if to == nil {
		from.bounce(icmp{p.Payload, p.To, DestinationUnreachable, PortUnreachable})
		return
	}
	to.receive(p)
}

func unspecified(like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// plain gives an address one spelling: 4-in-6 becomes 4.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func without[T comparable](list []T, gone T) []T {
	kept := make([]T, 0, len(list))
	for _, item := range list {
		if item != gone {
			kept = append(kept, item)
		}
	}
	return kept
}
