package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MaxStreamMessage is the longest message taken from a stream, in octets.
const MaxStreamMessage = 1 << 20

var (
	// ErrTooLong ends a stream whose message is longer than MaxStreamMessage.
	ErrTooLong = fmt.Errorf("a message is longer than %d octets", MaxStreamMessage)
	// ErrEndlessHead is the ErrTooLong of a message whose header fields alone are longer.
	ErrEndlessHead = fmt.Errorf("%w: its header fields do not end", ErrTooLong)
	// ErrNoLength ends a stream after a message whose Content-Length cannot be read: where the next message begins is not known.
	ErrNoLength = errors.New("a message has no Content-Length that can be read")
)

// StreamReader takes messages off a stream (RFC 3261 18.3).
type StreamReader struct {
	in   *bufio.Reader
	ping func()
}

// NewStreamReader reads from r. ping is called for each keep-alive, two line ends between messages, which the receiver answers with one
// (RFC 5626 4.4.1); nil ignores them.
func NewStreamReader(r io.Reader, ping func()) *StreamReader {
	return &StreamReader{in: bufio.NewReader(r), ping: ping}
}

// Next returns the next message. The body has as many octets as Content-Length says, none where there is no Content-Length. After any error
// nothing more can be read; beside it is what was read of the message: with ErrNoLength, and with ErrTooLong unless it is ErrEndlessHead, all of
// its head, so that a request can be answered.
func (s *StreamReader) Next() ([]byte, error) {
	head, err := s.head()
	if err != nil {
		return head, err
	}
	length, err := contentLength(head)
	switch {
	case err != nil:
		return head, err
	case length > MaxStreamMessage-len(head):
		return head, fmt.Errorf("%w: its Content-Length is %d", ErrTooLong, length)
	}
	msg := bytes.NewBuffer(head)
	_, err = io.CopyN(msg, s.in, int64(length)) // memory grows with what comes, not with what is announced
	return msg.Bytes(), cutOff(err)
}

// head reads up to and including the empty line after the header fields. Lines end in LF, and CR before it belongs to the end.
func (s *StreamReader) head() ([]byte, error) {
	var msg []byte
	begin, empty := 0, 0
	for {
		part, err := s.in.ReadSlice('\n')
		msg = append(msg, part...)
		switch {
		case len(msg) > MaxStreamMessage:
			return msg, ErrEndlessHead
		case errors.Is(err, bufio.ErrBufferFull):
			continue // a line longer than the reader's buffer
		case err != nil && len(msg) > 0:
			return msg, cutOff(err)
		case err != nil:
			return nil, err
		}
		text := bytes.TrimSuffix(msg[begin:len(msg)-1], []byte("\r"))
		switch {
		case len(text) > 0:
			begin = len(msg)
		case begin > 0:
			return msg, nil
		default: // between messages
			msg = msg[:0]
			if empty++; empty%2 == 0 && s.ping != nil {
				s.ping()
			}
		}
	}
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// contentLength is the length that a head announces, 0 where a SIP message announces none. Two that differ are an error: what one reader takes for a
// body another takes for a message.
func contentLength(head []byte) (int, error) {
	text, _ := split(head)
	start, text, _ := strings.Cut(text, "\n")
	length, found := 0, false
	for text != "" {
		var line string
		line, text = unfolded(text)
		name, value, ok := strings.Cut(line, ":")
		if !ok || canonicalName(strings.Trim(name, lws)) != "Content-Length" {
			continue
		}
		n, err := strconv.ParseUint(strings.Trim(value, lws), 10, 31)
		if err != nil || found && int(n) != length {
			return 0, ErrNoLength
		}
		length, found = int(n), true
	}
	if !found && new(Message).startLine(strings.TrimRight(start, "\r")) != nil {
		return 0, ErrNoLength
	}
	return length, nil
}

// unfolded takes the first header line off the text, with the lines that continue it.
func unfolded(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	line = strings.TrimRight(line, "\r")
	if rest == "" || !strings.Contains(lws, rest[:1]) {
		return line, rest
	}
	var b strings.Builder
	b.WriteString(strings.TrimRight(line, lws))
	for rest != "" && strings.Contains(lws, rest[:1]) {
		var more string
		more, rest, _ = strings.Cut(rest, "\n")
		b.WriteByte(' ')
		b.WriteString(strings.Trim(more, lws+"\r"))
	}
	return b.String(), rest
}
