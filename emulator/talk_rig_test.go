//go:build rig

package main_test

import (
	"testing"
	"time"
)

// A talk is a call between two phones of ours.
type talk struct {
	caller, called     *handset
	outgoing, incoming string        // the call, as each of them counts
	ringback           time.Duration // from the last key to the ringback
}

// packets are how many RTP packets are awaited where sound is to flow: 20 ms each.
const packets = 25

// ring lifts the caller's handset and presses the keys; the called phone rings on return.
func ring(t *testing.T, caller, called *handset) talk {
	t.Helper()
	since, sinceThere := caller.now(t), called.now(t)
	caller.hook(t, "off")
	caller.keys(t, called.number+"#")
	began := caller.untilCall(t, since, "calling")
	there := called.untilCall(t, sinceThere, "ringing")
	here := caller.untilCall(t, since, "ringback")
	return talk{caller, called, began.Call, there.Call, here.after(began)}
}

// connect makes a call that is answered, and sees to it that both hear each other.
func connect(t *testing.T, caller, called *handset) talk {
	t.Helper()
	c := ring(t, caller, called)
	since, sinceThere := caller.now(t), called.now(t)
	called.hook(t, "off")
	caller.untilCall(t, since, "talking")
	called.untilCall(t, sinceThere, "talking")
	c.sound(t)
	return c
}

func (c talk) sound(t *testing.T) {
	t.Helper()
	c.caller.sound(t, c.outgoing, packets)
	c.called.sound(t, c.incoming, packets)
}

// through fails the test unless both phones show the call at the server.
func (c talk) through(t *testing.T, server string) {
	t.Helper()
	want(t, "server of the outgoing call", c.caller.call(t, c.outgoing).Server, server)
	want(t, "server of the incoming call", c.called.call(t, c.incoming).Server, server)
}

// hangUp hangs up at one of the phones, waits until the other one knows, and returns how long that took. The other replaces its
// handset too.
func (c talk) hangUp(t *testing.T, by *handset) time.Duration {
	t.Helper()
	other, id, otherID := c.called, c.outgoing, c.incoming
	if by == c.called {
		other, id, otherID = c.caller, c.incoming, c.outgoing
	}
	since, sinceThere := by.now(t), other.now(t)
	by.hook(t, "on")
	here := by.untilCall(t, since, "ended")
	there := other.untilCall(t, sinceThere, "ended")
	other.hook(t, "on")
	want(t, "call that ended here", here.Call, id)
	want(t, "call that ended there", there.Call, otherID)
	want(t, "ended here by", here.Data.End.By, "user")
	want(t, "ended there by", there.Data.End.By, "peer")
	return there.Time.Sub(here.Time)
}
