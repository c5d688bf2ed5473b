//go:build rig

package vcd

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// silent runs a program that the tests need, and returns what it prints. A word on standard error is a fault.
func silent(t *testing.T, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v (make deps installs it)\n%s", name, err, complaints.Bytes())
	}
	return string(out)
}

// story is a dump with all that a dump can have.
func story(t *testing.T) string {
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("Zeile %d $end <ラ> \xff #5", i))
	}
	vars := []Variable{{Scope: "phone", Name: "state", Words: []string{"idle", "dial tone", "talking"}}, {Scope: "board", Name: "hook"}, {Name: "key *"},
		{Scope: "board", Name: "display", Words: many}, {Name: "never"}}
	return dump(t, vars, []Value{Word("idle"), Bit(false)}, func(d *Dump) {
		at := int64(5)
		for i, word := range many {
			at += 3
			must(t, d.Change(at, 3, Word(word)))
			must(t, d.Change(at, 2, Bit(i%2 == 0)))
			at += 2
			must(t, d.Change(at, 0, Word([]string{"idle", "dial tone", "talking", "held"}[i%4])))
			must(t, d.Change(at, 1, Bit(i%3 == 0)))
		}
		must(t, d.Change(at+1, 0, Unknown))
		must(t, d.End(at+100))
	})
}

// BE-05: sigrok-cli, whose library PulseView has too, and GTKWave's converter read a dump without a word of complaint, and see the same edges.
func TestReaders(t *testing.T) {
	text := story(t)
	dir := t.TempDir()
	file, fst := filepath.Join(dir, "gpio.vcd"), filepath.Join(dir, "gpio.fst")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := edges(text, 5)
	if len(want) < 1000 {
		t.Fatalf("%d edges", len(want))
	}
	if got := edges(silent(t, "sigrok-cli", "-I", "vcd", "-i", file, "-O", "vcd"), 0); !slices.Equal(got, want) {
		t.Errorf("sigrok-cli sees %d edges, want %d: %q, want %q", len(got), len(want), got[:min(9, len(got))], want[:9])
	}
	if said := silent(t, "vcd2fst", file, fst); said != "" {
		t.Errorf("vcd2fst says %s", said)
	}
	if got := edges(silent(t, "fst2vcd", "-f", fst), 5); !slices.Equal(got, want) {
		t.Errorf("GTKWave sees %d edges, want %d: %q, want %q", len(got), len(want), got[:min(9, len(got))], want[:9])
	}
}

// edges are the changes of wires in a dump, as "TIME NAME LEVEL" with times from first on; unknown counts as 0, as sigrok-cli has it.
func edges(text string, first int64) (all []string) {
	names, level := map[string]string{}, map[string]string{}
	head, body, _ := strings.Cut(text, "$enddefinitions $end")
	for line := range strings.Lines(head) {
		if f := strings.Fields(line); len(f) > 4 && f[0] == "$var" {
			names[f[3]] = f[4]
		}
	}
	var at int64
	now := map[string]string{} // changes at this time
	flush := func() {
		for _, name := range slices.Sorted(maps.Keys(now)) {
			if old, known := level[name]; known && old != now[name] {
				all = append(all, fmt.Sprint(at-first, " ", name, " ", now[name]))
			}
			level[name] = now[name]
		}
		clear(now)
	}
	for _, word := range strings.Fields(body) {
		switch word[0] {
		case '#':
			flush()
			fmt.Sscan(word[1:], &at)
		case '0', '1', 'x':
			now[names[word[1:]]] = strings.ReplaceAll(word[:1], "x", "0")
		}
	}
	flush()
	return all
}
