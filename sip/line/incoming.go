package line

// calledOn handles what concerns a call that exists, and new incoming ones. Events for calls that are over are ignored: they crossed.
func (m *Machine) calledOn(e Event) {
	if e, ok := e.(Invited); ok {
		m.invited(e)
		return
	}
	c := m.calls[callOf(e)]
	if c == nil {
		return
	}
	ringing := c.State == Ringing
	up := c.State == Talking || c.State == Held
	switch e := e.(type) {
	case Answer:
		if ringing {
			c.State = Talking
			m.changed(c)
			m.answerPeer(c)
		}
	case Reject:
		if ringing {
			m.reject(c, e.Code)
		}
	case Reinvited:
		if up {
			m.reinvited(c, e)
		}
	case Notified:
		if up {
			m.notified(c, e)
		}
	case Acked:
		m.acked(c, e)
	case Cancelled:
		if ringing {
			m.do(Respond{Call: c.ID, Code: 487}) // RFC 3261 9.2
			m.over(c, End{By: ByPeer, Cause: CauseResponse, Code: 487, Reason: "the caller gave up"})
			m.drop(c)
		}
	case PeerHungUp:
		m.peerHungUp(c)
	}
}

func callOf(e Event) CallID {
	switch e := e.(type) {
	case Answer:
		return e.Call
	case Reject:
		return e.Call
	case Reinvited:
		return e.Call
	case Notified:
		return e.Call
	case Acked:
		return e.Call
	case Cancelled:
		return e.Call
	case PeerHungUp:
		return e.Call
	}
	return ""
}

// invited: an incoming call from any server rings, whatever the line is doing (FB-11, FO-69).
func (m *Machine) invited(e Invited) {
	c := m.newCall(e.Call, Incoming, e.Remote, Ringing)
	c.Server, c.elsewhere, c.offering = e.Slot, e.Elsewhere, !e.Offer
	if m.closing {
		m.reject(c, 480)
		return
	}
	c.dialog = Dialog{Call: c.ID}
	m.do(Respond{Call: c.ID, Code: 180})
	m.changed(c)
}

func (m *Machine) reject(c *call, code int) {
	if code < 300 || code > 699 {
		code = 603
	}
	m.do(Respond{Call: c.ID, Code: code})
	m.over(c, End{By: ByUser, Cause: CauseResponse, Code: code})
	m.drop(c)
}

// answerPeer sends a 2xx until the ACK comes: T1, doubling to T2, for 64*T1 (RFC 3261 13.3.1.4).
func (m *Machine) answerPeer(c *call) {
	c.answered, c.answers, c.repeats = m.now, 0, scheduleFor(m.settings, BYE)
	m.do(Set{Timer{Name: AnswerLost, Call: c.ID}, m.now + c.repeats.full()})
	m.answerAgain(c)
}

func (m *Machine) answerAgain(c *call) {
	m.do(Respond{Call: c.ID, Code: 200, K: c.answers})
	c.answers++
	m.do(Set{Timer{Name: AnswerAgain, Call: c.ID}, c.answered + c.repeats.at(c.answers)})
}

func (m *Machine) stopAnswering(c *call) {
	if c.answers > 0 {
		c.answers = 0
		m.do(Stop{Timer{Name: AnswerAgain, Call: c.ID}}, Stop{Timer{Name: AnswerLost, Call: c.ID}})
	}
}

// acked takes the ACK for a 2xx, and with it the answer where the 2xx had the offer: it says whether the peer holds the call. What the user
// wanted meanwhile is done now.
func (m *Machine) acked(c *call, e Acked) {
	offered := c.offering && c.answers > 0
	m.confirmed(c)
	if !offered || c.State == Ended {
		return
	}
	c.offering = false
	if e.Answer {
		m.peerHolds(c, e.Held)
		m.showHeld(c)
	}
	m.settle(c)
}

// confirmed ends the repeats of a 2xx. A call that the user ended before goes on with its BYE.
func (m *Machine) confirmed(c *call) {
	waited := c.answers > 0
	m.stopAnswering(c)
	if waited && c.State == Ended {
		m.startBye(c)
	}
}

func (m *Machine) answerExpired(t Timer) {
	c := m.calls[t.Call]
	switch {
	case c == nil || c.answers == 0:
	case t.Name == AnswerAgain:
		m.answerAgain(c)
	default: // nobody confirmed: end the session with BYE (FO-68)
		if c.State != Ended {
			c.began = m.now
			m.over(c, End{By: ByPhone, Cause: CauseNoResponse, Reason: "the other side did not confirm the answer"})
		}
		m.confirmed(c)
	}
}
