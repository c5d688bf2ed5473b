package line

import (
	"net/netip"

	"hilphone/db/journal/event"
	"hilphone/sip/netfault"
)

func isName(h Hop) bool {
	_, err := netip.ParseAddr(h.Addr)
	return err != nil
}

// lookUp has the name of the procedure's server resolved before it is asked, and reports whether there is one. The resolver has no longer
// than the server would have (FO-63).
func (m *Machine) lookUp(p *procedure) bool {
	if !isName(m.settings.Server(p.slot).Hop()) {
		m.servers[p.slot].targets = 1
		return false
	}
	budget := Budget(m.settings, REGISTER)
	if len(p.rest) == 0 {
		budget = LastBudget(m.settings)
	}
	p.looking = true
	m.set(Timer{Name: LookUp}, budget)
	m.do(Resolve{p.slot})
	return true
}

// resolved goes on with what the resolver found. Where it found nothing, what it found before is good enough; a name that never had an
// address makes its server unavailable (FO-63), and so does one that does not offer the service any more (FO-65).
func (m *Machine) resolved(e Resolved) {
	sv := m.servers[e.Slot]
	if sv == nil {
		return
	}
	if e.Targets > 0 || e.NotOffered {
		sv.targets = e.Targets
	}
	if e.Fault != (netfault.Fault{}) {
		m.note("", event.LookupFailed{Slot: string(e.Slot), Name: m.settings.Server(e.Slot).Hop().Addr, Reason: string(e.Fault.Reason), Detail: e.Fault.Detail})
	}
	p := &m.procedure
	if !p.running || !p.looking || p.slot != e.Slot {
		return
	}
	p.looking, p.found = false, true
	m.stop(LookUp)
	if sv.targets == 0 {
		sv.health, sv.cause, sv.fault, p.cause = Result{REGISTER, string(CauseDNS), CauseDNS}, CauseDNS, e.Fault, CauseDNS
		sv.registered = RegisterResult{Cause: CauseDNS, Fault: e.Fault}
		m.leaveServer()
		return
	}
	m.askServer()
}

// nextTarget goes on to the next address of the same server, or to the next server (FO-62).
func (m *Machine) nextTarget(tx *transaction) {
	p := &m.procedure
	if tx.Target+1 < m.servers[tx.Slot].targets && m.usable(tx.Slot) && !p.refresh && p.slot == tx.Slot {
		p.target, p.tx, p.found = tx.Target+1, 0, true
		m.askServer()
		return
	}
	m.leaveServer()
}
