//go:build pins

package gpiovm_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hil/gpiovm"
)

// TestGuest runs the tests of the simulated chip in a guest, and has an exit code come back.
func TestGuest(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	began := time.Now()
	m, err := gpiovm.Prepare(ctx, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %s", time.Since(began).Round(time.Millisecond))
	binary := filepath.Join(t.TempDir(), "gpiosim.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "gpiosim", "-o", binary, "hilphone/hil/gpiosim")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"/gpiosim.test", "-test.v"}, 0, "\nPASS"},
		{[]string{"/gpiosim.test", "-no-such-flag"}, 2, "flag provided but not defined: -no-such-flag"},
		{[]string{"/nothing"}, 125, "/nothing: no such file or directory"},
	} {
		began := time.Now()
		var out bytes.Buffer
		exit, err := m.Run(ctx, gpiovm.Guest{Files: map[string]string{"/gpiosim.test": binary}, Args: c.args, Output: &out})
		if exit != c.exit || err != nil || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: exit code %d, %v, want %d and %q; it said:\n%s", c.args, exit, err, c.exit, c.says, &out)
		}
		t.Logf("%v took %s", c.args, time.Since(began).Round(time.Millisecond))
	}
}

// TestGuestThatHangs: a guest is ended with its context, and the error tells what it said.
func TestGuestThatHangs(t *testing.T) {
	m, err := gpiovm.Prepare(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	enough := errors.New("long enough")
	said := awaited{"guest: ready", func() { stop(enough) }}
	// The first program has nothing to do when it runs as the second: it ends, but does not switch off.
	exit, err := m.Run(ctx, gpiovm.Guest{Args: []string{"/init"}, Output: said})
	if !errors.Is(err, enough) || !strings.Contains(err.Error(), said.words) {
		t.Errorf("exit code %d, %v", exit, err)
	}
}

// awaited calls a function when certain words are printed.
type awaited struct {
	words string
	then  func()
}

func (a awaited) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(a.words)) {
		a.then()
	}
	return len(b), nil
}
