//go:build rig

package deb_test

import (
	"strings"
	"testing"
)

// managed is a root whose first process is systemd, with nothing to do but what a package gives it.
const managed = makeRoot + `
mount -t sysfs -o ro sysfs "$1/root/sys"
mount -t cgroup2 cgroup2 "$1/root/sys/fs/cgroup"
cd "$1/root"
rm -rf etc/systemd/system/*.wants etc/machine-id
touch etc/machine-id
for unit in systemd-udevd systemd-udev-trigger systemd-timesyncd systemd-networkd systemd-resolved systemd-binfmt; do
  ln -sf /dev/null "etc/systemd/system/$unit.service"
done
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd --unit=basic.target --show-status=false
`

// until waits in a root until a condition holds, and says what is the case if it never does.
func (r *root) until(condition string) {
	r.t.Helper()
	if out, err := r.try("for n in {1..300}; do if " + condition + "; then exit 0; fi; sleep 0.1; done; exit 1"); err != nil {
		state, _ := r.try("systemctl --no-pager --full status hilphone.service; journalctl --no-pager -n 40")
		r.t.Fatalf("not in 30 s: %s\n%s\n%s", condition, out, state)
	}
}

// of is a property of the service.
func (r *root) of(property string) string {
	r.t.Helper()
	return r.does("systemctl show --value --property " + property + " hilphone.service")
}

// service is the phone under a real service manager: it begins with the installation, is shut in, is begun anew when it hangs, is not
// when its command line is wrong, and is what is installed after an upgrade.
func service(t *testing.T, dist string) {
	needs(t, "systemctl")
	packages, newer := versions(t, dist)
	r := newRoot(t, packages, managed)
	r.until("[ -S /run/systemd/private ] && systemctl --quiet is-active basic.target")

	r.dpkg("--install /tmp/packages/first.deb")
	r.gives("active", "systemctl is-active hilphone.service")
	r.does("hilphone health")
	r.gives("", "systemd-analyze verify --man=no hilphone.service")
	r.does("systemd-analyze security --offline=yes --threshold=16 /usr/lib/systemd/system/hilphone.service") // SE-16: 1.5, for the network and the pins
	for property, want := range map[string]string{"MemoryMax": "402653184", "TasksMax": "256", "LimitNOFILE": "4096"} {
		if got := r.of(property); got != want {
			t.Errorf("%s is %s, not %s", property, got, want)
		}
	}
	first := r.of("MainPID")
	r.gives("hilphone", "ps -o user= -p "+first)
	status := strings.Join(strings.Fields(r.does("cat /proc/"+first+"/status")), " ")
	for _, want := range []string{"CapBnd: 0000000000000000", "CapEff: 0000000000000000", "NoNewPrivs: 1", "Seccomp: 2", "Umask: 0077"} {
		if !strings.Contains(status, want) {
			t.Errorf("the process is not %s: %s", want, status)
		}
	}
	r.gives("ro", "awk '$5 == \"/\" { print substr($6, 1, 2) }' /proc/"+first+"/mountinfo | tail -n 1")
	for _, group := range []string{"gpio", "i2c", "audio"} {
		r.does("grep -qw \"$(getent group " + group + " | cut -d : -f 3)\" <<<\"$(grep ^Groups: /proc/" + first + "/status)\"")
	}
	r.does("runuser -u hilphone -- hilphone token new lab --data /var/lib/hilphone") // beside the running phone

	r.does(`mkdir /etc/systemd/system/hilphone.service.d
		printf '[Service]\nWatchdogSec=3\nRestartSec=100ms\n' >/etc/systemd/system/hilphone.service.d/quick.conf
		systemctl daemon-reload
		systemctl restart hilphone.service`)
	const fed = "systemctl show --value --property WatchdogTimestampMonotonic hilphone.service"
	r.until("now=$(" + fed + "); sleep 4; [ \"$(" + fed + ")\" -gt \"$now\" ]")
	if n := r.of("NRestarts"); n != "0" {
		t.Errorf("begun anew %s times", n)
	}
	r.does("kill -STOP " + r.of("MainPID")) // it hangs
	r.until("[ \"$(systemctl show --value --property NRestarts hilphone.service)\" = 1 ] && systemctl --quiet is-active hilphone.service")

	r.does("echo HILPHONE_LISTEN=nowhere >>/etc/hilphone/environment")
	if out, err := r.try("systemctl restart hilphone.service"); err == nil {
		t.Errorf("it begins with a wrong command line: %s", out)
	}
	r.until("systemctl --quiet is-failed hilphone.service")
	if code, n := r.of("ExecMainStatus"), r.of("NRestarts"); code != "2" || n != "0" {
		t.Errorf("a wrong command line: exit code %s, begun anew %s times", code, n)
	}
	r.does("sed -i '$ d' /etc/hilphone/environment; systemctl restart hilphone.service")

	before := r.of("MainPID")
	r.dpkg("--install /tmp/packages/" + newer)
	r.gives("active", "systemctl is-active hilphone.service")
	if after := r.of("MainPID"); after == before || after == "0" {
		t.Errorf("the old version goes on after an upgrade: process %s, now %s", before, after)
	}
	r.does("systemctl stop hilphone.service")
	if result := r.of("Result"); result != "success" {
		t.Errorf("stopped, it ends with %s", result)
	}
	r.does("systemctl start hilphone.service")
	r.dpkg("--remove hilphone")
	r.does("! pgrep -x hilphone")
	r.does("rm -r /etc/systemd/system/hilphone.service.d")
	r.dpkg("--purge hilphone")
	r.gives("", "find /etc /usr /var -xdev -iname '*hilphone*' ! -path '/var/log/*'")
}
