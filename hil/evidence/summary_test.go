package evidence

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// rounds are a hundred of one scenario, one of which failed, and others that came to nothing.
func rounds() []Run {
	var runs []Run
	for i := range 100 {
		took := time.Duration(100-i) * ms
		r := Run{Name: "Failover", File: "suite/failover.scenario", Round: i + 1, Folder: fmt.Sprintf("failover/%03d", i+1), Started: started, Duration: second,
			Verdict: Passed, Proves: []string{"FO-20"}, Steps: []Step{{Number: 1, Line: 4, Text: "call 1002", Verdict: Passed, Ended: ms},
				{Number: 2, Line: 5, Text: "expect call talking within 10s", Label: "through", Verdict: Passed, Measured: &took}}}
		if i == 41 {
			r.Verdict, r.Cause, r.Steps[1].Verdict, r.Steps[1].Measured = Failed, `no "talking" <within> 10 s`, Failed, nil
		}
		runs = append(runs, r)
	}
	return append(runs, Run{Name: "Rig", File: "rig.scenario", Verdict: NotRun, Cause: "needs rig", Folder: "rig", Started: started},
		Run{Name: "Gone", File: "gone.scenario", Verdict: Broken, Cause: "the phone vanished with pa55word", Folder: "gone", Started: started})
}

func TestSummary(t *testing.T) {
	dir := t.TempDir() + "/all"
	if err := Summary(dir, rounds(), "pa55word"); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal([]byte(contents(t, dir, JUnitFile)), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 102 || suites.Failures != 1 || suites.Errors != 1 || suites.Skipped != 1 || suites.Time != "100.000" {
		t.Errorf("suites %+v", suites)
	}
	var timings []struct {
		Scenario, Label string
		Line, Count     int
	}
	text := contents(t, dir, TimingsFile)
	if err := json.Unmarshal([]byte(text), &timings); err != nil || len(timings) != 1 || timings[0].Label != "through" || timings[0].Count != 99 {
		t.Errorf("timings %v %+v", err, timings)
	}
	for _, want := range []string{`"min_us": 1000`, `"p50_us": 50000`, `"p99_us": 100000`, `"max_us": 100000`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	page := contents(t, dir, IndexFile)
	for _, want := range []string{"99 passed, 1 failed, 1 broken, 1 not run", `<a href="failover/042/report.html">Failover, round 42</a>`, "&lt;within&gt;",
		"the phone vanished with ***", `<td class="num">0.050</td>`, `verdict failed`} {
		if !strings.Contains(page, want) {
			t.Errorf("index.html does not say %q", want)
		}
	}
	if strings.Contains(text+page+contents(t, dir, JUnitFile), "pa55word") {
		t.Error("a secret is told")
	}
}

// BE-01: texts that XML cannot hold do not make two names the same, and the names of a file stay its own.
func TestJUnitNames(t *testing.T) {
	var runs []Run
	for _, file := range []string{"a\x01.scenario", "a\x02.scenario", "a\xff.scenario", `dir\a.scenario`, "dir/a.scenario", "../dir/a.scenario", "/dir//a.scenario", "dir.a.scenario", "", ".."} {
		runs = append(runs, Run{Name: "N\x01", File: file, Verdict: Passed, Started: started}, Run{Name: "N\x02", File: file, Verdict: Passed, Started: started})
	}
	text, err := junit(t.TempDir(), runs)
	if err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	names, cases := map[string]bool{}, 0
	for _, s := range suites.Suites {
		if names[s.Name] {
			t.Errorf("two suites are %q", s.Name)
		}
		names[s.Name] = true
		for _, c := range s.Cases {
			if name := c.Class + "." + c.Name; names[name] {
				t.Errorf("two cases are %q", name)
			} else {
				names[name] = true
			}
			cases++
		}
	}
	if cases != len(runs) || suites.Tests != len(runs) {
		t.Errorf("%d cases, counted %d, of %d runs", cases, suites.Tests, len(runs))
	}
}

func TestSummaryOfNothing(t *testing.T) {
	dir := t.TempDir()
	if err := Summary(dir, nil); err != nil {
		t.Fatal(err)
	}
	if text := contents(t, dir, TimingsFile); text != "[]\n" {
		t.Errorf("timings %q", text)
	}
	if page := contents(t, dir, IndexFile); !strings.Contains(page, "no runs") {
		t.Error(page)
	}
}

// TestRank: a percentile is a value that was measured.
func TestRank(t *testing.T) {
	values := []time.Duration{1, 2, 3, 4}
	for percent, want := range map[int]time.Duration{0: 1, 1: 1, 25: 1, 26: 2, 50: 2, 51: 3, 99: 4, 100: 4} {
		if got := rank(values, percent); got != want {
			t.Errorf("p%d of %v is %v, want %v", percent, values, got, want)
		}
	}
	if got := rank(values[:1], 99); got != 1 {
		t.Errorf("p99 of one value is %v", got)
	}
}

func TestPrintTimings(t *testing.T) {
	var b strings.Builder
	if err := PrintTimings(&b, Timings(rounds())); err != nil {
		t.Fatal(err)
	}
	if want := "measured, s  n   min    p50    p99    max\nthrough      99  0.001  0.050  0.100  0.100\n"; b.String() != want {
		t.Errorf("printed\n%swant\n%s", b.String(), want)
	}
}

// TestIndexOfPair: the page of a pair says what was found out before all else, then the runs, then the figures, and with what it was (UX-12).
func TestIndexOfPair(t *testing.T) {
	took := 1234 * time.Millisecond
	run := func(name, answer string, verdict Verdict, servers string) Run {
		r := Run{Name: name, File: name + ".scenario", Folder: name, Verdict: verdict, Started: started, Duration: second, Phone: "http://phone", Servers: servers,
			Versions: map[string]string{"bench": "1.0", "phone": "desk 7"}, Steps: []Step{{Number: 1, Line: 3, Label: "answer", Measured: &took, Verdict: verdict}}}
		if answer != "" {
			r.Answer = &Answer{Question: "Does <" + name + "> work?", Answer: answer, Figures: []Figure{{"answer", took}}}
		}
		return r
	}
	dir := t.TempDir()
	runs := []Run{run("a", Yes, Passed, "pair one"), run("b", No, Failed, "pair one"), run("c", Yes, Passed, "pair two")}
	page := func(runs ...Run) string {
		if err := Summary(dir, runs); err != nil {
			t.Fatal(err)
		}
		return contents(t, dir, IndexFile)
	}
	text, at := page(runs...), 0
	for _, want := range []string{"3 asked: 2 yes, 1 no</h1>", "<dd>http://phone</dd>", "<dd>pair one</dd>", "<dd>pair two</dd>", "<dd>1.0</dd>", "<dd>desk 7</dd>", "<dd>3.000 s</dd>",
		`<a href="a/report.html">Does &lt;a&gt; work?</a>`, "yes</span></td><td><code>answer</code> 1.234</td>", "no</span>", `id="t-runs"`, "Measured, in seconds"} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("no %q in its place in\n%s", want, text)
		}
		at += i
	}
	if !strings.Contains(text, `verdict passed"`) {
		t.Error("a no counts as a fault")
	}
	text = page(append(runs, run("d", Unanswered, Broken, ""), run("e", "", Passed, ""), run("f", "", Failed, ""))...)
	if !strings.Contains(text, "4 asked: 2 yes, 1 no, 1 not answered; 1 passed, 1 failed</h1>") || !strings.Contains(text, `verdict failed"`) {
		t.Errorf("%s", text)
	}
}

// TestJUnitAttachments: each case that was played says where its files are, for Jenkins by their absolute paths, for GitLab from the project (UX-29).
func TestJUnitAttachments(t *testing.T) {
	dir := t.TempDir()
	runs := []Run{tell(t, filepath.Join(dir, "out", "one"), nil), {Name: "other", File: "o.scenario", Verdict: NotRun, Started: started}}
	runs[0].Folder = "one"
	read := func() (cases []junitCase) {
		if err := Summary(filepath.Join(dir, "out"), runs); err != nil {
			t.Fatal(err)
		}
		var suites junitSuites
		if err := xml.Unmarshal([]byte(contents(t, filepath.Join(dir, "out"), JUnitFile)), &suites); err != nil {
			t.Fatal(err)
		}
		for _, s := range suites.Suites {
			cases = append(cases, s.Cases...)
		}
		return cases
	}
	for project, base := range map[string]string{"": filepath.Join(dir, "out", "one"), dir: "out/one", filepath.Join(dir, "elsewhere"): filepath.Join(dir, "out", "one")} {
		t.Setenv("CI_PROJECT_DIR", project)
		t.Setenv("GITLAB_CI", map[bool]string{false: "true"}[project == ""])
		cases := read()
		if len(cases) != 2 || cases[1].Files != nil || strings.Contains(cases[1].SystemOut, "ATTACHMENT") || len(cases[0].Files.Properties) != 5 {
			t.Fatalf("%+v", cases)
		}
		for name, file := range map[string]string{"report": ReportFile, "capture": CaptureFile, "log": ConsoleFile, "events": EventsFile, "waves": WavesFile} {
			path := base + "/" + file
			if !slices.Contains(cases[0].Files.Properties, junitProperty{name, path}) || !strings.Contains("\n"+cases[0].SystemOut, "\n[[ATTACHMENT|"+path+"]]\n") {
				t.Errorf("no %s %s in %+v", name, path, cases[0])
			}
			if _, err := os.Stat(filepath.Join(dir, "out", "one", file)); err != nil {
				t.Error(err)
			}
		}
	}
	if text := contents(t, filepath.Join(dir, "out", "one"), JUnitFile); !strings.Contains(text, "[[ATTACHMENT|"+filepath.Join(dir, "out", "one", ReportFile)+"]]") {
		t.Errorf("the folder of one run has\n%s", text)
	}
}
