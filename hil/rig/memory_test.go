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
	gpio.PinIO
	chip                 *memoryChip
	name, holder         string
	offset               int
	used, output, closed bool
	high                 gpio.Level
	edges                []gpiochip.Edge
	wake                 chan struct{} // of capacity 1
	halt                 chan struct{} // of capacity 1
	refuse               error
}

func newMemoryChip(n int) *memoryChip {
	c := &memoryChip{}
	for i := range n {
		c.lines = append(c.lines, &memoryLine{PinIO: gpio.INVALID, chip: c, offset: i, name: fmt.Sprintf("GPIO%d", i), wake: make(chan struct{}, 1), halt: make(chan struct{}, 1)})
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
		l.edges = append(l.edges, gpiochip.Edge{At: time.Now(), High: high})
		select {
		case l.wake <- struct{}{}:
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

func (l *memoryLine) Level() (gpio.Level, error) {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.chip.gone {
		return gpio.Low, errors.New("no such device")
	}
	return l.high, nil
}

func (l *memoryLine) Edges() ([]gpiochip.Edge, error) {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	all := l.edges
	l.edges = nil
	return all, nil
}

func (l *memoryLine) WaitForEdge(d time.Duration) bool {
	var limit <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		limit = t.C
	}
	select {
	case <-l.wake:
		return true
	case <-l.halt:
	case <-limit:
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

func (l *memoryLine) Close() error {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	l.used, l.output, l.closed, l.high = false, false, true, gpio.Low
	return nil
}
