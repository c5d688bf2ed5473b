package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hil"
	"hilphone/hil/evidence"
)

// bench runs a command line of the bench in this process, against a phone in another.
func (p *process) bench(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	p.t.Helper()
	var out, err bytes.Buffer
	where := []string{"--phone", p.url, "--token", p.token}
	code = execute(environment{ctx, strings.NewReader(""), &out, &err}, append(append([]string{"bench"}, args...), where...))
	return code, out.String(), err.String()
}

// quickly makes the line's timers a fifth of what they are; a T1 of a scenario is as short.
var quickly = []string{"--set", "t1_ms=100", "--set", "t2_ms=800"}

// due are the scenarios of the suites for a phone that prove nothing that is marked later in sip/REQUIREMENTS.md.
func due(t *testing.T) (names []string) {
	text, err := os.ReadFile("../sip/REQUIREMENTS.md")
	if err != nil {
		t.Fatal(err)
	}
	later := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (WR-[0-9]+) \| .* \| later \|$`).FindAllStringSubmatch(string(text), -1) {
		later[row[1]] = true
	}
	for _, name := range slices.Concat(hil.Suite("phone"), hil.Suite("proxies"), hil.Suite("odd-peers")) {
		s, err := hil.OpenShipped(name)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(s.Proves, func(n string) bool { return later[n] }); i >= 0 {
			t.Logf("%s is not played: %s is marked later", name, s.Proves[i])
			continue
		}
		names = append(names, name)
	}
	return names
}

// TestShippedScenarios plays the suites for a phone against demos, with servers of the bench: in parts, which mostly wait. It measures times, so
// no other test runs beside it. A scenario that failed while the computer itself was late is played again, alone: that measurement says nothing.
func TestShippedScenarios(t *testing.T) {
	const parts = 7
	var all [parts]part
	computer := watchLateness(t)
	var playing sync.WaitGroup
	for i, name := range due(t) {
		all[i%parts].names = append(all[i%parts].names, name)
	}
	for i := range all {
		a := &all[i]
		a.phone = start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
		a.phone.registered("primary")
		a.dir = filepath.Join(t.TempDir(), "evidence")
		a.before = a.settings()
		a.place = pairAt(t, 20*(i+1))
		playing.Go(func() { a.play(t.Context(), a.dir, a.names) })
	}
	playing.Wait()
	for _, a := range all {
		a.repeatDisturbed(t, computer)
		a.check(t)
	}
}

// part is scenarios that are played at a phone and a pair of their own.
type part struct {
	names              []string
	phone              *process
	dir, before, place string
	code               int
	stdout, stderr     string
}

// play plays scenarios of the part, with their evidence in a folder, and keeps how that ended.
func (a *part) play(ctx context.Context, dir string, names []string) {
	args := append([]string{"run", "--place", a.place, "--out", dir, "--junit", a.dir + ".xml"}, quickly...)
	a.code, a.stdout, a.stderr = a.phone.bench(ctx, append(args, names...)...)
}

// mostRepeats is how often a scenario is played again that failed while the computer was late.
const mostRepeats = 4

// repeatDisturbed plays the scenarios that failed again, if the computer was late during each of them.
func (a *part) repeatDisturbed(t *testing.T, computer *lateness) {
	if a.code != 1 {
		return
	}
	var again []string
	for _, name := range a.names {
		failed, disturbed := a.failed(t, computer, filepath.Join(a.dir, name))
		if failed && !disturbed {
			return
		}
		if failed {
			again = append(again, name)
		}
	}
	for _, name := range again {
		folder := filepath.Join(a.dir, name)
		for range mostRepeats {
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
			a.play(t.Context(), folder, []string{name})
			if failed, disturbed := a.failed(t, computer, folder); !failed || !disturbed {
				break
			}
		}
		if a.code != 0 {
			return
		}
	}
}

// failed reports whether a scenario failed by its evidence, and whether the computer was so late while it was played that this says nothing.
func (a *part) failed(t *testing.T, computer *lateness, folder string) (failed, disturbed bool) {
	junit, err := os.ReadFile(filepath.Join(folder, evidence.JUnitFile))
	if err != nil {
		t.Logf("%s left no result: %v", folder, err)
		return true, false
	}
	if strings.Contains(string(junit), `failures="0"`) {
		return false, false
	}
	late, err := computer.during(junit)
	message := junitFailure.FindSubmatch(junit)
	if err != nil || late < disturbing || message == nil {
		t.Logf("%s failed, and the computer was no more than %v late: %v", filepath.Base(folder), late, err)
		return true, false
	}
	t.Logf("DISTURBED: %s: the computer was %v late while it was played. %s", filepath.Base(folder), late, html.UnescapeString(string(message[1])))
	return true, true
}

func (a part) settings() string {
	_, text := a.phone.ask("GET", "lines/1/sip", "")
	return string(text)
}

// check: all have passed, have left their evidence and the phone as it was.
func (a part) check(t *testing.T) {
	if a.code != 0 {
		t.Errorf("exit code %d: %s", a.code, a.failures())
		t.Logf("%s%s", a.stdout, a.stderr)
		a.tellFailed(t)
		return
	}
	for line := range strings.Lines(a.stdout) {
		if strings.Contains(line, " played, ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	for _, name := range a.names {
		for _, file := range []string{evidence.ReportFile, evidence.JUnitFile, evidence.EventsFile, evidence.ConsoleFile, evidence.CaptureFile, evidence.WavesFile, evidence.SettingsFile} {
			text, err := os.ReadFile(filepath.Join(a.dir, name, file))
			if err != nil || len(text) == 0 {
				t.Errorf("%s has no %s: %v", name, file, err)
			}
			if bytes.Contains(text, []byte(a.phone.token)) {
				t.Errorf("the token is in %s of %s", file, name)
			}
		}
	}
	if junit, err := os.ReadFile(a.dir + ".xml"); err != nil || !strings.Contains(string(junit), `failures="0"`) {
		t.Errorf("--junit: %v\n%s", err, junit)
	}
	if after := a.settings(); after != a.before {
		t.Errorf("the settings were\n%s\nand are\n%s", a.before, after)
	}
}

var junitFailure = regexp.MustCompile(`<(?:failure|error)[^>]* message="([^"]*)"`)

// failures is the scenarios that failed, each with the message of its failure.
func (a part) failures() string {
	var failed []string
	for _, name := range a.names {
		junit, err := os.ReadFile(filepath.Join(a.dir, name, evidence.JUnitFile))
		if err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", name, err))
		}
		for _, found := range junitFailure.FindAllSubmatch(junit, -1) {
			failed = append(failed, fmt.Sprintf("%s: %s", name, html.UnescapeString(string(found[1]))))
		}
	}
	return strings.Join(failed, "; ")
}

// tellFailed logs what was written down of the scenarios that failed: the folder is gone when the test is over.
func (a part) tellFailed(t *testing.T) {
	for _, name := range a.names {
		junit, err := os.ReadFile(filepath.Join(a.dir, name, evidence.JUnitFile))
		if err == nil && strings.Contains(string(junit), `failures="0"`) {
			continue
		}
		entries, err := os.ReadFile(filepath.Join(a.dir, name, evidence.EventsFile))
		t.Logf("%s: %v\n%s", name, err, timeline(entries))
	}
}

// timeline is the entries of a run without the answers to REST, one in a line.
func timeline(entries []byte) string {
	var b strings.Builder
	for text := range bytes.Lines(entries) {
		var e struct {
			AtUS             int64 `json:"at_us"`
			Kind, From, Text string
		}
		if err := json.Unmarshal(text, &e); err == nil && e.Kind != string(evidence.RESTKind) {
			fmt.Fprintf(&b, "%11.6f %-8s %-8s %s\n", float64(e.AtUS)/1e6, e.Kind, e.From, e.Text)
		}
	}
	return b.String()
}

// pairAt is a place file for servers of the bench at addresses of their own: a server that refuses leaves its port to others.
func pairAt(t *testing.T, n int) string {
	file := filepath.Join(t.TempDir(), "place.yaml")
	text := fmt.Sprintf("servers:\n  kind: bench\n  primary: {address: 127.0.0.%d:5060}\n  backup: {address: 127.0.0.%d:5060}\n  peer: {address: 127.0.0.%d}\n", n, n+1, n+2)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBenchIPv6: where the primary is given an IPv6 address, the backup and the peer have one too, and calls come about both ways (BE-03).
func TestBenchIPv6(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	dir := t.TempDir()
	place := filepath.Join(dir, "place.yaml")
	for file, text := range map[string]string{place: "servers:\n  kind: bench\n  primary: {address: '[::1]:17060'}\n",
		filepath.Join(dir, "in.scenario"): "scenario In\nneeds peer\npeer call\nexpect ringer on within 2s\nhook off\nexpect peer up within 2s\nhook on\nexpect peer over within 2s\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out")
	code, stdout, stderr := p.bench(t.Context(), append([]string{"run", "--place", place, "--out", out, "silent-primary", filepath.Join(dir, "in.scenario")}, quickly...)...)
	if code != 0 {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	events, err := os.ReadFile(filepath.Join(out, "silent-primary", evidence.EventsFile))
	if err != nil || !strings.Contains(string(events), "INVITE sip:1002@[::1]:") || strings.Contains(string(events), `"seen":"peer","direction":"received","transport":"udp","local":"127.`) {
		t.Errorf("%v: the messages are not by IPv6\n%.2000s", err, events)
	}
}

// TestRepeat plays a scenario several times, at the servers of the demo.
func TestRepeat(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	rounds := filepath.Join(t.TempDir(), "rounds")
	code, stdout, stderr := p.bench(t.Context(), append([]string{"run", "register", "--repeat", "3", "--out", rounds}, quickly...)...)
	if code != 0 || !strings.Contains(stdout, "3 played, 3 passed, 0 failed in ") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(rounds, evidence.TimingsFile)); err != nil {
		t.Error(err)
	}
	p.registered("primary")
}

// TestVerbs plays every verb against the whole program, by TCP, and one scenario that has to fail.
func TestVerbs(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	dir := t.TempDir()
	args := append([]string{"run", "--servers", "bench", "--out", filepath.Join(dir, "verbs")}, quickly...)
	if code, stdout, stderr := p.bench(t.Context(), append(args, "testdata/verbs.scenario", "testdata/separate.scenario",
		"testdata/unacknowledged.scenario", "testdata/acknowledged.scenario")...); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	p.registered("primary")

	code, stdout, stderr := p.bench(t.Context(), append([]string{"run", "testdata/fault.scenario", "--out", filepath.Join(dir, "fault")}, quickly...)...)
	if want := "testdata/fault.scenario:7: expect sip REGISTER to backup at 7T1 +-100ms after invite: it did not come by 0.8"; code != 1 || !strings.Contains(stdout, want) {
		t.Errorf("exit code %d, want 1 and %q\n%s%s", code, want, stdout, stderr)
	}
	if junit, err := os.ReadFile(filepath.Join(dir, "fault", evidence.JUnitFile)); err != nil || !strings.Contains(string(junit), `failures="1"`) || !strings.Contains(string(junit), "it did not come by 0.8") {
		t.Errorf("%v\n%s", err, junit)
	}
	if status, text := p.ask("GET", "lab/servers/primary", ""); status != 200 || !strings.Contains(string(text), `"serve"`) {
		t.Errorf("the primary was left as %s", text)
	}
	for _, name := range []string{"testdata/refused.scenario", "testdata/unplayable.scenario"} { // by the scenario itself, and at this phone
		if code, _, stderr := p.bench(t.Context(), "run", name, "--out", filepath.Join(dir, "refused")); code != 2 || strings.Count(stderr, name+":") != 2 {
			t.Errorf("%s: exit code %d, want 2 and two faults\n%s", name, code, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "refused")); err == nil {
		t.Error("a scenario that was refused has evidence")
	}
}

// TestBenchLosesPhone: a phone that is killed in the middle of a run leaves a report that says so.
func TestBenchLosesPhone(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	dir := filepath.Join(t.TempDir(), "gone")
	time.AfterFunc(500*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
	began := time.Now()
	code, stdout, _ := p.bench(t.Context(), "run", "testdata/long.scenario", "--out", dir)
	if code != 1 || !strings.Contains(stdout, "does not answer: ") || !strings.Contains(stdout, "broken") || time.Since(began) > 20*time.Second {
		t.Errorf("exit code %d after %v\n%s", code, time.Since(began), stdout)
	}
	if report, err := os.ReadFile(filepath.Join(dir, evidence.ReportFile)); err != nil || !strings.Contains(string(report), "does not answer") {
		t.Errorf("the report does not say so: %v", err)
	}
	events, err := os.ReadFile(filepath.Join(dir, evidence.EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(events)) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// TestBenchInterrupted: Ctrl-C cleans up and leaves a report.
func TestBenchInterrupted(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	dir := filepath.Join(t.TempDir(), "interrupted")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	code, stdout, stderr := p.bench(ctx, "run", "testdata/long.scenario", "--out", dir)
	if code != 1 || !strings.Contains(stdout, "interrupted") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, evidence.ReportFile)); err != nil {
		t.Error(err)
	}
	if _, text := p.ask("GET", "lab/servers/primary", ""); !strings.Contains(string(text), `"serve"`) {
		t.Errorf("the primary was left as %s", text)
	}
	if _, text := p.ask("GET", "lines/1/sip", ""); !strings.Contains(string(text), `"failback_interval":20,`) {
		t.Errorf("the settings were left as %s", text)
	}
}

// TestBenchCommands: what needs no phone.
func TestBenchCommands(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string // in standard output or error
	}{
		{[]string{"list"}, 0, "silent-primary"},
		{[]string{"list", "phone"}, 0, "silent-primary"},
		{[]string{"list", "--requirements"}, 0, "FO-25  silent-primary"},
		{[]string{"list", "--requirements", "phone"}, 2, "--requirements: takes no name"},
		{[]string{"check", "phone"}, 0, "silent-primary.scenario: A silent primary and a call"},
		{[]string{"list", "timing"}, 0, "scenario Timing of the failover"},
		{[]string{"list", "nothing"}, 2, "there is no scenario or suite of that name"},
		{[]string{"check", "register", "testdata/verbs.scenario"}, 0, "testdata/verbs.scenario: Every verb"},
		{[]string{"check", "nothing"}, 2, "nothing: there is no such file"},
		{[]string{"check", "testdata/nothing.scenario"}, 2, "testdata/nothing.scenario"},
		{[]string{"run", "register"}, 2, "--phone: which phone?"},
		{[]string{"run", "register", "--phone", "nowhere"}, 2, "phone: must be a URL"},
		{[]string{"run", "register", "--phone", "http://127.0.0.1:1"}, 2, "http://127.0.0.1:1 does not answer"},
		{[]string{"run", "register", "--repeat", "0"}, 2, "--repeat"},
		{[]string{"run", "register", "--place", "testdata/bad.place.yaml"}, 2, "bad.place.yaml:3: servers.kind: \"theirs\" is not one of lab, bench, own"},
	} {
		var out, err bytes.Buffer
		code := execute(environment{t.Context(), strings.NewReader(""), &out, &err}, append([]string{"bench"}, c.args...))
		if all := out.String() + err.String(); code != c.code || !strings.Contains(all, c.want) {
			t.Errorf("bench %s: exit code %d, want %d and %q\n%s", strings.Join(c.args, " "), code, c.code, c.want, all)
		}
	}
}
