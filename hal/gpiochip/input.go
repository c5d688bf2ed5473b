package gpiochip

import (
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
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

// Input is a line that is read.
type Input struct {
	Line Line
	Chip interface{ Alive() error } // of the line
}

// OpenInput asks for a line. Edges that are still queued from before are dropped.
func OpenInput(c interface{ Alive() error }, l Line, pull gpio.Pull, edge gpio.Edge) (*Input, error) {
	if err := l.In(pull, edge); err != nil {
		l.Close() // periph has taken note of the direction all the same
		return nil, err
	}
	// The first wait is also when periph makes a file of the line, without a lock: nobody else may have the line by then.
	for i := 0; i < queued && l.WaitForEdge(drainWait); i++ {
	}
	return &Input{l, c}, nil
}

// High returns whether the line is high. Low is believed only of a chip that is still there.
func (in *Input) High() (bool, error) {
	if in.Line.Read() == gpio.High {
		return true, nil
	}
	if err := in.Chip.Alive(); err != nil { // low is what periph makes of an error
		return false, fmt.Errorf("reading: %w", err)
	}
	return false, nil
}

// watch calls wake after edges until stop is closed and the wait has been halted.
func (in *Input) watch(stop <-chan struct{}, wake func()) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		began := time.Now()
		next := edgePause
		if in.Line.WaitForEdge(edgeWait) {
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

// Watch calls wake after edges of the inputs until it is ended; wake is called by several goroutines. end returns when nobody waits for an edge
// any more: only then may a line be closed.
func Watch(inputs []*Input, wake func()) (end func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	var watching sync.WaitGroup
	for _, in := range inputs {
		watching.Go(func() { in.watch(stop, wake) })
	}
	return func() {
		close(stop)
		go func() {
			watching.Wait()
			close(ended)
		}()
		again := time.NewTicker(haltEvery)
		defer again.Stop()
		for {
			for _, in := range inputs {
				_ = in.Line.Halt() // a line whose chip is gone has nobody waiting
			}
			select {
			case <-ended:
				return
			case <-again.C:
			}
		}
	}
}
