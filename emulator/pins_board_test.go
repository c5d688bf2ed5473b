package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"hilphone/db/journal/event"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/virtual"
	"hilphone/webui"
)

// twoBoards are the page's board and another, whose keys are real ones, in front of what takes note.
type twoBoards struct {
	page, real *virtual.Board
	pins       pins
	hands      hands
}

func withTwoBoards(t *testing.T, f func(t *testing.T, b twoBoards)) {
	synctest.Test(t, func(t *testing.T) {
		config, err := board.Parse("board.yaml", []byte(
			"keypad: {rows: [5], columns: [6, 12], keys: [[1, pound]]}\nbuttons: [{pin: 16, key: hold}]\nhook: {pin: 17}\nlamps: {power: {pin: 22}}\nringer: {pin: 18}\n"))
		if err != nil {
			t.Fatal(err)
		}
		w, tell := newTestWaves()
		b := twoBoards{page: virtual.New(), real: virtual.New()}
		joined := hal.Join(b.page, b.real)
		b.pins = pins{board: b.page, real: config, chip: func() string { return "gpiochip0 (pinctrl-bcm2835)" }, waves: w}
		b.hands = hands{phone: phone.New(phone.DefaultConfig(), joined, nil, nil, slog.New(slog.DiscardHandler)), board: b.page, off: w.lifted, real: func() bool { return joined.LiftedBeside(b.page) }, settle: func() {}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- joined.Run(ctx, func(e hal.Event) {
				switch e.Kind {
				case hal.HookMoved:
					tell(event.Hook{State: map[bool]string{true: "off", false: "on"}[e.Off]})
				case hal.KeyMoved:
					tell(event.Key{Key: string(e.Key), State: map[bool]string{true: "down", false: "up"}[e.Down]})
				}
			})
		}()
		synctest.Wait()
		f(t, b)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestPinsOfRealBoard: what hangs on real pins is shown as the phone knows it and moved by hands alone; the rest is the script's.
func TestPinsOfRealBoard(t *testing.T) {
	withTwoBoards(t, func(t *testing.T, b twoBoards) {
		level := func(name string, want int) {
			t.Helper()
			if got, err := b.pins.Level(name); got != want || err != nil {
				t.Errorf("%s is at %d, %v; want %d", name, got, err, want)
			}
		}
		for name, at := range map[string]string{
			"hook": "hook on GPIO17 of chip gpiochip0 (pinctrl-bcm2835)", "key_hold": "button hold on GPIO16 of chip",
			"key_pound": "row 1 on GPIO5 and column 2 on GPIO12 of chip",
		} {
			if err := b.pins.SetLevel("api", name, 1); !errors.Is(err, webui.ErrConflict) || !strings.Contains(err.Error(), at) {
				t.Errorf("%s set: %v", name, err)
			}
			level(name, 0)
		}
		if err := b.pins.SetLevel("api", "lamp_power", 1); !errors.Is(err, webui.ErrConflict) {
			t.Errorf("a lamp set: %v", err)
		}
		if err := b.pins.SetLevel("api", "nose", 1); !errors.Is(err, webui.ErrNotFound) {
			t.Errorf("what is not there set: %v", err)
		}
		if _, err := b.pins.Level("nose"); !errors.Is(err, webui.ErrNotFound) {
			t.Errorf("what is not there read: %v", err)
		}
		if err := b.pins.SetLevel("api", "key_5", 1); err != nil {
			t.Errorf("a key without a pin: %v", err)
		}
		level("key_5", 1)
		if err := errors.Join(b.real.SetKey("1", true, hal.FromBoard), b.page.SetKey("1", true, hal.FromWeb), b.real.SetKey("1", false, hal.FromBoard)); err != nil {
			t.Fatal(err)
		}
		level("key_1", 1) // the page has it down still
		hung := map[string]string{}
		for _, v := range b.pins.IO() {
			hung[v.Name] = strings.Join(v.Pins, "+") + v.Chip
		}
		for name, want := range map[string]string{"hook": "GPIO17", "key_1": "GPIO5+GPIO6", "lamp_power": "GPIO22", "ringer": "GPIO18"} {
			if hung[name] != want+"gpiochip0 (pinctrl-bcm2835)" {
				t.Errorf("%s hangs on %q", name, hung[name])
			}
		}
		if hung["key_5"] != "" || hung["lamp_line1"] != "" {
			t.Error("what has no pin has one")
		}
	})
}

// TestHandsetThatIsReal: nobody but its hand puts a lifted handset back, and whoever asks for that is told.
func TestHandsetThatIsReal(t *testing.T) {
	withTwoBoards(t, func(t *testing.T, b twoBoards) {
		level := func(name string, board *virtual.Board, want int) {
			t.Helper()
			if got, _ := board.Level("hook"); got != want {
				t.Errorf("the handset of the %s: %d, want %d", name, got, want)
			}
		}
		move := func(err error, what string) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		ctx := t.Context()
		move(b.hands.Hook(ctx, "api", true), "lifted by a script")
		level("page", b.page, 1)
		move(b.hands.Hook(ctx, "api", false), "replaced by a script")
		move(b.real.SetHook(true, hal.FromBoard), "lifted by hand")
		move(b.hands.Hook(ctx, "api", true), "lifted twice")
		level("page", b.page, 0) // or the phone would stay off-hook when the hand puts it back
		if err := b.hands.Hook(ctx, "api", false); !errors.Is(err, webui.ErrConflict) || !strings.Contains(err.Error(), "the real handset is lifted") {
			t.Errorf("a lifted real handset replaced by a script: %v", err)
		}
		if got, _ := b.pins.Level("hook"); got != 1 {
			t.Error("the phone is on-hook while its handset is lifted")
		}
		move(b.real.SetHook(false, hal.FromBoard), "replaced by hand")
		if got, _ := b.pins.Level("hook"); got != 0 {
			t.Error("the phone is off-hook")
		}
		move(b.hands.Hook(ctx, "api", false), "replaced twice")
	})
}
