package rpi_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/haltest"
	"hilphone/hal/rpi"
	"hilphone/hil/gpiosim"
)

const boardFile = `
timings: {stuck: 1s}
keypad:
  rows: [5, 6, 13, 19]
  columns: [12, 16, 20, 21]
  keys:
    - [1, 2, 3, line1]
    - [4, 5, 6, line2]
    - [7, 8, 9, speaker]
    - [star, 0, pound, ok]
buttons:
  - {pin: 40, key: release}
hook: {pin: HOOK, flash_key: hold, flash_min: 400ms, flash_max: 1500ms}
dial: {pulse: 41, off_normal: 42}
lamps:
  power: {pin: 22}
  message: {pin: 23, active: low}
  line1: {pin: 25}
ringer: {kind: buzzer, pin: 18}
`

const (
	hookLine   = 17
	pulseLine  = 41
	awayLine   = 42
	ringerLine = 18
)

func parse(t testing.TB, text string) *board.Board {
	t.Helper()
	b, err := board.Parse("board.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// wait lets time pass in which a contact is at some level. A timer of no time in a bubble crashes Go 1.26 under the race detector.
func wait(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}

// chip is the outside of a chip's lines: *gpiosim.Chip.
type chip interface {
	gpiosim.Wires
	Plug() error
	Unplug() error
}

// world is what is wired to the chip.
type world struct {
	t      testing.TB
	chip   chip
	button int // its line
	keypad *gpiosim.Keypad
	at     map[hal.Key][2]int // row and column

	mu     sync.Mutex
	levels map[int]bool // of the lines with contacts that are no keypad's
}

func newWorld(t testing.TB, c chip, b *board.Board) *world {
	w := &world{t: t, chip: c, keypad: &gpiosim.Keypad{Wires: c}, at: map[hal.Key][2]int{}}
	for _, p := range b.Keypad.Rows {
		w.keypad.Rows = append(w.keypad.Rows, p.Offset)
	}
	for _, p := range b.Keypad.Columns {
		w.keypad.Cols = append(w.keypad.Cols, p.Offset)
	}
	for r, row := range b.Keypad.Keys {
		for c, k := range row {
			w.at[k] = [2]int{r, c}
		}
	}
	w.button = b.Buttons[0].Pin.Offset
	w.levels = map[int]bool{hookLine: true, w.button: true, pulseLine: false, awayLine: true}
	return w
}

// pull brings a line to a level.
func (w *world) pull(line int, high bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.levels[line] = high
	must(w.t, w.chip.Pull(line, high))
}

// hold brings a line to a level and lets a time pass.
func (w *world) hold(line int, high bool, d time.Duration) {
	w.pull(line, high)
	wait(d)
}

// asked is called when a line has been asked for as an input: the kernel has set its pull, which a real contact is stronger than.
func (w *world) asked(line int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if high, ok := w.levels[line]; ok {
		must(w.t, w.chip.Pull(line, high))
	} else if slices.Contains(w.keypad.Cols, line) {
		must(w.t, w.keypad.Forget())
	}
}

// bounce closes or opens a contact as springs do: three times within 3 ms.
func bounce(set func(bool), to bool) {
	for range 3 {
		set(to)
		wait(500 * time.Microsecond)
		set(!to)
		wait(500 * time.Microsecond)
	}
	set(to)
}

func (w *world) key(k hal.Key, down bool) {
	if k == hal.Release {
		bounce(func(on bool) { w.pull(w.button, !on) }, down)
		return
	}
	at, ok := w.at[k]
	if !ok {
		w.t.Fatalf("no key %s", k)
	}
	bounce(func(on bool) { must(w.t, w.keypad.Set(at[0], at[1], on)) }, down)
}

func (w *world) hook(off bool) {
	bounce(func(on bool) { w.pull(hookLine, !on) }, off)
}

func (w *world) high(line int) bool {
	high, err := w.chip.Level(line)
	must(w.t, err)
	return high
}

// dial turns the dial: 60 ms open and 40 ms closed for each pulse.
func (w *world) dial(pulses int) {
	w.hold(awayLine, false, 100*time.Millisecond)
	for range pulses {
		w.hold(pulseLine, true, 60*time.Millisecond)
		w.hold(pulseLine, false, 40*time.Millisecond)
	}
	w.hold(awayLine, true, 60*time.Millisecond)
}

// cradle presses the cradle.
func (w *world) cradle(d time.Duration) {
	w.hold(hookLine, true, d)
	w.hold(hookLine, false, 0)
}

// stale makes more edges than the kernel keeps, none of which means anything.
func (w *world) stale() {
	for range 20 {
		for _, line := range []int{hookLine, w.button, w.keypad.Cols[0]} {
			must(w.t, w.chip.Pull(line, false))
			must(w.t, w.chip.Pull(line, true))
		}
	}
}

// newBench is a board on a chip, with hands. occupy is that of the bench.
func newBench(t *testing.T, file string, c chip, occupy func() func(), wire func(*rpi.Board, *world), open func() bool) *haltest.Bench {
	config := parse(t, file)
	config.Hook.Flash = strings.HasSuffix(t.Name(), "/flash")
	w := newWorld(t, c, config)
	b, err := rpi.New(config, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	wire(b, w)
	keys := []hal.Key{hal.Release}
	for _, row := range config.Keypad.Keys {
		keys = append(row, keys...)
	}
	return &haltest.Bench{
		Board: b, Source: hal.FromBoard, Keys: keys, Lamps: []hal.Lamp{hal.PowerLamp, hal.MessageLamp, hal.LineLamp(1)},
		Ready: open,
		Key:   w.key, Hook: w.hook,
		Lit: func(l hal.Lamp) bool {
			lamp := config.Lamps[l]
			return w.high(lamp.Pin.Offset) == (lamp.Active == board.High)
		},
		Loud:      func() bool { return w.high(ringerLine) },
		Rectangle: [4]hal.Key{"1", "2", "4", "5"},
		Cradle:    w.cradle,
		FlashKey:  hal.Hold,
		Dial:      w.dial,
		Break:     func() { must(t, c.Unplug()) },
		Mend:      func() { must(t, c.Plug()) },
		Stale:     w.stale,
		Occupy:    occupy,
	}
}

// until waits for something that has to come about.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for limit := time.After(10 * time.Second); !is(); {
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

// running runs a board until stop is called, which waits for the end of it.
func running(t testing.TB, b *rpi.Board, report func(hal.Event)) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, report) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case err := <-ended:
			must(t, err)
		case <-time.After(10 * time.Second):
			t.Fatal("Run does not end")
		}
	}
}
