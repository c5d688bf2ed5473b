package rpi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/contact"
)

// shown is what the phone wants shown and heard. It is written by any goroutine and read by the one that drives the pins.
type shown struct {
	mu      sync.Mutex
	lamps   map[hal.Lamp]hal.Pattern
	cadence hal.Cadence
	changed chan struct{} // of capacity 1
}

func newShown() *shown {
	return &shown{lamps: map[hal.Lamp]hal.Pattern{}, changed: make(chan struct{}, 1)}
}

func (s *shown) change(f func()) {
	s.mu.Lock()
	f()
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// lights drive lamps and ringer.
type lights struct {
	shown  *shown
	lamps  map[hal.Lamp]*contact.Light
	ringer contact.Light
	bell   board.Ringer
}

func newLights(s *shown, b *board.Board) *lights {
	l := &lights{shown: s, lamps: map[hal.Lamp]*contact.Light{}}
	for name := range b.Lamps {
		l.lamps[name] = &contact.Light{}
	}
	if b.Ringer != nil {
		l.bell = *b.Ringer
	}
	return l
}

// run drives the outputs of a circuit until ctx ends, and switches them off.
func (l *lights) run(ctx context.Context, c *circuit) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			if !c.gone.Load() {
				l.off(c)
			}
			return
		case <-timer.C:
		case <-l.shown.changed:
		}
		if c.gone.Load() {
			continue
		}
		now := time.Now()
		again, err := l.drive(c, now)
		if err != nil {
			c.fail(err)
		}
		timer.Stop()
		if !again.IsZero() {
			timer.Reset(again.Sub(now))
		}
	}
}

func (l *lights) off(c *circuit) {
	for _, o := range c.lamps {
		_ = o.set(false) // it is given back next
	}
	if c.ringer != nil {
		_ = c.ringer.set(false)
	}
}

// drive sets every output as it is to be at an instant and returns when that changes.
func (l *lights) drive(c *circuit, now time.Time) (again time.Time, err error) {
	l.shown.mu.Lock()
	for name, light := range l.lamps {
		light.Show(l.shown.lamps[name].Cadence(), now)
	}
	l.ringer.Show(l.bell.Cadence(l.shown.cadence), now)
	l.shown.mu.Unlock()
	var errs []error
	for name, light := range l.lamps {
		on, due := light.Level(now)
		again = sooner(again, due)
		if err := c.lamps[name].set(on); err != nil {
			errs = append(errs, fmt.Errorf("lamp %s: %w", name, err))
		}
	}
	if c.ringer != nil {
		on, due := l.sound(now)
		again = sooner(again, due)
		if err := c.ringer.set(on); err != nil {
			errs = append(errs, fmt.Errorf("ringer: %w", err))
		}
	}
	return again, errors.Join(errs...)
}

// sound is the level of the ringer at an instant. A bell's clapper follows the current, which goes one way for half a period and the other
// way for the other half.
func (l *lights) sound(now time.Time) (on bool, again time.Time) {
	on, again = l.ringer.Level(now)
	if !on || l.bell.Kind != board.Bell || l.bell.Hertz <= 0 {
		return on, again
	}
	half := time.Second / time.Duration(2*l.bell.Hertz)
	halves := now.UnixNano() / int64(half)
	return halves%2 == 0, sooner(again, now.Add(half-time.Duration(now.UnixNano()%int64(half))))
}
