package memnet

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// socketBuffer is how many datagrams (and, apart, ICMP errors) wait in a socket nobody reads; more are lost, as in a kernel.
const socketBuffer = 1024

// conn is one bound socket. Its fields are guarded by the network's lock; changed is closed and replaced whenever a
// reader may have something new to see.
type conn struct {
	net     *Network
	local   netip.AddrPort
	changed chan struct{}
	inbox   []Packet
	errors  []icmp
	closed  bool
	readBy  time.Time
	writeBy time.Time
}

// icmp is one entry of a socket's error queue.
type icmp struct {
	payload   []byte
	to        netip.AddrPort
	typ, code int
}

// ReadFrom waits for the next datagram; what does not fit in b is lost. The errors are net.ErrClosed and
// os.ErrDeadlineExceeded.
func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c.net.mu.Lock()
		switch {
		case c.closed:
			c.net.mu.Unlock()
			return 0, nil, c.fail("read", nil, net.ErrClosed)
		case expired(c.readBy):
			c.net.mu.Unlock()
			return 0, nil, c.fail("read", nil, os.ErrDeadlineExceeded)
		case len(c.inbox) > 0:
			p := c.inbox[0]
			c.inbox = c.inbox[1:]
			c.net.mu.Unlock()
			return copy(b, p.Payload), net.UDPAddrFromAddrPort(p.From), nil
		}
		changed, by := c.changed, c.readBy
		c.net.mu.Unlock()
		wait(changed, by)
	}
}

// ReadICMP waits for the next ICMP error about a datagram this socket sent: payload receives the datagram, to is where
// it was sent, and from who sent the error. The error is net.ErrClosed; deadlines do not apply.
func (c *conn) ReadICMP(payload []byte) (n int, to, from net.Addr, typ, code int, err error) {
	for {
		c.net.mu.Lock()
		if c.closed {
			c.net.mu.Unlock()
			return 0, nil, nil, 0, 0, c.fail("read", nil, net.ErrClosed)
		}
		if len(c.errors) > 0 {
			e := c.errors[0]
			c.errors = c.errors[1:]
			c.net.mu.Unlock()
			return copy(payload, e.payload), net.UDPAddrFromAddrPort(e.to), e.sender(), e.typ, e.code, nil
		}
		changed := c.changed
		c.net.mu.Unlock()
		<-changed
	}
}

// sender is who sent an ICMP error: that a port or a protocol is unreachable comes from the host itself, all else from a router that has no name
// in this network.
func (e icmp) sender() net.Addr {
	if e.typ == 3 && (e.code == 2 || e.code == 3) {
		return &net.IPAddr{IP: e.to.Addr().AsSlice()}
	}
	return nil
}

// WriteTo sends b. It never reports what the network did with it: ICMP errors come through ReadICMP.
func (c *conn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, err := addrPort(addr)
	if err != nil {
		return 0, c.fail("write", addr, err)
	}
	if len(b) > maxPayload {
		return 0, c.fail("write", addr, os.NewSyscallError("sendto", syscall.EMSGSIZE))
	}
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if c.closed {
		return 0, c.fail("write", addr, net.ErrClosed)
	}
	if expired(c.writeBy) {
		return 0, c.fail("write", addr, os.ErrDeadlineExceeded)
	}
	if err := c.net.send(c, to, b); err != nil {
		return 0, c.fail("write", addr, err)
	}
	return len(b), nil
}

// Close frees the address and wakes every reader with net.ErrClosed.
func (c *conn) Close() error {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if c.closed {
		return c.fail("close", nil, net.ErrClosed)
	}
	c.closed = true
	c.inbox, c.errors = nil, nil
	delete(c.net.sockets, c.local)
	c.wake()
	return nil
}

// LocalAddr is the bound address, a *net.UDPAddr.
func (c *conn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

func (c *conn) SetDeadline(t time.Time) error      { return c.setDeadlines(&t, &t) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.setDeadlines(&t, nil) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(nil, &t) }

func (c *conn) setDeadlines(read, write *time.Time) error {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if c.closed {
		return c.fail("set", nil, net.ErrClosed)
	}
	if read != nil {
		c.readBy = *read
		c.wake()
	}
	if write != nil {
		c.writeBy = *write
	}
	return nil
}

// source is the address a datagram leaves from: a wildcard socket sends from the loopback address.
func (c *conn) source(to netip.AddrPort) netip.AddrPort {
	if !c.local.Addr().IsUnspecified() {
		return c.local
	}
	if to.Addr().Is4() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), c.local.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), c.local.Port())
}

// receive, bounce and wake are called with the network's lock held.
func (c *conn) receive(p Packet) {
	if len(c.inbox) >= socketBuffer {
		return
	}
	c.inbox = append(c.inbox, p)
	c.wake()
}

func (c *conn) bounce(e icmp) {
	if c.closed || len(c.errors) >= socketBuffer {
		return
	}
	c.errors = append(c.errors, e)
	c.wake()
}

func (c *conn) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *conn) fail(op string, to net.Addr, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: to, Err: err}
}

func expired(by time.Time) bool { return !by.IsZero() && !time.Now().Before(by) }

func wait(changed <-chan struct{}, by time.Time) {
	if by.IsZero() {
		<-changed
		return
	}
	deadline := time.NewTimer(time.Until(by))
	defer deadline.Stop()
	select {
	case <-changed:
	case <-deadline.C:
	}
}

func addrPort(addr net.Addr) (netip.AddrPort, error) {
	if addr == nil {
		return netip.AddrPort{}, fmt.Errorf("missing address")
	}
	to, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.AddrPort{}, &net.AddrError{Err: err.Error(), Addr: addr.String()}
	}
	if to.Port() == 0 || to.Addr().IsUnspecified() {
		return netip.AddrPort{}, &net.AddrError{Err: "no destination", Addr: addr.String()}
	}
	return plain(to), nil
}
