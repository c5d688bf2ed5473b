package media

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"hilphone/hil/memnet"
)

// eventPacket is one telephone event packet.
func eventPacket(stamp uint32, key byte, end bool, duration uint16) *rtp.Packet {
	b := []byte{key, eventVolume, 0, 0}
	if end {
		b[1] |= eventEnd
	}
	binary.BigEndian.PutUint16(b[2:], duration)
	return &rtp.Packet{Header: rtp.Header{SSRC: 1, Timestamp: stamp}, Payload: b}
}

// volume gives an event another volume, of 6 bits (RFC 4733 2.3.3), and sets the reserved bit.
func volume(v byte, p *rtp.Packet) *rtp.Packet {
	p.Payload[1] = p.Payload[1]&0x80 | 0x40 | v
	return p
}

func first(p *rtp.Packet) *rtp.Packet { p.Marker = true; return p }

func from(ssrc uint32, p *rtp.Packet) *rtp.Packet { p.SSRC = ssrc; return p }

// voicePacket stands for a packet of the voice.
func voicePacket(stamp uint32) *rtp.Packet { return &rtp.Packet{Header: rtp.Header{Timestamp: stamp}} }

// received is what a receiver makes of packets, which arrive 20 ms apart: "1:100ms 2:80ms ".
func received(packets ...*rtp.Packet) (got string) {
	var d digitReceiver
	out := func(d Digit) { got += string(d.Key) + ":" + d.Duration.String() + " " }
	now := time.Unix(0, 0)
	for _, p := range packets {
		now = now.Add(packetTime)
		if p.Payload == nil {
			d.voice(p.Timestamp, out)
		} else {
			d.packet(p, now, out)
		}
	}
	return got
}

// RS-13, RFC 4733 2.5: the packets of a digit are one digit, whatever of them is lost, repeated or late.
func TestDigitReceiver(t *testing.T) {
	e := eventPacket
	type packets = []*rtp.Packet
	for _, c := range []struct {
		name string
		packets
		want string
	}{
		{"end three times", packets{e(1000, 1, false, 160), e(1000, 1, true, 800), e(1000, 1, true, 800), e(1000, 1, true, 800)}, "1:100ms "},
		{"the volume is no end", packets{volume(0x3f, e(1000, 1, false, 160)), volume(0x3f, e(1000, 1, false, 320)), volume(0x3f, e(1000, 1, true, 800))}, "1:100ms "},
		{"only the end arrives", packets{e(1000, 11, true, 800)}, "#:100ms "},
		{"same digit twice", packets{e(1000, 1, true, 800), e(3000, 1, true, 800)}, "1:100ms 1:100ms "},
		{"end lost, next digit", packets{e(1000, 1, false, 640), e(3000, 2, true, 800)}, "1:80ms 2:100ms "},
		{"end lost, same digit again", packets{e(1000, 1, false, 640), e(3000, 1, true, 800)}, "1:80ms 1:100ms "},
		{"end lost, voice", packets{e(1000, 1, false, 640), voicePacket(1800), voicePacket(3400), voicePacket(3560)}, "1:80ms "},
		// The voice ends a digit 200 ms, 1600 samples, after its last packet; what comes of it later is not another digit.
		{"end lost, voice right after", packets{e(1000, 1, false, 640), voicePacket(3240)}, ""},
		{"end late, voice right after", packets{e(1000, 1, false, 640), voicePacket(3240), e(1000, 1, true, 800)}, "1:100ms "},
		{"end lost, voice past it", packets{e(1000, 1, false, 640), voicePacket(3241)}, "1:80ms "},
		{"end too late, voice past it", packets{e(1000, 1, false, 640), voicePacket(3241), e(1000, 1, true, 800)}, "1:80ms "},
		{"voice of before", packets{e(10000, 1, false, 640), voicePacket(9000)}, ""},
		{"voice past it, clock wraps", packets{e(0xffffff00, 1, false, 160), voicePacket(0x800)}, "1:20ms "},
		{"late packet of the digit before", packets{e(3000, 2, true, 800), e(1000, 1, false, 160)}, "2:100ms "},
		{"packets out of order", packets{e(1000, 1, false, 480), e(1000, 1, false, 320), e(1000, 1, true, 640), e(1000, 1, false, 480)}, "1:80ms "},
		{"end before the rest", packets{e(1000, 1, true, 800), first(e(1000, 1, false, 160)), e(1000, 1, false, 320)}, "1:100ms "},
		{"clock wraps", packets{e(0xffffff00, 1, true, 800), e(0x700, 2, true, 800)}, "1:100ms 2:100ms "},
		{"clock starts again", packets{e(5_000_000, 1, true, 800), e(1000, 2, true, 800)}, "1:100ms 2:100ms "},
		// What is less than 10 s, 80000 samples, behind is late.
		{"late by a little less than 10 s", packets{e(100_000, 1, true, 800), e(20_001, 2, true, 800)}, "1:100ms "},
		{"behind by 10 s", packets{e(100_000, 1, true, 800), e(20_000, 2, true, 800)}, "1:100ms 2:100ms "},
		{"late by a sample", packets{e(100_000, 1, true, 800), e(99_999, 2, true, 800)}, "1:100ms "},
		{"another source", packets{e(3000, 1, false, 800), from(2, e(1000, 1, true, 640))}, "1:100ms 1:80ms "},
		{"flash and cut packets", packets{e(1000, 16, true, 800), {Payload: []byte{1, 0x80, 0}}, voicePacket(3000)}, ""},
		{"flash between digits", packets{e(1000, 1, true, 800), e(3000, 16, false, 800), e(5000, 2, true, 800)}, "1:100ms 2:100ms "},

		// RFC 4733 2.5.1.3: 65535 samples are 8.191875 s.
		{"two segments", packets{e(0, 5, false, 65535), e(65535, 5, false, 160), e(65535, 5, true, 8000), e(65535, 5, true, 8000)}, "5:9.191875s "},
		{"three segments", packets{e(0, 5, false, 65535), e(65535, 5, false, 65535), e(131070, 5, true, 800)}, "5:16.48375s "},
		{"segments of whole packets", packets{e(0, 5, false, 65440), e(65440, 5, true, 800)}, "5:8.28s "},
		{"the end of a segment is lost", packets{e(0, 5, false, 64000), e(65535, 5, true, 800)}, "5:8.291875s "},
		// A segment may end half a second, 4000 samples, early, and so much of its end may be lost.
		{"the shortest segment", packets{e(0, 5, false, 61535), e(61535, 5, true, 800)}, "5:7.791875s "},
		{"too short for a segment", packets{e(0, 5, false, 61534), e(61534, 5, true, 800)}, "5:7.69175s 5:100ms "},
		{"too long for a segment", packets{e(0, 5, false, 65535), e(65536, 5, true, 800)}, "5:8.191875s 5:100ms "},
		{"the end of a segment is lost, as much as may be", packets{e(0, 5, false, 61535), e(65535, 5, true, 800)}, "5:8.291875s "},
		{"more than that", packets{e(0, 5, false, 61534), e(65535, 5, true, 800)}, "5:7.69175s 5:100ms "},
		{"a segment after an end", packets{e(0, 5, true, 65535), e(65535, 5, true, 800)}, "5:8.191875s 5:100ms "},
		{"a segment of another source", packets{e(0, 5, false, 65535), from(2, e(65535, 5, true, 800))}, "5:8.191875s 5:100ms "},
		{"late packet of a segment before", packets{e(0, 5, false, 65535), e(65535, 5, false, 160), e(0, 5, false, 65000), e(65535, 5, true, 800)}, "5:8.291875s "},
		{"pressed again after 8 s", packets{e(0, 5, false, 800), first(e(65535, 5, true, 800))}, "5:100ms 5:100ms "},
		{"pressed again after 8 s, first packet lost", packets{e(0, 5, false, 800), e(65535, 5, true, 800)}, "5:100ms 5:100ms "},
		{"another digit after 8 s", packets{e(0, 5, false, 65535), e(65535, 6, true, 800)}, "5:8.191875s 6:100ms "},
	} {
		if got := received(c.packets...); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// RS-13: over a network that loses, repeats and reorders, each digit of which something arrives is one digit.
func TestDigitReceiverOverABadNetwork(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var packets []*rtp.Packet
		var got, want string
		stamp := rng.Uint32()
		heard := 0
		for range 20 {
			key, length := byte(rng.IntN(len(keys))), 2+rng.IntN(10)
			var sent []*rtp.Packet
			for k := 1; k < length+3; k++ {
				p := eventPacket(stamp, key, k >= length, uint16(min(k, length)*frameSamples))
				p.Marker = k == 1
				for rng.IntN(4) > 0 { // 1 in 4 is lost, others come up to several times
					sent = append(sent, p)
				}
			}
			rng.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
			if len(sent) > 0 {
				want += string(keys[key])
				heard++
			}
			packets = append(packets, sent...)
			stamp += uint32((length + 3 + rng.IntN(100)) * frameSamples)
		}
		var d digitReceiver
		now := time.Unix(0, 0)
		out := func(d Digit) { got += string(d.Key) }
		for _, p := range packets {
			d.packet(p, now, out)
		}
		d.expire(now.Add(300*time.Millisecond), out)
		if got != want || heard < 19 { // of a digit 5 packets at least are sent
			t.Fatalf("seed %d: %s, want %s", seed, got, want)
		}
	}
}

// RS-13: a digit whose end is lost, and after which nothing arrives, ends after 300 ms. What comes later of it is not another digit.
func TestDigitEndsInSilence(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(RecvOnly, SendRecv) // a sends nothing: only the digit wakes b
		c.during(time.Second)
		arrive := func(p *rtp.Packet) {
			t.Helper()
			p.Version, p.PayloadType, p.SequenceNumber = 2, 101, uint16(p.Timestamp)
			b, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.a.conn.WriteTo(b, c.b.conn.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		arrive(eventPacket(1000, 7, false, 640))
		c.during(299 * time.Millisecond)
		if n := len(c.b.Digits()); n != 0 {
			t.Errorf("%d digits before the silence is over", n)
		}
		c.during(time.Millisecond)
		if n := len(c.b.Digits()); n != 1 {
			t.Errorf("%d digits after 300 ms, want 1", n)
		}
		arrive(eventPacket(1000, 7, true, 800))
		c.during(time.Second)
		if n := len(c.b.Digits()); n != 1 {
			t.Fatalf("%d digits, want 1", n)
		}
		if d := <-c.b.Digits(); d != (Digit{'7', 80 * time.Millisecond}) {
			t.Errorf("digit %c for %v", d.Key, d.Duration)
		}
	})
}

// RS-13: on the wire the end of a digit is sent three times. Where all three are lost, the voice after it ends the digit, with what arrived of it.
func TestDigitWhoseEndIsLost(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		var lost []uint16 // durations
		to := memnet.To(c.b.local)
		c.net.Filter(func(p memnet.Packet, fate *memnet.Fate) {
			var q rtp.Packet
			if err := q.Unmarshal(p.Payload); err == nil && to(p) && q.PayloadType == 101 && q.Payload[1]&eventEnd != 0 {
				fate.Drop = true
				lost = append(lost, binary.BigEndian.Uint16(q.Payload[2:]))
			}
		})
		c.agree(SendRecv, SendRecv)
		c.during(10 * time.Millisecond)
		if err := c.a.DTMF("7", 100*time.Millisecond, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		// The key goes down at 20 ms. Packets of 20, 40, 60 and 80 ms arrive until 80 ms, those of 100 ms at 100, 120 and 140 are lost. The voice is more than
		// 200 ms past 80 ms of the digit with the packet that begins 300 ms after it, which leaves at 320 ms.
		c.during(309 * time.Millisecond)
		if n := len(c.b.Digits()); n != 0 {
			t.Errorf("%d digits at 319 ms", n)
		}
		c.during(2 * time.Millisecond)
		if !slices.Equal(lost, []uint16{800, 800, 800}) {
			t.Errorf("lost %v", lost)
		}
		if n := len(c.b.Digits()); n != 1 {
			t.Fatalf("%d digits at 321 ms, want 1", n)
		}
		if d := <-c.b.Digits(); d != (Digit{'7', 80 * time.Millisecond}) {
			t.Errorf("digit %c for %v", d.Key, d.Duration)
		}
		c.during(time.Second)
		if n := len(c.b.Digits()); n != 0 {
			t.Errorf("%d digits more", n)
		}
		if s := c.b.Stats(); s.Lost != 3 {
			t.Errorf("%+v, want 3 packets lost", s)
		}
	})
}

// FuzzDigitReceiver: a receiver survives any packets, and makes at most one digit of a packet.
func FuzzDigitReceiver(f *testing.F) {
	f.Add([]byte{0, 1, 0, 10, 0, 1, 128, 20, 1, 2, 128, 20})
	f.Add([]byte{0, 5, 0, 255, 255, 5, 128, 4, 1, 5, 0, 0, 0x81, 5, 128, 9})
	f.Fuzz(func(t *testing.T, program []byte) {
		var d digitReceiver
		digits := 0
		out := func(d Digit) {
			digits++
			if d.Duration < 0 {
				t.Fatalf("%+v", d)
			}
		}
		packets := 0
		now := time.Unix(0, 0)
		for ; len(program) >= 4; program = program[4:] {
			stamp := uint32(program[0]) * 0xffff / 255 * 257
			p := eventPacket(stamp, program[1]&31, program[2]&128 != 0, uint16(program[3])*257)
			p.Marker, p.SSRC = program[2]&1 != 0, uint32(program[2]>>1&1)
			packets++
			now = now.Add(time.Duration(program[2]>>2&3) * 200 * time.Millisecond)
			if program[1]&64 != 0 {
				d.voice(stamp, out)
				continue
			}
			d.expire(now, out)
			d.packet(p, now, out)
		}
		if d.expire(now.Add(time.Hour), out); digits > packets || !d.due().IsZero() {
			t.Errorf("%d digits of %d packets, due %v", digits, packets, d.due())
		}
	})
}
