package sip

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// messageLimit is the longest message taken from a stream, as a datagram limits itself.
const messageLimit = 64 << 10

var (
	errNoLength = errors.New("a message has no Content-Length that can be read")
	errLineEnd  = errors.New("a line of a message does not end in CRLF alone")
	crlf        = []byte("\r\n")
)

// readMessage takes one message off a stream; its length is in Content-Length, which must be there (RFC 3261 18.3). Empty lines between
// messages keep the connection alive and are passed over (RFC 5626 4.4.1). Lines end in CRLF and nothing else does, so that sipgo sees the
// same lines. After an error nothing more can be read: nobody knows where the next message begins.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var msg []byte
	begin, length := 0, -1
	for {
		part, err := r.ReadSlice('\n')
		msg = append(msg, part...)
		switch {
		case len(msg) > messageLimit:
			return nil, fmt.Errorf("a message is longer than %d octets", messageLimit)
		case errors.Is(err, bufio.ErrBufferFull):
			continue // a line longer than the reader's buffer
		case err != nil && len(msg) > 0 && errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		text, ok := bytes.CutSuffix(msg[begin:], crlf)
		switch {
		case !ok || bytes.IndexByte(text, '\r') >= 0:
			return nil, errLineEnd
		case len(text) == 0 && begin == 0:
			msg = msg[:0]
			continue
		case len(text) == 0 && length < 0:
			return nil, errNoLength
		case len(text) == 0:
			return readBody(r, msg, length)
		case begin > 0:
			if length, err = contentLength(text, length); err != nil {
				return nil, err
			}
		}
		begin = len(msg)
	}
}

func readBody(r *bufio.Reader, msg []byte, length int) ([]byte, error) {
	if len(msg)+length > messageLimit {
		return nil, fmt.Errorf("a message is longer than %d octets", messageLimit)
	}
	head := len(msg)
	msg = append(msg, make([]byte, length)...)
	if _, err := io.ReadFull(r, msg[head:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return msg, nil
}

// contentLength is the length that a line of a head gives, or the one known before it. Two that differ are an error: what one reader
// takes for a body another takes for a message.
func contentLength(text []byte, before int) (int, error) {
	name, value, ok := bytes.Cut(text, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || !bytes.EqualFold(name, []byte("Content-Length")) && !bytes.EqualFold(name, []byte("l")) {
		return before, nil
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
	if err != nil || before >= 0 && before != int(n) {
		return 0, errNoLength
	}
	return int(n), nil
}
