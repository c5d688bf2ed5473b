package sip

import (
	"errors"
	"net/netip"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/db/journal/event"
	"hilphone/sip/digest"
	"hilphone/sip/line"
	"hilphone/sip/netfault"
)

// transaction is what the wire keeps of a client transaction: the bytes to send again, and what came back.
type transaction struct {
	line.Send
	branch      string
	request     *sip.Request
	bytes       []byte
	hop         // where it goes
	target      *target
	long        bool                // too long for UDP: it goes by TCP first (RFC 3261 18.1.1)
	final       *sip.Response       // the newest final answer, for the ACK
	redirect    netip.AddrPort      // where a 3xx pointed
	credentials *digest.Credentials // that it carries; nil where it goes to no server of the line
	next        *digest.Credentials // with what answers its 401 or 407
	ack         []byte
	flow        *flow  // over TCP or TLS
	reused      bool   // the flow had carried a request before
	sdp         []byte // a re-INVITE's answer, the first SDP that came
	changed     bool   // and it has been taken
	over        bool   // it has ended for the machine; answers may still come
}

// udpLimit is the longest request that may go by UDP where the path MTU is unknown (RFC 3261 18.1.1).
const udpLimit = 1300

// send puts a request on the wire, first or again.
func (l *Line) send(s line.Send) {
	if s.Datagram && s.K == 0 {
		if tx := l.txs[s.Tx]; tx != nil {
			l.backToUDP(tx)
		}
		return
	}
	if s.K > 0 {
		if tx := l.txs[s.Tx]; tx != nil && tx.bytes != nil {
			tx.K = s.K
			l.transmit(tx)
		}
		return
	}
	tx := &transaction{Send: s, branch: newBranch(), target: l.targetOf(s), credentials: l.txs[s.Auth].continued()}
	l.txs[s.Tx] = tx
	if c := l.calls[s.Call]; c != nil {
		c.pending++
	}
	if !tx.target.addr.IsValid() {
		l.lookUp(tx.target.server)
		tx.target.waiting = append(tx.target.waiting, s.Tx)
		return
	}
	l.first(tx)
}

// targetOf is where a request goes: a registration dialog keeps its server when the settings change, a dialog its dialog server,
// a CANCEL the way of its INVITE.
func (l *Line) targetOf(s line.Send) *target {
	switch s.Method {
	case line.REGISTER:
		if from := l.txs[s.Follow]; from != nil {
			return from.target.redirect(from.redirect)
		}
		if r := l.series[s.Series]; r != nil {
			return r.server.at(s.Target)
		}
	case line.CANCEL:
		if invite := l.txs[s.Of]; invite != nil {
			return invite.target
		}
	case line.BYE, line.INVITE, line.REFER:
		if d := l.dialog(s.Dialog); d != nil && d.target.slot == s.Slot {
			return d.target
		}
	}
	return l.server(s.Slot).at(s.Target)
}

// first sends a request for the first time, once the address of its next hop is known.
func (l *Line) first(tx *transaction) {
	tx.hop = tx.target.hop()
	if host := l.route(tx); host != nil {
		l.lookUp(host)
		host.waiting = append(host.waiting, tx.Tx)
		return
	}
	l.atPlace(tx)
	budget, connect := tx.Budget, tx.Connect
	if !tx.reliable() && connect > 0 { // a route sends it by UDP: the budget is that of the server (WR-23), and there is no connection to extend it
		budget, connect = connect, 0
	}
	l.record(tx.Call, event.AttemptStart{
		Method: string(tx.Method), Slot: string(tx.Slot), Target: tx.to.String(), Proxy: tx.proxy(), Branch: tx.branch,
		Budget: budget.Milliseconds(), Connect: connect.Milliseconds(), Last: tx.Last,
	})
	if server := tx.target.hop(); tx.reliable() != server.reliable() {
		l.inbox.put(line.Carried{Tx: tx.Tx, Reliable: tx.reliable()})
	}
	if tx.reliable() {
		l.overFlow(tx)
		return
	}
	l.datagram(tx)
}

// datagram builds a request and sends it by UDP. One that is too long for that goes by TCP to the same address first (WR-21); the machine says
// for how long that is tried.
func (l *Line) datagram(tx *transaction) {
	if err := l.build(tx); err != nil {
		l.failLater(tx, localCause(err), err)
		return
	}
	l.branches[key(tx.branch, string(tx.Method))] = tx
	if len(tx.bytes) <= udpLimit || tx.long {
		l.transmit(tx)
		return
	}
	tx.long, tx.transport = true, line.TCP
	l.inbox.put(line.TooLong{Tx: tx.Tx})
	l.overFlow(tx)
}

// backToUDP sends a long request by UDP after all: there is no TCP connection to be had. A dial that nothing else waits for ends, so that the
// next long request makes another one: the kernel repeats a SYN that was lost after seconds only.
func (l *Line) backToUDP(tx *transaction) {
	f := tx.flow
	tx.transport, tx.flow = line.UDP, nil
	if f != nil && f.stream == nil && !l.awaited(f) {
		l.drop(f)
	}
	l.datagram(tx)
}

// localCause tells a route that is missing, which makes a server unavailable, from faults that say nothing about the server (FO-10, WR-54).
func localCause(err error) line.Cause {
	if errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETDOWN) {
		return line.CauseConnect
	}
	return line.CauseLocal
}

func (l *Line) transmit(tx *transaction) {
	l.record(tx.Call, event.Send{Branch: tx.branch, K: tx.K})
	if err := l.socket.send(tx.bytes, tx.to); err != nil {
		l.failLater(tx, localCause(err), err)
	}
}

// failLater reports a failure as an event of its own: the machine is in the middle of a step.
func (l *Line) failLater(tx *transaction, cause line.Cause, err error) {
	l.log.Warn("request not sent", "method", tx.Method, "server", tx.Slot, "err", err)
	l.inbox.put(line.Failed{Tx: tx.Tx, Cause: cause, Fault: netfault.Of(err)})
}

// answered finds the transaction of an answer by the branch of its topmost Via and its method (RFC 3261 17.1.3).
func (l *Line) answered(a response) {
	tx := l.transactionOf(a)
	if tx == nil {
		return
	}
	branch := tx.branch
	r := l.read(tx, a)
	if tx.Method == line.REGISTER && r.Code/100 == 2 && tx.Expires > 0 {
		tx.target.pin(tx.target)
	}
	l.record(tx.Call, event.Response{Branch: branch, Code: r.Code, Reason: r.Reason, RetryAfter: int(r.RetryAfter / time.Second)})
	switch {
	case tx.Method == line.INVITE && tx.Dialog != line.Dialog{}:
		r.Answer, r.Held = l.sessionChanged(tx, a)
	case tx.Method == line.INVITE:
		r.Answer, r.Held = l.sessionAnswered(tx, a, r.Tag)
		r.Elsewhere = l.keepDialog(tx, a, r.Tag)
	}
	l.step(r)
}

// transactionOf finds the transaction of an answer. Where the method cannot be read the branch alone says which it is, unless a CANCEL
// shares it (WR-01).
func (l *Line) transactionOf(a response) *transaction {
	via, _ := a.msg.TopVia()
	if via == nil {
		return nil
	}
	branch, _ := via.Params.Get("branch")
	if cseq := a.CSeq(); cseq != nil {
		return l.branches[key(branch, string(cseq.MethodName))]
	}
	var found *transaction
	for _, m := range []line.Method{line.REGISTER, line.INVITE, line.CANCEL, line.BYE, line.REFER, line.OPTIONS} {
		if tx := l.branches[key(branch, string(m))]; tx != nil {
			if found != nil {
				return nil
			}
			found = tx
		}
	}
	return found
}

func (l *Line) ended(d line.Done) {
	tx := l.txs[d.Tx]
	if tx == nil {
		return
	}
	tx.over = true
	if tx.flow != nil && d.Cause == line.CauseNoResponse {
		l.drop(tx.flow)
	}
	l.record(tx.Call, event.AttemptEnd{
		Branch: tx.branch, Cause: string(d.Cause), Elapsed: d.Elapsed.Milliseconds(), Method: string(tx.Method), Slot: string(tx.Slot), Code: d.Code,
		Reason: string(d.Fault.Reason), Detail: d.Fault.Detail,
	})
}

func (l *Line) forget(id line.TxID) {
	tx := l.txs[id]
	if tx == nil {
		return
	}
	delete(l.txs, id)
	delete(l.branches, key(tx.branch, string(tx.Method)))
	if c := l.calls[tx.Call]; c != nil {
		c.pending--
		l.dropCall(c)
	}
}

func key(branch, method string) string { return method + " " + branch }
