package sip_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip"
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

// FO-07: the connection was there before and ends when the request is sent. The same server is dialled once more, with a new branch, and
// takes the request: nothing fails over.
func TestReusedConnectionIsDialledAgain(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			w := newWired(t)
			w.start(w.settings(transport, transport))
			w.phase(line.OnPrimary)
			at := w.at(server.Primary, transport)
			once := func(method string) {
				w.forget()
				w.behave(server.Primary, server.Behaviour{CloseAfter: 1, Methods: []string{method}})
			}
			again := func(method string) {
				t.Helper()
				got := w.requests(server.Primary, method)
				next := got[0].CSeq
				if method == "REGISTER" { // a registrar that has had the first would refuse the same number (RFC 3261 10.3)
					next++
				}
				if len(got) < 2 || got[1].CSeq != next || got[0].Branch == got[1].Branch || got[0].CallID != got[1].CallID {
					t.Errorf("%d times %s at the primary\n%s", len(got), method, w.story())
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				if got := w.causes(line.Method(method)); len(got) == 0 || got[0] != "primary connect" || slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "backup") }) {
					t.Errorf("%s ended %q", method, got)
				}
				if n := w.dialled(at); n != 1 {
					t.Errorf("the primary was dialled %d times for %s", n, method)
				}
			}
			once("REGISTER")
			w.post(line.Register{})
			w.until("registered again", func() bool { return strings.HasSuffix(strings.Join(w.causes(line.REGISTER), " "), "primary response") })
			again("REGISTER")
			w.phase(line.OnPrimary)

			once("INVITE")
			w.post(line.Dial{Call: "1", To: "1002"})
			if c := w.call("1", line.Talking); c.Server != line.Primary {
				t.Errorf("%+v", c)
			}
			again("INVITE")
			w.settled()

			once("BYE")
			w.post(line.HangUp{Call: "1"})
			w.peerOver()
			w.until("BYE answered", func() bool { return len(w.causes(line.BYE)) == 2 })
			again("BYE")
			w.phase(line.OnPrimary)
			w.wantDialled(w.at(server.Backup, transport), 0)
		})
	}
}

// settled waits until the line is registered and no REGISTER is under way.
func (w *wired) settled() {
	w.t.Helper()
	w.until("no REGISTER under way", func() bool {
		open := 0
		for _, e := range w.events {
			if text := ""; e.kind == "attempt_start" || e.kind == "attempt_end" {
				text = e.kind
				if text == "attempt_start" {
					open++
				} else {
					open--
				}
			}
		}
		return open == 0 && w.states[len(w.states)-1].Active != line.None
	})
}

// FO-07: a server that ends every connection gets one more, and then the backup has its turn; REGISTER, INVITE and BYE.
func TestServerThatEndsConnections(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			w := newWired(t)
			w.start(w.settings(transport, transport))
			at := w.at(server.Primary, transport)
			twice := func(method line.Method) {
				t.Helper()
				w.mu.Lock()
				defer w.mu.Unlock()
				if got := len(w.received(server.Primary, string(method))); got != 2 || w.dialled(at) != 1 {
					t.Errorf("%d times %s, %d times dialled", got, method, w.dialled(at))
				}
				if got := w.causes(method); len(got) < 2 || got[0] != "primary connect" || got[1] != "primary connect" {
					t.Errorf("%s ended %q", method, got)
				}
			}
			back := func() {
				t.Helper()
				w.behave(server.Primary, serve)
				w.post(line.Register{})
				w.phase(line.OnPrimary)
				w.settled()
				w.forget()
			}
			w.phase(line.OnPrimary)
			w.forget()
			w.behave(server.Primary, closing)
			w.post(line.Register{})
			w.phase(line.OnBackup)
			twice(line.REGISTER)

			back()
			w.behave(server.Primary, server.Behaviour{Mode: server.Close, Methods: []string{"INVITE"}})
			w.post(line.Dial{Call: "1", To: "1002"})
			if c := w.call("1", line.Talking); c.Server != line.Backup {
				t.Errorf("%+v", c)
			}
			twice(line.INVITE)
			w.post(line.HangUp{Call: "1"})
			w.peerOver()

			back()
			w.post(line.Dial{Call: "2", To: "1002"})
			w.call("2", line.Talking)
			w.behave(server.Primary, server.Behaviour{Mode: server.Close, Methods: []string{"BYE"}})
			w.post(line.HangUp{Call: "2"})
			if info := w.peerOver(); info.End.By != "peer" {
				t.Errorf("%+v", info.End)
			}
			twice(line.BYE)
			w.phase(line.OnBackup)
		})
	}
}

// FO-07: a connection that is fresh and ends gets no second one.
func TestFreshConnectionIsNotDialledAgain(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			w := newWired(t)
			w.behave(server.Primary, closing)
			w.start(w.settings(transport, transport))
			w.phase(line.OnBackup)
			w.wantDialled(w.at(server.Primary, transport), 1)
			w.wantCauses(line.REGISTER, "primary connect", "backup response", "backup response")
		})
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
			// 64*T1 is 640 ms, less than the time between two refreshes.
			w.start(w.settings(transport, transport, "failback_interval=1", "failback_unregister_backup=1", "t1_ms=10", "t2_ms=80"))
			w.phase(line.OnBackup)
			w.post(line.Dial{Call: "1", To: "1002"})
			w.call("1", line.Talking)
			w.behave(server.Primary, server.Behaviour{MaxExpires: 2 * time.Second})
			w.phase(line.OnPrimary)
			w.forget()
			w.until("refreshes for 7 s", func() bool { return len(w.received(server.Primary, "REGISTER")) >= 7 })
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
			if took := time.Since(began); took < 500*time.Millisecond {
				t.Errorf("closed after %v", took)
			}
			w.wantDialled(backup, 0)
			w.phase(line.OnPrimary)
		})
	}
}

// FO-07: the connection has ended, and the line has not heard of it when it sends. That is the same as a connection that ends then.
func TestConnectionEndsUnheard(t *testing.T) {
	w := newWired(t)
	registers, ended := 0, make(chan struct{})
	var first net.Conn
	w.start(w.settings(line.TCP, line.TCP), func(c *sip.Config) {
		dial, record := c.Dial, c.Record
		c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err == nil && first == nil {
				first = conn.(*observed).Conn
				conn = &observed{Conn: conn, closing: func() { close(ended) }}
			}
			return conn, err
		}
		c.Record = func(kind string, n int, call line.CallID, data any) {
			if kind == "attempt_start" {
				if registers++; registers == 3 { // the first two were challenged and answered
					first.Close()
					<-ended // the reader has given the connection up; the line is busy with this REGISTER
				}
			}
			record(kind, n, call, data)
		}
	})
	w.phase(line.OnPrimary)
	w.forget()
	w.post(line.Register{})
	w.until("registered again", func() bool { return slices.Contains(w.causes(line.REGISTER), "primary response") })
	w.wantDialled(w.at(server.Primary, line.TCP), 1)
	w.wantDialled(w.at(server.Backup, line.TCP), 0)
}

// FO-61: TCP and UDP at one address are two servers: each message is shown as that of its own, and a call belongs to the one it came from.
func TestTwoTransportsAtOneAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	primary := answering(t, l, "primary")
	primary.refuse(true)
	c, err := net.ListenPacket("udp", primary.at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(unhurried)); err != nil {
		t.Fatal(err)
	}
	w := &wired{t: t, news: make(chan struct{}, 1), calls: map[line.CallID]line.Call{}}
	w.start(settingsFor(t, primary.at, primary.at, append(strings.Fields(scaled), "transport=1", "backup_transport=0", "enable_failback=0")...))
	b := make([]byte, 65535)
	n, from, err := c.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WriteTo([]byte(grant(datagram{raw: string(b[:n])}, 3600)), from); err != nil {
		t.Fatal(err)
	}
	w.phase(line.OnBackup)
	invite := message("INVITE sip:1001@127.0.0.1 SIP/2.0", "Via: SIP/2.0/UDP "+primary.at.String()+";branch=z9hG4bKone", "From: <sip:a@127.0.0.2>;tag=a", "To: <sip:1001@127.0.0.1>",
		"Call-ID: one", "CSeq: 1 INVITE", "Contact: <sip:a@"+primary.at.String()+">", "Content-Length: 0")
	if _, err := c.WriteTo([]byte(invite), from); err != nil {
		t.Fatal(err)
	}
	if got := w.call("in1", line.Ringing); got.Server != line.Backup {
		t.Errorf("the call came through the %s", got.Server)
	}
	c.Close() // the un-REGISTER gets ICMP
	w.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.traced {
		if (m.Slot == line.Primary) != (m.Transport == line.TCP) || (m.Slot == line.Backup) != (m.Transport == line.UDP) {
			t.Errorf("%s shown as the %s's: %.40q", m.Transport, m.Slot, m.Raw)
		}
	}
}

// Two servers at one address, and one port at two addresses: each has its own connections, and so has each of two lines.
func TestNoConnectionOfAnotherServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, primary, backup string }{{"one address", "127.0.0.2", "127.0.0.2"}, {"one port", "127.0.0.2", "127.0.0.3"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWired(t)
			p, err := net.Listen("tcp", c.primary+":0")
			if err != nil {
				t.Fatal(err)
			}
			_, port, _ := net.SplitHostPort(p.Addr().String())
			if c.primary == c.backup {
				port = "0"
			}
			b, err := net.Listen("tcp", c.backup+":"+port)
			if err != nil {
				t.Fatal(err)
			}
			primary, backup := answering(t, p, "primary"), answering(t, b, "backup")
			s := settingsFor(t, addrOf(p), addrOf(b), append(strings.Fields(scaled), "transport=1", "backup_transport=1", "failback_interval=1")...)
			w.start(s)
			other := &wired{t: t, lab: w.lab, news: make(chan struct{}, 1), calls: map[line.CallID]line.Call{}}
			other.start(s, func(c *sip.Config) { c.Number = 2 })
			w.phase(line.OnPrimary)
			other.phase(line.OnPrimary)
			primary.refuse(true)
			w.post(line.Register{})
			w.phase(line.OnBackup)
			primary.refuse(false)
			w.phase(line.OnPrimary)
			other.post(line.Dial{Call: "1", To: "1002"})
			other.call("1", line.Ended)
			w.end()
			other.end()
			for _, s := range []*answerer{primary, backup} {
				for _, fault := range s.strangers() {
					t.Errorf("the %s got %s", s.name, fault)
				}
			}
			if n := len(primary.conns()); n < 3 {
				t.Errorf("%d connections at the primary", n)
			}
		})
	}
}

// A server that ends the connection after each answer does not make the line register without end (CL-04).
func TestServerThatEndsConnectionsAfterAnswers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	s := answering(t, l, "primary")
	s.endAfterAnswer()
	w := newWired(t)
	// Without a port of its own the line's Contact is the connection.
	w.start(settingsFor(t, addrOf(l), addrOf(l), append(strings.Fields(scaled), "transport=1", "backup_transport=1")...), func(c *sip.Config) { c.Listen = nil })
	began := time.Now()
	w.until("four registrations", func() bool { return len(w.dials) == 4 })
	if took := time.Since(began); took < 6*time.Second {
		t.Errorf("four registrations within %v", took)
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
		if f, ok := e.data.(line.FailoverNote); ok && (f.Trigger != "address" || f.Cause != line.CauseConnect) {
			t.Errorf("%+v", f)
		}
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
