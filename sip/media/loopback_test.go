package media

import (
	"errors"
	"math"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/zaf/g711"
)

// Real sockets and real time: what the bubbles cannot show.
func TestCallOverLoopback(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1"} {
		t.Run(ip, func(t *testing.T) {
			t.Parallel()
			var sessions [2]*Session
			ended := make(chan error, 2)
			for i := range sessions {
				s, err := Open(net.ListenPacket, ip)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Stop()
				sessions[i] = s
				go func() { ended <- s.Run(t.Context()) }()
			}
			a, b := sessions[0], sessions[1]
			answer, remote, err := b.Answer(a.Offer(SendRecv), SendRecv)
			if err != nil {
				t.Fatal(err)
			}
			b.Start(remote)
			if remote, err = a.Accept(answer); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			a.Start(remote)
			if err := a.DTMF("7", 100*time.Millisecond, 0); err != nil {
				t.Fatal(err)
			}
			select {
			case d := <-b.Digits():
				if d.Key != '7' || d.Duration != 100*time.Millisecond {
					t.Errorf("digit %c for %v", d.Key, d.Duration)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("no digit within 5 s")
			}
			if took := time.Since(start); took < 80*time.Millisecond {
				t.Errorf("a press of 100 ms over in %v", took)
			}
			a.Stop()
			b.Stop()
			for range sessions {
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}
			if sent, s := a.Stats().Sent, b.Stats(); s.Received > sent || s.Received < 5 || s.Lost != 0 || s.Foreign != 0 {
				t.Errorf("%d sent, %+v", sent, s)
			}
		})
	}
}

// deafConn is a socket that fails at once.
type deafConn struct{ net.PacketConn }

var errDeaf = errors.New("deaf")

func (deafConn) ReadFrom([]byte) (int, net.Addr, error) { return 0, nil, errDeaf }

func TestRunReturnsTheSocketsError(t *testing.T) {
	s, err := Open(func(network, addr string) (net.PacketConn, error) {
		conn, err := net.ListenPacket(network, addr)
		return deafConn{conn}, err
	}, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, errDeaf) {
		t.Errorf("Run: %v", err)
	}
}

func TestTone(t *testing.T) {
	const hz, level = 440.0, -10.0
	tone, samples := NewTone(hz, level), make([]int16, 8000)
	for i := range 50 { // as packets: no step between them
		tone.Fill(samples[i*160 : i*160+160])
	}
	var square float64
	crossings := 0
	for i, v := range samples {
		square += float64(v) * float64(v)
		if i > 0 && samples[i-1] < 0 && v >= 0 {
			crossings++
		}
		if i > 0 && math.Abs(float64(v)-float64(samples[i-1])) > 3000 {
			t.Fatalf("step at sample %d", i)
		}
	}
	if crossings < 439 || crossings > 440 {
		t.Errorf("%d periods in a second", crossings)
	}
	// A full-scale sine, 3.14 dBm0, has an effective value of 32124/sqrt(2).
	got := 3.14 + 20*math.Log10(math.Sqrt(square/8000)/(32124/math.Sqrt2))
	if math.Abs(got-level) > 0.05 {
		t.Errorf("level %.2f dBm0", got)
	}
	// Of 2000 Hz each second sample is a peak; no level is above that of full scale.
	for level, peak := range map[float64]int16{-10: 7077, 3.14: 32124, 3.15: 32124, 99: 32124} {
		samples := make([]int16, 4)
		if NewTone(2000, level).Fill(samples); !slices.Equal(samples, []int16{0, peak, 0, -peak}) {
			t.Errorf("%v dBm0: samples %d, want a peak of %d", level, samples, peak)
		}
	}
}

func TestSilenceOnTheWire(t *testing.T) {
	for _, c := range []struct {
		format Format
		octet  byte
		decode func(uint8) int16
	}{{Format{0, PCMU}, 0xff, g711.DecodeUlawFrame}, {Format{8, PCMA}, 0xd5, g711.DecodeAlawFrame}} {
		o := newSender()
		o.direct(&net.UDPAddr{}, c.format, Format{}, time.Now())
		b, size := o.next()
		var p rtp.Packet
		if err := p.Unmarshal(b); err != nil || size != 160 {
			t.Fatal(size, err)
		}
		for _, octet := range p.Payload {
			if octet != c.octet || c.decode(octet) > 8 || c.decode(octet) < -8 {
				t.Fatalf("%s silence is %#x", c.format.Codec, octet)
			}
		}
	}
}

func BenchmarkSend(b *testing.B) {
	for _, c := range []struct {
		name   string
		format Format
		source Source
	}{
		{"silence", Format{0, PCMU}, Silence{}},
		{"tone PCMU", Format{0, PCMU}, NewTone(440, -10)},
		{"tone PCMA", Format{8, PCMA}, NewTone(440, -10)},
	} {
		b.Run(c.name, func(b *testing.B) {
			o := newSender()
			o.source = c.source
			o.direct(&net.UDPAddr{}, c.format, Format{}, time.Now())
			b.ReportAllocs()
			for b.Loop() {
				o.next()
			}
		})
	}
}

func BenchmarkSendLoopback(b *testing.B) {
	s, err := Open(net.ListenPacket, "127.0.0.1")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	s.Say(NewTone(440, -10))
	_, remote, err := s.Answer(lines("c=IN IP4 127.0.0.1", "m=audio 9 RTP/AVP 0"), SendRecv)
	if err != nil {
		b.Fatal(err)
	}
	s.Start(remote)
	b.ReportAllocs()
	for b.Loop() {
		s.out.began = time.Now()
		s.out.number = 0
		if _, ok := s.sendDue(); !ok {
			b.Fatal("nothing to send")
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	s, err := Open(net.ListenPacket, "127.0.0.1")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	s.Offer(SendRecv)
	from, sequence, data := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}, uint16(0), packet(b, 1, 0)
	var p rtp.Packet
	b.ReportAllocs()
	for b.Loop() {
		sequence++
		data[2], data[3] = byte(sequence>>8), byte(sequence)
		s.take(&p, data, from, time.Now())
	}
}
