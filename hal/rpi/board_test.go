package rpi_test

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/haltest"
	"hilphone/hal/rpi"
)

// headerNames are the names of the lines of a chip: some have none.
func headerNames() []string {
	names := make([]string, 54)
	names[hookLine], names[ringerLine] = "HOOK", "GPIO18"
	return names
}

// onMemory puts a board onto a chip in memory.
func onMemory(t *testing.T, c *rpi.MemoryChip, install func(*rpi.Board)) func(*rpi.Board, *world) {
	t.Cleanup(func() {
		for _, w := range c.Wrong {
			t.Error(w)
		}
	})
	return func(b *rpi.Board, w *world) {
		install(b)
		rpi.Wire(b, func() { _ = w.keypad.Settle() }, w.asked) // the chip may be unplugged
	}
}

// TestBoardInMemory: the board on pins is a board, on pins that do what real ones do to it; see TestBoard for real ones.
func TestBoardInMemory(t *testing.T) {
	haltest.Test(t, synctest.Test, func(t *testing.T) *haltest.Bench {
		c := rpi.NewMemoryChip(headerNames())
		occupy := func() func() {
			c.Hold(ringerLine, "somebody@17")
			return func() { c.Hold(ringerLine, "") }
		}
		return newBench(t, boardFile, c, occupy, onMemory(t, c, c.Install), func() bool { return c.InUse(ringerLine) })
	})
}

const expanderFile = `
timings: {stuck: 1s}
expander: {chip: mcp23017, bus: 1, address: 0x20, int: 27}
keypad:
  rows: [expander.A0, expander.A1, expander.A2, expander.A7]
  columns: [expander.B0, expander.B1, expander.B2, expander.B3]
  keys:
    - [1, 2, 3, line1]
    - [4, 5, 6, line2]
    - [7, 8, 9, speaker]
    - [star, 0, pound, ok]
buttons:
  - {pin: expander.B6, key: release}
hook: {pin: HOOK, flash_key: hold, flash_min: 400ms, flash_max: 1500ms}
dial: {pulse: 41, off_normal: 42}
lamps:
  power: {pin: 22}
  message: {pin: 23, active: low}
  line1: {pin: 25}
ringer: {kind: buzzer, pin: 18}
`

// TestExpanderInMemory: keys that hang on an MCP23017 are keys.
func TestExpanderInMemory(t *testing.T) {
	haltest.Test(t, synctest.Test, func(t *testing.T) *haltest.Bench {
		x := &rpi.MemoryExpander{MemoryChip: rpi.NewMemoryChip(headerNames()), Int: 27}
		occupy := func() func() {
			x.Hold(ringerLine, "somebody@17")
			return func() { x.Hold(ringerLine, "") }
		}
		return newBench(t, expanderFile, x, occupy, onMemory(t, x.MemoryChip, x.Install), func() bool { return x.InUse(27) })
	})
}

// TestEveryBusyPinIsNamed: not just the first.
func TestEveryBusyPinIsNamed(t *testing.T) {
	c := rpi.NewMemoryChip(headerNames())
	c.Hold(hookLine, "one@1")
	c.Hold(ringerLine, "two@2")
	b, err := rpi.New(parse(t, boardFile), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.Install(b)
	const want = "board.yaml:13: hook.pin: cannot be used: hook on line HOOK of chip memory: in use by one@1\n" +
		"board.yaml:19: ringer.pin: cannot be used: ringer on GPIO18 of chip memory: in use by two@2"
	var field *board.FieldError
	if err := b.Open(); err == nil || err.Error() != want || rpi.Misfit(err) || !errors.As(err, &field) {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
	for i := range headerNames() {
		if i != hookLine && i != ringerLine && c.InUse(i) {
			t.Errorf("line %d was asked for all the same", i)
		}
	}
}

// TestBell: the clapper follows the ringing current.
func TestBell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rpi.NewMemoryChip(headerNames())
		b, err := rpi.New(parse(t, "ringer: {kind: bell, pin: 18, country: japan}"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		c.Install(b)
		stop := running(t, b, func(e hal.Event) { t.Errorf("event %+v", e) })
		synctest.Wait()
		b.Ring(hal.Cadence{time.Hour})
		turns, was := 0, false
		for range 3000 { // one period of 1 s and 2 s
			wait(time.Millisecond)
			synctest.Wait()
			if high, err := c.Level(ringerLine); err != nil {
				t.Fatal(err)
			} else if high != was {
				turns, was = turns+1, high
			}
		}
		if turns < 31 || turns > 33 { // 16 Hz
			t.Errorf("the clapper moved %d times in a period", turns)
		}
		b.Ring(hal.Silent)
		synctest.Wait()
		if high, _ := c.Level(ringerLine); high {
			t.Error("the current flows on")
		}
		stop()
	})
}
