package line

import (
	"slices"
	"time"

	"hilphone/db/journal/event"
)

// register sends a REGISTER of the slot's registration dialog. A budget of 0 is the last server's.
func (m *Machine) register(slot Slot, target int, o owner, series int, budget time.Duration) TxID {
	for _, tx := range m.txs {
		if m.removals == 0 {
			break
		}
		if tx.owner == ofRemoval && tx.Series == series {
			m.abort(tx.Tx) // sent again, it would take the new binding away
		}
	}
	tx := m.attempt(Send{
		Method: REGISTER, Slot: slot, Target: target, CSeq: m.nextCSeq(series), Series: series,
		Expires: m.settings.Server(slot).TTL, Probe: o == ofProbe,
	}, o, budget)
	return tx.Tx
}

func (m *Machine) nextCSeq(series int) int {
	m.cseqs[series]++
	return m.cseqs[series]
}

// seriesOf is the registration dialog of a slot: its own Call-ID, From tag and CSeq numbers, kept as long as the settings are (FO-15).
func (m *Machine) seriesOf(slot Slot) int {
	sv := m.servers[slot]
	if sv.series == 0 {
		m.series++
		sv.series = m.series
	}
	return sv.series
}

// granted returns how long the registrar keeps the binding, in seconds.
func granted(tx *transaction, r Response) int {
	if r.Expires > 0 {
		return min(r.Expires, maxSeconds)
	}
	return min(tx.Expires, maxSeconds)
}

// refreshAfter is FO-16: early enough that a failover ends before the old binding does.
func refreshAfter(seconds int) time.Duration {
	e := time.Duration(seconds) * time.Second
	return max(e/2, e-time.Minute)
}

// bound records a binding that a server granted.
func (m *Machine) bound(tx *transaction, r Response) int {
	e := granted(tx, r)
	sv := m.servers[tx.Slot]
	sv.series, sv.holds, sv.until = tx.Series, true, m.now+time.Duration(e)*time.Second
	m.note("", event.Registered{Slot: string(tx.Slot), Expires: e})
	return e
}

func (m *Machine) armRefresh(seconds int) { m.set(Timer{Name: Refresh}, refreshAfter(seconds)) }

// refresh renews the registration at the active server. At the primary it is the procedure; at the backup it is one attempt with the
// retry count, and only its failure starts the procedure (FO-22).
func (m *Machine) refresh() {
	if m.procedure.running || m.down {
		return
	}
	if m.active != Backup || !m.has(Primary) || !m.usable(Backup) || m.settings.Symmetric {
		m.startProcedure("refresh", REGISTER)
		return
	}
	m.procedure = procedure{running: true, trigger: "refresh", method: REGISTER, began: m.now, since: m.now, slot: Backup, rest: m.settings.Slots(), refresh: true}
	m.stopKeepAlive()
	m.procedure.tx = m.register(Backup, 0, ofRegistration, m.seriesOf(Backup), Budget(m.settings, REGISTER))
}

// unavailable says whether an attempt shows that its server cannot be used (FAILOVER 3.3).
func (m *Machine) unavailable(tx *transaction, o outcome) bool {
	if tx.repeats.hops > 0 {
		return false // the server itself has answered: where it pointed to is another matter
	}
	switch o.cause {
	case CauseResponse:
	case CauseLocal, CauseAborted:
		return false // FO-10
	default:
		return true
	}
	codes := m.settings.RequestCodes
	if tx.Method == REGISTER {
		codes = m.settings.RegisterCodes
	}
	return o.code >= 300 && codes.Match(o.code)
}

// quarantine leaves a server alone that answered 503, or 500 to REGISTER, with Retry-After (FO-45). What has answered is the next hop (RFC 3261
// 16.7): two servers behind one outbound proxy are both left alone.
func (m *Machine) quarantine(tx *transaction, o outcome) {
	if !m.current(tx) || o.RetryAfter <= 0 || !m.settings.HonorRetryAfter || o.code != 503 && (o.code != 500 || tx.Method != REGISTER) {
		return
	}
	wait := min(o.RetryAfter, time.Hour)
	hop := m.settings.Server(tx.Slot).Hop()
	for _, slot := range []Slot{Primary, Backup} {
		if slot == tx.Slot || m.has(slot) && m.settings.Server(slot).Hop().same(hop) {
			m.servers[slot].quarantined = m.now + wait
			m.note("", event.Quarantine{Slot: string(slot), Armed: wait.Milliseconds()})
		}
	}
}

// unregister takes away every binding and stops trying.
func (m *Machine) unregister() {
	m.down = true
	m.stopRegistering()
	m.removeBindings(m.holding())
	m.enter(Unregistered, None, "")
}

// stopRegistering ends whatever registers: the procedure, the probe, the timers. Requests that waited for it fail.
func (m *Machine) stopRegistering() {
	m.abort(m.procedure.tx)
	waiters := m.procedure.waiters
	m.procedure = procedure{}
	m.stopFailback("aborted")
	m.stop(Refresh)
	m.stop(Retry)
	m.stop(Jitter)
	m.stop(LookUp)
	m.stopKeepAlive()
	for _, w := range waiters {
		m.waitFailed(w, outcome{cause: CauseAborted, reason: "the registration was stopped"})
	}
}

// holding are the servers that may hold a binding, the active one first (CF-04).
func (m *Machine) holding() []Slot {
	order := []Slot{Primary, Backup}
	if m.active == Backup {
		order = []Slot{Backup, Primary}
	}
	return slices.DeleteFunc(order, func(s Slot) bool { return !m.servers[s].holds || m.servers[s].until <= m.now })
}

func (m *Machine) removeBindings(slots []Slot) {
	for _, slot := range slots {
		m.servers[slot].holds = false
		series := m.seriesOf(slot)
		m.attempt(Send{Method: REGISTER, Slot: slot, CSeq: m.nextCSeq(series), Series: series}, ofRemoval, Budget(m.settings, REGISTER))
	}
}

// moveContact registers anew with another local address (CL-04). A REGISTER under way has the old one: it is given up, not joined.
func (m *Machine) moveContact() {
	if m.down {
		return
	}
	m.restartProcedure("address")
}
