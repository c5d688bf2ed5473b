package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// UX-23: the page about the service is linked in the README, the files and variables that it names are there, and it says what it has to.
func TestServicePage(t *testing.T) {
	page, unit, environment := readAll(t, "../doc/SERVICE.md"), readAll(t, "package/hilphone.service"), readAll(t, "package/environment")
	if !strings.Contains(readAll(t, readme), "(doc/SERVICE.md)") {
		t.Error("the README does not link doc/SERVICE.md")
	}
	for _, name := range regexp.MustCompile(`emulator/package/[\w.-]+`).FindAllString(page, -1) {
		if _, err := os.Stat(filepath.Join("..", name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range regexp.MustCompile(`HILPHONE_[A-Z_]+`).FindAllString(page, -1) {
		if !strings.Contains(environment, name+"=") {
			t.Errorf("%s is not in the environment file", name)
		}
	}
	for _, line := range []string{"ExecStart=/usr/bin/hilphone run", "EnvironmentFile=-/etc/hilphone/environment", "User=hilphone", "StateDirectory=hilphone", "RestartSec=5", "RestartPreventExitStatus=2"} {
		if !strings.Contains(unit, line+"\n") {
			t.Errorf("the unit has no %s, on which the page relies", line)
		}
	}
	for _, part := range []string{"apt install", "journalctl -u hilphone", "/etc/hilphone/environment", "runuser -u hilphone", "UDP and TCP 5060", "## Backup", "## Upgrade", "/var/lib/hilphone"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page does not say %s", part)
		}
	}
}
