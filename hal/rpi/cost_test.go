//go:build gpiosim

package rpi_test

import (
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/rpi"
)

func used(t *testing.T) time.Duration {
	var r syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// idleShare is how much of one processor a board may use that nobody touches.
const idleShare = 0.002

// TestIdle: a board that nobody touches sleeps. What counts is the processor time of this process, all its threads, as the kernel accounts
// for it. The guest's processor does 500 million instructions a second, fewer than that of the slowest Raspberry Pi, and its clock counts
// those: how busy the computer underneath is does not show. The time holds one of the looks that nobody asked for.
func TestIdle(t *testing.T) {
	w := newWorld(t, bench, parse(t, boardFile))
	b := newBoard(t, boardFile)
	var scans atomic.Int32
	rpi.Wire(b, func() { scans.Add(1); must(t, w.keypad.Settle()) }, w.asked)
	stop := running(t, b, func(e hal.Event) { t.Errorf("event %+v", e) })
	until(t, "open", func() bool { return rpi.InUse(label, ringerLine) })
	debug.FreeOSMemory() // what the tests before have left is not the board's
	wait(2 * time.Second)
	const length = 10500 * time.Millisecond
	before, settled := used(t), scans.Load()
	wait(length)
	cost, looks := used(t)-before, (scans.Load() - settled)
	stop()
	share := cost.Seconds() / length.Seconds()
	t.Logf("idle: %s of processor in %s, %.4f %% of one; the keypad was looked at %d times", cost, length, 100*share, looks)
	if share > idleShare || cost <= 0 {
		t.Errorf("idle: %.3f %% of one processor, want at most %.1f %%", 100*share, 100*idleShare)
	}
	if looks < 1 || looks > 2 {
		t.Errorf("the keypad was looked at %d times", looks)
	}
}

// onSim is the board on the pins of the bench, open and run, and the world around it.
func onSim(t testing.TB) (w *world, b *rpi.Board) {
	w = newWorld(t, bench, parse(t, boardFile))
	b = newBoard(t, boardFile)
	rpi.Wire(b, func() { must(t, w.keypad.Settle()) }, w.asked)
	return w, b
}

// TestLatency: how long after its debounce time a key and the hook are told. A key may be pressed in the middle of a scan, and the
// simulated wires take most of the time; see TestIdle for the clock.
func TestLatency(t *testing.T) {
	w, b := onSim(t)
	all := latencies(t, w, b, func() bool { return rpi.InUse(label, ringerLine) }, 50)
	if len(all["key"]) != 50 || len(all["hook"]) != 50 {
		t.Fatalf("measured %v", all)
	}
	for what, d := range all {
		slices.Sort(d)
		t.Logf("%s told after its debounce time: p50 %s, p95 %s, max %s", what, d[len(d)/2], d[len(d)*95/100], d[len(d)-1])
		if d[0] < 0 || d[len(d)-1] > 10*time.Millisecond {
			t.Errorf("%s: %v", what, d)
		}
	}
}

// BenchmarkEdge is from an edge to its event, beyond the debounce time.
func BenchmarkEdge(b *testing.B) {
	for b.Loop() {
		w, r := onSim(b)
		figures(b, latencies(b, w, r, func() bool { return rpi.InUse(label, ringerLine) }, 200))
	}
}

// BenchmarkScan is one scan of a keypad of 4 rows and 4 columns, 40 us of which are waits for its wires.
func BenchmarkScan(b *testing.B) {
	r := newBoard(b, boardFile)
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
