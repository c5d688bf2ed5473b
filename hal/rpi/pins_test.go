//go:build pins

package rpi_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hilphone/hil/gpiovm"
)

// limit is for everything: making the machine the first time, building and booting.
const limit = 6 * time.Minute

// TestOnPins runs the tests of this package that need pins, on a computer with gpio-sim.
func TestOnPins(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), limit)
	defer stop()
	machine, err := gpiovm.Prepare(ctx, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "rpi.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "gpiosim", "-o", binary, "hilphone/hal/rpi")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	args := []string{"/rpi.test", "-test.v", "-test.timeout=4m"}
	if only := os.Getenv("HILPHONE_PINS"); only != "" { // as go test -run, of the tests in the guest
		args = append(args, "-test.run="+only)
	}
	exit, err := machine.Run(ctx, gpiovm.Guest{Files: map[string]string{"/rpi.test": binary}, Args: args, Output: t.Output()})
	if exit != 0 || err != nil {
		t.Errorf("the tests on pins ended with exit code %d, %v", exit, err)
	}
}
