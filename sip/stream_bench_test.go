package sip_test

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/sip"
	"hilphone/sip/line"
)

// BenchmarkFault measures from the arrival of a fault to the first datagram, or the SYN, to the backup: what the phone itself adds to a
// failover that no timer holds up.
func BenchmarkFault(b *testing.B) {
	for _, f := range []struct {
		name      string
		transport string
		primary   func(b *testing.B, w *faultWatch) netip.AddrPort
	}{
		{"icmp", "0", closedUDP},
		{"503", "0", unavailableUDP},
		{"refused", "1", closedTCP},
		{"reset", "1", resetTCP},
		{"alert", "3", alertTLS},
	} {
		b.Run(f.name, func(b *testing.B) {
			watch := &faultWatch{}
			primary := f.primary(b, watch)
			backup := registrar(b, false)
			backupTransport := "backup_transport=0"
			if f.transport != "0" {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				s := answering(b, l, "backup")
				s.endAfterAnswer() // each failover begins with a SYN
				backup, backupTransport = s.at, "backup_transport=1"
			}
			w := newWires(b)
			_, w.caFile = authority(b)
			s := settingsFor(b, primary, backup, "transport="+f.transport, backupTransport, "enable_failback=0", "tls_ca_file="+w.caFile)
			w.start(s, func(c *sip.Config) {
				trace := c.Trace
				c.Trace = func(m sip.Message) {
					watch.see(m)
					trace(m)
				}
			})
			w.phase(line.OnBackup)
			var all []time.Duration
			for b.Loop() {
				w.forget()
				watch.clear()
				w.post(line.Register{})
				w.until("registered at the backup", func() bool {
					return len(w.states) > 1 && w.states[len(w.states)-1].Phase == line.OnBackup && (f.transport == "0" || w.dialled(backup) > 0)
				})
				fault, next := watch.times()
				w.mu.Lock()
				for _, d := range w.dials {
					switch {
					case d.to == backup:
						next = d.at
					case f.name == "refused":
						fault = d.at
					}
				}
				w.mu.Unlock()
				if fault.IsZero() || next.Before(fault) {
					b.Fatalf("fault at %v, backup at %v\n%s", fault, next, w.story())
				}
				all = append(all, next.Sub(fault))
			}
			figures(b, "fault-to-backup", all, time.Millisecond, "ms")
		})
	}
}

// faultWatch keeps when the last fault arrived and when the backup was asked.
type faultWatch struct {
	mu          sync.Mutex
	fault, next time.Time
	icmp        bool
	answer      bool
}

func (f *faultWatch) see(m sip.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case m.Slot == line.Primary && f.icmp && m.Out, m.Slot == line.Primary && f.answer && !m.Out:
		f.fault = m.At
	case m.Slot == line.Backup && m.Out && f.next.IsZero() && m.Transport == line.UDP:
		f.next = m.At
	}
}

func (f *faultWatch) now() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = time.Now()
}

func (f *faultWatch) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.next = time.Time{}, time.Time{}
}

func (f *faultWatch) times() (fault, next time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault, f.next
}

// closedUDP is a port nobody listens at: the ICMP message is there when the datagram has left.
func closedUDP(b *testing.B, w *faultWatch) netip.AddrPort {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	w.icmp = true
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// unavailableUDP answers 503.
func unavailableUDP(b *testing.B, w *faultWatch) netip.AddrPort {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	w.answer = true
	var task sync.WaitGroup
	task.Go(func() {
		buf := make([]byte, 65535)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteTo([]byte(reply(datagram{raw: string(buf[:n])}, "503 Service Unavailable")), from)
		}
	})
	b.Cleanup(func() { c.Close(); task.Wait() })
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func closedTCP(b *testing.B, _ *faultWatch) netip.AddrPort {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return addrOf(l)
}

// resetTCP resets each connection when something is said on it.
func resetTCP(b *testing.B, w *faultWatch) netip.AddrPort {
	return upset(b, func(c *net.TCPConn) {
		w.now()
		_ = c.SetLinger(0)
	})
}

// alertTLS refuses each handshake.
func alertTLS(b *testing.B, w *faultWatch) netip.AddrPort {
	return upset(b, func(c *net.TCPConn) {
		w.now()
		_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, 40}) // fatal, handshake_failure (RFC 8446 6.2)
	})
}

func upset(b *testing.B, by func(*net.TCPConn)) netip.AddrPort {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		b.Fatal(err)
	}
	var task sync.WaitGroup
	task.Go(func() {
		buf := make([]byte, 65535)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := c.Read(buf); err == nil {
				by(c.(*net.TCPConn))
			}
			_ = c.Close()
		}
	})
	b.Cleanup(func() { l.Close(); task.Wait() })
	return addrOf(l)
}

// BenchmarkSilentStream measures how exactly a primary that accepts and says nothing is given up, with T1 = 10 ms: the instant of the SYN to
// the backup against the schedule, D(3) = 150 ms after the attempt began.
func BenchmarkSilentStream(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		b.Fatal(err)
	}
	silent := answering(b, l, "primary")
	silent.hush()
	other, err := net.Listen("tcp", "127.0.0.3:0")
	if err != nil {
		b.Fatal(err)
	}
	backup := answering(b, other, "backup")
	backup.endAfterAnswer()
	w := newWires(b)
	w.start(settingsFor(b, silent.at, backup.at, strings.Fields("t1_ms=10 t2_ms=80 transport=1 backup_transport=1 enable_failback=0 tcp_use_retry_timer=1")...))
	w.phase(line.OnBackup)
	var all []time.Duration
	for b.Loop() {
		w.forget()
		w.post(line.Register{})
		w.until("the backup asked", func() bool {
			return len(w.states) > 1 && w.states[len(w.states)-1].Phase == line.OnBackup && w.dialled(backup.at) > 0
		})
		began := w.mark.Add(w.started(line.REGISTER, line.Primary))
		w.mu.Lock()
		for _, d := range w.dials {
			if d.to == backup.at {
				all = append(all, (d.at.Sub(began) - 150*time.Millisecond).Abs())
			}
		}
		w.mu.Unlock()
	}
	figures(b, "failover-error", all, time.Millisecond, "ms")
}
