package main

import (
	"context"
	"time"

	"hilphone/sip"
	"hilphone/sip/line"
)

// runningLine is a line that was started.
type runningLine struct {
	*sip.Line
	local string // where its socket was to be opened
	port  int    // and from which port on
	// reached lists the local addresses that route to its servers.
	reached string
	stop    context.CancelFunc
	begun   chan struct{}
	ended   chan struct{}
}

func (r *runningLine) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// settleTime bounds the wait for a line.
const settleTime = time.Second

// settle waits until the line has acted on what it was given: who asks next must not be told how things were before. One that has not begun,
// as its predecessor still takes its leave, is not waited for.
func (r *runningLine) settle() {
	select {
	case <-r.begun:
	default:
		return
	}
	enough := time.NewTimer(settleTime)
	defer enough.Stop()
	select {
	case <-r.Settled():
	case <-r.ended:
	case <-enough.C:
	}
}

// tell gives the line an event and waits until it has acted on it.
func (r *runningLine) tell(e line.Event) {
	r.Post(e)
	r.settle()
}
