package sip

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
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
	out       chan []byte
	gone      chan struct{} // closed when the connection is given up
	once      sync.Once
	feed      *feed
}

const (
	streamQueue   = 64 // messages that wait to be written
	streamWrite   = 32 * time.Second
	messageLimit  = 64 << 10
	handshakeTime = 32 * time.Second
)

func (l *Line) newStream(c net.Conn, t line.Transport) *stream {
	s := &stream{Conn: c, line: l, transport: t, out: make(chan []byte, streamQueue), gone: make(chan struct{})}
	s.feed = newFeed(s)
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
	s.feed.end()
	return err
}

func (s *stream) close() {
	s.once.Do(func() {
		close(s.gone)
		_ = s.Conn.Close()
	})
}

// send queues a message. A queue that is full means that the peer has stopped reading.
func (s *stream) send(b []byte) error {
	select {
	case <-s.gone:
		return net.ErrClosed
	default:
	}
	select {
	case s.out <- bytes.Clone(b):
		return nil
	default:
		s.close()
		return errors.New("the peer does not read")
	}
}

func (s *stream) write() {
	for {
		select {
		case b := <-s.out:
			s.trace(true, b)
			_ = s.SetWriteDeadline(time.Now().Add(streamWrite))
			if _, err := s.Conn.Write(b); err != nil {
				s.close()
				return
			}
		case <-s.gone:
			return
		}
	}
}

func (s *stream) read() error {
	r := bufio.NewReader(s.Conn)
	parser := sip.NewParser()
	for {
		raw, err := readMessage(r)
		if err != nil {
			return err
		}
		s.trace(false, raw)
		if !bytes.HasPrefix(raw, answerPrefix) {
			s.feed.put(raw)
			continue
		}
		msg, err := parser.ParseSIP(raw)
		if res, ok := msg.(*sip.Response); ok && err == nil {
			res.SetSource(s.RemoteAddr().String())
			s.line.inbox.put(response{res})
		}
	}
}

func (s *stream) trace(out bool, b []byte) {
	s.line.socket.record(out, s.transport, s.LocalAddr(), s.RemoteAddr(), b)
}

// readMessage takes one message off a stream; its length is in Content-Length (RFC 3261 18.3). Empty lines between messages keep the
// connection alive and are passed over (RFC 5626 4.4.1).
func readMessage(r *bufio.Reader) ([]byte, error) {
	var msg []byte
	length := 0
	for {
		l, err := r.ReadSlice('\n')
		if err != nil {
			if len(msg)+len(l) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		text := bytes.TrimRight(l, "\r\n")
		if len(msg) == 0 && len(text) == 0 {
			continue
		}
		msg = append(msg, l...)
		if len(msg) > messageLimit {
			return nil, fmt.Errorf("a message is longer than %d octets", messageLimit)
		}
		if len(text) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(text, []byte(":")); ok && isContentLength(name) {
			n, err := strconv.Atoi(string(bytes.TrimSpace(value)))
			if err != nil || n < 0 || n > messageLimit {
				return nil, fmt.Errorf("a message has the Content-Length %q", value)
			}
			length = n
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return append(msg, body...), nil
}

func isContentLength(name []byte) bool {
	name = bytes.TrimSpace(name)
	return bytes.EqualFold(name, []byte("Content-Length")) || bytes.EqualFold(name, []byte("l"))
}

// feed is a stream as sipgo sees it: a connection on which only requests arrive.
type feed struct {
	*stream
	requests chan []byte
	rest     []byte
	ended    chan struct{}
	once     sync.Once
	offered  bool // to sipgo; the reader's own
}

func newFeed(s *stream) *feed {
	return &feed{stream: s, requests: make(chan []byte), ended: make(chan struct{})}
}

// put gives sipgo a request, and with the first one the connection.
func (f *feed) put(raw []byte) {
	if !f.offered {
		f.offered = true
		select {
		case f.line.streams.conns <- f:
		case <-f.line.streams.closed:
			return
		}
	}
	select {
	case f.requests <- raw:
	case <-f.ended:
	}
}

func (f *feed) end() { f.once.Do(func() { close(f.ended) }) }

func (f *feed) Read(b []byte) (int, error) {
	if len(f.rest) == 0 {
		select {
		case f.rest = <-f.requests:
		case <-f.ended:
			return 0, io.EOF
		}
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *feed) Write(b []byte) (int, error) {
	if err := f.send(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close ends sipgo's use of the connection; the connection is the line's.
func (f *feed) Close() error {
	f.end()
	return nil
}

func (f *feed) SetDeadline(time.Time) error      { return nil }
func (f *feed) SetReadDeadline(time.Time) error  { return nil }
func (f *feed) SetWriteDeadline(time.Time) error { return nil }

// streamListener hands connections with requests on them to sipgo.
type streamListener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newStreamListener(addr net.Addr) *streamListener {
	return &streamListener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (s *streamListener) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *streamListener) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *streamListener) Addr() net.Addr { return s.addr }
