// Package virtual is the front of a phone without hardware: the front panel of the web page, scripts and tests are its hands and
// eyes.
//
// A movement is reported to the phone in the goroutine of whoever makes it, so that the phone has acted on it when the method
// returns. Lamps and ringer need no goroutine: their level is worked out from the time when somebody looks.
package virtual

import (
	"context"
	"errors"
	"sync"
	"time"

	"hilphone/hal"
)

// ErrOff is the answer to a hand on a board that does not run.
var ErrOff = errors.New("the board is switched off")

// Board is a hal.Board in memory. Its methods are safe from any goroutine.
type Board struct {
	mu     sync.Mutex
	report func(hal.Event) // nil unless Run runs
	down   map[hal.Key]bool
	off    bool
	lamps  map[hal.Lamp]shining
	ringer ringing

	moving  chan struct{} // of capacity 1, held while a movement is reported: movements reach the phone in order
	pressed chan struct{} // of capacity 1, held by the one sequence of keys that is being pressed
}

type shining struct {
	pattern hal.Pattern
	since   time.Time
}

type ringing struct {
	cadence hal.Cadence
	since   time.Time
}

// New returns a board with the handset on its hook, no key down, every lamp off and the ringer silent.
func New() *Board {
	return &Board{
		down:    map[hal.Key]bool{},
		lamps:   map[hal.Lamp]shining{},
		moving:  make(chan struct{}, 1),
		pressed: make(chan struct{}, 1),
	}
}

// Kind is "virtual".
func (b *Board) Kind() string { return "virtual" }

// Run lets the hands reach the phone until ctx is done. It returns nil, after the last movement has been reported, and may be called
// again: then the handset is on its hook and no key is down.
func (b *Board) Run(ctx context.Context, report func(hal.Event)) error {
	b.rest()
	b.setReport(report)
	<-ctx.Done()
	b.setReport(nil)
	b.moving <- struct{}{} // the movement under way, if there is one, has ended
	<-b.moving
	return nil
}

// rest puts the handset back and lets go of every key, unseen.
func (b *Board) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.off = false
	clear(b.down)
}

func (b *Board) setReport(report func(hal.Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.report = report
}

// SetHook lifts the handset (off) or puts it back and returns when the phone has acted on it. A handset that is there already does
// not move. The error is ErrOff.
func (b *Board) SetHook(off bool, source hal.Source) error {
	return b.move(hal.Event{Kind: hal.HookMoved, Off: off, Source: source}, func() bool {
		moved := b.off != off
		b.off = off
		return moved
	})
}

// SetKey presses a key or lets it go and returns when the phone has acted on it. A key that is there already does not move. The error
// is a *hal.KeyError or ErrOff.
func (b *Board) SetKey(name string, down bool, source hal.Source) error {
	k, err := hal.ParseKey(name)
	if err != nil {
		return err
	}
	_, err = b.moveKey(k, down, source)
	return err
}

// moveKey returns why the key had no effect on the phone: also where it was held down here already, or is on another board.
func (b *Board) moveKey(k hal.Key, down bool, source hal.Source) (string, error) {
	reason := held
	err := b.move(hal.Event{Kind: hal.KeyMoved, Key: k, Down: down, Source: source, NoEffect: &reason}, func() bool {
		moved := b.down[k] != down
		b.down[k] = down
		return moved
	})
	return reason, err
}

// held is why a key has no effect that is not reported to the phone.
const held = "the key is held down already"

// move changes the position of a part and, if it moved, reports it.
func (b *Board) move(e hal.Event, change func() bool) error {
	b.moving <- struct{}{}
	defer func() { <-b.moving }()
	b.mu.Lock()
	report := b.report
	moved := report != nil && change()
	b.mu.Unlock()
	if report == nil {
		return ErrOff
	}
	if moved {
		e.At = time.Now()
		report(e)
	}
	return nil
}

// Fault reports a fault of the board to the phone, or with an empty message its end, as hardware would. The error is ErrOff.
func (b *Board) Fault(f hal.Fault) error {
	return b.move(hal.Event{Kind: hal.FaultRaised, Fault: f, Source: hal.FromBoard}, func() bool { return true })
}

// SetLamp implements hal.Board.
func (b *Board) SetLamp(l hal.Lamp, p hal.Pattern) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lamps[l] = shining{p, time.Now()}
}

// Ring implements hal.Board.
func (b *Board) Ring(c hal.Cadence) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ringer = ringing{c, time.Now()}
}

// Lamp returns the pattern of a lamp.
func (b *Board) Lamp(l hal.Lamp) hal.Pattern {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.lamps[l]; ok {
		return s.pattern
	}
	return hal.Off
}

// Ringing reports whether the ringer has been told to ring; it may be in a pause of its cadence.
func (b *Board) Ringing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.ringer.cadence) > 0
}
