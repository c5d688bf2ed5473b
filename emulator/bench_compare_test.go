package main

import (
	"strings"
	"testing"
	"time"

	"hilphone/hil/evidence"
)

// UX-28: exit code 0 where runs are the same within the tolerance, 1 where they differ, 2 where a folder or a flag cannot be read.
func TestCompareRuns(t *testing.T) {
	clean(t)
	folder := func(took time.Duration) string {
		dir := t.TempDir()
		run := evidence.Run{Name: "A", File: "a.scenario", Verdict: evidence.Passed, Started: time.Unix(0, 0), Steps: []evidence.Step{{Number: 1, Text: "expect", Label: "up", Verdict: evidence.Passed, Measured: &took}}}
		if err := evidence.Summary(dir, []evidence.Run{run}); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	base, near, far := folder(time.Second), folder(1090*time.Millisecond), folder(1200*time.Millisecond)
	for _, c := range []struct {
		args []string
		code int
		want string // in the output
	}{
		{[]string{base, near}, 0, "1 time compared (p50), 0 differ"},
		{[]string{base, far}, exitFailed, "allowed 0.100 s"},
		{[]string{base, far, "--tolerance", "25%"}, 0, "0 differ"},
		{[]string{base, near, "--tolerance", "10ms"}, exitFailed, "TIME"},
		{[]string{base, near, "--json"}, 0, `"differ": false`},
		{[]string{base, far, "--json"}, exitFailed, `"differ": true`},
		{[]string{base, t.TempDir()}, exitUsage, ""},
		{[]string{base, near, "--tolerance", "wide"}, exitUsage, ""},
		{[]string{base, near, "--statistic", "mxa"}, exitUsage, ""},
	} {
		code, out, said := command(t, "", append([]string{"bench", "compare-runs"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) || (c.code == 0) != (said == "") {
			t.Errorf("%q: %d %s %s", c.args, code, out, said)
		}
	}
}

// UX-09, UX-11: help of the bench, and the nearest right word of verbs, scenarios, suites, commands, flags and choices.
func TestBenchWords(t *testing.T) {
	clean(t)
	if code, out, err := command(t, "", "bench", "help"); code != 0 || err != "" || !strings.Contains(out, "What starts the clock") {
		t.Errorf("%d %s %s", code, out, err)
	}
	if code, out, err := command(t, "", "bench", "help", "expect", "event", "failover"); code != 0 || err != "" || !strings.Contains(out, "trigger:") {
		t.Errorf("%d %s %s", code, out, err)
	}
	for args, want := range map[string]string{
		"bench help expct":                     "did you mean expect?",
		"bench list silnt-primary":             "did you mean silent-primary?",
		"bench list phnoe":                     "did you mean phone?",
		"bench check silent-primry":            "did you mean silent-primary?",
		"bench check od-peers":                 "did you mean odd-peers?",
		"bench check testdata/nothing.scenari": "testdata/nothing.scenari",
		"bench chekc x":                        `did you mean "check"?`,
		"bench run x --plce y":                 `did you mean "--place"?`,
		"bench run x --servers labb":           `"labb" is not one of lab, bench, own; did you mean lab?`,
		"token new x --scope contrl":           "did you mean control?",
		"bench labgrid exportr":                "did you mean exporter?",
	} {
		refused(t, exitUsage, "", strings.Fields(args), want)
	}
}
