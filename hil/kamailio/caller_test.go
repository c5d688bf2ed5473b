//go:build rig

package kamailio

import (
	"crypto/md5"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// silence is how long the caller usually waits for an answer, with one retransmission: far longer than a live server takes.
const silence = 800 * time.Millisecond

// A caller is a phone reduced to what judging the servers takes: one request at a time, no timers of its own.
type caller struct {
	t    *testing.T
	conn net.PacketConn
	user string
	cseq int
	wait time.Duration // for an answer
}

// A call is what later requests in it need.
type call struct {
	id, from, to, target string
	routes               []string
	bye                  int // CSeq number of its BYE, the same at every server
}

func newCaller(t *testing.T, p *Pair, user string) *caller {
	conn, err := p.ListenPacket("udp4", "127.0.0.21:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{t: t, conn: conn, user: user, wait: silence}
}

// request is one transaction, or two where the first is challenged.
type request struct {
	method, uri, id, from, to string
	cseq                      int
	headers                   []string
	password                  string // none: do not answer a challenge
}

// register registers a contact and returns the status, 0 for silence.
func (c *caller) register(s *Server, user, password, contact string) int {
	c.cseq += 2
	identity := fmt.Sprintf("<sip:%s@%s>", user, Domain)
	return c.do(s, request{
		method: "REGISTER", uri: "sip:" + Domain, id: "registration of " + user + " at " + s.Name, from: identity + ";tag=r", to: identity, cseq: c.cseq,
		headers: []string{"Contact: <" + contact + ">", "Expires: 600"}, password: password,
	}).status()
}

// call calls the user through the server and confirms the answer.
func (c *caller) call(s *Server, user string) (call, int) {
	c.cseq += 2
	to := fmt.Sprintf("<sip:%s@%s>", user, Domain)
	r := request{
		method: "INVITE", uri: "sip:" + user + "@" + Domain, id: rand.Text(), from: fmt.Sprintf("<sip:%s@%s>;tag=c", c.user, Domain), to: to, cseq: c.cseq,
		headers: []string{fmt.Sprintf("Contact: <sip:%s@%s>", c.user, c.conn.LocalAddr())}, password: Password(c.user),
	}
	answer := c.do(s, r)
	made := call{id: r.id, from: r.from, to: answer.header("To"), target: strings.Trim(answer.header("Contact"), "<>"), routes: answer.headers("Record-Route")}
	slices.Reverse(made.routes)
	c.cseq += 2
	made.bye = c.cseq
	if answer.status() == 200 {
		// The server that challenges counts the INVITE up by one.
		var number int
		fmt.Sscan(answer.header("CSeq"), &number)
		c.send(s, made.request("ACK", number), rand.Text())
	}
	return made, answer.status()
}

// request is one in the call: to the other phone's contact, by the way its INVITE went.
func (k call) request(method string, cseq int) request {
	r := request{method: method, uri: k.target, id: k.id, from: k.from, to: k.to, cseq: cseq}
	for _, route := range k.routes {
		r.headers = append(r.headers, "Route: "+route)
	}
	return r
}

// hangUp sends the BYE to the server, whatever its Route says, and returns the status, 0 for silence.
func (c *caller) hangUp(s *Server, k call) int { return c.do(s, k.request("BYE", k.bye)).status() }

// do sends the request until there is a final answer, answers a challenge once, and returns the answer, empty for silence.
func (c *caller) do(s *Server, r request) message {
	answer := c.transact(s, r)
	if code := answer.status(); (code != 401 && code != 407) || r.password == "" {
		return answer
	}
	r.cseq++
	challenge, credentials := "WWW-Authenticate", "Authorization"
	if answer.status() == 407 {
		challenge, credentials = "Proxy-Authenticate", "Proxy-Authorization"
	}
	user := strings.TrimPrefix(strings.Split(r.from, "@")[0], "<sip:")
	nonce, realm := answer.parameter(challenge, "nonce"), answer.parameter(challenge, "realm")
	hash := md5hex(md5hex(user+":"+realm+":"+r.password) + ":" + nonce + ":" + md5hex(r.method+":"+r.uri))
	r.headers = append(r.headers, fmt.Sprintf(`%s: Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5`,
		credentials, user, realm, nonce, r.uri, hash))
	return c.transact(s, r)
}

func md5hex(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }

func (c *caller) transact(s *Server, r request) message {
	branch := rand.Text()
	start := time.Now()
	buffer := make([]byte, 65535)
	for _, until := range []time.Duration{c.wait / 2, c.wait} {
		c.send(s, r, branch)
		if err := c.conn.SetReadDeadline(start.Add(until)); err != nil {
			c.t.Fatal(err)
		}
		for {
			n, _, err := c.conn.ReadFrom(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				c.t.Fatal(err)
			}
			m := message(buffer[:n])
			if m.status() < 200 || m.parameter("Via", "branch") != "z9hG4bK"+branch {
				continue
			}
			if r.method == "INVITE" && m.status() >= 300 {
				ack := request{method: "ACK", uri: r.uri, id: r.id, from: r.from, to: m.header("To"), cseq: r.cseq}
				c.send(s, ack, branch)
			}
			return m
		}
	}
	return ""
}

func (c *caller) send(s *Server, r request, branch string) {
	headers := append([]string{
		fmt.Sprintf("%s %s SIP/2.0", r.method, r.uri),
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport", c.conn.LocalAddr(), branch),
		"Max-Forwards: 70", "From: " + r.from, "To: " + r.to, "Call-ID: " + r.id,
		fmt.Sprintf("CSeq: %d %s", r.cseq, r.method),
	}, r.headers...)
	text := strings.Join(append(headers, "Content-Length: 0"), "\r\n") + "\r\n\r\n"
	if _, err := c.conn.WriteTo([]byte(text), net.UDPAddrFromAddrPort(s.Addr)); err != nil {
		c.t.Fatal(err)
	}
}
