package board_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hilphone/hal/board"
)

// TestRefusals reads testdata/refused/*.yaml. Each file begins with comments that are the errors it must cause, one a line:
//
//	# 7: hook.pin: GPIO17 is used already: row 1 in line 4
func TestRefusals(t *testing.T) {
	files, err := filepath.Glob("testdata/refused/*.yaml")
	if err != nil || len(files) != 24 {
		t.Fatalf("%d files, want 24 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = board.Load(file)
			if err == nil {
				t.Fatal("it is taken")
			}
			var got strings.Builder
			for _, e := range split(err) {
				var field *board.FieldError
				if !errors.As(e, &field) || field.File != file || field.Line < 1 || field.Why == "" {
					t.Errorf("%v does not name file and line", e)
				}
				fmt.Fprintln(&got, "# "+strings.TrimPrefix(e.Error(), file+":"))
			}
			body := string(text)
			for strings.HasPrefix(body, "# ") {
				_, body, _ = strings.Cut(body, "\n")
			}
			if want := strings.TrimSuffix(string(text), body); *update {
				// Lines have moved when the number of errors has changed: then update twice.
				if err := os.WriteFile(file, []byte(got.String()+body), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got.String() != want {
				t.Errorf("errors\n%swant\n%s", got.String(), want)
			}
		})
	}
}

func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// TestNoFile: what is no board file at all.
func TestNoFile(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "b.yaml:1: a board file holds one YAML document, not 0",
		"# nothing\n":               "b.yaml:1: a board file holds one YAML document, not 0",
		"hook: {pin: 1}\n---\na: 1": "b.yaml:1: a board file holds one YAML document, not 2",
		"- 1":                       "b.yaml:1: must have fields, as name: value",
		"chip: auto":                "b.yaml:1: the board has no part: keypad, buttons, hook, dial, lamps and ringer are all missing",
		strings.Repeat("#", 65537):  "b.yaml:1: longer than 65536 bytes",
	} {
		if _, err := board.Parse("b.yaml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range board.Examples() {
		text, err := board.ExampleText(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := board.Parse("f.yaml", text)
		if err != nil {
			for _, e := range split(err) {
				var field *board.FieldError
				if !errors.As(e, &field) || field.File != "f.yaml" || field.Why == "" || strings.Contains(e.Error(), "\n") {
					t.Errorf("%q: %q does not name the fault", text, e)
				}
			}
			return
		}
		used := map[board.Pin]bool{}
		for _, u := range b.Uses() {
			if used[u.Pin] {
				t.Errorf("%q: %s is used twice", text, u.Pin)
			}
			used[u.Pin] = true
		}
		if len(used) == 0 {
			t.Errorf("%q: a board without a part", text)
		}
		if len(b.SVG()) == 0 {
			t.Errorf("%q: no drawing", text)
		}
	})
}
