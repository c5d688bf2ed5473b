package media

import (
	"encoding/binary"
	"errors"
	"strconv"
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
		if len(packets) != 15 {
			t.Fatalf("%d packets in 300 ms", len(packets))
		}
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
			duration, flags := binary.BigEndian.Uint16(p.Payload[2:]), byte(10) // -10 dBm0
			if i >= 4 {
				flags = 0x80 | 10 // and the end
			}
			if p.PayloadType != 101 || p.Payload[0] != 5 || len(p.Payload) != 4 || duration != wantDuration[i] ||
				p.Payload[1] != flags || p.Marker != (i == 0) || p.Timestamp != packets[0].Timestamp ||
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
		for range 64 {
			if err := c.a.DTMF("1", 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.a.DTMF("1", 0, 0); err == nil {
			t.Error("more digits than the queue holds")
		}
	})
}

// A side that takes no digits any more is not sent those that wait, nor when it takes some again.
func TestDigitsAreDroppedWhereNoneAreTaken(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		c.agree(SendRecv, SendRecv)
		c.during(10 * time.Millisecond)
		if err := c.a.DTMF("12", 100*time.Millisecond, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		c.during(60 * time.Millisecond)
		for _, formats := range []string{"0", "0 101"} {
			offer := "v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio " + strconv.Itoa(c.b.LocalPort()) + " RTP/AVP " + formats + "\r\na=rtpmap:101 telephone-event/8000\r\n"
			_, remote, err := c.a.Answer([]byte(offer), SendRecv)
			if err != nil {
				t.Fatal(err)
			}
			c.a.Start(remote)
			packets := c.during(time.Second)
			if len(packets) != 50 {
				t.Errorf("%s: %d packets", formats, len(packets))
			}
			for _, p := range packets {
				if p.PayloadType != 0 {
					t.Fatalf("%s: a packet of payload type %d", formats, p.PayloadType)
				}
			}
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
		packets := c.during(time.Second)
		if len(packets) != 50 {
			t.Errorf("%d packets in the second after", len(packets))
		}
		for _, p := range packets {
			if p.PayloadType == 101 {
				t.Fatal("the digit goes on after the hold")
			}
		}
	})
}
