package rpi

import (
	"fmt"
	"sync/atomic"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hilphone/hal/board"
)

const (
	// edgeWait is how long one wait for an edge lasts: periph takes 0 for ever and negative times for none at all. Nothing depends on
	// it, as whoever ends a wait sees to it that it ends, and levels are read anew every watchEvery.
	edgeWait = time.Minute
	// drainWait is how long an edge that is there already may take to be found: for shorter waits periph does not even look.
	drainWait = 2 * time.Millisecond
	// queued is how many edges the kernel keeps for a line.
	queued = 16
	// edgePause is the least time from one wake-up by a line to the next. The level is read at each, so no movement is missed; a wire
	// that picks up radio does not take the whole processor.
	edgePause = 500 * time.Microsecond
	// haltEvery is how often a wait is told to end until it has: a Halt just before the wait begins is lost.
	haltEvery = 5 * time.Millisecond
	// goneEvery is how often a line is asked that neither has an edge nor waits for one: its chip is gone.
	goneEvery = 100 * time.Millisecond
)

// input is a line that is read.
type input struct {
	line   line
	chip   chip
	active gpio.Level // while its contact is closed
}

// openInput asks for a line. Edges that are still queued from before are dropped.
func openInput(c chip, l line, active board.Level, pull gpio.Pull, edge gpio.Edge) (*input, error) {
	if err := l.In(pull, edge); err != nil {
		l.Close() // periph has taken note of the direction all the same
		return nil, err
	}
	// The first wait is also when periph makes a file of the line, without a lock: nobody else may have the line by then.
	for i := 0; i < queued && l.WaitForEdge(drainWait); i++ {
	}
	return &input{l, c, gpio.Level(active == board.High)}, nil
}

// closed returns whether the contact is closed. Low is believed only of a chip that is still there.
func (in *input) closed() (bool, error) {
	level := in.line.Read()
	if level == gpio.Low { // what periph makes of an error
		if err := in.chip.Alive(); err != nil {
			return false, fmt.Errorf("reading: %w", err)
		}
	}
	return level == in.active, nil
}

// watch calls wake after edges until stop is closed and the wait has been halted.
func (in *input) watch(stop <-chan struct{}, wake func()) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		began := time.Now()
		next := edgePause
		if in.line.WaitForEdge(edgeWait) {
			wake()
		} else if time.Since(began) < edgeWait/2 { // halted, or the chip is gone
			next = goneEvery
		}
		pause.Reset(next)
		select {
		case <-stop:
			return
		case <-pause.C:
		}
	}
}

// output is a line that is written. It is never read: periph makes an input of it for that.
type output struct {
	line   line
	active gpio.Level
	on     atomic.Bool
}

// openOutput asks for a line and switches it off. The kernel drives it low for some microseconds before, whatever active is.
func openOutput(l line, active board.Level) (*output, error) {
	o := &output{line: l, active: gpio.Level(active == board.High)}
	if err := l.Out(!o.active); err != nil {
		l.Close()
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
	if err := m.columns[0].chip.Alive(); err != nil { // else periph prints an error for each column
		return 0, err
	}
	for c, in := range m.columns {
		if in.line.Read() == gpio.Low {
			low |= 1 << c
		}
	}
	if low != 0 {
		err = m.columns[0].chip.Alive()
	}
	return low, err
}
