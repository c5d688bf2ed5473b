package line

import (
	"time"

	"hilphone/db/journal/event"
)

// A REFER asks the other side of a call that is up to call somebody else: a blind transfer (RFC 3515, RFC 5589 6.1). Like a re-INVITE it goes
// to the dialog server with the full schedule and never fails over: the vendor's document has REGISTER, INVITE and BYE fail over.

// transfer is how far a call has got on its way to somebody else.
type transfer struct {
	to       string // empty: none is wanted
	tx       TxID   // the REFER under way
	accepted bool   // the other side tries, and tells by NOTIFY how it goes
}

// notifyWait is how long the other side may take from one NOTIFY to the next while the new call rings: Timer C (RFC 3261 16.6).
const notifyWait = 3 * time.Minute

// TransferStep is how far a transfer has got.
type TransferStep string

// The steps of a transfer.
const (
	TransferAsked     TransferStep = "asked"     // the REFER was sent
	TransferAccepted  TransferStep = "accepted"  // the other side tries
	TransferProgress  TransferStep = "progress"  // and tells how it goes
	TransferSucceeded TransferStep = "succeeded" // the new call is up
	TransferFailed    TransferStep = "failed"    // this call goes on
)

// transferCall wants the other side of a call to call somebody else. While another request changes the call it waits for the end of that.
func (m *Machine) transferCall(e Transfer) {
	c := m.calls[e.Call]
	if c == nil || e.To == "" || c.State != Talking && c.State != Held {
		return
	}
	if under := c.transfer.to; under != "" { // UX-08: the caller learns that nothing comes of it
		m.note(c.ID, event.Transfer{State: string(TransferFailed), To: e.To, Reason: "a transfer to " + under + " is under way"})
		return
	}
	c.transfer = transfer{to: e.To}
	m.settle(c)
}

// settle sends what has waited for the end of another request within the call, each being built on the answer to the one before.
func (m *Machine) settle(c *call) {
	switch {
	case c.State == Ended || c.changing():
	case c.wantHeld != c.held:
		m.reinvite(c)
	case c.transfer.to != "" && !c.transfer.accepted:
		m.refer(c)
	}
}

func (m *Machine) refer(c *call) {
	c.cseq++
	tx := m.attempt(Send{Method: REFER, Slot: c.Server, CSeq: c.cseq, Call: c.ID, To: c.transfer.to, Dialog: c.dialog}, ofRefer, 0)
	tx.config = c.config
	c.transfer.tx = tx.Tx
	m.noteTransfer(c, TransferAsked, 0, "", "")
}

func (m *Machine) referEnded(tx *transaction, o outcome) {
	c := m.calls[tx.Call]
	if c == nil || c.transfer.tx != tx.Tx {
		return
	}
	c.transfer.tx = 0
	switch {
	case o.dialogLost():
		m.transferFailed(c, o.cause, o.code, o.reason)
		m.brokenOff(c, o)
		return
	case o.cause != CauseResponse || o.code >= 300:
		m.transferFailed(c, o.cause, o.code, o.reason)
	case !c.transfer.accepted:
		m.transferAccepted(c, o.code, o.reason)
	}
	m.settle(c)
}

// transferAccepted waits for the NOTIFY that each accepted REFER is followed by at once (RFC 3515 2.4.4): Timer N (RFC 6665 4.1.2).
func (m *Machine) transferAccepted(c *call, code int, reason string) {
	c.transfer.accepted = true
	m.noteTransfer(c, TransferAccepted, code, reason, "")
	m.set(Timer{Name: TransferLost, Call: c.ID}, LastBudget(m.settings))
}

// notified is the other side telling how the new call goes. A NOTIFY can overtake the 202.
func (m *Machine) notified(c *call, e Notified) {
	switch {
	case c.transfer.to == "" || !c.transfer.accepted && c.transfer.tx == 0:
	case e.Code >= 300 || e.Code < 200 && e.Over:
		m.transferFailed(c, CauseResponse, e.Code, e.Reason)
	case e.Code >= 200:
		m.noteTransfer(c, TransferSucceeded, e.Code, e.Reason, "")
		to := c.transfer.to
		m.stopTransfer(c)
		c.began = m.now
		m.over(c, End{By: ByUser, Reason: "transferred to " + to})
		m.stopChanging(c)
		m.byeAfterAck(c)
	default:
		c.transfer.accepted = true
		m.noteTransfer(c, TransferProgress, e.Code, e.Reason, "")
		m.set(Timer{Name: TransferLost, Call: c.ID}, notifyWait)
	}
}

// transferFailed gives the call back to the user: nothing of it has changed.
func (m *Machine) transferFailed(c *call, cause Cause, code int, reason string) {
	m.noteTransfer(c, TransferFailed, code, reason, cause)
	m.stopTransfer(c)
}

// transferLost: the other side does not say how the new call went.
func (m *Machine) transferLost(id CallID) {
	if c := m.calls[id]; c != nil && c.transfer.accepted {
		m.transferFailed(c, CauseNoResponse, 0, "")
		m.settle(c)
	}
}

// stopTransfer forgets a transfer.
func (m *Machine) stopTransfer(c *call) {
	m.abort(c.transfer.tx)
	if c.transfer.accepted {
		m.do(Stop{Timer{Name: TransferLost, Call: c.ID}})
	}
	c.transfer = transfer{}
}

func (m *Machine) noteTransfer(c *call, step TransferStep, code int, reason string, cause Cause) {
	m.note(c.ID, event.Transfer{State: string(step), To: c.transfer.to, Code: code, Reason: reason, Cause: string(cause)})
}
