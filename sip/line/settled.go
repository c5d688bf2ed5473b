package line

import (
	"slices"
	"time"

	"hilphone/db/journal/event"
)

// quitAfter bounds a shutdown; the program promises to be gone 5 s after it was asked (CF-04 allows 10 s).
const quitAfter = 3 * time.Second

// identity are the settings whose change makes another line of it (CF-01); the others take effect at the next attempt (CF-02).
var identity = []string{
	"enabled", "phone_number", "auth_user", "auth_password", "domain",
	"register_addr", "register_port", "transport", "backup_addr", "backup_port", "backup_transport",
	"outbound_proxy_addr", "outbound_proxy_port", "outbound_proxy_user", "outbound_proxy_password", "backup_outbound_proxy_addr", "backup_outbound_proxy_port",
}

// reconfigure takes new settings while anything may be in progress. Calls that are up keep their servers.
func (m *Machine) reconfigure(s Settings) {
	before := m.settings
	changed := Changed(before, s)
	if len(changed) == 0 {
		return
	}
	m.settings = s
	if m.closing {
		return
	}
	if slices.ContainsFunc(changed, func(name string) bool { return slices.Contains(identity, name) }) {
		m.stopRegistering()
		m.changeServers(before)
		m.enter(Unregistered, None, "")
		m.begin("settings")
		return
	}
	m.reconfigureFailback(before)
	if m.settings.OptionsKeepalive && !before.OptionsKeepalive && m.active != None && !m.procedure.running {
		m.armKeepAlive()
	}
	m.remedy(changed)
}

// changeServers leaves the servers of the settings before. A binding that the new settings make again is not taken away first: that could
// erase the new one (FAILOVER point 6).
func (m *Machine) changeServers(before Settings) {
	gone := slices.DeleteFunc(m.holding(), func(s Slot) bool { return madeAgain(before, m.settings, s) })
	kept := m.servers
	m.removeBindings(gone)
	m.config++
	m.lastFailover, m.lastFailback = nil, nil
	m.servers = make(map[Slot]*server)
	for _, slot := range []Slot{Primary, Backup} {
		m.servers[slot] = &server{}
		if bindingOf(before, slot) == bindingOf(m.settings, slot) {
			*m.servers[slot] = *kept[slot]
			m.servers[slot].series = 0 // its dialog has the credentials of before
			if before.Server(slot).Hop() != m.settings.Server(slot).Hop() {
				// What is known of the way is about another outbound proxy.
				*m.servers[slot] = server{holds: kept[slot].holds, until: kept[slot].until}
			}
		}
	}
}

// madeAgain reports whether new settings make the binding at a slot again: at the same server, whatever outbound proxy leads there. The primary and
// the backup may be one server by two ways, and then have one binding (OP-02).
func madeAgain(before, after Settings, slot Slot) bool {
	b := bindingOf(before, slot)
	if b == bindingOf(after, slot) {
		return true
	}
	return slices.ContainsFunc(after.Slots(), func(other Slot) bool {
		return b == bindingOf(after, other) && (before.Server(slot).Proxy.Addr != "" || after.Server(other).Proxy.Addr != "")
	})
}

// binding is what a registrar keeps of a line: two equal ones are the same entry.
type binding struct {
	enabled        bool
	number, domain string
	addr           string
	port           int
	transport      Transport
}

func bindingOf(s Settings, slot Slot) binding {
	v := s.Server(slot)
	return binding{s.Enabled, s.PhoneNumber, s.Domain, v.Addr, v.Port, v.Transport}
}

// reconfigureFailback is CF-03.
func (m *Machine) reconfigureFailback(before Settings) {
	on, was := failbackOn(m.settings), failbackOn(before)
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
		m.note("", event.FailbackTimer{Armed: (m.failback.due - m.now).Milliseconds()})
	}
}

// shutdown hangs up, un-registers and ends with Finished, in quitAfter at most (CF-04).
func (m *Machine) shutdown() {
	if m.closing {
		return
	}
	m.closing, m.down = true, true
	for _, c := range m.inOrder() {
		m.hangUp(c.ID)
		m.confirmed(c) // the ACK is not waited for
	}
	m.stopRegistering()
	m.removeBindings(m.holding())
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
