package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const options = "OPTIONS sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.2:5060;branch=z9hG4bKa\r\nFrom: <sip:a@127.0.0.2>;tag=a\r\nTo: <sip:1001@127.0.0.1>\r\n" +
	"Call-ID: a\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"

func TestStreamReader(t *testing.T) { // RFC 3261 7.5, 18.3
	long := options + "X: " + strings.Repeat("x", 9000) + "\r\nContent-Length: 0\r\n\r\n" // longer than the reader's buffer
	for _, c := range []struct {
		name, stream string
		want         []string
		err          error // at the end
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
		{"bare line feeds", "OPTIONS sip:a SIP/2.0\nContent-Length: 1\n\nx", []string{"OPTIONS sip:a SIP/2.0\nContent-Length: 1\n\nx"}, io.EOF},
		{"a bare carriage return", options + "X: a\rContent-Length: 9\r\n\r\n", []string{options + "X: a\rContent-Length: 9\r\n\r\n"}, io.EOF},
		{"a folded length", options + "Content-Length:\r\n  1\r\n\r\nx", []string{options + "Content-Length:\r\n  1\r\n\r\nx"}, io.EOF},
		{"no length", options + "\r\n" + options + "\r\n", []string{options + "\r\n", options + "\r\n"}, io.EOF},
		{"a negative length", options + "Content-Length: -1\r\n\r\n", nil, ErrNoLength},
		{"a signed length", options + "Content-Length: +1\r\n\r\nx", nil, ErrNoLength},
		{"a length that is no number", options + "Content-Length: x\r\n\r\n", nil, ErrNoLength},
		{"an empty length", options + "Content-Length:\r\n\r\n", nil, ErrNoLength},
		{"two lengths", options + "l: 1\r\nContent-Length: 0\r\n\r\nx", nil, ErrNoLength},
		{"a length of more than a message", options + "Content-Length: 1048576\r\n\r\n", nil, ErrTooLong},
		{"a length beyond any number", options + "Content-Length: 99999999999999999999\r\n\r\n", nil, ErrNoLength},
		{"an endless line", strings.Repeat("x", 1<<20+1), nil, ErrEndlessHead},
		{"an endless head", "OPTIONS sip:a SIP/2.0\r\n" + strings.Repeat("X: x\r\n", (1<<20)/6+1), nil, ErrEndlessHead},
		{"cut off in a line", options[:20], nil, io.ErrUnexpectedEOF},
		{"cut off after a line", options, nil, io.ErrUnexpectedEOF},
		{"cut off in the body", options + "Content-Length: 5\r\n\r\nab", nil, io.ErrUnexpectedEOF},
		{"cut off before the body", options + "Content-Length: 5\r\n\r\n", nil, io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream))} {
				in := NewStreamReader(r, nil)
				for _, want := range c.want {
					if got, err := in.Next(); err != nil || string(got) != want {
						t.Fatalf("read %.80q, %v, want %.80q", got, err, want)
					}
				}
				got, err := in.Next()
				if err == nil || !errors.Is(err, c.err) {
					t.Errorf("read %.80q, %v, want %v", got, err, c.err)
				}
				rest := strings.TrimPrefix(c.stream, strings.Join(c.want, "")) // what was read of a message is there beside the error
				if len(c.want) == 0 && err != io.EOF && (len(got) == 0 || !strings.HasPrefix(rest, string(got))) {
					t.Errorf("with %v came %.80q of %.80q", err, got, rest)
				}
			}
		})
	}
}

// FuzzStreamReader: messages come out the same however the octets arrive, none is longer than the limit, nothing between them is lost but
// empty lines.
func FuzzStreamReader(f *testing.F) {
	f.Add([]byte(options + "Content-Length: 0\r\n\r\n"))
	f.Add([]byte("\r\n\r\n" + options + "l:2\r\n\r\nab" + options + "Content-Length : 1\r\n\r\nx"))
	f.Add([]byte("SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"))
	f.Add([]byte("x\nl:1\n\ny"))
	f.Add([]byte("OPTIONS sip:a SIP/2.0\r\nSubject: x\r\n l: 3\r\nl: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var all [2][][]byte
		for i, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			in := NewStreamReader(r, nil)
			for {
				msg, err := in.Next()
				if err != nil {
					break
				}
				if len(msg) > 1<<20 {
					t.Fatalf("a message of %d octets", len(msg))
				}
				all[i] = append(all[i], msg)
			}
		}
		if len(all[0]) != len(all[1]) {
			t.Fatalf("%d messages at once, %d one octet at a time", len(all[0]), len(all[1]))
		}
		rest := data
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
		}
	})
}

// RFC 5626 4.4.1: two line ends between messages are answered with one, wherever they are cut (WR-09).
func TestStreamPing(t *testing.T) {
	msg := options + "Content-Length: 0\r\n\r\n"
	for stream, want := range map[string]int{
		msg: 0, "\r\n" + msg: 0, "\r\n\r\n" + msg: 1, msg + "\r\n\r\n" + msg + "\r\n\r\n\r\n\r\n": 3, "\r\n\r\n\r\n" + msg + "\r\n": 1,
	} {
		for _, r := range []io.Reader{strings.NewReader(stream), iotest.OneByteReader(strings.NewReader(stream))} {
			pings, messages := 0, 0
			in := NewStreamReader(r, func() { pings++ })
			for {
				if _, err := in.Next(); err != nil {
					break
				}
				messages++
			}
			if pings != want || messages != strings.Count(stream, "OPTIONS sip") {
				t.Errorf("%q: %d messages, %d keep-alives, want %d", stream, messages, pings, want)
			}
		}
	}
}
