package media

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"
)

func TestDigitOnTheWire(t *testing.T) { // RFC 4733 section 2.5
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		c.during(10 * time.Millisecond)
		if err := c.a.DTMF("5", 100*time.Millisecond, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		packets := c.during(300 * time.Millisecond)
		// 5 packets of the press, of which the last says the end, then the end twice more
		wantDuration := []uint16{160, 320, 480, 640, 800, 800, 800}
		for i, p := range packets {
			if p.at != time.Duration(i+1)*packetTime {
				t.Errorf("packet %d at %v", i, p.at)
			}
			if i >= len(wantDuration) {
				if p.PayloadType != 0 || p.Timestamp != packets[0].Timestamp+uint32(i*160) || p.Marker {
					t.Errorf("packet %d after the digit: %+v", i, p.Header)
				}
				continue
			}
			duration, end := binary.BigEndian.Uint16(p.Payload[2:]), p.Payload[1]&0x80 != 0
			if p.PayloadType != 101 || p.Payload[0] != 5 || len(p.Payload) != 4 || duration != wantDuration[i] ||
				end != (i >= 4) || p.Marker != (i == 0) || p.Timestamp != packets[0].Timestamp ||
				p.SequenceNumber != packets[0].SequenceNumber+uint16(i) {
				t.Errorf("packet %d: %+v % x", i, p.Header, p.Payload)
			}
		}
	})
}

func TestDigitsArrive(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		const all = "0123456789*#abcd5551"
		if err := c.a.DTMF(all, 80*time.Millisecond, 80*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		c.during(160*time.Millisecond*time.Duration(len(all)) + packetTime)
		var got string
		for range len(all) {
			d := <-c.b.Digits()
			got += string(d.Key)
			if d.Duration != 80*time.Millisecond {
				t.Errorf("%c for %v", d.Key, d.Duration)
			}
		}
		if got != "0123456789*#ABCD5551" || len(c.b.Digits()) != 0 {
			t.Errorf("digits %q and %d more", got, len(c.b.Digits()))
		}
		if s := c.b.Stats(); s.Jitter != 0 || s.Lost != 0 {
			t.Errorf("digits disturb the counters: %+v", s)
		}
	})
}

func TestDigitTimesHaveLimits(t *testing.T) {
	for _, c := range []struct {
		press, gap    time.Duration
		length, whole int
	}{
		{0, 0, 2, 4}, {41 * time.Millisecond, time.Millisecond, 3, 5},
		{100 * time.Millisecond, 60 * time.Millisecond, 5, 8}, {time.Hour, time.Hour, 400, 800},
	} {
		queue, err := presses("1", c.press, c.gap)
		if err != nil || queue[0].length != c.length || queue[0].whole != c.whole {
			t.Errorf("%v %v: %+v, %v", c.press, c.gap, queue, err)
		}
	}
}

func TestDigitsThatCannotBeSent(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		if err := c.a.DTMF("1", 0, 0); !errors.Is(err, ErrNoDigits) {
			t.Errorf("before the call: %v", err)
		}
		offer := "v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 10000 RTP/AVP 0\r\n"
		_, remote, err := c.a.Answer([]byte(offer), SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		c.a.Start(remote)
		if err := c.a.DTMF("1", 0, 0); !errors.Is(err, ErrNoDigits) {
			t.Errorf("to a side that takes none: %v", err)
		}
	})
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		for _, digits := range []string{"1x", "é", "1 2"} {
			if err := c.a.DTMF(digits, 0, 0); err == nil || errors.Is(err, ErrNoDigits) {
				t.Errorf("%q: %v", digits, err)
			}
		}
		for range maxPresses {
			if err := c.a.DTMF("1", 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.a.DTMF("1", 0, 0); err == nil {
			t.Error("more digits than the queue holds")
		}
	})
}

func TestHoldDropsDigits(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		c.during(10 * time.Millisecond)
		if err := c.a.DTMF("12", 100*time.Millisecond, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		c.during(60 * time.Millisecond)
		c.agree(RecvOnly, SendRecv)
		if held := c.during(time.Second); len(held) != 0 {
			t.Errorf("%d packets while held", len(held))
		}
		c.agree(SendRecv, SendRecv)
		for _, p := range c.during(time.Second) {
			if p.PayloadType == 101 {
				t.Fatal("the digit goes on after the hold")
			}
		}
	})
}

// event is one telephone event packet.
func event(key byte, end bool, duration uint16) []byte {
	b := []byte{key, eventVolume, 0, 0}
	if end {
		b[1] |= eventEnd
	}
	binary.BigEndian.PutUint16(b[2:], duration)
	return b
}

func TestListener(t *testing.T) {
	type heard struct {
		stamp   uint32
		payload []byte // nil is voice
	}
	for _, c := range []struct {
		name   string
		events []heard
		want   string
	}{
		{"end three times", []heard{{1000, event(1, false, 160)}, {1000, event(1, true, 800)}, {1000, event(1, true, 800)}, {1000, event(1, true, 800)}}, "1:100ms "},
		{"only the end arrives", []heard{{1000, event(11, true, 800)}}, "#:100ms "},
		{"same digit twice", []heard{{1000, event(1, true, 800)}, {3000, event(1, true, 800)}}, "1:100ms 1:100ms "},
		{"end lost, next digit", []heard{{1000, event(1, false, 640)}, {3000, event(2, true, 800)}}, "1:80ms 2:100ms "},
		{"end lost, voice", []heard{{1000, event(1, false, 640)}, {1800, nil}, {3400, nil}, {3560, nil}}, "1:80ms "},
		{"late packet of the digit before", []heard{{3000, event(2, true, 800)}, {1000, event(1, false, 160)}}, "2:100ms "},
		{"packets out of order", []heard{{1000, event(1, false, 480)}, {1000, event(1, false, 320)}, {1000, event(1, true, 640)}, {1000, event(1, false, 480)}}, "1:80ms "},
		{"clock wraps", []heard{{0xffffff00, event(1, true, 800)}, {0x700, event(2, true, 800)}}, "1:100ms 2:100ms "},
		{"clock starts again", []heard{{5_000_000, event(1, true, 800)}, {1000, event(2, true, 800)}}, "1:100ms 2:100ms "},
		{"flash and cut packets", []heard{{1000, event(16, true, 800)}, {2000, []byte{1, 0x80, 0}}, {3000, nil}}, ""},
	} {
		var l listener
		var got string
		out := func(d Digit) { got += string(d.Key) + ":" + d.Duration.String() + " " }
		for _, h := range c.events {
			if h.payload == nil {
				l.voice(h.stamp, out)
			} else {
				l.hear(h.stamp, h.payload, out)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
