package sip

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

// stream is a TCP or TLS connection that carries SIP. A reader takes messages off it, a writer puts them on, so that no peer that has
// stopped reading holds the line up. Answers go to the line, requests to sipgo through feed.
type stream struct {
	net.Conn
	line      *Line
	transport line.Transport
	out       *outbox
	gone      chan struct{} // closed when the connection is given up
	once      sync.Once
	feed      *feed        // the reader's own; nil before the first request
	last      atomic.Int64 // when a message passed, in nanoseconds of the line's clock
}

const (
	streamWrite = 32 * time.Second
	streamBatch = 64 // requests taken off a connection before the line must have caught up
)

var errNotReading = errors.New("the peer does not read")

func (l *Line) newStream(c net.Conn, t line.Transport) *stream {
	s := &stream{Conn: c, line: l, transport: t, out: newOutbox(), gone: make(chan struct{})}
	s.last.Store(int64(l.now()))
	return s
}

// run reads and writes until the connection ends; the error says why.
func (s *stream) run() error {
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		s.write()
	}()
	err := s.read()
	s.close()
	<-writing
	if s.feed != nil {
		s.feed.end()
	}
	s.line.streams.forget(s)
	return err
}

// close gives the connection up. TLS is ended without a word: a peer that does not read would keep us waiting with it.
func (s *stream) close() {
	s.once.Do(func() {
		close(s.gone)
		bare := s.Conn
		if c, ok := bare.(*tls.Conn); ok {
			bare = c.NetConn()
		}
		_ = bare.Close()
	})
}

// send queues a message. A queue that is full means that the peer has stopped reading.
func (s *stream) send(b []byte) error {
	select {
	case <-s.gone:
		return net.ErrClosed
	default:
	}
	if !s.out.put(bytes.Clone(b)) {
		s.close()
		return errNotReading
	}
	return nil
}

func (s *stream) write() {
	for {
		select {
		case <-s.out.filled:
		case <-s.gone:
			return
		}
		for b := s.out.take(); b != nil; b = s.out.take() {
			s.trace(true, b)
			_ = s.SetWriteDeadline(time.Now().Add(streamWrite))
			if _, err := s.Conn.Write(b); err != nil {
				s.close()
				return
			}
		}
	}
}

func (s *stream) read() error {
	r := bufio.NewReader(s.Conn)
	parser := sip.NewParser()
	for requests := 0; ; {
		raw, err := readMessage(r)
		if err != nil {
			return err
		}
		s.trace(false, raw)
		msg, err := parser.ParseSIP(bytes.Clone(raw))
		if err != nil {
			continue // cut out properly, but no SIP: passed over, as on UDP
		}
		switch msg := msg.(type) {
		case *sip.Response:
			msg.SetSource(s.RemoteAddr().String())
			s.line.inbox.put(response{msg})
		case *sip.Request:
			s.pass(raw)
			if requests++; requests%streamBatch == 0 {
				s.wait()
			}
		}
	}
}

// pass gives sipgo a request. sipgo may have ended its use of the connection; then it gets the connection anew.
func (s *stream) pass(raw []byte) {
	for range 2 {
		if s.feed == nil {
			s.feed = newFeed(s)
			s.line.streams.offer(s.feed)
		}
		if s.feed.put(raw) {
			return
		}
		s.feed.end()
		s.feed = nil
	}
}

// wait lets the line catch up with the requests read so far, and the peer with the answers: so much waits and no more.
func (s *stream) wait() {
	done := make(chan struct{})
	s.line.inbox.put(func() { close(done) })
	select {
	case <-done:
	case <-s.gone:
	}
	for s.out.long() {
		select {
		case <-s.out.taken:
		case <-s.gone:
			return
		}
	}
}

func (s *stream) trace(out bool, b []byte) {
	s.last.Store(int64(s.line.now()))
	s.line.socket.record(out, s.transport, s.LocalAddr(), s.RemoteAddr(), b)
}

// outbox holds the messages that wait to be written.
type outbox struct {
	mu     sync.Mutex
	queue  [][]byte
	size   int           // octets
	filled chan struct{} // holds a token while there may be something to write
	taken  chan struct{} // holds a token when something was taken
}

const outboxLimit = 1 << 20 // octets

func newOutbox() *outbox {
	return &outbox{filled: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// put reports whether there was room. An empty outbox takes any message.
func (o *outbox) put(b []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.size > 0 && o.size+len(b) > outboxLimit {
		return false
	}
	o.queue = append(o.queue, b)
	o.size += len(b)
	signal(o.filled)
	return true
}

// take gives the next message, nil for none.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil
	}
	b := o.queue[0]
	o.queue[0] = nil
	o.queue = o.queue[1:]
	o.size -= len(b)
	signal(o.taken)
	return b
}

// long reports whether so much waits that nothing should be added.
func (o *outbox) long() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size > outboxLimit/4
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
