package hal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"hilphone/hal"
)

func TestParseKeys(t *testing.T) {
	for _, c := range []struct {
		sequence string
		want     string // separated by spaces
	}{
		{"", ""},
		{" ;, ", ""},
		{"1002#", "1 0 0 2 #"},
		{"speaker;1002;ok", "speaker 1 0 0 2 ok"},
		{"SPEAKER;1002;OK", "speaker 1 0 0 2 ok"},
		{"line2 0,release", "line2 0 release"},
		{"line20", "line20"},
		{"end", "release"},
		{"*0#", "* 0 #"},
	} {
		keys, err := hal.ParseKeys(c.sequence)
		var got []string
		for _, k := range keys {
			got = append(got, string(k))
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%q: got %q, %v; want %q", c.sequence, got, err, c.want)
		}
	}
}

func TestParseKeysNamesTheFault(t *testing.T) {
	for _, c := range []struct {
		sequence string
		name     string
		position int
	}{
		{"10x2", "x2", 3},
		{"hook", "hook", 1},
		{"speaker;1002;okay", "okay", 14},
		{"line0", "line0", 1},
		{"line21", "line21", 1},
		{"line02", "line02", 1},
		{"line+1", "line+1", 1},
		{"1 ２", "２", 3},
		{"1\n2", "\n2", 2},
	} {
		keys, err := hal.ParseKeys(c.sequence)
		var bad *hal.KeyError
		if !errors.As(err, &bad) || bad.Name != c.name || bad.Position != c.position {
			t.Errorf("%q: got %v, %v; want an error that names %q at %d", c.sequence, keys, err, c.name, c.position)
		}
	}
}

// RS-09: the whole message; a long name is cut.
func TestKeyErrorMessage(t *testing.T) {
	for keys, want := range map[string]string{
		"10x":                           `no key is called "x" (position 3)`,
		"12 " + "abcdefghijklmnopqrst":  `no key is called "abcdefghijklmnopqrst" (position 4)`,
		"12 " + "abcdefghijklmnopqrstu": `no key is called "abcdefghijklmnopqrst" (position 4)`,
	} {
		want += "; keys are 0 to 9, *, #, ok, release, speaker, hold, transfer, conf, mute, message, line1 to line20"
		if _, err := hal.ParseKeys(keys); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", keys, err, want)
		}
	}
}

func TestEveryKeyIsRead(t *testing.T) {
	keys := hal.Keys()
	if want := 12 + 8 + hal.MaxLines; len(keys) != want {
		t.Errorf("%d keys, want %d", len(keys), want)
	}
	for _, k := range keys {
		if got, err := hal.ParseKey(string(k)); err != nil || got != k {
			t.Errorf("%s: read as %q, %v", k, got, err)
		}
		_, digit := k.Digit()
		_, line := k.Line()
		if digit && line {
			t.Errorf("%s is a digit and a line", k)
		}
	}
	if n, ok := hal.LineKey(20).Line(); !ok || n != 20 {
		t.Errorf("key of line 20: line %d, %v", n, ok)
	}
}

func FuzzParseKeys(f *testing.F) {
	for _, s := range []string{"1002#", "speaker;1002;ok", "line21", "10x2", "\xff", "line2 0 END"} {
		f.Add(s)
	}
	all := hal.Keys()
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := hal.ParseKeys(s)
		var bad *hal.KeyError
		if err != nil {
			if !errors.As(err, &bad) || bad.Position < 1 || bad.Position > len(s) || !strings.HasPrefix(s[bad.Position-1:], bad.Name) {
				t.Fatalf("%q: the error %v does not name the fault", s, err)
			}
			return
		}
		var names []string
		for _, k := range keys {
			if !slices.Contains(all, k) {
				t.Fatalf("%q: the phone has no key %q", s, k)
			}
			names = append(names, string(k))
		}
		if again, err := hal.ParseKeys(strings.Join(names, " ")); err != nil || !slices.Equal(again, keys) {
			t.Fatalf("%q: %v read again is %v, %v", s, keys, again, err)
		}
	})
}

// TestDigit: the twelve keys of the dial are digits, by their characters; nothing else is, not two of them and not none.
func TestDigit(t *testing.T) {
	for _, c := range "0123456789*#" {
		if got, ok := hal.Key(c).Digit(); !ok || got != byte(c) {
			t.Errorf("%c: %c, %v", c, got, ok)
		}
	}
	for _, k := range []hal.Key{"", "12", "*0", "0#", "a", "A", " ", "ok", "line1", "release"} {
		if got, ok := k.Digit(); ok || got != 0 {
			t.Errorf("%q is the digit %c", k, got)
		}
	}
	for _, name := range []string{"", "12", "*0", " 1", "1 ", "line", "line00", "line21", "line1x"} {
		if k, err := hal.ParseKey(name); err == nil {
			t.Errorf("%q is the key %q", name, k)
		}
	}
	for name, want := range map[string]int{"line1": 1, "line9": 9, "line10": 10, "line20": 20, "line21": 0, "line01": 0, "line": 0, "1": 0, "Line1": 0} {
		if n, ok := hal.Key(name).Line(); ok != (want > 0) || ok && n != want {
			t.Errorf("%s is line %d, %v", name, n, ok)
		}
	}
}
