package rpi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hilphone/hal/gpiochip"
)

// MemoryChip is a chip in memory, for tests without the kernel. Its lines behave as the kernel's do.
type MemoryChip struct {
	Buffer int // how many edges of a line are kept

	mu      sync.Mutex
	lines   []*memoryLine
	gone    bool
	changed func() // while a board watches
	Wrong   []string
}

var errGone = errors.New("no such device")

// NewMemoryChip makes a chip.
func NewMemoryChip(names []string) *MemoryChip {
	c := &MemoryChip{Buffer: 1024}
	for i, name := range names {
		c.lines = append(c.lines, &memoryLine{PinIO: gpio.INVALID, chip: c, name: name, offset: i, wake: make(chan struct{}, 1), halt: make(chan struct{}, 1)})
	}
	return c
}

// Install puts a board onto the chip.
func (c *MemoryChip) Install(b *Board) {
	b.hands.settle = func() {}
	b.from.chip = func(string) (chip, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.gone {
			return nil, gpiochip.ErrNoChip
		}
		return memoryChip{c}, nil
	}
	b.watch = func(ctx context.Context, changed func()) error {
		c.set(func() { c.changed = changed })
		<-ctx.Done()
		return nil
	}
}

func (c *MemoryChip) set(f func()) {
	c.mu.Lock()
	f()
	changed := c.changed
	c.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// Plug makes the chip appear.
func (c *MemoryChip) Plug() error {
	c.set(func() { c.gone = false })
	return nil
}

// Unplug makes it disappear. Nobody who waits for an edge wakes up.
func (c *MemoryChip) Unplug() error {
	c.set(func() {
		c.gone = true
		for _, l := range c.lines {
			l.used, l.output, l.high = false, false, false
		}
	})
	return nil
}

// Hold has somebody take a line, or give it back.
func (c *MemoryChip) Hold(offset int, by string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[offset].used, c.lines[offset].holder = by != "", by
}

// InUse reports whether somebody has a line.
func (c *MemoryChip) InUse(offset int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines[offset].used
}

// Pull brings a line to a level from outside.
func (c *MemoryChip) Pull(line int, up bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return errGone
	}
	if l := c.lines[line]; !l.output {
		l.change(gpio.Level(up))
	}
	return nil
}

// Level is the level of a line.
func (c *MemoryChip) Level(line int) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false, errGone
	}
	return bool(c.lines[line].high), nil
}

// memoryChip is the chip as a board has it.
type memoryChip struct{ c *MemoryChip }

func (m memoryChip) String() string { return "memory" }
func (m memoryChip) Lines() int     { return len(m.c.lines) }
func (m memoryChip) Close() error   { return nil }

func (m memoryChip) Alive() error {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	if m.c.gone {
		return errGone
	}
	return nil
}

func (m memoryChip) State(offset int) (gpiochip.LineState, error) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	if m.c.gone {
		return gpiochip.LineState{}, errGone
	}
	l := m.c.lines[offset]
	return gpiochip.LineState{Name: l.name, Used: l.used, Holder: l.holder, Output: l.output}, nil
}

func (m memoryChip) Line(offset int) (line, error) { return m.c.lines[offset], nil }

// memoryLine is a line as the kernel has it.
type memoryLine struct {
	gpio.PinIO
	chip    *MemoryChip
	offset  int
	name    string
	used    bool
	holder  string
	output  bool
	high    gpio.Level
	edge    gpio.Edge
	edges   []gpiochip.Edge
	wake    chan struct{} // of capacity 1: there are edges
	halt    chan struct{} // of capacity 1: the wait ends, or the next one
	waiting int
}

// change is called with the chip locked.
func (l *memoryLine) change(to gpio.Level) {
	if l.high == to {
		return
	}
	l.high = to
	if l.edge == gpio.BothEdges || l.edge == gpio.FallingEdge && to == gpio.Low {
		l.keep(gpiochip.Edge{At: time.Now(), High: bool(to)})
	}
}

// keep keeps an edge: the oldest is lost when there is no room.
func (l *memoryLine) keep(e gpiochip.Edge) {
	if l.edges = append(l.edges, e); len(l.edges) > l.chip.Buffer {
		l.edges = l.edges[1:]
		l.edges[0].Lost = true
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *memoryLine) In(pull gpio.Pull, edge gpio.Edge) error {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.chip.gone {
		return errGone
	}
	l.used, l.holder, l.output, l.edge, l.edges = true, "test", false, edge, nil
	l.change(pull == gpio.PullUp)
	return nil
}

func (l *memoryLine) Out(level gpio.Level) error {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.chip.gone {
		return errGone
	}
	l.used, l.holder, l.output, l.edge, l.high = true, "test", true, gpio.NoEdge, level
	return nil
}

func (l *memoryLine) Level() (gpio.Level, error) {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.chip.gone {
		return gpio.Low, errGone
	}
	return l.high, nil
}

func (l *memoryLine) Edges() ([]gpiochip.Edge, error) {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.chip.gone {
		return nil, errGone
	}
	all := l.edges
	l.edges = nil
	return all, nil
}

func (l *memoryLine) wrong(what string) {
	l.chip.Wrong = append(l.chip.Wrong, fmt.Sprintf("line %d: %s", l.offset, what))
}

func (l *memoryLine) WaitForEdge(timeout time.Duration) bool {
	l.chip.mu.Lock()
	if !l.used && !l.chip.gone {
		l.wrong("a wait at a line that was not asked for")
	}
	gone := l.chip.gone
	l.waiting++
	l.chip.mu.Unlock()
	defer func() {
		l.chip.mu.Lock()
		l.waiting--
		l.chip.mu.Unlock()
	}()
	if gone {
		return false
	}
	var limit <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		limit = timer.C
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
	if l.waiting > 0 {
		l.wrong("closed during a wait for an edge")
	}
	l.used, l.holder, l.output, l.edge, l.edges = false, "", false, gpio.NoEdge, nil
	return nil
}
