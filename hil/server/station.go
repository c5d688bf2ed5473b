package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// station is a set of SIP ports and the one goroutine that owns everything said on them: transactions, timers, dialogs.
// What other goroutines may touch is guarded by mu.
type station struct {
	log    *slog.Logger
	record record
	ports  []*port        // at most one of a transport; the first gives the station its address
	at     netip.AddrPort // of the first port
	mute   atomic.Bool    // nothing is sent
	padded atomic.Bool    // long messages are sent, so that long ones come

	// accept says what to do with a well-formed message, and how much later; nil loses it.
	accept    func(msg sip.Message) (handle func(), wait time.Duration)
	normalise func(data []byte) []byte                    // makes of what was received what the parser reads
	respell   func(to hop, data []byte) ([]byte, writing) // makes of a message what is sent; nil: it is sent as it is
	greet     func() handshake                            // for a new TLS connection; nil: a proper one; called by any goroutine
	lost      func(to hop)                                // told by the loop when a connection has ended, or could not be made; may be nil

	mu        sync.Mutex
	closed    bool
	flows     map[hop]*flow // open connections
	flowsMade int

	ctx     context.Context // of run, for connections the loop dials
	crew    sync.WaitGroup  // goroutines of connections
	inbox   chan datagram
	orders  chan func()
	ended   chan struct{} // closed when run has returned or will never run
	agenda  agenda
	servers map[string]*serverTx
	clients map[string]*clientTx

	gathered map[hop]*gathered
}

// datagram is what a socket gave at once: a UDP packet, or a message cut out of a stream.
type datagram struct {
	at     time.Time
	from   hop
	data   []byte
	broken bool // the stream went wrong within it
}

// keptMessages is how many messages Messages can give back.
const keptMessages = 2000

// newStation opens the ports; fields are their names in the configuration.
func newStation(log *slog.Logger, tap func(Message), ports []*port, fields []string) (*station, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if len(ports) == 0 {
		return nil, wrong("listen", "missing")
	}
	for i, p := range ports {
		if err := p.first(fields[i]); err != nil {
			for _, p := range ports[:i] {
				p.close()
			}
			return nil, err
		}
	}
	at := ports[0].at
	return &station{
		log: log.With("sip", at), record: record{keep: keptMessages, tap: tap}, ports: ports, at: at,
		flows: map[hop]*flow{}, inbox: make(chan datagram), orders: make(chan func()), ended: make(chan struct{}),
		servers: map[string]*serverTx{}, clients: map[string]*clientTx{}, gathered: map[hop]*gathered{}, normalise: canonical,
	}, nil
}

// run serves the ports until ctx ends or close is called; when it returns, its goroutines have ended.
func (s *station) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	s.ctx = ctx
	var readers sync.WaitGroup
	ends := make([]error, len(s.ports))
	for i, p := range s.ports {
		readers.Go(func() {
			defer cancel()
			ends[i] = s.serve(ctx, p)
		})
	}
	s.loop(ctx)
	s.close()
	cancel()
	readers.Wait()
	s.crew.Wait()
	return errors.Join(ends...)
}

// longest is the most octets of a message on a stream.
func (s *station) longest() int {
	if s.padded.Load() {
		return longestPadded
	}
	return longestMessage
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

// receive records a message and, unless it is lost or not SIP, handles it.
func (s *station) receive(d datagram) {
	m := Message{At: d.at, Transport: d.from.transport, From: d.from.at, To: s.at, Start: firstLine(d.data), Raw: d.data}
	f := s.flow(d.from)
	if p := s.port(d.from.transport); p != nil {
		m.To = p.at
	}
	msg, err := parse(s.normalise(d.data))
	if err != nil || d.broken {
		m.Malformed = true
		s.record.note(m)
		return
	}
	describe(&m, msg)
	if f != nil && f.leaving {
		m.Dropped = true
		s.record.note(m)
		return
	}
	msg.SetTransport(d.from.transport)
	msg.SetSource(d.from.at.String())
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

// send sends one message; a closed port, a connection that cannot be had or a mute station loses it.
func (s *station) send(to hop, data []byte) { s.sendTogether(to, data) }

// sendTogether sends messages in one segment, or in datagrams with nothing between them.
func (s *station) sendTogether(to hop, messages ...[]byte) {
	var how writing
	if s.respell != nil {
		for i := range messages {
			messages[i], how = s.respell(to, messages[i])
		}
	}
	if how.batch > 1 && len(messages) == 1 {
		s.gather(to, messages[0], how)
		return
	}
	s.transmit(to, how, messages...)
}

// packets is the open UDP socket, or nil.
func (s *station) packets() net.PacketConn {
	p := s.port(overUDP)
	if p == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	conn, _ := p.socket.(net.PacketConn)
	return conn
}
