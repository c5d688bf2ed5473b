package rpi

import (
	"context"
	"fmt"
	"strings"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// ownHolder is who holds the pins of a board that is open.
const ownHolder = "this phone"

// Pins tells how every pin of the board is: the one of Check for a board that runs. It is answered between two looks at the contacts, within
// a millisecond. While pins cannot be opened their levels are unknown and their holders are those of now; when ctx ends first, as the board
// does not run, that is all unknown.
func (b *Board) Pins(ctx context.Context) []PinState {
	answer := make(chan []PinState, 1)
	select {
	case b.asks <- answer:
		return <-answer
	case <-ctx.Done():
	}
	return b.closed()
}

func (b *Board) closed() (pins []PinState) {
	for _, u := range b.config.Uses() {
		pins = append(pins, closedPin(b.config, u))
	}
	return pins
}

// pins is Pins in the goroutine of Run.
func (b *Board) pins() []PinState {
	c := b.open
	if c == nil {
		found, err := b.from.chip(b.config.Chip)
		if err != nil {
			return b.closed() // that there is no chip is a fault, which has been told
		}
		pins, _ := survey(b.config, found) // what is unknown is in the states
		_ = found.Close()
		return pins
	}
	pins, _ := survey(b.config, c.chip)
	for i := range pins {
		p := &pins[i]
		if _, ours := c.lines[p.Field]; ours {
			p.Holder = ownHolder
		}
		p.Level = c.levelNow(*p)
	}
	return pins
}

// levelNow is the level of a pin while the board runs, -1 where it is unknown; of a pin that is driven it is what was written last.
func (c *circuit) levelNow(p PinState) int {
	section, _, _ := strings.Cut(p.Field, "[")
	switch driven := c.driver(p); {
	case driven != nil:
		return driven.level()
	case p.Output || section == "keypad.rows":
		return rowLevel(c.wires, p.Field)
	}
	if level, err := c.level(p); err == nil {
		return level
	}
	return -1
}

// driver is what drives a lamp or a ringer, if it is a pin.
func (c *circuit) driver(p PinState) *output {
	var s switcher
	if p.Field == "ringer.pin" {
		s = c.ringer
	} else if name, ok := strings.CutPrefix(p.Field, "lamps."); ok {
		s = c.lamps[hal.Lamp(strings.TrimSuffix(name, ".pin"))]
	}
	o, _ := s.(*output)
	return o
}

// rowLevel is the level of a row: low while it is driven, high while its pull-up holds it.
func rowLevel(wires contact.Wires, field string) int {
	m, ok := wires.(*matrix)
	if !ok {
		return -1
	}
	var row int
	if _, err := fmt.Sscanf(field, "keypad.rows[%d]", &row); err != nil {
		return -1
	}
	return int(^m.driven >> row & 1)
}
