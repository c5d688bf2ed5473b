package sip

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/uas"
	"hilphone/sip/wire"
)

// Bounds of the server transactions of a line. A request that would need more is refused with 503, but one alone may have any size. Requests
// within dialogs have a part for themselves: however many callers there are, a call can be hung up.
const (
	maxServerTransactions = 256
	maxServerOctets       = 2 << 20 // of their requests, with what reading adds
	reservedTransactions  = maxServerTransactions / 4
	reservedOctets        = maxServerOctets / 4
	octetsPerField        = 256 // that a header field takes besides its text
)

// serverTransaction carries out the actions of a uas.Transaction: its newest response, and the way responses take. Requests that need no
// memory, such as OPTIONS or a request to be refused, are answered without one (RFC 3261 8.2.7). It does not keep the request: that lives as
// long as its call.
type serverTransaction struct {
	key     string
	machine *uas.Transaction
	id      requestID
	way     way
	octets  int    // counted for it
	newest  []byte // response
}

// requestID is what a request and the same request on another way have in common (RFC 3261 8.2.2.2).
type requestID struct {
	method  sip.RequestMethod
	callID  string
	fromTag string
	seq     uint32
}

func idOf(r request) requestID {
	return requestID{r.Method, string(*r.CallID()), r.From().Params.GetOr("tag", ""), r.CSeq().SeqNo}
}

// way is where responses to a request go.
type way struct {
	conn *stream // nil: by UDP
	to   netip.AddrPort
}

// serverTimer names a timer of a server transaction.
type serverTimer struct {
	tx   *serverTransaction
	name uas.Timer
}

// serverTransactions are those of a line, by serverKey.
type serverTransactions struct {
	byKey  map[string]*serverTransaction
	octets int // sum of those of all
	timers line.Alarms[serverTimer]
}

const branchCookie = "z9hG4bK" // RFC 3261 8.1.1.7

// serverKey is what a request shares with its repetitions, and an ACK or CANCEL with the INVITE it belongs to: branch, sent-by and method
// (RFC 3261 17.2.3). Without a branch of RFC 3261 it is put together as in RFC 2543, less what the ACK has otherwise.
func serverKey(r request, method sip.RequestMethod) string {
	via := r.Via()
	if branch, _ := via.Params.Get("branch"); strings.HasPrefix(branch, branchCookie) && len(branch) > len(branchCookie) {
		return fmt.Sprintf("%s %s %s:%d", method, branch, strings.ToLower(via.Host), via.Port)
	}
	fromTag, _ := r.From().Params.Get("tag")
	return fmt.Sprintf("%s 2543 %q %q %d %s", method, *r.CallID(), fromTag, r.CSeq().SeqNo, via.Value())
}

func (l *Line) serverTx(r request, method sip.RequestMethod) *serverTransaction {
	return l.servers.byKey[serverKey(r, method)]
}

// begin makes a server transaction for a request. It fails where there are too many. The reserved ones are for requests that change or end a
// dialog: digits in INFO must not keep a BYE out.
func (l *Line) begin(r *request) error {
	octets := r.size + octetsPerField*len(r.msg.Fields)
	if err := l.roomFor(octets, r.To().Params.Has("tag") && r.Method != sip.INFO); err != nil {
		return err
	}
	s := l.settings
	timers := uas.Timers{T1: milliseconds(s.T1), T2: milliseconds(s.T2), T4: milliseconds(s.T4)}
	id := idOf(*r)
	id.callID, id.fromTag = strings.Clone(id.callID), strings.Clone(id.fromTag) // not to keep the text they are part of
	tx := &serverTransaction{key: serverKey(*r, r.Method), machine: uas.New(r.IsInvite(), r.conn != nil, timers), id: id, way: wayBack(*r), octets: octets}
	r.tx = tx
	l.servers.byKey[tx.key] = tx
	l.servers.octets += octets
	return nil
}

func (l *Line) roomFor(octets int, reserved bool) error {
	most, mostOctets := maxServerTransactions, maxServerOctets
	if !reserved {
		most, mostOctets = most-reservedTransactions, mostOctets-reservedOctets
	}
	switch n := len(l.servers.byKey); {
	case n >= most:
		return fmt.Errorf("the line has %d server transactions", n)
	case n > 0 && l.servers.octets+octets > mostOctets:
		return fmt.Errorf("the %d server transactions of the line take %d octets", n, l.servers.octets)
	}
	return nil
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// merged says whether a request that begins a call is one that is still under way and came here on another way, too (RFC 3261 8.2.2.2): Call-ID,
// From tag and CSeq are the same.
func (l *Line) merged(r request) bool {
	id := idOf(r)
	for _, tx := range l.servers.byKey {
		if tx.id == id {
			return true
		}
	}
	return false
}

// finish sends a response within the request's transaction.
func (l *Line) finish(r request, res *sip.Response) {
	r.tx.newest = []byte(res.String())
	l.stepServer(r.tx, uas.Respond{Code: res.StatusCode})
}

// stepServer lets a server transaction decide and carries its decisions out.
func (l *Line) stepServer(tx *serverTransaction, e uas.Event) {
	for _, a := range tx.machine.Step(l.now(), e) {
		switch a := a.(type) {
		case uas.Send:
			if err := l.reply(tx.way, tx.newest); err != nil {
				l.log.Warn("response not sent", "method", tx.id.method, "to", tx.way.to, "err", err)
				if tx.way.conn != nil { // a connection that has ended does not come back
					l.stepServer(tx, uas.Failed{})
					return
				}
			}
		case uas.Set:
			l.servers.timers.Set(serverTimer{tx, a.Timer}, a.At)
		case uas.Stop:
			l.servers.timers.Stop(serverTimer{tx, a.Timer})
		case uas.End:
			l.endServer(tx)
		}
	}
}

func (l *Line) endServer(tx *serverTransaction) {
	delete(l.servers.byKey, tx.key)
	l.servers.octets -= tx.octets
	for _, name := range []uas.Timer{uas.TimerG, uas.TimerH, uas.TimerI, uas.TimerJ, uas.TimerL} {
		l.servers.timers.Stop(serverTimer{tx, name})
	}
}

// wayBack is where a response goes: where its request came from (RFC 3261 18.2.2, RFC 3581 4), over the same connection, or by UDP to the
// source address. The port is the source's where the request asks for that with rport, and where its sender does not know its own address; else
// that of sent-by.
func wayBack(r request) way {
	to := r.from
	if r.conn != nil {
		return way{r.conn, to}
	}
	via, err := r.msg.TopVia()
	if err == nil && !via.Params.Has("rport") && sameHost(via.Host, r) {
		if to = withPort(to, via.Port); via.Port == 0 {
			to = withPort(to, defaultPort)
		}
	}
	return way{to: to}
}

// reply sends a response, whatever its size (WR-20).
func (l *Line) reply(w way, b []byte) error {
	if w.conn != nil {
		return w.conn.send(b)
	}
	return l.socket.send(b, w.to)
}

// sameHost says whether a sent-by is the address that the request came from.
func sameHost(host string, r request) bool {
	a, err := parseAddr(host)
	return err == nil && a == r.from.Addr()
}

// topVia is the topmost Via as it is to be in a response: with received where its sent-by is not where the request came from, and with the
// port that rport asks for (RFC 3261 18.2.1, RFC 3581 4).
func topVia(r request, value string) string {
	via, err := r.msg.TopVia()
	if err != nil {
		return value
	}
	rport, asked := via.Params.Get("rport")
	if asked && rport == "" {
		value = wire.SetParam(value, "rport", fmt.Sprint(r.from.Port()))
	}
	if (asked && rport == "") || !sameHost(via.Host, r) {
		value = wire.SetParam(value, "received", r.from.Addr().WithZone("").String())
	}
	return value
}
