package sip_test

import (
	"strconv"
	"strings"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

func (x *stack) call(id line.CallID) line.Call {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls[id]
}

// wantCall checks the state of a call and, where it is over, who ended it and how: "talking", "ended user", "ended peer 486".
func (x *stack) wantCall(id line.CallID, want string) line.Call {
	x.t.Helper()
	c := x.call(id)
	got := string(c.State)
	if c.State == line.Ended {
		got += " " + c.End.By
		if c.End.Code != 0 {
			got += " " + strconv.Itoa(c.End.Code)
		}
	}
	if got != want {
		x.t.Errorf("call %s is %q, want %q: %+v\n%s", id, got, want, c, x.story())
	}
	return c
}

// wantPeer checks the last call of the phone 1002.
func (x *stack) wantPeer(want server.CallState) server.CallInfo {
	x.t.Helper()
	all := x.lab.Phone.Calls()
	if len(all) == 0 {
		x.t.Fatalf("the phone 1002 had no call\n%s", x.story())
	}
	info := all[len(all)-1].Info()
	if info.State != want {
		x.t.Errorf("the call of 1002 is %s, want %s: %+v\n%s", info.State, want, info, x.story())
	}
	return info
}

func (x *stack) phase(want line.Phase) {
	x.t.Helper()
	if s := x.lines[1].Snapshot(); s.Phase != want {
		x.t.Errorf("phase %s, want %s\n%s", s.Phase, want, x.story())
	}
}

// wantEvents checks when events of a kind were recorded, in milliseconds since zero: "7500 39500", "" for never.
func (x *stack) wantEvents(kind, want string) []recorded {
	x.t.Helper()
	x.mu.Lock()
	var found []recorded
	var at []string
	for _, e := range x.events {
		if e.kind == kind {
			found = append(found, e)
			at = append(at, millis(e.at))
		}
	}
	x.mu.Unlock()
	if got := strings.Join(at, " "); got != want {
		x.t.Errorf("events %s at %q, want %q\n%s", kind, got, want, x.story())
	}
	return found
}
