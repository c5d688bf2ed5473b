package rpi_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/rpi"
)

// latencies is how long after its debounce time a key and the hook are told, by what moved.
func latencies(t testing.TB, w *world, b *rpi.Board, open func() bool, rounds int) map[string][]time.Duration {
	t.Helper()
	events := make(chan time.Time, 10) // when they came, which is not the instant of the movement
	stop := running(t, b, func(hal.Event) { events <- time.Now() })
	defer stop()
	until(t, "open", open)
	config := parse(t, boardFile)
	next := func() time.Time {
		select {
		case at := <-events:
			return at
		case <-time.After(10 * time.Second):
			t.Fatal("no event came")
			return time.Time{}
		}
	}
	took := map[string][]time.Duration{}
	for range rounds {
		began := time.Now()
		must(t, w.keypad.Set(1, 1, true))
		took["key"] = append(took["key"], next().Sub(began)-config.Timings.Debounce)
		must(t, w.keypad.Set(1, 1, false))
		next()
		began = time.Now()
		w.pull(hookLine, false)
		took["hook"] = append(took["hook"], next().Sub(began)-config.Hook.Debounce)
		w.pull(hookLine, true)
		next()
	}
	return took
}

// figures reports them.
func figures(b *testing.B, took map[string][]time.Duration) {
	for what, d := range took {
		slices.Sort(d)
		for _, q := range []int{50, 99} {
			b.ReportMetric(d[len(d)*q/100].Seconds()*1000, fmt.Sprintf("%s-p%d-ms", what, q))
		}
	}
	b.ReportMetric(0, "ns/op") // with the debounce times it says nothing
}

// inMemory is a board on a chip in memory.
func inMemory(b *testing.B) (*rpi.MemoryChip, *rpi.Board) {
	c := rpi.NewMemoryChip(headerNames())
	r, err := rpi.New(parse(b, boardFile), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	c.Install(r)
	return c, r
}

// BenchmarkEdgeInMemory is BenchmarkEdge without a kernel: what the board itself takes, on this computer.
func BenchmarkEdgeInMemory(b *testing.B) {
	for b.Loop() {
		c, r := inMemory(b)
		w := newWorld(b, c, parse(b, boardFile))
		rpi.Wire(r, func() { must(b, w.keypad.Settle()) }, w.asked)
		figures(b, latencies(b, w, r, func() bool { return c.InUse(ringerLine) }, 50))
	}
}

// BenchmarkScanInMemory is one scan of a keypad of 4 rows and 4 columns without a kernel or the waits for its wires.
func BenchmarkScanInMemory(b *testing.B) {
	_, r := inMemory(b)
	scan, err := rpi.Scan(r)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := scan(); err != nil {
			b.Fatal(err)
		}
	}
	must(b, r.Close())
}
