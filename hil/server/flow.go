package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// flow is one TCP or TLS connection. Its own goroutines read and write it; the station's loop only puts letters into
// its box and never waits for it.
type flow struct {
	hop    // of the other end
	number int
	local  netip.AddrPort
	box    chan letter
	gone   chan struct{} // closed when the connection is cut

	leaving bool // we hang up, and take and send nothing more; the loop's own

	pings, pongs atomic.Int64 // keep-alives sent, and answers to them

	mu   sync.Mutex
	conn net.Conn           // nil while it is dialled
	stop context.CancelFunc // of the dialling
	over bool
}

// letter is one thing a flow's writer does: write, tell that everything before is written, or hang up.
type letter struct {
	data []byte
	cut  int    // pieces of so many octets, a moment apart; 0: whole
	sent func() // run by the loop
	last bool
}

const (
	fullBox   = 64   // letters that wait for a slow peer before the connection is reset
	mostFlows = 1000 // connections at a time; more are reset
)

// secured is a *tls.Conn.
type secured interface {
	HandshakeContext(context.Context) error
	NetConn() net.Conn
}

func newFlow(to hop, local netip.AddrPort, conn net.Conn) *flow {
	return &flow{hop: to, local: local, conn: conn, box: make(chan letter, fullBox), gone: make(chan struct{})}
}

// cut ends the connection at once, with RST or FIN.
func (f *flow) cut(reset bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over {
		f.over = true
		close(f.gone)
	}
	if f.stop != nil {
		f.stop()
	}
	if f.conn == nil {
		return
	}
	bare := f.conn
	if s, ok := bare.(secured); ok {
		bare = s.NetConn()
	}
	if l, ok := bare.(interface{ SetLinger(int) error }); ok && reset {
		l.SetLinger(0)
	}
	bare.Close()
}

// open is the connection, or nil when it is cut.
func (f *flow) open() *flow {
	if f == nil {
		return nil
	}
	select {
	case <-f.gone:
		return nil
	default:
		return f
	}
}

// enter makes a connection known, unless its port was closed meanwhile. A dialled one has no listener.
func (s *station) enter(f *flow, p *port, listener net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || p.socket == nil || listener != nil && p.socket != listener || len(s.flows) >= mostFlows {
		return false
	}
	if old := s.flows[f.hop]; old != nil {
		old.cut(true) // the peer uses its port again, so the old one is dead
	}
	s.flowsMade++
	f.number = s.flowsMade
	s.flows[f.hop] = f
	return true
}

// leave forgets a connection that has ended, and has the loop do what waited for its letters.
func (s *station) leave(ctx context.Context, f *flow) {
	f.cut(false)
	s.mu.Lock()
	if s.flows[f.hop] == f {
		delete(s.flows, f.hop)
	}
	s.mu.Unlock()
	s.do(ctx, func() {
		for {
			select {
			case l := <-f.box:
				if l.sent != nil {
					l.sent()
				}
				continue
			default:
			}
			break
		}
		if s.lost != nil {
			s.lost(f.hop)
		}
	})
}

// flow is the open connection to this hop, or nil.
func (s *station) flow(to hop) *flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flows[to].open()
}

// numbered is the open connection of this number, or nil.
func (s *station) numbered(n int) *flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.flows {
		if f.number == n {
			return f.open()
		}
	}
	return nil
}

// reaches tells whether something can be sent there: over UDP, an open connection, or a new one over TCP.
func (s *station) reaches(to hop) bool {
	switch to.transport {
	case overUDP, overTCP:
		return s.port(to.transport) != nil
	}
	return s.flow(to) != nil
}

// connect is the connection to a hop, dialled where there is none yet; nil over UDP and where it cannot be dialled.
func (s *station) connect(to hop) *flow {
	if f := s.flow(to); f != nil || to.transport != overTCP {
		return f
	}
	p := s.port(overTCP)
	if p == nil || s.ctx == nil {
		return nil
	}
	f := newFlow(to, p.at, nil)
	ctx, stop := context.WithTimeout(s.ctx, giveUpAt)
	f.stop = stop
	if !s.enter(f, p, nil) {
		stop()
		return nil
	}
	s.crew.Go(func() {
		defer stop()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: p.at.Addr().AsSlice()}}
		conn, err := dialer.DialContext(ctx, "tcp", to.at.String())
		if err != nil {
			s.log.Warn("connect", "to", to.at, "err", err)
			s.leave(s.ctx, f)
			return
		}
		f.mu.Lock()
		f.conn = conn
		late := f.over
		f.mu.Unlock()
		if late {
			f.cut(true)
		}
		s.converse(s.ctx, f)
	})
	return f
}

// post puts a letter into a flow's box; a full one is the peer's fault.
func (s *station) post(f *flow, l letter) {
	select {
	case f.box <- l:
	default:
		s.log.Warn("connection reset: the peer does not read", "to", f.at)
		f.cut(true)
		if l.sent != nil {
			l.sent()
		}
	}
}

// afterwards runs f on the loop when everything sent to this hop so far is written, or cannot be.
func (s *station) afterwards(to hop, f func()) {
	if flow := s.flow(to); flow != nil {
		s.post(flow, letter{sent: f})
		return
	}
	f()
}

// hangUp ends a connection in order: what was sent before is written, then it is closed.
func (s *station) hangUp(to hop) {
	if f := s.flow(to); f != nil {
		f.leaving = true
		s.post(f, letter{last: true})
	}
}

// converse reads a connection to its end.
func (s *station) converse(ctx context.Context, f *flow) {
	defer s.leave(ctx, f)
	if peer, ok := f.conn.(secured); ok && !s.shake(ctx, f, peer) {
		return
	}
	s.crew.Go(func() { s.write(ctx, f) })
	reader := bufio.NewReader(f.conn)
	lines := 0 // empty ones that are no answers to our own keep-alives
	empty := func() {
		if f.pongs.Load() < f.pings.Load() {
			f.pongs.Add(1)
		} else if lines++; lines%2 == 0 && !s.mute.Load() {
			s.post(f, letter{data: []byte("\r\n")}) // RFC 5626 4.4.1
		}
	}
	for {
		lines = 0
		data, err := frame(reader, s.longest, empty)
		if len(data) > 0 {
			select {
			case s.inbox <- datagram{time.Now(), f.hop, data, err != nil}:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				s.log.Info("connection ended", "from", f.at, "err", err)
			}
			return
		}
	}
}
