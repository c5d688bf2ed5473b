package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// longestMessage bounds a message on a stream, as a datagram bounds itself; longestPadded where the phone is sent longer ones (Behaviour.Pad),
// which it answers at length.
const (
	longestMessage = 65535
	longestPadded  = 4 << 20
)

var (
	errLongMessage = errors.New("message is too long")
	errNoLength    = errors.New("message without a Content-Length that can be read")
)

// frame reads one message from a stream (RFC 3261 7.5, 18.3), as it is on the wire. Empty lines before it are passed
// over; crlf is called for every one of them (RFC 5626 3.5.1). After an error, which may come with the beginning of a
// message, nothing more can be read.
func frame(r *bufio.Reader, longest func() int, crlf func()) ([]byte, error) {
	var data []byte
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		data = append(data, line...)
		switch {
		case len(data) > longest():
			return data, errLongMessage
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && len(data) > 0 && errors.Is(err, io.EOF):
			return data, io.ErrUnexpectedEOF
		case err != nil:
			return data, err
		}
		begin := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
		whole := strings.TrimRight(string(data[begin:]), "\r\n")
		if whole != "" {
			if !measure(whole, &length) {
				return data, errNoLength
			}
			continue
		}
		if begin == 0 {
			data = data[:0]
			crlf()
			continue
		}
		if length < 0 {
			return data, errNoLength
		}
		if len(data)+length > longest() {
			return data, errLongMessage
		}
		head := len(data)
		data = append(data, make([]byte, length)...)
		n, err := io.ReadFull(r, data[head:])
		return data[:head+n], err
	}
}

// measure notes the value of a Content-Length header field; two that differ or one that is no length are false.
func measure(line string, length *int) bool {
	name, value, _ := strings.Cut(line, ":")
	name = strings.TrimRight(name, " \t")
	if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "l") {
		return true
	}
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
	if err != nil || *length >= 0 && *length != int(n) {
		return false
	}
	*length = int(n)
	return true
}
