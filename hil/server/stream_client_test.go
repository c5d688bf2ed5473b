package server

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// stream lets a client speak over a connection: each message is a packet.
type stream struct {
	net.Conn
	in        *bufio.Reader
	transport string
}

func (s *stream) ReadFrom(b []byte) (int, net.Addr, error) {
	data, err := frame(s.in, func() int { return longestPadded }, func() {})
	return copy(b, data), s.RemoteAddr(), err
}

func (s *stream) WriteTo(b []byte, _ net.Addr) (int, error) {
	return io.WriteString(s.Conn, strings.Replace(string(b), "SIP/2.0/UDP", "SIP/2.0/"+s.transport, 1))
}

func overStream(t *testing.T, conn net.Conn) *client {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	transport := overTCP
	if _, ok := conn.(*tls.Conn); ok {
		transport = overTLS
	}
	return &client{t: t, conn: &stream{conn, bufio.NewReader(conn), transport}}
}

func (c *client) raw() net.Conn { return c.conn.(*stream).Conn }

// ended waits for the end of the connection and gives its error, io.EOF for a FIN. Nothing may come before.
func (c *client) ended() error {
	c.t.Helper()
	c.raw().SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := c.conn.(*stream).in.Read(make([]byte, 1))
	var late net.Error
	if n > 0 || errors.As(err, &late) && late.Timeout() {
		c.t.Fatalf("the connection goes on: %d bytes, %v", n, err)
	}
	return err
}

// streamsAt is not the address clients dial from, so that none of them takes a port that is closed for a while.
var streamsAt = netip.MustParseAddr("127.0.0.5")

// security is a server's TLS configuration, and a client's that trusts it.
func security(t *testing.T) (server *tls.Config, roots *x509.CertPool) {
	t.Helper()
	cert, roots, err := Certificate(streamsAt.String(), "127.0.0.1", "sip.example.test")
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, roots
}

// streamWorld is a server on real sockets of all three transports.
type streamWorld struct {
	*Server
	t     *testing.T
	roots *x509.CertPool
}

func streamServer(t *testing.T, c Config) *streamWorld {
	t.Helper()
	config, roots := security(t)
	c.Listen, c.ListenTCP, c.ListenTLS = local(), LoopbackTCP(streamsAt, 0), LoopbackTLS(streamsAt, 0, config)
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	real(t, s.Run)
	return &streamWorld{s, t, roots}
}

func (w *streamWorld) at(transport string) netip.AddrPort { return w.addr(transport) }

func (w *streamWorld) dial(transport string) (net.Conn, error) {
	if transport == overTCP {
		return net.DialTimeout("tcp", w.AddrTCP().String(), 5*time.Second)
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return tls.DialWithDialer(dialer, "tcp", w.AddrTLS().String(), &tls.Config{RootCAs: w.roots})
}

func (w *streamWorld) connect(transport string) *client {
	w.t.Helper()
	conn, err := w.dial(transport)
	if err != nil {
		w.t.Fatal(err)
	}
	return overStream(w.t, conn)
}

func (w *streamWorld) set(b Behaviour) {
	w.t.Helper()
	if err := w.SetBehaviour(b); err != nil {
		w.t.Fatal(err)
	}
}

// pipes is a listener in memory, for bubbles.
type pipes struct {
	at   netip.AddrPort
	ring chan net.Conn
	gone chan struct{}
	once sync.Once
}

func newPipes(at string) *pipes {
	return &pipes{at: netip.MustParseAddrPort(at), ring: make(chan net.Conn), gone: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.ring:
		return conn, nil
	case <-p.gone:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.gone) }); return nil }
func (p *pipes) Addr() net.Addr { return net.TCPAddrFromAddrPort(p.at) }

// dial gives the client's end of a new pipe.
func (p *pipes) dial(from string) net.Conn {
	here, there := net.Pipe()
	client := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))
	p.ring <- pipeEnd{there, p.Addr(), client}
	return pipeEnd{here, client, p.Addr()}
}

type pipeEnd struct {
	net.Conn
	local, remote net.Addr
}

func (n pipeEnd) LocalAddr() net.Addr  { return n.local }
func (n pipeEnd) RemoteAddr() net.Addr { return n.remote }
