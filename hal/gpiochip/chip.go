// Package gpiochip is the GPIO chips of this computer and their lines: for the board that is the front of a phone, and for the rig that
// presses the keys of another. What hangs on a line is their affair.
//
// A line is a pin as periph's gpio.PinIO defines it. Behind it is the kernel's character device, version 2 of its interface (Linux 5.10),
// with the structures and calls of go-gpiocdev's package uapi; doc/GPIO.md says why it is neither periph's driver nor go-gpiocdev's own
// reader of edges.
package gpiochip

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"hilphone/db/nearest"
)

// Auto, in the place of a chip's name, is the chip with the pins of a Raspberry Pi's header.
const Auto = "auto"

// ErrNoChip says that this computer does not have the chip that is meant.
var ErrNoChip = errors.New("this computer has no such GPIO chip")

// raspberries are the labels of the chips with the pins of a Raspberry Pi's header: models 1 to 3, 4 and 5.
var raspberries = [...]string{"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"}

// OnRaspberryPi reports whether this computer has the pins of a Raspberry Pi's header.
func OnRaspberryPi() bool {
	found, _ := nodes() // what may not be looked at cannot be used
	return slices.ContainsFunc(found, func(n node) bool { return slices.Contains(raspberries[:], n.label) })
}

// Any reports whether this computer has a GPIO chip at all.
func Any() bool {
	found, _ := nodes() // what may not be looked at cannot be used
	return len(found) > 0
}

// Open finds a chip by its label or name, or Auto. The error wraps ErrNoChip if there is none.
func Open(name string) (*Chip, error) {
	found, err := nodes()
	n, ok := choose(found, name)
	if !ok {
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrNoChip, err)
		}
		var names, words []string
		for _, n := range found {
			names, words = append(names, n.String()), append(words, n.name, n.label)
		}
		if names == nil {
			names = []string{"none"}
		}
		return nil, fmt.Errorf("%s: %w; it has %s%s", name, ErrNoChip, strings.Join(names, ", "), nearest.Hint(name, words))
	}
	f, err := os.Open(n.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n, err)
	}
	return &Chip{n, f}, nil
}

// choose picks a chip by label or name. Numbers in names change with the kernel, labels do not.
func choose(found []node, name string) (node, bool) {
	slices.SortStableFunc(found, func(a, b node) int { return strings.Compare(a.label, b.label) })
	for _, fits := range []func(node) bool{
		func(n node) bool { return name == Auto && slices.Contains(raspberries[:], n.label) },
		func(n node) bool { return name == Auto && strings.HasPrefix(n.label, "pinctrl-") },
		func(n node) bool { return n.label == name },
		func(n node) bool { return n.name == name },
	} {
		if i := slices.IndexFunc(found, fits); i >= 0 {
			return found[i], true
		}
	}
	return node{}, false
}

// Chip is a chip of this computer.
type Chip struct {
	node
	file *os.File
}

// Lines is how many lines it has.
func (c *Chip) Lines() int { return c.lines }

// State is what the kernel knows of a line, without asking for it.
func (c *Chip) State(offset int) (LineState, error) { return askLine(c.file, offset) }

// Alive returns an error when the chip is gone.
func (c *Chip) Alive() error {
	_, err := askChip(c.file)
	return err
}

// Line is a line of the chip. It is asked for by In or Out.
func (c *Chip) Line(offset int) (Line, error) {
	if offset < 0 || offset >= c.lines {
		return nil, fmt.Errorf("the chip has lines 0 to %d", c.lines-1)
	}
	state, err := c.State(offset)
	if err != nil {
		return nil, err
	}
	name := state.Name
	if name == "" {
		name = fmt.Sprintf("line %d of %s", offset, c.name)
	}
	return &pin{chip: c.file, name: name, offset: offset}, nil
}

// Close closes the chip; its lines stay open until they are closed each.
func (c *Chip) Close() error { return c.file.Close() }
