package sip_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"hilphone/sip"
	"hilphone/sip/line"
)

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
	w := newWires(t)
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

// TestPortTakenForTCP: a number that is free for UDP and taken for TCP is not kept, unless it was asked for: then calls come over the connection that
// the line has made.
func TestPortTakenForTCP(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		w := newWired(t)
		opened := 0
		w.start(w.settings(line.TCP, line.TCP), func(c *sip.Config) {
			c.Open = func() (sip.Socket, error) {
				if opened++; opened == 1 || fixed {
					return sip.ListenUDP(taken.Addr().String())
				}
				return sip.ListenUDP("127.0.0.1:0")
			}
		})
		w.phase(line.OnPrimary)
		local := w.line.Snapshot().Local.String()
		if kept := local == taken.Addr().String(); kept != fixed || fixed && opened != 2 || opened < 2 {
			t.Errorf("fixed %v: the line is at %s, taken was %s, opened %d times", fixed, local, taken.Addr(), opened)
		}
		if !fixed {
			c := w.connect()
			c.write(c.options())
			c.expect(200)
		}
	}
}
