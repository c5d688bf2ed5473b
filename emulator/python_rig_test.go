//go:build rig

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// debianPython is the interpreter that Debian's pytest belongs to.
const debianPython = "/usr/bin/python3"

// pythonClient is the client's folder, from here.
const pythonClient = "../hil/client/python"

// python runs Debian's Python beside the client against a phone, and writes nothing into the client's folder.
func python(t *testing.T, p *process, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), debianPython, args...)
	command.Dir = pythonClient
	command.Env = append(cleanEnvironment(), "HILPHONE_URL="+p.url, "HILPHONE_TOKEN="+p.token, "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=.")
	said, err := command.CombinedOutput()
	return string(said), err
}

// TestPythonClient runs the client's own tests, the fixture of pytest and the keywords of Robot Framework among them, against the phone.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	said, err := python(t, p, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", "tests")
	if err != nil {
		t.Fatalf("%v (make deps installs python3-pytest)\n%s", err, said)
	}
	if passed := regexp.MustCompile(`(?m)^(\d+) passed`).FindString(said); passed != "10 passed" {
		t.Errorf("%q, want 10 passed:\n%s", passed, said)
	}
	var lock struct{ Locked bool }
	if p.do("GET", "lock", "", &lock); lock.Locked {
		t.Error("the session has not given the phone back")
	}
	p.terminate()
}

// TestPythonReadme: the first example of the client's README does what it says.
func TestPythonReadme(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	_, example, found := strings.Cut(readAll(t, filepath.Join(pythonClient, "README.md")), "```python\n")
	example, _, ended := strings.Cut(example, "```\n")
	if !found || !ended {
		t.Fatal("the README has no example")
	}
	file := filepath.Join(t.TempDir(), "example.py")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := python(t, p, file)
	if err != nil || !regexp.MustCompile(`^\d+ backup\n$`).MatchString(said) {
		t.Errorf("%v\n%s", err, said)
	}
	p.terminate()
}

// TestPythonStandardLibraryAlone: without what was installed besides, the client is there as before.
func TestPythonStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), debianPython, "-I", "-S", "-B", "-c",
		"import sys; sys.path.insert(0, '.'); import hilphone, hilphone.robot; print(hilphone.Phone('http://127.0.0.1:1', 'hil_x'))")
	command.Dir = pythonClient
	said, err := command.CombinedOutput()
	if err != nil || string(said) != "Phone('http://127.0.0.1:1')\n" {
		t.Errorf("%v\n%s", err, said)
	}
}
