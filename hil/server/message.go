package server

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Message is one message a server or a phone received or sent, retransmissions included.
type Message struct {
	At        time.Time
	Transport string         // "UDP", "TCP" or "TLS"
	From, To  netip.AddrPort // our end of a connection counts as the address of the port
	Sent      bool           // by us; otherwise received
	Start     string         // the first line
	Method    string         // of the request, or of the CSeq of a response; "" when malformed
	Status    int            // of a response
	CallID    string
	CSeq      uint32
	Branch    string // of the top Via
	Raw       []byte
	Dropped   bool // received, and lost on purpose
	Malformed bool // received, and not SIP
}

// IsRequest tells a request from a response.
func (m Message) IsRequest() bool { return m.Status == 0 && !m.Malformed }

// Counts are the totals of a server or phone since it was made.
type Counts struct {
	Received  int // messages, whatever they hold
	Sent      int
	Dropped   int // received and lost on purpose
	Malformed int // received and not SIP

	Connections int // TCP and TLS connections accepted
	Handshakes  int // of TLS, completed
}

// record keeps the last messages and counts all of them.
type record struct {
	mu     sync.Mutex
	keep   int
	last   []Message
	octets int // in last
	counts Counts
	tap    func(Message)
}

func (r *record) note(m Message) {
	r.mu.Lock()
	if m.Sent {
		r.counts.Sent++
	} else {
		r.counts.Received++
	}
	if m.Dropped {
		r.counts.Dropped++
	}
	if m.Malformed {
		r.counts.Malformed++
	}
	r.last, r.octets = append(r.last, m), r.octets+len(m.Raw)
	if len(r.last) > 2*r.keep || r.octets > mostKept {
		r.shorten()
	}
	r.mu.Unlock()
	if r.tap != nil {
		r.tap(m)
	}
}

// mostKept bounds the octets of the messages that are kept.
const mostKept = 32 << 20

// shorten forgets the oldest messages: all but the last keep, and all but half of the octets.
func (r *record) shorten() {
	first, octets := len(r.last), 0
	for first > max(0, len(r.last)-r.keep) && octets+len(r.last[first-1].Raw) <= mostKept/2 {
		first--
		octets += len(r.last[first].Raw)
	}
	r.last, r.octets = append([]Message(nil), r.last[first:]...), octets
}

func (r *record) connected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Connections++
}

func (r *record) secured() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Handshakes++
}

func (r *record) messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message(nil), r.last[max(0, len(r.last)-r.keep):]...)
}

func (r *record) totals() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

var errNotSIP = errors.New("not a SIP message")

// parse reads a datagram and insists on the six header fields every message has (RFC 3261 8.1.1), so that nobody after
// it meets a missing one. Max-Forwards alone may be missing (16.3).
func parse(data []byte) (msg sip.Message, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			msg, err = nil, fmt.Errorf("%w: parser: %v", errNotSIP, broken)
		}
	}()
	msg, err = sip.NewParser().ParseSIP(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSIP, err)
	}
	via, cseq := msg.Via(), msg.CSeq()
	switch {
	case via == nil || via.Host == "":
		return nil, fmt.Errorf("%w: no Via", errNotSIP)
	case cseq == nil:
		return nil, fmt.Errorf("%w: no CSeq", errNotSIP)
	case msg.CallID() == nil || msg.From() == nil || msg.To() == nil:
		return nil, fmt.Errorf("%w: no Call-ID, From or To", errNotSIP)
	}
	cseq.MethodName = sip.RequestMethod(strings.TrimSpace(string(cseq.MethodName)))
	switch m := msg.(type) {
	case *sip.Request:
		if m.Method != cseq.MethodName {
			return nil, fmt.Errorf("%w: CSeq is of another method", errNotSIP)
		}
	case *sip.Response:
		if m.StatusCode < 100 || m.StatusCode > 699 {
			return nil, fmt.Errorf("%w: status %d", errNotSIP, m.StatusCode)
		}
	}
	return msg, nil
}

// describe fills in what a message says about itself.
func describe(m *Message, msg sip.Message) {
	m.Method, m.CallID, m.CSeq = string(msg.CSeq().MethodName), msg.CallID().Value(), msg.CSeq().SeqNo
	m.Branch, _ = msg.Via().Params.Get("branch")
	if res, ok := msg.(*sip.Response); ok {
		m.Status = res.StatusCode
	}
}

func firstLine(data []byte) string {
	line, _, _ := bytes.Cut(data, []byte("\r\n"))
	return string(line[:min(len(line), 200)])
}

// address is the numeric host and port of a URI; the default port is 5060 (RFC 3261 19.1.2).
func address(uri sip.Uri) (netip.AddrPort, bool) {
	ip, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	port := uri.Port
	if port == 0 {
		port = 5060
	}
	if err != nil || port < 1 || port > 65535 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), true
}

// uriAt is a URI of an address, without a user when user is "".
func uriAt(user string, at netip.AddrPort) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: at.Addr().String(), Port: int(at.Port())}
}

// viaOf is the Via of a request sent from an address; rport asks for the answer on this very port (RFC 3581).
func viaOf(transport string, at netip.AddrPort, branch string) *sip.ViaHeader {
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: transport,
		Host: at.Addr().String(), Port: int(at.Port())}
	via.Params.Add("branch", branch)
	via.Params.Add("rport", "")
	return via
}

// respond builds the answer to a request. The To tag is made from the request alone, so that every answer to it,
// repeated or later, carries the same (RFC 3261 8.2.6.2, 8.2.7).
func respond(req *sip.Request, code int, reason string) *sip.Response {
	if reason == "" {
		reason = phrase(code)
	}
	tagged := req.To().Params.Has("tag")
	res := sip.NewResponseFromRequest(req, code, reason, nil)
	if to := res.To(); !tagged && code > 100 {
		to.Params.Add("tag", digestOf(req.CallID().Value(), fromTag(req), req.Recipient.String()))
	}
	return res
}

func fromTag(msg sip.Message) string { return msg.From().Params.GetOr("tag", "") }
func toTag(msg sip.Message) string   { return msg.To().Params.GetOr("tag", "") }

// digestOf is a short name for a list of words, equal for equal lists.
func digestOf(words ...string) string {
	h := fnv.New64a()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s", len(w), w)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// phrase is the reason phrase of a status (RFC 3261 21), or its class.
func phrase(code int) string {
	known := map[int]string{
		100: "Trying", 180: "Ringing", 200: "OK", 202: "Accepted", 300: "Multiple Choices", 301: "Moved Permanently",
		302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
		405: "Method Not Allowed", 407: "Proxy Authentication Required", 408: "Request Timeout",
		423: "Interval Too Brief", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
		482: "Loop Detected", 483: "Too Many Hops", 486: "Busy Here", 487: "Request Terminated",
		488: "Not Acceptable Here", 491: "Request Pending", 500: "Server Internal Error", 501: "Not Implemented",
		502: "Bad Gateway", 503: "Service Unavailable", 504: "Server Time-out", 600: "Busy Everywhere", 603: "Decline",
	}
	if p, ok := known[code]; ok {
		return p
	}
	return [...]string{"", "Progress", "OK", "Redirection", "Request Failure", "Server Failure", "Global Failure"}[code/100]
}
