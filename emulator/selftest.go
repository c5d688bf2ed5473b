package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hal"
	"hilphone/hal/virtual"
	"hilphone/webui"
)

// walkEnds is how long a walk goes on when nobody moves anything.
const walkEnds = 2 * time.Minute

// selfTest stands between the phone and its front. It lights a lamp and rings for whoever looks at the board, while the phone goes on, and
// knows which real part was moved when. While somebody walks through the real keys they do not reach the phone, which would dial them.
type selfTest struct {
	hal.Board // the front
	record    func(at time.Time, n int, call string, data event.Data)

	mu      sync.Mutex
	report  func(hal.Event) // nil unless Run runs
	lamps   map[hal.Lamp]hal.Pattern
	cadence hal.Cadence
	shown   map[string]int // by name, how many are looking at it
	seen    map[string]time.Time
	until   time.Time // a walk is under way
	off     bool      // the real handset, as it is
	passed  bool      // the real handset, as the phone knows it
}

func newSelfTest(front hal.Board, record func(at time.Time, n int, call string, data event.Data)) *selfTest {
	return &selfTest{Board: front, record: record, lamps: map[hal.Lamp]hal.Pattern{}, shown: map[string]int{}, seen: map[string]time.Time{}}
}

// Run implements hal.Board.
func (s *selfTest) Run(ctx context.Context, report func(hal.Event)) error {
	s.mu.Lock()
	s.report = report
	s.mu.Unlock()
	return s.Board.Run(ctx, func(e hal.Event) {
		if !s.take(e) {
			report(e)
		}
	})
}

// take notes a movement of a real part. During a walk nobody else gets it.
func (s *selfTest) take(e hal.Event) bool {
	if e.Source != hal.FromBoard || e.Kind == hal.FaultRaised {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	name := virtual.HookName
	if e.Kind == hal.KeyMoved {
		name = virtual.KeyName(e.Key)
	} else {
		s.off = e.Off
	}
	if e.Down || e.Off {
		s.seen[name] = now
	}
	if !now.Before(s.until) {
		s.passed = s.off
		return false
	}
	s.until = now.Add(walkEnds)
	if e.Kind == hal.KeyMoved {
		s.record(e.At, 0, "", event.Key{Key: string(e.Key), State: word(e.Down, "down", "up"), Source: string(e.Source), Test: true})
	} else {
		s.record(e.At, 0, "", event.Hook{State: word(e.Off, "off", "on"), Source: string(e.Source), Test: true})
	}
	return true
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// SetLamp implements hal.Board.
func (s *selfTest) SetLamp(l hal.Lamp, p hal.Pattern) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lamps[l] = p; s.shown[virtual.LampName(l)] == 0 {
		s.Board.SetLamp(l, p)
	}
}

// Ring implements hal.Board.
func (s *selfTest) Ring(c hal.Cadence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cadence = c; s.shown[virtual.RingerName] == 0 {
		s.Board.Ring(c)
	}
}

// show lights a lamp, or rings, for walkShow and then does what the phone wants again. The error is webui.ErrNotFound or that of ctx.
func (s *selfTest) show(ctx context.Context, name string) error {
	lamp := hal.Lamp("")
	for _, l := range hal.Lamps() {
		if virtual.LampName(l) == name {
			lamp = l
		}
	}
	if lamp == "" && name != virtual.RingerName {
		return fmt.Errorf("%q: %w among the lamps and the ringer", name, webui.ErrNotFound)
	}
	s.look(name, lamp, 1)
	defer s.look(name, lamp, -1)
	t := time.NewTimer(walkShow)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look has one more, or one less, look at a lamp or listen to the ringer.
func (s *selfTest) look(name string, lamp hal.Lamp, more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown[name] += more
	looked := s.shown[name] > 0
	if lamp == "" {
		cadence := s.cadence
		if looked {
			cadence = hal.Cadence{walkShow, walkShow}
		}
		s.Board.Ring(cadence)
		s.record(time.Time{}, 0, "", event.Ringer{State: word(looked || len(cadence) > 0, "on", "off"), Test: true})
		return
	}
	pattern := s.lamps[lamp]
	if looked {
		pattern = hal.On
	} else if pattern == "" {
		pattern = hal.Off
	}
	s.Board.SetLamp(lamp, pattern)
	n, _ := lamp.Line()
	s.record(time.Time{}, n, "", event.Lamp{Name: string(lamp), Pattern: string(pattern), Test: true})
}

// walk begins or ends a walk. At the end the phone is told if the handset is not where it knew it.
func (s *selfTest) walk(on bool) {
	s.mu.Lock()
	report := s.report
	moved := hal.Event{At: time.Now(), Kind: hal.HookMoved, Off: s.off, Source: hal.FromBoard}
	tell := !on && s.off != s.passed && report != nil
	if on {
		clear(s.seen)
		s.until = time.Now().Add(walkEnds)
	} else {
		s.until, s.passed = time.Time{}, s.off
	}
	s.mu.Unlock()
	if tell {
		report(moved)
	}
}

// walked is whether a walk is under way, and when each part was last moved since the walk began.
func (s *selfTest) walked() (on bool, seen map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.until), maps.Clone(s.seen)
}

var errBusy = errors.New("the phone is in use: its real keys are not taken away during a call")
