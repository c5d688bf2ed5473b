package contact

import (
	"slices"
	"time"

	"hilphone/hal"
)

// Light works out when a lamp, or a bell, is on.
type Light struct {
	cadence hal.Cadence
	since   time.Time
}

// Show begins a cadence, with its first length. The cadence that is shown already goes on as it is.
func (l *Light) Show(c hal.Cadence, now time.Time) {
	if !slices.Equal(l.cadence, c) {
		l.cadence, l.since = slices.Clone(c), now
	}
}

// Level returns whether the light is on and when that will change; the zero time is never.
func (l *Light) Level(now time.Time) (on bool, again time.Time) {
	on, rest := l.cadence.Level(now.Sub(l.since))
	if rest == 0 {
		return on, time.Time{}
	}
	return on, now.Add(rest)
}

// vendor are the patterns by the code that the vendor's configuration files use for LEDs, as in "Power LED Ring: 2".
var vendor = [...]hal.Pattern{hal.Off, hal.On, hal.Fast, hal.Slow}

// PatternOf returns the pattern of a vendor's LED code, 0 to 3.
func PatternOf(code int) (hal.Pattern, bool) {
	if code < 0 || code >= len(vendor) {
		return hal.Off, false
	}
	return vendor[code], true
}

// Code returns the vendor's LED code of a pattern; an unknown pattern is off.
func Code(p hal.Pattern) int { return max(0, slices.Index(vendor[:], p)) }
