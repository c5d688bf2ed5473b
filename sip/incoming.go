package sip

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/media"
)

// request is a request from the wire, with sipgo's server transaction, which repeats the answer when the request is repeated.
type request struct {
	*sip.Request
	tx *sip.ServerTx
}

// invited is an INVITE of the peer's that is being answered.
type invited struct {
	request
	offer    bool // it had an SDP offer
	response *sip.Response
}

// takeRequest is called by sipgo, on a goroutine of its own for each new server transaction.
func (l *Line) takeRequest(req *sip.Request, tx *sip.ServerTx) {
	r := request{req, tx}
	switch {
	case req.IsAck():
		tx.Terminate() // an ACK for a 2xx is a transaction of its own and gets no answer
	case req.IsInvite():
		// sipgo answers the CANCEL, and the INVITE with 487.
		cancelled := func(*sip.Request) { l.inbox.put(func() { l.cancelled(r) }) }
		if !tx.OnCancel(cancelled) {
			return
		}
	}
	l.inbox.put(r)
}

// tagInvitation gives an INVITE that begins a call, and its CANCEL, this phone's To tag as soon as it is read: the answers that sipgo
// gives by itself, 100, 487 and the 200 to CANCEL, then carry the one tag of all answers (RFC 3261 8.2.6.2, 9.2).
func (l *Line) tagInvitation(msg sip.Message) {
	req, ok := msg.(*sip.Request)
	if ok && (req.IsInvite() || req.IsCancel()) && req.To() != nil && !req.To().Params.Has("tag") {
		req.To().Params.Add("tag", l.tagFor(req))
	}
}

// tagFor is our tag in the dialog that an INVITE begins: the same for the same request, and not to be guessed.
func (l *Line) tagFor(req *sip.Request) string {
	mac := hmac.New(sha256.New, []byte(l.secret))
	if via := req.Via(); via != nil {
		fmt.Fprintf(mac, "%q", via.Params.GetOr("branch", ""))
	}
	fmt.Fprintf(mac, "%v %v", req.CallID(), req.From())
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func (l *Line) requested(r request) {
	if r.CallID() == nil || r.From() == nil || r.To() == nil || r.CSeq() == nil {
		l.answer(r, 400, "Bad Request")
		return
	}
	if r.SipVersion != "SIP/2.0" {
		l.answer(r, 505, "Version Not Supported") // RFC 3261 21.5.6
		return
	}
	c, d := l.dialogOf(r)
	switch r.Method {
	case sip.INVITE:
		switch {
		case r.To().Params.GetOr("tag", "") == l.tagFor(r.Request):
			l.invitation(r)
		case d != nil:
			l.reinvited(c, d, r)
		default:
			l.answer(r, 481, "Call/Transaction Does Not Exist")
		}
	case sip.ACK:
		if c != nil && c.invited != nil && c.invited.CSeq().SeqNo == r.CSeq().SeqNo {
			l.acked(c, r)
		}
	case sip.BYE:
		if d == nil {
			l.answer(r, 481, "Call/Transaction Does Not Exist")
			return
		}
		l.answer(r, 200, "OK")
		l.step(line.PeerHungUp{Call: c.ID})
	case sip.CANCEL:
		l.answer(r, 481, "Call/Transaction Does Not Exist")
	case sip.OPTIONS:
		l.answer(r, 200, "OK")
	case sip.NOTIFY:
		l.notified(c, d, r)
	default:
		l.answer(r, 405, "Method Not Allowed")
	}
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

// invitation is a new call for this line.
func (l *Line) invitation(r request) {
	theirs, _ := r.From().Params.Get("tag")
	for _, c := range l.calls {
		if d := c.dialogs[line.Dialog{Call: c.ID}]; d != nil && d.callID == string(*r.CallID()) {
			if peer, _ := d.to.Params.Get("tag"); peer == theirs {
				l.answer(r, 482, "Loop Detected") // the same INVITE on two ways (RFC 3261 8.2.2.2)
				return
			}
		}
	}
	if !l.settings.Enabled || r.Recipient.User != l.settings.PhoneNumber {
		l.answer(r, 404, "Not Found")
		return
	}
	offer := len(r.Body()) > 0
	if offer {
		if _, err := media.Parse(r.Body()); err != nil {
			l.answer(r, 488, "Not Acceptable Here")
			return
		}
	}
	slot, t := l.dialogServer(r)
	c := &call{callID: string(*r.CallID()), tag: l.tagFor(r.Request), dialogs: make(map[line.Dialog]*dialog), invited: &invited{request: r, offer: offer}}
	c.ID = l.cfg.NextCall()
	from := r.To().AsFrom()
	to := r.From().AsTo()
	d := &dialog{direct: !l.settings.StrictProxy, acks: make(map[line.TxID][]byte), target: t, callID: c.callID, from: &from, to: &to, remote: r.From().Address}
	if contact := r.Contact(); contact != nil {
		d.remote = contact.Address
	}
	for _, h := range r.GetHeaders("Record-Route") {
		d.addRoute(h)
	}
	c.dialogs[line.Dialog{Call: c.ID}] = d
	l.calls[c.ID] = c
	l.step(line.Invited{Call: c.ID, Remote: caller(r.From()), Slot: slot, Elsewhere: d.nextHop() != l.target(slot).addr})
}

// caller is what the phone shows of who calls.
func caller(from *sip.FromHeader) string {
	if from.Address.User != "" {
		return from.Address.User
	}
	return from.Address.Host
}

// dialogServer is the slot whose address the INVITE came from, else the one its topmost Record-Route names, else the active one (FO-67). A
// server connects from any port, so over TCP its host counts where nothing else is known.
func (l *Line) dialogServer(r request) (line.Slot, *target) {
	source, _ := netip.ParseAddrPort(r.Source())
	source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
	addrs := []netip.AddrPort{source}
	if rr := r.RecordRoute(); rr != nil {
		if a, ok := uriAddr(rr.Address); ok {
			addrs = append(addrs, a)
		}
	}
	_, over := l.reached(r)
	for _, a := range addrs {
		if t := l.serverWhere(func(t *target) bool { return t.addr == a && t.config.Transport == over }); t != nil {
			return t.slot, t
		}
	}
	for _, a := range addrs {
		if t := l.serverWhere(func(t *target) bool { return t.addr == a }); t != nil {
			return t.slot, t
		}
	}
	slot := l.machine.Status().Active
	if slot == line.None {
		slot = line.Primary
	}
	if over == line.UDP {
		return slot, &target{server: &server{slot: slot, config: l.settings.Server(slot), caFile: l.settings.TLSCAFile}, addr: source}
	}
	if t := l.target(slot); t.addr.Addr() != source.Addr() {
		if host := l.serverWhere(func(t *target) bool { return t.addr.Addr() == source.Addr() }); host != nil {
			return host.slot, host
		}
	}
	return slot, l.target(slot)
}

// serverWhere is the first server whose address in use passes a test, nil for none.
func (l *Line) serverWhere(test func(*target) bool) *target {
	for _, slot := range l.settings.Slots() {
		if t := l.target(slot); t.addr.IsValid() && test(t) {
			return t
		}
	}
	return nil
}

// reinvited is the peer changing the session; it is answered with what this phone can do.
func (l *Line) reinvited(c *call, d *dialog, r request) {
	if c.State == line.Ended {
		l.answer(r, 481, "Call/Transaction Does Not Exist")
		return
	}
	if contact := r.Contact(); contact != nil {
		d.remote = contact.Address // target refresh (RFC 3261 12.2.2)
	}
	c.invited = &invited{request: r, offer: len(r.Body()) > 0}
	held := false
	if remote, err := media.Parse(r.Body()); err == nil {
		held = !remote.Direction.Receives()
	}
	l.step(line.Reinvited{Call: c.ID, Held: held})
}

func (l *Line) acked(c *call, r request) {
	if !c.invited.offer && c.media != nil {
		// The 200 had our offer, the ACK has the answer.
		if remote, err := c.media.Accept(r.Body()); err == nil {
			c.media.Start(remote)
		}
	}
	l.step(line.Acked{Call: c.ID})
}

func (l *Line) cancelled(r request) {
	for id, c := range l.calls {
		if c.invited != nil && c.invited.tx == r.tx {
			l.step(line.Cancelled{Call: id})
			return
		}
	}
}

// respond answers the peer's newest INVITE of a call, or sends the same 2xx again.
func (l *Line) respond(a line.Respond) {
	c := l.calls[a.Call]
	if c == nil || c.invited == nil {
		return
	}
	in := c.invited
	if a.K == 0 {
		in.response = l.newResponse(in.request, a.Code, reasons[a.Code], c.tag)
		if a.Code == 200 {
			if err := l.answerSession(c, in); err != nil {
				l.log.Warn("no sound in this call", "call", c.ID, "err", err)
			}
		}
	}
	if err := in.tx.Respond(in.response); err != nil {
		l.log.Warn("response not sent", "call", c.ID, "code", a.Code, "err", err)
	}
}

// answerSession puts the SDP of a 2xx together and starts the sound.
func (l *Line) answerSession(c *call, in *invited) error {
	if err := l.openMedia(c, c.dialogs[line.Dialog{Call: c.ID}].orAny(c).target); err != nil {
		return err
	}
	var body []byte
	if in.offer {
		answer, remote, err := c.media.Answer(in.Body(), direction(c.held))
		if err != nil {
			return err
		}
		c.media.Start(remote)
		body = answer
	} else {
		body = c.media.Offer(direction(c.held))
	}
	in.response.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	in.response.SetBody(body)
	return nil
}

// orAny is the dialog itself, or where this phone called, the one dialog of the call.
func (d *dialog) orAny(c *call) *dialog {
	if d != nil {
		return d
	}
	for _, other := range c.dialogs {
		return other
	}
	return nil
}

var reasons = map[int]string{180: "Ringing", 200: "OK", 480: "Temporarily Unavailable", 491: "Request Pending", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 603: "Decline"}

func (l *Line) newResponse(r request, code int, reason, tag string) *sip.Response {
	res := sip.NewResponseFromRequest(r.Request, code, reason, nil)
	res.SipVersion = "SIP/2.0"
	if to := res.To(); to != nil && tag != "" && !r.To().Params.Has("tag") {
		to.Params.Remove("tag")
		to.Params.Add("tag", tag)
	}
	if code < 300 {
		local, transport := l.reached(r)
		res.AppendHeader(contactAt(local, transport, l.settings.PhoneNumber))
	}
	if l.cfg.UserAgent != "" {
		res.AppendHeader(sip.NewHeader("Server", l.cfg.UserAgent))
	}
	if code == 200 || code == 405 {
		res.AppendHeader(sip.NewHeader("Allow", allow))
		res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	}
	return res
}

// reached is where the sender of a request reaches this line, as contact is for our own.
func (l *Line) reached(r request) (netip.AddrPort, line.Transport) {
	transport := line.UDP
	if s := l.streams.stream(r.Source()); s != nil && r.Transport() == "TCP" {
		if transport = s.transport; !l.listens(transport) {
			return addrPort(s.LocalAddr()), transport
		}
	}
	if source, err := netip.ParseAddrPort(r.Source()); err == nil {
		if a, err := l.localFor(&target{addr: source}); err == nil {
			return a, transport
		}
	}
	return l.local, transport
}

// answer responds to a request that makes no call.
func (l *Line) answer(r request, code int, reason string) {
	if err := r.tx.Respond(l.newResponse(r, code, reason, "")); err != nil {
		l.log.Debug("response not sent", "method", r.Method, "code", code, "err", err)
	}
}
