//go:build rig && linux

package sip_test

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// inNetwork runs the calling test once more in a network namespace of its own, and reports whether this is that run. It needs user
// namespaces and iproute2.
func inNetwork(t *testing.T) bool {
	const mark = "HILPHONE_TEST_NETWORK"
	if os.Getenv(mark) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), mark+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("in a network namespace of its own (user namespaces needed): %v", err)
	}
	return false
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v (iproute2 needed): %v: %s", args, err, out)
	}
}

// T26, FO-08: the primary is behind a black hole, an address on the wire whose SYNs nobody answers. The backup is asked at D(n) = 7500 ms;
// where there is nobody else the line waits 64*T1.
func TestBlackHole(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	ip(t, "link", "set", "lo", "up")
	// A neighbour whose address is known and who is not there: neither ARP nor ICMP tells anything.
	ip(t, "link", "add", "one", "type", "veth", "peer", "name", "two")
	ip(t, "addr", "add", "192.0.2.1/24", "dev", "one")
	ip(t, "link", "set", "one", "up")
	ip(t, "link", "set", "two", "up")
	ip(t, "neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "one")
	dead := netip.MustParseAddrPort("192.0.2.9:5060")
	began := time.Now()
	if c, err := net.DialTimeout("tcp", dead.String(), 300*time.Millisecond); err == nil {
		c.Close()
		t.Fatal("the black hole answers")
	} else if !os.IsTimeout(err) {
		t.Fatalf("the black hole tells after %v: %v", time.Since(began), err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backup := answering(t, l, "backup")
	for _, c := range []struct {
		name      string
		primary   line.Transport
		backup    netip.AddrPort
		values    string
		want      time.Duration
		wantPhase line.Phase
	}{
		{"tcp at true T1", line.TCP, backup.at, "t1_ms=500 t2_ms=4000", 7500 * time.Millisecond, line.OnBackup},
		{"tls", line.TLS, backup.at, scaled, budget, line.OnBackup},
		{"tcp without the retry timer", line.TCP, backup.at, scaled + " tcp_use_retry_timer=1", budget, line.OnBackup},
		{"one server", line.TCP, netip.AddrPort{}, scaled, 3200 * time.Millisecond, line.AllFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWires(t)
			values := append(strings.Fields(c.values), "transport="+transportKey[c.primary], "backup_transport=1", "enable_failback=0")
			s := settingsFor(t, dead, backup.at, values...)
			if !c.backup.IsValid() {
				s = set(t, s, "backup_addr=")
			}
			w.startAt("0.0.0.0:0", s)
			w.phase(c.wantPhase)
			w.mu.Lock()
			at := w.events[0].at
			for _, e := range w.events {
				if f, ok := e.data.(event.LineState); ok && (f.Phase == string(line.TryBackup) || f.Phase == string(line.AllFailed)) {
					at = e.at
					break
				}
			}
			w.mu.Unlock()
			if took := at - w.started(line.REGISTER, line.Primary); took < c.want || took > c.want+late {
				t.Errorf("the primary was given up after %v, want %v", took, c.want)
			} else {
				t.Logf("the primary was given up after %v", took)
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			if n := w.dialled(dead); n != 1 {
				t.Errorf("dialled %d times", n)
			}
			if got := w.causes(line.REGISTER); got[0] != "primary no_response" {
				t.Errorf("ended %q", got)
			}
		})
	}
}
