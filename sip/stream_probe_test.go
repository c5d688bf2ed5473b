package sip_test

import (
	"slices"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// FB-06: the probe opens a connection of its own though the old one is open and idle, has 64*T1, and its connection is the line's
// thereafter. A call through the primary stays up all the while.
func TestProbeOpensAConnection(t *testing.T) {
	t.Parallel()
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			w := newWired(t)
			w.start(w.settings(transport, transport, "failback_interval=1"))
			w.phase(line.OnPrimary)
			w.post(line.Dial{Call: "1", To: "1002"})
			w.call("1", line.Talking)
			at := w.at(server.Primary, transport)
			w.behave(server.Primary, server.Behaviour{Mode: server.Status, Status: 503, Methods: []string{"REGISTER"}})
			w.post(line.Register{})
			w.phase(line.OnBackup)
			w.wantDialled(at, 1)
			w.until("a probe that is refused", func() bool { return w.has("probe_end", 1) })
			w.wantDialled(at, 2)
			w.behave(server.Primary, serve)
			w.phase(line.OnPrimary)
			w.wantDialled(at, 3)
			if c := w.lab.Primary.Counts(); c.Connections != 3 {
				t.Errorf("%d connections", c.Connections)
			}
			w.sound()
			all := w.lab.Phone.Calls()
			w.hungUp(all[len(all)-1]) // comes on the connection the call was made on, or the new one
			if c := w.call("1", line.Ended); c.End.By != line.ByPeer {
				t.Errorf("%+v", c.End)
			}
			c, id := w.ring(server.Primary)
			w.post(line.Answer{Call: id})
			w.answered(c)
			w.hungUp(c)
			w.call(id, line.Ended)
			w.wantDialled(at, 3)
		})
	}
}

// FB-06, FB-03: a probe that is taken and never answered has 64*T1.
func TestSilentProbe(t *testing.T) {
	t.Parallel()
	w := newWired(t)
	w.behave(server.Primary, refuse)
	w.start(w.settings(line.TCP, line.TCP, "failback_interval=1", "tcp_use_retry_timer=1"))
	w.phase(line.OnBackup)
	w.behave(server.Primary, silent)
	w.until("a probe and its end", func() bool { return w.has("probe_end", 1) })
	w.mu.Lock()
	defer w.mu.Unlock()
	var began, ended time.Duration
	for _, e := range w.events {
		switch e.kind {
		case "probe_start":
			began = e.at
		case "probe_end":
			ended = e.at
		}
	}
	if took := ended - began; took < 3200*time.Millisecond || took > 3200*time.Millisecond+late {
		t.Errorf("the probe took %v", took)
	}
	if n := len(w.received(server.Primary, "REGISTER")); n != 1 {
		t.Errorf("%d REGISTERs", n)
	}
}

// has says whether at least n events of a kind were recorded; w.mu is held.
func (w *wired) has(kind string, n int) bool {
	for _, e := range w.events {
		if e.kind == kind {
			n--
		}
	}
	return n <= 0
}

// FB-11: after failback the connection to the backup is kept for the call on it, however long nothing is said there; when the binding and
// the call are over it is closed, after 64*T1 at the earliest. The connection to the active server is kept as well.
func TestConnectionToTheBackupIsKept(t *testing.T) {
	t.Parallel()
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			w := newWired(t)
			w.behave(server.Primary, refuse)
			// 64*T1 is 1.28 s, less than the time between two refreshes.
			w.start(w.settings(transport, transport, "failback_interval=1", "failback_unregister_backup=1", "t1_ms=20", "t2_ms=160"))
			w.phase(line.OnBackup)
			w.post(line.Dial{Call: "1", To: "1002"})
			w.call("1", line.Talking)
			w.behave(server.Primary, server.Behaviour{MaxExpires: 4 * time.Second})
			w.phase(line.OnPrimary)
			w.forget()
			w.until("refreshes for 8 s", func() bool { return len(w.received(server.Primary, "REGISTER")) >= 4 })
			backup := w.at(server.Backup, transport)
			w.mu.Lock()
			if len(w.closed) > 0 || len(w.dials) > 0 {
				t.Errorf("closed %+v, dialled %+v", w.closed, w.dials)
			}
			w.mu.Unlock()
			all := w.lab.Phone.Calls()
			w.hungUp(all[len(all)-1])
			if c := w.call("1", line.Ended); c.End.By != line.ByPeer || c.Server != line.Backup {
				t.Errorf("%+v", c)
			}
			began := time.Now()
			w.until("the connection to the backup closed", func() bool {
				return slices.ContainsFunc(w.closed, func(d dialling) bool { return d.to == backup })
			})
			if took := time.Since(began); took < time.Second {
				t.Errorf("closed after %v", took)
			}
			w.wantDialled(backup, 0)
			w.phase(line.OnPrimary)
		})
	}
}
