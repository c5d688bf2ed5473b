package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hil/memnet"
)

// client is a bare SIP client: it writes requests as text and reads what comes back.
type client struct {
	t    *testing.T
	conn net.PacketConn
	made int
}

// wire is a message as the client sees it.
type wire struct {
	start  string
	fields map[string][]string // lower-case name to values
	body   string
	from   string
	at     time.Time
}

func (w wire) status() int {
	f := strings.Fields(w.start)
	if len(f) < 2 || f[0] != "SIP/2.0" {
		return 0
	}
	code, _ := strconv.Atoi(f[1])
	return code
}

func (w wire) get(name string) string {
	if v := w.fields[strings.ToLower(name)]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (c *client) addr() string { return c.conn.LocalAddr().String() }

func (c *client) write(to netip.AddrPort, text string) {
	c.t.Helper()
	if _, err := c.conn.WriteTo([]byte(text), net.UDPAddrFromAddrPort(to)); err != nil {
		c.t.Fatal(err)
	}
}

// request is a request as text; extra lines end without CRLF. A line that begins with "Via:", "To:" and so on replaces
// the default one.
func (c *client) request(method, uri, user string, extra ...string) string {
	c.made++
	lines := []string{
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK-%s-%d;rport", c.addr(), c.addr(), c.made),
		"Max-Forwards: 70",
		fmt.Sprintf("From: <sip:%s@test>;tag=f%s", user, user),
		fmt.Sprintf("To: <sip:%s@test>", user),
		"Call-ID: call-" + c.addr(),
		fmt.Sprintf("CSeq: %d %s", c.made, method),
	}
	var body string
	for _, line := range extra {
		if strings.HasPrefix(line, "v=0") {
			body = line
			lines = append(lines, "Content-Type: application/sdp")
			continue
		}
		name, _, _ := strings.Cut(line, ":")
		replaced := false
		for i := range lines {
			if strings.HasPrefix(lines[i], name+":") && name != "Via" && name != "Contact" && name != "Route" && !strings.HasSuffix(name, "Authorization") {
				lines[i], replaced = line, true
			}
		}
		if name == "Via" && c.made > 0 && strings.HasPrefix(lines[0], "Via:") {
			lines[0], replaced = line, true
		}
		if !replaced {
			lines = append(lines, line)
		}
	}
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	return method + " " + uri + " SIP/2.0\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// read gives the next message, or false when none comes in time.
func (c *client) read(within time.Duration) (wire, bool) {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(within))
	buffer := make([]byte, 65536)
	n, from, err := c.conn.ReadFrom(buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return wire{}, false
	}
	if err != nil {
		c.t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(buffer[:n]), "\r\n\r\n")
	start, rest, _ := strings.Cut(head, "\r\n")
	w := wire{start: start, fields: map[string][]string{}, body: body, from: from.String(), at: time.Now()}
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		name = strings.ToLower(name)
		w.fields[name] = append(w.fields[name], strings.TrimSpace(value))
	}
	return w, true
}

// expect reads the next message, which must begin so.
func (c *client) expect(start string) wire {
	c.t.Helper()
	w, ok := c.read(5 * time.Second)
	if !ok {
		c.t.Fatalf("nothing came, want %q", start)
	}
	if !strings.HasPrefix(w.start, start) {
		c.t.Fatalf("received %q, want %q", w.start, start)
	}
	return w
}

// quiet fails when anything comes within d.
func (c *client) quiet(d time.Duration) {
	c.t.Helper()
	if w, ok := c.read(d); ok {
		c.t.Fatalf("received %q, want nothing", w.start)
	}
}

// world is a network in memory with what runs in it.
type world struct {
	t   *testing.T
	net *memnet.Network
	ctx context.Context
}

// bubble runs a test in a bubble; everything it started has ended when it returns, or synctest fails.
func bubble(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &world{t, memnet.New(), ctx}
		defer synctest.Wait()
		defer cancel()
		test(w)
	})
}

func (w *world) listen(addr string) func() (net.PacketConn, error) {
	return func() (net.PacketConn, error) { return w.net.ListenPacket("udp", addr) }
}

func (w *world) client(addr string) *client {
	w.t.Helper()
	conn, err := w.net.ListenPacket("udp", addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return &client{t: w.t, conn: conn}
}

// server makes and runs a server at 127.0.0.2:5060, unless the configuration says otherwise.
func (w *world) server(c Config) *Server {
	w.t.Helper()
	if c.Listen == nil {
		c.Listen = w.listen("127.0.0.2:5060")
	}
	s, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.run(s.Run)
	return s
}

func (w *world) lab(c LabConfig) *Lab {
	w.t.Helper()
	c.Primary, c.Backup = w.listen("127.0.0.2:5060"), w.listen("127.0.0.3:5060")
	c.Phone, c.Media = w.listen("127.0.0.4:5060"), w.listen("127.0.0.4:0")
	l, err := NewLab(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.run(l.Run)
	return l
}

func (w *world) run(f func(context.Context) error) {
	go func() {
		if err := f(w.ctx); err != nil {
			w.t.Error(err)
		}
	}()
}
