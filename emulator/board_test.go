package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/virtual"
)

// TestBoardFiles: a board file that cannot be meant is refused before anything is touched, by file, line and field.
func TestBoardFiles(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for _, c := range []struct{ text, named string }{
		{"hook: {pin: 17}\nlamps:\n  power: {pin: 17}\n", ":3: lamps.power.pin: "},
		{"keypad:\n  rows: [5]\n  columns: [6, 7]\n  keys: [[1, 1]]\n", ":4: keypad.keys[0][1]: "},
		{"hook: {pin: 17, debounce: 1h}\n", ":1: hook.debounce: "},
		{"chip: pinctrl-none\nhook: {pin: 17}\n", ":1: chip: "},
		{"hook: [", ":1: "},
	} {
		file := filepath.Join(dir, "board.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		refused(t, exitUsage, "", []string{"run", "--data", data, "--board", file}, file+c.named)
		refused(t, exitUsage, "", []string{"board", "check", file}, file+c.named)
	}
	refused(t, exitUsage, "", []string{"run", "--data", data, "--board", filepath.Join(dir, "none.yaml")}, "none.yaml")
	if _, err := os.Stat(data); err == nil {
		t.Error("a board that was refused left a data directory")
	}
}

// UX-16: on a computer without GPIO a check says what a right file has and that no pin was opened; --file-only checks the file alone, with exit code
// 0. A chip that this computer has not is named with the nearest that it has.
func TestBoardFileOnly(t *testing.T) {
	clean(t)
	for _, c := range []struct{ args, want string }{
		{"", "16 keys, hook, 3 lamps, buzzer"},
		{"../hal/board/examples/keypad4x4.yaml", ""},
		{"../hal/board/examples/mcp23017.yaml", "expander mcp23017"},
		{"../hal/board/examples/rotary.yaml", "rotary dial"},
	} {
		args := []string{"board", "check", "--file-only"}
		if c.args != "" {
			args = append(args, c.args)
		}
		if code, out, err := command(t, "", args...); code != 0 || err != "" || !strings.HasPrefix(out, "the file is right: ") || !strings.Contains(out, c.want) {
			t.Errorf("%q: %d %q %q", args, code, out, err)
		}
	}
	file := filepath.Join(t.TempDir(), "board.yaml")
	if err := os.WriteFile(file, []byte("chip: pinctrl-none\nhook: {pin: 17}\nlamps: {power: {pin: 4}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	refused(t, exitUsage, "", []string{"board", "check", file}, "the file is right: hook, 1 lamp; pins not opened: ", file+":1: chip: ", "--file-only")
	refused(t, exitUsage, "", []string{"board", "check", "--file-only", "--walk", file}, "--file-only: opens no pin")
	if err := os.WriteFile(file, []byte("hok: {pin: 17}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	refused(t, exitUsage, "", []string{"board", "check", "--file-only", file}, file+":1: hok: ", "did you mean hook?")
}

// TestBoardWalk: lamps are lit, and every part is waited for; what does not come is named.
func TestBoardWalk(t *testing.T) {
	config, err := board.Parse("board.yaml", []byte(
		"keypad: {rows: [5], columns: [6, 12], keys: [[1, 2]]}\nbuttons: [{pin: 16, key: hold}]\nhook: {pin: 17}\nlamps: {power: {pin: 22}}\nringer: {pin: 18}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		missing string
	}{{"all there", ""}, {"one key missing", "hold"}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := virtual.New()
				var out bytes.Buffer
				w := newBoardWalk(b, config, &out)
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- b.Run(ctx, w.moved) }()
				walked := make(chan error, 1)
				go func() { walked <- w.run(ctx) }()
				synctest.Wait()
				if b.Lamp(hal.PowerLamp) != hal.On {
					t.Error("the lamp is not lit")
				}
				time.Sleep(walkShow)
				synctest.Wait()
				if b.Lamp(hal.PowerLamp) != hal.Off || !b.Ringing() {
					t.Error("the lamp is lit on, or the ringer does not ring")
				}
				time.Sleep(walkShow)
				for _, move := range []func() error{
					func() error { return b.SetHook(true, hal.FromWeb) },
					func() error { return b.SetHook(false, hal.FromWeb) },
					func() error { _, err := b.Press(ctx, "121", walkShow, walkShow, hal.FromWeb); return err },
				} {
					synctest.Wait()
					if err := move(); err != nil {
						t.Error(err)
					}
				}
				if c.missing == "" {
					if err := b.SetKey("hold", true, hal.FromWeb); err != nil {
						t.Error(err)
					}
				}
				err := <-walked
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if c.missing == "" && (err != nil || !strings.HasSuffix(out.String(), "all parts were found\n")) {
					t.Errorf("%v:\n%s", err, &out)
				}
				if c.missing != "" && (err == nil || err.Error() != "not found: press "+c.missing) {
					t.Errorf("%v:\n%s", err, &out)
				}
				if !strings.Contains(out.String(), "(that was 1)") {
					t.Errorf("the wrong key is not named:\n%s", &out)
				}
			})
		})
	}
}
