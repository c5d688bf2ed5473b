package line

import (
	"net/netip"
	"strconv"
	"time"

	"hilphone/sip/netfault"
)

// transaction is a client transaction (RFC 3261 17.1), with a budget of its own and a memory for late answers.
type transaction struct {
	Send      // what went out first
	owner     owner
	state     txState
	schedule  schedule
	start     time.Duration
	sent      int            // datagrams
	next      time.Duration  // when the next one is due, from start
	deadline  time.Duration  // from start; 0: none
	allowed   time.Duration  // what attempt was given
	linger    time.Duration  // Timer K of a non-INVITE transaction
	tags      []string       // INVITE: the peers whose 2xx was seen; the first is the call's
	repeats   repeats        // what the request was sent again for
	gone      bool           // INVITE: a CANCEL was sent
	heard     bool           // an answer has come, to it or to the one that it replaces
	to        netip.AddrPort // where it goes; zero where that is not known
	connected bool           // the request has been written to its connection
	reliable  bool           // over TCP or TLS: nothing is sent again
	byRoute   bool           // a route and not the server says over what it goes
	long      bool           // too long for UDP, and by TCP at present
	spent     time.Duration  // by the attempt before, on a connection that turned out broken (FO-07)
	config    int            // of the machine when its server was chosen
	refusal   RefusalReason  // why a challenge to it was not answered
}

// owner says for what a transaction was started, and so who is told of its end.
type owner int

const (
	ofRegistration owner = iota
	ofProbe
	ofRemoval  // REGISTER with expires 0: nobody waits
	ofCall     // INVITE
	ofReinvite // INVITE within a call
	ofRefer
	ofCancel
	ofBye
	ofKeepAlive
	ofGhost // CANCEL or BYE for a dialog that the user never saw (FO-27)
)

type txState int

const (
	trying txState = iota // nothing heard; INVITE: calling
	proceeding
	completed // a final answer came
	abandoned // given up; answers are still matched until 64*T1 (FO-23, FO-27)
)

// outcome is how a transaction ended.
type outcome struct {
	cause  Cause
	code   int            // of a response
	reason string         // the reason phrase, or what failed
	fault  netfault.Fault // why there was no response
	silent bool           // no response, not even a provisional one
	proven bool           // the silence is that of an INVITE or a BYE (WR-56)
	// registrar says that it was a REGISTER that a call depended on.
	registrar bool
	Response
}

// phrase is the reason phrase of the response.
func (o outcome) phrase() string {
	if o.cause != CauseResponse {
		return ""
	}
	return o.reason
}

func (tx *transaction) live() bool { return tx != nil && tx.state <= proceeding }

// attempt starts a client transaction: one try of one request at one server, which is allowed a time; 0 means 64*T1, the last server's.
func (m *Machine) attempt(s Send, o owner, allowed time.Duration) *transaction {
	return m.attemptWithin(s, o, allowed, m.limits(s.Slot, allowed))
}

func (m *Machine) attemptWithin(s Send, o owner, allowed time.Duration, within limits) *transaction {
	m.nextTx++
	s.Tx, s.Datagram = m.nextTx, false
	tx := &transaction{owner: o, config: m.config, schedule: scheduleFor(m.settings, s.Method), start: m.now, linger: milliseconds(m.settings.T4)}
	tx.allowed, tx.deadline, tx.reliable = allowed, within.connect, m.reliable(s.Slot)
	s.Last, s.Budget, s.Connect = allowed == 0, within.total, 0
	if tx.reliable {
		s.Connect = within.connect
	}
	tx.Send = s
	m.txs[s.Tx] = tx
	if o == ofRemoval {
		m.removals++
	}
	m.do(s)
	m.planNext(tx, 0)
	m.do(Set{Timer{Name: GiveUp, Tx: s.Tx}, tx.start + tx.deadline})
	return tx
}

// planNext arms the retransmission after the datagram that was due at the offset last.
func (m *Machine) planNext(tx *transaction, last time.Duration) {
	tx.sent++
	wait := tx.schedule.interval(tx.sent)
	if tx.state == proceeding {
		wait = tx.schedule.t2 // Timer E after a provisional answer (RFC 3261 17.1.2.2)
	}
	tx.next = last + wait
	m.armRetransmit(tx)
}

// armRetransmit sets Timer A or E for the next datagram, unless the budget ends before (FO-01).
func (m *Machine) armRetransmit(tx *transaction) {
	if tx.next < tx.deadline && !tx.reliable && !tx.long {
		m.do(Set{Timer{Name: Retransmit, Tx: tx.Tx}, max(tx.start+tx.next, m.now)})
	}
}

func (m *Machine) txExpired(t Timer) {
	tx := m.txs[t.Tx]
	if tx == nil {
		return
	}
	switch {
	case t.Name == Linger:
		delete(m.txs, t.Tx)
		m.do(Forget{t.Tx})
	case !tx.live():
	case t.Name == GiveUp:
		m.end(tx, outcome{cause: CauseNoResponse, silent: tx.state == trying, fault: tx.notConnected(m.now)})
	case m.now < tx.start+tx.deadline: // woken too late: nothing leaves at or after the deadline (FO-01)
		s := tx.Send
		s.K = tx.sent
		m.do(s)
		m.planNext(tx, tx.next)
	}
}

// answered takes an answer to the transaction it belongs to.
func (m *Machine) answered(r Response) {
	tx := m.txs[r.Tx]
	switch {
	case tx == nil:
	case !tx.live():
		m.answeredLate(tx, r)
	case r.Code < 200:
		m.provisional(tx, r)
	default:
		if tx.Method == INVITE && r.Code >= 300 {
			m.do(Ack{tx.Tx}) // before anything else is sent (FO-26)
		}
		if m.retried(tx, r) {
			return
		}
		m.saw(tx, strconv.Itoa(r.Code), CauseResponse, netfault.Fault{})
		m.end(tx, outcome{cause: CauseResponse, code: r.Code, reason: r.Reason, Response: r})
	}
}

// provisional takes a 1xx. Any answer proves the server alive and cancels the retry count (FO-04).
func (m *Machine) provisional(tx *transaction, r Response) {
	switch {
	case tx.state != trying:
	case tx.Method == INVITE:
		m.do(Stop{Timer{Name: Retransmit, Tx: tx.Tx}})
		if tx.owner != ofReinvite {
			m.do(Stop{Timer{Name: GiveUp, Tx: tx.Tx}})
		}
	default:
		// Timer F applies in full. Timer E runs on as it was armed and is T2 from its next firing (RFC 3261 17.1.2.2, WR-24).
		tx.deadline = tx.schedule.full()
		m.do(Set{Timer{Name: GiveUp, Tx: tx.Tx}, tx.start + tx.deadline})
		m.armRetransmit(tx)
	}
	tx.state, tx.heard = proceeding, true
	if tx.owner == ofCall {
		m.ringback(tx, r)
	}
}

// maxHops bounds how far redirections are followed (FAILOVER 3.3).
const maxHops = 5

// retried answers a challenge, or adjusts the expiry to a 423, with a new transaction to the same server and a new budget (FAILOVER 3.3).
func (m *Machine) retried(tx *transaction, r Response) bool {
	s := tx.continued()
	repeats := tx.repeats
	switch {
	case tx.gone:
		return false // the call is not wanted any more
	case r.Code == 401 || r.Code == 407:
		if !m.challenged(tx, &repeats, r) {
			return false
		}
		s.Auth = tx.Tx
	case r.Code == 423 && tx.Method == REGISTER && !repeats.adjusted && r.MinExpires > s.Expires:
		s.Expires, repeats.adjusted = r.MinExpires, true
	case r.Code/100 == 3 && tx.Method == REGISTER && r.Redirect && repeats.hops < maxHops:
		s.Follow, s.Auth = tx.Tx, 0
		repeats.hops++
	default:
		return false
	}
	s.CSeq, s.Renew = s.CSeq+1, false
	if tx.Method == REGISTER {
		s.CSeq = m.nextCSeq(s.Series)
	}
	m.finish(tx, outcome{cause: CauseResponse, code: r.Code})
	t := m.attempt(s, tx.owner, tx.allowed)
	t.repeats, t.config = repeats, tx.config
	m.replaced(tx, t)
	return true
}

// replaced gives the owner of a transaction the one that follows it.
func (m *Machine) replaced(old, tx *transaction) {
	tx.heard = old.heard || old.state == completed
	switch tx.owner {
	case ofRegistration:
		m.procedure.tx = tx.Tx
	case ofProbe:
		m.failback.tx = tx.Tx
	case ofKeepAlive:
		m.keepalive.tx = tx.Tx
	}
	if m.repair == old.Tx {
		m.repair = tx.Tx
	}
	if m.procedure.tx == old.Tx {
		m.procedure.tx = tx.Tx
	}
	if c := m.calls[tx.Call]; c != nil {
		switch tx.owner {
		case ofCall:
			c.invite, c.cseq = tx.Tx, tx.CSeq
		case ofReinvite:
			c.reinvite, c.cseq = tx.Tx, tx.CSeq
		case ofRefer:
			c.transfer.tx, c.cseq = tx.Tx, tx.CSeq
		case ofBye:
			c.bye, c.byeCSeq = tx.Tx, tx.CSeq
		}
	}
}

// end finishes a live transaction and tells its owner.
func (m *Machine) end(tx *transaction, o outcome) {
	m.finish(tx, o)
	m.keepResult(tx, o)
	if o.cause != CauseResponse {
		m.saw(tx, resultText(o.cause), o.cause, o.fault)
	}
	if o.silent && (tx.owner == ofCall || tx.owner == ofBye) {
		m.provenSilent(tx)
	}
	switch tx.owner {
	case ofRegistration:
		m.registerEnded(tx, o)
	case ofProbe:
		m.probeEnded(tx, o)
	case ofRemoval:
		m.removalEnded(tx)
	case ofKeepAlive:
		m.keepAliveEnded(tx, o)
	case ofCall:
		m.inviteEnded(tx, o)
	case ofReinvite:
		m.reinviteEnded(tx, o)
	case ofRefer:
		m.referEnded(tx, o)
	case ofCancel:
		m.cancelEnded(tx, o)
	case ofBye:
		m.byeEnded(tx, o)
	}
	m.maybeFinished()
}

// current says whether a transaction went to a server that is still configured.
func (m *Machine) current(tx *transaction) bool { return tx.config == m.config }

// finish stops sending and keeps the transaction for as long as answers to it may come.
func (m *Machine) finish(tx *transaction, o outcome) {
	m.do(Stop{Timer{Name: Retransmit, Tx: tx.Tx}}, Stop{Timer{Name: GiveUp, Tx: tx.Tx}})
	if tx.long {
		m.do(Stop{Timer{Name: NoTCP, Tx: tx.Tx}})
	}
	m.do(Done{tx.Tx, o.cause, o.code, m.now - tx.start, o.fault})
	if tx.owner == ofRemoval {
		m.removals--
	}
	until := m.now + tx.schedule.full() // Timer D; Timer M of RFC 6026
	switch {
	case o.cause != CauseResponse:
		tx.state = abandoned
		until = max(tx.start+tx.schedule.full(), m.now)
	case tx.Method == INVITE:
		tx.state = completed
	default:
		tx.state = completed
		until = m.now + tx.linger // Timer K
	}
	m.do(Set{Timer{Name: Linger, Tx: tx.Tx}, until})
}

// abort ends a transaction that is no longer wanted, without telling anybody.
func (m *Machine) abort(id TxID) {
	if tx := m.txs[id]; tx.live() {
		m.finish(tx, outcome{cause: CauseAborted})
	}
}
