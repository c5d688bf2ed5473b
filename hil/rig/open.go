package rig

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"periph.io/x/conn/v3/gpio"

	"hilphone/db/nearest"
	"hilphone/hal/gpiochip"
)

// chip is a GPIO chip: *gpiochip.Chip.
type chip interface {
	String() string // name and label
	Lines() int
	State(offset int) (gpiochip.LineState, error)
	Line(offset int) (gpiochip.Line, error)
	Alive() error
	Close() error
}

// Open opens every pin of a rig, or none; outputs are open contacts then. Errors are those of the rig file, several joined, and name the pin, its
// chip and who holds it.
func Open(c *Config) (*Rig, error) {
	found, err := gpiochip.Open(c.Chip)
	if err != nil {
		return nil, c.refuse("chip", "cannot be used", err)
	}
	return openOn(c, found)
}

func openOn(c *Config, found chip) (*Rig, error) {
	p := &pins{chip: found, uses: c.Uses()}
	err := p.find(c)
	if err == nil {
		err = p.open(c)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return New(c, p), nil
}

// pins are Lines of a chip.
type pins struct {
	chip   chip
	uses   []Use
	lines  []gpiochip.Line   // by use; nil: not open
	inputs []*gpiochip.Input // by use; nil: an output
}

// find finds every line and sees to it that nobody has one.
func (p *pins) find(c *Config) error {
	names := map[string]int{}
	for i := range p.chip.Lines() {
		s, err := p.chip.State(i)
		if err != nil {
			return c.refuse("chip", "cannot be used", fmt.Errorf("%s: %w", p.chip, err))
		}
		if _, twice := names[s.Name]; !twice {
			names[s.Name] = i
		}
	}
	p.lines, p.inputs = make([]gpiochip.Line, len(p.uses)), make([]*gpiochip.Input, len(p.uses))
	found, taken := make([]gpiochip.Line, len(p.uses)), map[int]Use{}
	var errs []error
	refuse := func(u Use, why string, args ...any) {
		errs = append(errs, c.refuse(u.Field, fmt.Sprintf(why, args...), nil))
	}
	for i, u := range p.uses {
		offset, ok := u.Pin.Offset, true
		if u.Pin.Name != "" {
			offset, ok = names[u.Pin.Name]
		}
		if first, twice := taken[offset]; twice && ok {
			refuse(u, "%s is line %d of chip %s, which is %s already", u.Pin, offset, p.chip, first.Part)
			continue
		}
		taken[offset] = u
		if !ok {
			refuse(u, "chip %s has no line called %s%s", p.chip, u.Pin.Name, nearest.Hint(u.Pin.Name, slices.Sorted(maps.Keys(names))))
			continue
		}
		if offset >= p.chip.Lines() {
			refuse(u, "chip %s has lines 0 to %d, not %d", p.chip, p.chip.Lines()-1, offset)
			continue
		}
		state, err := p.chip.State(offset)
		if err == nil && !state.Used {
			found[i], err = p.chip.Line(offset)
		}
		switch {
		case err != nil:
			refuse(u, "%s on %s of chip %s: %s", u.Part, u.Pin, p.chip, err)
		case state.Used && state.Holder != "":
			refuse(u, "%s on %s of chip %s: in use by %s", u.Part, u.Pin, p.chip, state.Holder)
		case state.Used:
			refuse(u, "%s on %s of chip %s: in use", u.Part, u.Pin, p.chip)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p.lines = found
	return nil
}

var pulls = map[string]gpio.Pull{"up": gpio.PullUp, "down": gpio.PullDown, "none": gpio.PullNoChange}

// open asks for every line: sensors first, so that nothing moves if one of them cannot be had.
func (p *pins) open(c *Config) error {
	found := p.lines
	p.lines = make([]gpiochip.Line, len(found))
	for _, output := range []bool{false, true} {
		for i, u := range p.uses {
			if u.Output != output {
				continue
			}
			var err error
			if output {
				err = found[i].Out(gpio.Level(!u.High))
			} else {
				p.inputs[i], err = gpiochip.OpenInput(found[i], pulls[u.Pull], gpio.BothEdges)
			}
			if err != nil {
				return c.refuse(u.Field, fmt.Sprintf("%s on %s of chip %s", u.Part, u.Pin, p.chip), err)
			}
			p.lines[i] = found[i]
		}
	}
	return nil
}

// String implements Lines.
func (p *pins) String() string { return p.chip.String() }

// Set implements Lines.
func (p *pins) Set(use int, high bool) error {
	if err := p.lines[use].Out(gpio.Level(high)); err != nil {
		return fmt.Errorf("chip %s: %w", p.chip, err)
	}
	return nil
}

// High implements Lines.
func (p *pins) High(use int) (bool, error) {
	high, err := p.inputs[use].High()
	if err != nil {
		err = fmt.Errorf("chip %s: %w", p.chip, err)
	}
	return high, err
}

// Edges implements Lines.
func (p *pins) Edges(use int) ([]gpiochip.Edge, error) {
	edges, err := p.inputs[use].Edges()
	if err != nil {
		err = fmt.Errorf("chip %s: %w", p.chip, err)
	}
	return edges, err
}

// Watch implements Lines.
func (p *pins) Watch(wake func()) (end func()) {
	var inputs []*gpiochip.Input
	for _, in := range p.inputs {
		if in != nil {
			inputs = append(inputs, in)
		}
	}
	return gpiochip.Watch(inputs, wake)
}

// Close implements Lines.
func (p *pins) Close() error {
	var errs []error
	for _, l := range p.lines {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(append(errs, p.chip.Close())...)
}
