package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hil/evidence"
)

// planted is something that is wrong in a run, and what the bench has to say is its cause.
type planted struct {
	name     string
	place    string
	scenario string // after its name
	cause    string // in the report, at its line
	verdict  string
}

var plants = []planted{
	{"a command that fails", "servers:\n  kind: own\n  primary: {down: 'echo no such host >&2; exit 3', up: 'true'}\n",
		"server primary down\nexpect line registered backup within 1s",
		":2: server primary down: primary down: exit status 3: no such host", "failed"},
	{"a command that hangs", "servers:\n  kind: own\n  timeout: 1s\n  primary: {down: sleep 60, up: 'true'}\n",
		"server primary down\nexpect line registered backup within 1s",
		":2: server primary down: primary down: the command took longer than 1s", "failed"},
	{"a primary that is dead", "", "server primary refuse\nline register\nexpect sip 2xx REGISTER from primary within 1s",
		":4: expect sip 2xx REGISTER from primary within 1s: it did not come by 1.0", "failed"},
	{"too early", "", "setting failback_interval 2\nserver primary status 503\nline register\nexpect event failback_timer within 2s as armed\n" +
		"expect sip REGISTER to primary between 2500ms and 3s after armed", ":6: expect sip REGISTER to primary between 2500ms and 3s after armed: it came at 2.", "failed"},
	{"once too often", "", "server primary silent\nline register\nexpect 3 sip REGISTER to primary between 0s and 16T1", "it came more than 3 times, again at ", "failed"},
	{"something that must not be", "", "server primary status 503\ncall 1002\nexpect no sip INVITE to backup for 2s", ":4: expect no sip INVITE to backup for 2s: it came about at 0.", "failed"},
	{"longer than allowed", "", "hook off\nexpect call talking within 30s", "the scenario takes longer than 1s", "failed"},
}

// TestPlantedFaults: each kind of fault is found where it is, with the cause that a reader needs, in the report and in JUnit; the phone is left
// as it was.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	for _, f := range plants {
		t.Run(f.name, func(t *testing.T) {
			dir := t.TempDir()
			header := "scenario " + f.name + "\n"
			if strings.HasPrefix(f.cause, "the scenario takes") {
				header += "timeout 1s\n"
			}
			file, place, out := filepath.Join(dir, "planted.scenario"), filepath.Join(dir, "place.yaml"), filepath.Join(dir, "out")
			for name, text := range map[string]string{file: header + f.scenario + "\n", place: f.place} {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{"run", file, "--out", out}, quickly...)
			if f.place != "" {
				args = append(args, "--place", place)
			}
			code, stdout, stderr := p.bench(t.Context(), args...)
			if code != 1 || !strings.Contains(stdout, f.cause) || !strings.Contains(stdout, ": "+f.verdict+" in ") {
				t.Errorf("exit code %d, want 1, %s and %q\n%s%s", code, f.verdict, f.cause, stdout, stderr)
			}
			for _, name := range []string{evidence.ReportFile, evidence.JUnitFile} {
				if text, err := os.ReadFile(filepath.Join(out, name)); err != nil || !strings.Contains(string(text), f.verdict) {
					t.Errorf("%s does not say so: %v", name, err)
				}
			}
			p.registered("primary")
		})
	}
}

// TestBenchLosesServers: servers that are killed in the middle of a run leave a report that says so, and the phone is still there.
func TestBenchLosesServers(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	lab := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	lab.registered("primary")
	place := filepath.Join(t.TempDir(), "place.yaml")
	if err := os.WriteFile(place, []byte("servers:\n  kind: lab\n  url: "+lab.url+"\n  token: "+lab.token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Second, func() { _ = lab.cmd.Process.Kill() })
	began := time.Now()
	code, stdout, stderr := p.bench(t.Context(), "run", "testdata/long.scenario", "--place", place, "--out", filepath.Join(t.TempDir(), "gone"))
	if code != 1 || !strings.Contains(stdout, "the servers: ") || !strings.Contains(stdout, "does not answer") || time.Since(began) > 40*time.Second {
		t.Errorf("exit code %d after %v\n%s%s", code, time.Since(began), stdout, stderr)
	}
	if status, _ := p.ask("GET", "lines/1/status", ""); status != 200 {
		t.Errorf("the phone answers %d", status)
	}
}
