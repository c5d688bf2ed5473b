package phone_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hilphone/sip/line"
)

// exchange is the lines of a phone with somebody at the other end of each number:
//
//	1002  rings after 100 ms, answers after another 2 s
//	1003  is busy at once
//	1004  no server answers for 39.5 s
//	1005  rings for ever
//
// Line 20 is not set up. It reports to changed, which is the phone's CallChanged.
type exchange struct {
	changed func(line.Call)

	mu    sync.Mutex
	calls map[line.CallID]*line.Call
	told  []string // what the phone asked for
	asked chan time.Time
}

func newExchange() *exchange {
	return &exchange{calls: map[line.CallID]*line.Call{}}
}

var errNotSetUp = errors.New("line 20 is not set up")

func (x *exchange) Dial(n int, to string) (line.CallID, error) {
	if x.asked != nil {
		x.asked <- time.Now()
	}
	if n == 20 {
		return "", errNotSetUp
	}
	id := x.add(line.Call{Line: n, Direction: line.Outgoing, Remote: to, State: line.Calling, Server: line.Primary})
	x.tell("dial %d %s", n, to)
	rings := func() { x.set(id, line.Ringback) }
	switch to {
	case "1002":
		time.AfterFunc(100*time.Millisecond, rings)
		time.AfterFunc(2100*time.Millisecond, func() { x.set(id, line.Talking) })
	case "1003":
		time.AfterFunc(time.Millisecond, func() {
			x.end(id, line.End{By: line.ByPeer, Cause: line.CauseResponse, Code: 486, Reason: "Busy Here"})
		})
	case "1004":
		time.AfterFunc(39500*time.Millisecond, func() {
			x.end(id, line.End{By: line.ByPhone, Cause: line.CauseNoResponse, Elapsed: 39500 * time.Millisecond})
		})
	case "1005":
		time.AfterFunc(100*time.Millisecond, rings)
	}
	return id, nil
}

// ring has a call come in.
func (x *exchange) ring(n int, from string) line.CallID {
	id := x.add(line.Call{Line: n, Direction: line.Incoming, Remote: from, State: line.Ringing, Server: line.Primary})
	x.set(id, line.Ringing)
	return id
}

func (x *exchange) Answer(id line.CallID) {
	x.tell("answer %s", id)
	x.set(id, line.Talking)
}

func (x *exchange) Reject(id line.CallID, code int) {
	x.tell("reject %s %d", id, code)
	x.end(id, line.End{By: line.ByUser, Cause: line.CauseResponse, Code: code})
}

func (x *exchange) HangUp(id line.CallID) {
	x.tell("hang_up %s", id)
	x.end(id, line.End{By: line.ByUser})
}

func (x *exchange) Hold(id line.CallID, on bool) {
	x.tell("hold %s %v", id, on)
	if on {
		x.set(id, line.Held)
	} else {
		x.set(id, line.Talking)
	}
}

func (x *exchange) DTMF(id line.CallID, digit string) { x.tell("dtmf %s %s", id, digit) }

func (x *exchange) add(c line.Call) line.CallID {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.ID = line.CallID(fmt.Sprint(len(x.calls) + 1))
	x.calls[c.ID] = &c
	return c.ID
}

func (x *exchange) tell(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.told = append(x.told, fmt.Sprintf(format, args...))
}

// asks returns what the phone asked for since the last time.
func (x *exchange) asks() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	told := strings.Join(x.told, ", ")
	x.told = nil
	return told
}

// set moves a call on, unless it is over, and tells the phone.
func (x *exchange) set(id line.CallID, s line.CallState) {
	x.change(id, func(c *line.Call) { c.State = s })
}

func (x *exchange) end(id line.CallID, end line.End) {
	x.change(id, func(c *line.Call) { c.State, c.End = line.Ended, end })
}

func (x *exchange) change(id line.CallID, change func(*line.Call)) {
	x.mu.Lock()
	c := x.calls[id]
	if c.State == line.Ended {
		x.mu.Unlock()
		return
	}
	change(c)
	now := *c
	x.mu.Unlock()
	if x.changed != nil {
		x.changed(now)
	}
}

// open returns how many calls are not over.
func (x *exchange) open() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for _, c := range x.calls {
		if c.State != line.Ended {
			n++
		}
	}
	return n
}
