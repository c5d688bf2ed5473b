package server

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

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
	via := origin(req).at
	if contact == nil {
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
	switch sdp, ok := answerTo(req.Body(), p.user, p.mediaAt(), c.version); {
	case how.Early > 0 && ok:
		c.answer(req, how.Early, sdp, "")
	case how.After > 0 || how.Mode == Ring || how.Mode == Answer || how.Mode == "":
		c.answer(req, 180, "", "")
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
			c.accept(req, how.SDP)
		}
	})
}

// answer answers a request of this call's dialog, with a session description that way may make another of; see behaviour.SDPs.
func (c *Call) answer(req *sip.Request, code int, sdp, way string) {
	res := respond(req, code, "")
	res.To().Params.Add("tag", c.localTag)
	if code < 300 {
		self := uriAt(c.phone.user, c.phone.station.at)
		res.AppendHeader(&sip.ContactHeader{Address: self})
		res.AppendHeader(sip.NewHeader("Allow", allowed))
	}
	if sdp != "" {
		describeSession(res, sdp, way)
	}
	c.phone.station.answer(req, res)
}

func (c *Call) refuse(req *sip.Request, code int) {
	c.over(End{By: "phone", Method: "INVITE", Status: code})
	c.answer(req, code, "", "")
}

// accept answers an INVITE with 200 and repeats that until the ACK comes (RFC 3261 13.3.1.4).
func (c *Call) accept(req *sip.Request, way string) {
	c.version++
	sdp, ok := answerTo(req.Body(), c.phone.user, c.phone.mediaAt(), c.version)
	first := c.state() == CallRinging
	if !ok {
		if first {
			c.refuse(req, 488)
		} else {
			c.answer(req, 488, "", "")
		}
		return
	}
	if first {
		c.up()
	}
	c.answer(req, 200, sdp, way)
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
		c.answer(req, 500, "", "")
		return
	}
	if c.state() != CallUp || c.okRepeat != nil && c.okRepeat.do != nil {
		c.answer(req, 491, "", "")
		return
	}
	if contact := req.Contact(); contact != nil {
		c.target = contact.Address // target refresh (12.2.2)
	}
	c.accept(req, "")
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
				c.answer(c.invite, 487, "", "")
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
