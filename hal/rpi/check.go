package rpi

import (
	"errors"
	"fmt"

	"periph.io/x/conn/v3/gpio"

	"hilphone/hal/board"
)

// PinState is what a self-test found at one pin.
type PinState struct {
	Part     string      // what the pin is for: "row 2", "lamp power"
	Field    string      // of the board file
	Pin      string      // as the board file means it: "GPIO17"
	Line     int         // offset at the chip; -1: it is not a line of the chip
	Expander int         // pin of the expander; -1: it is none
	Header   int         // pin of the 40-pin header, 1 to 40; 0: it is none
	Name     string      // that the kernel has for the line
	Active   board.Level // while a contact is closed, a lamp lit
	Output   bool        // a lamp, the ringer, or a row that is driven
	Level    int         // 0 or 1; of an output what was written last; -1: unknown
	Holder   string      // another program or driver that uses it; empty if nobody does
}

// Check opens every pin, looks at it and closes it again. The states are as complete as they can be when there is an error, which is that
// of Open.
func Check(config *board.Board) (chip string, pins []PinState, err error) {
	return check(config, source{openChip, openWire})
}

func check(config *board.Board, from source) (name string, pins []PinState, err error) {
	found, err := from.chip(config.Chip)
	if err != nil {
		return "", nil, config.Refuse("chip", "cannot be used", err)
	}
	name = found.String()
	pins, err = survey(config, found)
	if err = errors.Join(err, found.Close()); err != nil {
		return name, pins, err
	}
	c, err := openCircuit(config, from)
	if err != nil {
		return name, pins, err
	}
	for i := range pins {
		pins[i].Level, err = c.level(pins[i])
		if err != nil {
			err = fmt.Errorf("%s: %w", pins[i].Part, err)
			break
		}
	}
	return name, pins, errors.Join(err, c.close())
}

// survey tells what the kernel knows of the pins while they are closed.
func survey(config *board.Board, c chip) (pins []PinState, err error) {
	lines, err := offsets(config, c)
	for _, u := range config.Uses() {
		p := closedPin(config, u)
		if offset, ok := lines[u.Field]; ok {
			state, e := c.State(offset)
			if err = errors.Join(err, e); e == nil {
				p.Line, p.Name, p.Holder = offset, state.Name, state.Holder
				if state.Used && p.Holder == "" {
					p.Holder = "someone without a name"
				}
			}
		}
		pins = append(pins, p)
	}
	return pins, err
}

// closedPin is what is known of a pin that nobody has looked at.
func closedPin(config *board.Board, u board.Use) PinState {
	p := PinState{
		Part: u.Part, Field: u.Field, Pin: u.Pin.String(), Line: -1, Expander: -1, Header: config.HeaderPin(u.Pin), Active: u.Active, Output: u.Output, Level: -1,
	}
	if u.Pin.Expander {
		p.Expander = u.Pin.Offset
	}
	return p
}

// level reads a pin. Outputs have just been switched off.
func (c *circuit) level(p PinState) (int, error) {
	l, ok := c.lines[p.Field]
	switch {
	case !ok && c.x != nil && p.Expander >= 0:
		return int(c.x.levels >> p.Expander & 1), nil
	case !ok:
		return -1, nil
	}
	if p.Output {
		for name, lamp := range c.config.Lamps {
			if p.Field == "lamps."+string(name)+".pin" {
				return rest(lamp.Active), nil
			}
		}
		return rest(c.config.Ringer.Active), nil
	}
	level, err := l.Level()
	if level == gpio.High {
		return 1, err
	}
	return 0, err
}

// rest is the level of an output that is off.
func rest(active board.Level) int {
	if active == board.Low {
		return 1
	}
	return 0
}
