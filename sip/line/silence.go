package line

// An INVITE or a BYE that has spent its budget without any answer proves its server silent. Alone it would go to the backup now (FO-24, FO-36).
// Where a procedure asks the same server, the request joins the procedure (FO-19), and must not wait for a REGISTER that began later: one
// without an answer ends with it (WR-56).

// provenSilent ends the attempt of the procedure at the server that a request found silent, and has the procedure go on to the next server.
// An attempt that has had an answer, that goes to another address, or after which no server is left runs on.
func (m *Machine) provenSilent(tx *transaction) {
	p := &m.procedure
	if !p.running || p.slot != tx.Slot || !m.current(tx) {
		return
	}
	attempt := m.txs[p.tx]
	rest := p.rest
	if attempt != nil && attempt.owner == ofProbe {
		rest = []Slot{Backup} // the server after the probe (FB-17)
	}
	switch {
	case !m.onward(p.slot, rest):
	case attempt == nil: // its name is being looked up, or the jitter has not passed
		p.looking, p.cause = false, CauseNoResponse
		m.stop(LookUp)
		m.stop(Jitter)
		m.leaveServer()
	case !attempt.heard && sameTarget(attempt, tx):
		m.end(attempt, outcome{cause: CauseNoResponse, silent: true, proven: true})
	}
}

// onward reports whether a server other than this one can be asked.
func (m *Machine) onward(from Slot, rest []Slot) bool {
	for _, s := range rest {
		if s != from && m.usable(s) {
			return true
		}
	}
	return false
}

// sameTarget reports whether two requests go to the same address of the same server.
func sameTarget(a, b *transaction) bool {
	if a.Slot != b.Slot {
		return false
	}
	if a.to.IsValid() && b.to.IsValid() {
		return a.to == b.to
	}
	return a.Target == b.Target
}

// routed keeps the address that a request goes to.
func (m *Machine) routed(e Routed) {
	if tx := m.txs[e.Tx]; tx != nil {
		tx.to = e.To
	}
}
