package hal

import "time"

// Cadence is a rhythm of a lamp or a ringer: on for the first length, off for the second, on for the third and so on, over and
// over. Lengths are positive. A single length is on for that long, once; an empty cadence is never on.
type Cadence []time.Duration

// Silent is the cadence of a ringer that does not ring.
var Silent Cadence

const (
	fastHalf = 200 * time.Millisecond
	slowHalf = 500 * time.Millisecond
	forever  = time.Duration(1<<63 - 1)
)

// Level reports whether the cadence is on when it has run for a time, and how long it will stay so; 0 means for ever.
func (c Cadence) Level(run time.Duration) (on bool, rest time.Duration) {
	if run < 0 {
		run = 0
	}
	switch {
	case len(c) == 0 || len(c) == 1 && run >= c[0]:
		return false, 0
	case len(c) == 1 && c[0] == forever:
		return true, 0
	case len(c) == 1:
		return true, c[0] - run
	}
	var period time.Duration
	for _, d := range c {
		period += d
	}
	if period <= 0 {
		return false, 0
	}
	run %= period
	for i, d := range c {
		if run < d {
			return i%2 == 0, d - run
		}
		run -= d
	}
	return false, 0
}
