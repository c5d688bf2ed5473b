package line

// waiter is an INVITE or a BYE whose server was unavailable, or may be.
type waiter struct {
	call   CallID
	method Method
	verify bool // it was answered 500: it goes to the backup only if the primary is found unavailable (WR-57)
}

// needBackup has a request sent again through the backup once it has accepted a REGISTER (FO-24, FO-36).
func (m *Machine) needBackup(w waiter, cause Cause) {
	switch {
	case m.active == Backup && m.phase == OnBackup:
		m.release(w) // the line is there already: no second REGISTER (FO-32, FO-41)
	case m.down || !m.settings.Usable() || !m.usable(Backup):
		m.waitFailed(w, outcome{cause: cause})
	case m.procedure.running:
		m.procedure.waiters = append(m.procedure.waiters, w)
	default:
		m.stopFailback("aborted")
		m.needServer(Backup, w, cause)
	}
}

func (m *Machine) needServer(slot Slot, w waiter, cause Cause) {
	m.runProcedure(procedure{trigger: triggerOf(w.method), method: w.method, since: m.calls[w.call].began, rest: []Slot{slot}, cause: cause, waiters: []waiter{w}})
}

// needPrimary is needBackup the other way round: for a call that the backup did not take (FO-31 with wraparound).
func (m *Machine) needPrimary(w waiter, cause Cause) {
	switch {
	case m.active == Primary && m.phase == OnPrimary:
		m.release(w)
	case m.down || !m.usable(Primary):
		m.waitFailed(w, outcome{cause: cause})
	case m.procedure.running:
		m.procedure.waiters = append(m.procedure.waiters, w)
	default:
		m.needServer(Primary, w, cause)
	}
}

// silentBackup reports whether a call waits for the primary because the backup did not take its INVITE (FO-31 with wraparound).
func (m *Machine) silentBackup(w waiter) bool {
	c := m.calls[w.call]
	return c != nil && w.method == INVITE && c.triedBackup
}

// release sends a waiting request through the server that is active now, or has it wait for the other one: the active server may accept a REGISTER
// that was under way when it did not take the request, or when it asked to be left alone (FO-45).
func (m *Machine) release(w waiter) {
	c := m.calls[w.call]
	switch {
	case c == nil:
	case w.verify:
		m.refusalStands(w)
	case m.procedure.running && !m.procedure.refresh:
		m.procedure.waiters = append(m.procedure.waiters, w) // one released before this one asked for the other server
	case m.active == Primary && (c.triedPrimary || !m.usable(Primary)):
		m.needBackup(w, passedOver(c.triedPrimary))
	case m.active == Backup && w.method == INVITE && (c.triedBackup || !m.usable(Backup)):
		m.needPrimary(w, passedOver(c.triedBackup))
	case w.method == BYE:
		m.sendBye(c, m.active, 0)
	case c.State != Ended:
		c.waiting = false
		m.invite(c, m.active, m.inviteBudget(c, m.active))
	}
}

// passedOver is why a request does not go to a server that has accepted a REGISTER: it was silent, or asked to be left alone.
func passedOver(tried bool) Cause {
	if tried {
		return CauseNoResponse
	}
	return CauseResponse
}

// waitFailed: no INVITE or BYE is sent to a backup that did not accept the REGISTER (FO-29, FO-51).
func (m *Machine) waitFailed(w waiter, o outcome) {
	c := m.calls[w.call]
	switch {
	case c == nil:
	case w.verify:
		m.refusalStands(w)
	case w.method == BYE:
		m.byeLost(c, o.cause)
	case c.State != Ended:
		o.registrar = true
		m.callFailed(c, o)
	}
}

func (m *Machine) stopWaiting(id CallID) {
	kept := m.procedure.waiters[:0]
	for _, w := range m.procedure.waiters {
		if w.call != id {
			kept = append(kept, w)
		}
	}
	m.procedure.waiters = kept
}
