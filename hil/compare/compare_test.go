package compare

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	if _, err := Read(write(map[string]string{"junit.xml": "<testsuites>" + strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000) + "</testsuites>", "timings.json": "[]"})); err == nil || !strings.Contains(err.Error(), "junit.xml") {
		t.Errorf("10 000 elements in one another: %v", err)
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

// UX-28: each statistic is the one of its name, and the time may differ by the tolerance and no more, both ways.
func TestTolerated(t *testing.T) {
	timed := func(min, p50, p99, max time.Duration) *Runs {
		return &Runs{Scenarios: []Scenario{{Name: "a: A", Verdict: evidence.Passed, Played: 1}}, Timings: []Timing{{"A", "up", 1, 4, min, p50, p99, max}}}
	}
	base := timed(1000*ms, 2000*ms, 3000*ms, 4000*ms)
	for i, s := range []string{"min", "p50", "p99", "max"} {
		was := time.Duration(i+1) * time.Second
		for change, differs := range map[time.Duration]bool{0: false, was / 10: false, -was / 10: false, was/10 + 1: true, -was/10 - 1: true} {
			next := timed(1, 1, 1, 1)
			*[]*time.Duration{&next.Timings[0].Min, &next.Timings[0].P50, &next.Timings[0].P99, &next.Timings[0].Max}[i] = was + change
			r := Compare(base, next, Tolerance{Share: 0.1, Fixed: 5 * ms}, s)
			want := TimingPair{"A", "up", 1, was.Microseconds(), (was + change).Microseconds(), change.Microseconds(), was.Microseconds() / 10, differs}
			if len(r.Timings) != 1 || r.Timings[0] != want || r.Differ != differs || r.Statistic != s {
				t.Errorf("%s by %s: %+v, want %+v", s, change, r, want)
			}
		}
	}
	for tolerance, want := range map[Tolerance]time.Duration{{}: 0, {Share: 0.1}: 200 * ms, {Fixed: 50 * ms}: 50 * ms, {0.1, 50 * ms}: 200 * ms, {0.1, time.Second}: time.Second} {
		if got := tolerance.allowed(2 * time.Second); got != want {
			t.Errorf("%+v allows %s, want %s", tolerance, got, want)
		}
	}
	for text, want := range map[string]Tolerance{"1000%": {Share: 10}, "12.5%": {Share: 0.125}} {
		if got, err := ParseTolerance(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	if _, err := ParseTolerance("1000.1%"); err == nil || err.Error() != `"1000.1%" is not a share from 0% to 1000%` {
		t.Error(err)
	}
}

// The name of a suite without the folder of its file; one that is not FILE: NAME is left as it is.
func TestShortNames(t *testing.T) {
	for suite, want := range map[string]string{"a.scenario: A": "a.scenario: A", "x/y/a.scenario: A": "a.scenario: A", `x\a.scenario: A: b/c`: "a.scenario: A: b/c", "a/b": "a/b", "": ""} {
		if got := short(suite); got != want {
			t.Errorf("%q is %q, want %q", suite, got, want)
		}
	}
}

// broken is a writer that takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

var errBroken = errors.New("no room")

func TestReportThatCannotBeWritten(t *testing.T) {
	if err := (Report{}).Print(broken{}, true); !errors.Is(err, errBroken) {
		t.Errorf("Print: %v", err)
	}
	if err := (Report{}).JSON(broken{}); !errors.Is(err, errBroken) {
		t.Errorf("JSON: %v", err)
	}
}

// UX-28: what is printed for one time, and with those that are within the tolerance.
func TestPrintAll(t *testing.T) {
	r := Report{Statistic: "max", Timings: []TimingPair{{"A", "up", 1, 1000, 3000, 2000, 2000, false}}}
	for all, want := range map[bool]string{
		true:  "time  A  up  0.003 s  was 0.001 s  +0.002 s, allowed 0.002 s\n1 time compared (max), 0 differ; verdicts: 0 differ; missing: 0 scenarios, 0 times; added: 0\n",
		false: "1 time compared (max), 0 differ; verdicts: 0 differ; missing: 0 scenarios, 0 times; added: 0\n",
	} {
		var b strings.Builder
		if err := r.Print(&b, all); err != nil || b.String() != want {
			t.Errorf("all %v: %v\n%s", all, err, &b)
		}
	}
}

// UX-28: what a JUnit file says of each scenario, written by hand: the worst verdict of its rounds, how many were played and how many were not passed. Two
// files of one name keep their folders.
func TestVerdicts(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const ok, failed, broken, skipped = "<testcase/>", "<testcase><failure/></testcase>", "<testcase><error/></testcase>", "<testcase><skipped/></testcase>"
	write("junit.xml", `<testsuites><testsuite name="x/a: A">`+ok+ok+`</testsuite><testsuite name="y/a: A">`+ok+failed+ok+`</testsuite><testsuite name="b: B">`+broken+failed+skipped+`</testsuite>
<testsuite name="c: C">`+failed+broken+ok+`</testsuite><testsuite name="d: D">`+skipped+skipped+`</testsuite><testsuite name="e: E">`+skipped+ok+`</testsuite><testsuite name="f: F"/></testsuites>`)
	write("timings.json", `[{"scenario":"A","label":"up","count":2,"min_us":1,"p50_us":2,"p99_us":3,"max_us":4},{"scenario":"A","label":"up","count":1},{"scenario":"B","label":"up","count":1}]`)
	r := read(t, dir)
	want := []Scenario{{"a: A", evidence.Passed, 2, 0}, {"y/a: A", evidence.Failed, 3, 1}, {"b: B", evidence.Broken, 2, 2}, {"c: C", evidence.Broken, 3, 2}, {"d: D", evidence.NotRun, 0, 0},
		{"e: E", evidence.Passed, 1, 0}, {"f: F", evidence.NotRun, 0, 0}}
	if !slices.Equal(r.Scenarios, want) {
		t.Errorf("read\n%+v, want\n%+v", r.Scenarios, want)
	}
	const us = time.Microsecond
	if want := []Timing{{"A", "up", 1, 2, us, 2 * us, 3 * us, 4 * us}, {"A", "up", 2, 1, 0, 0, 0, 0}, {"B", "up", 1, 1, 0, 0, 0, 0}}; !slices.Equal(r.Timings, want) {
		t.Errorf("read\n%+v, want\n%+v", r.Timings, want)
	}
	for i, words := range []string{"passed", "failed (1 of 3 rounds)", "broken (2 of 2 rounds)", "broken (2 of 3 rounds)", "not run", "passed", "not run"} {
		if got := r.Scenarios[i].words(); got != words {
			t.Errorf("%s: %s, want %s", r.Scenarios[i].Name, got, words)
		}
	}
	if err := os.Remove(filepath.Join(dir, "timings.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "events.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.HasSuffix(err.Error(), "events.jsonl: is a directory, not a regular file") {
		t.Errorf("a folder in the place of the events: %v", err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "junit.xml")), os.Mkdir(filepath.Join(dir, "junit.xml"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "junit.xml") || strings.Contains(err.Error(), "there is no run") {
		t.Errorf("a folder in the place of the verdicts: %v", err)
	}
}

// UX-28: a missing time is reported of a scenario that both have played to the same end; of one whose verdict differs, or that is missing as a whole, it
// is not reported besides.
func TestMissingTimes(t *testing.T) {
	times := []Timing{{Scenario: "A", Label: "up", Number: 1}, {Scenario: "B", Label: "up", Number: 1}, {Scenario: "C", Label: "up", Number: 1}, {Scenario: "d: D", Label: "up", Number: 2}}
	base := &Runs{Scenarios: []Scenario{{Name: "a: A", Verdict: evidence.Passed}, {Name: "b: B", Verdict: evidence.Passed}, {Name: "c: C", Verdict: evidence.Passed}, {Name: "d: D", Verdict: evidence.Passed}}, Timings: times}
	next := &Runs{Scenarios: []Scenario{{Name: "a: A", Verdict: evidence.Passed}, {Name: "b: B", Verdict: evidence.Failed}, {Name: "d: D", Verdict: evidence.Passed}}, Timings: []Timing{{Scenario: "d: D", Label: "up", Number: 1}}}
	r := Compare(base, next, Tolerance{}, "p50")
	if want := []LostTiming{{"A", "up", 1}, {"d: D", "up", 2}}; !slices.Equal(r.Unpaired, want) || len(r.Timings) != 0 || !r.Differ {
		t.Errorf("%+v, want %+v", r, want)
	}
	if !slices.Equal(r.Verdicts, []Verdict{{"b: B", "passed", "failed"}}) || !slices.Equal(r.Missing, []string{"c: C"}) || len(r.Added) != 0 {
		t.Errorf("%+v", r)
	}
	if r := Compare(next, base, Tolerance{}, "p50"); !slices.Equal(r.Added, []string{"c: C"}) || len(r.Missing) != 0 {
		t.Errorf("the other way: %+v", r)
	}
}
