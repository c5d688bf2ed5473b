package sip

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"
)

// What sipgo counts of its connections goes to the program's log, whoever's that is; the line itself says what matters.
func init() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }

// sipgo is to answer on the connection that a request came on. Where that has ended it would connect by itself, where we neither see nor end
// it: it can neither look names up nor dial.
var (
	errOnlyAnswers = errors.New("answers go where their requests came from")
	nowhere        = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errOnlyAnswers }}
)

func noDialer(net.Addr) net.Dialer {
	return net.Dialer{Control: func(string, string, syscall.RawConn) error { return errOnlyAnswers }}
}

// feed is a stream as sipgo sees it: a connection on which only requests arrive.
type feed struct {
	*stream
	requests chan []byte
	rest     []byte
	ended    chan struct{}
	once     sync.Once
}

func newFeed(s *stream) *feed {
	return &feed{stream: s, requests: make(chan []byte), ended: make(chan struct{})}
}

// put gives sipgo a request, and reports whether it took it.
func (f *feed) put(raw []byte) bool {
	select {
	case f.requests <- raw:
		return true
	case <-f.ended:
	case <-f.gone:
	}
	return false
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

// streamListener hands connections with requests on them to sipgo, and knows them by the address of their other end.
type streamListener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex
	from map[string]*stream
}

func newStreamListener(addr net.Addr) *streamListener {
	return &streamListener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{}), from: make(map[string]*stream)}
}

// offer has sipgo read a feed.
func (s *streamListener) offer(f *feed) {
	s.mu.Lock()
	s.from[f.RemoteAddr().String()] = f.stream
	s.mu.Unlock()
	select {
	case s.conns <- f:
	case <-s.closed:
		f.end()
	}
}

// stream is the connection to the source of a request, the newest where there are several; nil where it is gone.
func (s *streamListener) stream(source string) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from[source]
}

func (s *streamListener) forget(gone *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source := gone.RemoteAddr().String(); s.from[source] == gone {
		delete(s.from, source)
	}
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
