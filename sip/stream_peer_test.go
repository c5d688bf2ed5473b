package sip_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// reachable is a line that is registered over TCP, and so has a port of its own.
func reachable(t *testing.T) *wired {
	w := newWired(t)
	w.start(w.settings(line.TCP, line.TCP))
	w.phase(line.OnPrimary)
	return w
}

// caller is a peer that has connected to the line's TCP port.
type caller struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
	n  int
}

func (w *wired) connect() *caller { return w.connectFrom("127.0.0.1") }

// connectFrom connects to the phone from an address.
func (w *wired) connectFrom(ip string) *caller {
	w.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	c, err := dialer.Dial("tcp", w.line.Snapshot().Local.String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(unhurried)); err != nil {
		w.t.Fatal(err)
	}
	return &caller{Conn: c, t: w.t, in: bufio.NewReader(c)}
}

// options is one more OPTIONS.
func (c *caller) options() string {
	c.n++
	return fmt.Sprintf("OPTIONS sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP %[1]s;branch=z9hG4bK%[2]d-%[1]s\r\nFrom: <sip:a@127.0.0.9>;tag=a\r\nTo: <sip:1001@127.0.0.1>\r\n"+
		"Call-ID: %[2]d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", c.LocalAddr(), c.n)
}

func (c *caller) write(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) expect(status int) datagram {
	c.t.Helper()
	d, err := readDatagram(c.in)
	if err != nil || d.status() != status {
		c.t.Fatalf("got %q, %v, want %d", d.raw, err, status)
	}
	return d
}

// ends reads until the connection has ended.
func (c *caller) ends() {
	c.t.Helper()
	if _, err := io.Copy(io.Discard, c.in); err != nil && strings.Contains(err.Error(), "timeout") {
		c.t.Fatal("the connection goes on")
	}
}

// Requests one octet at a time, after keep-alives, several at once, with nonsense between them that is cut out properly: each is answered,
// where it came from.
func TestRequestsOverAStream(t *testing.T) {
	w := reachable(t)
	c := w.connect()
	c.write("\r\n\r\n")
	for _, b := range strings.Split(c.options(), "") {
		c.write(b)
	}
	c.expect(200)
	c.write(c.options() + "\r\n\r\nnonsense\r\nContent-Length: 3\r\n\r\nabc" + c.options() + "SIP/2.0 999\r\nl: 0\r\n\r\n" + c.options())
	seen := map[string]bool{}
	for range 3 {
		d := c.expect(200)
		seen[d.header("Call-ID")] = true
		if contact := d.header("Contact"); contact != "<sip:1001@"+w.line.Snapshot().Local.String()+";transport=tcp>" {
			t.Errorf("Contact %s", contact)
		}
	}
	if len(seen) != 3 {
		t.Errorf("answered %v", seen)
	}
}

// What cannot be cut into messages ends its own connection and nothing else.
func TestStreamOfNonsense(t *testing.T) {
	w := reachable(t)
	good := w.connect()
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n\n", // a TLS ClientHello, or what is left of it
		"OPTIONS sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n",
		"OPTIONS sip:x SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\nab",
		"OPTIONS sip:x SIP/2.0\r\nContent-Length: 2000000\r\n\r\n",
		strings.Repeat("x", 1<<20) + "\r\n",
	} {
		c := w.connect()
		_, _ = io.WriteString(c, text) // may be ended before the end
		c.ends()
	}
	half := w.connect()
	half.write(half.options()[:100])
	half.Close()
	good.write(good.options())
	good.expect(200)
	w.post(line.Dial{Call: "1", To: "1002"})
	w.call("1", line.Talking)
	w.phase(line.OnPrimary)
}

// Thousands of requests at once from a peer that reads, with memory that does not grow with them.
func TestThousandsOfRequests(t *testing.T) {
	w := reachable(t)
	c := w.connect()
	const many = 2000
	var b strings.Builder
	for range many {
		b.WriteString(c.options())
	}
	w.mute()
	before := heap()
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(c, b.String())
	}()
	most := uint64(0)
	for i := range many {
		if d, err := readDatagram(c.in); err != nil || d.status() != 200 {
			t.Fatalf("after %d answers: %q, %v", i, d.raw, err)
		}
		if i%500 == 0 {
			most = max(most, heap())
		}
	}
	<-written
	if grown := int64(most) - int64(before); grown > 16<<20 {
		t.Errorf("%d MB more in use", grown>>20)
	}
}

// mute keeps what is reported from filling the memory that is measured.
func (w *wired) mute() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = true
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A peer that asks and never reads is not read any more either: what waits for it is bounded, the line goes on and ends in time.
func TestPeerThatDoesNotRead(t *testing.T) {
	w := reachable(t)
	c := w.connect()
	w.mute()
	before := heap()
	if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	n := 0
	for err := error(nil); err == nil; n++ { // until the line takes no more
		if n > 200000 {
			t.Fatal("there is no end to what the line takes")
		}
		_, err = io.WriteString(c, c.options())
	}
	if grown := int64(heap()) - int64(before); grown > 16<<20 {
		t.Errorf("%d MB more in use after %d requests", grown>>20, n)
	}
	t.Logf("%d requests taken", n)
	good := w.connect()
	good.write(good.options())
	good.expect(200)
	began := time.Now()
	w.end()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the line took %v to end", took)
	}
}

// SE-07: one address has 8 connections at a time, all strangers together 48, and whatever they do the line's server is answered. Those that end
// make room.
func TestManyConnections(t *testing.T) {
	w := reachable(t)
	var all []*caller
	for i := range 6 {
		from := fmt.Sprintf("127.0.1.%d", i+1)
		for range 8 {
			c := w.connectFrom(from)
			c.write(c.options())
			c.expect(200)
			all = append(all, c)
		}
		w.connectFrom(from).ends()
	}
	w.connectFrom("127.0.1.100").ends()
	server := w.connectFrom(wiredPrimary.String())
	server.write(server.options())
	server.expect(200)
	for _, c := range all[:8] {
		c.Close()
	}
	deadline := time.Now().Add(unhurried)
	for {
		c := w.connectFrom("127.0.1.1")
		_, _ = io.WriteString(c, c.options())
		if d, err := readDatagram(c.in); err == nil && d.status() == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no connection is taken any more")
		}
	}
	w.phase(line.OnPrimary)
}

// SE-07: a thousand connections that send half a message are ended, and the server's connection is answered within a second meanwhile.
func TestHalfSentConnections(t *testing.T) {
	w := reachable(t)
	began := time.Now()
	var all []*caller
	for i := range 1000 {
		c := w.connectFrom(fmt.Sprintf("127.0.2.%d", i%200+1))
		_, _ = io.WriteString(c, "OPTIONS sip:1001@127.0.0.1 SIP/2.0\r\nVia: ")
		all = append(all, c)
	}
	sent := time.Now()
	server := w.connectFrom(wiredPrimary.String())
	server.write(server.options())
	server.expect(200)
	t.Logf("the server was answered after %v", time.Since(sent))
	for _, c := range all {
		c.ends()
	}
	if took := time.Since(began); took > unhurried {
		t.Errorf("they were ended after %v", took)
	}
	w.phase(line.OnPrimary)
}

// Nothing is left of a line that has ended: no goroutine, whatever its connections were doing.
func TestNothingIsLeft(t *testing.T) {
	w := newWired(t)
	for _, transport := range reliable {
		for _, b := range []server.Behaviour{serve, refuse, silent, closing, {Mode: server.Hang}, {NoHandshake: true}, {BadHandshake: true}} {
			w.behave(server.Primary, b)
			w.behave(server.Backup, serve)
			w.start(w.settings(transport, transport, "failback_interval=1"))
			switch {
			case b.Mode == server.Serve:
				w.phase(line.OnPrimary)
				c := w.connectIf(transport)
				w.post(line.Dial{Call: line.CallID(transport), To: "1002"})
				w.call(line.CallID(transport), line.Talking)
				if c != nil {
					c.write(c.options()[:50])
				}
			case b.Mode == server.Refuse || b.Mode == server.Close || b.BadHandshake && transport == line.TLS:
				w.phase(line.OnBackup)
			default:
				w.until("a connection", func() bool { return len(w.dials) > 0 })
			}
			w.end()
			w.forget()
			w.mu.Lock()
			w.states = nil
			w.mu.Unlock()
		}
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(unhurried)
	for {
		left := lineGoroutines()
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d goroutines are left\n%s", len(left), strings.Join(left, "\n\n"))
		}
	}
}

// lineGoroutines are the stacks of all goroutines of lines and of sipgo's connections.
func lineGoroutines() (all []string) {
	b := make([]byte, 4<<20)
	for _, stack := range strings.Split(string(b[:runtime.Stack(b, true)]), "\n\n") {
		if strings.Contains(stack, "hilphone/sip.(*") || strings.Contains(stack, "sipgo/sip.(*Transport") {
			all = append(all, stack)
		}
	}
	return all
}

func (w *wired) connectIf(transport line.Transport) *caller {
	if transport != line.TCP {
		return nil
	}
	return w.connect()
}
