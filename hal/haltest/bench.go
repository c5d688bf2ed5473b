// Package haltest is what every front of a phone has to do, as tests: whatever a hal.Board is made of, the phone behind it must not be
// able to tell. A board is put on a Bench, whose hands move real contacts or those of a page, and whose eyes see its lamps.
package haltest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
)

// Bench is a board with somebody in front of it. Functions that the board has no parts for are nil, and what they would test is left out;
// Lacks says so, so that nothing is left out unseen.
type Bench struct {
	Board  hal.Board
	Lacks  []string   // names of tests that the board has no parts for
	Source hal.Source // of the movements that are made here

	Keys  []hal.Key  // that the board has; those of the same row of a keypad are neighbours
	Lamps []hal.Lamp // that the board has

	Ready func() bool // the board watches: what moves before may be lost

	Key  func(k hal.Key, down bool) // presses a key or lets it go, with all that its contact does
	Hook func(off bool)             // lifts the handset or puts it back
	Lit  func(l hal.Lamp) bool      // a lamp shines at this instant
	Loud func() bool                // the ringer sounds at this instant

	Rectangle [4]hal.Key                 // keys at the corners of a rectangle, in a row each two; the fourth is never touched
	Diodes    bool                       // three of them are told apart from the fourth
	Cradle    func(length time.Duration) // presses the cradle of the lifted handset for a time
	FlashKey  hal.Key                    // that a press of the cradle for a second is
	Dial      func(pulses int)           // turns the dial
	Break     func()                     // takes the board's hardware away
	Mend      func()                     // brings it back
	Stale     func()                     // makes edges that nobody asked for, as a spark nearby does
	Occupy    func() (free func())       // has somebody else take a pin of a board that does not run
}

// patience is how long anything that has to happen may take: the computer may be an emulated one, and busy.
const patience = 10 * time.Second

// quiet is how long nothing must happen that must not happen.
const quiet = 200 * time.Millisecond

// session is a board that runs.
type session struct {
	*Bench
	t      *testing.T
	events chan hal.Event
	stop   context.CancelFunc
	ended  chan error
}

// run runs the board until the test ends.
func run(t *testing.T, b *Bench) *session {
	ctx, stop := context.WithCancel(context.Background())
	s := &session{b, t, make(chan hal.Event, 1000), stop, make(chan error, 1)}
	go func() { s.ended <- b.Board.Run(ctx, func(e hal.Event) { s.events <- e }) }()
	t.Cleanup(s.end)
	return s
}

// watches waits until the board watches.
func (s *session) watches() {
	s.t.Helper()
	s.until("a board that watches", s.Ready)
}

// end switches the board off and waits until it is.
func (s *session) end() {
	s.stop()
	select {
	case err, ok := <-s.ended:
		if !ok {
			return // switched off already
		}
		if err != nil {
			s.t.Errorf("Run: %v", err)
		}
		close(s.ended)
	case <-time.After(patience):
		s.t.Fatal("Run does not end with its context")
	}
}

// next returns the next event.
func (s *session) next() hal.Event {
	s.t.Helper()
	select {
	case e := <-s.events:
		if e.At.IsZero() || time.Since(e.At) > patience || time.Since(e.At) < 0 {
			s.t.Errorf("%s: at %s, %s ago", describe(e), e.At, time.Since(e.At))
		}
		return e
	case <-time.After(patience):
		s.t.Fatal("no event came")
		return hal.Event{}
	}
}

// expect waits for events, in order: "1 down", "1 up", "hook off", "hook on".
func (s *session) expect(want ...string) {
	s.t.Helper()
	for _, w := range want {
		e := s.next()
		if got := describe(e); got != w {
			s.t.Fatalf("event %q, want %q", got, w)
		}
		if e.Source != s.Source {
			s.t.Errorf("%s: source %s, want %s", w, e.Source, s.Source)
		}
	}
}

// nothing sees to it that no event comes.
func (s *session) nothing() {
	s.t.Helper()
	select {
	case e := <-s.events:
		s.t.Fatalf("event %q, want none", describe(e))
	case <-time.After(quiet):
	}
}

// fault waits for the fault to come or to go, over others.
func (s *session) fault(raised bool) hal.Fault {
	s.t.Helper()
	for {
		e := s.next()
		if e.Kind == hal.FaultRaised && (e.Fault.Message != "") == raised {
			return e.Fault
		}
	}
}

// until waits for something to be seen.
func (s *session) until(what string, seen func() bool) {
	s.t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	limit := time.After(patience)
	for !seen() {
		select {
		case <-look.C:
		case <-limit:
			s.t.Fatalf("never seen: %s", what)
		}
	}
}

// stays sees to it that something is seen all the time.
func (s *session) stays(what string, seen func() bool) {
	s.t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for limit := time.After(quiet); ; {
		select {
		case <-look.C:
			if !seen() {
				s.t.Fatalf("seen no more: %s", what)
			}
		case <-limit:
			return
		}
	}
}

func describe(e hal.Event) string {
	switch e.Kind {
	case hal.KeyMoved:
		return fmt.Sprintf("%s %s", e.Key, word(e.Down, "down", "up"))
	case hal.HookMoved:
		return "hook " + word(e.Off, "off", "on")
	case hal.FaultRaised:
		return strings.TrimSpace("fault " + e.Fault.Device + ": " + e.Fault.Message)
	}
	return "event of kind " + string(e.Kind)
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
