package rpi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"

	"hilphone/db/nearest"
	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/contact"
	"hilphone/hal/gpiochip"
)

// PinError says why a pin of the board cannot be used.
type PinError struct {
	Device string // what the pin is for, the pin and its chip
	Holder string // who uses it, as the kernel knows it; empty if it is not that
	Err    error
}

func (e *PinError) Error() string { return e.Device + ": " + e.reason() }

func (e *PinError) reason() string {
	switch {
	case e.Holder != "":
		return "in use by " + e.Holder
	case e.Err == nil:
		return "in use"
	}
	return e.Err.Error()
}

func (e *PinError) Unwrap() error { return e.Err }

// circuit is every pin of the board, open.
type circuit struct {
	config *board.Board
	chip   chip
	lines  map[string]line // by field of the board file

	wires   contact.Wires // nil without a keypad
	buttons []contactReader
	hook    *input
	pulse   *input
	away    *input
	lamps   map[hal.Lamp]switcher
	ringer  switcher

	inputs []*gpiochip.Input
	x      *expander     // nil without one
	tone   *tone         // nil without a piezo
	wake   chan struct{} // of capacity 1: a line had an edge
	failed chan error    // of capacity 1
	gone   atomic.Bool   // the chip is
}

// contactReader is a contact: *input, or a pin of the expander.
type contactReader interface{ closed() (bool, error) }

// switcher is a lamp or a ringer: *output, or a PWM channel.
type switcher interface{ set(on bool) error }

// source is where chips and buses are found.
type source struct {
	chip func(name string) (chip, error)
	bus  func(number int) (i2c.BusCloser, error)
}

// openCircuit opens every pin of the board, or none: then the error is all that is wrong, each a *board.FieldError.
func openCircuit(config *board.Board, from source) (*circuit, error) {
	found, err := from.chip(config.Chip)
	if err != nil {
		return nil, config.Refuse("chip", "cannot be used", &PinError{Device: chipDevice, Err: err})
	}
	c := &circuit{
		config: config, chip: found, lines: map[string]line{}, lamps: map[hal.Lamp]switcher{}, buttons: make([]contactReader, len(config.Buttons)),
		wake: make(chan struct{}, 1), failed: make(chan error, 1),
	}
	if err := c.find(); err != nil {
		return nil, errors.Join(err, found.Close())
	}
	if err := c.open(from); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// onChip reports whether a pin is a line of the chip that has to be asked for: not one of the expander, nor one that is a PWM channel's.
func onChip(config *board.Board, u board.Use) bool {
	return !u.Pin.Expander && !(config.Ringer != nil && config.Ringer.Kind == board.Piezo && u.Field == "ringer.pin")
}

// offsets returns the offset of every line of the board, by field.
func offsets(config *board.Board, c chip) (map[string]int, error) {
	names := map[string]int{}
	for i := range c.Lines() {
		s, err := c.State(i)
		if err != nil {
			return nil, fmt.Errorf("chip %s: %w", c, err)
		}
		if _, twice := names[s.Name]; !twice {
			names[s.Name] = i
		}
	}
	found, taken := map[string]int{}, map[int]board.Use{}
	var errs []error
	for _, u := range config.Uses() {
		if !onChip(config, u) {
			continue
		}
		offset, ok := u.Pin.Offset, true
		if u.Pin.Name != "" {
			offset, ok = names[u.Pin.Name]
		}
		first, twice := taken[offset]
		switch {
		case !ok:
			errs = append(errs, config.Refuse(u.Field, fmt.Sprintf("chip %s has no line called %s%s", c, u.Pin.Name, nearest.Hint(u.Pin.Name, slices.Sorted(maps.Keys(names)))), nil))
		case offset >= c.Lines():
			errs = append(errs, config.Refuse(u.Field, fmt.Sprintf("chip %s has lines 0 to %d, not %d", c, c.Lines()-1, offset), nil))
		case twice:
			errs = append(errs, config.Refuse(u.Field, fmt.Sprintf("%s is line %d of chip %s, which is %s already", u.Pin, offset, c, first.Part), nil))
		default:
			found[u.Field], taken[offset] = offset, u
		}
	}
	return found, errors.Join(errs...)
}

// find finds every line and sees to it that nobody uses one.
func (c *circuit) find() error {
	found, err := offsets(c.config, c.chip)
	if err != nil {
		return err
	}
	var errs []error
	for _, u := range c.config.Uses() {
		offset, ok := found[u.Field]
		if !ok {
			continue
		}
		state, err := c.chip.State(offset)
		if err == nil && !state.Used {
			if c.lines[u.Field], err = c.chip.Line(offset); err == nil {
				continue
			}
		}
		errs = append(errs, c.refuse(u, state.Holder, err))
	}
	return errors.Join(errs...)
}

func (c *circuit) refuse(u board.Use, holder string, cause error) error {
	return c.config.Refuse(u.Field, "cannot be used", &PinError{Device: deviceName(u, c.chip), Holder: holder, Err: cause})
}

// open asks for every line.
func (c *circuit) open(from source) error {
	var errs []error
	m := &matrix{}
	for _, u := range c.config.Uses() {
		if l, ok := c.lines[u.Field]; ok {
			if err := c.openLine(u, l, m); err != nil {
				errs = append(errs, c.refuse(u, "", err))
				delete(c.lines, u.Field)
			}
		}
	}
	if len(m.rows) > 0 {
		c.wires = m
	}
	if x := c.config.Expander; x != nil && len(errs) == 0 {
		if err := c.openExpander(from); err != nil {
			errs = append(errs, c.config.Refuse("expander", "cannot be used", &PinError{Device: expanderDevice, Err: err}))
		}
	}
	if r := c.config.Ringer; r != nil && r.Kind == board.Piezo {
		var err error
		if c.tone, err = openTone(pwmFolder, *r); err != nil {
			errs = append(errs, c.config.Refuse("ringer", "cannot be used", &PinError{Device: "ringer", Err: err}))
		}
		c.ringer = c.tone
	}
	return errors.Join(errs...)
}

func (c *circuit) openExpander(from source) error {
	bus, err := from.bus(c.config.Expander.Bus)
	if err == nil {
		c.x, err = openExpander(bus, c.config)
	}
	if err != nil {
		return err
	}
	if len(c.x.rows) > 0 {
		c.wires = c.x
	}
	for i, b := range c.config.Buttons {
		if b.Pin.Expander {
			c.buttons[i] = button{c.x, b.Pin.Offset, b.Active}
		}
	}
	return nil
}

func (c *circuit) openLine(u board.Use, l line, m *matrix) (err error) {
	b := c.config
	section, _, _ := strings.Cut(u.Field, "[")
	switch section {
	case "keypad.rows":
		m.rows = append(m.rows, l)
		err = l.In(gpio.PullUp, gpio.NoEdge)
	case "keypad.columns":
		var in *input
		in, err = c.input(l, board.Low, gpio.PullUp, gpio.FallingEdge)
		m.columns = append(m.columns, in)
	case "buttons":
		var i int
		if _, err := fmt.Sscanf(u.Field, "buttons[%d].pin", &i); err != nil {
			return err
		}
		c.buttons[i], err = c.input(l, b.Buttons[i].Active, pulls[b.Buttons[i].Pull], gpio.BothEdges)
	case "hook.pin":
		c.hook, err = c.input(l, b.Hook.Active, pulls[b.Hook.Pull], gpio.BothEdges)
	case "dial.pulse":
		c.pulse, err = c.input(l, b.Dial.Active, pulls[b.Dial.Pull], gpio.BothEdges)
	case "dial.off_normal":
		c.away, err = c.input(l, b.Dial.Active, pulls[b.Dial.Pull], gpio.BothEdges)
	case "ringer.pin":
		c.ringer, err = openOutput(l, b.Ringer.Active)
	case "expander.int":
		_, err = c.input(l, board.Low, gpio.PullUp, gpio.FallingEdge)
	default:
		name := hal.Lamp(strings.TrimSuffix(strings.TrimPrefix(u.Field, "lamps."), ".pin"))
		c.lamps[name], err = openOutput(l, b.Lamps[name].Active)
	}
	return err
}

var pulls = map[board.Pull]gpio.Pull{board.PullUp: gpio.PullUp, board.PullDown: gpio.PullDown, board.NoPull: gpio.PullNoChange}

func (c *circuit) input(l line, active board.Level, pull gpio.Pull, edge gpio.Edge) (*input, error) {
	in, err := openInput(l, active, pull, edge)
	if err == nil {
		in.WakeOnly = edge != gpio.BothEdges
		c.inputs = append(c.inputs, in.Input)
	}
	return in, err
}

// nudge has the contacts looked at.
func (c *circuit) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// fail ends the session.
func (c *circuit) fail(err error) {
	select {
	case c.failed <- err:
	default:
	}
}

// watch wakes up at edges until it is ended; no line may be closed before.
func (c *circuit) watch() (end func()) { return gpiochip.Watch(c.inputs, c.nudge) }

// close gives all lines back. Nobody waits for an edge by then.
func (c *circuit) close() error {
	var errs []error
	for _, l := range c.lines {
		errs = append(errs, l.Close())
	}
	if c.tone != nil {
		errs = append(errs, c.tone.close())
	}
	if c.x != nil {
		errs = append(errs, c.x.close())
	}
	return errors.Join(append(errs, c.chip.Close())...)
}

// Names of what is no pin, in faults.
const (
	chipDevice     = "chip"
	expanderDevice = "expander"
)

// deviceName names a pin to the person who will look for it.
func deviceName(u board.Use, c chip) string {
	return fmt.Sprintf("%s on %s of chip %s", u.Part, u.Pin, c)
}
