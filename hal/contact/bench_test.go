package contact_test

import (
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// BenchmarkKeypad is what one scan costs beside the reading of the lines, with two keys down.
func BenchmarkKeypad(b *testing.B) {
	k, err := contact.NewKeypad(twelve)
	if err != nil {
		b.Fatal(err)
	}
	scan, now := contact.Scan{0b001, 0b010}, dawn
	b.ReportAllocs()
	for b.Loop() {
		k.Step(scan, now)
		now = now.Add(time.Microsecond)
	}
}

// BenchmarkHook is what one edge costs.
func BenchmarkHook(b *testing.B) {
	h := contact.NewHook(contact.HookConfig{Debounce: 20 * ms, Flash: hal.Hold, FlashMin: 80 * ms, FlashMax: 600 * ms})
	now := dawn
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Step(i%2 == 0, now)
		now = now.Add(15 * ms)
	}
}

// BenchmarkDial is what one digit 0 costs: ten pulses.
func BenchmarkDial(b *testing.B) {
	d := contact.NewDial(contact.DialOf(10))
	now := dawn
	b.ReportAllocs()
	for b.Loop() {
		digits := 0
		for range 10 {
			for _, c := range []struct {
				open bool
				wait time.Duration
			}{{true, 10 * ms}, {true, 50 * ms}, {false, 10 * ms}, {false, 30 * ms}} {
				d.Step(contact.Contacts{Open: c.open}, now)
				now = now.Add(c.wait)
			}
		}
		now = now.Add(time.Second)
		events, _ := d.Step(contact.Contacts{}, now)
		if digits += len(events); digits != 2 {
			b.Fatalf("%d events, want 2", digits)
		}
	}
}

// BenchmarkLight is what it costs to know when a lamp changes.
func BenchmarkLight(b *testing.B) {
	var l contact.Light
	l.Show(contact.UK.Cadence(), dawn)
	now := dawn
	for b.Loop() {
		_, now = l.Level(now)
	}
}
