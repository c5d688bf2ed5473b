package contact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// FuzzKeypad presses and lets go of keys at random: each byte pair is a key and how long to wait after it has moved.
func FuzzKeypad(f *testing.F) {
	f.Add([]byte{1, 40, 1, 40}, false)
	f.Add([]byte{1, 0, 2, 0, 5, 60, 2, 30, 5, 60, 1, 0}, false)
	f.Add([]byte{0, 3, 0, 3, 0, 30, 1, 30, 3, 60, 4, 90, 0, 10, 1, 20, 3, 30, 4, 40}, true)
	f.Fuzz(func(t *testing.T, moves []byte, diodes bool) {
		c := twelve
		c.Diodes = diodes
		k := newKeypadPart(c)
		down, faults := map[hal.Key]bool{}, map[string]bool{}
		w := world{part: k, now: dawn}
		w.tell = func(e hal.Event) {
			checkFault(t, faults, e)
			if e.Kind != hal.KeyMoved {
				return
			}
			at, _ := k.find(string(e.Key))
			if down[e.Key] == e.Down {
				t.Errorf("%s at %s twice", eventText(e), w.now.Sub(dawn))
			}
			if k.closed[at] != e.Down {
				t.Errorf("%s at %s: it is not", eventText(e), w.now.Sub(dawn))
			}
			down[e.Key] = e.Down
		}
		move := func(n byte) {
			at := [2]int{int(n) / 3 % 4, int(n) % 3}
			verb := "down"
			if k.closed[at] {
				verb = "up"
			}
			if err := w.move([]string{verb, string(c.Keys[at[0]][at[1]])}); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; i+1 < len(moves) && i < 400; i += 2 {
			move(moves[i])
			w.pass(w.now.Add(time.Duration(moves[i+1]) * ms))
		}
		for at := range k.closed {
			move(byte(at[0]*3 + at[1]))
		}
		w.pass(w.now.Add(time.Second))
		for key, isDown := range down {
			if isDown {
				t.Errorf("key %s is never let go", key)
			}
		}
		if !w.again.IsZero() || len(faults) > 0 {
			t.Errorf("nobody touches it: asks for %s, faults %v", w.again, faults)
		}
	})
}

// checkFault keeps what faults there are: one is told once, and over only when it was there.
func checkFault(t *testing.T, faults map[string]bool, e hal.Event) {
	t.Helper()
	if e.Kind != hal.FaultRaised {
		return
	}
	if e.Fault.Message == "" {
		if !faults[e.Fault.Device] {
			t.Errorf("the fault of %s is over that never was", e.Fault.Device)
		}
		delete(faults, e.Fault.Device)
		return
	}
	faults[e.Fault.Device] = true
}

// FuzzHook moves the cradle at random, and asks too late by turns.
func FuzzHook(f *testing.F) {
	f.Add([]byte{100, 5, 5, 30, 200, 60, 255}, true)
	f.Add([]byte{10, 10, 10, 10, 10, 10, 200, 3}, false)
	f.Fuzz(func(t *testing.T, waits []byte, flash bool) {
		c := contact.HookConfig{Device: "hook", Debounce: 20 * ms}
		if flash {
			c.Flash, c.FlashMin, c.FlashMax = hal.Hold, 80*ms, 600*ms
		}
		h := &hookPart{machine: contact.NewHook(c)}
		off, key, faults := false, false, map[string]bool{}
		w := world{part: h, now: dawn, tell: func(e hal.Event) {
			checkFault(t, faults, e)
			switch e.Kind {
			case hal.HookMoved:
				if e.Off == off {
					t.Errorf("%s twice", eventText(e))
				}
				off = e.Off
			case hal.KeyMoved:
				if e.Down == key || !off || e.Key != c.Flash {
					t.Errorf("%s with the handset off %v", eventText(e), off)
				}
				key = e.Down
			}
		}}
		for i, n := range waits {
			if n%16 == 15 { // nobody asks in time
				w.now = w.now.Add(time.Duration(n) * 4 * ms)
			}
			if err := w.move([]string{[]string{"off", "on"}[i%2]}); err != nil {
				t.Fatal(err)
			}
			w.pass(w.now.Add(time.Duration(n) * 4 * ms))
		}
		w.pass(w.now.Add(3 * time.Second))
		if off != h.off || key || len(faults) > 0 || !w.again.IsZero() {
			t.Errorf("at rest: off %v, told %v; key down %v; faults %v; asks for %s", h.off, off, key, faults, w.again)
		}
	})
}

// FuzzButton moves a contact at random.
func FuzzButton(f *testing.F) {
	f.Add([]byte{1, 2, 1, 50, 1, 1, 1, 100})
	f.Fuzz(func(t *testing.T, waits []byte) {
		b := &buttonPart{machine: contact.NewButton(contact.ButtonConfig{Device: "b", Key: hal.Mute, Debounce: 15 * ms, Stuck: time.Second})}
		down, faults := false, map[string]bool{}
		w := world{part: b, now: dawn, tell: func(e hal.Event) {
			checkFault(t, faults, e)
			if e.Kind == hal.KeyMoved {
				if e.Down == down || e.Down != b.down {
					t.Errorf("%s, and it was %v", eventText(e), down)
				}
				down = e.Down
			}
		}}
		for i, n := range append(slices.Clone(waits), 0) {
			if err := w.move([]string{[]string{"down", "up"}[i%2]}); err != nil {
				t.Fatal(err)
			}
			w.pass(w.now.Add(time.Duration(n) * 7 * ms))
		}
		if err := w.move([]string{"up"}); err != nil {
			t.Fatal(err)
		}
		w.pass(w.now.Add(3 * time.Second))
		if down || len(faults) > 0 || !w.again.IsZero() {
			t.Errorf("at rest: down %v, faults %v, asks for %s", down, faults, w.again)
		}
	})
}

// FuzzDial opens and closes the pulse contact at random: as many digits as there are whole trains, found by another way of counting.
func FuzzDial(f *testing.F) {
	f.Add([]byte{60, 40, 60, 40, 60, 255, 60, 40, 60, 250}, false)
	f.Add([]byte{5, 5, 60, 40, 10, 40, 60, 255}, false)
	f.Add([]byte{60, 40, 60, 40, 60, 255, 60, 40, 60, 250}, true)
	f.Fuzz(func(t *testing.T, waits []byte, twoContacts bool) {
		c := contact.DialOf(10)
		c.Device, c.OffNormal = "dial", twoContacts
		d := &dialPart{machine: contact.NewDial(c)}
		var got strings.Builder
		faults := map[string]bool{}
		w := world{part: d, now: dawn, tell: func(e hal.Event) {
			checkFault(t, faults, e)
			if e.Kind == hal.KeyMoved {
				fmt.Fprint(&got, e.Key, map[bool]string{true: "+", false: "-"}[e.Down])
			}
		}}
		// Waits shorter than the debounce time are left out, as the trace of the bounces shows them.
		waits = slices.DeleteFunc(slices.Clone(waits[:min(len(waits), 400)]), func(n byte) bool { return n <= 8 })
		if len(waits)%2 == 1 {
			waits = append(waits, 255)
		}
		var want strings.Builder
		pulses, good := 0, true
		for i, n := range waits {
			if twoContacts && pulses == 0 && i%2 == 0 {
				d.contacts.Away = true
				w.step()
				w.pass(w.now.Add(50 * ms))
			}
			if err := w.move([]string{[]string{"open", "closed"}[i%2]}); err != nil {
				t.Fatal(err)
			}
			w.pass(w.now.Add(time.Duration(n) * ms))
			if i%2 == 0 {
				pulses++
				good = good && n >= 25 && n <= 100
				if i > 0 && pulses > 1 { // a pulse may be missing in the pause before
					good = good && float64(waits[i-1]) <= 1.7*float64(waits[i-2])
				}
				continue
			}
			if time.Duration(n)*ms < c.Gap && i != len(waits)-1 {
				continue
			}
			if good && pulses <= 10 {
				fmt.Fprintf(&want, "%d+%d-", pulses%10, pulses%10)
			}
			pulses, good = 0, true
			if twoContacts {
				d.contacts.Away = false
				w.step()
			}
			w.pass(w.now.Add(c.Gap))
		}
		w.pass(w.now.Add(time.Second))
		if got.String() != want.String() || !w.again.IsZero() {
			t.Errorf("%v: digits %s, want %s; asks for %s", waits, got.String(), want.String(), w.again)
		}
	})
}

// FuzzLight compares a light with looking at it every millisecond.
func FuzzLight(f *testing.F) {
	f.Add([]byte{40, 20, 40, 200})
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, lengths []byte) {
		var c hal.Cadence
		for _, n := range lengths[:min(len(lengths), 6)] {
			c = append(c, (time.Duration(n)+1)*ms)
		}
		var l contact.Light
		l.Show(c, dawn)
		on, again := l.Level(dawn)
		for at := range 1000 {
			now := dawn.Add(time.Duration(at) * ms)
			if !again.IsZero() && !now.Before(again) {
				if !now.Equal(again) {
					t.Fatalf("%v: it would change at %s, between two looks", c, again.Sub(dawn))
				}
				before := on
				// An odd cadence has two lengths of light side by side.
				if on, again = l.Level(now); on == before && len(c)%2 == 0 {
					t.Fatalf("%v: nothing changes at %s", c, now.Sub(dawn))
				}
			}
			if is, _ := l.Level(now); is != on {
				t.Fatalf("%v: at %s it is on %v, and was to stay %v until %s", c, now.Sub(dawn), is, on, again.Sub(dawn))
			}
		}
	})
}
