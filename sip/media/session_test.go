package media

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"hilphone/hil/memnet"
)

// call is a call between two sessions in a bubble, with a tap on the wire.
type call struct {
	t      *testing.T
	net    *memnet.Network
	a, b   *Session
	start  time.Time
	mu     sync.Mutex
	sent   []sentPacket // by a
	ended  chan error
	cancel context.CancelFunc
}

type sentPacket struct {
	at time.Duration
	rtp.Packet
}

// newCall opens both sessions and runs them; nothing is agreed yet.
func newCall(t *testing.T) *call {
	c := &call{t: t, net: memnet.New(), start: time.Now(), ended: make(chan error, 2)}
	c.a, c.b = c.open("10.0.0.1"), c.open("10.0.0.2")
	from := netip.MustParseAddrPort("10.0.0.1:0").Addr()
	c.net.Tap(func(p memnet.Packet) {
		if p.From.Addr() != from {
			return
		}
		var packet rtp.Packet
		if err := packet.Unmarshal(p.Payload); err != nil {
			t.Errorf("sent no RTP: %v", err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent = append(c.sent, sentPacket{p.At.Sub(c.start), packet})
	})
	ctx, cancel := context.WithCancel(t.Context())
	c.cancel = cancel
	for _, s := range []*Session{c.a, c.b} {
		go func() { c.ended <- s.Run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-c.ended; err != nil {
				t.Error(err)
			}
		}
	})
	return c
}

func (c *call) open(ip string) *Session {
	c.t.Helper()
	s, err := Open(c.net.ListenPacket, ip)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// agree lets a offer and b answer, and starts both.
func (c *call) agree(a, b Direction) {
	c.t.Helper()
	answer, remote, err := c.b.Answer(c.a.Offer(a), b)
	if err != nil {
		c.t.Fatal(err)
	}
	c.b.Start(remote)
	remote, err = c.a.Accept(answer)
	if err != nil {
		c.t.Fatal(err)
	}
	c.a.Start(remote)
}

// during sleeps and hands out what a sent meanwhile.
func (c *call) during(d time.Duration) []sentPacket {
	synctest.Wait()
	before := len(c.all())
	time.Sleep(d)
	synctest.Wait()
	return c.all()[before:]
}

// all is what a sent so far.
func (c *call) all() []sentPacket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func bubble(t *testing.T, f func(t *testing.T, c *call)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newCall(t)) })
}

func TestCallSendsEvery20Milliseconds(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.during(3 * time.Second) // ringing
		if len(c.all()) > 0 {
			t.Fatalf("%d packets before Start", len(c.all()))
		}
		c.agree(SendRecv, SendRecv)
		c.during(time.Minute)
		if len(c.all()) != 3001 { // 0, 20, ... 60000
			t.Fatalf("%d packets in a minute", len(c.all()))
		}
		for i, p := range c.all() {
			if due := 3*time.Second + time.Duration(i)*packetTime; p.at != due {
				t.Fatalf("packet %d sent at %v, due %v", i, p.at, due)
			}
			first := c.all()[0]
			if p.SequenceNumber != first.SequenceNumber+uint16(i) || p.Timestamp != first.Timestamp+uint32(i*160) ||
				p.SSRC != first.SSRC || p.PayloadType != 0 || p.Marker != (i == 0) || len(p.Payload) != 160 {
				t.Fatalf("packet %d: %+v after %+v", i, p.Header, first.Header)
			}
		}
		got := c.b.Stats()
		want := Stats{Sent: 3001, SentBytes: 3001 * 160, Received: 3001, ReceivedBytes: 3001 * 160, Codec: PCMU, Remote: got.Remote}
		if got != want || !got.Remote.IsValid() {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

func TestStopIsFinal(t *testing.T) { // FO-37
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		c.during(time.Second)
		c.a.Stop()
		sent := len(c.all())
		c.a.Start(Description{Addr: c.b.local, Formats: preferred[:], Direction: SendRecv})
		if err := c.a.DTMF("1", 0, 0); !errors.Is(err, ErrNoDigits) {
			t.Errorf("DTMF after Stop: %v", err)
		}
		c.a.Stop()
		if after := c.during(time.Minute); len(after) > 0 || sent != 51 {
			t.Errorf("%d packets, %d after Stop", sent, len(after))
		}
		if err := <-c.ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if _, open := <-c.a.Digits(); open {
			t.Error("a digit from nowhere")
		}
		c.ended <- nil // for the cleanup
	})
}

func TestStopRacesWithTheNextPacket(t *testing.T) {
	for range 50 {
		bubble(t, func(t *testing.T, c *call) {
			c.agree(SendRecv, SendRecv)
			time.Sleep(10 * packetTime) // a packet is due at this very instant
			c.a.Stop()
			sent := c.a.Stats().Sent
			time.Sleep(time.Second)
			synctest.Wait()
			if uint64(len(c.all())) != sent {
				t.Errorf("%d packets counted at Stop, %d on the wire", sent, len(c.all()))
			}
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		c.during(time.Second)
		c.cancel()
		if after := c.during(time.Second); len(after) > 0 {
			t.Errorf("%d packets after the end", len(after))
		}
		if err := c.a.Run(t.Context()); err == nil {
			t.Error("Run twice")
		}
	})
}

func TestStopBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(memnet.New().ListenPacket, "10.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		s.Stop()
		if err := s.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestHoldAndResume(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		talking := c.during(time.Second)
		first := talking[0]

		answer, remote, err := c.a.Answer(c.b.Offer(SendOnly), SendRecv) // b holds
		if err != nil {
			t.Fatal(err)
		}
		c.a.Start(remote)
		if d, err := Parse(answer, netip.Addr{}); err != nil || d.Direction != RecvOnly {
			t.Errorf("answer to sendonly: %v, %v", d.Direction, err)
		}
		if held := c.during(10*time.Second + 7*time.Millisecond); len(held) > 0 {
			t.Errorf("%d packets while held", len(held))
		}

		_, remote, err = c.a.Answer(c.b.Offer(SendRecv), SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		c.a.Start(remote)
		again := c.during(time.Second)
		if len(again) != 50 {
			t.Fatalf("%d packets in the second after", len(again))
		}
		p := again[0]
		if (p.at-first.at)%packetTime != 0 {
			t.Errorf("off the schedule: first %v, again %v", first.at, p.at)
		}
		if ticks := uint32((p.at - first.at) / packetTime); p.Timestamp != first.Timestamp+ticks*160 || !p.Marker {
			t.Errorf("time stamp %d after %d ticks from %d, marker %v", p.Timestamp, ticks, first.Timestamp, p.Marker)
		}
		if want := talking[len(talking)-1].SequenceNumber + 1; p.SequenceNumber != want {
			t.Errorf("sequence number %d, want %d", p.SequenceNumber, want)
		}
	})
}

func TestDirections(t *testing.T) {
	for _, c := range []struct {
		offer, want    Direction
		aSends, bSends bool
	}{
		{SendRecv, SendRecv, true, true},
		{SendOnly, SendRecv, true, false},
		{RecvOnly, SendRecv, false, true},
		{Inactive, SendRecv, false, false},
		{SendRecv, RecvOnly, true, false},
		{SendRecv, SendOnly, false, true},
		{SendOnly, SendOnly, false, false},
	} {
		t.Run(c.offer.String()+" "+c.want.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, call *call) {
				call.agree(c.offer, c.want)
				call.during(time.Second)
				a, b := call.a.Stats().Sent > 0, call.b.Stats().Sent > 0
				if a != c.aSends || b != c.bSends {
					t.Errorf("a sends %v, b sends %v", a, b)
				}
			})
		})
	}
}

func TestOfferPendingChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		c.during(time.Second)
		c.a.Offer(SendOnly) // refused with 488, say
		if got := len(c.during(time.Second)); got != 50 {
			t.Errorf("%d packets", got)
		}
	})
}

func TestSourceAndMute(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		loud := func(packets []sentPacket) (n int) {
			for _, p := range packets {
				for _, octet := range p.Payload {
					if octet != 0xff { // mu-law zero
						n++
						break
					}
				}
			}
			return n
		}
		c.during(10 * time.Millisecond)
		for _, step := range []struct {
			name string
			do   func()
			want int
		}{
			{"silence", func() {}, 0},
			{"tone", func() { c.a.Say(NewTone(440, -10)) }, 50},
			{"muted", func() { c.a.Mute(true) }, 0},
			{"not muted", func() { c.a.Mute(false) }, 50},
			{"nothing", func() { c.a.Say(nil) }, 0},
		} {
			step.do()
			if packets := c.during(time.Second); len(packets) != 50 || loud(packets) != step.want {
				t.Errorf("%s: %d packets, %d with sound", step.name, len(packets), loud(packets))
			}
		}
	})
}

func TestALawIsSentWhenItIsAllThereIs(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		offer := "v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 10000 RTP/AVP 18 8 96\r\na=rtpmap:96 telephone-event/8000\r\n"
		_, remote, err := c.a.Answer([]byte(offer), SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		c.a.Say(NewTone(1000, 0))
		c.a.Start(remote)
		packets := c.during(time.Second)
		if len(packets) != 50 || packets[7].PayloadType != 8 {
			t.Fatalf("%d packets, %+v", len(packets), packets[7].Header)
		}
		if err := c.a.DTMF("5", 100*time.Millisecond, 0); err != nil {
			t.Fatal(err)
		}
		if packets = c.during(30 * time.Millisecond); packets[0].PayloadType != 96 {
			t.Errorf("digit as payload type %d", packets[0].PayloadType)
		}
	})
}

func TestSleeperSkipsInsteadOfABurst(t *testing.T) {
	o := newSender()
	began := time.Now()
	o.direct(&net.UDPAddr{}, Format{0, PCMU}, Format{}, began)
	o.next()
	if wait := o.due(began); wait != packetTime {
		t.Errorf("next packet in %v", wait)
	}
	if wait := o.due(began.Add(80 * time.Millisecond)); wait != -60*time.Millisecond {
		t.Errorf("60 ms late: %v", wait) // caught up
	}
	if wait := o.due(began.Add(time.Hour + time.Millisecond)); wait > 0 || wait <= -packetTime {
		t.Errorf("an hour late: %v", wait)
	}
}

func TestSendErrorsAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		c.during(time.Second)
		c.net.SendError(c.b.local, syscall.ENETUNREACH)
		c.during(time.Second)
		c.net.Restore(c.b.local)
		c.during(time.Second)
		if s := c.a.Stats(); s.SendErrors != 50 || s.Sent != 101 {
			t.Errorf("%+v", s)
		}
		if s := c.b.Stats(); s.Lost != 50 || s.Received != 101 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOpenTakesAnEvenPort(t *testing.T) {
	network := memnet.New()
	taken := map[int]bool{}
	for range 100 {
		s, err := Open(network.ListenPacket, "10.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		if p := s.LocalPort(); p%2 != 0 || p < 10000 || p >= 20000 || taken[p] {
			t.Errorf("port %d", p)
		}
		taken[s.LocalPort()] = true
	}
}

func TestOpenFallsBackToAnyPort(t *testing.T) {
	network := memnet.New()
	tried := 0
	s, err := Open(func(_, addr string) (net.PacketConn, error) {
		if tried++; netip.MustParseAddrPort(addr).Port() != 0 {
			return nil, syscall.EADDRINUSE
		}
		return network.ListenPacket("udp", addr)
	}, "::1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if tried != 51 || s.LocalPort() == 0 {
		t.Errorf("port %d after %d tries", s.LocalPort(), tried)
	}
	_, err = Open(func(string, string) (net.PacketConn, error) { return nil, syscall.EMFILE }, "10.0.0.1")
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("no port at all: %v", err)
	}
	if _, err = Open(network.ListenPacket, "phone.example"); err == nil {
		t.Error("a name taken for an address")
	}
}
