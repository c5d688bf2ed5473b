//go:build gpiosim

package rpi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/gpiochip"
	"hilphone/hal/rpi"
)

// Each test here is of one trap of the kernel or of the boundary to it.

func newBoard(t testing.TB, text string) *rpi.Board {
	t.Helper()
	b, err := rpi.New(parse(t, text), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNoDescriptor0: a line that gets descriptor 0 is a line as any other.
func TestNoDescriptor0(t *testing.T) {
	c := exec.Command(os.Args[0], "without stdin")
	out, err := c.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "opened twice: <nil> <nil>\n") {
		t.Errorf("%s%v", out, err)
	}
}

func withoutStdin() {
	_ = syscall.Close(0)
	b, err := board.Parse("hook.yaml", []byte("hook: {pin: 17}\nlamps: {power: {pin: 22}}"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var errs [2]error
	for i := range errs {
		r, err := rpi.New(b, slog.New(slog.DiscardHandler))
		if err == nil {
			err = errors.Join(r.Open(), r.Close())
		}
		errs[i] = err
	}
	fmt.Printf("opened twice: %v %v\n", errs[0], errs[1])
	os.Exit(0)
}

// TestReopen: a line that is closed just when a wait for its edges begins is free afterwards.
func TestReopen(t *testing.T) {
	for range 30 {
		w := newWorld(t, bench, parse(t, boardFile))
		b := newBoard(t, boardFile)
		rpi.Wire(b, func() { must(t, w.keypad.Settle()) }, w.asked)
		stop := running(t, b, func(e hal.Event) {
			if e.Kind == hal.FaultRaised {
				t.Errorf("fault %+v", e.Fault)
			}
		})
		until(t, "open", func() bool { return rpi.InUse(label, ringerLine) })
		w.stale()
		stop()
		for _, u := range parse(t, boardFile).Uses() {
			if rpi.InUse(label, u.Pin.Offset) && u.Pin.Name == "" {
				t.Fatalf("%s on %s is still in use", u.Part, u.Pin)
			}
		}
	}
}

// TestBusy: the error names pin, chip and holder as he is now, and all pins are told at once.
func TestBusy(t *testing.T) {
	free := occupy(t)
	b := newBoard(t, "hook: {pin: 17}\nlamps:\n  power: {pin: 22}")
	err := b.Open()
	free()
	var pin *rpi.PinError
	var field *board.FieldError
	if !errors.As(err, &pin) || !strings.HasPrefix(pin.Holder, "rpi.test@") || rpi.Misfit(err) {
		t.Errorf("error %v", err)
	}
	if !errors.As(err, &field) || field.Field != "hook.pin" || field.Line != 1 {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{"board.yaml:1: hook.pin: ", "hook on GPIO17 of chip gpiochip", "(" + label + ")", "in use by rpi.test@"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
	}
	must(t, b.Open())
	must(t, b.Close())
}

// TestMisfit: a board file for another computer is refused before any line is asked for.
func TestMisfit(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"chip: pinctrl-rp1\nhook: {pin: 17}", "board.yaml:1: chip: cannot be used: chip: pinctrl-rp1: this computer has no such GPIO chip; it has gpiochip"},
		{"chip: gpiochip77\nhook: {pin: 17}", "board.yaml:1: chip: "},
		{"lamps: {power: {pin: 22}}\nhook: {pin: NOWHERE}", "board.yaml:2: hook.pin: chip gpiochip"},
		{"chip: bench\nhook: {pin: 17}", "board.yaml:1: chip: "},
		{"hook: {pin: HOOK}\nlamps: {power: {pin: 17}}", "board.yaml:2: lamps.power.pin: GPIO17 is line 17 of chip"},
	} {
		err := newBoard(t, c.text).Open()
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || !rpi.Misfit(err) || rpi.InUse(label, 22) {
			t.Errorf("%q: error %v, want %s", c.text, err, c.want)
		}
	}
}

// TestNames: a chip is found by label or name, a line by offset or name, with or without a name of its own.
func TestNames(t *testing.T) {
	name, _, err := rpi.Check(parse(t, "hook: {pin: 17}"))
	must(t, err)
	chip, _, _ := strings.Cut(name, " ")
	for _, text := range []string{
		"hook: {pin: 17}", "chip: " + label + "\nhook: {pin: HOOK}", "chip: " + chip + "\nhook: {pin: HOOK}", "chip: " + chip + "\nlamps: {power: {pin: 22}}",
	} {
		b := newBoard(t, text)
		if err := b.Open(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		must(t, b.Close())
	}
	if !gpiochip.OnRaspberryPi() {
		t.Error("this is no Raspberry Pi")
	}
}

// TestCheck: every pin with its level and holder; outputs stay outputs, which reading them would end.
func TestCheck(t *testing.T) {
	_, pins, err := rpi.Check(parse(t, boardFile))
	must(t, err)
	var got []string
	for _, p := range pins {
		got = append(got, fmt.Sprintf("%s %s %d %q %v %d", p.Part, p.Pin, p.Line, p.Name, p.Output, p.Level))
	}
	for _, want := range []string{
		`row 1 GPIO5 5 "GPIO5" false 1`, `column 4 GPIO21 21 "GPIO21" false 1`, `hook line HOOK 17 "HOOK" false 1`,
		`lamp power GPIO22 22 "" true 0`, `lamp message GPIO23 23 "" true 1`, `ringer GPIO18 18 "GPIO18" true 0`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	free := occupy(t)
	_, pins, err = rpi.Check(parse(t, boardFile))
	free()
	if i := slices.IndexFunc(pins, func(p rpi.PinState) bool { return p.Part == "hook" }); err == nil || i < 0 || !strings.HasPrefix(pins[i].Holder, "rpi.test@") {
		t.Errorf("error %v, pins %+v", err, pins)
	}
}

// TestGone: a line of a chip that is gone reads low without an error, which a key that is down does too.
func TestGone(t *testing.T) {
	var keys atomic.Int32
	gone := make(chan time.Time, 10)
	w := newWorld(t, bench, parse(t, boardFile))
	b := newBoard(t, boardFile)
	rpi.Wire(b, func() { _ = w.keypad.Settle() }, w.asked)
	stop := running(t, b, func(e hal.Event) {
		if e.Kind != hal.FaultRaised {
			keys.Add(1)
		} else {
			gone <- e.At
		}
	})
	defer stop()
	until(t, "open", func() bool { return rpi.InUse(label, ringerLine) })
	wait(500 * time.Millisecond) // the first look at everything is over; a simulated chip does not like to be used when it goes
	open := descriptors(t)
	began := time.Now()
	must(t, bench.Unplug())
	select {
	case at := <-gone:
		t.Logf("known to be gone after %s", at.Sub(began).Round(time.Millisecond))
	case <-time.After(10 * time.Second):
		t.Error("nobody says that the chip is gone")
	}
	must(t, bench.Plug())
	select {
	case <-gone:
		t.Logf("open again after %s", time.Since(began).Round(time.Millisecond))
	case <-time.After(10 * time.Second):
		t.Error("the board does not come back")
	}
	if n := keys.Load(); n != 0 {
		t.Errorf("%d keys and hooks moved", n)
	}
	if now := descriptors(t); len(now) != len(open) {
		t.Errorf("descriptors %q before, %q after", open, now)
	}
}

// descriptors are what the descriptors of this process mean.
func descriptors(t *testing.T) (all []string) {
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, e := range entries {
		of, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil { // not the folder itself
			all = append(all, e.Name()+" "+of)
		}
	}
	slices.Sort(all)
	return all
}

// TestFaults: a key that sticks and a contact that does not come to rest are told, and that they are over.
func TestFaults(t *testing.T) {
	events := make(chan hal.Event, 1000)
	w := newWorld(t, bench, parse(t, boardFile))
	b := newBoard(t, boardFile)
	rpi.Wire(b, func() { must(t, w.keypad.Settle()) }, w.asked)
	stop := running(t, b, func(e hal.Event) { events <- e })
	defer stop()
	fault := func(raised bool, words string) {
		t.Helper()
		for limit := time.After(10 * time.Second); ; {
			select {
			case e := <-events:
				if e.Kind == hal.FaultRaised && (e.Fault.Message != "") == raised && strings.Contains(e.Fault.Device, words) {
					t.Logf("%s: %s", e.Fault.Device, e.Fault.Message)
					return
				}
			case <-limit:
				t.Fatalf("no fault of %s, raised %v", words, raised)
			}
		}
	}
	w.key("5", true)
	fault(true, "key 5")
	w.key("5", false)
	fault(false, "key 5")
	ctx, rest := context.WithCancel(t.Context())
	rested := make(chan struct{})
	go func() {
		defer close(rested)
		for on := false; ctx.Err() == nil; on = !on {
			w.pull(hookLine, on)
			wait(3 * time.Millisecond)
		}
		w.pull(hookLine, true)
	}()
	fault(true, "hook")
	rest()
	<-rested
	fault(false, "hook")
}

// TestQuietLog: the driver prints what it cannot return; a board that works gives it no reason to.
func TestQuietLog(t *testing.T) {
	var log bytes.Buffer
	b, err := rpi.New(parse(t, boardFile), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, bench, parse(t, boardFile))
	rpi.Wire(b, func() { must(t, w.keypad.Settle()) }, w.asked)
	seen := make(chan hal.Event, 10)
	stop := running(t, b, func(e hal.Event) { seen <- e })
	until(t, "open", func() bool { return rpi.InUse(label, ringerLine) })
	w.key("1", true)
	<-seen
	w.key("1", false)
	<-seen
	stop()
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("a board that works logs %d lines:\n%s", n, &log)
	}
}
