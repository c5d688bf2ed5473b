package sip

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// stream is a TCP or TLS connection that carries SIP. A reader takes messages off it, a writer puts them on, so that no peer that has
// stopped reading holds the line up.
type stream struct {
	net.Conn
	line      *Line
	transport line.Transport
	stranger  bool // made by somebody who is none of the line's servers: it has to send something now and then
	out       *outbox
	gone      chan struct{} // closed when the connection is given up
	once      sync.Once
	unwritten error        // why a message could not be written; set before gone is closed
	last      atomic.Int64 // when a message passed, in nanoseconds of the line's clock
}

const (
	streamWrite = 32 * time.Second
	streamBatch = 64 // requests taken off a connection before the line must have caught up
)

var (
	errNotReading = errors.New("the peer does not read")
	errCutOff     = errors.New("the connection ended within a message")
)

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
	if s.unwritten != nil && errors.Is(err, net.ErrClosed) {
		return s.unwritten
	}
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
	if s.ended() {
		return net.ErrClosed
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
			s.written(b)
			_ = s.SetWriteDeadline(time.Now().Add(streamWrite))
			if _, err := s.Conn.Write(b); err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					err = errNotReading
				}
				s.unwritten = err
				s.close()
				return
			}
		}
	}
}

// read hands the messages of the peer to the line until the connection ends. What cannot be framed ends it: a request is refused first.
func (s *stream) read() error {
	r := wire.NewStreamReader(s.Conn, func() { _ = s.send(crlf) })
	for n := 1; ; n++ {
		if s.stranger {
			wait := strangerNext
			if n == 1 {
				wait = strangerFirst
			}
			_ = s.SetReadDeadline(time.Now().Add(wait))
		}
		raw, err := r.Next()
		if err != nil {
			s.unframed(raw, err)
			return err
		}
		s.line.arrived(raw, s.RemoteAddr(), s)
		if n%streamBatch == 0 {
			s.wait()
		}
	}
}

var crlf = []byte("\r\n")

// unframed takes what was read of a message that has no end, or whose end is not known. A request whose head is there is refused (WR-08).
func (s *stream) unframed(raw []byte, why error) {
	code, reason := 0, ""
	switch {
	case errors.Is(why, wire.ErrEndlessHead):
	case errors.Is(why, wire.ErrTooLong):
		code, reason = 513, "Message Too Large"
	case errors.Is(why, wire.ErrNoLength):
		code, reason = 400, "Bad Content-Length"
	case s.ended() || keepAlive(raw):
		return
	default:
		why = errCutOff
	}
	s.line.unread(raw, s.RemoteAddr(), s, why)
	if msg, err := readMessage(raw); err == nil && code != 0 {
		s.line.hand(arrival{msg: msg, size: len(raw), from: addrPort(s.RemoteAddr()), conn: s, refuse: code, reason: reason})
		s.wait()
		s.out.drain(s.gone)
		s.linger()
	}
}

// How long, and for how much, a connection is read on after its last answer: one that is closed with octets unread is reset, which may take the
// answer from the peer.
const (
	lingerTime = 2 * time.Second
	lingerSize = 4 << 20
)

func (s *stream) linger() {
	c, ok := s.Conn.(interface{ CloseWrite() error })
	if !ok || c.CloseWrite() != nil {
		return
	}
	_ = s.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, s.Conn, lingerSize)
}

// ended says whether the connection was given up here.
func (s *stream) ended() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
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

// written traces a message that is about to be written. A keep-alive is none.
func (s *stream) written(b []byte) {
	s.last.Store(int64(s.line.now()))
	if len(b) > len(crlf) {
		s.line.socket.trace(true, s.transport, s.LocalAddr(), s.RemoteAddr(), b, "")
	}
}

// outbox holds the messages that wait to be written.
type outbox struct {
	mu     sync.Mutex
	queue  [][]byte
	size   int           // octets
	taking bool          // a message was taken and is being written
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

// take gives the next message, nil for none. The one that it gave before counts as written then.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taking = len(o.queue) > 0
	if !o.taking {
		signal(o.taken) // the one taken before was written
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

// drain waits until all messages were written, or gone is closed.
func (o *outbox) drain(gone <-chan struct{}) {
	for {
		o.mu.Lock()
		empty := len(o.queue) == 0 && !o.taking
		o.mu.Unlock()
		if empty {
			return
		}
		select {
		case <-o.taken:
		case <-gone:
			return
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
