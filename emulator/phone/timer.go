package phone

import "time"

// Timer names a timer of the phone. At most one runs.
type Timer string

// The timers.
const (
	NoTimer    Timer = ""
	NoDigit    Timer = "no_digit"     // dial tone or a number entered on hook, and no further key
	InterDigit Timer = "inter_digit"  // number being dialled
	CallTime   Timer = "call_time"    // outgoing call without an answer
	RingTime   Timer = "ring_time"    // incoming call without an answer
	AutoOnHook Timer = "auto_on_hook" // busy tone, hands-free
)

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
	case (m.state == BusyTone || m.state == Failed) && m.handsFree() && m.config.AutoOnHook:
		return AutoOnHook, m.config.AutoOnHookTime
	}
	if d <= 0 {
		return NoTimer, 0
	}
	return t, d
}
