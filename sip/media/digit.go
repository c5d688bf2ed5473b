package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNoDigits says that digits cannot be sent now: the other side takes no
// telephone events, or nothing is sent to it.
var ErrNoDigits = errors.New("the call carries no digits now: the other side takes none (RFC 4733), or nothing is sent to it")

const (
	keys        = "0123456789*#ABCD" // by event number, RFC 4733 section 3.2
	maxPresses  = 64                 // digits waiting to be sent
	minPress    = 40 * time.Millisecond
	maxPress    = 8 * time.Second // the duration has 16 bits: 8.19 s
	endPackets  = 3               // the end is sent three times, RFC 4733 section 2.5.1.4
	eventVolume = 10              // -10 dBm0
	eventEnd    = 0x80
)

// press is a digit being sent or waiting for it.
type press struct {
	event  byte
	length int    // packets until the key is let go
	whole  int    // packets with the gap
	done   int    // packets sent
	stamp  uint32 // when the key went down
}

// presses makes the queue of a string of digits. Times are rounded up to whole
// packets and taken into their limits.
func presses(digits string, length, gap time.Duration) ([]press, error) {
	packets := func(d time.Duration) int {
		return int((min(max(d, minPress), maxPress) + packetTime - 1) / packetTime)
	}
	var queue []press
	for _, r := range strings.ToUpper(digits) {
		event := strings.IndexRune(keys, r)
		if event < 0 {
			return nil, fmt.Errorf("%q is not a DTMF digit", r)
		}
		n := packets(length)
		queue = append(queue, press{event: byte(event), length: n, whole: n + max(packets(gap), endPackets-1)})
	}
	return queue, nil
}

// payload writes the telephone event of the next packet (RFC 4733 section 2.3);
// ok is false in the gap after the digit.
func (p *press) payload(b []byte) (n int, ok bool) {
	p.done++
	if p.done >= p.length+endPackets {
		return 0, false
	}
	b[0], b[1] = p.event, eventVolume
	if p.done >= p.length {
		b[1] |= eventEnd
	}
	binary.BigEndian.PutUint16(b[2:], uint16(min(p.done, p.length)*frameSamples))
	return 4, true
}
