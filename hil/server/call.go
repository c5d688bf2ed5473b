package server

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// CallState is how far a call has come.
type CallState string

const (
	CallRinging CallState = "ringing" // not answered yet, in either direction
	CallUp      CallState = "up"      // answered
	CallOver    CallState = "over"
)

// End says how a call ended.
type End struct {
	By     string // "peer", "phone", or "server" for an answer that may be anybody's
	Method string // BYE, CANCEL, INVITE (refused) or ACK (missing)
	Status int    // of a refused INVITE
	Lost   bool   // our BYE found no answer
}

// CallInfo is what is known of a call.
type CallInfo struct {
	CallID   string
	Incoming bool
	Remote   string         // user at the other end
	Via      netip.AddrPort // the server it came from or went to
	State    CallState
	Started  time.Time
	Answered time.Time
	Ended    time.Time
	End      End
}

// Call is one call of a Phone. Fields below info are the loop's own.
type Call struct {
	phone    *Phone
	info     CallInfo      // guarded by phone.mu
	answered chan struct{} // closed when up or over
	ended    chan struct{} // closed when over

	localTag  string
	local     sip.Uri // our and their address of record
	remote    sip.Uri
	remoteTag string
	target    sip.Uri // their Contact
	routes    []sip.Uri
	cseq      uint32
	version   uint64 // of our SDP
	invite    *sip.Request
	inviteTx  *clientTx
	okCSeq    uint32 // of the INVITE whose 2xx waits for its ACK
	okRepeat  *appointment
	okEnd     *appointment
	hangUp    *appointment
	cancel    bool
	leaving   bool // BYE sent
	ack       []byte
}

// Info tells the state of the call.
func (c *Call) Info() CallInfo {
	c.phone.mu.Lock()
	defer c.phone.mu.Unlock()
	return c.info
}

// Ended is closed when the call is over.
func (c *Call) Ended() <-chan struct{} { return c.ended }

func (p *Phone) newCall(callID, localTag, remote string, via netip.AddrPort, incoming bool) *Call {
	c := &Call{phone: p, localTag: localTag, answered: make(chan struct{}), ended: make(chan struct{}),
		info: CallInfo{CallID: callID, Incoming: incoming, Remote: remote, Via: via, State: CallRinging, Started: time.Now()}}
	p.dialogs[dialogKey(callID, localTag)] = c
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls = append(p.calls, c); len(p.calls) > 1000 {
		p.calls = slices.Clone(p.calls[1:])
	}
	return c
}

func (c *Call) up() {
	c.phone.mu.Lock()
	c.info.State, c.info.Answered = CallUp, time.Now()
	hangUp := c.phone.answering.HangUpAfter
	incoming := c.info.Incoming
	c.phone.mu.Unlock()
	close(c.answered)
	if incoming && hangUp > 0 {
		c.hangUp = c.phone.station.agenda.after(hangUp, c.bye)
	}
}

func (c *Call) over(end End) {
	p := c.phone
	p.mu.Lock()
	before := c.info.State
	if before != CallOver {
		c.info.State, c.info.Ended, c.info.End = CallOver, time.Now(), end
	}
	p.mu.Unlock()
	if before == CallOver {
		return
	}
	delete(p.dialogs, dialogKey(c.info.CallID, c.localTag))
	for _, a := range []*appointment{c.okRepeat, c.okEnd, c.hangUp} {
		a.cancel()
	}
	if before == CallRinging {
		close(c.answered)
	}
	close(c.ended)
}

func (c *Call) state() CallState { return c.Info().State }

// ringing deals with an INVITE that begins a call.
func (p *Phone) ringing(req *sip.Request) {
	for _, other := range p.dialogs {
		// The same request by another way, while the first is at work (RFC 3261 8.2.2.2).
		if o := other.invite; other.info.Incoming && o.CallID().Value() == req.CallID().Value() &&
			fromTag(o) == fromTag(req) && o.CSeq().SeqNo == req.CSeq().SeqNo {
			p.station.answer(req, respond(req, 482, ""))
			return
		}
	}
	p.mu.Lock()
	how := p.answering
	p.mu.Unlock()
	if how.Mode == Ignore {
		return
	}
	contact := req.Contact()
	via, err := netip.ParseAddrPort(req.Source())
	if contact == nil || err != nil {
		p.station.answer(req, respond(req, 400, "No Contact"))
		return
	}
	tag := digestOf(serverKey(req, req.Method))
	c := p.newCall(req.CallID().Value(), tag, req.From().Address.User, via, true)
	c.invite, c.cseq = req, 1
	c.local, c.remote, c.remoteTag = req.To().Address, req.From().Address, fromTag(req)
	c.target = contact.Address
	for _, h := range req.GetHeaders("Record-Route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			c.routes = append(c.routes, rr.Address)
		}
	}
	if how.After > 0 || how.Mode == Ring || how.Mode == Answer || how.Mode == "" {
		c.answer(req, 180, "")
	}
	if how.Mode == Ring {
		return
	}
	// Even without a delay the answer comes after the loop's turn, so that 180 is seen first.
	p.station.agenda.after(how.After, func() {
		if c.state() != CallRinging {
			return
		}
		switch how.Mode {
		case Busy:
			c.refuse(req, 486)
		case Decline:
			c.refuse(req, 603)
		case Reject:
			c.refuse(req, how.Status)
		default:
			c.accept(req)
		}
	})
}

// answer answers a request of this call's dialog.
func (c *Call) answer(req *sip.Request, code int, sdp string) {
	res := respond(req, code, "")
	res.To().Params.Add("tag", c.localTag)
	if code < 300 {
		self := uriAt(c.phone.user, c.phone.station.at)
		res.AppendHeader(&sip.ContactHeader{Address: self})
		res.AppendHeader(sip.NewHeader("Allow", allowed))
	}
	if sdp != "" {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody([]byte(sdp))
	}
	c.phone.station.answer(req, res)
}

func (c *Call) refuse(req *sip.Request, code int) {
	c.over(End{By: "phone", Method: "INVITE", Status: code})
	c.answer(req, code, "")
}

// accept answers an INVITE with 200 and repeats that until the ACK comes (RFC 3261 13.3.1.4).
func (c *Call) accept(req *sip.Request) {
	c.version++
	sdp, ok := answerTo(req.Body(), c.phone.user, c.phone.mediaAt(), c.version)
	first := c.state() == CallRinging
	if !ok {
		if first {
			c.refuse(req, 488)
		} else {
			c.answer(req, 488, "")
		}
		return
	}
	if first {
		c.up()
	}
	c.answer(req, 200, sdp)
	st := c.phone.station
	tx := st.servers[serverKey(req, req.Method)]
	c.okCSeq = req.CSeq().SeqNo
	var repeat func(wait time.Duration)
	repeat = func(wait time.Duration) {
		c.okRepeat = st.agenda.after(wait, func() {
			st.send(tx.to, tx.last)
			repeat(min(2*wait, t2))
		})
	}
	repeat(t1)
	c.okEnd = st.agenda.after(giveUpAt, func() { c.okRepeat.cancel(); c.bye() })
}

func (p *Phone) mediaAt() netip.AddrPort {
	if p.echo == nil {
		return netip.AddrPortFrom(p.station.at.Addr(), 9) // the discard port
	}
	return p.echo.at
}

// reinvited deals with an INVITE within the call: the new offer is accepted.
func (c *Call) reinvited(req *sip.Request) {
	if req.CSeq().SeqNo <= c.invite.CSeq().SeqNo && c.info.Incoming {
		c.answer(req, 500, "")
		return
	}
	if c.state() != CallUp || c.okRepeat != nil && c.okRepeat.do != nil {
		c.answer(req, 491, "")
		return
	}
	if contact := req.Contact(); contact != nil {
		c.target = contact.Address // target refresh (12.2.2)
	}
	c.accept(req)
}

func (c *Call) acked(req *sip.Request) {
	if req.CSeq().SeqNo == c.okCSeq {
		c.okRepeat.cancel()
		c.okEnd.cancel()
	}
}

// cancelled deals with CANCEL (RFC 3261 9.2).
func (p *Phone) cancelled(req *sip.Request) {
	key := serverKey(req, sip.INVITE)
	for _, c := range p.dialogs {
		if c.info.Incoming && serverKey(c.invite, sip.INVITE) == key {
			res := respond(req, 200, "")
			res.To().Params.Add("tag", c.localTag)
			ringing := c.state() == CallRinging
			if ringing {
				c.over(End{By: "peer", Method: "CANCEL"})
			}
			p.station.answer(req, res)
			if ringing {
				c.answer(c.invite, 487, "")
			}
			return
		}
	}
	code := 481
	if p.station.servers[key] != nil {
		code = 200 // answered already: the CANCEL changes nothing
	}
	p.station.answer(req, respond(req, code, ""))
}

// bye hangs up a call that is up.
func (c *Call) bye() {
	if c.state() != CallUp || c.leaving {
		return
	}
	c.leaving = true
	c.okRepeat.cancel()
	c.okEnd.cancel()
	c.phone.ask(c.inside(sip.BYE), c.info.Via, func(res *sip.Response) {
		if !res.IsProvisional() {
			c.over(End{By: "phone", Method: "BYE", Status: res.StatusCode})
		}
	}, func() { c.over(End{By: "phone", Method: "BYE", Lost: true}) })
}

// inside makes a request within the call, to its Route set.
func (c *Call) inside(method sip.RequestMethod) *sip.Request {
	p := c.phone
	if method != sip.ACK {
		c.cseq++
	}
	req := sip.NewRequest(method, c.target)
	req.AppendHeader(viaOf(p.station.at, newBranch()))
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	for _, r := range c.routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	from, to := &sip.FromHeader{Address: plainURI(c.local)}, &sip.ToHeader{Address: plainURI(c.remote)}
	from.Params.Add("tag", c.localTag)
	if c.remoteTag != "" {
		to.Params.Add("tag", c.remoteTag)
	}
	req.AppendHeader(from)
	req.AppendHeader(to)
	callID := sip.CallIDHeader(c.info.CallID)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: c.cseq, MethodName: method})
	req.SetBody(nil)
	return req
}

func plainURI(uri sip.Uri) sip.Uri { return *uri.Clone() }

func newBranch() string { return "z9hG4bK" + strings.ToLower(randomText()) }
