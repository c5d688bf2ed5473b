//go:build rig

package deb_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A root is a machine to install packages on: this one's files, with all that is changed kept elsewhere, and processes of its own.
type root struct {
	t     *testing.T
	enter []string // command line that what is to be done there is added to
}

const makeRoot = `set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=755 root "$1"
mkdir "$1/changed" "$1/work" "$1/root"
mount -t overlay -o lowerdir=/,upperdir="$1/changed",workdir="$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mount -t tmpfs -o mode=755 dev "$1/root/dev"
mkdir "$1/root/dev/pts" "$1/root/dev/shm"
for device in null zero full random urandom tty; do
  touch "$1/root/dev/$device"
  mount --bind "/dev/$device" "$1/root/dev/$device"
done
mount -t tmpfs run "$1/root/run"
mount -t tmpfs tmp "$1/root/tmp"
mkdir "$1/root/tmp/packages"
mount --bind "$2" "$1/root/tmp/packages"
chroot "$1/root" bash -ec 'dpkg --purge hilphone; ! getent passwd hilphone || userdel hilphone; rm -f /usr/sbin/policy-rc.d' >/dev/null 2>&1
echo made
`

// Without a service manager the first process of a root does nothing.
const idle = makeRoot + `read -r end || true`

// newRoot makes a root that ends with the test. The folder is its /tmp/packages; the script becomes its first process.
func newRoot(t *testing.T, packages, script string) *root {
	t.Helper()
	dir, err := os.MkdirTemp("", "hilphone-root-")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("bash", "-c", script, "root", dir, packages)
	// Its processes and its mounts end with the first process, and that one with the test.
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
		syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWCGROUP, Pdeathsig: syscall.SIGKILL}
	var problem strings.Builder
	c.Stderr = &problem
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = c.Process.Kill()
		_ = c.Wait()
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	if s := bufio.NewScanner(out); !s.Scan() || s.Text() != "made" {
		_ = c.Wait()
		t.Fatalf("a root for packages cannot be made here: %s", problem.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	return &root{t: t, enter: []string{"--target", strconv.Itoa(c.Process.Pid), "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup",
		"--", "chroot", filepath.Join(dir, "root"), "bash", "-euc"}}
}

func (r *root) try(script string) (string, error) {
	r.t.Helper()
	return try(r.t, 2*time.Minute, []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"},
		"nsenter", append(slices.Clone(r.enter), script)...)
}

// does runs a script and returns what it wrote, without the newline at the end.
func (r *root) does(script string) string {
	r.t.Helper()
	out, err := r.try(script)
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSuffix(out, "\n")
}

// gives runs a script that must write that.
func (r *root) gives(want, script string) {
	r.t.Helper()
	if got := r.does(script); got != want {
		r.t.Errorf("%s: got %q, want %q", script, got, want)
	}
}

// quiet are what Debian's tools say when all is well.
var quiet = []string{"Selecting previously", "(Reading database", "Preparing to unpack", "Unpacking ", "Setting up ", "Removing ", "Purging ",
	"Processing triggers", "Created symlink ", "Creating group ", "Creating user ", "Adding system user", "files and directories currently installed"}

// dpkg runs dpkg, which has nothing to complain of.
func (r *root) dpkg(args string) {
	r.t.Helper()
	for line := range strings.Lines(r.does("dpkg " + args)) {
		known := strings.TrimSpace(line) == ""
		for _, q := range quiet {
			known = known || strings.Contains(line, q)
		}
		if !known {
			r.t.Errorf("dpkg %s says: %s", args, line)
		}
	}
}

// versions makes a folder with first.deb, this machine's package, and a newer one, whose name it returns.
func versions(t *testing.T, dist string) (packages, newer string) {
	t.Helper()
	native := strings.TrimSpace(run(t, time.Minute, nil, "dpkg", "--print-architecture"))
	var own target
	for _, x := range targets {
		if x.name == native {
			own = x
		}
	}
	if own.name == "" {
		t.Fatalf("no package is made for this machine, which is %s", native)
	}
	packages = t.TempDir()
	first := filepath.Join(packages, "first.deb")
	run(t, time.Minute, nil, "cp", own.file(t, dist), first)
	newer = strings.TrimSpace(run(t, time.Minute, quick, "./deb", filepath.Join(dist, "hilphone-"+own.name), own.name, "9999+newer", packages))
	return packages, filepath.Base(newer)
}

// installed installs a package, upgrades, removes, installs again and purges it. sysusers says whether systemd's own tool makes the
// account.
func installed(t *testing.T, dist string, sysusers bool) {
	packages, newer := versions(t, dist)
	r := newRoot(t, packages, idle)
	r.does("ip link set lo up")
	if sysusers {
		if out, err := r.try("command -v systemd-sysusers deb-systemd-helper"); err != nil {
			t.Fatalf("systemd-sysusers or deb-systemd-helper is not installed: run make deps\n%s", out)
		}
	} else {
		r.does("rm -f /usr/bin/systemd-sysusers /bin/systemd-sysusers")
	}

	r.dpkg("--install /tmp/packages/first.deb")
	r.gives("install ok installed", "dpkg-query -W -f '${Status}' hilphone")
	r.gives("hilphone hilphone 700", "stat -c '%U %G %a' /var/lib/hilphone")
	r.gives("/var/lib/hilphone:/usr/sbin/nologin", "getent passwd hilphone | cut -d : -f 6,7")
	r.does("getent group gpio && getent group i2c && getent group audio")
	r.gives("/lib/systemd/system/hilphone.service", "readlink /etc/systemd/system/multi-user.target.wants/hilphone.service | sed 's|^/usr||'")
	const asPhone = "runuser -u hilphone -- hilphone "
	r.does(asPhone + "token new lab --data /var/lib/hilphone")
	r.gives("600 hilphone", "stat -c '%a %U' /var/lib/hilphone/hilphone.db")
	r.does(serves)

	r.does("echo HILPHONE_LOG_LEVEL=debug >>/etc/hilphone/environment")
	r.dpkg("--install /tmp/packages/" + newer)
	r.gives("9999+newer", "dpkg-query -W -f '${Version}' hilphone")
	r.gives("HILPHONE_LOG_LEVEL=debug", "tail -n 1 /etc/hilphone/environment")
	r.gives("lab", asPhone+"token list --data /var/lib/hilphone | tail -n 1 | cut -d ' ' -f 1")

	r.does("rm /etc/systemd/system/multi-user.target.wants/hilphone.service") // systemctl disable; it stays so
	r.dpkg("--install /tmp/packages/" + newer)
	r.does("! test -e /etc/systemd/system/multi-user.target.wants/hilphone.service")

	r.dpkg("--remove hilphone")
	r.gives("deinstall ok config-files", "dpkg-query -W -f '${Status}' hilphone")
	r.does("! test -e /usr/bin/hilphone && ! test -e /usr/lib/systemd/system/hilphone.service && test -s /var/lib/hilphone/hilphone.db")
	r.gives("/dev/null", "readlink /etc/systemd/system/hilphone.service")
	r.gives("HILPHONE_LOG_LEVEL=debug", "tail -n 1 /etc/hilphone/environment")

	r.dpkg("--install /tmp/packages/first.deb")
	r.does("! test -L /etc/systemd/system/hilphone.service")
	r.gives("lab", asPhone+"token list --data /var/lib/hilphone | tail -n 1 | cut -d ' ' -f 1")

	r.dpkg("--purge hilphone")
	r.gives("", "find /etc /usr /var -xdev -iname '*hilphone*'")
	r.gives("hilphone", "getent passwd hilphone | cut -d : -f 1") // an account is kept: files elsewhere may be its own
}

// serves runs the phone as its service does, as far as there is no service manager.
const serves = `
export STATE_DIRECTORY=/var/lib/hilphone HILPHONE_LISTEN=127.0.0.1:0
coproc setpriv --reuid hilphone --regid hilphone --init-groups --no-new-privs --bounding-set -all hilphone run 2>&1
while read -r line <&"${COPROC[0]}"; do
  case $line in *'web pages'*) url=${line##*url=}; break ;; esac
done
hilphone health "$url"
kill "$COPROC_PID"
cat <&"${COPROC[0]}" >/dev/null &
wait "$COPROC_PID"
`
