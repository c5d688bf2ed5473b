package media

import (
	"testing"
	"time"

	"hilphone/hil/memnet"
)

// RFC 3550 appendix A.1: a jump forward of less than 3000 numbers is loss, a step back of 100 at most is a late packet; what lies between is counted only
// where the next number follows it, and is a sender that started again.
func TestReceptionCounts(t *testing.T) {
	for _, c := range []struct {
		name      string
		sequences []uint16
		received  uint32
		lost      uint64
	}{
		{"one", []uint16{5}, 1, 0},
		{"in order", []uint16{5, 6, 7}, 3, 0},
		{"one missing", []uint16{5, 7, 8}, 3, 1},
		{"out of order", []uint16{5, 7, 6, 8}, 4, 0},
		{"far out of order", []uint16{5, 8, 7, 6, 9}, 5, 0},
		{"the last is late", []uint16{5, 8}, 2, 2},
		{"twice", []uint16{5, 6, 6, 7}, 4, 0},
		{"twice, and one missing", []uint16{5, 6, 6, 8}, 4, 0}, // as RFC 3550 has it: a packet more makes up for one less
		{"wraps", []uint16{65534, 65535, 0, 2}, 4, 1},
		{"wraps out of order", []uint16{65534, 0, 65535, 1}, 4, 0},
		{"wraps with loss", []uint16{65530, 10}, 2, 15},
		{"before the first", []uint16{5, 4, 6}, 3, 0},
		{"the largest jump", []uint16{0, 2999}, 2, 2998},
		{"a larger jump", []uint16{0, 3000, 1}, 2, 0},
		{"the oldest late packet", []uint16{200, 201, 101, 202}, 4, 0},
		{"an older one", []uint16{200, 201, 100, 202}, 3, 0},
		{"one stray number", []uint16{5, 6, 30000, 7}, 3, 0},
		{"two stray numbers", []uint16{5, 6, 30000, 40000, 7}, 3, 0},
		{"stray numbers apart", []uint16{5, 30000, 6, 30001, 7}, 3, 0},
		{"starts again", []uint16{5, 7, 30000, 30001, 30002}, 2, 1},
		{"starts again, with loss after", []uint16{5, 7, 30000, 30001, 30004}, 2, 3},
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
	if r.total() != 0 {
		t.Errorf("lost %d of nothing", r.total())
	}
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

// RFC 3550 6.4.1, appendix A.8: J = J + (|D| - J)/16, in units of 125 us; D is how much longer, or shorter, than the packet before one took. The values
// are computed by hand.
func TestJitter(t *testing.T) {
	const unit = 125 * time.Microsecond
	for _, c := range []struct {
		name  string
		late  []int // of packets 160 units apart
		units float64
	}{
		{"the first", []int{500}, 0},
		{"all as late", []int{500, 500, 500}, 0},
		{"one later", []int{0, 160}, 10},
		{"one earlier", []int{160, 0}, 10},
		{"two later", []int{0, 160, 320}, 19.375},                // 10 + (160-10)/16
		{"by turns", []int{0, 160, 0}, 19.375},                   //
		{"then steady", []int{0, 160, 160}, 9.375},               // 10 - 10/16
		{"a little", []int{0, 1, 1}, 0.05859375},                 // 1/16 - 1/256
		{"a change of 5 s less one", []int{0, 39999}, 2499.9375}, //
		{"a change of 5 s: another clock", []int{0, 40000}, 0},   //
		{"back by 5 s less one", []int{39999, 0}, 2499.9375},     //
		{"back by 5 s: another clock", []int{40000, 0}, 0},       //
		{"after another clock", []int{0, 40000, 40160}, 10},      //
	} {
		for _, first := range []uint32{0, 0xffffff80} { // the time stamps wrap
			var r reception
			for i, late := range c.late {
				stamp := first + uint32(i)*160
				r.arrival(stamp, uint32(7000+i*160+late))
			}
			if got, want := r.interarrivalJitter(), time.Duration(c.units*float64(unit)); got != want {
				t.Errorf("%s, from %#x: %v, want %v", c.name, first, got, want)
			}
		}
	}
	var r reception
	for i := range 2000 { // every second one 5 ms late: |D| is 40 units each time, and J comes up to it
		r.arrival(uint32(i)*160, uint32(i*160+i%2*40))
	}
	if j := r.interarrivalJitter(); j < 5*time.Millisecond-time.Microsecond || j > 5*time.Millisecond {
		t.Errorf("jitter %v, want 5 ms", j)
	}
}

// receivedBy has a call whose packets to b go wrong as f says; the first is number 0.
func receivedBy(t *testing.T, c *call, f func(i int, fate *memnet.Fate)) {
	t.Helper()
	i, to := 0, memnet.To(c.b.local)
	c.net.Filter(func(p memnet.Packet, fate *memnet.Fate) {
		if to(p) {
			f(i, fate)
			i++
		}
	})
	c.agree(SendRecv, SendRecv)
}

// Packets that overtake each other are not lost. The jitter is computed by hand: the tenth packet takes 25 ms, which is 200 units more than the others.
func TestReorderedPackets(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		receivedBy(t, c, func(i int, fate *memnet.Fate) {
			if i == 9 {
				fate.Delay = 25 * time.Millisecond
			}
		})
		c.during(200 * time.Millisecond) // packets 0 to 10, of which 9 is on its way
		want := func(when string, received, lost uint64, jitter time.Duration) {
			t.Helper()
			if s := c.b.Stats(); s.Received != received || s.Lost != lost || s.Jitter != jitter || s.ReceivedBytes != received*160 {
				t.Errorf("%s: %+v, want %d received, %d lost, jitter %v", when, s, received, lost, jitter)
			}
		}
		want("before", 10, 1, 0)
		c.during(5 * time.Millisecond)
		want("when it comes", 11, 0, 1562500*time.Nanosecond) // 200/16 = 12.5 units
		c.during(15 * time.Millisecond)
		want("after the next", 12, 0, 3027343*time.Nanosecond) // 12.5 + (200-12.5)/16 = 24.21875 units
		c.during(20 * time.Millisecond)
		want("and one more", 13, 0, 2838134*time.Nanosecond) // 24.21875 * 15/16 = 22.705078125 units
	})
}

// Every second packet is 5 ms late for a minute: the jitter is 5 ms, and nothing is lost.
func TestJitterOnALateNetwork(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		receivedBy(t, c, func(i int, fate *memnet.Fate) { fate.Delay = time.Duration(i%2) * 5 * time.Millisecond })
		c.during(time.Minute)
		s := c.b.Stats()
		if s.Jitter < 5*time.Millisecond-time.Microsecond || s.Jitter > 5*time.Millisecond || s.Received != 3001 || s.Lost != 0 {
			t.Errorf("%+v, want 3001 packets and 5 ms of jitter", s)
		}
	})
}

// Every tenth packet is lost for 30 s: 150 of 1501. One that comes twice is counted twice and makes up for one that is lost (RFC 3550 6.4.1).
func TestLossIsCounted(t *testing.T) {
	bubble(t, func(t *testing.T, c *call) {
		receivedBy(t, c, func(i int, fate *memnet.Fate) { fate.Drop = i%10 == 5 })
		c.during(30 * time.Second)
		if s, sent := c.b.Stats(), c.a.Stats().Sent; sent != 1501 || s.Received != 1351 || s.Lost != 150 || s.Jitter != 0 {
			t.Errorf("%d sent, %+v, want 1351 received, 150 lost", sent, s)
		}
		again := packet(t, c.all()[1500].SSRC, c.all()[1500].SequenceNumber)
		if _, err := c.a.conn.WriteTo(again, c.b.conn.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		c.during(time.Millisecond)
		if s := c.b.Stats(); s.Received != 1352 || s.Lost != 149 {
			t.Errorf("with one twice: %+v", s)
		}
	})
}
