package phone

import (
	"fmt"

	"hilphone/hal"
)

func (m *Machine) key(k hal.Key) {
	if m.state == Idle {
		m.failure, m.peer = "", ""
	}
	if reason := m.press(k); reason != "" {
		m.do(NoEffect{k, reason})
	}
}

// press does what a key does now. The result says why that is nothing.
func (m *Machine) press(k hal.Key) (reason string) {
	if _, ok := k.Digit(); ok {
		return m.digit(string(k))
	}
	if n, ok := k.Line(); ok {
		return m.lineKey(n)
	}
	switch k {
	case hal.OK:
		return m.okKey()
	case hal.Speaker:
		m.speakerKey()
	case hal.Release:
		m.drop()
		m.rest()
	case hal.Hold:
		return m.holdKey()
	case hal.Message:
		m.missed = 0
	case hal.Mute:
		return noMute
	case hal.Transfer:
		return noTransfer
	default:
		return noConf
	}
	return ""
}

func (m *Machine) digit(d string) (reason string) {
	dials := d == "#" && m.config.DialByPound
	switch m.state {
	case Idle, DialTone:
		if dials {
			return nothingToDial
		}
		m.state, m.digits = Dialling, d
	case Dialling:
		if dials {
			m.place(PlaceCall{m.selected, m.digits}, false)
			return ""
		}
		m.restart = true
		if len(m.digits) >= maxNumber {
			return numberFull
		}
		m.digits += d
	case Talking:
		m.do(SendDTMF{m.call.ID, d})
	default:
		return m.notNow()
	}
	return ""
}

// notNow is why a key that digits are for, or ok, has no effect in the state that the phone is in.
func (m *Machine) notNow() string { return fmt.Sprintf("the phone is in the state %s", m.state) }

func (m *Machine) okKey() (reason string) {
	switch m.state {
	case Dialling:
		m.place(PlaceCall{m.selected, m.digits}, false)
	case Ringing:
		m.answer()
	case Idle, DialTone:
		return nothingToDial
	default:
		return m.notNow()
	}
	return ""
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
func (m *Machine) holdKey() (reason string) {
	switch {
	case m.state != Talking && m.state != Held:
		return noCallUp
	case m.state == Held && m.call.HeldByPeer && !m.call.HeldByUser:
		return peerHolds
	}
	m.do(SetHold{m.call.ID, m.state == Talking})
	return ""
}

func (m *Machine) lineKey(n int) (reason string) {
	switch {
	case m.state == Ringing && m.call.Line == n:
		m.answer()
	case m.state.inCall():
		return fmt.Sprintf("there is a call on line %d", m.call.Line)
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
	return ""
}
