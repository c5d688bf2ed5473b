package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// station is one SIP socket and the one goroutine that owns everything said on it: transactions, timers, dialogs.
// What other goroutines may touch is guarded by mu.
type station struct {
	log    *slog.Logger
	record record
	listen func() (net.PacketConn, error)
	at     netip.AddrPort
	mute   atomic.Bool // nothing is sent

	// accept says what to do with a well-formed message, and how much later; nil loses it.
	accept func(msg sip.Message) (handle func(), wait time.Duration)

	mu      sync.Mutex
	conn    net.PacketConn // nil while the port is closed
	closed  bool
	changed chan struct{} // conn or closed changed

	inbox   chan datagram
	orders  chan func()
	ended   chan struct{} // closed when run has returned or will never run
	agenda  agenda
	servers map[string]*serverTx
	clients map[string]*clientTx
}

type datagram struct {
	at   time.Time
	from netip.AddrPort
	data []byte
}

// keptMessages is how many messages Messages can give back.
const keptMessages = 2000

func newStation(log *slog.Logger, listen func() (net.PacketConn, error), tap func(Message)) (*station, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if listen == nil {
		return nil, wrong("listen", "missing")
	}
	conn, err := listen()
	if err != nil {
		return nil, fmt.Errorf("open the SIP port: %w", err)
	}
	at, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil || at.Addr().IsUnspecified() {
		conn.Close()
		return nil, wrong("listen", "%s is no address to put into a Via", conn.LocalAddr())
	}
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	return &station{
		log: log.With("sip", at), record: record{keep: keptMessages, tap: tap}, listen: listen, at: at, conn: conn,
		changed: make(chan struct{}, 1), inbox: make(chan datagram), orders: make(chan func()), ended: make(chan struct{}),
		servers: map[string]*serverTx{}, clients: map[string]*clientTx{},
	}, nil
}

// run serves the socket until ctx ends or close is called; when it returns, its goroutines have ended.
func (s *station) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var reader sync.WaitGroup
	var readErr error
	reader.Go(func() {
		defer cancel()
		readErr = s.readAll(ctx)
	})
	s.loop(ctx)
	s.close()
	cancel()
	reader.Wait()
	return readErr
}

func (s *station) loop(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.agenda.wait(time.Now()))
		select {
		case <-ctx.Done():
			return
		case d := <-s.inbox:
			s.receive(d)
		case order := <-s.orders:
			order()
		case <-timer.C:
		}
		s.agenda.run(time.Now())
	}
}

// do has the loop run f and waits for it. It reports net.ErrClosed when the loop has ended, or the end of ctx.
func (s *station) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case s.orders <- func() { defer close(done); f() }:
		<-done
		return nil
	case <-s.ended:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readAll reads the socket, and the next one after the port was closed and opened again.
func (s *station) readAll(ctx context.Context) error {
	for {
		s.mu.Lock()
		conn, closed := s.conn, s.closed
		s.mu.Unlock()
		if closed {
			return nil
		}
		if conn != nil {
			if err := s.read(ctx, conn); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.changed:
		}
	}
}

// read ends with nil when the socket is closed. Other errors are those of a single datagram, unless they do not stop.
func (s *station) read(ctx context.Context, conn net.PacketConn) error {
	buffer := make([]byte, 65536)
	for failures := 0; ; {
		n, addr, err := conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			if failures++; failures > 100 {
				return fmt.Errorf("read the SIP port %s: %w", s.at, err)
			}
			continue
		}
		failures = 0
		from, err := netip.ParseAddrPort(addr.String())
		if err != nil {
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		select {
		case s.inbox <- datagram{time.Now(), from, append([]byte(nil), buffer[:n]...)}:
		case <-ctx.Done():
			return nil
		}
	}
}

// receive records a datagram and, unless it is lost or not SIP, handles it.
func (s *station) receive(d datagram) {
	m := Message{At: d.at, From: d.from, To: s.at, Start: firstLine(d.data), Raw: d.data}
	msg, err := parse(d.data)
	if err != nil {
		m.Malformed = true
		s.record.note(m)
		return
	}
	describe(&m, msg)
	msg.SetTransport("UDP")
	msg.SetSource(d.from.String())
	handle, wait := s.accept(msg)
	m.Dropped = handle == nil
	s.record.note(m)
	switch {
	case m.Dropped:
	case wait > 0:
		s.agenda.after(wait, handle)
	default:
		handle()
	}
}

// send writes one datagram; a closed port or a mute station loses it.
func (s *station) send(to netip.AddrPort, data []byte) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn == nil || s.mute.Load() {
		return
	}
	m := Message{At: time.Now(), From: s.at, To: to, Sent: true, Start: firstLine(data), Raw: data}
	if msg, err := parse(data); err == nil {
		describe(&m, msg)
	}
	s.record.note(m)
	if _, err := conn.WriteTo(data, net.UDPAddrFromAddrPort(to)); err != nil && !errors.Is(err, net.ErrClosed) {
		s.log.Warn("send", "to", to, "start", m.Start, "err", err)
	}
}

// shut closes the port, so that senders get ICMP port unreachable, until open.
func (s *station) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// open opens the port again; an open port stays as it is.
func (s *station) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	if s.conn != nil {
		return nil
	}
	conn, err := s.listen()
	if err != nil {
		return fmt.Errorf("open the SIP port %s again: %w", s.at, err)
	}
	if got := conn.LocalAddr().String(); got != s.at.String() {
		conn.Close()
		return fmt.Errorf("open the SIP port %s again: listen gave %s", s.at, got)
	}
	s.conn = conn
	s.signal()
	return nil
}

// close ends run, or frees the port if run was never called.
func (s *station) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.ended)
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
	s.signal()
}

func (s *station) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
