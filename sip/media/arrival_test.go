package media

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"hilphone/hil/memnet"
)

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
			{nat, 0, 0},                      // behind a NAT: the first counts
			{stranger, 0, 1},                 // somebody else
			{nat, 0, 1},                      //
			{peer, 0, 1},                     // where it said it is
			{nat, 0, 2},                      // no longer
			{stranger, 0, 3},                 //
			{nat, 999 * time.Millisecond, 4}, // its place is held for a second
			{nat, time.Millisecond, 4},       // the peer moved
			{stranger, 0, 5},                 //
			{&net.TCPAddr{}, 0, 6},           // nothing of ours
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
