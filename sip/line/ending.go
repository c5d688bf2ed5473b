package line

import (
	"time"

	"hilphone/db/journal/event"
)

// hangUp ends a call for the user at once; what is still to be said to a server goes on behind (FO-37).
func (m *Machine) hangUp(id CallID) {
	c := m.calls[id]
	if c == nil || c.State == Ended {
		return
	}
	byUser := End{By: ByUser}
	switch tx := m.txs[c.invite]; {
	case c.Direction == Incoming && c.State == Ringing:
		m.reject(c, 0)
	case c.State == Talking || c.State == Held:
		c.began = m.now
		m.over(c, byUser)
		m.stopChanging(c)
		m.byeAfterAck(c)
	case c.waiting:
		m.stopWaiting(id) // the REGISTER to the backup completes, the INVITE is not sent (FO-30)
		m.over(c, byUser)
		m.drop(c)
	case tx.live() && tx.state == proceeding:
		m.over(c, byUser)
		m.cancel(tx, ofCancel)
		m.drop(c)
	default:
		m.abort(c.invite) // no answer yet: a CANCEL must not be sent (RFC 3261 9.1, FO-30)
		m.over(c, byUser)
		m.drop(c)
	}
}

// cancel sends a CANCEL on the INVITE's branch, to the INVITE's server and never to another (FO-18).
func (m *Machine) cancel(invite *transaction, o owner) {
	invite.gone = true
	if invite.live() {
		// Without a final answer the INVITE transaction ends 64*T1 after the CANCEL (RFC 3261 9.1).
		m.do(Set{Timer{Name: GiveUp, Tx: invite.Tx}, m.now + invite.schedule.full()})
	}
	tx := m.attempt(Send{Method: CANCEL, Slot: invite.Slot, CSeq: invite.CSeq, Call: invite.Call, Of: invite.Tx}, o, Budget(m.settings, CANCEL))
	tx.config = invite.config
}

// cancelEnded: a CANCEL that nobody answers is a failover trigger (FO-12, FO-18, FO-33).
func (m *Machine) cancelEnded(tx *transaction, o outcome) {
	if o.cause != CauseResponse && o.cause != CauseLocal && m.current(tx) {
		m.startProcedure(triggerOf(CANCEL), CANCEL)
	}
}

// byeAfterAck ends the dialog of a call; while a 2xx of ours waits for its ACK, the BYE waits too (RFC 3261 15).
func (m *Machine) byeAfterAck(c *call) {
	if c.answers == 0 {
		m.startBye(c)
	}
}

// startBye sends the BYE of a call to its dialog server, or to the server that has taken over (FO-36, FO-41, FO-42).
func (m *Machine) startBye(c *call) {
	c.byeCSeq = c.cseq + 1
	switch {
	case c.config != m.config, c.elsewhere:
		m.sendBye(c, c.Server, 0) // its server is configured no longer, or is not on its way: nobody can take over (CF-01, FO-40)
	case c.Server == Primary && m.active == Backup && m.phase == OnBackup:
		m.sendBye(c, Backup, 0)
	case c.Server == Primary && m.has(Backup) && (!m.usable(Primary) || m.procedure.running && m.procedure.slot == Backup && m.active != Backup) && !m.closing:
		m.needBackup(waiter{call: c.ID, method: BYE}, m.primaryCause()) // the primary is known to be unavailable
	case c.Server == Primary && m.has(Backup):
		m.sendBye(c, Primary, Budget(m.settings, BYE))
	case c.Server == Backup && m.active == Primary:
		c.byeRest = []Slot{Primary}
		m.sendBye(c, Backup, Budget(m.settings, BYE))
	default:
		m.sendBye(c, c.Server, 0)
	}
}

// sendBye keeps the CSeq number: to another server it is the same request (FO-38).
func (m *Machine) sendBye(c *call, slot Slot, budget time.Duration) {
	tx := m.attempt(Send{Method: BYE, Slot: slot, CSeq: c.byeCSeq, Call: c.ID, Dialog: c.dialog}, ofBye, budget)
	tx.config = c.config
	c.bye = tx.Tx
}

func (m *Machine) byeEnded(tx *transaction, o outcome) {
	c := m.calls[tx.Call]
	if c == nil || c.bye != tx.Tx {
		return
	}
	switch {
	case o.cause == CauseLocal:
		m.byeLost(c, o.cause) // it could not be built or sent: the fault is not the server's (FO-10, WR-22)
	case m.doubtful(tx, o):
		m.verify(c, BYE, o)
	case !m.unavailable(tx, o):
		m.drop(c) // 2xx, 481, 408 and all else end the dialog (FO-43)
	case len(c.byeRest) > 0:
		m.quarantine(tx, o)
		next := c.byeRest[0]
		c.byeRest = c.byeRest[1:]
		m.sendBye(c, next, 0)
	case tx.Slot == Primary && !tx.Last && m.current(tx):
		m.quarantine(tx, o)
		c.triedPrimary = true
		m.needBackup(waiter{call: c.ID, method: BYE}, o.cause)
	default:
		m.quarantine(tx, o)
		m.byeLost(c, o.cause)
	}
}

func (m *Machine) byeLost(c *call, cause Cause) {
	m.note(c.ID, event.ByeLost{Cause: string(cause), Elapsed: (m.now - c.began).Milliseconds()})
	m.drop(c)
}

// peerHungUp: the peer's BYE ends the call, and one of ours that is still under way (FO-44).
func (m *Machine) peerHungUp(c *call) {
	switch {
	case c.State == Ringing:
		m.do(Respond{Call: c.ID, Code: 487}) // RFC 3261 15.1.2
	case c.Direction == Outgoing && c.dialog == Dialog{}:
		return // a call that was not answered has no dialog that the peer could end
	}
	m.stopAnswering(c)
	m.stopChanging(c)
	m.stopWaiting(c.ID)
	m.abort(c.bye)
	if c.State != Ended {
		c.began = m.now
		m.over(c, End{By: ByPeer, Cause: CauseResponse, Reason: "the other side hung up"})
	}
	m.drop(c)
}
