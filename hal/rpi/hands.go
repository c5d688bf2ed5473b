package rpi

import (
	"fmt"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/contact"
)

// hands make events of contacts. They outlive the pins: when a chip comes back, what has moved meanwhile is told.
type hands struct {
	keypad  *contact.Keypad
	hook    *contact.Hook
	dial    *contact.Dial
	buttons []*contact.Button

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
		h.hook = contact.NewHook(b.Hook.Config())
	}
	if b.Dial != nil {
		h.dial = contact.NewDial(b.Dial.Config())
	}
	for i := range b.Buttons {
		h.buttons = append(h.buttons, contact.NewButton(b.ButtonConfig(i)))
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

// begin has the keypad scanned once: nobody knows what was done to it.
func (h *hands) begin(now time.Time) { h.due = now }

// look reads every contact, tells what has become known, and returns when to look again; the zero time is at the next edge.
func (h *hands) look(c *circuit, now time.Time, report func(hal.Event)) (again time.Time, err error) {
	told := func(events []hal.Event, due time.Time) {
		for _, e := range events {
			report(e)
		}
		again = sooner(again, due)
	}
	if h.hook != nil {
		off, err := c.hook.closed()
		if err != nil {
			return again, fmt.Errorf("hook: %w", err)
		}
		told(h.hook.Step(off, now))
	}
	if h.dial != nil {
		contacts, err := c.dialContacts()
		if err != nil {
			return again, fmt.Errorf("dial: %w", err)
		}
		told(h.dial.Step(contacts, now))
	}
	if c.x != nil {
		if err := c.x.refresh(); err != nil {
			return again, err
		}
	}
	for i, button := range h.buttons {
		down, err := c.buttons[i].closed()
		if err != nil {
			return again, fmt.Errorf("button: %w", err)
		}
		told(button.Step(down, now))
	}
	if h.keypad != nil {
		events, err := h.keys(c.wires, now)
		if err != nil {
			return again, fmt.Errorf("keypad: %w", err)
		}
		told(events, h.due)
	}
	return again, nil
}

func (c *circuit) dialContacts() (contacts contact.Contacts, err error) {
	closed, err := c.pulse.closed()
	if err != nil {
		return contacts, err
	}
	contacts.Open = !closed
	if c.away != nil {
		contacts.Away, err = c.away.closed()
	}
	return contacts, err
}

// keys scans the keypad when that is due. While nobody touches it all rows are driven, and a column that goes low ends the rest.
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
