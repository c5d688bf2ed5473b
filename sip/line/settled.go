package line

import (
	"slices"
	"time"
)

// quitAfter bounds a shutdown; the program promises to be gone 5 s after it was asked (CF-04 allows 10 s).
const quitAfter = 4 * time.Second

// identity are the settings whose change makes another line of it (CF-01); the others take effect at the next attempt (CF-02).
var identity = []string{
	"enabled", "phone_number", "auth_user", "auth_password", "domain",
	"register_addr", "register_port", "transport", "backup_addr", "backup_port", "backup_transport",
}

// reconfigure takes new settings while anything may be in progress. Calls that are up keep their servers.
func (m *Machine) reconfigure(s Settings) {
	before := m.settings
	changed := Changed(before, s)
	if len(changed) == 0 {
		return
	}
	m.settings = s
	if slices.ContainsFunc(changed, func(name string) bool { return slices.Contains(identity, name) }) {
		m.stopRegistering()
		m.removeBindings()
		m.resetServers()
		m.last = nil
		m.enter(Unregistered, None, "")
		m.begin("settings")
		return
	}
	m.reconfigureFailback(before)
}

// reconfigureFailback is CF-03.
func (m *Machine) reconfigureFailback(before Settings) {
	on := m.settings.EnableFailback && m.settings.FailbackInterval > 0
	was := before.EnableFailback && before.FailbackInterval > 0
	f := &m.failback
	switch {
	case m.phase != OnBackup:
	case on && !was:
		if f.tx == 0 {
			m.armProbe()
		}
	case !on && f.tx == 0:
		m.stopFailback("")
	case on && f.due != 0 && before.FailbackInterval != m.settings.FailbackInterval:
		at := f.armed + time.Duration(m.settings.FailbackInterval)*time.Second
		m.setProbe(max(at, m.now))
		m.note("failback_timer", "", FailbackTimerNote{(m.failback.due - m.now).Milliseconds()})
	}
}

// shutdown hangs up, un-registers and ends with Finished, in quitAfter at most (CF-04).
func (m *Machine) shutdown() {
	if m.closing {
		return
	}
	m.closing, m.down = true, true
	for _, c := range m.Calls() {
		m.hangUp(c.ID)
	}
	m.stopRegistering()
	m.removeBindings()
	m.enter(Unregistered, None, "")
	m.set(Timer{Name: Quit}, quitAfter)
	m.quitting = true
	m.maybeFinished()
}

// maybeFinished ends a shutdown early when nothing is under way.
func (m *Machine) maybeFinished() {
	if !m.quitting {
		return
	}
	for _, tx := range m.txs {
		if tx.live() {
			return
		}
	}
	m.finished()
}

func (m *Machine) finished() {
	if m.quitting {
		m.quitting = false
		m.stop(Quit)
		m.do(Finished{})
	}
}
