//go:build pins

package rpi_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hil/gpiovm"
)

// limit is for everything: making the machine the first time, building and booting.
const limit = 5 * time.Minute

// unplugging are the tests, in the guest, in which a chip goes while the board uses it.
const unplugging = "^TestBoard$/^(break_and_mend|held_while_broken)$|^TestGone$"

// TestOnPins runs the tests of this package that need pins, on a computer with gpio-sim.
func TestOnPins(t *testing.T) {
	guest := onPins(t, t.Output())
	for _, c := range []struct {
		name  string
		args  []string
		guest gpiovm.Guest
	}{
		{"board", []string{"-test.skip=" + unplugging + "|InMemory$"}, gpiovm.Guest{}},
		{"chip that goes", []string{"-test.run=" + unplugging}, gpiovm.Guest{Unplugs: true}},
		// What one goroutine does while another one does something else, on processors that do both at once.
		{"two processors", []string{"-test.run=^TestReopen$|TestNoDescriptor0$|^TestBoard$/^restart$"}, gpiovm.Guest{Parallel: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.guest.Args = append([]string{"-test.v", "-test.timeout=4m"}, c.args...)
			c.guest.Output = t.Output()
			guest(t, c.guest)
		})
	}
}

// onPins makes the machine and the program with this package's tests for it, and returns what boots it: the program has to end well.
func onPins(t testing.TB, progress io.Writer) func(testing.TB, gpiovm.Guest) {
	ctx, stop := context.WithTimeout(context.Background(), limit)
	t.Cleanup(stop)
	machine, err := gpiovm.Prepare(ctx, progress)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "rpi.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "gpiosim", "-ldflags", "-s -w", "-o", binary, "hilphone/hal/rpi")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(t testing.TB, g gpiovm.Guest) {
		t.Helper()
		g.Files = map[string]string{"/rpi.test": binary}
		g.Args = append([]string{"/rpi.test"}, g.Args...)
		if exit, err := machine.Run(ctx, g); exit != 0 || err != nil {
			t.Fatalf("%v ended with exit code %d, %v", g.Args, exit, err)
		}
	}
}

// BenchmarkOnPins takes the figures of the benchmarks of this package that need pins, on a computer with gpio-sim; its clock counts its
// instructions, 2 ns each, so they are those of a slow Raspberry Pi on any computer.
func BenchmarkOnPins(b *testing.B) {
	guest := onPins(b, b.Output())
	for b.Loop() {
		var said strings.Builder
		guest(b, gpiovm.Guest{Args: []string{"-test.run=^$", "-test.bench=^Benchmark(Edge|Scan)$"}, Output: &said})
		for name, value := range gpiovm.Figures(said.String()) {
			b.ReportMetric(value, name)
		}
	}
	b.ReportMetric(0, "ns/op") // that is of booting
}
