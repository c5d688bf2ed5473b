package sip_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

const (
	budget = 750 * time.Millisecond // D(3) in scaled time
	late   = 500 * time.Millisecond // that a busy machine may be
)

var closing = server.Behaviour{Mode: server.Close}

// From one transport to another and back again, with a call on each (T25 to T27 between transports; FB-04, FO-36). The call through the
// backup goes on after failback, over the connection it was made on (FB-10, FB-11).
func TestFailoverBetweenTransports(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]line.Transport{{line.TCP, line.TCP}, {line.TLS, line.TLS}, {line.TLS, line.UDP}, {line.UDP, line.TLS}, {line.TCP, line.TLS}, {line.UDP, line.TCP}} {
		t.Run(string(c[0])+" to "+string(c[1]), func(t *testing.T) {
			t.Parallel()
			w := newWired(t)
			w.start(w.settings(c[0], c[1], "failback_interval=1"))
			w.phase(line.OnPrimary)
			w.post(line.Dial{Call: "first", To: "1002"})
			w.call("first", line.Talking)

			w.behave(server.Primary, refuse)
			w.post(line.HangUp{Call: "first"})
			if info := w.peerOver(); info.End.By != "peer" {
				t.Errorf("1002's call ended %+v", info.End)
			}
			w.phase(line.OnBackup)
			w.post(line.Dial{Call: "second", To: "1002"})
			if got := w.call("second", line.Talking); got.Server != line.Backup {
				t.Errorf("the call goes through the %s", got.Server)
			}
			w.sound()

			w.behave(server.Primary, serve)
			w.phase(line.OnPrimary)
			w.sound()
			w.post(line.Hold{Call: "second"})
			w.call("second", line.Held)
			w.post(line.HangUp{Call: "second"})
			if info := w.peerOver(); info.Via != w.lab.Backup.Addr() {
				t.Errorf("1002's call came from %s", info.Via)
			}
			if c[1] != line.UDP {
				w.wantDialled(w.at(server.Backup, c[1]), 1)
			}
			w.post(line.Dial{Call: "third", To: "1002"})
			if got := w.call("third", line.Talking); got.Server != line.Primary {
				t.Errorf("the call goes through the %s", got.Server)
			}
			w.post(line.HangUp{Call: "third"})
			w.peerOver()
			w.end()
			var last string
			for _, m := range w.out("REGISTER") {
				last, _, _ = strings.Cut(after(string(m.Raw), "Contact: <"), ">")
			}
			for _, b := range w.lab.Primary.Registrations().Bindings("1001") {
				if strings.HasPrefix(b.Contact, last) { // over TLS, that of the first connection is left to end
					t.Errorf("still registered: %+v", b)
				}
			}
		})
	}
}

// T25, FO-07: a port that refuses. The backup is asked within 100 ms, and the primary is not dialled twice.
func TestConnectionRefused(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			fastest := time.Hour // of five: the machine may be busy
			for range 5 {
				w := newWired(t)
				w.behave(server.Primary, refuse)
				w.start(w.settings(transport, transport))
				w.phase(line.OnBackup)
				w.mu.Lock()
				fastest = min(fastest, w.dials[1].at.Sub(w.mark))
				w.mu.Unlock()
				w.wantDialled(w.at(server.Primary, transport), 1)
				w.wantCauses(line.REGISTER, "primary connect", "backup response", "backup response")
				for _, m := range w.out("REGISTER") {
					if m.Slot != line.Backup || m.Transport != transport {
						t.Errorf("REGISTER to %s over %s", m.Remote, m.Transport)
					}
				}
				w.end()
			}
			if fastest > 100*time.Millisecond {
				t.Errorf("the backup was dialled after %v", fastest)
			}
		})
	}
}

// T27, FO-08: a primary that takes connections and never answers has 64*T1, or with TCP Use Retry Timer D(n). It gets exactly one REGISTER,
// and its connection is closed and not used again.
func TestAcceptedAndSilent(t *testing.T) {
	t.Parallel()
	for _, transport := range reliable {
		for setting, want := range map[string]time.Duration{"tcp_use_retry_timer=0": 64 * 50 * time.Millisecond, "tcp_use_retry_timer=1": budget} {
			t.Run(string(transport)+" "+setting, func(t *testing.T) {
				t.Parallel()
				w := newWired(t)
				w.behave(server.Primary, silent)
				w.start(w.settings(transport, transport, setting))
				w.phase(line.OnBackup)
				if took := w.started(line.REGISTER, line.Backup) - w.started(line.REGISTER, line.Primary); took < want || took > want+late {
					t.Errorf("the backup was asked after %v, want %v", took, want)
				}
				if got := w.requests(server.Primary, "REGISTER"); len(got) != 1 {
					t.Errorf("%d REGISTERs at the primary\n%s", len(got), w.story())
				}
				w.mu.Lock()
				if len(w.closed) == 0 || w.closed[0].n != 0 {
					t.Errorf("the frozen connection was not closed: %+v", w.closed)
				}
				w.mu.Unlock()
				w.wantCauses(line.REGISTER, "primary no_response", "backup response", "backup response")
				w.behave(server.Primary, serve)
				w.post(line.Register{})
				w.phase(line.OnPrimary)
				w.wantDialled(w.at(server.Primary, transport), 2)
			})
		}
	}
}

// FO-33, FO-07: a call that rings when its connection ends is not failed over; hanging up ends it.
func TestConnectionEndsWhileRinging(t *testing.T) {
	t.Parallel()
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			w := newWired(t)
			if err := w.lab.Phone.SetAnswering(server.Answering{Mode: server.Ring}); err != nil {
				t.Fatal(err)
			}
			w.start(w.settings(transport, transport, "enable_failback=0"))
			w.phase(line.OnPrimary)
			w.post(line.Dial{Call: "1", To: "1002"})
			w.call("1", line.Ringback)
			w.forget()
			w.behave(server.Primary, refuse)
			if transport == line.TLS { // the Contact is gone with the connection
				w.phase(line.OnBackup)
			} else {
				w.behave(server.Primary, serve)
			}
			if c := w.call("1", line.Ringback); c.Server != line.Primary {
				t.Errorf("%+v", c)
			}
			w.post(line.HangUp{Call: "1"})
			if c := w.call("1", line.Ended); c.End.By != line.ByUser {
				t.Errorf("%+v", c.End)
			}
			w.until("the CANCEL over", func() bool { return len(w.causes(line.CANCEL)) == 1 })
			if got := w.out("INVITE"); len(got) != 0 {
				t.Errorf("INVITE again\n%s", w.story())
			}
		})
	}
}

// CL-04: over TLS the Contact is the connection, so that a connection that is lost is made anew at once, and calls come again.
func TestLostConnectionIsMadeAnew(t *testing.T) {
	w := newWired(t)
	w.start(w.settings(line.TLS, line.TLS))
	w.phase(line.OnPrimary)
	w.forget()
	w.behave(server.Primary, refuse) // cuts all connections
	w.phase(line.OnBackup)
	w.behave(server.Primary, serve)
	w.post(line.Register{})
	w.phase(line.OnPrimary)
	c, id := w.ring(server.Primary)
	w.post(line.Answer{Call: id})
	w.answered(c)
	w.hungUp(c)
	w.call(id, line.Ended)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if f, ok := e.data.(event.Failover); ok && (f.Trigger != "address" || f.Cause != string(line.CauseConnect)) {
			t.Errorf("%+v", f)
		}
	}
}

// OP-12: a proxy sends calls by the connection of the REGISTER, also over TCP where the Contact names the line's own port: when it ends, the line registers
// again. A server that is reached directly uses the Contact.
func TestLostConnectionToProxy(t *testing.T) {
	for _, proxied := range []bool{true, false} {
		t.Run(fmt.Sprintf("proxy %v", proxied), func(t *testing.T) {
			w := newWired(t)
			settings := w.settings(line.TCP, line.TCP)
			if proxied {
				at := func(s string) (string, string) {
					a := w.at(s, line.TCP)
					return a.Addr().String(), strconv.Itoa(int(a.Port()))
				}
				p, pPort := at(server.Primary)
				b, bPort := at(server.Backup)
				settings = set(t, settings, "register_addr=127.0.0.7", "backup_addr=", "outbound_proxy_addr="+p, "outbound_proxy_port="+pPort,
					"backup_outbound_proxy_addr="+b, "backup_outbound_proxy_port="+bPort)
			}
			w.start(settings)
			w.phase(line.OnPrimary)
			w.forget()
			w.behave(server.Primary, refuse) // cuts all connections
			if proxied {
				w.phase(line.OnBackup) // by itself
				return
			}
			w.post(line.Dial{Call: "1", To: "1002"}) // the first that the line has to ask for
			w.phase(line.OnBackup)
			w.tell(func() {
				for _, e := range w.events {
					if f, ok := e.data.(event.Failover); ok && f.Trigger != "invite" {
						t.Errorf("%+v", f)
					}
				}
			})
		})
	}
}

// FO-07, FO-50: with every server refusing, the user is told at once.
func TestEveryServerRefuses(t *testing.T) {
	w := newWired(t)
	w.behave(server.Primary, refuse)
	w.behave(server.Backup, refuse)
	w.start(w.settings(line.TCP, line.TLS))
	w.phase(line.AllFailed)
	w.post(line.Dial{Call: "1", To: "1002"})
	if c := w.call("1", line.Ended); c.End.Cause != line.CauseConnect {
		t.Errorf("%+v", c.End)
	}
	w.wantCauses(line.REGISTER, "primary connect", "backup connect", "backup connect")
}
