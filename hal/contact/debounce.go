// Package contact makes of what metal contacts do what a person did: of the bounces of a spring a key pressed once, of the lines of
// a keypad which of its keys are down, of a cradle that closes and opens a flash, of a rotary dial's pulses a digit; and of a
// pattern the instants at which a lamp or a bell is on.
//
// Everything here is a machine without clock, goroutine or hardware. Step takes what a contact is from an instant on, and returns the
// events that are known by then and the instant at which the machine has to be stepped again; the zero time is not before an edge. The
// instants are those of the edges, by the kernel's time stamps, and those that were asked for, in order; Replay makes them of what the
// program gets to see, however late that is. Steps in between do no harm, and an instant may be the same as the one before. Lost says that
// edges were lost: the machine raises a fault and makes no event of what it cannot judge.
//
// A machine is used by one goroutine and begins with the contact open: no key down, handset on its hook, dial at rest.
package contact

import (
	"time"

	"hilphone/hal"
)

// Debounce believes a contact when its level has not changed for a time.
type Debounce struct {
	hold  time.Duration
	level bool // believed
	raw   bool // seen last
	since time.Time
}

// NewDebounce returns an open contact that is believed after it has been still for that long.
func NewDebounce(hold time.Duration) Debounce { return Debounce{hold: hold} }

// Step tells of the level at an instant. moved says that another level is believed from now on.
func (d *Debounce) Step(closed bool, now time.Time) (moved bool, again time.Time) {
	if closed != d.raw {
		d.raw, d.since = closed, now
	}
	if d.raw == d.level {
		return false, time.Time{}
	}
	if due := d.since.Add(d.hold); now.Before(due) {
		return false, due
	}
	d.level = d.raw
	return true, time.Time{}
}

// restart has the time of rest begin at an instant: what the contact was before is not known.
func (d *Debounce) restart(now time.Time) {
	if d.settling() {
		d.since = now
	}
}

// Closed returns the level that is believed.
func (d *Debounce) Closed() bool { return d.level }

// Since returns when the level that was seen last began. After a Step that moved, it is when the contact came to rest.
func (d *Debounce) Since() time.Time { return d.since }

// settling reports whether the contact has been seen at another level than the one believed.
func (d *Debounce) settling() bool { return d.raw != d.level }

const (
	restlessAfter = time.Second // of changes that follow one another too fast for a hand
	restAfter     = time.Second // without a change ends the fault
)

// noise finds a contact that never comes to rest: a loose wire, a pin without its pull-up.
type noise struct {
	hold  time.Duration // changes no further apart are of one movement
	raw   bool
	began time.Time // of the changes that follow one another
	last  time.Time // change
	fault bool
}

// step returns whether the fault came or went.
func (n *noise) step(level bool, now time.Time) (changed bool, again time.Time) {
	if level != n.raw {
		if n.last.IsZero() || now.Sub(n.last) > n.hold {
			n.began = now
		}
		n.raw, n.last = level, now
		if !n.fault && now.Sub(n.began) >= restlessAfter {
			n.fault = true
			return true, now.Add(restAfter)
		}
	}
	if !n.fault {
		return false, time.Time{}
	}
	if due := n.last.Add(restAfter); now.Before(due) {
		return false, due
	}
	n.fault = false
	return true, time.Time{}
}

func (n *noise) message() string {
	if n.fault {
		return "the contact does not come to rest: a loose wire, or no pull-up?"
	}
	return ""
}

const lostEdges = "edges of the contact were lost, or came too late to be judged"

// gap is the fault that edges of a contact were lost. It is over with the next movement.
type gap struct {
	device string
	open   bool
}

func (g *gap) raise(now time.Time) []hal.Event {
	if g.open {
		return nil
	}
	g.open = true
	return []hal.Event{faultEvent(g.device, lostEdges, now)}
}

func (g *gap) end(events []hal.Event, now time.Time) []hal.Event {
	if !g.open {
		return events
	}
	g.open = false
	return append(events, faultEvent(g.device, "", now))
}

// sooner returns the earlier of two instants to be asked again; zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func keyEvent(k hal.Key, down bool, now time.Time) hal.Event {
	return hal.Event{At: now, Kind: hal.KeyMoved, Key: k, Down: down, Source: hal.FromBoard}
}

// stroke presses a key and lets it go.
func stroke(events []hal.Event, k hal.Key, now time.Time) []hal.Event {
	return append(events, keyEvent(k, true, now), keyEvent(k, false, now))
}

func faultEvent(device, message string, now time.Time) hal.Event {
	return hal.Event{At: now, Kind: hal.FaultRaised, Fault: hal.Fault{Device: device, Message: message}, Source: hal.FromBoard}
}
