//go:build pins

package main_test

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

// pinsLimit is for making the computer with pins the first time, building and booting.
const pinsLimit = 5 * time.Minute

// TestOnPins boots a computer with pins and runs the whole phone there, with real keys as far as a test has some.
func TestOnPins(t *testing.T) {
	guest := onPins(t, t.Output())
	for _, c := range []struct {
		name, run string
		guest     gpiovm.Guest
	}{
		{"phone", "^(TestPhoneOnPins|TestBoardCheck)$", gpiovm.Guest{}},
		{"rig", "^TestRigOnPins$", gpiovm.Guest{}},
		{"rig calibrated", "^TestCalibrateOnPins$", gpiovm.Guest{}},
		{"chip that goes", "^TestPhoneLosesItsChip$", gpiovm.Guest{Unplugs: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.guest.Args, c.guest.Output = []string{"-test.v", "-test.run=" + c.run, "-test.timeout=4m"}, t.Output()
			guest(t, c.guest)
		})
	}
}

// onPins makes the computer and the programs for it, and returns what boots it: the program has to end well.
func onPins(t testing.TB, progress io.Writer) func(testing.TB, gpiovm.Guest) {
	ctx, stop := context.WithTimeout(context.Background(), pinsLimit)
	t.Cleanup(stop)
	machine, err := gpiovm.Prepare(ctx, progress)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	phone, test := filepath.Join(folder, "hilphone"), filepath.Join(folder, "test")
	build(t, ctx, "build", "-trimpath", "-tags", "netgo,osusergo", "-o", phone, "hilphone/emulator")
	build(t, ctx, "test", "-c", "-tags", "netgo,osusergo,gpiosim", "-o", test, "hilphone/emulator")
	return func(t testing.TB, g gpiovm.Guest) {
		t.Helper()
		g.Files = map[string]string{"/hilphone": phone, "/emulator.test": test}
		g.Args = append([]string{"/emulator.test"}, g.Args...)
		if exit, err := machine.Run(ctx, g); exit != 0 || err != nil {
			t.Fatalf("%v ended with exit code %d, %v", g.Args, exit, err)
		}
	}
}

// BenchmarkOnPins is from the edge of a pin to its event at a script, in a whole phone on a computer with pins; its clock counts its
// instructions, 2 ns each, so the figures are those of a slow Raspberry Pi on any computer.
func BenchmarkOnPins(b *testing.B) {
	guest := onPins(b, b.Output())
	for b.Loop() {
		var said strings.Builder
		guest(b, gpiovm.Guest{Args: []string{"-test.run=^$", "-test.bench=^BenchmarkHookOnPins$"}, Output: &said})
		for name, value := range gpiovm.Figures(said.String()) {
			b.ReportMetric(value, name)
		}
	}
	b.ReportMetric(0, "ns/op") // that is of booting
}

// build has go make a program for the guest, which has no C library: the program brings its own.
func build(t testing.TB, ctx context.Context, command string, args ...string) {
	t.Helper()
	args = append([]string{command, "-ldflags", "-s -w -linkmode external -extldflags -static"}, args...)
	c := exec.CommandContext(ctx, "go", args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v: %s", args, err, out)
	}
}
