package memnet

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

const (
	backlog    = 128             // connections that wait to be accepted
	firstSYN   = time.Second     // before a SYN that was not answered is sent again; doubled each time
	longestSYN = 2 * time.Minute // that a dial takes without an answer, as with Linux's tcp_syn_retries
)

// listener is a TCP port. Its fields are guarded by the network's lock; changed is as in conn.
type listener struct {
	net     *Network
	local   netip.AddrPort
	changed chan struct{}
	waiting []*stream
	closed  bool
}

// Listen opens a TCP port; network is "tcp", "tcp4" or "tcp6", addr a numeric "ip:port" and not a wildcard. Port 0 takes a free port from
// 32768 up. An address in use is syscall.EADDRINUSE.
func (n *Network) Listen(network, addr string) (net.Listener, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.UnknownNetworkError(network)}
	}
	local, err := netip.ParseAddrPort(addr)
	if err != nil || local.Addr().IsUnspecified() {
		return nil, &net.OpError{Op: "listen", Net: network, Err: &net.AddrError{Err: "not an address and a port", Addr: addr}}
	}
	local = plain(local)
	n.mu.Lock()
	defer n.mu.Unlock()
	if local.Port() == 0 {
		local = netip.AddrPortFrom(local.Addr(), n.freeTCP())
	}
	if n.listeners[local] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: net.TCPAddrFromAddrPort(local), Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	l := &listener{net: n, local: local, changed: make(chan struct{})}
	n.listeners[local] = l
	return l, nil
}

// freeTCP is called with the lock held.
func (n *Network) freeTCP() uint16 {
	if n.nextTCP++; n.nextTCP < 32768 {
		n.nextTCP = 32768
	}
	return n.nextTCP
}

// Accept waits for the next connection. The error is net.ErrClosed.
func (l *listener) Accept() (net.Conn, error) {
	for {
		l.net.mu.Lock()
		if l.closed {
			l.net.mu.Unlock()
			return nil, l.fail("accept", net.ErrClosed)
		}
		if len(l.waiting) > 0 {
			s := l.waiting[0]
			l.waiting = l.waiting[1:]
			l.net.mu.Unlock()
			return s, nil
		}
		changed := l.changed
		l.net.mu.Unlock()
		<-changed
	}
}

// Close frees the port. Connections that were not accepted are reset.
func (l *listener) Close() error {
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	if l.closed {
		return l.fail("close", net.ErrClosed)
	}
	l.closed = true
	delete(l.net.listeners, l.local)
	for _, s := range l.waiting {
		s.abort()
		s.peer.abort()
	}
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// Addr is the bound address, a *net.TCPAddr.
func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.local) }

func (l *listener) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: l.Addr(), Err: err}
}

// Dial connects from an address to a TCP port. A SYN that a black hole takes is sent again, until ctx ends or two minutes have passed; where
// nothing listens, and where the destination is marked unreachable, the error comes at once.
func (n *Network) Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	to = plain(to)
	fail := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	deadline := time.Now().Add(longestSYN)
	for pause := firstSYN; ; pause *= 2 {
		s, err := n.connect(from, to)
		if s != nil {
			return s, nil
		}
		if err != nil {
			return nil, fail(err)
		}
		again := time.NewTimer(min(pause, time.Until(deadline)))
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return nil, fail(ctx.Err())
		}
		if expired(deadline) {
			return nil, fail(os.NewSyscallError("connect", syscall.ETIMEDOUT))
		}
	}
}

// connect sends one SYN; without a connection and an error it was not answered.
func (n *Network) connect(from netip.Addr, to netip.AddrPort) (*stream, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if v, ok := n.marked(to); ok {
		switch {
		case v.sendErr != nil:
			return nil, v.sendErr
		case v.silent:
			return nil, nil
		case v.typ == DestinationUnreachable && v.code == PortUnreachable:
			return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
		}
		return nil, os.NewSyscallError("connect", syscall.EHOSTUNREACH)
	}
	l := n.listeners[to]
	if l == nil {
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	if len(l.waiting) >= backlog {
		return nil, nil
	}
	near := &stream{net: n, local: netip.AddrPortFrom(from.Unmap(), n.freeTCP()), remote: to, changed: make(chan struct{})}
	far := &stream{net: n, local: to, remote: near.local, peer: near, changed: make(chan struct{})}
	near.peer = far
	n.streams[near], n.streams[far] = true, true
	l.waiting = append(l.waiting, far)
	close(l.changed)
	l.changed = make(chan struct{})
	return near, nil
}
