package sip

import (
	"errors"
	"net/netip"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

// transaction is what the wire keeps of a client transaction: the bytes to send again, and what came back.
type transaction struct {
	line.Send
	branch    string
	request   *sip.Request
	bytes     []byte
	to        netip.AddrPort
	target    *target
	final     *sip.Response  // the newest final answer, for the ACK
	redirect  netip.AddrPort // where a 3xx pointed
	challenge *challenged    // what a 401 or 407 asked for
	ack       []byte
	flow      *flow         // over TCP or TLS
	reused    bool          // the flow had carried a request before
	changed   bool          // a re-INVITE's answer has been taken
	over      bool          // it has ended for the machine; answers may still come
	settings  line.Settings // when it was built
}

// response is an answer from the wire.
type response struct{ *sip.Response }

// unreachable is an ICMP message from the wire.
type unreachable struct {
	to         netip.AddrPort
	typ, code  int
	quoted     string // branch of the message it quotes
	quotedVerb string // and its method; empty where too little was quoted
}

// udpLimit is the longest request that may go by UDP where the path MTU is unknown (RFC 3261 18.1.1).
const udpLimit = 1300

// send puts a request on the wire, first or again.
func (l *Line) send(s line.Send) {
	if s.K > 0 {
		if tx := l.txs[s.Tx]; tx != nil && tx.bytes != nil {
			tx.K = s.K
			l.transmit(tx)
		}
		return
	}
	tx := &transaction{Send: s, branch: newBranch(), target: l.targetOf(s), settings: l.settings}
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
			return &target{server: from.target.server, addr: from.redirect}
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

// first builds a request and sends its first datagram.
func (l *Line) first(tx *transaction) {
	tx.to = tx.target.addr
	l.route(tx)
	l.record("attempt_start", tx.Call, attemptStart{tx.Method, tx.Slot, tx.to.String(), tx.branch, tx.Budget.Milliseconds(), tx.Last})
	if tx.target.reliable() {
		l.overFlow(tx)
		return
	}
	if err := l.build(tx); err != nil {
		l.failLater(tx, line.CauseLocal, err)
		return
	}
	l.branches[key(tx.branch, string(tx.Method))] = tx
	if len(tx.bytes) > udpLimit {
		l.failLater(tx, line.CauseLocal, errTooLarge)
		return
	}
	l.transmit(tx)
}

var errTooLarge = errors.New("the message is too large for UDP (RFC 3261 18.1.1)")

func (l *Line) transmit(tx *transaction) {
	l.record("send", tx.Call, sent{tx.branch, tx.K})
	if _, err := l.socket.WriteTo(tx.bytes, udpAddr(tx.to)); err != nil {
		cause := line.CauseLocal // EMFILE, ENOBUFS and the like say nothing about the server (FO-10)
		if errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) {
			cause = line.CauseConnect
		}
		l.failLater(tx, cause, err)
	}
}

// failLater reports a failure as an event of its own: the machine is in the middle of a step.
func (l *Line) failLater(tx *transaction, cause line.Cause, err error) {
	l.log.Warn("request not sent", "method", tx.Method, "server", tx.Slot, "err", err)
	l.inbox.put(line.Failed{Tx: tx.Tx, Cause: cause, Reason: err.Error()})
}

// answered finds the transaction of an answer by the branch of its topmost Via and its method (RFC 3261 17.1.3).
func (l *Line) answered(a response) {
	via, cseq := a.Via(), a.CSeq()
	if via == nil || cseq == nil {
		return
	}
	branch, _ := via.Params.Get("branch")
	tx := l.branches[key(branch, string(cseq.MethodName))]
	if tx == nil {
		return
	}
	r := l.read(tx, a.Response)
	if tx.Method == line.REGISTER && r.Code/100 == 2 && tx.Expires > 0 {
		tx.target.pin(tx.target)
	}
	l.record("response", tx.Call, responseNote{branch, r.Code, r.Reason, int(r.RetryAfter / time.Second)})
	switch {
	case tx.Method == line.INVITE && tx.Dialog != line.Dialog{}:
		l.sessionChanged(tx, a.Response)
	case tx.Method == line.INVITE:
		r.Elsewhere = l.keepDialog(tx, a.Response, r.Tag)
	}
	l.step(r)
}

// unreachable finds the transaction that an ICMP message quotes (FO-05). Where too little of the datagram came back, it is every request
// that waits for an answer of that address.
func (l *Line) hit(e unreachable) {
	if tx := l.branches[key(e.quoted, e.quotedVerb)]; tx != nil {
		l.record("icmp", tx.Call, icmpNote{tx.branch, e.typ, e.code})
		l.step(line.ICMP{Tx: tx.Tx, Type: e.typ, Code: e.code})
		return
	}
	if e.quotedVerb != "" {
		return
	}
	var hit []line.TxID
	for id, tx := range l.txs {
		if tx.to == e.to && !tx.target.reliable() {
			hit = append(hit, id)
		}
	}
	for _, id := range hit {
		l.record("icmp", "", icmpNote{l.txs[id].branch, e.typ, e.code})
		l.step(line.ICMP{Tx: id, Type: e.typ, Code: e.code})
	}
}

func (l *Line) readICMP() {
	buf := make([]byte, 2048)
	for {
		n, to, typ, code, err := l.socket.ReadICMP(buf)
		if err != nil {
			return
		}
		branch, verb := quoted(buf[:n])
		l.inbox.put(unreachable{addrPort(to), typ, code, branch, verb})
	}
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
	l.record("attempt_end", tx.Call, attemptEnd{tx.branch, d.Cause, d.Elapsed.Milliseconds(), tx.Method, tx.Slot, d.Code})
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

// What the events of a transaction carry.
type (
	attemptStart struct {
		Method line.Method `json:"method"`
		Slot   line.Slot   `json:"slot"`
		Target string      `json:"target"`
		Branch string      `json:"branch"`
		Budget int64       `json:"budget_ms"`
		Last   bool        `json:"last"`
	}
	sent struct {
		Branch string `json:"branch"`
		K      int    `json:"k"`
	}
	responseNote struct {
		Branch     string `json:"branch"`
		Code       int    `json:"code"`
		Reason     string `json:"reason"`
		RetryAfter int    `json:"retry_after_s"`
	}
	icmpNote struct {
		Branch string `json:"branch"`
		Type   int    `json:"type"`
		Code   int    `json:"code"`
	}
	attemptEnd struct {
		Branch  string      `json:"branch"`
		Cause   line.Cause  `json:"cause"`
		Elapsed int64       `json:"elapsed_ms"`
		Method  line.Method `json:"method"`
		Slot    line.Slot   `json:"slot"`
		Code    int         `json:"code,omitempty"`
	}
)
