package line

import (
	"fmt"
	"time"

	"hilphone/sip/netfault"
)

// Over TCP and TLS nothing is sent again, so a retry count cannot count: a server that is not the last one has the count's time to take
// the connection, and then 64*T1 to answer, or with TCP Use Retry Timer the count's time for both (FO-08).

func (m *Machine) reliable(slot Slot) bool { return m.settings.Server(slot).Transport != UDP }

// limits are how long an attempt may take: in all, and until its connection is there. By UDP the two are the same.
type limits struct{ total, connect time.Duration }

// limits returns those of an attempt at a server that is allowed a time, 0 at the last one.
func (m *Machine) limits(slot Slot, allowed time.Duration) limits {
	full := LastBudget(m.settings)
	switch {
	case allowed == 0:
		return limits{full, full}
	case m.reliable(slot) && !m.settings.TCPUseRetryTimer:
		return limits{full, allowed}
	}
	return limits{allowed, allowed}
}

// connected: the request is on its connection.
func (m *Machine) connected(id TxID) {
	tx := m.txs[id]
	if tx != nil {
		tx.connected = true
	}
	if tx.live() && tx.long {
		m.do(Stop{Timer{Name: NoTCP, Tx: id}})
	}
	if !tx.live() || !tx.reliable || tx.byRoute || tx.state == proceeding || tx.deadline == tx.Budget {
		return
	}
	tx.deadline = tx.Budget
	m.do(Set{Timer{Name: GiveUp, Tx: id}, tx.start + tx.deadline})
}

// notConnected is the fault of a request over TCP or TLS that has found no connection in the time it had.
func (tx *transaction) notConnected(now time.Duration) netfault.Fault {
	if !tx.reliable || tx.connected || tx.state != trying {
		return netfault.Fault{}
	}
	return netfault.Fault{Reason: netfault.Timeout, Detail: fmt.Sprintf("no connection within %.3f s", (now - tx.start).Seconds())}
}

// failed ends an attempt that could not be sent or whose connection broke. A connection that was there before may have broken long ago:
// then the same server is dialled once more, with a new branch and what is left of the time (FO-07).
func (m *Machine) failed(e Failed) {
	tx := m.txs[e.Tx]
	if !tx.live() {
		return
	}
	left := tx.start + tx.deadline - m.now
	switch {
	case tx.long && e.Cause == CauseConnect && tx.state == trying:
		m.byUDP(tx)
	case e.Reused && tx.state == trying && tx.spent == 0 && left > 0:
		m.redial(tx, e, left)
	case e.Cause == CauseConnect && tx.Method == INVITE && tx.state == proceeding:
		// The other phone may be ringing: nothing is detected until the user acts (FO-33).
	default:
		m.end(tx, outcome{cause: e.Cause, reason: e.Fault.Detail, fault: e.Fault})
	}
}

func (m *Machine) redial(tx *transaction, e Failed, left time.Duration) {
	m.finish(tx, outcome{cause: e.Cause, fault: e.Fault})
	s := tx.continued()
	if s.Method == REGISTER {
		s.CSeq = m.nextCSeq(s.Series) // the server may have had the first one (RFC 3261 10.2)
	}
	within := m.limits(s.Slot, tx.allowed)
	within.total = tx.Budget - (m.now - tx.start)
	within.connect = min(left, within.connect, within.total) // the wait for the answer may be longer (FO-08)
	t := m.attemptWithin(s, tx.owner, tx.allowed, within)
	t.repeats, t.config = tx.repeats, tx.config
	t.spent = max(m.now-tx.start, 1)
	m.replaced(tx, t)
}

// carried takes the transport of a route for that of the server: over a connection nothing is sent again, by UDP it is (RFC 3261 17.1.2.2). The
// budget stays what it was.
func (m *Machine) carried(e Carried) {
	tx := m.txs[e.Tx]
	if !tx.live() || tx.state != trying || tx.reliable == e.Reliable {
		return
	}
	tx.reliable, tx.byRoute = e.Reliable, true
	if tx.reliable {
		m.do(Stop{Timer{Name: Retransmit, Tx: e.Tx}})
		return
	}
	tx.sent = 0
	m.planNext(tx, m.now-tx.start)
}

// tooLong: a request to a server of UDP is longer than RFC 3261 18.1.1 allows, and goes by TCP. Nothing is sent again while it does; the budget
// is that of UDP, from the beginning, whichever carries the request in the end (WR-21).
func (m *Machine) tooLong(id TxID) {
	tx := m.txs[id]
	if !tx.live() || tx.state != trying || tx.reliable || tx.long || tx.Datagram {
		return
	}
	tx.long = true
	m.do(Stop{Timer{Name: Retransmit, Tx: id}})
	m.set(Timer{Name: NoTCP, Tx: id}, 2*tx.schedule.t1)
}

// byUDP sends a request that TCP would not carry by UDP: its target refuses TCP, or no connection came within 2*T1.
func (m *Machine) byUDP(tx *transaction) {
	if !tx.live() || !tx.long {
		return
	}
	tx.long, tx.Datagram = false, true
	m.do(Stop{Timer{Name: NoTCP, Tx: tx.Tx}})
	m.do(tx.Send)
	tx.sent = 0
	m.planNext(tx, m.now-tx.start)
}
