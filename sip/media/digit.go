package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Digit is a DTMF digit that arrived in a call.
type Digit struct {
	Key      byte          // 0 to 9, *, #, A to D
	Duration time.Duration // how long it was pressed, as far as it arrived
}

// ErrNoDigits says that digits cannot be sent now: the other side takes no
// telephone events, or nothing is sent to it.
var ErrNoDigits = errors.New("no telephone events in this call")

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

// listener puts arriving telephone events together to digits.
type listener struct {
	heard    bool // stamp belongs to an event
	open     bool // whose end has not arrived
	event    byte
	stamp    uint32
	duration uint32
}

// lateEvent is how far behind the latest event another one still counts as late
// rather than as the new start of a clock.
const lateEvent = 10 * clockRate

// hear takes one telephone event packet. It hands out the digits that this
// packet ends: the one it says itself, and an earlier one whose end was lost.
func (l *listener) hear(stamp uint32, payload []byte, out func(Digit)) {
	if len(payload) < 4 || int(payload[0]) >= len(keys) {
		return
	}
	behind := int32(l.stamp - stamp)
	if l.heard && behind > 0 && behind < lateEvent {
		return
	}
	if !l.heard || behind != 0 {
		l.end(out)
		*l = listener{heard: true, open: true, event: payload[0], stamp: stamp}
	}
	l.duration = max(l.duration, uint32(binary.BigEndian.Uint16(payload[2:])))
	if payload[1]&eventEnd != 0 {
		l.end(out)
	}
}

// voice ends a digit whose end was lost once the voice is clearly past it.
func (l *listener) voice(stamp uint32, out func(Digit)) {
	if l.open && int32(stamp-l.stamp-l.duration) > clockRate/5 {
		l.end(out)
	}
}

func (l *listener) end(out func(Digit)) {
	if l.open {
		l.open = false
		out(Digit{Key: keys[l.event], Duration: time.Duration(l.duration) * time.Second / clockRate})
	}
}
