package server

import (
	"fmt"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Timer values of RFC 3261 17, table 4.
const (
	t1       = 500 * time.Millisecond
	t2       = 4 * time.Second
	giveUpAt = 64 * t1
)

// serverTx remembers the last answer to a request, so that a retransmitted request gets it again, and repeats a final
// answer to INVITE until its ACK (RFC 3261 17.2).
type serverTx struct {
	to     hop
	last   []byte
	final  bool
	taken  bool // the final answer is a 2xx, whose ACK belongs to the call (17.2.1)
	repeat *appointment
}

// serverKey identifies a transaction (17.2.3). Call-ID and CSeq make it hold for peers without a branch cookie too.
func serverKey(req *sip.Request, method sip.RequestMethod) string {
	via := req.Via()
	return fmt.Sprint(via.Params.GetOr("branch", ""), " ", via.Host, ":", via.Port, " ", req.CallID().Value(), " ",
		req.CSeq().SeqNo, " ", method)
}

// repeated deals with a request of a known transaction: a retransmission gets the last answer, an ACK of a non-2xx
// answer ends its repetition. It reports whether that was all there is to do.
func (s *station) repeated(req *sip.Request) bool {
	if req.IsAck() {
		tx := s.servers[serverKey(req, sip.INVITE)]
		if tx == nil || !tx.final || tx.taken {
			return false
		}
		tx.repeat.cancel()
		return true
	}
	tx := s.servers[serverKey(req, req.Method)]
	if tx == nil {
		return false
	}
	tx.to = origin(req)
	s.send(tx.to, tx.last)
	return true
}

// answer sends an answer to where the request came from (RFC 3581 4), over the same connection, and keeps it for retransmissions.
func (s *station) answer(req *sip.Request, res *sip.Response) {
	to := origin(req)
	key := serverKey(req, req.Method)
	tx := s.servers[key]
	if tx == nil {
		tx = &serverTx{to: to}
		s.servers[key] = tx
	}
	if tx.final {
		return
	}
	tx.last = []byte(res.String())
	s.send(to, tx.last)
	if res.IsProvisional() {
		return
	}
	tx.final, tx.taken = true, res.IsSuccess()
	s.agenda.after(giveUpAt, func() { tx.repeat.cancel(); delete(s.servers, key) }) // Timers H and J
	if req.IsInvite() && !res.IsSuccess() && to.transport == overUDP {
		s.repeatAnswer(tx, t1)
	}
}

// repeatAnswer is Timer G; the end of the transaction or the ACK stops it.
func (s *station) repeatAnswer(tx *serverTx, wait time.Duration) {
	tx.repeat = s.agenda.after(wait, func() {
		s.send(tx.to, tx.last)
		s.repeatAnswer(tx, min(2*wait, t2))
	})
}

// clientTx is a request on its way (RFC 3261 17.1).
type clientTx struct {
	req     *sip.Request
	to      hop
	data    []byte
	repeat  *appointment
	end     *appointment
	heard   bool // any response
	final   bool
	ack     []byte                  // of a non-2xx answer to INVITE
	respond func(res *sip.Response) // each new response, and each 2xx to INVITE again
	timeout func()                  // no final response in 64*T1
}

func clientKey(branch string, method sip.RequestMethod) string { return branch + " " + string(method) }

// request sends a request as a new transaction; its top Via must carry a branch of its own.
func (s *station) request(req *sip.Request, to hop, respond func(*sip.Response), timeout func()) *clientTx {
	branch := req.Via().Params.GetOr("branch", "")
	key := clientKey(branch, req.Method)
	tx := &clientTx{req: req, to: to, data: []byte(req.String()), respond: respond, timeout: timeout}
	s.clients[key] = tx
	s.send(to, tx.data)
	if to.transport == overUDP {
		s.repeatRequest(tx, t1)
	}
	tx.end = s.agenda.after(giveUpAt, func() {
		if req.IsInvite() && tx.heard && !tx.final {
			return // Timer B runs in the state Calling only; a ringing call may last
		}
		tx.repeat.cancel()
		delete(s.clients, key)
		if !tx.final {
			tx.final = true
			tx.timeout()
		}
	})
	return tx
}

// repeatRequest is Timer A (doubling) or E (doubling up to T2; T2 once a provisional answer came).
func (s *station) repeatRequest(tx *clientTx, wait time.Duration) {
	tx.repeat = s.agenda.after(wait, func() {
		s.send(tx.to, tx.data)
		switch {
		case tx.req.IsInvite():
			s.repeatRequest(tx, 2*wait)
		case tx.heard:
			s.repeatRequest(tx, t2)
		default:
			s.repeatRequest(tx, min(2*wait, t2))
		}
	})
}

// responded gives a response to its transaction; false when there is none.
func (s *station) responded(res *sip.Response) bool {
	key := clientKey(res.Via().Params.GetOr("branch", ""), res.CSeq().MethodName)
	tx := s.clients[key]
	if tx == nil {
		return false
	}
	invite := tx.req.IsInvite()
	tx.heard = true
	switch {
	case tx.final && invite && res.IsSuccess():
		tx.respond(res) // its ACK was lost (13.2.2.4)
	case tx.final:
		if tx.ack != nil {
			s.send(tx.to, tx.ack)
		}
	case res.IsProvisional():
		if invite {
			tx.repeat.cancel()
		}
		tx.respond(res)
	default:
		tx.final = true
		tx.repeat.cancel()
		tx.end.cancel()
		s.agenda.after(giveUpAt, func() { delete(s.clients, key) })
		if invite && !res.IsSuccess() {
			tx.ack = []byte(ackOf(tx.req, res).String())
			s.send(tx.to, tx.ack)
		}
		tx.respond(res)
	}
	return true
}

// follow makes the ACK of a non-2xx answer or the CANCEL of a request: the same hop, branch and Route
// (RFC 3261 9.1, 17.1.1.3).
func follow(req *sip.Request, method sip.RequestMethod) *sip.Request {
	next := sip.NewRequest(method, req.Recipient)
	next.AppendHeader(sip.HeaderClone(req.Via()))
	for _, h := range req.GetHeaders("Route") {
		next.AppendHeader(sip.HeaderClone(h))
	}
	hops := sip.MaxForwardsHeader(70)
	next.AppendHeader(&hops)
	next.AppendHeader(sip.HeaderClone(req.From()))
	next.AppendHeader(sip.HeaderClone(req.To()))
	next.AppendHeader(sip.HeaderClone(req.CallID()))
	next.AppendHeader(&sip.CSeqHeader{SeqNo: req.CSeq().SeqNo, MethodName: method})
	next.SetBody(nil)
	return next
}

func ackOf(req *sip.Request, res *sip.Response) *sip.Request {
	ack := follow(req, sip.ACK)
	ack.To().Params = res.To().Params.Clone()
	return ack
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
