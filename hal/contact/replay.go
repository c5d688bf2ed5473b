package contact

import (
	"time"

	"hilphone/hal"
)

// Edge is a change of a contact.
type Edge struct {
	At     time.Time // by the time stamp that the kernel took in the interrupt
	Closed bool      // after it
	Lost   bool      // edges between the one before and this one were lost
}

const (
	// lateEdge is how far an edge may be behind an instant that has been judged already, as the kernel takes the time stamp before the
	// edge can be read. One that is further behind has come too late, unless the contact was back at once.
	lateEdge = 5 * time.Millisecond
	// edgeAgain is when a contact is read again whose level differs from that after its last edge: that edge is on its way.
	edgeAgain = time.Millisecond
	// edgeMissing is when no such edge can be expected any more.
	edgeMissing = 200 * time.Millisecond
)

// Replay steps the machines of contacts at the instants of their edges and at those that the machines ask for, in the order in which these
// were, however late it is called: what is dialled and pressed does not depend on when the program gets to run. Edges that were lost, and
// one that comes after an instant that has been judged, are told to the machine, which does not guess.
//
// It is used by one goroutine.
type Replay struct {
	contacts []*Contact
	machines []*replayed
}

// replayed is a machine with what Replay knows of it.
type replayed struct {
	step func(now time.Time) ([]hal.Event, time.Time)
	lost func(now time.Time) []hal.Event
	busy func() bool // a movement is under way
	at   time.Time   // of the last step
	due  time.Time   // it asks to be stepped; zero: at the next edge
}

// Contact is one contact of a machine in a Replay.
type Contact struct {
	machine *replayed
	level   *bool     // what the machine takes it to be
	edges   []Edge    // to be replayed, oldest first
	newest  bool      // the level after the last of them
	watched bool      // the first of them has been replayed
	begun   time.Time // it is watched since then
	differs time.Time // since when the level that is read is another one; zero: it is not
}

// Hook adds a hook. The contact is closed while the handset is lifted.
func (r *Replay) Hook(h *Hook) *Contact {
	off := new(bool)
	m := r.add(func(now time.Time) ([]hal.Event, time.Time) { return h.Step(*off, now) }, h.Lost, h.inMotion)
	return r.contact(m, off)
}

// Button adds a button.
func (r *Replay) Button(b *Button) *Contact {
	closed := new(bool)
	m := r.add(func(now time.Time) ([]hal.Event, time.Time) { return b.Step(*closed, now) }, b.Lost, b.contact.settling)
	return r.contact(m, closed)
}

// Dial adds a dial: its pulse contact, whose edges say whether it is open, and its off-normal contact, closed while the dial is away.
func (r *Replay) Dial(d *Dial) (open, away *Contact) {
	c := new(Contacts)
	m := r.add(func(now time.Time) ([]hal.Event, time.Time) { return d.Step(*c, now) }, d.Lost, d.inMotion)
	return r.contact(m, &c.Open), r.contact(m, &c.Away)
}

func (r *Replay) add(step func(time.Time) ([]hal.Event, time.Time), lost func(time.Time) []hal.Event, busy func() bool) *replayed {
	m := &replayed{step: step, lost: lost, busy: busy}
	r.machines = append(r.machines, m)
	return m
}

func (r *Replay) contact(m *replayed, level *bool) *Contact {
	c := &Contact{machine: m, level: level}
	r.contacts = append(r.contacts, c)
	return c
}

// Begin sets a contact to its level at an instant from which on it is watched. Edges from before are forgotten; a movement that was under
// way when it was watched last cannot be judged.
func (c *Contact) Begin(closed bool, now time.Time) {
	c.edges = append(c.edges[:0], Edge{At: now, Closed: closed, Lost: c.machine.busy()})
	c.newest, c.watched, c.begun, c.differs = closed, false, now, time.Time{}
}

// See adds what has been seen of a contact by an instant: its edges since the last call and its level, which was read after now and after
// the edges.
func (c *Contact) See(edges []Edge, closed bool, now time.Time) {
	for len(edges) > 0 && edges[0].At.Before(c.begun) { // the level at Begin was read after them
		edges = edges[1:]
	}
	if len(edges) > 0 {
		c.edges = append(c.edges, edges...)
		c.newest, c.differs = edges[len(edges)-1].Closed, time.Time{}
	}
	switch {
	case closed == c.newest:
		c.differs = time.Time{}
	case c.differs.IsZero():
		c.differs = now
	case now.Sub(c.differs) >= edgeMissing:
		c.edges = append(c.edges, Edge{At: now, Closed: closed, Lost: true})
		c.newest, c.differs = closed, time.Time{}
	}
}

// Poll sets the level of a contact that has no edges: it has been read at an instant.
func (c *Contact) Poll(closed bool, now time.Time) {
	if closed != c.newest {
		c.edges = append(c.edges, Edge{At: now, Closed: closed})
		c.newest = closed
	}
}

// Until replays up to an instant, reports the events in order, and returns when it wants to be called again if no edge comes before; zero
// is not before an edge. Every contact has been seen at that instant.
func (r *Replay) Until(now time.Time, report func(hal.Event)) (again time.Time) {
	for {
		edge, due := r.firstEdge(now), r.firstDue(now)
		switch {
		case due != nil && (edge == nil || !due.due.After(edge.edges[0].At)):
			due.run(due.due, report)
		case edge != nil:
			edge.replay(r.cut(edge.machine), report)
		default:
			return r.again(now)
		}
	}
}

// firstEdge returns the contact with the earliest edge by now. One that came later while the contacts were read waits for the next call: what
// the contacts read before had by then has not been seen.
func (r *Replay) firstEdge(now time.Time) (first *Contact) {
	for _, c := range r.contacts {
		if len(c.edges) > 0 && !c.edges[0].At.After(now) && (first == nil || c.edges[0].At.Before(first.edges[0].At)) {
			first = c
		}
	}
	return first
}

// firstDue returns the machine that asks for the earliest instant that can be judged by now.
func (r *Replay) firstDue(now time.Time) (first *replayed) {
	for _, m := range r.machines {
		if !m.due.IsZero() && !m.due.After(now) && (first == nil || m.due.Before(first.due)) && r.judged(m) {
			first = m
		}
	}
	return first
}

// judged reports whether it is known what the contacts of a machine were until it asks to be stepped: not if edges were lost before that, nor
// if one is on its way.
func (r *Replay) judged(m *replayed) bool {
	for _, c := range r.contacts {
		if c.machine == m && len(c.edges) == 0 && !c.differs.IsZero() {
			return false // of the edges that are there all instants before them can be judged
		}
	}
	return !r.cut(m)
}

// cut reports whether edges of a machine were lost before the next edge of their contact.
func (r *Replay) cut(m *replayed) bool {
	for _, c := range r.contacts {
		if c.machine == m && len(c.edges) > 0 && c.edges[0].Lost {
			return true
		}
	}
	return false
}

func (r *Replay) again(now time.Time) (again time.Time) {
	for _, m := range r.machines {
		if m.due.After(now) {
			again = sooner(again, m.due)
		}
	}
	for _, c := range r.contacts {
		switch {
		case len(c.edges) > 0:
			again = sooner(again, c.edges[0].At)
		case !c.differs.IsZero():
			again = sooner(again, now.Add(edgeAgain))
		}
	}
	return again
}

// replay replays the first edge of a contact. lost says that edges were lost before it, or have been lost at another contact of the machine.
func (c *Contact) replay(lost bool, report func(hal.Event)) {
	e := c.edges[0]
	e.Lost = lost
	c.edges = c.edges[1:]
	m := c.machine
	if e.At.Before(m.at) {
		back := len(c.edges) > 0 && !c.edges[0].Lost && c.edges[0].At.Sub(e.At) < lateEdge
		e.Lost = e.Lost || m.at.Sub(e.At) > lateEdge && !back
		e.At = m.at
	}
	if e.Lost {
		for _, event := range m.lost(e.At) {
			report(event)
		}
	} else if *c.level == e.Closed && c.watched {
		// Two changes so close that the kernel read the level after the second for both: the contact was not at rest.
		*c.level = !e.Closed
		m.run(e.At, report)
	}
	*c.level, c.watched = e.Closed, true
	m.run(e.At, report)
}

func (m *replayed) run(now time.Time, report func(hal.Event)) {
	events, due := m.step(now)
	m.at, m.due = now, due
	for _, e := range events {
		report(e)
	}
}
