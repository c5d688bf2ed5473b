//go:build rig

package sip_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hilphone/sip/wire"
)

// oddPeer sends odd messages to a line over one transport, and asks it with OPTIONS whether it goes on. An OPTIONS waits for its answer, so
// that no more messages are on their way than the sockets hold.
type oddPeer struct {
	t         testing.TB
	transport string
	write     func(b []byte) error
	apart     func(b []byte) // sends what ends a connection, on one that is for it alone; nil: it is left out
	answers   chan string    // Call-IDs of answers to OPTIONS

	sent, left int             // messages; those that are no messages of a stream, or that no trace shows
	probes     int             // OPTIONS
	waits      []time.Duration // for their answers
	recent     [][]byte        // sent since the last one
	pending    int             // octets of them, with what the kernel needs
	alone      *sync.RWMutex   // held for reading by each flood while it sends; all of a line share it
}

const (
	probeID = "odd-probe-"
	prompt  = 50 * time.Millisecond // within which the next OPTIONS is answered
)

// flood sends n odd messages.
func (p *oddPeer) flood(o *odd, n int) {
	p.t.Helper()
	for p.sent < n {
		m := o.next()
		p.alone.RLock()
		p.one(m)
		p.alone.RUnlock()
		if p.pending > 64<<10 || p.sent == n {
			p.check()
		}
	}
}

func (p *oddPeer) one(m []byte) {
	p.t.Helper()
	if p.transport == "UDP" {
		if m = m[:min(len(m), 65507)]; len(bytes.Trim(m, "\r\n\x00")) == 0 {
			p.left++ // a keep-alive, which no trace shows
		}
	} else if !framed(m) {
		if p.left%2 > 0 || p.apart == nil {
			m = framing(m)
		}
		if p.left++; !framed(m) {
			if p.apart != nil {
				p.apart(m)
				p.sent++
			}
			return
		}
	}
	p.send(m)
	p.sent++
	p.recent = append(p.recent, m)
}

func (p *oddPeer) send(m []byte) {
	p.t.Helper()
	if err := p.write(m); err != nil {
		p.t.Fatalf("%s: message %d was not taken: %v\n%.2000q", p.transport, p.sent, err, m)
	}
	p.pending += len(m) + 2048
}

// check waits for the answer to an OPTIONS. Where that takes too long, it may be the machine that has much else to do, or the other floods:
// then the messages before it are sent again while the others wait. If it is they that take so long, they do each time.
func (p *oddPeer) check() {
	p.t.Helper()
	took := p.probe()
	p.waits = append(p.waits, took)
	if took > prompt {
		p.alone.Lock()
		for try := 1; took > prompt && try <= 10; try++ {
			for _, m := range p.recent {
				p.send(m)
			}
			took = p.probe()
		}
		if took > prompt {
			p.slow()
		}
		p.alone.Unlock()
	}
	p.recent, p.pending = p.recent[:0], 0
}

// slow names the messages that hold the line up.
func (p *oddPeer) slow() {
	p.t.Helper()
	p.t.Errorf("%s: ten times an OPTIONS was not answered within %v behind the same %d messages, from number %d on", p.transport, prompt, len(p.recent), p.sent-len(p.recent))
	for _, m := range p.recent {
		p.send(m)
		if took := p.probe(); took > prompt/2 {
			p.t.Errorf("%v behind %.300q (%d octets)", took, m, len(m))
		}
	}
}

func (p *oddPeer) probe() time.Duration {
	p.t.Helper()
	p.probes++
	id := fmt.Sprintf("%s%s-%d", probeID, p.transport, p.probes)
	began := time.Now()
	p.send([]byte(message("OPTIONS sip:1001@127.0.0.1 SIP/2.0", "Via: SIP/2.0/"+p.transport+" pc.example.com;rport;branch=z9hG4bK"+id, "Max-Forwards: 70", "From: <sip:a@127.0.0.9>;tag=a",
		"To: <sip:1001@127.0.0.1>", "Call-ID: "+id, "CSeq: 1 OPTIONS", "Content-Length: 0")))
	deadline := time.NewTimer(unhurried)
	defer deadline.Stop()
	for {
		select {
		case got := <-p.answers:
			if got == id {
				return time.Since(began)
			}
		case <-deadline.C:
			p.t.Fatalf("%s: no answer to an OPTIONS after %d messages", p.transport, p.sent)
		}
	}
}

// answeredProbe takes an answer of the line's, and says whether it was one to an OPTIONS of ours.
func answeredProbe(b []byte, answers chan<- string) bool {
	_, id, ok := bytes.Cut(b, []byte("Call-ID: "+probeID))
	if !ok || !bytes.HasPrefix(b, []byte("SIP/2.0 200 ")) {
		return false
	}
	id, _, _ = bytes.Cut(id, []byte("\r\n"))
	answers <- probeID + string(id)
	return true
}

// framed says whether octets are one message of a stream, so that what follows is read as the next.
func framed(b []byte) bool {
	in := wire.NewStreamReader(bytes.NewReader(b), nil)
	_, err := in.Next()
	if err != nil {
		return false
	}
	_, err = in.Next()
	return err == io.EOF
}

// framing gives a message the length that it has, and takes every other length and empty line out of it.
func framing(b []byte) []byte {
	head, body, _ := strings.Cut(string(b), "\r\n\r\n")
	var out strings.Builder
	first := true
	for l := range strings.SplitSeq(head, "\n") {
		l = strings.TrimRight(l, "\r")
		name, _, _ := strings.Cut(l, ":")
		name = strings.ToLower(strings.Trim(name, " \t"))
		if l == "" || name == "l" || name == "content-length" {
			continue
		}
		out.WriteString(l + "\r\n")
		if first {
			fmt.Fprintf(&out, "Content-Length: %d\r\n", len(body))
		}
		first = false
	}
	return []byte(out.String() + "\r\n" + body)
}

// byUDP is a stranger with a socket.
func (x *oddLine) byUDP() (p *oddPeer, at string) {
	t := x.t
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.66:0")
	if err != nil {
		t.Fatal(err)
	}
	to := net.UDPAddrFromAddrPort(x.line.Snapshot().Local)
	p = &oddPeer{t: t, alone: &x.floods, transport: "UDP", answers: make(chan string, 16), write: func(b []byte) error {
		_, err := c.WriteTo(b, to)
		return err
	}}
	var task sync.WaitGroup
	task.Go(func() {
		b := make([]byte, wire.MaxDatagram)
		for {
			n, _, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			answeredProbe(b[:n], p.answers)
		}
	})
	t.Cleanup(func() { c.Close(); task.Wait() })
	return p, c.LocalAddr().String()
}

// byTCP is a stranger that has connected to the line's port. What ends a connection is sent on another one.
func (x *oddLine) byTCP() (p *oddPeer, at string) {
	t := x.t
	t.Helper()
	c := x.connect()
	if err := c.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	p = &oddPeer{t: t, alone: &x.floods, transport: "TCP", answers: make(chan string, 16), write: func(b []byte) error {
		_, err := c.Write(b)
		return err
	}}
	p.apart = func(b []byte) {
		once, err := net.Dial("tcp", x.line.Snapshot().Local.String())
		if err != nil {
			t.Fatal(err)
		}
		defer once.Close()
		_ = once.SetDeadline(time.Now().Add(unhurried))
		_, _ = once.Write(b) // the line may have ended it in between
		_ = once.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, once); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatalf("the connection goes on after %.2000q", b)
		}
	}
	var task sync.WaitGroup
	task.Go(func() {
		in := wire.NewStreamReader(c, nil)
		for b, err := in.Next(); err == nil; b, err = in.Next() {
			answeredProbe(b, p.answers)
		}
	})
	t.Cleanup(func() { c.Close(); task.Wait() })
	return p, c.LocalAddr().String()
}

// tlsTap gives access to the connections that the line makes to the primary by TLS: what is written is the primary's to the line, and the
// answers to it do not come to the primary.
type tlsTap struct {
	net.Listener
	answers chan string
	conns   chan *tappedConn
	muted   atomic.Bool // no responses come to the primary
}

func newTLSTap(w *wired) *tlsTap {
	s := &tlsTap{answers: make(chan string, 16), conns: make(chan *tappedConn, 64)}
	w.wrap = func(l net.Listener) net.Listener {
		s.Listener = l
		return s
	}
	return s
}

func (s *tlsTap) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t := &tappedConn{Conn: c.(*tls.Conn), tap: s}
	t.in = wire.NewStreamReader(t.Conn, nil)
	s.conns <- t
	return t, nil
}

// tappedConn is a connection of the primary's.
type tappedConn struct {
	*tls.Conn
	tap  *tlsTap
	in   *wire.StreamReader
	rest []byte
}

func (t *tappedConn) Read(b []byte) (int, error) {
	for len(t.rest) == 0 {
		m, err := t.in.Next()
		if err != nil {
			return 0, err
		}
		if !answeredProbe(m, t.tap.answers) && !(t.tap.muted.Load() && bytes.HasPrefix(m, []byte("SIP/2.0"))) {
			t.rest = m
		}
	}
	n := copy(b, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// byTLS is the primary on the connection that the line has made to it.
func (x *oddLine) byTLS() *oddPeer {
	var c *tappedConn
	for newest := true; newest; {
		select {
		case c = <-x.tap.conns:
		default:
			newest = false
		}
	}
	if c == nil {
		x.t.Fatal("the line has made no connection by TLS")
	}
	return &oddPeer{t: x.t, alone: &x.floods, transport: "TLS", answers: x.tap.answers, write: func(b []byte) error {
		_, err := c.Write(b)
		return err
	}}
}
