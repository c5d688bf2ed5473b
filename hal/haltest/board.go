package haltest

import (
	"slices"
	"testing"
	"time"

	"hilphone/hal"
)

// always is of tests that every board has the parts for.
func always(*Bench) bool { return true }

func broken(b *Bench) bool { return b.Break != nil && b.Mend != nil }

// Test puts boards that make returns through everything; each is new, and the one before has been switched off. inside runs every test: in
// a bubble, if the board has no hardware, or just so.
func Test(t *testing.T, inside func(*testing.T, func(*testing.T)), make func(*testing.T) *Bench) {
	for _, c := range []struct {
		name string
		has  func(*Bench) bool
		test func(*session)
	}{
		{"every key", always, everyKey},
		{"two keys", always, twoKeys},
		{"ghost", func(b *Bench) bool { return b.Rectangle[3] != "" }, ghost},
		{"hook", always, hook},
		{"flash", func(b *Bench) bool { return b.Cradle != nil }, flash},
		{"dial", func(b *Bench) bool { return b.Dial != nil }, dial},
		{"lamps", always, lamps},
		{"ringer", always, ringer},
		{"stale edges", func(b *Bench) bool { return b.Stale != nil }, stale},
		{"break and mend", broken, breakAndMend},
		{"held while broken", broken, heldWhileBroken},
	} {
		t.Run(c.name, func(t *testing.T) {
			inside(t, func(t *testing.T) {
				b := make(t)
				if !b.has(t, c.name, c.has(b)) {
					return
				}
				s := run(t, b)
				s.watches()
				c.test(s)
				s.end()
			})
		})
	}
	for _, c := range []struct {
		name string
		has  func(*Bench) bool
		test func(*testing.T, func(*testing.T) *Bench)
	}{
		{"restart", always, restart}, {"before and after", always, beforeAndAfter}, {"occupied", func(b *Bench) bool { return b.Occupy != nil }, occupied},
	} {
		t.Run(c.name, func(t *testing.T) {
			inside(t, func(t *testing.T) {
				if b := make(t); b.has(t, c.name, c.has(b)) {
					c.test(t, make)
				}
			})
		})
	}
}

// has reports whether the board has the parts for a test; one that does not has to say so, and only then.
func (b *Bench) has(t *testing.T, name string, parts bool) bool {
	if lacks := slices.Contains(b.Lacks, name); lacks == parts {
		t.Errorf("the board has the parts for this: %v, lacks them: %v", parts, lacks)
	}
	return parts
}

// everyKey: each key is told once when pressed and once when let go.
func everyKey(s *session) {
	for _, k := range s.Keys {
		s.Key(k, true)
		s.expect(string(k) + " down")
		s.Key(k, false)
		s.expect(string(k) + " up")
	}
	s.nothing()
}

// twoKeys: one key does not hide another.
func twoKeys(s *session) {
	a, b := s.Keys[0], s.Keys[1]
	s.Key(a, true)
	s.expect(string(a) + " down")
	s.Key(b, true)
	s.expect(string(b) + " down")
	s.Key(a, false)
	s.expect(string(a) + " up")
	s.nothing()
	s.Key(b, false)
	s.expect(string(b) + " up")
}

// ghost: three keys of a rectangle do not make a fourth.
func ghost(s *session) {
	r := s.Rectangle
	s.Key(r[0], true)
	s.expect(string(r[0]) + " down")
	s.Key(r[1], true)
	s.expect(string(r[1]) + " down")
	s.Key(r[2], true)
	if s.Diodes {
		s.expect(string(r[2]) + " down")
		s.nothing()
		for _, k := range r[:3] {
			s.Key(k, false)
			s.expect(string(k) + " up")
		}
		return
	}
	if f := s.fault(true); f.Device == "" {
		s.t.Error("the fault names no device")
	}
	s.nothing()
	s.Key(r[2], false)
	s.fault(false)
	s.Key(r[1], false)
	s.expect(string(r[1]) + " up")
	s.Key(r[0], false)
	s.expect(string(r[0]) + " up")
	s.nothing()
}

func hook(s *session) {
	for range 3 {
		s.Hook(true)
		s.expect("hook off")
		s.Hook(false)
		s.expect("hook on")
	}
	s.nothing()
}

// flash: the cradle pressed for a moment is a key, for a shorter moment nothing, for longer the handset put back.
func flash(s *session) {
	s.Hook(true)
	s.expect("hook off")
	s.Cradle(time.Second)
	s.expect(string(s.FlashKey)+" down", string(s.FlashKey)+" up")
	s.Cradle(30 * time.Millisecond)
	s.nothing()
	s.Hook(false)
	s.expect("hook on")
}

// dial: a train of pulses is a digit.
func dial(s *session) {
	for pulses, digit := range map[int]string{1: "1", 5: "5", 10: "0"} {
		s.Dial(pulses)
		s.expect(digit+" down", digit+" up")
	}
	s.nothing()
}

func lamps(s *session) {
	s.Board.SetLamp("line20", hal.On) // the board may not have it
	for _, l := range s.Lamps {
		lit := func() bool { return s.Lit(l) }
		dark := func() bool { return !s.Lit(l) }
		s.Board.SetLamp(l, hal.On)
		s.until("lamp "+string(l)+" on", lit)
		s.stays("lamp "+string(l)+" on", lit)
		for _, p := range []hal.Pattern{hal.Fast, hal.Slow} {
			s.Board.SetLamp(l, p)
			s.until("lamp "+string(l)+" dark", dark)
			s.until("lamp "+string(l)+" lit", lit)
		}
		s.Board.SetLamp(l, hal.Off)
		s.until("lamp "+string(l)+" off", dark)
		s.stays("lamp "+string(l)+" off", dark)
	}
	// Many changes, the newest counts.
	l := s.Lamps[0]
	for range 1000 {
		s.Board.SetLamp(l, hal.Off)
		s.Board.SetLamp(l, hal.On)
	}
	s.until("lamp "+string(l)+" on at last", func() bool { return s.Lit(l) })
	s.stays("lamp "+string(l)+" on at last", func() bool { return s.Lit(l) })
}

func ringer(s *session) {
	loud, still := s.Loud, func() bool { return !s.Loud() }
	s.stays("silence", still)
	s.Board.Ring(hal.Cadence{300 * time.Millisecond, 200 * time.Millisecond})
	for range 2 {
		s.until("a ring", loud)
		s.until("the pause after it", still)
	}
	s.Board.Ring(hal.Silent)
	s.until("silence", still)
	s.stays("silence", still)
}

// stale: an edge is not a movement.
func stale(s *session) {
	s.Hook(true)
	s.expect("hook off")
	s.Hook(false)
	s.expect("hook on")
	s.Stale()
	s.nothing()
	s.Key(s.Keys[0], true)
	s.expect(string(s.Keys[0]) + " down")
	s.Key(s.Keys[0], false)
	s.expect(string(s.Keys[0]) + " up")
}

// breakAndMend: a board that fails says so, and works again when it can; its lamps come back.
func breakAndMend(s *session) {
	l := s.Lamps[0]
	s.Board.SetLamp(l, hal.On)
	s.until("lamp "+string(l)+" on", func() bool { return s.Lit(l) })
	s.nothing()
	s.Break()
	f := s.fault(true)
	if f.Device == "" {
		s.t.Error("the fault names no device")
	}
	s.Board.SetLamp(l, hal.Off)
	s.Board.SetLamp(l, hal.On)
	s.Mend()
	s.fault(false)
	s.until("lamp "+string(l)+" on again", func() bool { return s.Lit(l) })
	everyKey(s)
}

// heldWhileBroken: what moved while nobody could look is told afterwards.
func heldWhileBroken(s *session) {
	s.Hook(true)
	s.expect("hook off")
	s.nothing()
	s.Break()
	s.fault(true)
	s.Mend()
	s.Hook(false)
	for e := s.next(); describe(e) != "hook on"; e = s.next() {
		if e.Kind != hal.FaultRaised {
			s.t.Fatalf("event %q, want the handset put back", describe(e))
		}
	}
	s.nothing()
}

// restart: a board that was switched off leaves nothing behind that is in the way of the next.
func restart(t *testing.T, make func(*testing.T) *Bench) {
	for range 3 {
		s := run(t, make(t))
		s.watches()
		s.Key(s.Keys[0], true)
		s.expect(string(s.Keys[0]) + " down")
		s.Key(s.Keys[0], false)
		s.expect(string(s.Keys[0]) + " up")
		s.Board.SetLamp(s.Lamps[0], hal.On)
		s.until("lamp on", func() bool { return s.Lit(s.Lamps[0]) })
		s.end()
	}
}

// beforeAndAfter: lamps may be set at any time; those set before Run are lit by it.
func beforeAndAfter(t *testing.T, make func(*testing.T) *Bench) {
	b := make(t)
	if b.Board.Kind() == "" {
		t.Error("the board does not say what it is made of")
	}
	b.Board.SetLamp(b.Lamps[0], hal.On)
	b.Board.Ring(hal.Silent)
	s := run(t, b)
	s.until("lamp on", func() bool { return b.Lit(b.Lamps[0]) })
	s.end()
	b.Board.SetLamp(b.Lamps[0], hal.Off)
	b.Board.Ring(hal.Cadence{time.Second, time.Second})
	b.Board.Ring(hal.Silent)
	s.nothing()
}

// occupied: a pin that somebody else has is a fault that ends when he gives it back.
func occupied(t *testing.T, make func(*testing.T) *Bench) {
	b := make(t)
	free := b.Occupy()
	s := run(t, b)
	if f := s.fault(true); f.Device == "" {
		t.Error("the fault names no device")
	}
	free()
	s.fault(false)
	everyKey(s)
	s.end()
}
