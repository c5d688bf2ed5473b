package sip

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emiago/sipgo/sip"
)

const options = "OPTIONS sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.2:5060;branch=z9hG4bKa\r\nFrom: <sip:a@127.0.0.2>;tag=a\r\nTo: <sip:1001@127.0.0.1>\r\n" +
	"Call-ID: a\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"

func TestReadMessage(t *testing.T) { // RFC 3261 7.5, 18.3
	long := options + "X: " + strings.Repeat("x", 9000) + "\r\nContent-Length: 0\r\n\r\n" // longer than the reader's buffer
	for _, c := range []struct {
		name, stream string
		want         []string
		err          error // at the end; nil: any
	}{
		{"nothing", "", nil, io.EOF},
		{"empty lines", "\r\n\r\n\r\n", nil, io.EOF},
		{"one", options + "Content-Length: 0\r\n\r\n", []string{options + "Content-Length: 0\r\n\r\n"}, io.EOF},
		{"with empty lines before and after", "\r\n\r\n" + options + "l:2\r\n\r\nab\r\n\r\n", []string{options + "l:2\r\n\r\nab"}, io.EOF},
		{"two at once", options + "content-length : 1\r\n\r\nx" + options + "L: 0\r\n\r\n", []string{options + "content-length : 1\r\n\r\nx", options + "L: 0\r\n\r\n"}, io.EOF},
		{"the same length twice", options + "l: 1\r\nContent-Length: 1\r\n\r\nx", []string{options + "l: 1\r\nContent-Length: 1\r\n\r\nx"}, io.EOF},
		{"a long line", long, []string{long}, io.EOF},
		{"a continued line that looks like a length", options + "Subject: x\r\n Content-Length: 9\r\nContent-Length: 0\r\n\r\n",
			[]string{options + "Subject: x\r\n Content-Length: 9\r\nContent-Length: 0\r\n\r\n"}, io.EOF},
		{"a bare line feed", options + "X: a\nContent-Length: 0\r\n\r\n", nil, errLineEnd},
		{"a bare carriage return", options + "X: a\rContent-Length: 0\r\n\r\n", nil, errLineEnd},
		{"no length", options + "\r\n", nil, errNoLength},
		{"a negative length", options + "Content-Length: -1\r\n\r\n", nil, errNoLength},
		{"a signed length", options + "Content-Length: +1\r\n\r\nx", nil, errNoLength},
		{"a length that is no number", options + "Content-Length: x\r\n\r\n", nil, errNoLength},
		{"an empty length", options + "Content-Length:\r\n\r\n", nil, errNoLength},
		{"two lengths", options + "l: 1\r\nContent-Length: 0\r\n\r\nx", nil, errNoLength},
		{"a length of more than a message", options + "Content-Length: 65536\r\n\r\n", nil, nil},
		{"a length beyond any number", options + "Content-Length: 99999999999999999999\r\n\r\n", nil, errNoLength},
		{"an endless line", strings.Repeat("x", messageLimit+1), nil, nil},
		{"an endless head", "OPTIONS sip:a SIP/2.0\r\n" + strings.Repeat("X: x\r\n", messageLimit/6+1), nil, nil},
		{"cut off in a line", options[:20], nil, io.ErrUnexpectedEOF},
		{"cut off after a line", options, nil, io.ErrUnexpectedEOF},
		{"cut off in the body", options + "Content-Length: 5\r\n\r\nab", nil, io.ErrUnexpectedEOF},
		{"cut off before the body", options + "Content-Length: 5\r\n\r\n", nil, io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream))} {
				in := bufio.NewReader(r)
				for _, want := range c.want {
					if got, err := readMessage(in); err != nil || string(got) != want {
						t.Fatalf("read %.80q, %v, want %.80q", got, err, want)
					}
				}
				got, err := readMessage(in)
				if err == nil || got != nil || c.err != nil && !errors.Is(err, c.err) {
					t.Errorf("read %.80q, %v, want %v", got, err, c.err)
				}
			}
		})
	}
}

// FuzzReadMessage: messages come out the same however the octets arrive, none is longer than the limit, nothing between them is lost but
// empty lines, and sipgo takes each request that we take for one, whole.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte(options + "Content-Length: 0\r\n\r\n"))
	f.Add([]byte("\r\n\r\n" + options + "l:2\r\n\r\nab" + options + "Content-Length : 1\r\n\r\nx"))
	f.Add([]byte("SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"))
	f.Add([]byte("x\nl:1\n\ny"))
	f.Add([]byte("OPTIONS sip:a SIP/2.0\r\nSubject: x\r\n l: 3\r\nl: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var all [2][][]byte
		for i, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			in := bufio.NewReader(r)
			for {
				msg, err := readMessage(in)
				if err != nil {
					break
				}
				if len(msg) > messageLimit {
					t.Fatalf("a message of %d octets", len(msg))
				}
				all[i] = append(all[i], msg)
			}
		}
		if len(all[0]) != len(all[1]) {
			t.Fatalf("%d messages at once, %d one octet at a time", len(all[0]), len(all[1]))
		}
		rest, parser := data, sip.NewParser()
		for i, msg := range all[0] {
			if !bytes.Equal(msg, all[1][i]) {
				t.Fatalf("%q and %q", msg, all[1][i])
			}
			rest = bytes.TrimLeft(rest, "\r\n")
			tail, ok := bytes.CutPrefix(rest, bytes.TrimLeft(msg, "\r\n"))
			if !ok {
				t.Fatalf("%q is not what comes next in %q", msg, rest)
			}
			rest = tail
			parsed, err := parser.ParseSIP(bytes.Clone(msg))
			if _, ok := parsed.(*sip.Request); ok && err == nil {
				taken := 0
				stream := sip.NewParser().NewSIPStream()
				if err := stream.ParseSIPStream(msg, func(sip.Message) { taken++ }); err != nil || taken != 1 {
					t.Fatalf("sipgo takes %d requests of %q: %v", taken, msg, err)
				}
			}
		}
	})
}
