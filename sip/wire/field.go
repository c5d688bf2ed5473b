package wire

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// lws is linear white space within a line (RFC 3261 25.1).
const lws = " \t"

// longNames are the compact forms of header field names (RFC 3261 20 and the registry of RFC 3261 header fields).
var longNames = map[string]string{
	"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition", "e": "Content-Encoding", "f": "From",
	"i": "Call-ID", "j": "Reject-Contact", "k": "Supported", "l": "Content-Length", "m": "Contact", "n": "Identity-Info", "o": "Event",
	"r": "Refer-To", "s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
}

// customary are the names that this package compares, by their lower case.
var customary = map[string]string{
	"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq", "contact": "Contact", "route": "Route",
	"record-route": "Record-Route", "content-type": "Content-Type", "content-length": "Content-Length", "max-forwards": "Max-Forwards",
}

func canonicalName(name string) string {
	lower := strings.ToLower(name)
	if long, ok := longNames[lower]; ok {
		return long
	}
	if known, ok := customary[lower]; ok {
		return known
	}
	return name
}

// headerFields reads the lines after the start line. A line that begins with white space continues the one before (RFC 3261 7.3.1).
func (m *Message) headerFields(head string) error {
	if head != "" && strings.Contains(lws, head[:1]) {
		m.fault("header", "a line continues nothing")
	}
	for head != "" {
		var line string
		line, head = unfolded(head)
		if err := m.headerField(line); err != nil {
			return err
		}
	}
	return nil
}

func (m *Message) headerField(line string) error {
	name, value, ok := strings.Cut(line, ":")
	name = strings.Trim(name, lws)
	if !ok || !isToken(name) {
		m.fault("header", "%.40q is no header field", line)
		return nil
	}
	name, value = canonicalName(name), printable(strings.Trim(value, lws))
	switch name {
	case "Via", "Contact", "Route", "Record-Route":
		for _, element := range elements(value) {
			m.add(name, element)
			if len(m.Fields) > MaxFields {
				return ErrTooManyFields
			}
		}
		return nil
	}
	m.add(name, value)
	if len(m.Fields) > MaxFields {
		return ErrTooManyFields
	}
	return nil
}

// add keeps a field and, where it can be read, its typed form. Of a field that may come once only the first one counts.
func (m *Message) add(name, value string) {
	m.Fields = append(m.Fields, Field{name, value})
	h, err := typed(name, value)
	if err != nil {
		m.fault(name, "%v", err)
	}
	if h == nil {
		return
	}
	if once(name) && m.has(name) {
		m.fault(name, "there more than once")
		return
	}
	if m.Request != nil {
		m.Request.AppendHeader(h)
	} else {
		m.Response.AppendHeader(h)
	}
}

func once(name string) bool {
	switch name {
	case "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Type":
		return true
	}
	return false
}

func (m *Message) has(name string) bool {
	if m.Request != nil {
		return m.Request.GetHeader(name) != nil
	}
	return m.Response.GetHeader(name) != nil
}

// typed is a header field as sipgo has it. Of a Via and a CSeq that are broken in part, what can be read is returned beside the error: an
// answer is matched by it.
func typed(name, value string) (sip.Header, error) {
	switch name {
	case "Via":
		return readVia(value)
	case "From":
		a, err := readAddress(value)
		if err != nil {
			return nil, err
		}
		return &sip.FromHeader{DisplayName: a.name, Address: a.uri, Params: a.params}, nil
	case "To":
		a, err := readAddress(value)
		if err != nil {
			return nil, err
		}
		return &sip.ToHeader{DisplayName: a.name, Address: a.uri, Params: a.params}, nil
	case "Contact":
		a, err := readContact(value)
		if err != nil {
			return nil, err
		}
		return &sip.ContactHeader{DisplayName: a.name, Address: a.uri, Params: a.params}, nil
	case "Route":
		a, err := readAddress(value)
		return orNil(&sip.RouteHeader{Address: a.uri}, err)
	case "Record-Route":
		a, err := readAddress(value)
		return orNil(&sip.RecordRouteHeader{Address: a.uri}, err)
	case "Call-ID":
		return readCallID(value)
	case "CSeq":
		return readCSeq(value)
	case "Max-Forwards":
		return readMaxForwards(value)
	case "Content-Type":
		t := sip.ContentTypeHeader(value)
		return &t, nil
	case "Content-Length":
		return nil, nil // read with the body
	}
	return sip.NewHeader(name, value), nil
}

func orNil(h sip.Header, err error) (sip.Header, error) {
	if err != nil {
		return nil, err
	}
	return h, nil
}

// elements divides a header field value at the commas outside quotes and angle brackets. Empty elements are left out.
func elements(value string) []string {
	var list []string
	for value != "" {
		var element string
		element, value = cut(value, ',')
		if element = strings.Trim(element, lws); element != "" {
			list = append(list, element)
		}
	}
	return list
}

// cut divides s at the first separator outside quotes and angle brackets. A quote that is not closed ends with s.
func cut(s string, separator byte) (before, after string) {
	quoted, brackets := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !brackets:
			quoted = !quoted
		case quoted:
		case c == '<':
			brackets = true
		case c == '>':
			brackets = false
		case c == separator && !brackets:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// maxParams bounds the parameters of one header field that are read; further ones are passed over.
const maxParams = 256

// params reads ;name=value;name. Names are made lower case, quoted values stay as they are, of equal names the first counts.
func params(s string) sip.HeaderParams {
	var list sip.HeaderParams
	for s != "" && len(list) < maxParams {
		var p string
		p, s = cut(s, ';')
		name, value := cut(p, '=')
		name = strings.ToLower(strings.Trim(name, lws))
		if name != "" && !list.Has(name) {
			list.Add(name, strings.Trim(value, lws))
		}
	}
	return list
}

// printable replaces control characters, which no header field may hold and which would begin another line where the value is repeated,
// by spaces.
func printable(s string) string {
	if strings.IndexFunc(s, control) < 0 {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if control(rune(c)) {
			b[i] = ' '
		}
	}
	return strings.Trim(string(b), lws)
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isToken says whether s is a token (RFC 3261 25.1).
func isToken(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			continue
		}
		if strings.IndexByte("-.!%*_+`'~", c) < 0 {
			return false
		}
	}
	return true
}

// Compact takes the white space around the separators ; = , out of a value, outside quotes and angle brackets, where it means nothing (RFC
// 3261 7.3.1). With it, a field that is repeated in an answer says the same in the common spelling.
func Compact(value string) string {
	if !strings.ContainsAny(value, lws) {
		return value
	}
	var b strings.Builder
	quoted, brackets, gap, after := false, false, false, true
	for i := 0; i < len(value); i++ {
		c := value[i]
		if !quoted && !brackets && (c == ' ' || c == '\t') {
			gap = true
			continue
		}
		separator := !quoted && !brackets && (c == ';' || c == '=' || c == ',')
		if gap && !after && !separator {
			b.WriteByte(' ')
		}
		gap, after = false, separator
		switch {
		case quoted && c == '\\' && i+1 < len(value):
			b.WriteByte(c)
			i++
			c = value[i]
		case c == '"' && !brackets:
			quoted = !quoted
		case quoted:
		case c == '<':
			brackets = true
		case c == '>':
			brackets = false
		}
		b.WriteByte(c)
	}
	return b.String()
}
