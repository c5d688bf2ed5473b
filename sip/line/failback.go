package line

import (
	"time"

	"hilphone/db/journal/event"
)

// failback watches for the primary's recovery while the backup serves: an independent REGISTER at each interval (FB-01 to FB-18).
type failback struct {
	due    time.Duration // when the next probe leaves; 0: none is armed
	armed  time.Duration // when that wait began
	tx     TxID          // the probe in flight
	began  time.Duration // when it began
	series int           // the registration dialog of the probe
	passed int           // successes in a row (FB-15)
	held   *heldProbe
}

// heldProbe is a successful probe whose switch waits for the last call to end (FB-14).
type heldProbe struct {
	tx *transaction
	r  Response
}

func (f failback) state() Failback {
	switch {
	case f.tx != 0 || f.held != nil:
		return FailbackProbing
	case f.due != 0:
		return FailbackWaiting
	}
	return FailbackIdle
}

// reprobeWait is the pause between the successes that failback_success_count asks for (FB-15).
const reprobeWait = 5 * time.Second

func failbackOn(s Settings) bool { return s.EnableFailback && s.FailbackInterval > 0 && !s.Symmetric }

// armProbe starts the interval (FB-01).
func (m *Machine) armProbe() {
	m.failback = failback{}
	if !failbackOn(m.settings) || !m.has(Primary) {
		return
	}
	wait := time.Duration(m.settings.FailbackInterval)*time.Second + m.random(milliseconds(m.settings.FailbackJitter))
	m.failback.armed = m.now
	m.setProbe(m.now + wait)
	m.note("", event.FailbackTimer{Armed: wait.Milliseconds()})
}

func (m *Machine) setProbe(at time.Duration) {
	at = max(at, 1) // 0 says that none is armed
	m.failback.due = at
	m.do(Set{Timer{Name: Probe}, at})
}

// probeDue sends the probe: a REGISTER of its own, on the full schedule (FB-02, FB-03).
func (m *Machine) probeDue() {
	if m.active != Backup && m.phase != OnBackup {
		return
	}
	if q := m.servers[Primary].quarantined; q > m.now {
		m.setProbe(q) // FB-09
		return
	}
	m.failback.due = 0
	if m.procedure.running && m.procedure.slot == Primary {
		return // the procedure asks the primary itself (FO-19)
	}
	m.series++
	m.failback.series = m.series
	m.probe()
}

func (m *Machine) probe() {
	m.failback.began = m.now
	m.note("", event.ProbeStart{Slot: string(Primary)})
	m.probeTarget(0)
}

// probeTarget probes one address of the primary: each but the last has the retry count (FO-62).
func (m *Machine) probeTarget(target int) {
	var budget time.Duration
	if target+1 < m.servers[Primary].targets {
		budget = Budget(m.settings, REGISTER)
	}
	if m.settings.FailbackProbe == ByOptions && m.failback.passed == 0 {
		m.failback.tx = m.attempt(Send{Method: OPTIONS, Slot: Primary, Target: target, CSeq: 1, Probe: true}, ofProbe, budget).Tx
		return
	}
	m.failback.tx = m.register(Primary, target, ofProbe, m.failback.series, budget)
}

// reprobe repeats a probe that succeeded: the next of the wanted successes, or the renewal of a held one.
func (m *Machine) reprobe() {
	f := &m.failback
	if f.tx != 0 || f.series == 0 {
		return
	}
	if q := m.servers[Primary].quarantined; q > m.now {
		m.do(Set{Timer{Name: Reprobe}, q}) // FB-09
		return
	}
	f.held = nil
	m.probe()
}

func (m *Machine) probeEnded(tx *transaction, o outcome) {
	if tx.Tx != m.failback.tx {
		return
	}
	m.failback.tx = 0
	joined := m.procedure.running && m.procedure.tx == tx.Tx
	unavailable := m.unavailable(tx, o)
	if tx.Method == OPTIONS && o.cause == CauseResponse && !unavailable {
		// The primary is alive; only a registration makes it the active server.
		m.failback.tx = m.register(Primary, tx.Target, ofProbe, m.failback.series, 0)
		m.rejoin(joined)
		return
	}
	if unavailable {
		m.quarantine(tx, o)
	}
	if next := tx.Target + 1; next < m.servers[Primary].targets && !o.proven && unavailable && m.usable(Primary) {
		m.probeTarget(next)
		m.rejoin(joined)
		return
	}
	success := o.cause == CauseResponse && o.code < 300
	result := "recovered"
	switch {
	case success:
	case unavailable:
		result = "unavailable"
	default:
		result = "rejected" // FB-07
	}
	m.note("", event.ProbeEnd{Result: result, Cause: string(o.cause), Code: o.code, Elapsed: (m.now - m.failback.began).Milliseconds(), Reason: string(o.fault.Reason)})
	switch {
	case success:
		m.probeSucceeded(tx, o.Response, joined)
	case joined:
		m.procedure.cause = o.cause
		if m.has(Backup) && len(m.procedure.rest) == 0 {
			m.procedure.rest = []Slot{Backup}
		}
		if result == "rejected" {
			m.refusalsStand()
		}
		m.leaveServer()
	default:
		m.armProbe() // FB-05, FB-06: the interval starts again at the end of the attempt
	}
}

// rejoin lets a procedure that waits for the probe wait for its next attempt.
func (m *Machine) rejoin(joined bool) {
	if joined {
		m.procedure.tx = m.failback.tx
	}
}

func (m *Machine) probeSucceeded(tx *transaction, r Response, joined bool) {
	f := &m.failback
	f.passed++
	m.servers[Primary].holds = true
	m.servers[Primary].until = m.now + time.Duration(granted(tx, r))*time.Second
	switch {
	case joined:
		m.switchBack(tx, r)
	case !failbackOn(m.settings): // switched off while probing (CF-03)
		m.stopFailback("")
	case f.passed < m.settings.FailbackSuccessCount:
		m.set(Timer{Name: Reprobe}, reprobeWait)
	case m.settings.FailbackIdleOnly && !m.Idle():
		f.held = &heldProbe{tx, r}
		m.set(Timer{Name: Reprobe}, time.Duration(granted(tx, r))*time.Second)
	default:
		m.switchBack(tx, r)
	}
}

// switchBack makes the primary active: the probe is its registration from here on (FB-04). Calls stay where they are (FB-10), the
// binding at the backup is left to end (FO-21 and point 6 of FAILOVER).
func (m *Machine) switchBack(tx *transaction, r Response) {
	p := m.procedure
	if p.tx != tx.Tx {
		p = procedure{trigger: "probe", method: REGISTER, began: m.now, since: m.failback.began}
	}
	m.abortRefresh()
	m.procedure = procedure{}
	m.stopFailback("")
	seconds := m.bound(tx, r)
	m.failures = 0
	m.stop(Retry)
	m.armRefresh(seconds)
	m.armKeepAlive()
	before := m.active
	m.movedTo(Primary, p, before == Primary)
	for _, w := range p.waiters {
		m.release(w)
	}
}

// leaveBackup takes the binding at the backup away where the settings ask for it; a shared store may lose the primary's with it, which
// is why the primary is refreshed then (FB-12).
func (m *Machine) leaveBackup() {
	sv := m.servers[Backup]
	if !m.settings.FailbackUnregisterBackup || !sv.holds || sv.until <= m.now {
		return
	}
	m.removeBindings([]Slot{Backup})
	m.repair = m.nextTx
}

func (m *Machine) removalEnded(tx *transaction) {
	if tx.Tx == m.repair && m.active == Primary {
		m.refresh()
	}
}

// abortRefresh ends a REGISTER to the backup that is in flight when the primary takes over.
func (m *Machine) abortRefresh() {
	if m.procedure.running && m.procedure.slot == Backup {
		m.abort(m.procedure.tx)
	}
}

// stopFailback ends waiting and probing; a probe in flight is abandoned.
func (m *Machine) stopFailback(result string) {
	f := m.failback
	if f.due != 0 {
		m.stop(Probe)
	}
	if f.series != 0 {
		m.stop(Reprobe)
	}
	m.failback = failback{}
	if f.tx != 0 {
		m.abort(f.tx)
		m.note("", event.ProbeEnd{Result: result, Cause: string(CauseAborted), Elapsed: (m.now - f.began).Milliseconds()})
	}
}

// callsOver lets a held probe take effect.
func (m *Machine) callsOver() {
	if h := m.failback.held; h != nil && m.Idle() {
		m.failback.held = nil
		m.switchBack(h.tx, h.r)
	}
}
