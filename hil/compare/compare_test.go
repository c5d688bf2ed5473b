package compare

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hil/evidence"
)

func run(file, name string, verdict evidence.Verdict, round int, measured ...time.Duration) evidence.Run {
	r := evidence.Run{Name: name, File: file, Verdict: verdict, Round: round, Started: time.Unix(0, 0)}
	for i, m := range measured {
		step := evidence.Step{Number: i + 1, Line: i + 2, Text: "expect call talking within 1s", Verdict: evidence.Passed}
		if i == 0 {
			step.Label = "up"
		}
		if m > 0 {
			step.Measured = &m
		}
		r.Steps = append(r.Steps, step)
	}
	return r
}

func folder(t *testing.T, runs ...evidence.Run) string {
	t.Helper()
	dir := t.TempDir()
	if err := evidence.Summary(dir, runs); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, dir string) *Runs {
	t.Helper()
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const ms = time.Millisecond

// UX-28: two folders are held against each other: verdicts, times beyond the tolerance in both directions, scenarios and times that are missing.
// What only the new one has is told, and is no difference; the folder of the scenarios' files does not matter.
func TestCompare(t *testing.T) {
	base := read(t, folder(t, run("old/a.scenario", "A", evidence.Passed, 1, 100*ms, 7500*ms), run("old/a.scenario", "A", evidence.Passed, 2, 110*ms, 7500*ms),
		run("old/b.scenario", "B", evidence.Passed, 0, 200*ms), run("old/c.scenario", "C", evidence.Failed, 0, 300*ms, 400*ms), run("old/d.scenario", "D", evidence.Passed, 0, 500*ms)))
	next := read(t, folder(t, run("new/a.scenario", "A", evidence.Passed, 1, 149*ms, 8300*ms), run("new/a.scenario", "A", evidence.Failed, 2, 149*ms),
		run("new/b.scenario", "B", evidence.Passed, 0, 0), run("new/c.scenario", "C", evidence.Failed, 0, 300*ms, 340*ms), run("new/e.scenario", "E", evidence.Passed, 0, 1*ms)))
	r := Compare(base, next, Tolerance{0.1, 50 * ms}, "p50")
	var b strings.Builder
	if err := r.Print(&b, false); err != nil || !r.Differ {
		t.Errorf("%v %+v", err, r)
	}
	want := []string{"MISSING d.scenario: D", "VERDICT a.scenario: A failed (1 of 2 rounds) was passed", "NOT MEASURED B up",
		"TIME A expect call talking within 1s 8.300 s was 7.500 s +0.800 s, allowed 0.750 s", "TIME C expect call talking within 1s 0.340 s was 0.400 s -0.060 s, allowed 0.050 s",
		"added e.scenario: E", "4 times compared (p50), 2 differ; verdicts: 1 differ; missing: 1 scenarios, 1 times; added: 1"}
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var text strings.Builder
	var again Report
	if err := r.JSON(&text); err != nil || json.Unmarshal([]byte(text.String()), &again) != nil || !again.Differ || len(again.Timings) != 4 || again.Timings[1].DifferenceUS != 800000 {
		t.Errorf("%v %s", err, &text)
	}
	if r := Compare(base, base, Tolerance{}, "max"); r.Differ || len(r.Timings) != 6 {
		t.Errorf("a folder differs from itself: %+v", r)
	}
}

// UX-28: rounds are compared by the statistic that is asked for.
func TestStatistic(t *testing.T) {
	base := read(t, folder(t, run("a", "A", evidence.Passed, 1, 100*ms), run("a", "A", evidence.Passed, 2, 100*ms), run("a", "A", evidence.Passed, 3, 100*ms)))
	next := read(t, folder(t, run("a", "A", evidence.Passed, 1, 100*ms), run("a", "A", evidence.Passed, 2, 100*ms), run("a", "A", evidence.Passed, 3, 900*ms)))
	if len(Statistics) != 4 {
		t.Errorf("statistics %v", Statistics)
	}
	for _, s := range Statistics {
		if got, want := Compare(base, next, Tolerance{0, ms}, s).Differ, s == "p99" || s == "max"; got != want {
			t.Errorf("%s: differs %v", s, got)
		}
	}
}

// UX-28: a folder that cannot be read is an error that names the file.
func TestUnreadable(t *testing.T) {
	write := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	const good = `<testsuites><testsuite name="a: A"><testcase/></testsuite></testsuites>`
	for want, files := range map[string]map[string]string{
		"it has no junit.xml": {},
		"junit.xml":           {"junit.xml": "<testsuites><a"},
		"junit.xml: ":         {"junit.xml": "<html></html>"},
		"timings.json":        {"junit.xml": good, "timings.json": "[{]"},
		"events.jsonl":        {"junit.xml": good},
		"the run has no end":  {"junit.xml": good, "events.jsonl": `{"kind":"step"}`},
		"events.jsonl: ":      {"junit.xml": good, "events.jsonl": ""},
	} {
		if _, err := Read(write(files)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", files, err, want)
		}
	}
	single := read(t, write(map[string]string{"junit.xml": good, "events.jsonl": "{\"kind\":\"step\"}\n" + `{"kind":"run","data":{"name":"A","steps":[{"text":"x","measured_us":5},{"text":"x","measured_us":6},{"text":"y"}]}}` + "\n"}))
	if len(single.Timings) != 2 || single.Timings[1] != (Timing{"A", "x", 2, 1, 6000, 6000, 6000, 6000}) {
		t.Errorf("%+v", single)
	}
}

func TestTolerance(t *testing.T) {
	for text, want := range map[string]Tolerance{"10%": {Share: 0.1}, "50ms": {Fixed: 50 * ms}, "10%, 1s": {0.1, time.Second}, "0%": {}} {
		if got, err := ParseTolerance(text); err != nil || got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "much", "-1ms", "-5%", "x%", "NaN%", "10", "5000%", "10%,"} {
		if got, err := ParseTolerance(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// FuzzRead: any files are read or refused, and what is read is the same as itself.
func FuzzRead(f *testing.F) {
	f.Add(`<testsuites><testsuite name="a: A"><testcase><failure/></testcase></testsuite></testsuites>`, `[{"scenario":"A","label":"up","count":1,"p50_us":5}]`)
	f.Add(`<testsuites/>`, `[]`)
	f.Fuzz(func(t *testing.T, junit, timings string) {
		dir := t.TempDir()
		err := errors.Join(os.WriteFile(filepath.Join(dir, "junit.xml"), []byte(junit), 0o600), os.WriteFile(filepath.Join(dir, "timings.json"), []byte(timings), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Read(dir)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			return
		}
		if Compare(r, r, Tolerance{}, "p50").Differ {
			t.Errorf("%+v differs from itself", r)
		}
	})
}
