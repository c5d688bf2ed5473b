package sip

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// Socket is the UDP socket of a line. It is a net.PacketConn that an
// unreachable peer cannot disturb, and it tells which datagram an ICMP error
// answers (RFC 3261 section 18.4, FO-05).
type Socket interface {
	net.PacketConn

	// ReadICMP blocks until an ICMP error answers a datagram this socket sent.
	// payload receives the UDP payload of that datagram as far as the network
	// returned it (at least 8 octets by RFC 792, on Linux about 500), and n is
	// the number of octets copied; to is where the datagram went, and from the
	// router or host that sent the error, nil where that is not known. typ and code
	// are ICMPv4 numbers, for IPv6 translated by RFC 7915 section 5.2. After
	// Close it returns net.ErrClosed.
	//
	// Errors are collected while a ReadFrom is in progress and by WriteTo. Up to
	// 64 wait for a reader; what arrives beyond that is lost.
	ReadICMP(payload []byte) (n int, to, from net.Addr, typ, code int, err error)
}

const (
	icmpWaiting = 64 // ICMP errors kept for ReadICMP
	// A write returns another peer's pending error at most this many times
	// before its own is believed; each failed write empties the error queue.
	writeTries = 8
)

// socket adds the error queue to a UDP connection. The kernel reports an ICMP
// error twice: as an entry of the error queue with its origin and payload, and
// as the pending error that ends the next read or write whichever peer that one
// is for. Every pending error is therefore the signal to empty the queue and to
// try again; as each of them is reported once only, no loop here can spin.
type socket struct {
	*net.UDPConn
	send func(p []byte, to net.Addr) (int, error)
	raw  syscall.RawConn
	icmp chan icmpError
	once sync.Once
	done chan struct{}
}

// ListenUDP opens the UDP socket at addr, "host:port". Port 0 takes a free one,
// an empty host listens on every address.
func ListenUDP(addr string) (Socket, error) {
	conn, err := listenUDP(addr)
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &socket{
		UDPConn: conn,
		send:    conn.WriteTo,
		raw:     raw,
		icmp:    make(chan icmpError, icmpWaiting),
		done:    make(chan struct{}),
	}, nil
}

// ListenMedia opens an RTP socket that tells of ICMP errors too; network is "udp".
func ListenMedia(_, addr string) (net.PacketConn, error) { return ListenUDP(addr) }

// ReadFrom reads the next datagram. A pending ICMP error neither fails nor ends
// it: SIP readers give up for good on the first error they see.
func (s *socket) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.UDPConn.ReadFrom(p)
		if !fromICMP(err) {
			return n, from, err
		}
		s.drain()
	}
}

// WriteTo sends one datagram. The pending error of another peer does not make
// it fail. An error that stays is this destination's own, and errors.Is finds
// syscall.ENETUNREACH or syscall.EHOSTUNREACH in it (FO-10).
func (s *socket) WriteTo(p []byte, to net.Addr) (int, error) {
	for try := 1; ; try++ {
		n, err := s.send(p, to)
		if !fromICMP(err) || try == writeTries {
			return n, err
		}
		s.drain()
	}
}

// ReadICMP is described at Socket.
func (s *socket) ReadICMP(payload []byte) (n int, to, from net.Addr, typ, code int, err error) {
	select {
	case <-s.done: // before what is still waiting
		return 0, nil, nil, 0, 0, net.ErrClosed
	default:
	}
	select {
	case e := <-s.icmp:
		if e.from.IsValid() {
			from = &net.IPAddr{IP: e.from.AsSlice(), Zone: e.from.Zone()}
		}
		return copy(payload, e.payload), net.UDPAddrFromAddrPort(e.to), from, e.typ, e.code, nil
	case <-s.done:
		return 0, nil, nil, 0, 0, net.ErrClosed
	}
}

// Close ends ReadFrom and ReadICMP with net.ErrClosed.
func (s *socket) Close() error {
	s.once.Do(func() { close(s.done) })
	return s.UDPConn.Close()
}

// drain empties the kernel's error queue into the errors waiting for ReadICMP.
func (s *socket) drain() {
	// Control fails on a closed socket only, and the caller's next call says so.
	_ = s.raw.Control(func(fd uintptr) {
		readErrorQueue(int(fd), func(e icmpError) {
			select {
			case s.icmp <- e:
			default:
			}
		})
	})
}
