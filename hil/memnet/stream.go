package memnet

import (
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// streamBuffer is how many octets wait in a connection that is not read; a writer waits then, as with a kernel.
const streamBuffer = 256 << 10

// stream is one end of a TCP connection. Its fields are guarded by the network's lock; changed is as in conn.
type stream struct {
	net           *Network
	local, remote netip.AddrPort
	peer          *stream
	changed       chan struct{}
	in            []byte
	flight        []byte // written while the other end could not be reached; sent again when it can
	ended, end    bool   // the peer will write no more: seen, and still in flight
	reset         bool
	closed        bool
	readBy        time.Time
	writeBy       time.Time
}

// Reset ends all TCP connections of an address, on both sides, as a peer that was restarted does. Port 0 is every port of the address.
func (n *Network) Reset(at netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at = plain(at)
	for s := range n.streams {
		if s.local == at || at.Port() == 0 && s.local.Addr() == at.Addr() {
			s.abort()
			s.peer.abort()
		}
	}
}

// abort is a RST that has come; called with the lock held.
func (s *stream) abort() {
	s.reset, s.in, s.flight = true, nil, nil
	delete(s.net.streams, s)
	s.wake()
}

// retransmit delivers what could not be delivered before; called with the lock held.
func (n *Network) retransmit() {
	for s := range n.streams {
		if _, marked := n.marked(s.remote); marked || s.peer.closed {
			continue
		}
		s.peer.in = append(s.peer.in, s.flight...)
		s.flight = nil
		s.peer.ended = s.peer.ended || s.end
		s.peer.wake()
		s.wake()
	}
}

// Read waits for octets of the peer; io.EOF is its end.
func (s *stream) Read(b []byte) (int, error) {
	for {
		s.net.mu.Lock()
		switch {
		case s.closed:
			s.net.mu.Unlock()
			return 0, s.fail("read", net.ErrClosed)
		case expired(s.readBy):
			s.net.mu.Unlock()
			return 0, s.fail("read", os.ErrDeadlineExceeded)
		case len(s.in) > 0:
			n := copy(b, s.in)
			s.in = s.in[n:]
			s.peer.wake()
			s.net.mu.Unlock()
			return n, nil
		case s.reset:
			s.net.mu.Unlock()
			return 0, s.fail("read", os.NewSyscallError("read", syscall.ECONNRESET))
		case s.ended:
			s.net.mu.Unlock()
			return 0, io.EOF
		}
		changed, by := s.changed, s.readBy
		s.net.mu.Unlock()
		wait(changed, by)
	}
}

// Write sends b, and waits while the peer's buffer is full. It does not say whether the peer has had it.
func (s *stream) Write(b []byte) (int, error) {
	for {
		s.net.mu.Lock()
		_, lost := s.net.marked(s.remote)
		waiting := s.peer.in
		if lost {
			waiting = s.flight
		}
		switch {
		case s.closed || s.end:
			s.net.mu.Unlock()
			return 0, s.fail("write", net.ErrClosed)
		case expired(s.writeBy):
			s.net.mu.Unlock()
			return 0, s.fail("write", os.ErrDeadlineExceeded)
		case s.reset || !lost && s.peer.closed:
			s.net.mu.Unlock()
			return 0, s.fail("write", os.NewSyscallError("write", syscall.ECONNRESET))
		case len(waiting) < streamBuffer && lost:
			s.flight = append(s.flight, b...)
			s.net.mu.Unlock()
			return len(b), nil
		case len(waiting) < streamBuffer:
			s.peer.in = append(s.peer.in, b...)
			s.peer.wake()
			s.net.mu.Unlock()
			return len(b), nil
		}
		changed, by := s.changed, s.writeBy
		s.net.mu.Unlock()
		wait(changed, by)
	}
}

// CloseWrite ends what this side sends.
func (s *stream) CloseWrite() error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.closed {
		return s.fail("close", net.ErrClosed)
	}
	s.finish()
	return nil
}

// finish is a FIN; called with the lock held.
func (s *stream) finish() {
	s.end = true
	if _, lost := s.net.marked(s.remote); !lost {
		s.peer.ended = true
		s.peer.wake()
	}
}

// Close ends the connection; a peer whose octets were not read sees a reset.
func (s *stream) Close() error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.closed {
		return s.fail("close", net.ErrClosed)
	}
	s.closed = true
	_, lost := s.net.marked(s.remote)
	switch {
	case len(s.in) > 0 && !lost:
		s.peer.abort()
	default:
		s.finish()
	}
	if s.reset || s.peer.closed || s.peer.reset {
		delete(s.net.streams, s)
		delete(s.net.streams, s.peer)
	}
	s.wake()
	return nil
}

// LocalAddr and RemoteAddr are each a *net.TCPAddr.
func (s *stream) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(s.local) }
func (s *stream) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }

func (s *stream) SetDeadline(t time.Time) error      { return s.setDeadlines(&t, &t) }
func (s *stream) SetReadDeadline(t time.Time) error  { return s.setDeadlines(&t, nil) }
func (s *stream) SetWriteDeadline(t time.Time) error { return s.setDeadlines(nil, &t) }

func (s *stream) setDeadlines(read, write *time.Time) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.closed {
		return s.fail("set", net.ErrClosed)
	}
	if read != nil {
		s.readBy = *read
	}
	if write != nil {
		s.writeBy = *write
	}
	s.wake()
	return nil
}

// wake is called with the lock held.
func (s *stream) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: err}
}
