//go:build rig

package evidence

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// program runs a program that the tests need, and returns what it says.
func program(t *testing.T, name string, args ...string) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v (make deps installs it)\n%s", name, strings.Join(args, " "), err, said)
	}
	return string(said)
}

// TestJUnitSchema: xmllint finds the files valid, and the schema can say no.
func TestJUnitSchema(t *testing.T) {
	dir := t.TempDir()
	tell(t, filepath.Join(dir, "one"), nil)
	odd := Run{Name: "\xff\x01<&>", File: "\x02\"]]>.scenario", Verdict: Broken, Cause: "\x00interrupted\ufffe", Started: started}
	if err := Summary(dir, append(rounds(), odd, odd)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(dir, "one", JUnitFile), filepath.Join(dir, JUnitFile)} {
		program(t, "xmllint", "--noout", "--nonet", "--schema", "testdata/junit.xsd", file)
	}
	if err := exec.CommandContext(t.Context(), "xmllint", "--noout", "--nonet", "--schema", "testdata/junit.xsd", "testdata/not-junit.xml").Run(); err == nil {
		t.Error("the schema takes a case without a class")
	}
}

// TestCapture: tshark reads every message that the story tells as SIP, with its time.
func TestCapture(t *testing.T) {
	dir := t.TempDir()
	tell(t, dir, nil)
	said := program(t, "tshark", "-n", "-r", filepath.Join(dir, CaptureFile), "-T", "fields", "-e", "frame.time_epoch", "-e", "ip.src", "-e", "ip.dst", "-e", "sip.Method", "-e", "sip.Status-Code", "-e", "_ws.malformed")
	var lines []string
	for l := range strings.Lines(said) {
		if !strings.HasPrefix(l, "Running as user") {
			lines = append(lines, strings.TrimRight(l, "\n"))
		}
	}
	if len(lines) != 10 || !strings.HasPrefix(lines[0], "1773309506.045123000\t127.0.0.1\t127.0.0.2\tINVITE") || !strings.Contains(lines[9], "\t200") {
		t.Errorf("tshark reads\n%s", said)
	}
}

// TestWavesAreRead: sigrok-cli reads hook, keys and lamps, and GTKWave's converter takes the file, without a warning (BE-05).
func TestWavesAreRead(t *testing.T) {
	dir := t.TempDir()
	tell(t, dir, nil)
	said := program(t, "sigrok-cli", "-I", "vcd", "-i", filepath.Join(dir, WavesFile), "-O", "vcd")
	if strings.Contains(said, "sr: ") {
		t.Errorf("sigrok-cli warns:\n%.2000s", said)
	}
	if said := program(t, "vcd2fst", filepath.Join(dir, WavesFile), filepath.Join(dir, "gpio.fst")); said != "" {
		t.Errorf("vcd2fst warns:\n%s", said)
	}
	id := regexp.MustCompile(`\$var wire 1 (\S+) lamp_line1 \$end`).FindStringSubmatch(said)
	if id == nil {
		t.Fatalf("sigrok-cli reads\n%.2000s", said)
	}
	for _, want := range []string{" hook $end", " key_2 $end", " lamp_fault_fast $end", " call_talking $end"} {
		if !strings.Contains(said, want) {
			t.Errorf("sigrok-cli does not read%s", want)
		}
	}
	if lit := regexp.MustCompile(`(?m)^#640000 .*\b1` + regexp.QuoteMeta(id[1]) + `(?: |$)`); !lit.MatchString(said) {
		t.Errorf("the lamp is not lit at 0.64 s:\n%.3000s", said)
	}
}
