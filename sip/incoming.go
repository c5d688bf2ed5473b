package sip

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/uas"
	"hilphone/sip/wire"
)

// invited is an INVITE of the peer's that is being answered.
type invited struct {
	request
	sdp      []byte // its offer; nil: the 2xx makes one, the ACK has the answer
	answered bool   // with 2xx
	acked    bool
}

// requested handles a request in the order of RFC 3261 8.2.
func (l *Line) requested(r request) {
	if reason := unreadable(r); reason != "" {
		l.answer(r, 400, reason)
		return
	}
	switch r.Method {
	case sip.ACK:
		l.acknowledged(r)
		return
	case sip.CANCEL:
		l.cancelled(r)
		return
	}
	if tx := l.serverTx(r, r.Method); tx != nil {
		l.stepServer(tx, uas.Repeated{})
		return
	}
	c, d := l.dialogOf(r)
	if d == nil && l.fromStranger(r) || l.refused(r) {
		return
	}
	if r.To().Params.Has("tag") {
		l.inDialogRequest(r, c, d)
		return
	}
	switch r.Method {
	case sip.INVITE:
		l.invitation(r)
	case sip.BYE, sip.INFO: // without a dialog they are about nothing
		l.answer(r, 481, "Call/Transaction Does Not Exist")
	case sip.NOTIFY:
		l.notified(nil, r)
	default:
		l.answer(r, 200, "OK") // OPTIONS
	}
}

// unreadable is the reason phrase of the 400 to a request in which something that the phone needs is missing or cannot be read, empty where
// nothing is.
func unreadable(r request) string {
	for _, name := range []string{"From", "To", "Call-ID", "CSeq"} {
		if _, bad := r.msg.Fault(name); bad || r.GetHeader(name) == nil {
			return "Bad " + name
		}
	}
	if _, err := r.msg.TopVia(); err != nil {
		return "Bad Via"
	}
	needed := []string{"Request-URI", "Content-Length"}
	if r.IsInvite() && !r.To().Params.Has("tag") {
		needed = append(needed, "Contact", "Record-Route") // the dialog is made of them
	}
	if f, bad := r.msg.Fault(needed...); bad {
		return "Bad " + f.Field
	}
	if r.CSeq().MethodName != r.Method {
		return "Bad CSeq"
	}
	return ""
}

// refused answers a request that the phone does not understand (RFC 3261 8.2.1, 8.2.2).
func (l *Line) refused(r request) bool {
	switch {
	case r.SipVersion != wire.Version:
		l.answer(r, 505, "Version Not Supported") // RFC 3261 21.5.6
	case !strings.Contains(", "+allow+", ", ", "+string(r.Method)+", "):
		l.answer(r, 405, "Method Not Allowed")
	case r.Recipient.Scheme != "sip" && r.Recipient.Scheme != "sips":
		l.answer(r, 416, "Unsupported URI Scheme")
	case len(r.msg.Values("Require")) > 0:
		l.answer(r, 420, "Bad Extension", sip.NewHeader("Unsupported", strings.Join(r.msg.Values("Require"), ", "))) // no extension is supported
	default:
		return false
	}
	return true
}

// dialogOf finds the dialog of a request by Call-ID and both tags (RFC 3261 12.2.2).
func (l *Line) dialogOf(r request) (*call, *dialog) {
	ours, _ := r.To().Params.Get("tag")
	theirs, _ := r.From().Params.Get("tag")
	for _, c := range l.calls {
		for _, d := range c.dialogs {
			own, _ := d.from.Params.Get("tag")
			peer, _ := d.to.Params.Get("tag")
			if d.callID == string(*r.CallID()) && own == ours && peer == theirs {
				return c, d
			}
		}
	}
	return nil, nil
}

// inDialogRequest handles a request with a To tag.
func (l *Line) inDialogRequest(r request, c *call, d *dialog) {
	if d == nil {
		switch r.Method {
		case sip.NOTIFY:
			l.notified(nil, r)
		default:
			l.answer(r, 481, "Call/Transaction Does Not Exist")
		}
		return
	}
	if n := int64(r.CSeq().SeqNo); n < d.remoteSeq {
		l.answer(r, 500, "Out Of Order") // RFC 3261 12.2.2 (WR-31)
		return
	} else {
		d.remoteSeq = n
	}
	if r.Method == sip.OPTIONS {
		l.answer(r, 200, "OK")
		return
	}
	if err := l.begin(&r); err != nil {
		l.answer(r, 503, "Too Many Requests", sip.NewHeader("Retry-After", "1"))
		return
	}
	switch r.Method {
	case sip.INVITE:
		l.reinvited(c, d, r)
	case sip.BYE:
		l.answer(r, 200, "OK")
		l.step(line.PeerHungUp{Call: c.ID})
	case sip.INFO:
		l.informed(c, r)
	case sip.NOTIFY:
		l.notified(c, r)
	}
}

// acknowledged gives an ACK to its INVITE's transaction, or to the call: the ACK for a 2xx is a transaction by itself (RFC 3261 13.2.2.4), but
// some peers send it with the INVITE's branch, with none, or with one of RFC 2543 (WR-32, RFC 6026 7.1).
func (l *Line) acknowledged(r request) {
	if tx := l.serverTx(r, sip.INVITE); tx != nil && tx.machine.State() != uas.Accepted {
		l.stepServer(tx, uas.Acknowledged{})
		return
	}
	if c, d := l.dialogOf(r); d != nil && c.invited != nil && c.invited.CSeq().SeqNo == r.CSeq().SeqNo {
		l.acked(c, r)
	}
}

// cancelled takes a CANCEL. It is answered whatever becomes of its INVITE (RFC 3261 9.2), with the tag of the INVITE's responses.
func (l *Line) cancelled(r request) {
	tx := l.serverTx(r, sip.INVITE)
	if tx == nil {
		l.answer(r, 481, "Call/Transaction Does Not Exist")
		return
	}
	l.answer(r, 200, "OK")
	if tx.machine.State() != uas.Proceeding {
		return // a final response was sent: nothing is left to cancel
	}
	for id, c := range l.calls {
		if c.invited != nil && c.invited.tx == tx {
			l.step(line.Cancelled{Call: id})
			return
		}
	}
}

// reinvited is the peer changing the session; it is answered with what this phone can do. An offer that cannot be used leaves the session
// and the remote target as they are (RFC 3261 14.2).
func (l *Line) reinvited(c *call, d *dialog, r request) {
	switch c.State {
	case line.Ended:
		l.answer(r, 481, "Call/Transaction Does Not Exist")
		return
	case line.Ringing: // the INVITE before has no final answer (RFC 3261 14.2)
		l.answer(r, 500, "INVITE Pending", sip.NewHeader("Retry-After", strconv.Itoa(rand.IntN(11))))
		return
	}
	sdp, remote, ok := l.offerIn(r, c.checkOffer)
	if !ok {
		return
	}
	if contact := r.Contact(); contact != nil {
		d.remote = contact.Address // target refresh (RFC 3261 12.2.2)
	}
	c.asked = &invited{request: r, sdp: sdp}
	l.step(line.Reinvited{Call: c.ID, Held: sdp != nil && remote.Held(), Offer: sdp != nil})
}

// acked takes the ACK for a 2xx; the same ACK may come again.
func (l *Line) acked(c *call, r request) {
	e := line.Acked{Call: c.ID}
	if in := c.invited; in.answered && !in.acked {
		in.acked = true
		if in.sdp == nil {
			e.Answer, e.Held = l.sessionAcked(c, r)
		}
	}
	l.step(e)
}

// respond answers the peer's newest INVITE of a call, or sends the same 2xx again. A re-INVITE that is refused does not take the place of an
// INVITE whose 2xx waits for its ACK.
func (l *Line) respond(a line.Respond) {
	c := l.calls[a.Call]
	if c == nil || c.invited == nil && c.asked == nil {
		return
	}
	in := c.invited
	if a.K > 0 { // the newest response of the transaction is the 2xx
		l.stepServer(in.tx, uas.Respond{Code: a.Code})
		return
	}
	if c.asked != nil {
		in, c.asked = c.asked, nil
	}
	res := l.newResponse(in.request, a.Code, reasons[a.Code])
	if a.Code == 200 {
		c.invited, in.answered = in, true
		l.answerSession(c, in, res)
	}
	l.finish(in.request, res)
}
