package gpiochip

import (
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

const (
	// edgePause is the least time from one wake-up by a line to the next. No edge is missed, as the kernel keeps them with their time
	// stamps; a wire that picks up radio does not take the whole processor.
	edgePause = 500 * time.Microsecond
	// goneEvery is how often a line is asked that neither has an edge nor waits for one: its chip is gone.
	goneEvery = 100 * time.Millisecond
)

// Input is a line that is read.
type Input struct {
	Line     Line
	WakeOnly bool // its edges say that the line has to be read, and no more: Watch takes them
}

// OpenInput asks for a line. Edges from before are dropped.
func OpenInput(l Line, pull gpio.Pull, edge gpio.Edge) (*Input, error) {
	if err := l.In(pull, edge); err != nil {
		return nil, err
	}
	return &Input{Line: l}, nil
}

// High returns whether the line is high.
func (in *Input) High() (bool, error) {
	level, err := in.Line.Level()
	if err != nil {
		return false, fmt.Errorf("reading: %w", err)
	}
	return level == gpio.High, nil
}

// Edges returns the edges since the last call, see Line.
func (in *Input) Edges() ([]Edge, error) {
	edges, err := in.Line.Edges()
	if err != nil {
		return nil, fmt.Errorf("reading edges: %w", err)
	}
	return edges, nil
}

// watch calls wake after edges until stop is closed and the wait has been halted.
func (in *Input) watch(stop <-chan struct{}, wake func()) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		next := goneEvery
		if in.Line.WaitForEdge(-1) {
			wake()
			next = edgePause
			if in.WakeOnly {
				_, _ = in.Line.Edges() // an error comes again when the line is read
			}
		}
		pause.Reset(next)
		select {
		case <-stop:
			return
		case <-pause.C:
		}
	}
}

// Watch calls wake after edges of the inputs until it is ended; wake is called by several goroutines. end returns when no goroutine waits
// for an edge any more.
func Watch(inputs []*Input, wake func()) (end func()) {
	stop := make(chan struct{})
	var watching sync.WaitGroup
	for _, in := range inputs {
		watching.Go(func() { in.watch(stop, wake) })
	}
	return func() {
		close(stop)
		for _, in := range inputs {
			_ = in.Line.Halt() // it fails on a line whose chip is gone, where the wait has ended
		}
		watching.Wait()
	}
}
