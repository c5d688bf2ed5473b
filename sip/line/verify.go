package line

// The vendor's document defines "unavailable" at REGISTER: a 500 to INVITE or BYE may be about this one call. So the line registers with the
// primary at once, as after any failover trigger. If that finds the primary unavailable, the request goes to the backup as after a 503; if
// not, the 500 stands (WR-57).

// doubtful reports whether the answer to an INVITE or a BYE leaves open whether the primary is available.
func (m *Machine) doubtful(tx *transaction, o outcome) bool {
	return m.settings.Verify500 && o.cause == CauseResponse && o.code == 500 && !m.unavailable(tx, o) &&
		tx.Slot == Primary && !tx.Last && m.current(tx) && !m.down && m.usable(Backup)
}

// verify has a REGISTER at the primary decide what becomes of a request that was answered 500. Several requests share one REGISTER (FO-19).
func (m *Machine) verify(c *call, method Method, o outcome) {
	c.refused = o
	w := waiter{call: c.ID, method: method, verify: true}
	p := &m.procedure
	switch {
	case p.running && p.slot == Primary:
		p.waiters = append(p.waiters, w)
	case p.running && !p.refresh, m.active == Backup, !m.usable(Primary):
		// The line has found the primary unavailable already.
		if w.verify = false; !m.goneOn(w) {
			m.needBackup(w, m.primaryCause())
		}
	default:
		m.runProcedure(procedure{trigger: triggerOf(method), method: method, since: c.began, rest: m.candidates(), waiters: []waiter{w}})
	}
}

// leaveServer goes on to the next server because this one is unavailable.
func (m *Machine) leaveServer() {
	p := &m.procedure
	if p.slot == Primary {
		p.waiters = m.verified(p.waiters)
	}
	m.tryNext()
}

// verified notes that the primary is unavailable for the requests that a REGISTER there was to decide about, and returns those of all that still wait.
func (m *Machine) verified(waiters []waiter) (kept []waiter) {
	for _, w := range waiters {
		if !w.verify {
			kept = append(kept, w)
		} else if w.verify = false; !m.goneOn(w) {
			kept = append(kept, w)
		}
	}
	return kept
}

// goneOn notes that the primary is unavailable for a request, and reports whether it has gone to the backup: an INVITE does not wait for the
// REGISTER there where the settings do without (FO-24).
func (m *Machine) goneOn(w waiter) bool {
	c := m.calls[w.call]
	c.triedPrimary = true
	if w.method != INVITE || m.settings.RegistersFirst() || !m.usable(Backup) {
		return false
	}
	c.waiting = false
	m.invite(c, Backup, m.inviteBudget(c, Backup))
	return true
}

// refusalsStand: the primary has answered the REGISTER, so that it is not unavailable.
func (m *Machine) refusalsStand() {
	all := m.procedure.waiters
	m.procedure.waiters = nil
	for _, w := range all {
		if w.verify {
			m.refusalStands(w)
		} else {
			m.procedure.waiters = append(m.procedure.waiters, w)
		}
	}
}

// refusalStands ends the call, or with BYE the dialog, as the 500 says.
func (m *Machine) refusalStands(w waiter) {
	c := m.calls[w.call]
	switch {
	case w.method == BYE:
		m.drop(c)
	case c.State != Ended:
		m.callFailed(c, c.refused)
	}
}
