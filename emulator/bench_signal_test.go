package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBenchSignals: a build server that ends the bench, by whatever signal, gets all cases: what was under way is in error, the rest skipped (BE-01).
func TestBenchSignals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal os.Signal
		error  string
	}{
		"SIGINT": {os.Interrupt, `interrupted" type="broken"`}, "SIGTERM": {syscall.SIGTERM, `interrupted" type="broken"`},
		"SIGKILL": {os.Kill, `the bench was ended in the middle of it" type="broken"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			phone := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
			phone.registered("primary")
			dir := t.TempDir()
			junit := filepath.Join(dir, "verdicts.xml")
			bench := launch(t, self(t), "bench", "run", "--phone", phone.url, "--token", phone.token, "--out", filepath.Join(dir, "out"), "--junit", junit,
				"testdata/long.scenario", "testdata/long.scenario", "register")
			bench.out.wait(t, bench, regexp.MustCompile(`server primary silent\n`))
			if err := bench.cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			select {
			case <-bench.ended:
			case <-time.After(patience):
				t.Fatalf("the bench goes on:\n%s", bench.out.String())
			}
			text, err := os.ReadFile(junit)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{`<testsuites name="hilphone bench" tests="3" failures="0" errors="1" skipped="2"`, `message="not played`, c.error,
				`classname="hilphone.testdata.long" name="Longer than anybody waits"`, `classname="hilphone.testdata.long" name="Longer than anybody waits, number 2"`} {
				if !strings.Contains(string(text), want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}
