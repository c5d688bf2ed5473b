package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// readVia reads one Via: sent-protocol, sent-by and parameters, with white space anywhere between them (RFC 3261 25.1). Where sent-by is
// broken the parameters are returned beside the error.
func readVia(s string) (sip.Header, error) {
	head, rest := cut(s, ';')
	v := &sip.ViaHeader{Params: params(rest)}
	var version, after string
	var ok bool
	if v.ProtocolName, after, ok = strings.Cut(head, "/"); ok {
		version, after, ok = strings.Cut(after, "/")
	}
	if !ok {
		return nil, fmt.Errorf("%.40q names no protocol", s)
	}
	v.ProtocolName, v.ProtocolVersion = strings.ToUpper(strings.Trim(v.ProtocolName, lws)), strings.Trim(version, lws)
	after = strings.Trim(after, lws)
	end := strings.IndexAny(after, lws)
	if end < 0 {
		return v, fmt.Errorf("%.40q has no sent-by", s)
	}
	v.Transport = strings.ToUpper(after[:end])
	return v, readSentBy(strings.Trim(after[end:], lws), v)
}

func readSentBy(s string, v *sip.ViaHeader) error {
	host, port := s, ""
	if colon := strings.LastIndexByte(s, ':'); colon >= 0 && !strings.Contains(s[colon:], "]") {
		host, port = strings.Trim(s[:colon], lws), strings.Trim(s[colon+1:], lws)
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("port %.20q is not in 1 to 65535", port)
		}
		v.Port = int(n)
	}
	if !isHost(host) {
		return fmt.Errorf("%.40q is no host", host)
	}
	v.Host = strings.Trim(host, "[]") // sipgo keeps IPv6 addresses without brackets here
	return nil
}

func readCallID(s string) (sip.Header, error) {
	if s == "" {
		return nil, errors.New("empty")
	}
	id := sip.CallIDHeader(s)
	return &id, nil
}

// maxCSeq is the largest sequence number (RFC 3261 8.1.1.5).
const maxCSeq = 1<<31 - 1

// readCSeq reads a sequence number and a method. Where the number is out of range the method is returned beside the error, with the number
// 0: an answer is matched by the method.
func readCSeq(s string) (sip.Header, error) {
	fields := strings.Fields(s)
	if len(fields) != 2 || !isToken(fields[1]) {
		return nil, fmt.Errorf("%.40q is no number and method", s)
	}
	c := &sip.CSeqHeader{MethodName: sip.RequestMethod(fields[1])}
	n, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil || n > maxCSeq {
		return c, fmt.Errorf("%.20q is not in 0 to %d", fields[0], maxCSeq)
	}
	c.SeqNo = uint32(n)
	return c, nil
}

func readMaxForwards(s string) (sip.Header, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%.20q is no number", s)
	}
	h := sip.MaxForwardsHeader(n)
	return &h, nil
}

// Seconds reads a number of seconds at the start of a value, such as that of Retry-After: 5 (maintenance), or between quotes. ok is false
// for what is no number or does not fit in 32 bits (RFC 3261 20.19): it counts as absent (WR-07).
func Seconds(value string) (n int, ok bool) {
	value = strings.Trim(value, "\" \t")
	if end := strings.IndexAny(value, " \t;("); end >= 0 {
		value = value[:end]
	}
	v, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return 0, false
	}
	return int(min(v, 1<<31-1)), true
}

// TopVia returns the topmost Via, with an error where it, or a part of it, cannot be read.
func (m *Message) TopVia() (*sip.ViaHeader, error) {
	for _, f := range m.Fields {
		if f.Name == "Via" {
			h, err := readVia(f.Value)
			v, _ := h.(*sip.ViaHeader)
			if err != nil {
				err = fmt.Errorf("%s: %w", f.Name, err)
			}
			return v, err
		}
	}
	return nil, errors.New("no Via")
}

// SetParam gives a header field value a parameter: in the place of the one of that name, or at the end.
func SetParam(value, name, v string) string {
	head, rest := cut(value, ';')
	var b strings.Builder
	b.WriteString(head)
	found := false
	for rest != "" {
		var p string
		p, rest = cut(rest, ';')
		if key, _ := cut(p, '='); strings.EqualFold(strings.Trim(key, lws), name) {
			if found {
				continue
			}
			p, found = name+"="+v, true
		}
		b.WriteString(";" + p)
	}
	if !found {
		b.WriteString(";" + name + "=" + v)
	}
	return b.String()
}
