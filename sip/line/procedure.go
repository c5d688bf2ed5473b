package line

import (
	"cmp"
	"slices"
	"time"

	"hilphone/db/journal/event"
)

// procedure is registration failover (FO-13): REGISTER to the servers in order until one accepts. There is one at a time; triggers that
// come while it runs join it (FO-19).
type procedure struct {
	running bool
	refresh bool // the attempt at the backup that comes before the procedure proper (FO-22)
	trigger string
	method  Method // the request that made it necessary
	began   time.Duration
	since   time.Duration // when the user or a timer asked for what made it necessary
	slot    Slot          // being tried
	target  int           // which of its addresses
	looking bool          // its name is being looked up
	found   bool          // and has been
	tx      TxID
	rest    []Slot   // still to be tried
	cause   Cause    // why the last server was unavailable
	waiters []waiter // requests to be sent again once the backup has accepted (FO-32), in order
}

// startProcedure begins at the first server that may be asked.
func (m *Machine) startProcedure(trigger string, method Method) {
	if m.procedure.running || m.down || !m.settings.Usable() {
		return
	}
	p := procedure{trigger: trigger, method: method, since: m.now, rest: m.candidates()}
	if m.has(Primary) && !m.usable(Primary) {
		p.cause = m.servers[Primary].cause
	}
	m.runProcedure(p)
}

func (m *Machine) runProcedure(p procedure) {
	p.running, p.began = true, m.now
	m.procedure = p
	m.stop(Retry)
	m.stop(Refresh)
	m.stopKeepAlive()
	m.tryNext()
}

// tryNext sends REGISTER to the next server, or gives up when there is none.
func (m *Machine) tryNext() {
	p := &m.procedure
	p.rest = slices.DeleteFunc(p.rest, func(s Slot) bool { return !m.usable(s) })
	if len(p.rest) == 0 {
		m.allFailed()
		return
	}
	p.slot, p.rest, p.refresh = p.rest[0], p.rest[1:], false
	p.target, p.looking, p.found = 0, false, false
	if m.failback.tx == 0 || p.slot == Backup {
		m.stopFailback("aborted") // at the primary a probe in flight goes on: it is this procedure's attempt
	}
	phase, active := TryPrimary, m.active
	if p.slot == Backup {
		phase = TryBackup
		if active == Primary {
			active = None // the old binding is presumed gone (FO-20)
		}
	}
	m.enter(phase, active, p.cause)
	if p.slot == Primary && m.failback.tx != 0 {
		p.tx = m.failback.tx // the probe is the attempt (FO-19, FB-17)
		return
	}
	p.tx = 0
	if p.slot == Backup && m.settings.FailoverJitter > 0 {
		m.set(Timer{Name: Jitter}, m.random(milliseconds(m.settings.FailoverJitter)))
		return
	}
	m.askServer()
}

// askServer sends the REGISTER of the procedure to the server whose turn it is.
func (m *Machine) askServer() {
	p := &m.procedure
	if !p.running || p.tx != 0 || p.looking {
		return
	}
	if !m.usable(p.slot) { // it has asked to be left alone since its name was looked up, or during the jitter (FO-45)
		p.cause = CauseResponse
		m.leaveServer()
		return
	}
	if !p.found && m.lookUp(p) {
		return
	}
	var budget time.Duration
	if len(p.rest) > 0 || p.target+1 < m.servers[p.slot].targets {
		budget = Budget(m.settings, REGISTER)
	}
	p.tx = m.register(p.slot, p.target, ofRegistration, m.seriesOf(p.slot), budget)
}

func triggerOf(m Method) string {
	switch m {
	case INVITE:
		return "invite"
	case BYE:
		return "bye"
	case CANCEL:
		return "cancel"
	}
	return "options"
}

func (m *Machine) registerEnded(tx *transaction, o outcome) {
	if tx.Tx != m.procedure.tx {
		return
	}
	switch {
	case o.cause == CauseResponse && o.code < 300:
		m.registered(tx, o.Response)
	case m.unavailable(tx, o):
		m.quarantine(tx, o)
		m.procedure.cause = o.cause
		if o.proven {
			m.leaveServer()
		} else {
			m.nextTarget(tx)
		}
	case tx.Slot == Primary && m.active == Backup && len(m.procedure.rest) > 0:
		m.note("", event.RegisterRejected{Slot: string(tx.Slot), Code: o.code, Reason: o.reason})
		m.procedure.cause = o.cause
		m.refusalsStand()
		m.tryNext() // no failover: the line stays where it is (FB-16)
	default:
		m.rejected(tx.Slot, o)
	}
}

// registered ends the procedure: the slot is the active server.
func (m *Machine) registered(tx *transaction, r Response) {
	p := m.procedure
	m.procedure = procedure{}
	seconds := m.bound(tx, r)
	before := m.active
	m.failures = 0
	m.stop(Retry)
	m.armRefresh(seconds)
	m.armKeepAlive()
	if tx.Slot == Backup {
		m.movedTo(Backup, p, before == Backup && p.refresh)
	} else {
		m.stopFailback("aborted")
		m.movedTo(Primary, p, before == Primary)
	}
	for _, w := range p.waiters {
		if tx.Slot == Backup && !slices.Contains(p.rest, Primary) && m.silentBackup(w) {
			m.waitFailed(w, outcome{cause: cmp.Or(p.cause, m.servers[Primary].cause)}) // neither server takes the call: the primary was asked before the backup
			continue
		}
		m.release(w)
	}
}

// movedTo makes a slot the active server and says what kind of change that was.
func (m *Machine) movedTo(slot Slot, p procedure, refreshed bool) {
	phase := OnPrimary
	from := m.active
	if slot == Backup {
		phase = OnBackup
	}
	m.enter(phase, slot, p.cause)
	switch {
	case refreshed:
	case slot == Backup:
		if m.has(Primary) {
			if from != Backup {
				elapsed := m.moved(Primary, Backup, p)
				m.note("", event.Failover{From: string(Primary), To: string(Backup), Trigger: p.trigger, Method: string(p.method), Cause: string(p.cause), Elapsed: elapsed,
					Reason: m.reasonAt(Primary, p.cause)})
			}
			m.armProbe()
		}
	case from == Backup:
		elapsed := m.moved(Backup, Primary, p)
		m.note("", event.Failback{From: string(Backup), To: string(Primary), Elapsed: elapsed})
		m.leaveBackup()
	}
}

// moved keeps the change, and returns how long it took from what made it necessary.
func (m *Machine) moved(from, to Slot, p procedure) (elapsedMS int64) {
	f := &Failover{At: m.now, From: from, To: to, Method: p.method, Trigger: p.trigger, Cause: p.cause, Elapsed: m.now - p.since}
	if to == Primary {
		m.lastFailback = f
	} else {
		f.Reason = m.reasonAt(Primary, p.cause)
		m.lastFailover = f
	}
	return f.Elapsed.Milliseconds()
}

// rejected: the server is alive and says no. That never fails over; it is tried again later (FO-14).
func (m *Machine) rejected(slot Slot, o outcome) {
	p := m.procedure
	m.procedure = procedure{}
	m.stopFailback("aborted")
	m.servers[slot].holds = false
	m.failedBy = slot
	m.note("", event.RegisterRejected{Slot: string(slot), Code: o.code, Reason: o.reason})
	m.enter(AllFailed, None, o.cause)
	m.retryLater()
	for _, w := range p.waiters {
		m.waitFailed(w, o)
	}
}

// allFailed: every server was tried in vain (FO-50).
func (m *Machine) allFailed() {
	p := m.procedure
	m.procedure = procedure{}
	m.stopFailback("aborted")
	m.failedBy = p.slot
	m.note("", event.AllFailed{Method: string(REGISTER), Cause: string(p.cause), Reason: m.reasonAt(p.slot, p.cause), Elapsed: (m.now - p.began).Milliseconds()})
	m.enter(AllFailed, None, p.cause)
	m.retryLater()
	for _, w := range p.waiters {
		m.waitFailed(w, outcome{cause: p.cause})
	}
}

// retryLater arms the next cycle, for ever (FO-52). Where every server asked to be left alone, the first to be free again ends the wait.
func (m *Machine) retryLater() {
	m.failures++
	wait := m.failWait()
	if len(m.candidates()) == 0 {
		for i, slot := range m.settings.Slots() {
			if w := m.servers[slot].quarantined - m.now; i == 0 || w < wait {
				wait = w
			}
		}
	}
	m.set(Timer{Name: Retry}, wait)
	m.retry = m.now + wait
}
