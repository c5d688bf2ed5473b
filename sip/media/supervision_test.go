package media

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hilphone/hil/memnet"
)

// flows are the reports of a session, with the instant.
type flows struct {
	mu    sync.Mutex
	start time.Time
	all   []string
}

// supervised lets the call of a session be up from now on; the instant is the zero of the reports.
func supervised(s *Session) *flows {
	f := &flows{start: time.Now()}
	s.Supervise(func(change Flow) {
		f.mu.Lock()
		defer f.mu.Unlock()
		text := fmt.Sprintf("%d %s", time.Since(f.start).Milliseconds(), change.Way)
		if change.Lost {
			text += " lost: " + change.Reason
		}
		f.all = append(f.all, text)
	})
	return f
}

func (f *flows) want(t *testing.T, want ...string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.Join(f.all, "\n") != strings.Join(want, "\n") {
		t.Errorf("reported\n  %s\nwant\n  %s", strings.Join(f.all, "\n  "), strings.Join(want, "\n  "))
	}
}

// WR-43: a call whose sound flows both ways, is held, or rings reports nothing.
func TestFlowingCallReportsNothing(t *testing.T) {
	for _, c := range []struct{ a, b Direction }{{SendRecv, SendRecv}, {SendOnly, SendRecv}, {RecvOnly, SendRecv}, {Inactive, SendRecv}} {
		bubble(t, func(t *testing.T, call *call) {
			call.during(time.Minute) // ringing
			call.agree(c.a, c.b)
			a, b := supervised(call.a), supervised(call.b)
			call.during(time.Minute)
			a.want(t)
			b.want(t)
		})
	}
}

// WR-43: nothing comes for 2 s, then again: each direction is known for itself.
func TestNoPacketReceived(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		cut := c.net.Filter(memnet.Cut(memnet.To(c.b.local)))
		c.agree(SendRecv, SendRecv)
		a, b := supervised(c.a), supervised(c.b)
		c.during(9990 * time.Millisecond)
		cut()
		c.during(10*time.Second + 20*time.Millisecond)
		defer c.net.Filter(memnet.Cut(memnet.To(c.b.local)))()
		c.during(10 * time.Second)
		a.want(t)
		b.want(t, "2000 in lost: no packet received", "10000 in", "22000 in lost: no packet received")
	})
}

// WR-43: what is not to come is not missed. The report stays through a hold.
func TestHoldIsNoLoss(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		defer c.net.Filter(memnet.Cut(memnet.To(c.b.local)))()
		c.agree(SendRecv, SendRecv)
		b := supervised(c.b)
		c.during(1999 * time.Millisecond)
		c.agree(RecvOnly, SendRecv)
		c.during(10 * time.Second)
		b.want(t)
		c.agree(SendOnly, SendRecv) // held by the side that sends nothing
		c.during(10 * time.Second)
		b.want(t)
		c.agree(SendRecv, SendRecv) // the time begins again
		c.during(1999 * time.Millisecond)
		b.want(t)
		c.during(2 * time.Millisecond)
		c.agree(RecvOnly, SendRecv)
		c.during(10 * time.Second)
		c.agree(SendRecv, SendRecv)
		c.during(10 * time.Second)
		b.want(t, "23999 in lost: no packet received")
	})
}

// WR-43: a closed port, an address without a route, and back.
func TestPacketsDoNotArrive(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  func(c *call)
		reason string
	}{
		{"port", func(c *call) { c.net.Unreachable(c.b.local, 3, 3) }, "ICMP port unreachable"},
		{"host", func(c *call) { c.net.Unreachable(c.b.local, 3, 1) }, "ICMP destination unreachable, code 1"},
		{"route", func(c *call) { c.net.SendError(c.b.local, syscall.ENETUNREACH) }, "network is unreachable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, call *call) {
				c.fault(call)
				call.agree(SendRecv, SendRecv)
				a := supervised(call.a)
				call.during(10*time.Second + 10*time.Millisecond)
				call.net.Restore(call.b.local)
				call.during(10 * time.Second)
				// The last error is that of the packet at 10 s.
				a.want(t, "2000 out lost: "+c.reason, "11500 out")
				c.fault(call)
				call.during(1 * time.Second)
				call.net.Restore(call.b.local)
				call.during(10 * time.Second)
				a.want(t, "2000 out lost: "+c.reason, "11500 out")
			})
		})
	}
}

// A host sends about one ICMP error a second, not one for each packet.
func TestRareICMPErrors(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		a := supervised(c.a)
		for range 6 {
			c.a.unreachable(c.b.local, 3, 3, time.Now())
			c.during(time.Second)
		}
		c.during(time.Minute)
		a.want(t, "2000 out lost: ICMP port unreachable", "6500 out")
	})
}

// Errors that say nothing about the RTP of this call.
func TestOtherICMPErrors(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.a.unreachable(c.b.local, 3, 3, time.Now()) // nothing is sent yet
		c.agree(SendRecv, SendRecv)
		a := supervised(c.a)
		for range 50 {
			c.a.unreachable(c.b.local, 3, 4, time.Now())
			c.a.unreachable(c.b.local, 11, 0, time.Now())
			c.a.unreachable(c.a.local, 3, 3, time.Now())
			c.during(100 * time.Millisecond)
		}
		a.want(t)
	})
}

// WR-43, WR-39: there is no address to send to, for one reason or another.
func TestNothingCanBeSent(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		name := Description{Host: "phone.example", Formats: preferred[:], Direction: SendRecv}
		resolved := name
		name.Addr, resolved.Addr = netip.AddrPortFrom(netip.Addr{}, 4000), c.b.local
		c.a.Start(name)
		a := supervised(c.a)
		c.during(time.Second)
		c.a.Block("no such host") // the reason known last counts
		c.during(5 * time.Second)
		a.want(t, "2000 out lost: no such host")
		c.a.Start(resolved)
		c.during(5 * time.Second)
		a.want(t, "2000 out lost: no such host", "7500 out")

		c.a.Start(Description{Direction: SendRecv})
		c.b.Start(Description{Direction: SendRecv})
		c.during(5 * time.Second)
		a.want(t, "2000 out lost: no such host", "7500 out", "13000 out lost: the other side has no audio stream, port 0")
		if sent := c.during(time.Second); len(sent) != 0 {
			t.Errorf("%d packets to port 0", len(sent))
		}
	})
}

// WR-43: an answer that cannot be used, or none: nothing flows either way.
func TestBlockedCall(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.a.Offer(SendRecv)
		c.a.Block("no answer")
		c.during(time.Minute)
		a := supervised(c.a)
		c.during(time.Minute)
		a.want(t, "2000 in lost: no packet received", "2000 out lost: no answer")
	})
}

// While nothing is sent the session wakes only for what is to be reported.
func TestSupervisionSleeps(t *testing.T) {
	s, err := Open(memnet.New().ListenPacket, "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	look := func(what string, want bool, at time.Duration) {
		t.Helper()
		if wait, ok := s.sendDue(); ok != want || ok && (wait > at || wait < at-time.Second) {
			t.Errorf("%s: looks again in %v, %v", what, wait, ok)
		}
	}
	look("before the call", false, 0)
	s.Offer(RecvOnly)
	remote, err := s.Accept(lines("c=IN IP4 10.0.0.2", "m=audio 4000 RTP/AVP 0"))
	if err != nil {
		t.Fatal(err)
	}
	s.Start(remote)
	look("early", false, 0)
	s.Supervise(func(Flow) {})
	look("up", true, 2*time.Second)
	s.watch.inLost = true
	look("lost", false, 0)
	s.Offer(Inactive)
	remote.Direction = Inactive
	if _, err := s.Accept(lines("c=IN IP4 10.0.0.2", "m=audio 4000 RTP/AVP 0", "a=inactive")); err != nil {
		t.Fatal(err)
	}
	s.Start(remote)
	s.watch.inLost = false
	look("held", false, 0)
}

// A socket without an error queue can be used.
func TestRunWithoutErrorQueue(t *testing.T) {
	s, err := Open(net.ListenPacket, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	s.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
