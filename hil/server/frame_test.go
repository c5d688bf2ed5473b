package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzFrame cuts any stream into messages: what comes out is what went in but for empty lines, it does not depend on how
// the network cuts the stream, and it stays within its bound.
func FuzzFrame(f *testing.F) {
	c := &client{conn: fakeConn{}}
	one := c.request("INVITE", "sip:1002@127.0.0.2", "1001", sdpOffer)
	f.Add([]byte(one + "\r\n\r\n" + one))
	f.Add([]byte("\r\n\r\n\r\nx\r\nl : 3\r\n\r\nabcx\nContent-Length: 0\n\n"))
	f.Add([]byte("x\r\n Content-Length: 1\r\n\r\n"))
	f.Add([]byte("x\r\nContent-Length: 65536\r\n\r\n"))
	f.Add([]byte("x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte(strings.Repeat("x", 70000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, pings, err := frames(t, bytes.NewReader(data))
		pieces, again, err2 := frames(t, iotest.OneByteReader(bytes.NewReader(data)))
		if !bytes.Equal(whole, pieces) || pings != again || !errors.Is(err2, err) {
			t.Fatalf("%q by the byte %q, %d and %d pings, %v and %v", whole, pieces, pings, again, err, err2)
		}
		if !bytes.HasPrefix(unbroken(data), unbroken(whole)) {
			t.Fatalf("%q became %q", data, whole)
		}
	})
}

// frames reads a stream to its end or its first error, and gives the messages one after the other.
func frames(t *testing.T, in io.Reader) (all []byte, pings int, err error) {
	r := bufio.NewReader(in)
	for {
		data, err := frame(r, func() int { return longestMessage }, func() { pings++ })
		if len(data) > longestMessage+4096 {
			t.Fatalf("%d bytes", len(data))
		}
		all = append(all, data...)
		if err != nil {
			return all, pings, err
		}
	}
}

func unbroken(data []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r"), nil), []byte("\n"), nil)
}
