package rpi_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hal"
	"hilphone/hal/rpi"
)

// TestPins: a board that runs tells how each pin is, and reads none that it drives; see the chip in memory.
func TestPins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rpi.NewMemoryChip(headerNames())
		b, err := rpi.New(parse(t, `
keypad: {rows: [5, 6], columns: [12, 13], keys: [[1, 2], [3, 4]]}
buttons: [{pin: 16, key: hold, active: high, pull: down}]
hook: {pin: HOOK}
lamps: {power: {pin: 22}, message: {pin: 23, active: low}}
ringer: {pin: 18}
`), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		c.Install(b)
		pins := func() string {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var all []string
			for _, p := range b.Pins(ctx) {
				all = append(all, fmt.Sprintf("%s %d %d %s %d %s", p.Part, p.Line, p.Header, p.Active, p.Level, p.Holder))
			}
			return strings.Join(all, "\n")
		}
		expect := func(when string, want ...string) {
			t.Helper()
			if got := pins(); got != strings.Join(want, "\n") {
				t.Errorf("%s:\n%s\nwant\n%s", when, got, strings.Join(want, "\n"))
			}
		}
		expect("before Run", "row 1 -1 29 low -1 ", "row 2 -1 31 low -1 ", "column 1 -1 32 low -1 ", "column 2 -1 33 low -1 ",
			"button hold -1 36 high -1 ", "hook -1 0 low -1 ", "lamp power -1 15 high -1 ", "lamp message -1 16 low -1 ", "ringer -1 12 high -1 ")
		c.Hold(ringerLine, "somebody@17")
		stop := running(t, b, func(hal.Event) {})
		synctest.Wait()
		if got := pins(); !strings.HasSuffix(got, "\nringer 18 12 high -1 somebody@17") || !strings.HasPrefix(got, "row 1 5 29 low -1 \n") {
			t.Errorf("while a pin is held:\n%s", got)
		}
		c.Hold(ringerLine, "")
		wait(3 * time.Second)
		b.SetLamp(hal.PowerLamp, hal.On)
		b.SetLamp(hal.MessageLamp, hal.On)
		if err := c.Pull(hookLine, false); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		const us = "this phone"
		expect("running", "row 1 5 29 low 0 "+us, "row 2 6 31 low 0 "+us, "column 1 12 32 low 1 "+us, "column 2 13 33 low 1 "+us,
			"button hold 16 36 high 0 "+us, fmt.Sprintf("hook %d 0 low 0 %s", hookLine, us), "lamp power 22 15 high 1 "+us, "lamp message 23 16 low 0 "+us, "ringer 18 12 high 0 "+us)
		if b.Chip() != "memory" {
			t.Errorf("chip %q", b.Chip())
		}
		if err := c.Unplug(); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		if got := pins(); !strings.HasPrefix(got, "row 1 -1 29 low -1 \n") {
			t.Errorf("without a chip:\n%s", got)
		}
		stop()
		for _, w := range c.Wrong {
			t.Error(w)
		}
	})
}
