package media

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"
)

// Digit is a DTMF digit that arrived in a call.
type Digit struct {
	Key      byte          // 0 to 9, *, #, A to D
	Duration time.Duration // how long it was pressed, as far as it arrived
}

const (
	// lateEvent is how far behind the newest event another one still counts as late, and not as the new start of a clock.
	lateEvent = 10 * clockRate
	// longestSegment is the greatest duration that a packet can say (RFC 4733 2.5.1.3).
	longestSegment = 0xffff
	// segmentSlack is how far below it a sender may end a segment, and how much of the end of one may be lost.
	segmentSlack = clockRate / 2
	// eventSilence ends an event of which nothing more arrives. Senders repeat it every 20 to 50 ms (RFC 4733 2.5.1.2).
	eventSilence = 300 * time.Millisecond
)

// digitReceiver makes digits of the telephone event packets that arrive (RFC 4733 2.5.2). All packets of an event have its RTP time stamp, its
// end is sent three times, and an event that is longer than a packet can say goes on in a new segment with a new time stamp.
type digitReceiver struct {
	heard    bool // ssrc, event and stamp are those of the newest event
	open     bool // its end has not arrived
	ssrc     uint32
	event    byte
	stamp    uint32 // of its newest segment
	before   uint64 // duration of the segments before that
	duration uint32 // of the newest segment
	newest   time.Time
}

// packet takes one telephone event packet. It hands out the digits that this packet ends: the one it says itself, and an earlier one whose
// end was lost.
func (d *digitReceiver) packet(p *rtp.Packet, now time.Time, out func(Digit)) {
	if len(p.Payload) < 4 {
		return
	}
	if d.heard && p.SSRC != d.ssrc { // another clock
		d.end(out)
		d.heard = false
	}
	event, ended := p.Payload[0], p.Payload[1]&eventEnd != 0
	behind := int32(d.stamp - p.Timestamp)
	switch {
	case d.heard && behind > 0 && behind < lateEvent:
		return
	case d.heard && behind == 0:
	case d.continues(p, event):
		d.before += uint64(p.Timestamp - d.stamp)
		d.stamp, d.duration = p.Timestamp, 0
	default:
		d.end(out)
		*d = digitReceiver{heard: true, open: true, ssrc: p.SSRC, event: event, stamp: p.Timestamp}
	}
	d.newest = now
	d.duration = max(d.duration, uint32(binary.BigEndian.Uint16(p.Payload[2:])))
	if ended {
		d.end(out)
	}
}

// continues reports whether a packet begins the next segment of the event: the same event without a marker bit, where the segment before
// can say no more. Of that segment the last packets may be lost.
func (d *digitReceiver) continues(p *rtp.Packet, event byte) bool {
	length := p.Timestamp - d.stamp
	return d.open && !p.Marker && event == d.event &&
		length <= longestSegment && length >= longestSegment-segmentSlack && d.duration+segmentSlack >= length
}

// voice ends a digit whose end was lost once the voice is clearly past it.
func (d *digitReceiver) voice(stamp uint32, out func(Digit)) {
	if d.open && int32(stamp-d.stamp-d.duration) > clockRate/5 {
		d.end(out)
	}
}

// due is when the digit ends of which nothing more arrives, zero where there is none.
func (d *digitReceiver) due() time.Time {
	if !d.open {
		return time.Time{}
	}
	return d.newest.Add(eventSilence)
}

// expire ends a digit of which nothing has arrived for eventSilence.
func (d *digitReceiver) expire(now time.Time, out func(Digit)) {
	if due := d.due(); !due.IsZero() && !now.Before(due) {
		d.end(out)
	}
}

// end hands the digit out, once. Events that are no digits, such as a flash, are not.
func (d *digitReceiver) end(out func(Digit)) {
	if !d.open {
		return
	}
	d.open = false
	if int(d.event) < len(keys) {
		samples := d.before + uint64(d.duration)
		out(Digit{Key: keys[d.event], Duration: time.Duration(samples) * time.Second / clockRate})
	}
}
