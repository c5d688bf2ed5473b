package media

import "time"

// Limits of RFC 3550 appendix A.1: a larger jump of the sequence number is a
// sender that started again, a smaller one backwards is a late packet.
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// maxTransit is a change of the transit time that no network makes; the sender's
// clock started again.
const maxTransit = 5 * clockRate

// reception counts what arrives from one sender (RFC 3550 appendix A.1, A.3, A.8).
type reception struct {
	started  bool
	ssrc     uint32
	base     uint32 // first sequence number
	highest  uint32 // sequence number extended by its cycles
	bad      uint32 // the one that would confirm a restart
	received uint32
	lost     uint64 // before the sender started again

	timed   bool
	transit uint32
	jitter  float64 // in units of the clock
}

const noBad = 1 << 16 // no sequence number

// packet takes a sequence number. It returns false for one so far off that it is
// not counted unless the next one follows it.
func (r *reception) packet(ssrc uint32, sequence uint16) bool {
	if !r.started || ssrc != r.ssrc {
		r.restart(ssrc, sequence)
		return true
	}
	switch delta := sequence - uint16(r.highest); {
	case delta < maxDropout:
		r.highest += uint32(delta)
	case delta <= 1<<16-1-maxMisorder:
		if uint32(sequence) != r.bad {
			r.bad = uint32(sequence + 1)
			return false
		}
		r.restart(ssrc, sequence)
		return true
	}
	r.received++
	r.bad = noBad
	return true
}

func (r *reception) restart(ssrc uint32, sequence uint16) {
	*r = reception{
		started: true, ssrc: ssrc, lost: r.total(), jitter: r.jitter,
		base: uint32(sequence), highest: uint32(sequence), bad: noBad, received: 1,
	}
}

// total is the number of packets lost; duplicates do not make it negative.
func (r *reception) total() uint64 {
	if !r.started {
		return 0
	}
	expected := uint64(r.highest) - uint64(r.base) + 1
	return r.lost + expected - min(expected, uint64(r.received))
}

// arrival takes the time stamp of a voice packet and when it arrived on the same
// clock.
func (r *reception) arrival(stamp, at uint32) {
	transit := at - stamp
	d := int32(transit - r.transit)
	if r.timed && d > -maxTransit && d < maxTransit {
		r.jitter += (float64(max(d, -d)) - r.jitter) / 16
	}
	r.transit, r.timed = transit, true
}

func (r *reception) interarrivalJitter() time.Duration {
	return time.Duration(r.jitter * float64(time.Second) / clockRate)
}
