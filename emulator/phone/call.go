package phone

import "hilphone/sip/line"

// place hands a number to a line. Its answer is Dialled or NotDialled.
func (m *Machine) place(c PlaceCall, script bool) {
	m.pending, m.script = &c, script
	m.do(Dial(c))
}

func (m *Machine) dialled(id line.CallID) {
	c := m.pending
	m.pending = nil
	if c == nil { // the user was faster
		m.over[id] = true
		m.do(HangUp{id})
		return
	}
	m.call = line.Call{ID: id, Line: c.Line, Direction: line.Outgoing, Remote: c.To, State: line.Calling}
	m.seize(c)
	m.state, m.failure = Calling, ""
}

func (m *Machine) notDialled(reason string) {
	c := m.pending
	m.pending = nil
	if c == nil || m.script { // a script that fails changes nothing
		return
	}
	m.seize(c)
	m.fail(reason)
}

func (m *Machine) seize(c *PlaceCall) {
	m.selected, m.digits, m.peer = c.Line, c.To, c.To
	m.speaker = m.speaker || !m.offHook
}

// placeCall places a call for a script, from wherever there is no call.
func (m *Machine) placeCall(c PlaceCall) {
	if c.Line == 0 {
		c.Line = m.selected
	}
	switch {
	case m.state.inCall():
		m.do(Refuse{ErrInCall})
	case !validLine(c.Line):
		m.do(Refuse{ErrNoLine})
	case !visible(c.To):
		m.do(Refuse{ErrNoNumber})
	default:
		m.place(c, true)
	}
}

func (m *Machine) answerCall(id line.CallID) {
	if m.rings(id) {
		m.answer()
	}
}

func (m *Machine) rejectCall(id line.CallID, code int) {
	if code == 0 {
		code = m.config.RejectCode
	}
	switch {
	case !m.rings(id):
	case code < 400 || code > 699:
		m.do(Refuse{ErrCode})
	default:
		m.refuse(id, code)
		m.rest()
	}
}

func (m *Machine) endCall(id line.CallID) {
	if id == "" || id != m.call.ID {
		m.do(Refuse{ErrNoCall})
		return
	}
	m.drop()
	m.rest()
}

// rings reports whether that call rings at this phone; if not it refuses.
func (m *Machine) rings(id line.CallID) bool {
	switch {
	case id == "" || id != m.call.ID:
		m.do(Refuse{ErrNoCall})
	case m.state != Ringing:
		m.do(Refuse{ErrNotRinging})
	default:
		return true
	}
	return false
}

// answer takes the ringing call. The user talks at once: the other end hears of it with the 200.
func (m *Machine) answer() {
	m.do(Answer{m.call.ID})
	m.talk()
}

func (m *Machine) talk() {
	m.state, m.call.State = Talking, line.Talking
	m.speaker = m.speaker || !m.offHook
}

// refuse answers an incoming call with a SIP status; it is over.
func (m *Machine) refuse(id line.CallID, code int) {
	m.do(Reject{id, code})
	m.forget(id)
}

// drop ends the call if there is one.
func (m *Machine) drop() {
	switch {
	case m.call.ID == "":
	case m.state == Ringing:
		m.refuse(m.call.ID, m.config.RejectCode)
	default:
		m.do(HangUp{m.call.ID})
		m.forget(m.call.ID)
	}
}

// forget keeps a call that is over for the user from coming back before its line has ended it.
func (m *Machine) forget(id line.CallID) {
	m.over[id] = true
	if id == m.call.ID {
		m.call = line.Call{}
	}
}

func (m *Machine) callChanged(c line.Call) {
	switch {
	case c.ID == "":
	case m.over[c.ID]:
		if c.State == line.Ended {
			delete(m.over, c.ID)
		}
	case c.ID == m.call.ID && c.State == line.Ended:
		m.ended(c.End)
	case c.ID == m.call.ID:
		m.follow(c)
	case c.Direction != line.Incoming || c.State != line.Ringing:
	case m.state == Idle || m.preDialling():
		m.call = c
		m.state, m.digits, m.failure, m.peer = Ringing, "", "", peerOf(c)
	default:
		m.refuse(c.ID, m.config.BusyCode)
	}
}

// peerOf is whom the user reads that a call is with: the number, and the name where it says more.
func peerOf(c line.Call) string {
	if c.RemoteName == "" || c.RemoteName == c.Remote {
		return c.Remote
	}
	return c.Remote + " " + c.RemoteName
}

// follow takes over what the line says of the call. A call never goes back behind its answer.
func (m *Machine) follow(c line.Call) {
	early := m.state == Calling || m.state == Ringback
	next := m.state
	switch {
	case c.State == line.Talking:
		next = Talking
	case c.State == line.Held:
		next = Held
	case c.State == line.Calling && early:
		next = Calling
	case c.State == line.Ringback && early:
		next = Ringback
	default:
		c.State = m.call.State
	}
	m.call, m.peer = c, peerOf(c)
	m.state = next
	if next == Talking || next == Held {
		m.speaker = m.speaker || !m.offHook // answered without a hand of the user
	}
}

func (m *Machine) ended(end line.End) {
	was := m.state
	m.call = line.Call{}
	switch {
	case was == Ringing:
		if end.By != line.ByUser {
			m.missed++
		}
		m.rest()
	case end.By == line.ByUser:
		m.rest()
	case (was == Talking || was == Held) && end.By != line.ByPhone:
		m.state = BusyTone
	default:
		m.fail(reason(end))
	}
}
