package rig

import (
	"context"
	"fmt"
	"time"
)

// lookEvery is how often the sensors are looked at without an edge: what is steady is known after a while without one, and an edge may be lost.
// What an edge means is judged by its time stamp, however late it is read.
const lookEvery = 20 * time.Millisecond

// Witness is told what the sensors see, in the order in which it becomes known; by one goroutine. Parts are as in Use: "lamp line1", "ringer".
type Witness interface {
	// Shows says what a lamp or a ringer shows from an instant on that may have gone by: nobody knows at a lamp's first change that it blinks.
	Shows(at time.Time, part, shows string)
	// Lit is a sensor's level, on or off.
	Lit(at time.Time, part, level string)
	// Known says that all has been told up to there of that part.
	Known(until time.Time, part string)
}

// sensor is an input and the machine behind it.
type sensor struct {
	use     int
	part    string
	high    bool
	machine watcher
	lit     bool
	at      time.Duration // of the last step
}

// Watch looks until ctx ends, and tells. It returns nil then, or what went wrong with the pins.
func (r *Rig) Watch(ctx context.Context, w Witness) error {
	wake := make(chan struct{}, 1)
	end := r.lines.Watch(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer end()
	zero := time.Now()
	sensors, err := r.openEyes(zero, w)
	if err != nil {
		return err
	}
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-again.C:
		}
		for _, s := range sensors {
			if err := r.look(s, zero, w); err != nil {
				return err
			}
		}
	}
}

func (r *Rig) openEyes(zero time.Time, w Witness) (sensors []*sensor, err error) {
	for i, u := range r.uses {
		if u.Output {
			continue
		}
		s := &sensor{use: i, part: u.Part, high: u.High}
		if _, err := r.lines.Edges(i); err != nil { // those from before
			return nil, fmt.Errorf("the sensor of %s on %s: %w", s.part, u.Pin, err)
		}
		if s.lit, err = r.lit(s); err != nil {
			return nil, err
		}
		w.Lit(zero, s.part, word(s.lit))
		if u.Part == ringerPart {
			ear, first := NewEar(r.config.Cadence, s.lit, 0)
			s.machine = ear
			w.Shows(zero, s.part, first.Shows)
		} else {
			s.machine = NewEye(r.config.Cadence, s.lit, 0)
		}
		sensors = append(sensors, s)
	}
	return sensors, nil
}

func (r *Rig) lit(s *sensor) (bool, error) {
	high, err := r.lines.High(s.use)
	if err != nil {
		return false, fmt.Errorf("the sensor of %s on %s: %w", s.part, r.uses[s.use].Pin, err)
	}
	return high == s.high, nil
}

func (r *Rig) look(s *sensor, zero time.Time, w Witness) error {
	at := time.Since(zero)
	edges, err := r.lines.Edges(s.use)
	if err != nil {
		return fmt.Errorf("the sensor of %s on %s: %w", s.part, r.uses[s.use].Pin, err)
	}
	lit, err := r.lit(s)
	if err != nil {
		return err
	}
	for _, e := range edges {
		s.step(e.High == s.high, e.At.Sub(zero), zero, w)
	}
	s.step(lit, at, zero, w)
	w.Known(zero.Add(s.machine.Known()), s.part)
	return nil
}

// step has the machine take a level from an instant on; instants do not go back.
func (s *sensor) step(lit bool, at time.Duration, zero time.Time, w Witness) {
	s.at = max(s.at, at)
	for _, l := range s.machine.Step(lit, s.at) {
		w.Shows(zero.Add(l.At), s.part, l.Shows)
	}
	if now, since := s.machine.Lit(); now != s.lit {
		s.lit = now
		w.Lit(zero.Add(since), s.part, word(now))
	}
}

func word(on bool) string {
	if on {
		return On
	}
	return Off
}
