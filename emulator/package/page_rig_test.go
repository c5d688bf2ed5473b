//go:build rig

package deb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pageCommands are the commands of the sections of doc/SERVICE.md, in their order, as a root can carry them out: what is built was built before, what
// would ask has its answer, and what does not end is ended. There is no device manager in a root.
func pageCommands(t *testing.T, sections ...string) (commands []string) {
	t.Helper()
	text, err := os.ReadFile("../../doc/SERVICE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range sections {
		_, part, ok := strings.Cut(string(text), "\n## "+section+"\n")
		if !ok {
			t.Fatalf("the page has no section %s", section)
		}
		part, _, _ = strings.Cut(part, "\n## ")
		found := 0
		for n, block := range strings.Split(part, "```") {
			if body, ok := strings.CutPrefix(block, "sh\n"); ok && n%2 == 1 {
				for line := range strings.Lines(body) {
					command, _, _ := strings.Cut(strings.TrimSpace(line), "  #")
					commands = append(commands, strings.TrimSpace(command))
					found++
				}
			}
		}
		if found == 0 {
			t.Fatalf("the section %s has no command", section)
		}
	}
	return commands
}

// carriedOut runs commands of the page in a root, in a folder that is like that of the source.
func (r *root) carriedOut(commands []string) {
	r.t.Helper()
	for _, c := range commands {
		switch {
		case strings.HasPrefix(c, "make "), strings.Contains(c, "udevadm "), strings.HasPrefix(c, "HILPHONE_"):
			continue
		case strings.Contains(c, "hilphone password"):
			c = "printf 'a long password\\n' | " + c
		case strings.HasPrefix(c, "journalctl ") && strings.Contains(c, " -f"):
			c = "timeout 2 " + c + " | grep -q 'web pages'"
		case strings.HasPrefix(c, "hilphone health"), strings.HasPrefix(c, "curl "):
			r.until(c + " >/dev/null 2>&1") // it has begun a moment ago
		}
		r.does("sudo() { \"$@\"; }; cd /source; " + c)
	}
}

// page does what doc/SERVICE.md says: with the package from its installation to its purge, and without it from the program and the files of the source
// (UX-23).
func page(t *testing.T, dist string) {
	packages, _ := versions(t, dist)
	run(t, time.Minute, nil, "cp", filepath.Join(dist, "hilphone-"+strings.TrimSpace(run(t, time.Minute, nil, "dpkg", "--print-architecture"))), filepath.Join(packages, "hilphone"))
	for _, name := range []string{"hilphone.service", "environment", "sysusers.conf", "60-hilphone.rules"} {
		run(t, time.Minute, nil, "cp", name, packages)
	}
	begin := func(t *testing.T) *root {
		r := newRoot(t, packages, managed)
		r.until("[ -S /run/systemd/private ] && systemctl --quiet is-active basic.target")
		r.does(`mkdir -p /source/dist /source/emulator/package
			cp /tmp/packages/first.deb "/source/dist/hilphone_1_$(dpkg --print-architecture).deb"
			cp /tmp/packages/hilphone /source/
			cp /tmp/packages/{hilphone.service,environment,sysusers.conf,60-hilphone.rules} /source/emulator/package/
			echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/yes`)
		return r
	}
	t.Run("package", func(t *testing.T) {
		t.Parallel()
		r := begin(t)
		r.carriedOut(pageCommands(t, "From the Debian package", "First steps", "Journal", "Backup", "Upgrade and removal"))
		r.gives("", "find /etc /usr /var -xdev -iname '*hilphone*' ! -path '/var/log/*'")
		r.does("test -s /source/hilphone-data.tar.gz")
	})
	t.Run("files", func(t *testing.T) {
		t.Parallel()
		r := begin(t)
		r.carriedOut(pageCommands(t, "On another Linux", "First steps", "Journal"))
		r.gives("active", "systemctl is-active hilphone.service")
		r.gives("", "systemd-analyze verify --man=no hilphone.service")
	})
}
