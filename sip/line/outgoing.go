package line

import (
	"time"

	"hilphone/db/journal/event"
)

// call is a call and how its requests fare. It outlives the user's call by the BYE that nobody has taken yet (FO-37).
type call struct {
	Call
	order int           // of its beginning, among the calls of the line
	began time.Duration // when the user acted: dialled, or hung up
	to    string

	config int // of the machine when the call began

	invite       TxID
	cseq         int     // of the INVITE
	waiting      bool    // for the backup to accept a REGISTER
	triedPrimary bool    // the primary was unavailable for this call
	triedBackup  bool    // the backup was unavailable for this call
	resent       bool    // the INVITE went to a second server
	renewed      bool    // with a new Call-ID
	refused      outcome // the 500 to INVITE or BYE that a REGISTER verifies (WR-57)

	dialog    Dialog
	elsewhere bool // its next hop is no server of the line: nobody can take over (FO-40)
	bye       TxID
	byeCSeq   int
	byeRest   []Slot // servers to be tried after this one (FO-42)

	held, wantHeld bool // by this side: now, and when the re-INVITE under way succeeds
	peerHeld       bool
	reinvite       TxID
	glare          bool // the re-INVITE waits to be sent again
	transfer       transfer

	offering bool          // the 2xx has an offer, or will have: until the ACK no other offer may be made (RFC 3264 4)
	answered time.Duration // when the 2xx left first
	answers  int           // datagrams of the 2xx so far
	repeats  schedule      // of the 2xx
}

func (m *Machine) newCall(id CallID, d Direction, remote string, state CallState) *call {
	m.dialled++
	c := &call{Call: Call{ID: id, Line: m.number, Direction: d, Remote: remote, State: state, Server: None}, order: m.dialled, began: m.now, config: m.config}
	m.calls[id] = c
	return c
}

// dial places a call at the active server; a line that has none begins at the first one (FO-24, FO-31, FO-53).
func (m *Machine) dial(e Dial) {
	c := m.newCall(e.Call, Outgoing, e.To, Calling)
	c.to, c.cseq = e.To, 1
	slots := m.candidates()
	switch {
	case !m.settings.Enabled || m.settings.PhoneNumber == "" || m.closing:
		m.callFailed(c, outcome{cause: CauseLocal, reason: "the line is not activated"})
	case len(slots) == 0:
		m.callFailed(c, outcome{cause: CauseLocal, reason: "no server can be used"})
	case m.settings.RegisteredOnly && m.active == None:
		m.callFailed(c, outcome{cause: CauseLocal, reason: "the line is not registered"})
	case m.active == Backup && m.usable(Backup):
		m.invite(c, Backup, m.inviteBudget(c, Backup))
	case m.procedure.running && m.procedure.slot == Backup, m.has(Primary) && slots[0] == Backup:
		// The primary is known to be unavailable: the call joins the REGISTER to the backup (FO-32, FO-37, FO-45).
		c.waiting = true
		m.changed(c)
		m.needBackup(waiter{call: c.ID, method: INVITE}, m.primaryCause())
	case m.active != slots[0] && m.settings.needsRegistration(slots[0]):
		m.registerFirst(c)
	default:
		m.invite(c, slots[0], m.inviteBudget(c, slots[0]))
	}
}

// registerFirst has a call wait until a server has accepted a REGISTER: its outbound proxy takes no call before (OP-09).
func (m *Machine) registerFirst(c *call) {
	if m.down {
		m.callFailed(c, outcome{cause: CauseLocal, reason: "the line is not registered"})
		return
	}
	c.waiting = true
	m.changed(c)
	w := waiter{call: c.ID, method: INVITE}
	if m.procedure.running {
		m.procedure.waiters = append(m.procedure.waiters, w)
		return
	}
	m.runProcedure(procedure{trigger: triggerOf(INVITE), method: INVITE, since: c.began, rest: m.candidates(), waiters: []waiter{w}})
}

// inviteBudget: the retry count where another server is left, 64*T1 at the last one (FO-28, FO-31).
func (m *Machine) inviteBudget(c *call, slot Slot) time.Duration {
	onward := slot == Primary && m.usable(Backup) && !c.triedBackup
	back := slot == Backup && m.usable(Primary) && !c.triedPrimary && (m.settings.Wraparound || m.settings.Symmetric)
	if onward || back {
		return Budget(m.settings, INVITE)
	}
	return 0
}

// invite sends the call's INVITE, or the same INVITE to another server (FO-25): the Call-ID, From tag, CSeq and session stay.
func (m *Machine) invite(c *call, slot Slot, budget time.Duration) {
	c.resent = c.invite != 0
	c.Server = slot
	m.changed(c)
	c.invite = m.attempt(Send{Method: INVITE, Slot: slot, CSeq: c.cseq, Call: c.ID, To: c.to}, ofCall, budget).Tx
}

func (m *Machine) ringback(tx *transaction, r Response) {
	c := m.calls[tx.Call]
	if c != nil && c.invite == tx.Tx && r.Code > 100 && c.State == Calling {
		c.State = Ringback
		m.changed(c)
	}
}

func (m *Machine) inviteEnded(tx *transaction, o outcome) {
	c := m.calls[tx.Call]
	ours := c != nil && c.invite == tx.Tx && c.State != Ended
	switch success := o.cause == CauseResponse && o.code < 300; {
	case success && ours:
		tx.tags = []string{o.Tag}
		c.dialog, c.elsewhere = Dialog{c.ID, tx.Tx, o.Tag}, o.Elsewhere
		c.State = Talking
		m.do(Confirm{c.dialog, tx.Tx})
		m.changed(c)
		if o.Answer {
			m.peerHolds(c, o.Held)
			m.showHeld(c)
		}
	case success:
		m.ghost(tx, o.Tag)
	case !ours:
	case m.unavailable(tx, o):
		m.quarantine(tx, o)
		m.inviteUnavailable(c, tx, o)
	case m.doubtful(tx, o):
		c.waiting = true
		m.verify(c, INVITE, o)
	case o.code == 482 && c.resent && !c.renewed && m.current(tx):
		// The second server took the same INVITE for a loop (RFC 3261 8.2.2.2).
		c.renewed = true
		c.invite = m.attempt(Send{Method: INVITE, Slot: tx.Slot, CSeq: c.cseq, Call: c.ID, To: c.to, Renew: true}, ofCall, tx.allowed).Tx
	default:
		m.callFailed(c, o)
	}
}

func (m *Machine) inviteUnavailable(c *call, tx *transaction, o outcome) {
	if !tx.Last && m.current(tx) {
		m.inviteOnward(c, tx, o)
		return
	}
	if o.cause == CauseResponse {
		m.unreached(c, o.cause)
	}
	m.callFailed(c, o)
	if tx.Slot == Backup && m.active == Backup && m.current(tx) {
		m.startProcedure(triggerOf(INVITE), INVITE) // FO-31
	}
}

// inviteOnward sends the INVITE to the other server, after a REGISTER there unless the settings do without (FO-24).
func (m *Machine) inviteOnward(c *call, tx *transaction, o outcome) {
	if tx.Slot == Backup {
		c.triedBackup, c.waiting = true, true
		m.needPrimary(waiter{call: c.ID, method: INVITE}, o.cause)
		return
	}
	c.triedPrimary = true
	if !m.settings.RegistersFirst() && m.usable(Backup) {
		m.invite(c, Backup, m.inviteBudget(c, Backup))
		return
	}
	c.waiting = true
	m.needBackup(waiter{call: c.ID, method: INVITE}, o.cause)
}

// callFailed ends a call that was not answered and tells the user why (FO-29, FO-50).
func (m *Machine) callFailed(c *call, o outcome) {
	by := ByPhone
	switch {
	case o.cause == CauseResponse && o.code > 0:
		by = ByPeer
		if o.code/100 == 5 || o.registrar {
			by = ByServer
		}
	case o.cause != CauseLocal && o.cause != CauseAborted:
		m.unreached(c, o.cause)
	}
	c.waiting = false
	m.over(c, End{By: by, Cause: o.cause, Code: o.code, Reason: o.reason})
	m.drop(c)
}

// unreached notes that no server took a call (FO-50).
func (m *Machine) unreached(c *call, cause Cause) {
	m.note(c.ID, event.AllFailed{Method: string(INVITE), Cause: string(cause), Elapsed: (m.now - c.began).Milliseconds()})
}

// over is the one place where a call ends for the user.
func (m *Machine) over(c *call, end End) {
	if c.transfer.to != "" {
		m.transferFailed(c, CauseAborted, 0, "the call is over")
	}
	end.Elapsed = m.now - c.began
	c.State, c.End = Ended, end
	m.changed(c)
	m.callsOver()
}

// drop forgets a call of which nothing is left to be done.
func (m *Machine) drop(c *call) {
	delete(m.calls, c.ID)
	m.do(CallDropped{c.ID})
	m.maybeFinished()
}

func (m *Machine) changed(c *call) {
	c.HeldByUser, c.HeldByPeer = c.held || c.wantHeld, c.peerHeld
	m.do(CallChanged{c.Call})
}

// ghost confirms and ends a dialog that the user never saw: a fork, or an answer that came too late (FO-27; RFC 3261 13.2.2.4).
func (m *Machine) ghost(tx *transaction, tag string) {
	d := Dialog{tx.Call, tx.Tx, tag}
	tx.tags = append(tx.tags, tag)
	m.do(Confirm{d, tx.Tx})
	bye := m.attempt(Send{Method: BYE, Slot: tx.Slot, CSeq: tx.CSeq + 1, Call: tx.Call, Dialog: d}, ofGhost, 0)
	bye.config = tx.config
}

// answeredLate deals with answers to a transaction that has ended: repeats, forks, and answers after giving up (FO-23, FO-26, FO-27).
func (m *Machine) answeredLate(tx *transaction, r Response) {
	if tx.state == abandoned && r.Code >= 200 {
		m.note(tx.Call, event.LateResponse{Method: string(tx.Method), Slot: string(tx.Slot), Code: r.Code})
	}
	switch {
	case tx.Method == REGISTER && tx.state == abandoned && r.Code/100 == 2:
		if tx.owner != ofRemoval && m.current(tx) {
			sv := m.servers[tx.Slot]
			sv.holds, sv.until = true, m.now+time.Duration(granted(tx, r))*time.Second
		}
	case tx.Method != INVITE:
	case r.Code >= 300:
		m.do(Ack{tx.Tx})
	case r.Code >= 200 && tx.owner == ofReinvite:
		m.do(Confirm{tx.Dialog, tx.Tx})
	case r.Code >= 200:
		for _, seen := range tx.tags {
			if seen == r.Tag {
				m.do(Confirm{Dialog{tx.Call, tx.Tx, r.Tag}, tx.Tx})
				return
			}
		}
		m.ghost(tx, r.Tag)
	case tx.state == abandoned && !tx.gone && tx.owner == ofCall:
		m.cancel(tx, ofGhost)
		m.do(Set{Timer{Name: Linger, Tx: tx.Tx}, m.now + tx.schedule.full()})
	}
}
