package media

import (
	"math/rand/v2"
	"net"
	"time"

	"github.com/pion/rtp"
	"github.com/zaf/g711"
)

const (
	clockRate    = 8000                  // Hz, of every format here
	packetTime   = 20 * time.Millisecond // of sound in a packet
	frameSamples = int(clockRate * packetTime / time.Second)

	// A sender later than this skips what it missed: a burst helps nobody.
	maxLate = 100 * time.Millisecond
)

// sender makes the RTP stream that leaves. Packet number n is due at
// began + n*20 ms, sent or not, and its time stamp follows from n alone.
type sender struct {
	to     net.Addr // nil: nothing is sent
	voice  Format
	event  Format // Codec is empty if the other side takes no events
	source Source
	muted  bool
	queue  []press

	began  time.Time
	number int64 // of the next packet
	spurt  bool  // the next voice packet starts a talkspurt

	header rtp.Header
	first  uint32 // time stamp of packet number 0
	frame  [frameSamples]int16
	packet [12 + frameSamples]byte
}

func newSender() sender {
	return sender{
		source: Silence{},
		first:  rand.Uint32(),
		header: rtp.Header{Version: 2, SSRC: rand.Uint32(), SequenceNumber: uint16(rand.Uint32())},
	}
}

// direct sends to another place or in another format from now on; nil pauses.
func (o *sender) direct(to net.Addr, voice, event Format, now time.Time) {
	if to == nil {
		o.to, o.queue = nil, nil
		return
	}
	if o.to == nil {
		if o.began.IsZero() {
			o.began = now
		}
		o.number = int64((now.Sub(o.began) + packetTime - 1) / packetTime)
		o.spurt = true
	}
	o.to, o.voice, o.event = to, voice, event
	if event.Codec == "" {
		o.queue = nil
	}
}

// due is the time until the next packet, not positive when it is time.
func (o *sender) due(now time.Time) time.Duration {
	wait := o.began.Add(time.Duration(o.number) * packetTime).Sub(now)
	if wait < -maxLate {
		o.number += int64(-wait / packetTime)
		wait = o.began.Add(time.Duration(o.number) * packetTime).Sub(now)
	}
	return wait
}

// next makes the next packet; it is valid until the one after. size is the
// number of payload octets.
func (o *sender) next() (packet []byte, size int) {
	stamp := o.first + uint32(o.number)*uint32(frameSamples)
	o.number++
	h := &o.header
	h.SequenceNumber++
	payload := o.packet[12:]
	size, digit := o.digit(stamp, payload)
	if !digit {
		h.Timestamp, h.PayloadType, h.Marker = stamp, o.voice.Type, o.spurt
		o.spurt = false
		size = o.speak(payload)
	}
	// The header has no extensions: 12 octets, which cannot fail.
	_, _ = h.MarshalTo(o.packet[:12])
	return o.packet[:12+size], size
}

// digit writes the event of a digit being sent, if there is one to write. All of
// its packets bear the time stamp of the first.
func (o *sender) digit(stamp uint32, payload []byte) (size int, ok bool) {
	if len(o.queue) == 0 {
		return 0, false
	}
	p := &o.queue[0]
	if p.done == 0 {
		p.stamp = stamp
	}
	size, ok = p.payload(payload)
	if ok {
		h := &o.header
		h.Timestamp, h.PayloadType, h.Marker = p.stamp, o.event.Type, p.done == 1
	}
	if p.done >= p.whole {
		o.queue = o.queue[1:]
	}
	return size, ok
}

// speak writes one packet of the source, or silence when muted and between digits.
func (o *sender) speak(payload []byte) int {
	o.source.Fill(o.frame[:]) // a muted source goes on
	if o.muted || len(o.queue) > 0 {
		clear(o.frame[:])
	}
	if o.voice.Codec == PCMA {
		for i, v := range o.frame {
			payload[i] = g711.EncodeAlawFrame(v)
		}
	} else {
		for i, v := range o.frame {
			payload[i] = g711.EncodeUlawFrame(v)
		}
	}
	return frameSamples
}
