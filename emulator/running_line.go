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
	// reached lists the local addresses that route to its servers.
	reached string
	stop    context.CancelFunc
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

// tellTime bounds the wait for a line: one whose predecessor still takes its leave has not begun.
const tellTime = time.Second

// tell gives the line an event and waits until it has acted on it: who asks next must not be told how things were before.
func (r *runningLine) tell(e line.Event) {
	r.Post(e)
	enough := time.NewTimer(tellTime)
	defer enough.Stop()
	select {
	case <-r.Settled():
	case <-r.ended:
	case <-enough.C:
	}
}
