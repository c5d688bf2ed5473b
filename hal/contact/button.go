package contact

import (
	"fmt"
	"time"

	"hilphone/hal"
)

// ButtonConfig describes a key that has a pin of its own.
type ButtonConfig struct {
	Device   string // names the button in faults
	Key      hal.Key
	Debounce time.Duration
	Stuck    time.Duration // a key that is down for longer is a fault; 0 is never
}

// Button makes a key of one contact.
type Button struct {
	config  ButtonConfig
	contact Debounce
	noise   noise
	gap     gap
	pressed time.Time
	stuck   bool
}

// NewButton returns a button that is not down.
func NewButton(c ButtonConfig) *Button {
	return &Button{config: c, contact: NewDebounce(c.Debounce), noise: noise{hold: 2 * c.Debounce}, gap: gap{device: c.Device + ": edges"}}
}

// Lost tells that edges were lost before an instant: a press may be missing.
func (b *Button) Lost(now time.Time) []hal.Event {
	b.contact.restart(now)
	return b.gap.raise(now)
}

// Step tells of the contact at an instant.
func (b *Button) Step(closed bool, now time.Time) (events []hal.Event, again time.Time) {
	restless, again := b.noise.step(closed, now)
	if restless {
		events = append(events, faultEvent(b.config.Device+": contact", b.noise.message(), now))
	}
	moved, due := b.contact.Step(closed, now)
	again = sooner(again, due)
	down := b.contact.Closed()
	if moved {
		b.pressed = now
		events = b.gap.end(events, now)
		events = append(events, keyEvent(b.config.Key, down, now))
		if b.stuck {
			b.stuck = false
			events = append(events, faultEvent(b.config.Device, "", now))
		}
	}
	if down && !b.stuck && b.config.Stuck > 0 {
		if due := b.pressed.Add(b.config.Stuck); now.Before(due) {
			again = sooner(again, due)
		} else {
			b.stuck = true
			events = append(events, faultEvent(b.config.Device, fmt.Sprintf("down for more than %s: does it stick?", b.config.Stuck), now))
		}
	}
	return events, again
}
