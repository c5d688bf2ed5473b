//go:build rig

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLabgrid: labgrid itself reads the files, and lifts and replaces the handset by its power driver; what newer ones have, HttpDigitalOutput, is
// set and asked by the same requests.
func TestLabgrid(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	dir := t.TempDir()
	file := func(name string, args ...string) string {
		code, text, err := command(t, "", append([]string{"bench", "labgrid", "--phone", p.url, "--token", p.token}, args...)...)
		if code != 0 || strings.Contains(text, p.token) {
			t.Fatalf("%v: exit code %d: %s\n%s", args, code, err, text)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	exporter := file("exporter.yaml", "--no-power", "--location", "room 3")
	environment := file("environment.yaml", "environment", "--power")
	place := file("place.yaml", "place", "--no-power")
	if err := os.WriteFile(filepath.Join(dir, ".netrc"), []byte("machine 127.0.0.1 login labgrid password "+p.token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), debianPython, "-I", "testdata/labgrid.py", exporter, environment, place)
	script.Env = append(cleanEnvironment(), "HOME="+dir)
	said, err := script.Output()
	if err != nil {
		t.Fatalf("%v (make deps installs labgrid)\n%s", err, said)
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	var answer map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &answer); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	want := map[string]any{"cls": "HttpDigitalOutput", "location": "room 3", "before": false, "lifted": true, "replaced": false, "http": "1", "remote": "hilphone"}
	for name, value := range want {
		if answer[name] != value {
			t.Errorf("%s is %v, want %v: %v", name, answer[name], value, answer)
		}
	}
	p.await(0, "hook", func(e eventSeen) bool { return e.Data.State == "off" && e.Data.Source == "api" })
	p.terminate()
}
