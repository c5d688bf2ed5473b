// Package wire reads SIP messages as the field sends them. It accepts what RFC 3261 allows and the common departures from it, and gives the
// result as the message types of sipgo: a header field that cannot be read is left out of them and listed as a fault, so that it does not
// cost the message. Nothing here writes to the octets it is given.
package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// MaxDatagram is the longest UDP payload in octets.
const MaxDatagram = 65535

// MaxFields bounds the header fields of a message, list elements included. A message with more is refused by Read.
const MaxFields = 2048

// Version is the only SIP version there is.
const Version = "SIP/2.0"

var (
	// ErrNotSIP is returned for octets that do not begin with a request line or a status line.
	ErrNotSIP = errors.New("no SIP message")
	// ErrTooManyFields is returned for a message with more than MaxFields header fields.
	ErrTooManyFields = fmt.Errorf("more than %d header fields", MaxFields)
)

// Message is one SIP message. Either Request or Response is set. Their typed header fields (Via, From, To, Call-ID, CSeq, Contact, Route,
// Record-Route, Content-Type) are there where they could be read; parameter names in them are in lower case and the white space around
// separators is gone.
type Message struct {
	Request  *sip.Request
	Response *sip.Response
	// Fields are the header fields in the order of their arrival, unfolded. A field that is a list has an entry for each element.
	Fields []Field
	// Faults tell what could not be read.
	Faults []Fault
}

// Field is one header field: its name in the long form and in the customary case, its value without the white space around it.
type Field struct {
	Name  string
	Value string
}

// Fault is a part of a message that could not be read.
type Fault struct {
	Field  string // name of the header field; "Request-URI" or "header" for a line that is no header field
	Reason string
}

func (f Fault) String() string { return f.Field + ": " + f.Reason }

// Fault returns the first fault of a header field, or of any of several.
func (m *Message) Fault(names ...string) (Fault, bool) {
	for _, f := range m.Faults {
		for _, name := range names {
			if f.Field == name {
				return f, true
			}
		}
	}
	return Fault{}, false
}

// Values returns the values of a header field, in order; name is in the long form, its case does not matter.
func (m *Message) Values(name string) []string {
	var values []string
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Value returns the first value of a header field, empty if there is none.
func (m *Message) Value(name string) string {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func (m *Message) fault(field, format string, args ...any) {
	m.Faults = append(m.Faults, Fault{field, fmt.Sprintf(format, args...)})
}

// Read reads one whole message, as a datagram or ReadFrame gives it. The error is or wraps ErrNotSIP or ErrTooManyFields; every other
// shortcoming is in Message.Faults.
func Read(raw []byte) (*Message, error) {
	head, body := split(raw)
	start, head, _ := strings.Cut(head, "\n")
	m := new(Message)
	if err := m.startLine(strings.TrimRight(start, "\r")); err != nil {
		return nil, err
	}
	if err := m.headerFields(head); err != nil {
		return nil, err
	}
	m.setBody(body)
	return m, nil
}

// split divides a message at the empty line. The head is copied: sipgo keeps parts of it.
func split(raw []byte) (head string, body []byte) {
	for i := 0; i < len(raw); {
		n := bytes.IndexByte(raw[i:], '\n')
		if n < 0 {
			break
		}
		if n == 0 || n == 1 && raw[i] == '\r' {
			return string(raw[:i]), raw[i+n+1:]
		}
		i += n + 1
	}
	return string(raw), nil
}

// startLine reads a request line or a status line. White space between the parts may be any (RFC 4475 3.1.2.13), the version is compared
// without regard to case (RFC 3261 7.1).
func (m *Message) startLine(line string) error {
	if code, reason, ok := cutStatusLine(line); ok {
		m.Response = sip.NewResponse(code, reason)
		m.Response.SipVersion = Version
		return nil
	}
	method, target, version, ok := cutRequestLine(line)
	if !ok {
		return fmt.Errorf("%w: %.40q", ErrNotSIP, line)
	}
	var uri sip.Uri
	if err := readURI(target, &uri); err != nil {
		m.fault("Request-URI", "%v", err)
	}
	m.Request = sip.NewRequest(sip.RequestMethod(method), uri)
	m.Request.SipVersion = version
	return nil
}

func cutRequestLine(line string) (method, target, version string, ok bool) {
	method, rest, _ := strings.Cut(line, " ")
	rest = strings.Trim(rest, lws)
	end := strings.LastIndexAny(rest, lws)
	if end < 0 || !isToken(method) {
		return "", "", "", false
	}
	target, version = strings.TrimRight(rest[:end], lws), rest[end+1:]
	return method, target, canonicalVersion(version), len(version) >= 4 && strings.EqualFold(version[:4], "SIP/")
}

func cutStatusLine(line string) (code int, reason string, ok bool) {
	version, rest, _ := strings.Cut(line, " ")
	number, reason, _ := strings.Cut(strings.TrimLeft(rest, lws), " ")
	code, err := strconv.Atoi(strings.TrimRight(number, lws))
	return code, strings.TrimSpace(reason), err == nil && code >= 100 && code <= 699 && canonicalVersion(version) == Version
}

func canonicalVersion(v string) string {
	if strings.EqualFold(v, Version) {
		return Version
	}
	return v
}

// setBody gives the message its body: Content-Length octets of what is there. A length that is no number or more than there is counts as
// absent (WR-07), and stays a fault, for which a request is refused.
func (m *Message) setBody(body []byte) {
	if lengths := m.Values("Content-Length"); len(lengths) > 0 {
		n, err := strconv.ParseUint(lengths[0], 10, 31)
		switch {
		case err != nil:
			m.fault("Content-Length", "%.20q is no number", lengths[0])
		case n > uint64(len(body)):
			m.fault("Content-Length", "%d octets are announced and %d are there", n, len(body))
		default:
			body = body[:n]
		}
		for _, other := range lengths[1:] {
			if other != lengths[0] {
				m.fault("Content-Length", "%.20q and %.20q contradict each other", lengths[0], other)
			}
		}
	}
	switch {
	case len(body) == 0:
	case m.Request != nil:
		m.Request.SetBody(bytes.Clone(body))
	default:
		m.Response.SetBody(bytes.Clone(body))
	}
}
