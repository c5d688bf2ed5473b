package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// TestMalformedDatagrams: whatever reaches the phone's port, it goes on, and rings only for a call.
func TestMalformedDatagrams(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	p := f.run(self(t), func(s *line.Settings) { s.AcceptFrom = line.Anyone })
	s := newStranger(t, f.phone().String())
	for i, d := range s.malformed() {
		since := int64(0)
		if d.rings {
			since = p.seq()
		}
		if _, err := io.WriteString(s.conn, d.text); err != nil {
			t.Fatalf("%.60q: %v", d.text, err)
		}
		if d.rings {
			call := p.await(since, "call", func(e eventSeen) bool { return e.Data.State == "ringing" }).Call
			p.do("DELETE", "calls/"+call, "", nil)
		}
		if err := s.ping(i); err != nil {
			t.Fatalf("OPTIONS after %.200q: %v", d.text, err)
		}
		if !d.rings && s.rung {
			t.Fatalf("the phone rings for %.200q, or for the one before", d.text)
		}
		s.rung = false
	}
	p.running()
	if s := p.status(); s.Active != "primary" || s.State != "registered" {
		t.Errorf("the line is %+v", s)
	}
	since := p.seq()
	p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
	if c := p.talking(since); c.Server != "primary" {
		t.Errorf("a call after them is served by %q", c.Server)
	}
	p.showsMalformed(s.conn.LocalAddr().String())
	p.terminate()
	if strings.Contains(p.err.String(), "panic") {
		t.Errorf("something went wrong inside:\n%s", p.err.String())
	}
}

// showsMalformed: what could not be read is in the trace as it came, an event as long as there are few, counted where there are many, and no flood
// of log lines.
func (p *process) showsMalformed(from string) {
	p.t.Helper()
	var trace []struct {
		Start, Raw, Fault, Remote string
		Octets                    []byte `json:"raw_base64"`
	}
	p.do("GET", "trace?limit=10000&method=other", "", &trace)
	came := map[string]string{} // octets to fault
	for _, m := range trace {
		if m.Remote != from || m.Start != "" {
			continue
		}
		if m.Octets != nil {
			m.Raw = string(m.Octets)
		}
		came[m.Raw] = m.Fault
	}
	for _, raw := range []string{"\xff\xfe\xfd", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("A", 60000), "SIP/2.0"} {
		if !strings.HasPrefix(came[raw], "no SIP message") {
			p.t.Errorf("the trace has %.80q with the fault %q", raw, came[raw])
		}
	}
	var events []struct{ Data map[string]any }
	p.do("GET", "events?type=malformed", "", &events)
	metrics, _ := p.hear("/metrics")
	counted := regexp.MustCompile(`(?m)^hilphone_malformed_total\{line="1"\} (\d+)$`).FindSubmatch(metrics)
	if counted == nil {
		p.t.Fatalf("no counter in %s", metrics)
	}
	n, err := strconv.Atoi(string(counted[1]))
	if err != nil || n < len(came) || len(events) < 10 || n <= len(events) {
		p.t.Errorf("%d counted, %d events, %d kinds in the trace", n, len(events), len(came))
	}
	for _, e := range events {
		if e.Data["from"] != from || e.Data["size"] == nil || e.Data["reason"] == "" {
			p.t.Errorf("event %v", e.Data)
		}
	}
	if lines := strings.Count(p.err.String(), "\n"); lines > 20 {
		p.t.Errorf("%d log lines:\n%s", lines, p.err.String())
	}
}

// stranger sends the phone what it likes.
type stranger struct {
	conn  net.Conn
	phone string
	rung  bool // by a 180 Ringing
}

func newStranger(t *testing.T, phone string) *stranger {
	t.Helper()
	conn, err := net.Dial("udp", phone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &stranger{conn: conn, phone: phone}
}

// ping sends an ordinary OPTIONS until it is answered: what was sent before it has been read by then.
func (s *stranger) ping(n int) error {
	branch := fmt.Sprint("z9hG4bK-ping", n, "-")
	request := "OPTIONS sip:1001@" + s.phone + " SIP/2.0\r\nVia: SIP/2.0/UDP " + s.conn.LocalAddr().String() + ";branch=" + branch + ";rport\r\n" +
		"From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: " + branch + "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n" +
		"Content-Length: 0\r\n\r\n"
	buffer := make([]byte, 65536)
	for range 20 {
		if _, err := io.WriteString(s.conn, request); err != nil {
			return err
		}
		if err := s.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
			return err
		}
		for {
			n, err := s.conn.Read(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
			s.rung = s.rung || bytes.HasPrefix(buffer[:n], []byte("SIP/2.0 180 "))
			if bytes.Contains(buffer[:n], []byte(branch)) {
				return nil
			}
		}
	}
	return errors.New("no answer")
}

// datagram is no SIP, or not quite.
type datagram struct {
	text  string
	rings bool // it is a call all the same
}

func (s *stranger) malformed() (all []datagram) {
	for _, text := range []string{"\r\n\r\n", "\x00\x00\x00\x00", "SIP/2.0", "SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 999999999999 x\r\n\r\n", "INVITE", "\xff\xfe\xfd",
		"INVITE sip:1001@" + s.phone + " SIP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("A", 60000), strings.Repeat("\r\n", 30000),
		"OPTIONS sip:1001@" + s.phone + " SIP/2.0\r\n" + strings.Repeat("Via: SIP/2.0/UDP x;branch=z9hG4bK1\r\n", 1000) + "\r\n",
		"OPTIONS sip:1001@" + s.phone + " SIP/2.0\r\nSubject: " + strings.Repeat("y", 50000) + "\r\n\r\n"} {
		all = append(all, datagram{text: text})
	}
	for _, method := range []string{"INVITE", "BYE", "ACK", "CANCEL", "OPTIONS", "REGISTER", "UPDATE", "PRACK", "NOTIFY", "INVITÉ", ""} {
		for _, rewrite := range notQuite {
			start := method + " sip:1001@" + s.phone + " SIP/2.0\r\n"
			// each is a transaction and a dialog of its own: none is taken for another one's retransmission
			head := fmt.Sprintf(viaOf, s.conn.LocalAddr(), len(all)) + fmt.Sprintf(restOf, len(all), method)
			text := rewrite(start, head)
			// A From without a tag is a caller of RFC 2543 (RFC 3261 8.2.6.2); a tag without a value is none. The header fields end with the datagram, too.
			all = append(all, datagram{text, method == "INVITE" && (strings.Contains(text, ";tag\r\n") || !strings.Contains(text, "\r\n\r\n"))})
		}
	}
	for _, status := range []string{"100", "200", "401", "407", "503", "0", "-1", "abc"} {
		all = append(all, datagram{text: "SIP/2.0 " + status + " x\r\n" + fmt.Sprintf(viaOf, s.conn.LocalAddr(), len(all)) + fmt.Sprintf(restOf, len(all), "REGISTER") +
			"WWW-Authenticate: Digest realm=\"\r\nContact: <sip:;expires=-1\r\nContent-Length: 0\r\n\r\n"})
	}
	return all
}

const (
	viaOf  = "Via: SIP/2.0/UDP %s;branch=z9hG4bK-%d\r\n"
	restOf = "From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: bad%d\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n"
)

// notQuite makes a request wrong, each in its way.
var notQuite = []func(start, head string) string{
	func(start, head string) string { return start + head },                                         // no end of the header fields
	func(start, head string) string { return start + head + "Content-Length: 9999\r\n\r\nx" },       // shorter than it says
	func(start, head string) string { return start + head + "Content-Length: -1\r\n\r\nx" },         // RFC 4475 3.1.2.3
	func(start, head string) string { return start + head[strings.Index(head, "From:"):] + "\r\n" }, // no Via
	func(start, head string) string { return start + head[:strings.Index(head, "From:")] + "\r\n" }, // nothing else
	instead("CSeq: 1", "CSeq: 99999999999999999999"),
	instead("Call-ID", "X-Call-ID"),
	instead(";tag=1", ";tag"),
	instead("<sip:x@127.0.0.1>", "<<<sip:@:::>"),
	func(start, head string) string {
		method, _, _ := strings.Cut(start, " ")
		return method + " sip: SIP/2.0\r\n" + head + "\r\n" // for nobody
	},
	instead("SIP/2.0", "SIP/7.0"),
	func(start, head string) string {
		return start + head + "Content-Type: application/sdp\r\nContent-Length: 8\r\n\r\nv=0\r\nm=\xff"
	},
}

// instead replaces the first of something.
func instead(of, with string) func(start, head string) string {
	return func(start, head string) string { return strings.Replace(start+head, of, with, 1) + "\r\n" }
}
