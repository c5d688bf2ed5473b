package main

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"hilphone/db/journal/event"
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

	blocked atomic.Pointer[blockedSocket] // why its socket is not open; nil where it is
	again   chan struct{}                 // of capacity 1: ends the wait for the next try

	replaced atomic.Bool // another one for the same line begins when this one has ended, and has its fault
}

// blockedSocket is a SIP socket that cannot be opened.
type blockedSocket struct {
	err   error
	until time.Time // when it is tried again
}

// reopenAfter is how long a line waits that cannot open its socket: the program that has the port may end, the address may come.
const reopenAfter = 10 * time.Second

// blockedBy returns why the socket of the line cannot be opened, or nil.
func (r *runningLine) blockedBy() *blockedSocket {
	if r.over() {
		return nil
	}
	return r.blocked.Load()
}

// tryAgain ends the wait of a line whose socket cannot be opened.
func (r *runningLine) tryAgain() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// runLine runs a line until ctx ends. A socket that cannot be opened is tried again, and named by status, page, /readyz and an event meanwhile
// (UX-03).
func (l *lines) runLine(ctx context.Context, n int, r *runningLine) error {
	fault := func(message string) {
		l.journal.Record(n, "", event.Fault{Device: "line " + strconv.Itoa(n), Message: message})
	}
	defer func() {
		if !r.replaced.Load() {
			l.noFault(n, r) // a line that was disabled does not need the socket
		}
	}()
	for {
		err := r.Run(ctx)
		var socket *sip.SocketError
		if !errors.As(err, &socket) {
			return err
		}
		if was := r.blocked.Swap(&blockedSocket{socket.Err, time.Now().Add(reopenAfter)}); was == nil || was.err.Error() != socket.Err.Error() {
			l.log.Error("the SIP socket of the line cannot be opened; it is tried again", "line", n, "every", reopenAfter, "err", socket.Err)
			fault(socket.Err.Error())
			l.phone.LineChanged(n, line.Status{Phase: line.AllFailed, Active: line.None})
		}
		select {
		case <-ctx.Done():
			l.phone.LineChanged(n, line.Status{Phase: line.Unregistered, Active: line.None})
			return nil
		case <-r.again:
		case <-time.After(reopenAfter):
		}
	}
}

// opened is called when the socket of a line is open.
func (l *lines) opened(n int, r *runningLine) {
	if l.noFault(n, r) {
		l.log.Info("the SIP socket of the line is open", "line", n)
	}
}

// noFault records that the socket of the line is not blocked any more, and reports whether it was.
func (l *lines) noFault(n int, r *runningLine) bool {
	if r.blocked.Swap(nil) == nil {
		return false
	}
	l.journal.Record(n, "", event.Fault{Device: "line " + strconv.Itoa(n)})
	return true
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
	if r.blockedBy() != nil {
		return // it acts on nothing before its socket is open
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
