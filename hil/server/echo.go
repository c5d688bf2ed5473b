package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// Media counts the RTP packets of a Phone.
type Media struct {
	Received int            // RTP packets in
	Echoed   int            // RTP packets sent back
	From     netip.AddrPort // where the last one came from
	Kind     int            // payload type of the last one
}

// echo sends RTP back to where it comes from.
type echo struct {
	conn net.PacketConn
	at   netip.AddrPort
	mu   sync.Mutex
	seen Media
}

func newEcho(listen func() (net.PacketConn, error)) (*echo, error) {
	conn, err := listen()
	if err != nil {
		return nil, fmt.Errorf("open the RTP port: %w", err)
	}
	at, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil || at.Addr().IsUnspecified() {
		conn.Close()
		return nil, wrong("listen_media", "%s is no address to put into an SDP", conn.LocalAddr())
	}
	return &echo{conn: conn, at: netip.AddrPortFrom(at.Addr().Unmap(), at.Port())}, nil
}

// run ends when the port is closed.
func (e *echo) run() {
	buffer := make([]byte, 2048)
	for failures := 0; failures < 100; {
		n, addr, err := e.conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			failures++
			continue
		}
		failures = 0
		if n < 12 || buffer[0]>>6 != 2 {
			continue // not RTP (RFC 3550 5.1)
		}
		from, _ := netip.ParseAddrPort(addr.String())
		e.mu.Lock()
		e.seen.Received++
		e.seen.From, e.seen.Kind = from, int(buffer[1]&0x7f)
		e.mu.Unlock()
		buffer[8] ^= 0xff // an SSRC of our own: its own would look like a loop to the sender (RFC 3550 8.2)
		if _, err := e.conn.WriteTo(buffer[:n], addr); err == nil {
			e.mu.Lock()
			e.seen.Echoed++
			e.mu.Unlock()
		}
	}
}

func (e *echo) media() Media {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen
}
