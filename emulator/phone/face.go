package phone

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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

// settleTimer runs the one timer that the state asks for.
func (m *Machine) settleTimer() {
	t, d := m.wanted()
	if t == m.timer && !(m.restart && t != NoTimer) {
		m.restart = false
		return
	}
	if m.timer != NoTimer && m.timer != t {
		m.do(Stop{m.timer})
	}
	if t != NoTimer {
		m.do(Set{t, d})
	}
	m.timer, m.restart = t, false
}

func (m *Machine) wanted() (Timer, time.Duration) {
	t, d := NoTimer, time.Duration(0)
	switch {
	case m.pending != nil:
	case m.state == DialTone, m.preDialling():
		t, d = NoDigit, m.config.ToneTimeout
	case m.state == Dialling:
		t, d = InterDigit, m.config.DialTimeout
	case m.state == Calling, m.state == Ringback:
		t, d = CallTime, m.config.CallTimeout
	case m.state == Ringing:
		t, d = RingTime, m.config.RingTimeout
	case (m.state == BusyTone || m.state == Failed) && m.handsFree():
		t, d = AutoOnHook, m.config.AutoOnHook
	}
	if d <= 0 {
		return NoTimer, 0
	}
	return t, d
}

func (m *Machine) settleLamps() {
	changed := false
	for _, l := range allLamps {
		p := m.lamp(l)
		if p == m.shown.lamps[l] {
			continue
		}
		if !changed {
			m.shown.lamps = maps.Clone(m.shown.lamps)
			changed = true
		}
		m.shown.lamps[l] = p
		m.do(SetLamp{l, p})
	}
}

// allLamps is hal.Lamps, made once.
var allLamps = hal.Lamps()

// lamp is the truth table of the lamps; the first row that holds counts.
//
//	power    fast  a call rings at this phone
//	         slow  a line has failed on every server, or there is a missed call
//	         on    every applied line is registered
//	         off   no line is applied, or one is being registered
//	message  slow  there is a missed call
//	speaker  on    hands-free, or the loudspeaker beside the handset
//	lineN    fast  a call rings on the line
//	         slow  its call is on hold
//	         on    it is seized or in a call
//	         off   not in use, registered or not
func (m *Machine) lamp(l hal.Lamp) hal.Pattern {
	switch l {
	case hal.PowerLamp:
		return m.powerLamp()
	case hal.MessageLamp:
		return when(m.missed > 0, hal.Slow)
	case hal.SpeakerLamp:
		return when(m.speaker, hal.On)
	}
	n, _ := l.Line()
	if n != m.inUseLine() {
		return hal.Off
	}
	switch m.state {
	case Ringing:
		return hal.Fast
	case Held:
		return hal.Slow
	}
	return hal.On
}

func (m *Machine) powerLamp() hal.Pattern {
	applied, registered, failed := 0, 0, 0
	for _, l := range m.lines {
		switch l.state {
		case line.StateUnapplied:
			continue
		case line.StateRegistered:
			registered++
		case line.StateTimeout:
			failed++
		}
		applied++
	}
	switch {
	case m.state == Ringing:
		return hal.Fast
	case failed > 0 || m.missed > 0:
		return hal.Slow
	}
	return when(applied > 0 && registered == applied, hal.On)
}

func when(holds bool, p hal.Pattern) hal.Pattern {
	if holds {
		return p
	}
	return hal.Off
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

// display is what the user reads: line and server; number or reason; what is going on. Times of calls are drawn by who shows them.
func (m *Machine) display() []string {
	second, third := m.peer, ""
	switch m.state {
	case Idle:
		second = m.failure
		switch m.missed {
		case 0:
		case 1:
			third = "1 missed call"
		default:
			third = fmt.Sprintf("%d missed calls", m.missed)
		}
	case DialTone:
		third = "dial tone"
	case Dialling:
		second, third = m.digits, "dialling"
	case Calling:
		third = "calling"
	case Ringback:
		third = "ringing there"
	case Ringing:
		third = "incoming call"
	case Talking:
		third = "talking"
	case Held:
		third = "on hold"
	case BusyTone:
		third = "busy tone"
		if m.peer != "" {
			third = "call ended"
		}
	case Failed:
		third = m.failure
	}
	return []string{m.lineText(), clip(second), third}
}

// lineText is "1 1001 backup": the line, its name, and the server that serves it or the vendor's word for why none does.
func (m *Machine) lineText() string {
	n := m.shownLine()
	if !validLine(n) {
		return ""
	}
	l := m.lines[n-1]
	word := string(l.active)
	switch {
	case m.call.ID != "" && (m.call.Server == line.Primary || m.call.Server == line.Backup):
		word = string(m.call.Server)
	case l.state == line.StateTrying:
		word = "Trying"
	case l.state == line.StateTimeout:
		word = "Timeout"
	case l.state == line.StateUnapplied:
		word = "Unapplied"
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%d %s %s", n, clip(l.label), word)), " ")
}

// shownLine is the line in use, else the one that would be seized.
func (m *Machine) shownLine() int {
	if n := m.inUseLine(); n != 0 {
		return n
	}
	return m.selected
}

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
