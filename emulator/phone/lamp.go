package phone

import (
	"maps"
	"slices"

	"hilphone/hal"
	"hilphone/sip/line"
)

func (m *Machine) settleLamps() {
	changed := false
	for _, l := range allLamps {
		p := m.scriptedLamp(l, m.lamp(l))
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

// scripted is a lamp that a script has set: how, and what the phone itself showed then.
type scripted struct{ shown, own hal.Pattern }

// setLamp lets a script have a lamp, until the phone has something else to say by it.
func (m *Machine) setLamp(l hal.Lamp, p hal.Pattern) {
	if !slices.Contains(allLamps, l) || p != hal.Off && p != hal.On && p != hal.Slow && p != hal.Fast {
		m.do(Refuse{ErrNoLamp})
		return
	}
	m.scripted[l] = scripted{p, m.lamp(l)}
}

func (m *Machine) scriptedLamp(l hal.Lamp, own hal.Pattern) hal.Pattern {
	s, ok := m.scripted[l]
	if ok && s.own == own {
		return s.shown
	}
	delete(m.scripted, l)
	return own
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
