package phone

import (
	"fmt"

	"hilphone/sip/line"
)

// display is what the user reads: line and server; number or reason; what is going on. Times of calls are drawn by who shows them.
func (m *Machine) display() []string {
	second, third := m.peer, ""
	switch m.state {
	case Idle:
		third = m.failure
		if third == "" {
			third = m.missedText()
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

func (m *Machine) missedText() string {
	switch m.missed {
	case 0:
		return ""
	case 1:
		return "1 missed call"
	}
	return fmt.Sprintf("%d missed calls", m.missed)
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
	return clip(fmt.Sprintf("%d %s %s", n, l.label, word))
}

// shownLine is the line in use, else the one that would be seized.
func (m *Machine) shownLine() int {
	if n := m.inUseLine(); n != 0 {
		return n
	}
	return m.selected
}
