package phone

import "hilphone/hal"

func (m *Machine) key(k hal.Key) {
	if m.state == Idle {
		m.failure, m.peer = "", ""
	}
	if _, ok := k.Digit(); ok {
		m.digit(string(k))
		return
	}
	if n, ok := k.Line(); ok {
		m.lineKey(n)
		return
	}
	switch k {
	case hal.OK:
		m.okKey()
	case hal.Speaker:
		m.speakerKey()
	case hal.Release:
		m.drop()
		m.rest()
	case hal.Hold:
		m.holdKey()
	case hal.Message:
		m.missed = 0
	}
}

func (m *Machine) digit(d string) {
	dials := d == "#" && m.config.DialByPound
	switch m.state {
	case Idle, DialTone:
		if dials {
			return // nothing to dial
		}
		m.state, m.digits = Dialling, d
	case Dialling:
		if dials {
			m.place(PlaceCall{m.selected, m.digits}, false)
			return
		}
		if len(m.digits) < maxNumber {
			m.digits += d
		}
		m.restart = true
	case Talking:
		m.do(SendDTMF{m.call.ID, d})
	}
}

func (m *Machine) okKey() {
	switch m.state {
	case Dialling:
		m.place(PlaceCall{m.selected, m.digits}, false)
	case Ringing:
		m.answer()
	}
}

func (m *Machine) speakerKey() {
	switch {
	case m.state == Idle:
		m.dialTone()
	case m.state == Ringing:
		m.answer()
	case m.preDialling():
		m.place(PlaceCall{m.selected, m.digits}, false)
	case m.handsFree():
		m.drop()
		m.rest()
	default:
		m.speaker = !m.speaker // beside the handset
	}
}

// holdKey holds the call that is up, and takes it back. A call that the other side holds stays held until that side lets it go.
func (m *Machine) holdKey() {
	if m.state == Talking || m.state == Held {
		m.do(SetHold{m.call.ID, m.state == Talking})
	}
}

func (m *Machine) lineKey(n int) {
	switch {
	case m.state == Ringing && m.call.Line == n:
		m.answer()
	case m.state.inCall():
	case m.preDialling():
		m.selected = n
		m.place(PlaceCall{n, m.digits}, false)
	case m.state == Dialling:
		m.selected = n
		m.restart = true
	default:
		m.selected = n
		m.dialTone()
	}
}
