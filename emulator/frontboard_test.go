package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hilphone/sip/line"
	"hilphone/webui"
)

// TestStoredBoard: what the pages store is what the next start uses; --board goes before it.
func TestStoredBoard(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	open := func(given string) frontBoard {
		t.Helper()
		f, err := openBoard(given, dir, log)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := open(""); f.text != autoBoard || f.fault != nil || f.file != "" {
		t.Errorf("nothing stored: %+v", f)
	}
	page := boardPage{&program{dir: dir, choice: open("")}}
	for _, text := range []string{"virtual", " auto\r\n", "virtual\n"} {
		if err := page.SetBoard(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if f := open(""); f.text != strings.TrimSpace(text) {
			t.Errorf("%q set: %+v", text, f)
		}
	}
	const file = "chip: pinctrl-nowhere\nhook: {pin: 17}\n"
	if err := page.SetBoard(t.Context(), strings.ReplaceAll(file, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	f := open("")
	if f.text != file || f.real != nil || f.fault == nil || !strings.Contains(f.fault.Error(), "board.yaml:1: chip: ") {
		t.Errorf("a board that this computer cannot have: %+v", f)
	}
	if f := open(virtualBoard); f.text != virtualBoard || f.fault != nil {
		t.Errorf("--board virtual: %+v", f)
	}
	for _, text := range []string{"", "hook: {pin: 5}\nlamps: {power: {pin: 5}, nose: {pin: 6}}\n", "virtual or so", strings.Repeat("#", 65<<10)} {
		err := page.SetBoard(t.Context(), text)
		if faults := line.FieldErrors(err); len(faults) == 0 || faults[0].Name != "board" || !strings.HasPrefix(faults[0].Message, "line ") {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	if stored, err := readStored(dir); stored != file || err != nil {
		t.Errorf("stored %q, %v", stored, err)
	}
	fixed := boardPage{&program{dir: dir, choice: open(virtualBoard)}}
	if err := fixed.SetBoard(t.Context(), "auto"); !errors.Is(err, webui.ErrConflict) || !strings.Contains(err.Error(), "--board virtual") {
		t.Errorf("set although --board is given: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("the data directory has %v", left)
	}
	if err := os.Remove(filepath.Join(dir, storedBoard)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, storedBoard), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := openBoard("", dir, log); err == nil || !strings.Contains(err.Error(), storedBoard) {
		t.Errorf("a stored board that cannot be read: %v", err)
	}
}
