package rig

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hilphone/hal/gpiochip"
)

// memoryChip is a chip in memory; its lines are wired by whoever calls pull.
type memoryChip struct {
	mu    sync.Mutex
	lines []*memoryLine
	gone  bool
	log   []string // what was written
}

type memoryLine struct {
	chip                 *memoryChip
	name, holder         string
	offset               int
	used, output, closed bool
	high                 gpio.Level
	edge                 chan struct{}
	halt                 chan struct{}
	refuse               error
}

func newMemoryChip(n int) *memoryChip {
	c := &memoryChip{}
	for i := range n {
		c.lines = append(c.lines, &memoryLine{chip: c, offset: i, name: fmt.Sprintf("GPIO%d", i), edge: make(chan struct{}, 16), halt: make(chan struct{})})
	}
	return c
}

func (c *memoryChip) String() string { return "memory" }
func (c *memoryChip) Lines() int     { return len(c.lines) }
func (c *memoryChip) Close() error   { return nil }

func (c *memoryChip) State(offset int) (gpiochip.LineState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[offset]
	return gpiochip.LineState{Name: l.name, Used: l.used || l.holder != "", Holder: l.holder}, nil
}

func (c *memoryChip) Line(offset int) (gpiochip.Line, error) { return c.lines[offset], nil }

func (c *memoryChip) Alive() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return errors.New("no such device")
	}
	return nil
}

// pull brings an input to a level.
func (c *memoryChip) pull(offset int, high bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.lines[offset]; l.high != gpio.Level(high) {
		l.high = gpio.Level(high)
		select {
		case l.edge <- struct{}{}:
		default:
		}
	}
}

func (c *memoryChip) inUse() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lines {
		if l.used {
			n++
		}
	}
	return n
}

func (l *memoryLine) In(pull gpio.Pull, _ gpio.Edge) error {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.refuse != nil {
		return l.refuse
	}
	l.used, l.output = true, false
	l.high = gpio.Level(pull == gpio.PullUp)
	return nil
}

func (l *memoryLine) Out(level gpio.Level) error {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.refuse != nil {
		return l.refuse
	}
	if !l.used || l.high != level {
		l.chip.log = append(l.chip.log, fmt.Sprintf("%d %v", l.offset, level))
	}
	l.used, l.output, l.high = true, true, level
	return nil
}

func (l *memoryLine) Read() gpio.Level {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.output {
		panic("an output was read") // which makes an input of it
	}
	return l.high && gpio.Level(!l.chip.gone)
}

func (l *memoryLine) WaitForEdge(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-l.edge:
		return true
	case <-l.halt:
	case <-t.C:
	}
	return false
}

func (l *memoryLine) Halt() error {
	select {
	case l.halt <- struct{}{}:
	default:
	}
	return nil
}

func (l *memoryLine) Close() {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	l.used, l.output, l.closed, l.high = false, false, true, gpio.Low
}
