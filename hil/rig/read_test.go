package rig

import (
	"strings"
	"testing"
)

// TestRefused: what is wrong in a rig file is told with its line and its field.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "rig.yaml:1: a rig file holds one YAML document, not 0",
		"chip: auto":                             "rig.yaml:1: a rig needs a key, a hook, a lamp or a ringer",
		"keys:\n  1: 5\n  2: 5":                  "rig.yaml:3: keys.2: GPIO5 is key 1 already",
		"keys: {1: 5}\nhook: {pin: 5}":           "rig.yaml:2: hook.pin: GPIO5 is key 1 already",
		"keys:\n  nose: 5":                       `rig.yaml:2: keys.nose: there is no key "nose"`,
		"keys: {1: 512}":                         "rig.yaml:1: keys.1: no chip has a line 512",
		"keys: {1: [5]}":                         "rig.yaml:1: keys.1: must be a single value",
		"keys: 5":                                "rig.yaml:1: keys: must have fields",
		"legs: 4":                                "rig.yaml:1: legs: there is no such field here; the fields are active, chip, gap, hook, keys, lamps, matrix, press, ringer, times",
		"lamps:\n  line21: {pin: 4}":             `rig.yaml:2: lamps.line21: there is no lamp "line21"`,
		"lamps:\n  line1: {active: low}":         "rig.yaml:2: lamps.line1.pin: is missing",
		"lamps: {line1: {pin: 4, pull: left}}":   `rig.yaml:1: lamps.line1.pull: "left" is none of up, down, none`,
		"hook: {pin: 4, settle: 3}":              `rig.yaml:1: hook.settle: "3" is no time`,
		"hook: {pin: 4, settle: 3s}":             "rig.yaml:1: hook.settle: must be 0s to 2s, not 3s",
		"hook: {pin: 4}\ntimes:\n  fast: 1900ms": "rig.yaml:2: times.steady: must be longer than fast, 1.9s",
		"matrix: {rows: [1], columns: [2]}":      "rig.yaml:1: matrix.keys: is missing",
		"matrix: {rows: [1], columns: [2], keys: [[1, 2]]}":            "rig.yaml:1: matrix.keys[0]: has 2 keys, but there are pins for 1 columns",
		"keys: {1: 3}\nmatrix: {rows: [1], columns: [2], keys: [[1]]}": "rig.yaml:2: matrix.keys[0]: key 1 is there twice",
		"chip: '/dev/mem'\nhook: {pin: 1}":                             "rig.yaml:1: chip: ",
		"hook: {pin: 1":                                                "rig.yaml:1: ",
		"hook: {pin: 1}\nhook: {pin: 2}":                               "rig.yaml:2: ",
	} {
		_, err := Parse("rig.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// UX-11: a word of a rig file that is nearly right is answered with the right one.
func TestNearestWords(t *testing.T) {
	for text, want := range map[string]string{
		"kyes: {1: 5}":                              "rig.yaml:1: kyes: there is no such field here; the fields are active, chip, gap, hook, keys, lamps, matrix, press, ringer, times; did you mean keys?",
		"keys:\n  relase: 5":                        "did you mean release?",
		"keys: {strar: 5}":                          "did you mean star?",
		"lamps:\n  mesage: {pin: 4}":                "did you mean message?",
		"hook: {pin: 4, setle: 3s}":                 "did you mean settle?",
		"hook: {pin: 4, active: hihg}":              "did you mean high?",
		"ringer: {pin: 4, pull: dwon}":              "did you mean down?",
		"matrix: {rows: [1], colums: [2], keys: 1}": "did you mean columns?",
		"keys: {1: 3}\ntimes: {stedy: 1s}":          "rig.yaml:2: times.stedy: there is no such field here; the fields are fast, glitch, quiet, steady; did you mean steady?",
	} {
		if _, err := Parse("rig.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParse: a file is read or refused with its name and a line, and what is read has no pin twice.
func FuzzParse(f *testing.F) {
	f.Add(rigFile)
	f.Add("keys: {star: GPIO4, ok: 3}\ntimes: {glitch: 0s}")
	f.Add("hook: [1]\nlamps: {line1: }")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("rig.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "rig.yaml:") {
				t.Fatal(err)
			}
			return
		}
		taken := map[Pin]bool{}
		for _, u := range c.Uses() {
			if taken[u.Pin] {
				t.Fatalf("%s is there twice", u.Pin)
			}
			taken[u.Pin] = true
		}
		for _, k := range c.AllKeys() {
			if len(c.usesOfKey(k)) == 0 {
				t.Fatalf("key %s has no output", k)
			}
		}
	})
}
