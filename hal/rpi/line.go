package rpi

import (
	"fmt"
	"sync/atomic"

	"periph.io/x/conn/v3/gpio"

	"hilphone/hal/board"
	"hilphone/hal/contact"
	"hilphone/hal/gpiochip"
)

// line is a line of a chip.
type line = gpiochip.Line

// chip is a GPIO chip: *gpiochip.Chip.
type chip interface {
	String() string // name and label
	Lines() int
	State(offset int) (gpiochip.LineState, error)
	Line(offset int) (line, error)
	Alive() error
	Close() error
}

// openChip finds the chip that a board file means.
func openChip(name string) (chip, error) {
	c, err := gpiochip.Open(name)
	if err != nil {
		return nil, err // not a chip that is nil
	}
	return c, nil
}

// input is a contact at a pin.
type input struct {
	*gpiochip.Input
	active gpio.Level // while it is closed
}

func openInput(l line, active board.Level, pull gpio.Pull, edge gpio.Edge) (*input, error) {
	in, err := gpiochip.OpenInput(l, pull, edge)
	return &input{in, gpio.Level(active == board.High)}, err
}

// closed returns whether the contact is closed.
func (in *input) closed() (bool, error) {
	high, err := in.High()
	return err == nil && high == bool(in.active), err
}

// edges returns how the contact has moved since the last call.
func (in *input) edges() ([]contact.Edge, error) {
	seen, err := in.Edges()
	var moved []contact.Edge
	for _, e := range seen {
		moved = append(moved, contact.Edge{At: e.At, Closed: e.High == bool(in.active), Lost: e.Lost})
	}
	return moved, err
}

// output is a line that is written.
type output struct {
	line   line
	active gpio.Level
	on     atomic.Bool
}

// openOutput asks for a line, which is off from its first instant as an output on.
func openOutput(l line, active board.Level) (*output, error) {
	o := &output{line: l, active: gpio.Level(active == board.High)}
	if err := l.Out(!o.active); err != nil {
		return nil, err
	}
	return o, nil
}

// set switches the output on or off.
func (o *output) set(on bool) error {
	if on == o.on.Load() {
		return nil
	}
	level := o.active
	if !on {
		level = !level
	}
	if err := o.line.Out(level); err != nil {
		return err
	}
	o.on.Store(on)
	return nil
}

// level is what was written last.
func (o *output) level() int {
	if o.on.Load() == (o.active == gpio.High) {
		return 1
	}
	return 0
}

// matrix is the wires of a keypad: contact.Wires.
type matrix struct {
	rows    []line
	driven  uint8 // rows that are driven low
	columns []*input
}

// Drive implements contact.Wires. Rows that are let go have a pull-up, so that they do not pick up what goes by.
func (m *matrix) Drive(rows uint8) error {
	for _, low := range []bool{false, true} { // let go first
		for r, l := range m.rows {
			bit := uint8(1) << r
			if (rows&bit != 0) != low || (m.driven&bit != 0) == low {
				continue
			}
			if err := m.drive(l, low); err != nil {
				return fmt.Errorf("row %d: %w", r+1, err)
			}
			m.driven ^= bit
		}
	}
	return nil
}

func (m *matrix) drive(l line, low bool) error {
	if low {
		return l.Out(gpio.Low)
	}
	return l.In(gpio.PullUp, gpio.NoEdge)
}

// Columns implements contact.Wires.
func (m *matrix) Columns() (low uint8, err error) {
	for c, in := range m.columns {
		high, err := in.High()
		if err != nil {
			return 0, fmt.Errorf("column %d: %w", c+1, err)
		}
		if !high {
			low |= 1 << c
		}
	}
	return low, nil
}
