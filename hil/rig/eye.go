package rig

import (
	"slices"
	"time"
)

// Cadence is what tells one blinking from another.
type Cadence struct {
	Glitch time.Duration // light or dark for less is not seen
	Fast   time.Duration // light and dark for at most so long is fast
	Steady time.Duration // so long without a change is off or on; what changes sooner and again is slow
	Quiet  time.Duration // of a ringer: so long without a sound is off
}

// What an eye sees.
const (
	Off  = "off"
	On   = "on"
	Slow = "slow"
	Fast = "fast"
)

// Look is what is seen from an instant on.
type Look struct {
	At    time.Duration
	Shows string
}

// watcher is an Eye or an Ear. Instants are those of any clock that does not go back.
type watcher interface {
	// Step takes what the sensor says at an instant, and returns what that makes known, which may have begun earlier. The same again says
	// that time has gone by.
	Step(lit bool, at time.Duration) []Look
	// Known is up to when all has been told.
	Known() time.Duration
	// Lit is what the sensor says, without glitches, and since when.
	Lit() (lit bool, since time.Duration)
}

// contact is a sensor without its glitches.
type contact struct {
	glitch time.Duration
	level  bool
	from   time.Duration // since when
	moving bool          // the sensor says something else
	since  time.Duration // when moving
}

// step returns whether the level has changed, and when that was.
func (c *contact) step(lit bool, at time.Duration) (changed bool, when time.Duration) {
	if c.moving && at-c.since >= c.glitch {
		c.level, c.from, c.moving, changed, when = !c.level, c.since, false, true, c.since
	}
	switch {
	case lit == c.level:
		c.moving = false
	case !c.moving:
		c.moving, c.since = true, at
		if c.glitch == 0 {
			return c.step(lit, at)
		}
	}
	return changed, when
}

// Eye is a machine that looks at a lamp. What blinks is told from its first change on, when it has blinked once; what is steady as soon as it has been
// so for long enough, from its change on.
type Eye struct {
	cadence Cadence
	contact contact
	now     time.Duration
	told    Look
	lit     bool            // as far as has been thought about
	blind   bool            // nothing has been seen but one level, and nobody knows since when
	edges   []time.Duration // not told of yet; while it blinks, the last four
}

// NewEye is an eye that opens at an instant.
func NewEye(c Cadence, lit bool, at time.Duration) *Eye {
	return &Eye{cadence: c, contact: contact{glitch: c.Glitch, level: lit, from: at}, now: at, told: Look{At: at}, lit: lit, blind: true, edges: []time.Duration{at}}
}

// Step implements watcher.
func (e *Eye) Step(lit bool, at time.Duration) (looks []Look) {
	changed, when := e.contact.step(lit, at)
	e.now = at
	if changed {
		looks = append(e.rest(when), e.edge(when)...)
	}
	until := at
	if e.contact.moving {
		until = e.contact.since
	}
	return append(looks, e.rest(until)...)
}

// Lit implements watcher.
func (e *Eye) Lit() (bool, time.Duration) { return e.contact.level, e.contact.from }

// Known implements watcher.
func (e *Eye) Known() time.Duration {
	known := e.now
	if e.contact.moving {
		known = e.contact.since
	}
	if len(e.edges) > 0 {
		known = min(known, e.edges[0])
	}
	return known
}

func (e *Eye) blinks() bool { return e.told.Shows == Slow || e.told.Shows == Fast }

// rest tells that the lamp is steady if it has been for long enough.
func (e *Eye) rest(at time.Duration) (looks []Look) {
	last := len(e.edges) - 1
	if last < 0 || at-e.edges[last] < e.cadence.Steady {
		return nil
	}
	first := 0
	if e.blinks() {
		first = last
	}
	for i := first; i <= last; i++ {
		looks = append(looks, e.tell(e.edges[i], e.after(i))...)
	}
	e.edges, e.blind = nil, false
	return looks
}

// after is what a lamp that stays as it is shows after an edge.
func (e *Eye) after(edge int) string {
	if e.lit == ((len(e.edges)-1-edge)%2 == 0) {
		return On
	}
	return Off
}

func (e *Eye) tell(at time.Duration, shows string) []Look {
	if shows == e.told.Shows {
		return nil
	}
	e.told = Look{max(at, e.told.At), shows}
	return []Look{e.told}
}

// edge takes a change.
func (e *Eye) edge(at time.Duration) (looks []Look) {
	e.lit = !e.lit
	if e.blind { // how long it had been so is unknown
		e.blind, e.edges = false, nil
	}
	if e.edges = append(e.edges, at); e.blinks() {
		looks = e.blinking()
		e.edges = slices.Delete(e.edges, 0, max(0, len(e.edges)-4))
		return looks
	}
	switch len(e.edges) {
	case 3:
		if e.kind(0) == e.kind(1) {
			looks = e.tell(e.edges[0], e.kind(0))
		}
	case 4: // the first two were not alike
		if e.kind(0) == e.kind(2) {
			return e.tell(e.edges[0], e.uneven(0))
		}
		looks = append(e.tell(e.edges[0], e.after(0)), e.tell(e.edges[1], e.kind(1))...)
		e.edges = slices.Delete(e.edges, 0, 1)
	}
	return looks
}

// blinking tells when a lamp that blinks does so in another way.
func (e *Eye) blinking() []Look {
	last := len(e.edges) - 2 // phase
	switch {
	case last >= 1 && e.kind(last) == e.kind(last-1):
		return e.tell(e.edges[last-1], e.kind(last))
	case last >= 2 && e.kind(last) == e.kind(last-2):
		return e.tell(e.edges[last-2], e.uneven(last-2))
	}
	return nil
}

// kind is how a phase would blink: that between an edge and the next.
func (e *Eye) kind(edge int) string {
	if e.edges[edge+1]-e.edges[edge] <= e.cadence.Fast {
		return Fast
	}
	return Slow
}

// uneven is how a lamp blinks whose light and dark differ.
func (e *Eye) uneven(edge int) string {
	if e.edges[edge+2]-e.edges[edge] <= 2*e.cadence.Fast {
		return Fast
	}
	return Slow
}

// Ear is a machine that listens to a ringer: it is on from its first sound, and off when it has been silent for longer than the pause of a cadence, from the
// end of the last sound on.
type Ear struct {
	cadence Cadence
	contact contact
	now     time.Duration
	on      bool
	silent  time.Duration // since when, while on and not sounding
}

// NewEar is an ear that opens at an instant; Step tells of the state then as well.
func NewEar(c Cadence, sounds bool, at time.Duration) (*Ear, Look) {
	e := &Ear{cadence: c, contact: contact{glitch: c.Glitch, level: sounds, from: at}, now: at, on: sounds}
	return e, Look{at, map[bool]string{true: On, false: Off}[sounds]}
}

// Step implements watcher.
func (e *Ear) Step(sounds bool, at time.Duration) (looks []Look) {
	changed, when := e.contact.step(sounds, at)
	e.now = at
	if changed && e.contact.level {
		looks = append(looks, e.hush(when)...)
		if !e.on {
			e.on = true
			looks = append(looks, Look{when, On})
		}
	} else if changed {
		e.silent = when
	}
	if !e.contact.level && !e.contact.moving {
		looks = append(looks, e.hush(at)...)
	}
	return looks
}

// hush tells that it is off if it has been silent for long enough.
func (e *Ear) hush(at time.Duration) []Look {
	if !e.on || at-e.silent < e.cadence.Quiet {
		return nil
	}
	e.on = false
	return []Look{{e.silent, Off}}
}

// Lit implements watcher.
func (e *Ear) Lit() (bool, time.Duration) { return e.contact.level, e.contact.from }

// Known implements watcher.
func (e *Ear) Known() time.Duration {
	known := e.now
	if e.contact.moving {
		known = e.contact.since
	}
	if e.on && !e.contact.level {
		known = min(known, e.silent)
	}
	return known
}
