package sysconf

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the corpus is read as")

// describe writes what came of a file.
func describe(r Report, err error) string {
	var b strings.Builder
	if r.Format != "" {
		fmt.Fprintf(&b, "%s, %d keys\n", r.Format, r.Keys)
	}
	for _, f := range Faults(err) {
		fmt.Fprintf(&b, "refused  %v\n", f)
	}
	for _, c := range r.Changes {
		if c.Used {
			fmt.Fprintf(&b, "changed  %s: %q to %q, secret %v\n", c.Key, c.Old, c.New, c.Secret)
		}
	}
	for _, k := range r.Kept {
		fmt.Fprintf(&b, "kept     line %d: %s: %q, usually %q\n", k.At, k.Key, k.Value, k.Default)
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(&b, "unknown  line %d: %s\n", u.At, u.Key)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note     line %d: %s: %s\n", n.At, n.Key, n.Message)
	}
	return b.String()
}

// corpus calls f with each file of a folder and holds what it says against the file's golden text.
func corpus(t *testing.T, folder string, f func(t *testing.T, data []byte) string) {
	names, err := filepath.Glob(filepath.Join("testdata", folder, "*.*"))
	if want := map[string]int{"good": 32, "bad": 64}[folder]; err != nil || len(names) != want {
		t.Fatalf("%d files, want %d, %v", len(names), want, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".report") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := f(t, data)
			if *update {
				if err := os.WriteFile(name+".report", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ".report")
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("it is read as\n%swant\n%s", got, want)
			}
		})
	}
}

// Files of the shapes that are found, in both generations, as text and XML, in several encodings, are read (IM-01, IM-07, IM-09), and every key of them comes
// out of every format as it went in, in its order (IM-02, IM-06). Values with per cent signs, braces and brackets are no templates (IM-13).
func TestGoodCorpus(t *testing.T) {
	corpus(t, "good", func(t *testing.T, data []byte) string {
		f, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		c, report, err := Factory().Merge(f, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Refused) > 0 || len(report.Changes) == 0 {
			t.Errorf("%+v", report)
		}
		survives(t, c)
		return describe(report, nil)
	})
}

// Files that are cut, doubled, in another encoding, bombs, templates and no configuration files at all are refused with line and column, all faults of them at
// once, and change nothing (IM-03, IM-07, IM-08, IM-09, IM-13).
func TestBadCorpus(t *testing.T) {
	corpus(t, "bad", func(t *testing.T, data []byte) string {
		f, err := Parse(data)
		var report Report
		if err == nil {
			var same Configuration
			same, report, err = Factory().Merge(f, false)
			if len(Changes(Factory(), same)) > 0 {
				t.Error("it changes something")
			}
		}
		if err == nil {
			t.Fatal("it is taken")
		}
		for _, fault := range Faults(err) {
			if fault.At < 1 || fault.Column < 1 {
				t.Errorf("%v has no line and column", fault)
			}
		}
		return describe(report, err)
	})
}
