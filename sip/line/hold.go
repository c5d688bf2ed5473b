package line

import (
	"time"

	"hilphone/db/journal/event"
)

// A re-INVITE changes the session of a call that is up: here, it puts the other side on hold and takes it back. It never fails over; it has
// the full schedule at the dialog server, whatever the line's active server is (FO-34).

// hold wants a call held, or talking again.
func (m *Machine) hold(c *call, on bool) {
	if c == nil || c.State != Talking && c.State != Held || c.held == on && !c.changing() {
		return
	}
	c.wantHeld = on
	if !c.changing() {
		m.reinvite(c)
	}
	if c.State == Held {
		m.showHeld(c)
	}
}

// changing reports whether a re-INVITE or a REFER is under way or waits to be sent again, or an offer of ours waits for the ACK.
func (c *call) changing() bool {
	return c.reinvite != 0 || c.glare || c.transfer.tx != 0 || c.offering
}

func (m *Machine) reinvite(c *call) {
	c.glare = false
	c.cseq++
	tx := m.attempt(Send{Method: INVITE, Slot: c.Server, CSeq: c.cseq, Call: c.ID, Dialog: c.dialog, Hold: c.wantHeld}, ofReinvite, 0)
	tx.config = c.config
	c.reinvite = tx.Tx
}

func (m *Machine) reinviteEnded(tx *transaction, o outcome) {
	c := m.calls[tx.Call]
	if o.cause == CauseResponse && o.code < 300 {
		tx.tags = []string{o.Tag}
		m.do(Confirm{tx.Dialog, tx.Tx})
	}
	if c == nil || c.reinvite != tx.Tx {
		return
	}
	c.reinvite = 0
	switch {
	case c.State == Ended:
	case o.cause == CauseResponse && o.code < 300:
		if c.held != tx.Hold {
			c.held = tx.Hold
			m.note(c.ID, event.Hold{By: ByUser, On: c.held})
		}
		if o.Answer {
			m.peerHolds(c, o.Held)
		}
		m.showHeld(c)
		m.settle(c)
	case o.code == 491:
		// Both sides asked at once: whoever chose the Call-ID waits longer (RFC 3261 14.1).
		wait := 10 * time.Millisecond * (m.random(200*time.Nanosecond) / time.Nanosecond)
		if c.Direction == Outgoing {
			wait = 2100*time.Millisecond + 10*time.Millisecond*(m.random(190*time.Nanosecond)/time.Nanosecond)
		}
		c.glare = true
		m.do(Set{Timer{Name: HoldAgain, Call: c.ID}, m.now + wait})
	case o.dialogLost():
		m.brokenOff(c, o)
	default:
		c.wantHeld = c.held // the session stays what it was (RFC 3261 14.1)
		m.note(c.ID, event.HoldFailed{Code: o.code, Reason: o.reason, Cause: string(o.cause)})
		if c.State == Held {
			m.showHeld(c)
		}
		m.settle(c)
	}
}

// dialogLost reports whether the outcome of a request within a dialog ends the dialog: 481, 408 or no response (RFC 3261 12.2.1.2). A request
// that could not be built or sent changes nothing (WR-22), and neither does a transport error, which counts as a 503 (8.1.3.1).
func (o outcome) dialogLost() bool {
	return o.cause == CauseNoResponse || o.cause == CauseResponse && (o.code == 481 || o.code == 408)
}

// brokenOff ends a call whose dialog server answers no more; its BYE fails over as any other (FO-34).
func (m *Machine) brokenOff(c *call, o outcome) {
	c.began = m.now
	m.over(c, End{By: ByPhone, Cause: o.cause, Code: o.code, Reason: "the call was lost"})
	m.byeAfterAck(c)
}

// stopChanging forgets a re-INVITE of a call that is over.
func (m *Machine) stopChanging(c *call) {
	m.abort(c.reinvite)
	c.reinvite = 0
	if c.glare {
		c.glare = false
		m.do(Stop{Timer{Name: HoldAgain, Call: c.ID}})
	}
}

func (m *Machine) holdAgain(id CallID) {
	c := m.calls[id]
	switch {
	case c == nil || !c.glare || c.State == Ended:
	case c.offering:
		c.glare = false // the ACK settles it
	default:
		m.reinvite(c)
	}
}

// reinvited is the peer changing the session. It has to wait while a re-INVITE of ours is under way (RFC 3261 14.2), and while an offer that
// our 2xx made has no answer (RFC 3264 4). A re-INVITE without an offer says nothing about hold: the ACK will.
func (m *Machine) reinvited(c *call, e Reinvited) {
	if c.reinvite != 0 || c.offering {
		m.do(Respond{Call: c.ID, Code: 491})
		return
	}
	c.offering = !e.Offer
	if e.Offer {
		m.peerHolds(c, e.Held)
	}
	m.answerPeer(c)
	m.showHeld(c)
}

// peerHolds notes whether the peer holds the call.
func (m *Machine) peerHolds(c *call, held bool) {
	if c.peerHeld != held {
		c.peerHeld = held
		m.note(c.ID, event.Hold{By: ByPeer, On: held})
	}
}

// showHeld shows a call as held while either side holds it, and which.
func (m *Machine) showHeld(c *call) {
	state := Talking
	if c.held || c.peerHeld {
		state = Held
	}
	byUser := c.held || c.wantHeld
	if c.State != state || state == Held && (c.HeldByUser != byUser || c.HeldByPeer != c.peerHeld) {
		c.State = state
		m.changed(c)
	}
}
