//go:build pins

package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hilphone/hil/gpiovm"
)

// pinsLimit is for making the computer with pins the first time, building and booting.
const pinsLimit = 6 * time.Minute

// TestOnPins boots a computer with pins and runs the whole phone there, with real keys as far as a test has some.
func TestOnPins(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), pinsLimit)
	defer stop()
	machine, err := gpiovm.Prepare(ctx, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	phone, test := filepath.Join(folder, "hilphone"), filepath.Join(folder, "test")
	build(t, ctx, "build", "-trimpath", "-tags", "netgo,osusergo", "-o", phone, "hilphone/emulator")
	build(t, ctx, "test", "-c", "-tags", "netgo,osusergo,gpiosim", "-o", test, "hilphone/emulator")
	exit, err := machine.Run(ctx, gpiovm.Guest{
		Files:  map[string]string{"/hilphone": phone, "/emulator.test": test},
		Args:   []string{"/emulator.test", "-test.v", "-test.run=^(TestPhoneOnPins|TestBoardCheck)$", "-test.timeout=4m"},
		Output: t.Output(),
	})
	if exit != 0 || err != nil {
		t.Errorf("the tests on pins ended with exit code %d, %v", exit, err)
	}
}

// build has go make a program for the guest, which has no C library: the program brings its own.
func build(t *testing.T, ctx context.Context, command string, args ...string) {
	t.Helper()
	args = append([]string{command, "-ldflags", "-linkmode external -extldflags -static"}, args...)
	c := exec.CommandContext(ctx, "go", args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v: %s", args, err, out)
	}
}
