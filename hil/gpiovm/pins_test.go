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
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute) // the machine may have to be made
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

// TestGuestThatEndsBadly: a guest whose program hangs is ended by its limit; one whose kernel crashes ends at once. The
// error tells what it said.
func TestGuestThatEndsBadly(t *testing.T) {
	m, err := gpiovm.Prepare(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "end")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./testdata/end")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		how   string
		limit time.Duration
		want  func(error) bool
	}{
		{"hang", time.Second, func(err error) bool { return strings.Contains(err.Error(), "its program did not end in 1s") }},
		{"crash", time.Minute, func(err error) bool {
			var crash *gpiovm.Crash
			return errors.As(err, &crash) && !crash.Unplugging() && strings.Contains(crash.Text, "sysrq triggered crash")
		}},
	} {
		began := time.Now()
		said := &awaited{words: "here it ends", then: func() { began = time.Now() }}
		exit, err := m.Run(t.Context(), gpiovm.Guest{
			Files: map[string]string{"/end": binary}, Args: []string{"/end", c.how}, Output: said, Limit: c.limit, Unplugs: true,
		})
		if err == nil || !c.want(err) || !strings.Contains(said.text.String(), said.words) {
			t.Errorf("%s: exit code %d, %v", c.how, exit, err)
		}
		t.Logf("%s: %v", c.how, err)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: ended after %s", c.how, took)
		}
	}
}

// awaited calls a function when certain words are printed for the first time.
type awaited struct {
	words string
	then  func()
	text  strings.Builder
}

func (a *awaited) Write(b []byte) (int, error) {
	before := strings.Contains(a.text.String(), a.words)
	a.text.Write(b)
	if !before && strings.Contains(a.text.String(), a.words) {
		a.then()
	}
	return len(b), nil
}
