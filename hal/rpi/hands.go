package rpi

import (
	"fmt"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/contact"
)

// hands make events of contacts. They outlive the pins: when a chip comes back, what has moved meanwhile is reported. Hook, dial and buttons
// are judged by the kernel's time stamps of their edges, however late the program is. A keypad has no time stamps, as what an edge of a
// column means is known only by a scan; neither have pins of an expander, whose one interrupt says that some pin moved and nothing of the
// moves after it until its pins have been read. A scan or a reading that is late may miss a key; it never makes one.
type hands struct {
	keypad  *contact.Keypad
	replay  contact.Replay
	hook    *contact.Contact // nil without one
	pulse   *contact.Contact
	away    *contact.Contact
	buttons []*contact.Contact

	rows   int
	scan   time.Duration
	settle func()
	due    time.Time // of the next scan; zero: the keypad rests
}

func newHands(b *board.Board) (*hands, error) {
	h := &hands{scan: b.Timings.Scan, settle: settle}
	if b.Keypad != nil {
		keypad, err := contact.NewKeypad(b.KeypadConfig())
		if err != nil {
			return nil, b.Refuse("keypad", err.Error(), nil)
		}
		h.keypad, h.rows = keypad, len(b.Keypad.Rows)
	}
	if b.Hook != nil {
		h.hook = h.replay.Hook(contact.NewHook(b.Hook.Config()))
	}
	if b.Dial != nil {
		h.pulse, h.away = h.replay.Dial(contact.NewDial(b.Dial.Config()))
	}
	for i := range b.Buttons {
		h.buttons = append(h.buttons, h.replay.Button(contact.NewButton(b.ButtonConfig(i))))
	}
	return h, nil
}

// settleTime is how long the columns of a keypad need to follow a row.
const settleTime = 10 * time.Microsecond

// settle waits that long. The scheduler would take ten times as long.
func settle() {
	for began := time.Now(); time.Since(began) < settleTime; {
	}
}

// begin takes the contacts as they are when the pins have been opened, and has the keypad scanned once: what was done to it before is not
// known.
func (h *hands) begin(c *circuit, now time.Time) error {
	h.due = now
	return h.eachContact(c, func(to *contact.Contact, from contactReader, open bool) error {
		if in, ok := from.(*input); ok {
			if _, err := in.edges(); err != nil {
				return err
			}
		}
		closed, err := from.closed()
		if err == nil {
			to.Begin(closed != open, now)
		}
		return err
	})
}

// eachContact calls f with every contact and what reads it; open says that the contact is followed for being open. The error names the part.
func (h *hands) eachContact(c *circuit, f func(to *contact.Contact, from contactReader, open bool) error) error {
	if h.hook != nil {
		if err := f(h.hook, c.hook, false); err != nil {
			return fmt.Errorf("hook: %w", err)
		}
	}
	if h.pulse != nil {
		if err := f(h.pulse, c.pulse, true); err != nil {
			return fmt.Errorf("dial: %w", err)
		}
	}
	if c.away != nil {
		if err := f(h.away, c.away, false); err != nil {
			return fmt.Errorf("dial: %w", err)
		}
	}
	for i, b := range h.buttons {
		if err := f(b, c.buttons[i], false); err != nil {
			return fmt.Errorf("button: %w", err)
		}
	}
	return nil
}

// look takes the edges and levels of every contact, tells what has become known, and returns when to look again; the zero time is at the
// next edge. All edges that the kernel had at now are taken.
func (h *hands) look(c *circuit, now time.Time, report func(hal.Event)) (again time.Time, err error) {
	if c.x != nil {
		if err := c.x.refresh(); err != nil {
			return again, err
		}
	}
	if err := h.eachContact(c, func(to *contact.Contact, from contactReader, open bool) error { return see(to, from, open, now) }); err != nil {
		return again, err
	}
	again = h.replay.Until(now, report)
	if h.keypad != nil {
		events, err := h.keys(c.wires, now)
		if err != nil {
			return again, fmt.Errorf("keypad: %w", err)
		}
		for _, e := range events {
			report(e)
		}
		again = sooner(again, h.due)
	}
	return again, nil
}

// see reads a contact: its edges first, so that a level that differs from the last of them means an edge that is on its way.
func see(to *contact.Contact, from contactReader, open bool, now time.Time) error {
	in, ok := from.(*input)
	if !ok {
		closed, err := from.closed()
		to.Poll(closed != open, now)
		return err
	}
	edges, err := in.edges()
	if err != nil {
		return err
	}
	for i := range edges {
		edges[i].Closed = edges[i].Closed != open
	}
	closed, err := in.closed()
	if err == nil {
		to.See(edges, closed != open, now)
	}
	return err
}

// keys scans the keypad when that is due. While no key is touched all rows are driven, and a column that goes low ends the rest.
func (h *hands) keys(wires contact.Wires, now time.Time) (events []hal.Event, err error) {
	scanner := contact.Scanner{Wires: wires, Rows: h.rows, Settle: h.settle}
	if h.due.IsZero() {
		touched, err := scanner.Rest()
		if err != nil || !touched {
			return nil, err
		}
	} else if now.Before(h.due) {
		return nil, nil
	}
	scan, err := scanner.Scan()
	if err != nil {
		return nil, err
	}
	if events, h.due = h.keypad.Step(scan, now); !h.due.IsZero() {
		return events, nil
	}
	touched, err := scanner.Rest()
	if touched {
		h.due = now.Add(h.scan)
	}
	return events, err
}

// sooner returns the earlier of two instants; zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
