package media

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"hilphone/hil/memnet"
)

func TestReceptionCounts(t *testing.T) { // RFC 3550 appendix A.1
	for _, c := range []struct {
		name      string
		sequences []uint16
		received  uint32
		lost      uint64
	}{
		{"in order", []uint16{5, 6, 7}, 3, 0},
		{"one missing", []uint16{5, 7, 8}, 3, 1},
		{"out of order", []uint16{5, 7, 6, 8}, 4, 0},
		{"twice", []uint16{5, 6, 6, 7}, 4, 0},
		{"wraps", []uint16{65534, 65535, 0, 2}, 4, 1},
		{"before the first", []uint16{5, 4, 6}, 3, 0},
		{"one stray number", []uint16{5, 6, 30000, 7}, 3, 0},
		{"starts again", []uint16{5, 7, 30000, 30001, 30002}, 2, 1},
	} {
		var r reception
		for _, s := range c.sequences {
			r.packet(1, s)
		}
		if r.received != c.received || r.total() != c.lost {
			t.Errorf("%s: received %d lost %d, want %d and %d", c.name, r.received, r.total(), c.received, c.lost)
		}
	}
	var r reception
	for _, p := range []struct {
		ssrc     uint32
		sequence uint16
	}{{1, 10}, {1, 12}, {2, 500}, {2, 503}} {
		r.packet(p.ssrc, p.sequence)
	}
	if r.total() != 3 {
		t.Errorf("two senders: lost %d, want 1 + 2", r.total())
	}
}

func TestJitter(t *testing.T) { // RFC 3550 section 6.4.1
	var r reception
	r.packet(1, 0)
	stamp, at := uint32(0xffffff00), uint32(100)
	for range 1000 { // by turns 5 ms late: D is 40 units each time
		r.arrival(stamp, at)
		r.arrival(stamp+160, at+160+40)
		stamp, at = stamp+320, at+320
	}
	if j := r.interarrivalJitter(); j < 4900*time.Microsecond || j > 5*time.Millisecond {
		t.Errorf("jitter %v, want 5 ms", j)
	}
	before := r.jitter
	r.arrival(stamp+1<<20, at) // another clock
	if r.jitter != before {
		t.Errorf("jitter %v after a new clock, %v before", r.jitter, before)
	}
}

func TestJitterOnALateNetwork(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.net.Filter(memnet.Jitter(10*time.Millisecond, 1, memnet.Any))
		c.agree(SendRecv, SendRecv)
		c.during(30 * time.Second)
		if s := c.b.Stats(); s.Jitter < time.Millisecond || s.Jitter > 10*time.Millisecond || s.Lost > 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestLossIsCounted(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.net.Filter(memnet.Lose(0.1, 7, memnet.To(c.b.local)))
		c.agree(SendRecv, SendRecv)
		c.during(30 * time.Second)
		sent, s := c.a.Stats().Sent, c.b.Stats()
		if s.Lost < sent/20 || s.Lost+s.Received > sent || s.Lost+s.Received < sent-3 {
			t.Errorf("%d sent, %+v", sent, s)
		}
	})
}

// packet is one RTP packet of PCMU.
func packet(t testing.TB, ssrc uint32, sequence uint16) []byte {
	p := rtp.Packet{
		Header:  rtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: sequence, Timestamp: uint32(sequence) * 160},
		Payload: make([]byte, 160),
	}
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStrangersAreNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(memnet.New().ListenPacket, "10.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		_, remote, err := s.Answer(lines("c=IN IP4 10.0.0.2", "m=audio 4000 RTP/AVP 0"), SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		s.Start(remote)
		peer := net.UDPAddrFromAddrPort(remote.Addr)
		nat := &net.UDPAddr{IP: net.IPv4(10, 0, 0, 9), Port: 777}
		stranger := &net.UDPAddr{IP: net.IPv4(10, 6, 6, 6), Port: 666}
		var p rtp.Packet
		for i, c := range []struct {
			from    net.Addr
			wait    time.Duration
			foreign uint64
		}{
			{nat, 0, 0},            // behind a NAT: the first counts
			{stranger, 0, 1},       // somebody else
			{nat, 0, 1},            //
			{peer, 0, 1},           // where it said it is
			{nat, 0, 2},            // no longer
			{stranger, 0, 3},       //
			{nat, sourceHold, 3},   // the peer moved
			{stranger, 0, 4},       //
			{&net.TCPAddr{}, 0, 5}, // nothing of ours
		} {
			time.Sleep(c.wait)
			s.take(&p, packet(t, 1, uint16(i)), c.from, time.Now())
			if got := s.Stats().Foreign; got != c.foreign {
				t.Errorf("packet %d: %d foreign, want %d", i, got, c.foreign)
			}
		}
		if got := s.Stats().Received; got != 4 {
			t.Errorf("%d received", got)
		}
	})
}

func TestOddDatagrams(t *testing.T) {
	s, err := Open(memnet.New().ListenPacket, "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	s.Offer(SendRecv)
	from := &net.UDPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 4000}
	version1, unknown := packet(t, 1, 1), packet(t, 1, 2)
	version1[0], unknown[1] = 0x40, 13
	var p rtp.Packet
	for _, b := range [][]byte{
		nil, {0x80}, []byte("OPTIONS sip:x SIP/2.0\r\n\r\n"), version1, // malformed
		{0x80, 200, 0, 0}, // RTCP
		unknown,           // comfort noise
		packet(t, 1, 3),
	} {
		s.take(&p, b, from, time.Now())
	}
	if got := s.Stats(); got.Malformed != 4 || got.Received != 2 || got.Lost != 0 || got.Codec != PCMU {
		t.Errorf("%+v", got)
	}
}

func FuzzTake(f *testing.F) {
	f.Add(packet(f, 1, 1))
	f.Add(append([]byte{0x80, 101, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1}, eventPacket(0, 5, true, 800).Payload...))
	f.Add([]byte{0xbf, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Open(memnet.New().ListenPacket, "10.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		s.Offer(SendRecv)
		from := &net.UDPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 4000}
		var p rtp.Packet
		s.take(&p, b, from, time.Now())
		s.take(&p, packet(t, 7, 100), from, time.Now())
		got := s.Stats()
		if got.Received+got.Malformed == 0 || got.Received > 2 || got.ReceivedBytes > uint64(len(b)+160) {
			t.Fatalf("%+v", got)
		}
	})
}
