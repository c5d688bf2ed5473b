package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"
)

// port is a socket on which a station is reached: UDP, or a listener of TCP or TLS connections.
type port struct {
	transport string
	at        netip.AddrPort
	listen    func() (io.Closer, net.Addr, error)
	changed   chan struct{} // socket or station.closed changed
	socket    io.Closer     // a net.PacketConn or net.Listener; nil while the port is closed; guarded by station.mu
	kept      io.Closer     // keeps a closed port from others
}

func packetPort(listen func() (net.PacketConn, error)) *port {
	return &port{transport: overUDP, changed: make(chan struct{}, 1), listen: func() (io.Closer, net.Addr, error) {
		conn, err := listen()
		if err != nil {
			return nil, nil, err
		}
		return conn, conn.LocalAddr(), nil
	}}
}

func streamPort(transport string, listen func() (net.Listener, error)) *port {
	return &port{transport: transport, changed: make(chan struct{}, 1), listen: func() (io.Closer, net.Addr, error) {
		listener, err := listen()
		if err != nil {
			return nil, nil, err
		}
		return listener, listener.Addr(), nil
	}}
}

// first opens the port for the first time, which decides its address; field is its name in the configuration.
func (p *port) first(field string) error {
	socket, addr, err := p.listen()
	if err != nil {
		return fmt.Errorf("open the SIP port: %w", err)
	}
	at, err := addrPort(addr)
	if err != nil || at.Addr().IsUnspecified() {
		socket.Close()
		return wrong(field, "%s is no address to put into a Via", addr)
	}
	p.socket, p.at = socket, at
	return nil
}

// again opens a closed port at its old address.
func (p *port) again() error {
	p.close()
	socket, addr, err := p.listen()
	if err != nil {
		return fmt.Errorf("open the SIP port %s %s again: %w", p.transport, p.at, err)
	}
	if got, err := addrPort(addr); err != nil || got != p.at {
		socket.Close()
		return fmt.Errorf("open the SIP port %s %s again: listen gave %s", p.transport, p.at, addr)
	}
	p.socket = socket
	p.signal()
	return nil
}

func (p *port) close() {
	if p.socket != nil {
		p.socket.Close()
		p.socket = nil
	}
	if p.kept != nil {
		p.kept.Close()
		p.kept = nil
	}
}

// refuse closes the port and keeps it from others of this machine: a UDP socket that is connected takes nothing of anybody else, so that
// senders get ICMP port unreachable all the same. Where that fails, the port is merely closed.
func (p *port) refuse() {
	_, real := p.socket.(*net.UDPConn)
	p.close()
	if !real {
		return
	}
	const discard = 9
	nowhere := net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.at.Addr(), discard))
	if conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(p.at), nowhere); err == nil {
		p.kept = conn
	}
}

func (p *port) signal() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// serve reads a port, and again after it was closed and opened.
func (s *station) serve(ctx context.Context, p *port) error {
	for {
		s.mu.Lock()
		socket, closed := p.socket, s.closed
		s.mu.Unlock()
		if closed {
			return nil
		}
		var err error
		switch socket := socket.(type) {
		case net.PacketConn:
			err = s.read(ctx, socket)
		case net.Listener:
			err = s.welcome(ctx, p, socket)
		}
		if err != nil {
			return fmt.Errorf("serve the SIP port %s %s: %w", p.transport, p.at, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.changed:
		}
	}
}

// manyFailures in a row are those of the socket, not of a datagram or a connection.
const manyFailures = 100

// read ends with nil when the socket is closed.
func (s *station) read(ctx context.Context, conn net.PacketConn) error {
	buffer := make([]byte, 65536)
	for failures := 0; ; {
		n, addr, err := conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			if failures++; failures > manyFailures {
				return err
			}
			continue
		}
		failures = 0
		from, err := addrPort(addr)
		if err != nil {
			continue
		}
		select {
		case s.inbox <- datagram{at: time.Now(), from: udp(from), data: append([]byte(nil), buffer[:n]...)}:
		case <-ctx.Done():
			return nil
		}
	}
}

// welcome takes connections until the listener is closed.
func (s *station) welcome(ctx context.Context, p *port, listener net.Listener) error {
	for failures := 0; ; {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			if failures++; failures > manyFailures {
				return err
			}
			continue
		}
		failures = 0
		remote, err := addrPort(conn.RemoteAddr())
		if err != nil {
			conn.Close()
			continue
		}
		f := newFlow(hop{p.transport, remote}, p.at, conn)
		if !s.enter(f, p, listener) {
			f.cut(true)
			continue
		}
		s.record.connected()
		s.crew.Go(func() { s.converse(ctx, f) })
	}
}

// port is the station's port of this transport, or nil.
func (s *station) port(transport string) *port {
	for _, p := range s.ports {
		if p.transport == transport {
			return p
		}
	}
	return nil
}

// shutPort closes a port and resets its connections; mu is held.
func (s *station) shutPort(p *port) {
	p.refuse()
	for _, f := range s.flows {
		if f.transport == p.transport {
			f.cut(true)
		}
	}
}

// shut closes all ports, so that senders get ICMP port unreachable or RST, and resets all connections, until open.
func (s *station) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ports {
		s.shutPort(p)
	}
}

// open opens the ports again, all or none; open ports stay as they are. Those of the transports in shut stay closed, or are closed now with their connections.
func (s *station) open(shut ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	var opened []*port
	for _, p := range s.ports {
		if slices.Contains(shut, p.transport) {
			s.shutPort(p)
			continue
		}
		if p.socket != nil {
			continue
		}
		if err := p.again(); err != nil {
			for _, p := range opened {
				p.refuse()
			}
			return err
		}
		opened = append(opened, p)
	}
	return nil
}

// close ends run, or frees the ports if run was never called.
func (s *station) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.ended)
	for _, p := range s.ports {
		p.close()
		p.signal()
	}
	for _, f := range s.flows {
		f.cut(false)
	}
}
