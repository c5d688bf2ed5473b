package hal_test

import (
	"slices"
	"testing"
	"time"

	"hilphone/hal"
)

func TestLevel(t *testing.T) {
	const ms = time.Millisecond
	uk := hal.Cadence{400 * ms, 200 * ms, 400 * ms, 2000 * ms}
	for _, c := range []struct {
		name    string
		cadence hal.Cadence
		run     time.Duration
		on      bool
		rest    time.Duration
	}{
		{"off", hal.Off.Cadence(), 5 * ms, false, 0},
		{"unknown", hal.Pattern("pink").Cadence(), 5 * ms, false, 0},
		{"on", hal.On.Cadence(), time.Hour, true, 0},
		{"slow, begins lit", hal.Slow.Cadence(), 0, true, 500 * ms},
		{"slow, 1 Hz", hal.Slow.Cadence(), 1999 * ms, false, 1 * ms},
		{"fast, last lit", hal.Fast.Cadence(), 199 * ms, true, 1 * ms},
		{"fast, dark", hal.Fast.Cadence(), 200 * ms, false, 200 * ms},
		{"fast, 2.5 Hz", hal.Fast.Cadence(), 400 * ms, true, 200 * ms},
		{"before it began", hal.Fast.Cadence(), -time.Second, true, 200 * ms},
		{"british, second ring", uk, 650 * ms, true, 350 * ms},
		{"british, pause", uk, 3000*ms + 1000*ms, false, 2000 * ms},
		{"once", hal.Cadence{300 * ms}, 299 * ms, true, 1 * ms},
		{"once, over", hal.Cadence{300 * ms}, 300 * ms, false, 0},
		{"nothing", hal.Cadence{0, 0}, 300 * ms, false, 0},
	} {
		if on, rest := c.cadence.Level(c.run); on != c.on || rest != c.rest {
			t.Errorf("%s: after %s on %v for %s, want %v for %s", c.name, c.run, on, rest, c.on, c.rest)
		}
	}
}

func TestLamps(t *testing.T) {
	if first := hal.Lamps()[:4]; !slices.Equal(first, []hal.Lamp{"power", "message", "speaker", "line1"}) {
		t.Errorf("lamps begin with %q", first)
	}
	lines := 0
	for _, l := range hal.Lamps() {
		if n, ok := l.Line(); ok {
			if lines++; n != lines || l != hal.LineLamp(n) {
				t.Errorf("lamp %s is of line %d, want %d", l, n, lines)
			}
		}
	}
	if lines != hal.MaxLines {
		t.Errorf("%d line lamps, want %d", lines, hal.MaxLines)
	}
}
