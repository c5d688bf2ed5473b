//go:build rig

package kamailio

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A callee is a phone that takes every call at once. It answers each request to where it came from, so a BYE may arrive
// through another server than the INVITE did.
type callee struct {
	conn net.PacketConn
	user string

	mutex sync.Mutex
	calls map[string][]string // Call-ID to the methods seen
	last  map[string]message  // method to the last request
}

func newCallee(t *testing.T, p *Pair, user string) *callee {
	conn, err := p.ListenPacket("udp4", "127.0.0.22:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &callee{conn: conn, user: user, calls: map[string][]string{}, last: map[string]message{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.serve()
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return c
}

func (c *callee) contact() string { return fmt.Sprintf("sip:%s@%s", c.user, c.conn.LocalAddr()) }

// seen returns the methods seen in the call, in their order.
func (c *callee) seen(callID string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return strings.Join(c.calls[callID], " ")
}

// request returns the last request of a method.
func (c *callee) request(method string) message {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.last[method]
}

// serve answers until the socket is closed.
func (c *callee) serve() {
	buffer := make([]byte, 65535)
	for {
		n, from, err := c.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		for _, reply := range c.replies(message(buffer[:n])) {
			if _, err := c.conn.WriteTo([]byte(reply), from); err != nil {
				return
			}
		}
	}
}

func (c *callee) replies(m message) []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	id := m.header("Call-ID")
	methods := c.calls[id]
	c.calls[id] = append(methods, m.method())
	c.last[m.method()] = m
	switch m.method() {
	case "INVITE":
		return []string{c.reply(m, "180 Ringing"), c.reply(m, "200 OK")}
	case "BYE":
		if len(methods) == 0 || slices.Contains(methods, "BYE") {
			return []string{c.reply(m, "481 No Such Call")}
		}
		return []string{c.reply(m, "200 OK")}
	}
	return nil
}

func (c *callee) reply(m message, status string) string {
	var reply strings.Builder
	fmt.Fprintf(&reply, "SIP/2.0 %s\r\n", status)
	for _, name := range []string{"Via", "Record-Route", "From", "Call-ID", "CSeq"} {
		for _, value := range m.headers(name) {
			fmt.Fprintf(&reply, "%s: %s\r\n", name, value)
		}
	}
	to := m.header("To")
	if !strings.Contains(to, ";tag=") {
		to += ";tag=callee"
	}
	fmt.Fprintf(&reply, "To: %s\r\nContact: <%s>\r\nContent-Length: 0\r\n\r\n", to, c.contact())
	return reply.String()
}
