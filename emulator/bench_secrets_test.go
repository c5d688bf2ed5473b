package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SE-15: secrets of the commands of a place, and what those print of them, are in no file of the evidence and not on the terminal; the files are
// their owner's alone; the commands see neither the token nor what the place does not name.
func TestBenchKeepsSecrets(t *testing.T) {
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	dir := t.TempDir()
	write := func(name, text string, mode fs.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	t.Setenv("LAB_SECRET", "opensesame-1")
	t.Setenv("HILPHONE_TOKEN", p.token)
	t.Setenv("HILPHONE_URL", p.url)
	t.Setenv("UNNAMED", "unnamed-value")
	secrets := []string{"hunter22-primary", "tok-abcdefgh", "opensesame-1", p.token, "unnamed-value", "p&ss'word<1"}
	place := write("place.yaml", `servers:
  kind: own
  environment: [LAB_SECRET]
  primary:
    address: 192.0.2.1:5060
    down: "env; echo the password hunter22-primary was taken; true --password hunter22-primary"
    up: "true -H 'Authorization: Bearer tok-abcdefgh'; echo tok-abcdefgh; ADMIN_SECRET=\"p&ss'word<1\" sh -c 'echo $ADMIN_SECRET'"
  backup: {address: 192.0.2.2:5060, down: "echo denied for $LAB_SECRET; exit 3", up: "true"}
`, 0o600)
	good := write("good.scenario", "scenario good\nserver primary down\nexpect hook on within 2s\nserver primary serve\n", 0o600)
	bad := write("bad.scenario", "scenario bad\nserver backup down\nexpect hook on within 2s\n", 0o600)
	out, junit := filepath.Join(dir, "runs", "one"), write("junit.xml", "", 0o644)
	code, stdout, stderr := p.bench(t.Context(), "run", "--place", place, "--out", out, "--junit", junit, good, bad)
	if code != exitFailed || !strings.Contains(stdout, "good: passed") || !strings.Contains(stdout, "backup down: exit status 3: denied for ***") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	files, all := 0, bytes.Buffer{}
	check := func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		} else {
			files++
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			all.Write(text)
			for _, secret := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("%s is in %s", secret, name)
				}
			}
		}
		if mode := info.Mode().Perm(); mode != want {
			t.Errorf("%s has the mode %o, not %o", name, mode, want)
		}
		return nil
	}
	if err := filepath.WalkDir(filepath.Join(dir, "runs"), check); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(junit)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(junit, fs.FileInfoToDirEntry(info), nil); err != nil {
		t.Fatal(err)
	}
	if files < 18 {
		t.Errorf("there are %d files", files)
	}
	for _, secret := range secrets {
		if strings.Contains(stdout+stderr, secret) {
			t.Errorf("%s is on the terminal", secret)
		}
	}
	text := all.String()
	for _, want := range []string{"true --password ***", "the password *** was taken", `\nHILPHONE_URL=` + p.url, `\nPATH=`, "LAB_SECRET=***", "Authorization: ***"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is nowhere", want)
		}
	}
	for _, not := range []string{"HILPHONE_TOKEN", "UNNAMED", asPhone} {
		if strings.Contains(text, not) {
			t.Errorf("a command has seen %s", not)
		}
	}
}
