package phone

import (
	"slices"

	"hilphone/hal"
	"hilphone/sip/line"
)

// shown is what the user has been shown and which state has been told.
type shown struct {
	state   State
	lamps   map[hal.Lamp]hal.Pattern // replaced as a whole, never changed: snapshots share it
	ring    bool
	tone    Tone
	display []string // likewise
}

// settle brings timer, lamps, ringer, tone and display in line with the state.
func (m *Machine) settle() {
	m.settleTimer()
	if m.state != m.shown.state {
		m.shown.state = m.state
		m.do(Enter{m.state})
	}
	m.settleLamps()
	if ring := m.state == Ringing; ring != m.shown.ring {
		m.shown.ring = ring
		m.do(Ring{ring})
	}
	if tone := m.state.tone(); tone != m.shown.tone {
		m.shown.tone = tone
		m.do(Play{tone})
	}
	if display := m.display(); !slices.Equal(display, m.shown.display) {
		m.shown.display = display
		m.do(Display{display})
	}
}

// inUseLine is the line that is seized or has the call, 0 if there is none.
func (m *Machine) inUseLine() int {
	switch {
	case m.call.ID != "":
		return m.call.Line
	case m.state == DialTone, m.state == Dialling && !m.preDialling():
		return m.selected
	}
	return 0
}

// inUse is the line in use and its call, zero where there is none.
func (m *Machine) inUse() (int, line.CallID) { return m.inUseLine(), m.call.ID }

// snapshot is all of it but the hardware.
func (m *Machine) snapshot() Snapshot {
	s := Snapshot{
		OffHook: m.offHook,
		Speaker: m.speaker,
		State:   m.state,
		Display: m.shown.display,
		Lamps:   m.shown.lamps,
		Ringing: m.shown.ring,
		Tone:    m.state.tone(),
		Line:    m.shownLine(),
		Digits:  m.digits,
		Failure: m.failure,
		Missed:  m.missed,
	}
	if m.call.ID != "" {
		s.Calls = []line.Call{m.call}
	}
	return s
}

// switchOff ends the call and turns everything off.
func (m *Machine) switchOff() []Action {
	m.out, m.pending = nil, nil
	m.drop()
	m.idle()
	m.missed = 0
	for i := range m.lines {
		m.lines[i].state, m.lines[i].active = line.StateUnapplied, line.None
	}
	m.settle()
	return m.out
}
