package phone_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/emulator/phone"
	"hilphone/hal"
)

// finger is a board that is nothing but the report function of its phone.
type finger chan func(hal.Event)

func (finger) Kind() string                  { return "finger" }
func (finger) SetLamp(hal.Lamp, hal.Pattern) {}
func (finger) Ring(hal.Cadence)              {}

func (f finger) Run(ctx context.Context, report func(hal.Event)) error {
	f <- report
	<-ctx.Done()
	return nil
}

// BenchmarkKeyToDial is the time from the event of the key that ends a number to the line being asked to dial.
func BenchmarkKeyToDial(b *testing.B) {
	board, x := make(finger), newExchange()
	x.asked = make(chan time.Time, 1)
	p := phone.New(phone.DefaultConfig(), board, x, func(time.Time, int, string, event.Data) {}, slog.New(slog.DiscardHandler))
	x.changed = p.CallChanged
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	report := <-board
	press := func(keys ...hal.Key) {
		for _, k := range keys {
			report(hal.Event{At: time.Now(), Kind: hal.KeyMoved, Key: k, Down: true, Source: hal.FromBoard})
			report(hal.Event{At: time.Now(), Kind: hal.KeyMoved, Key: k, Source: hal.FromBoard})
		}
	}
	var took []time.Duration
	for b.Loop() {
		press("7", "0", "0", "0")
		start := time.Now()
		press("#")
		took = append(took, (<-x.asked).Sub(start))
		press(hal.Release)
	}
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
