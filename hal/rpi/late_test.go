package rpi_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hal"
	"hilphone/hal/rpi"
)

// late is a board on a chip in memory whose program can be made to stall.
type late struct {
	chip  *rpi.MemoryChip
	world *world
	board *rpi.Board
	stall atomic.Int64 // how long, from the next reading of a line on
	told  []string
}

func newLate(t *testing.T, speed int) *late {
	file := fmt.Sprintf("dial: {pulse: %d, speed: %d}\nhook: {pin: HOOK, flash: true, flash_key: hold}\nbuttons: [{pin: 40, key: release}]\n"+
		"keypad: {rows: [5, 6], columns: [12, 13], keys: [[1, 2], [3, 4]]}", pulseLine, speed)
	config := parse(t, file)
	b, err := rpi.New(config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l := &late{chip: rpi.NewMemoryChip(headerNames()), board: b}
	l.world = newWorld(t, l.chip, config)
	l.chip.Install(b)
	rpi.WireLate(b, func() { _ = l.world.keypad.Settle() }, l.world.asked, func() { wait(time.Duration(l.stall.Swap(0))) })
	return l
}

// run runs the board while f turns and presses, and returns what it has told.
func (l *late) run(t *testing.T, f func()) []string {
	stop := running(t, l.board, func(e hal.Event) {
		switch {
		case e.At.After(time.Now()):
			t.Errorf("event %+v of the future", e)
		case e.Kind == hal.KeyMoved && e.Down:
			l.told = append(l.told, "key "+string(e.Key))
		case e.Kind == hal.HookMoved:
			l.told = append(l.told, fmt.Sprint("hook ", e.Off))
		case e.Kind == hal.FaultRaised:
			l.told = append(l.told, "fault "+e.Fault.Message)
		}
	})
	wait(time.Second)
	f()
	wait(5 * time.Second)
	stop()
	return l.told
}

// stalls has the program not run for a time.
func (l *late) stalls(after, length time.Duration) {
	go func() {
		wait(after)
		l.stall.Store(int64(length))
		rpi.Look(l.board)
	}()
}

// turn turns the dial, whose contact bounces.
func (l *late) turn(pulses int, period time.Duration) {
	set := func(open bool, d time.Duration) {
		for range 3 {
			l.world.pull(pulseLine, open)
			wait(300 * time.Microsecond)
			l.world.pull(pulseLine, !open)
			wait(300 * time.Microsecond)
		}
		l.world.pull(pulseLine, open)
		wait(d - 1800*time.Microsecond)
	}
	for range pulses {
		set(true, period*6/10)
		set(false, period*4/10)
	}
}

// TestLateBoardInMemory: a board whose program stalls while the dial turns tells the digit that was dialled (BE-06).
func TestLateBoardInMemory(t *testing.T) {
	for _, speed := range []int{10, 20} {
		period := time.Second / time.Duration(speed)
		for _, length := range []time.Duration{36, 63, 100, 500, 3000} {
			for after := time.Duration(0); after < 11*period; after += period * 3 / 10 {
				synctest.Test(t, func(t *testing.T) {
					l := newLate(t, speed)
					told := l.run(t, func() {
						l.stalls(after, length*time.Millisecond)
						l.turn(10, period)
						wait(300 * time.Millisecond)
						l.turn(9, period)
					})
					if !slices.Equal(told, []string{"key 0", "key 9"}) {
						t.Errorf("%d pulses a second, a stall of %d ms after %s: %q", speed, length, after, told)
					}
				})
			}
		}
	}
}

// TestLateBoardLosesEdgesInMemory: with more edges than the kernel keeps there is a fault and no other digit (BE-06).
func TestLateBoardLosesEdgesInMemory(t *testing.T) {
	for _, speed := range []int{10, 20} {
		period := time.Second / time.Duration(speed)
		for after := time.Duration(0); after < 11*period; after += period * 3 / 10 {
			synctest.Test(t, func(t *testing.T) {
				l := newLate(t, speed)
				l.chip.Buffer = 16
				told := l.run(t, func() {
					l.stalls(after, 500*time.Millisecond)
					l.turn(10, period)
					wait(time.Second)
					l.turn(9, period)
				})
				lost := len(told) == 3 && strings.Contains(told[0], "were lost") && told[1] == "fault " && told[2] == "key 9"
				if !lost && !slices.Equal(told, []string{"key 0", "key 9"}) {
					t.Errorf("%d pulses a second, a stall after %s: %q", speed, after, told)
				}
			})
		}
	}
}

// TestLateContactsInMemory: handset, flash, buttons and digits are told in the order in which they moved, whatever the program did meanwhile; a key
// of the keypad is known only when it is scanned (BE-06).
func TestLateContactsInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLate(t, 10)
		told := l.run(t, func() {
			l.stalls(0, 3*time.Second)
			wait(10 * time.Millisecond)
			level := func(line int, high bool, d time.Duration) {
				l.world.pull(line, high)
				wait(d)
			}
			level(hookLine, false, 200*time.Millisecond)
			l.turn(4, 100*time.Millisecond)
			wait(300 * time.Millisecond)
			level(hookLine, true, 200*time.Millisecond)
			level(hookLine, false, 100*time.Millisecond)
			level(40, false, 50*time.Millisecond)
			level(40, true, 50*time.Millisecond)
			level(hookLine, true, 700*time.Millisecond)
			must(t, l.world.keypad.Set(0, 0, true))
			wait(50 * time.Millisecond)
			must(t, l.world.keypad.Set(0, 0, false))
			must(t, l.world.keypad.Set(1, 1, true)) // still down when the program runs again
			wait(2 * time.Second)
			must(t, l.world.keypad.Set(1, 1, false))
		})
		want := []string{"hook true", "key 4", "key hold", "key release", "hook false", "key 4"}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

// TestCutByUnpluggingInMemory: a digit that is under way while the chip is away is none (BE-06).
func TestCutByUnpluggingInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLate(t, 10)
		told := l.run(t, func() {
			l.turn(4, 100*time.Millisecond)
			must(t, l.chip.Unplug())
			wait(500 * time.Millisecond)
			must(t, l.chip.Plug())
			wait(50 * time.Millisecond)
			l.turn(3, 100*time.Millisecond)
			wait(3 * time.Second)
			l.turn(5, 100*time.Millisecond)
		})
		for i, line := range told {
			if strings.HasPrefix(line, "key") && (line != "key 5" || i != len(told)-1) {
				t.Errorf("told %q, want key 5 alone", told)
			}
		}
		if !slices.Contains(told, "key 5") || !slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "a digit was lost") }) {
			t.Errorf("told %q, want a lost digit and key 5", told)
		}
	})
}
