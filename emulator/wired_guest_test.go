//go:build gpiosim

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/gpiosim"
)

// A rig on a chip of its own, wired to the front of guestBoard: an output that is high closes a contact, a lamp that is lit makes its sensor high.
const guestRig = `
chip: rig-sim
keys: {1: 0, 0: 1, 2: 2, pound: 3}
hook: {pin: 4}
lamps:
  power: {pin: 5, active: high, pull: none}
  line1: {pin: 6, active: high, pull: none}
`

// wire is a pair of lines of which one follows the other.
type wire struct {
	from, to         *gpiosim.Chip
	fromLine, toLine int
	inverted         bool
}

// follow does what wires do, until ctx ends. A line that somebody opens anew has the level of its bias, so the level is looked at, and not what
// was written last.
func follow(ctx context.Context, wires []wire) error {
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for {
		for _, w := range wires {
			high, err := w.from.Level(w.fromLine)
			if err != nil {
				return err
			}
			want := high != w.inverted
			is, err := w.to.Level(w.toLine)
			if err == nil && is != want {
				err = w.to.Pull(w.toLine, want)
			}
			if err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// wired is a phone on pins, and a rig wired to them.
type wired struct {
	*pinned
	rig  *gpiosim.Chip
	file string // rig file
}

func onWires(t *testing.T) *wired {
	t.Helper()
	chip, err := gpiosim.NewChip("rig", "rig-sim", make([]string, 8))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chip.Remove(); err != nil {
			t.Error(err)
		}
	})
	w := &wired{rig: chip, file: filepath.Join(t.TempDir(), "rig.yaml"), pinned: onPins(t)}
	w.write(w.file, guestRig)
	wires := []wire{{chip, w.chip, 4, guestHook, true}, {w.chip, chip, powerLED, 5, false}, {w.chip, chip, line1LED, 6, false}}
	for i, key := range "102#" {
		wires = append(wires, wire{chip, w.chip, i, guestKeys[key], true})
	}
	ctx, stop := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() {
		if err := follow(ctx, wires); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		following.Wait()
	})
	return w
}

func (w *wired) write(file, text string) {
	w.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// hilphone runs a command line to its end; that of the phone, with its token, if it is asked.
func (w *wired) hilphone(code int, args ...string) (said string) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.t.Context(), patience)
	defer stop()
	c := exec.CommandContext(ctx, "/hilphone", args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) || c.ProcessState.ExitCode() != code {
		w.t.Fatalf("%v: %v, want exit code %d\n%s", args, err, code, &out)
	}
	w.t.Logf("%s\n%s", strings.Join(args[:2], " "), &out)
	return out.String()
}

func (w *wired) at() []string { return []string{"--phone", w.url, "--token", w.token, "--rig", w.file} }

// TestRigOnPins: a rig lifts the handset of a phone, dials by its keys and sees its lamps; everything stands in one report.
func TestRigOnPins(t *testing.T) {
	w := onWires(t)
	file, dir := filepath.Join(t.TempDir(), "wired.scenario"), filepath.Join(t.TempDir(), "evidence")
	w.write(file, `scenario By hand and eye
needs rig servers
server both serve
hook off
expect hook off within 1s
expect lamp line1 on within 1s
press 1002# as dialled
expect sip INVITE to primary within 2s
expect call talking within 5s
call hold
expect lamp line1 slow by rig within 1s
expect lamp line1 slow by rest within 1s
call resume
expect lamp line1 on within 2s
expect level power on within 1s
hook on
expect call ended within 2s
expect lamp line1 off within 2s
`)
	w.hilphone(0, append([]string{"bench", "run", file, "--out", dir}, w.at()...)...)
	for name, wants := range map[string][]string{
		evidence.WavesFile:  {"hook_rig ", "rig_key_1 ", "lamp_line1_rig_slow ", "lamp_line1_slow ", "sensor_line1 "},
		evidence.EventsFile: {`"source":"board"`, "lamp line1 slow, as the sensor of the rig sees it", "lamp line1 slow, as the phone says"},
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
		if strings.Contains(string(text), "/phone/hook") || strings.Contains(string(text), "/phone/keys") {
			t.Errorf("%s: a hand was REST's", name)
		}
	}
	w.pinsInUse()
	w.killed()
	w.terminate()
}

// pinsInUse: a rig whose pins somebody has is refused, with the pin, its chip and who that is.
func (w *wired) pinsInUse() {
	file := filepath.Join(w.t.TempDir(), "own.yaml")
	w.write(file, "chip: pinctrl-bcm2835\nkeys: {1: 17}\n")
	said := w.hilphone(2, "bench", "rig", file)
	if !strings.Contains(said, "own.yaml:2: keys.1: key 1 on GPIO17 of chip gpiochip") || !strings.Contains(said, "(pinctrl-bcm2835): in use by hilphone") {
		w.t.Errorf("%s", said)
	}
}

// killed: a bench that dies with a key down lets it go, as the kernel takes its lines back.
func (w *wired) killed() {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "killed.scenario")
	w.write(file, "scenario Killed\nneeds rig\npress 1 hold 10s\nexpect hook on within 1s\n")
	first := w.seq()
	c := exec.Command("/hilphone", append([]string{"bench", "run", file, "--out", filepath.Join(w.t.TempDir(), "evidence")}, w.at()...)...)
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	down := w.await(first, "key", func(e eventSeen) bool { return e.Data.State == "down" })
	if err := c.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	up := w.await(down.Seq, "key", func(e eventSeen) bool { return e.Data.State == "up" })
	if held := time.Duration(up.MonoUS-down.MonoUS) * time.Microsecond; held > 5*time.Second {
		w.t.Errorf("the key was held for %s", held)
	}
}

// TestCalibrateOnPins: a rig that is wired well is found so, with its latencies; two wires that are crossed and one that is off are found.
func TestCalibrateOnPins(t *testing.T) {
	w := onWires(t)
	said := w.hilphone(0, "bench", "rig", w.file)
	if !strings.Contains(said, "lamp line1 on after") || !strings.Contains(said, "lamp power  GPIO5  sensor  on") {
		t.Errorf("the self-test does not see the lamp of the line go on with the handset:\n%s", said)
	}
	calibrate := []string{"bench", "rig", w.file, "--calibrate", "--phone", w.url, "--token", w.token}
	if said := w.hilphone(0, calibrate...); strings.Contains(said, "FAULT") || !strings.Contains(said, "lamp line1          on, off-hook") {
		t.Errorf("%s", said)
	}
	w.write(w.file, strings.NewReplacer("1: 0, 0: 1, 2: 2, pound: 3", "1: 1, 0: 0, 2: 7, pound: 3", "line1: {pin: 6, active: high", "line1: {pin: 6, active: low").Replace(guestRig))
	said = w.hilphone(1, calibrate...)
	for _, want := range []string{"the phone notices key 0: crossed with 0", "the phone notices key 1: crossed with 1", "FAULT: the phone does not notice it within 1s",
		"FAULT: at rest: the sensor sees on, the phone shows off"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	w.terminate()
}
