package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hilphone/hil/rig"
)

// TestReadmeRigFile: the rig file of the README is one.
func TestReadmeRigFile(t *testing.T) {
	_, text, _ := between(t, "rig")
	text = strings.TrimSuffix(strings.TrimPrefix(text, "```yaml\n"), "```\n")
	c, err := rig.Parse("README.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if uses := c.Uses(); len(uses) != 17 || len(c.AllKeys()) != 13 || c.Hook == nil || c.Ringer == nil {
		t.Errorf("%d pins", len(uses))
	}
}

// TestRigRefused: a rig that cannot be is refused with its file and line before anything is pressed.
func TestRigRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rig.yaml")
	for _, c := range []struct{ text, want string }{
		{"keys:\n  1: 5\n  2: 5\n", "rig.yaml:3: keys.2: GPIO5 is key 1 already"},
		{"\nchip: nosuch\nhook: {pin: 4}", "rig.yaml:2: chip: cannot be used: nosuch: this computer has no such GPIO chip"},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		refused(t, exitUsage, "", []string{"bench", "rig", file}, c.want)
		refused(t, exitUsage, "", []string{"bench", "run", "register", "--rig", file}, c.want)
	}
	refused(t, exitUsage, "", []string{"bench", "rig", file, "--calibrate"}, "--phone: which phone?")
	refused(t, exitUsage, "", []string{"bench", "run", "register", "--rig", file, "--set", "t1_ms=50"}, "rig.yaml:2: chip")
}
