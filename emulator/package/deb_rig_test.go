//go:build rig

package deb_test

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A target is what packages are built for.
type target struct {
	name    string // Debian's
	machine elf.Machine
	qemu    string // emulates it
	libc    string // where its C library is for that; empty: the machine's own
}

var targets = []target{
	{"amd64", elf.EM_X86_64, "qemu-x86_64-static", ""},
	{"arm64", elf.EM_AARCH64, "qemu-aarch64-static", "/usr/aarch64-linux-gnu"},
	{"armhf", elf.EM_ARM, "qemu-arm-static", "/usr/arm-linux-gnueabihf"},
}

// quick has packages made larger in a tenth of the time.
var quick = []string{"LEVEL=0"}

// buildLimit is for a build of what has been built before; make test does that first.
const buildLimit = 6 * time.Minute

// TestPackages builds the packages and does with them what their users do.
func TestPackages(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("packages are installed by root: run this by make test")
	}
	for _, tool := range []string{"make", "dpkg-deb", "dpkg", "readelf", "nsenter", "chroot", "runuser", "setpriv", "ip", "aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc"} {
		needs(t, tool)
	}
	dist, source := t.TempDir(), copied(t, "../..")
	run(t, buildLimit, quick, "make", "-C", source, "deb", "DIST="+dist)
	for _, x := range targets {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if x.libc != "" {
				t.Run("runs", func(t *testing.T) { x.runs(t, dist) })
			}
			t.Run("contents", func(t *testing.T) { x.contents(t, dist) })
		})
	}
	t.Run("again", func(t *testing.T) {
		t.Parallel()
		builtAgain(t, source, dist)
	})
	t.Run("service", func(t *testing.T) {
		t.Parallel()
		service(t, dist)
	})
	t.Run("page", func(t *testing.T) {
		t.Parallel()
		page(t, dist)
	})
	for _, sysusers := range []bool{true, false} {
		t.Run(fmt.Sprintf("installed sysusers=%v", sysusers), func(t *testing.T) {
			t.Parallel()
			installed(t, dist, sysusers)
		})
	}
}

func needs(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Fatalf("%s is not installed: run make deps", tool)
	}
}

// run runs a command to its end and returns what it wrote.
func run(t *testing.T, limit time.Duration, env []string, name string, args ...string) string {
	t.Helper()
	out, err := try(t, limit, env, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func try(t *testing.T, limit time.Duration, env []string, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), limit, fmt.Errorf("not done in %v", limit))
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	for _, v := range append(os.Environ(), env...) {
		if !strings.HasPrefix(v, "MAKE") && !strings.HasPrefix(v, "MFLAGS=") { // of the make that runs this
			c.Env = append(c.Env, v)
		}
	}
	c.WaitDelay = 5 * time.Second
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return string(out), err
}

// file is the one package for the target in a folder.
func (x target) file(t *testing.T, dist string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, "hilphone_*_"+x.name+".deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("packages for %s: %v %v", x.name, found, err)
	}
	return found[0]
}

// contents looks into the package.
func (x target) contents(t *testing.T, dist string) {
	program, err := elf.Open(filepath.Join(dist, "hilphone-"+x.name))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if program.Machine != x.machine || program.Type != elf.ET_DYN {
		t.Errorf("the program is %v for %v", program.Type, program.Machine)
	}
	file := x.file(t, dist)
	fields := run(t, time.Minute, nil, "dpkg-deb", "--field", file)
	for _, want := range []string{`Package: hilphone`, `Version: [0-9][0-9A-Za-z.+~]*`, `Architecture: ` + x.name, `Depends: libc6 \(>= 2\.[0-9]+\), passwd`, `Installed-Size: [1-9][0-9]{3,}`} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(fields) {
			t.Errorf("no field %s in\n%s", want, fields)
		}
	}
	symbols, err := program.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	libc := regexp.MustCompile(`libc6 \(>= 2\.([0-9]+)\)`).FindStringSubmatch(fields)[1]
	for _, s := range symbols {
		var minor, needed int
		if n, _ := fmt.Sscanf(s.Version, "GLIBC_2.%d", &minor); n == 1 {
			if _, err := fmt.Sscan(libc, &needed); err != nil || minor > needed {
				t.Errorf("%s is of %s, the package asks for 2.%s", s.Name, s.Version, libc)
			}
		}
	}
	list := run(t, time.Minute, nil, "dpkg-deb", "--contents", file)
	for _, want := range []string{
		`-rwxr-xr-x root/root .* \./usr/bin/hilphone`,
		`-rw-r--r-- root/root .* \./usr/lib/systemd/system/hilphone\.service`,
		`-rw-r--r-- root/root .* \./usr/lib/udev/rules\.d/60-hilphone\.rules`,
		`-rw-r--r-- root/root .* \./usr/lib/sysusers\.d/hilphone\.conf`,
		`-rw-r--r-- root/root .* \./etc/hilphone/environment`,
		`-rw-r--r-- root/root .* \./usr/share/doc/hilphone/copyright`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(list) {
			t.Errorf("no %s in\n%s", want, list)
		}
	}
	if got := run(t, time.Minute, nil, "dpkg-deb", "--info", file, "conffiles"); got != "/etc/hilphone/environment\n" {
		t.Errorf("configuration files: %q", got)
	}
}

// copied copies the project, so that nobody changes it while it is built.
func copied(t *testing.T, from string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "a copy of it")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, time.Minute, nil, "bash", "-c", `set -o pipefail
		tar -C "$1" --exclude=./dist --exclude=./.home --exclude=./hilphone -c . | tar -C "$2" --no-same-owner -x`, "copy", from, folder)
	return folder
}

// builtAgain builds all programs and packages in another folder and without anything of the first build: the same bytes come out. What
// that other builder has compiled is kept for the next time.
func builtAgain(t *testing.T, source, dist string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	again := t.TempDir()
	run(t, buildLimit, slices.Concat(quick, []string{"GOCACHE=" + filepath.Join(cache, "hilphone-again")}),
		"make", "-C", copied(t, source), "deb", "DIST="+again)
	for _, x := range targets {
		for _, pair := range [][2]string{
			{filepath.Join(dist, "hilphone-"+x.name), filepath.Join(again, "hilphone-"+x.name)},
			{x.file(t, dist), x.file(t, again)},
		} {
			first, err := os.ReadFile(pair[0])
			if err != nil {
				t.Fatal(err)
			}
			second, err := os.ReadFile(pair[1])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first, second) {
				t.Errorf("%s: built again it has other bytes", filepath.Base(pair[0]))
			}
		}
	}
}
