package contact_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

const ms = time.Millisecond

var dawn = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// part is a machine with its contacts, driven as a board drives it.
type part interface {
	// move changes a contact, in words; edge says that a driver would see it at once.
	move(words []string) (edge bool, err error)
	// step is what a driver does at an edge, or when it has been asked to.
	step(now time.Time) (events []hal.Event, again time.Time)
}

// world lets time pass for a part.
type world struct {
	part  part
	now   time.Time
	again time.Time
	steps int
	tell  func(hal.Event)
}

// pass lets time pass until then, and the part be asked whenever it wanted to be.
func (w *world) pass(until time.Time) {
	for !w.again.IsZero() && !w.again.After(until) {
		w.now = w.again
		w.step()
	}
	w.now = until
}

func (w *world) step() {
	w.steps++
	var events []hal.Event
	asked := w.again
	events, w.again = w.part.step(w.now)
	if !w.again.IsZero() && !w.again.After(w.now) {
		panic(fmt.Sprintf("at %s it asks for %s, before that for %s", w.now, w.again, asked))
	}
	for _, e := range events {
		if !e.At.Equal(w.now) || e.Source != hal.FromBoard {
			panic(fmt.Sprintf("event %+v at %s", e, w.now))
		}
		w.tell(e)
	}
}

func (w *world) move(words []string) error {
	edge, err := w.part.move(words)
	if edge {
		w.step()
	}
	return err
}

// eventText writes an event as the traces do.
func eventText(e hal.Event) string {
	switch e.Kind {
	case hal.KeyMoved:
		return fmt.Sprintf("key %s %s", e.Key, map[bool]string{true: "down", false: "up"}[e.Down])
	case hal.HookMoved:
		return "hook " + map[bool]string{true: "off", false: "on"}[e.Off]
	case hal.FaultRaised:
		if e.Fault.Message == "" {
			return fmt.Sprintf("fault over: %s", e.Fault.Device)
		}
		return fmt.Sprintf("fault: %s: %s", e.Fault.Device, e.Fault.Message)
	}
	return string(e.Kind)
}

// keypadPart is a keypad with its wires: keys connect a row and a column, and through them with one another.
type keypadPart struct {
	machine *contact.Keypad
	scanner contact.Scanner
	config  contact.KeypadConfig
	closed  map[[2]int]bool
	driven  uint8
	awake   bool
	broken  error
}

func newKeypadPart(c contact.KeypadConfig) *keypadPart {
	k := &keypadPart{config: c, closed: map[[2]int]bool{}}
	var err error
	if k.machine, err = contact.NewKeypad(c); err != nil {
		panic(err)
	}
	k.scanner = contact.Scanner{Wires: k, Rows: len(c.Keys), Settle: func() {}}
	if _, err := k.scanner.Rest(); err != nil {
		panic(err)
	}
	return k
}

// Drive implements contact.Wires.
func (k *keypadPart) Drive(rows uint8) error {
	k.driven = rows
	return k.broken
}

// Columns implements contact.Wires: what is low spreads through every key that is down; a diode lets it only from row to column.
func (k *keypadPart) Columns() (columns uint8, err error) {
	rows := k.driven
	for changed := true; changed; {
		changed = false
		for at := range k.closed {
			r, c := uint8(1)<<at[0], uint8(1)<<at[1]
			if rows&r != 0 && columns&c == 0 {
				columns, changed = columns|c, true
			}
			if columns&c != 0 && rows&r == 0 && !k.config.Diodes {
				rows, changed = rows|r, true
			}
		}
	}
	return columns, k.broken
}

func (k *keypadPart) move(words []string) (bool, error) {
	at, ok := k.find(words[1])
	if !ok {
		return false, fmt.Errorf("no key %q", words[1])
	}
	before, _ := k.Columns()
	if words[0] == "down" {
		k.closed[at] = true
	} else {
		delete(k.closed, at)
	}
	after, _ := k.Columns()
	return !k.awake && before != after, nil
}

func (k *keypadPart) find(name string) ([2]int, bool) {
	for r, row := range k.config.Keys {
		for c, key := range row {
			if string(key) == name || name == fmt.Sprintf("%d,%d", r+1, c+1) {
				return [2]int{r, c}, true
			}
		}
	}
	return [2]int{}, false
}

func (k *keypadPart) step(now time.Time) ([]hal.Event, time.Time) {
	scan, err := k.scanner.Scan()
	if err != nil {
		panic(err)
	}
	events, again := k.machine.Step(scan, now)
	k.awake = !again.IsZero()
	if !k.awake {
		touched, err := k.scanner.Rest()
		if err != nil {
			panic(err)
		}
		if touched {
			panic("it would sleep with a key down")
		}
	}
	return events, again
}

// hookPart is a hook switch.
type hookPart struct {
	machine *contact.Hook
	off     bool
}

func (h *hookPart) move(words []string) (bool, error) {
	h.off = words[0] == "off"
	return true, nil
}

func (h *hookPart) step(now time.Time) ([]hal.Event, time.Time) { return h.machine.Step(h.off, now) }

// buttonPart is a button.
type buttonPart struct {
	machine *contact.Button
	down    bool
}

func (b *buttonPart) move(words []string) (bool, error) {
	b.down = words[0] == "down"
	return true, nil
}

func (b *buttonPart) step(now time.Time) ([]hal.Event, time.Time) {
	return b.machine.Step(b.down, now)
}

// dialPart is a rotary dial.
type dialPart struct {
	machine  *contact.Dial
	contacts contact.Contacts
}

func (d *dialPart) move(words []string) (bool, error) {
	switch words[0] {
	case "open", "closed":
		d.contacts.Open = words[0] == "open"
	case "away", "rest":
		d.contacts.Away = words[0] == "away"
	default:
		return false, fmt.Errorf("%q is none of open, closed, away, rest", words[0])
	}
	return true, nil
}

func (d *dialPart) step(now time.Time) ([]hal.Event, time.Time) {
	return d.machine.Step(d.contacts, now)
}

// newPart makes a part of its description:
//
//	keypad 12/34 [diodes]        rows of one-letter keys, . where there is none; debounced 15 ms, scanned every 5 ms, stuck after 10 s
//	hook 20ms [hold 80ms 600ms]  debounce, flash
//	button mute                  debounced 15 ms, stuck after 10 s
//	dial 10|20 one|two ten|...   pulses a second, contacts, coding
func newPart(words []string) (part, error) {
	words = append(words, "", "", "", "")
	var errs []error
	length := func(s string) time.Duration {
		d, err := time.ParseDuration(s)
		errs = append(errs, err)
		return d
	}
	switch words[0] {
	case "keypad":
		c := contact.KeypadConfig{Device: "keypad", Debounce: 15 * ms, Scan: 5 * ms, Stuck: 10 * time.Second, Diodes: words[2] == "diodes"}
		for row := range strings.SplitSeq(words[1], "/") {
			var keys []hal.Key
			for _, k := range row {
				keys = append(keys, hal.Key(strings.Trim(string(k), ".")))
			}
			c.Keys = append(c.Keys, keys)
		}
		return newKeypadPart(c), nil
	case "hook":
		c := contact.HookConfig{Device: "hook", Debounce: length(words[1])}
		if words[2] != "" {
			c.Flash, c.FlashMin, c.FlashMax = hal.Key(words[2]), length(words[3]), length(words[4])
		}
		return &hookPart{machine: contact.NewHook(c)}, errors.Join(errs...)
	case "button":
		c := contact.ButtonConfig{Device: "button " + words[1], Key: hal.Key(words[1]), Debounce: 15 * ms, Stuck: 10 * time.Second}
		return &buttonPart{machine: contact.NewButton(c)}, nil
	case "dial":
		speed, err := strconv.Atoi(words[1])
		c := contact.DialOf(speed)
		c.Device, c.OffNormal, c.Coding = "dial", words[2] == "two", contact.Coding(words[3])
		return &dialPart{machine: contact.NewDial(c)}, err
	}
	return nil, fmt.Errorf("no part is called %q", words[0])
}
