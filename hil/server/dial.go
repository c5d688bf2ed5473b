package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"hilphone/hil/behaviour"
)

// Dial sends an INVITE for a user through a server and returns at once; Answered waits for the outcome.
func (p *Phone) Dial(ctx context.Context, server netip.AddrPort, user string) (*Call, error) {
	return p.Start(ctx, server, behaviour.Request{To: user})
}

// Start sends the INVITE of a call through a server, as the request says, and returns at once; Answered waits for the outcome.
func (p *Phone) Start(ctx context.Context, server netip.AddrPort, r behaviour.Request) (*Call, error) {
	var c *Call
	if err := p.station.do(ctx, func() { c = p.place(server, r, nil) }); err != nil {
		return nil, fmt.Errorf("dial %s at %s: %w", r.To, server, err)
	}
	return c, nil
}

// place sends the INVITE of a call through a server; referrer is the call in which that was asked for, or nil.
func (p *Phone) place(server netip.AddrPort, r behaviour.Request, referrer *Call) *Call {
	user := r.To
	req := p.outside(sip.INVITE, server, user, user)
	if r.Again {
		p.continueFrom(req)
	}
	c := p.newCall(req.CallID().Value(), fromTag(req), user, server, false)
	c.referrer, c.sdp, c.ackSDP = referrer, r.SDP, r.ACK
	c.local, c.remote = req.From().Address, req.To().Address
	c.target, c.cseq, c.version = req.Recipient, req.CSeq().SeqNo, 1
	self := uriAt(p.user, p.station.at)
	req.AppendHeader(&sip.ContactHeader{Address: self})
	sdp, _ := answerTo(nil, p.user, p.mediaAt(), c.version)
	describeSession(req, sdp, r.SDP)
	appendLines(req, r.Add)
	c.call(req)
	return c
}

// continueFrom gives an INVITE the Call-ID and From tag of the last call that the phone has made, and the CSeq after its.
func (p *Phone) continueFrom(req *sip.Request) {
	for _, before := range slices.Backward(p.Calls()) {
		if before.info.Incoming || before.invite == nil {
			continue
		}
		callID := sip.CallIDHeader(before.info.CallID)
		req.ReplaceHeader(&callID)
		req.From().Params.Add("tag", before.localTag)
		req.CSeq().SeqNo = before.cseq + 1
		return
	}
}

// Call places a call and waits until it is answered; a refusal is a *StatusError. When ctx ends first, the call is
// left ringing: Dial and HangUp give more control.
func (p *Phone) Call(ctx context.Context, server netip.AddrPort, user string) (*Call, error) {
	c, err := p.Dial(ctx, server, user)
	if err != nil {
		return nil, err
	}
	return c, c.Answered(ctx)
}

// Answered waits until the call is up. A refused call is a *StatusError.
func (c *Call) Answered(ctx context.Context) error {
	select {
	case <-c.answered:
	case <-c.phone.station.ended:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	info := c.Info()
	switch {
	case !info.Answered.IsZero():
		return nil
	case info.End.Status != 0:
		return &StatusError{Method: "INVITE", Status: info.End.Status, Reason: phrase(info.End.Status)}
	}
	return fmt.Errorf("call %s: ended before the answer by %s", info.CallID, info.End.Method)
}

// HangUp ends the call, by CANCEL before the answer and by BYE after it, and waits until it is over.
func (c *Call) HangUp(ctx context.Context) error {
	err := c.phone.station.do(ctx, func() {
		switch {
		case c.state() == CallUp:
			c.bye()
		case c.state() == CallOver:
		case c.info.Incoming:
			c.refuse(c.invite, 603)
		default:
			c.cancel = true
			c.cancelNow()
		}
	})
	if err != nil {
		return fmt.Errorf("hang up %s: %w", c.info.CallID, err)
	}
	select {
	case <-c.ended:
		return nil
	case <-c.phone.station.ended:
		return fmt.Errorf("hang up %s: %w", c.info.CallID, net.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("hang up %s: %w", c.info.CallID, ctx.Err())
	}
}

// call sends the INVITE of an outgoing call.
func (c *Call) call(req *sip.Request) {
	c.invite = req
	c.phone.ask(req, c.info.Via, c.progress, func() {
		c.over(End{By: "server", Method: "INVITE", Status: 408})
	})
	c.inviteTx = c.phone.station.clients[clientKey(req.Via().Params.GetOr("branch", ""), sip.INVITE)]
}

// progress deals with the answers to our INVITE.
func (c *Call) progress(res *sip.Response) {
	switch {
	case res.IsProvisional():
		if res.StatusCode > 100 {
			c.tell(res.StatusCode, false)
		}
		c.cancelNow()
	case res.IsSuccess():
		c.established(res)
	case c.cancel:
		c.over(End{By: "phone", Method: "CANCEL", Status: res.StatusCode})
	default:
		c.over(End{By: "server", Method: "INVITE", Status: res.StatusCode})
	}
}

// cancelNow sends a wanted CANCEL, which may not leave before the first provisional answer (RFC 3261 9.1).
func (c *Call) cancelNow() {
	if !c.cancel || c.leaving || c.state() != CallRinging || !c.inviteTx.heard {
		return
	}
	c.leaving = true
	st := c.phone.station
	gone := func() { c.over(End{By: "phone", Method: "CANCEL", Lost: true}) }
	st.request(follow(c.inviteTx.req, sip.CANCEL), udp(c.info.Via), func(*sip.Response) {
		st.agenda.after(giveUpAt, gone) // no final answer to the INVITE either (9.1)
	}, gone)
}

// established deals with a 2xx: the first brings the call up, each gets the ACK.
func (c *Call) established(res *sip.Response) {
	if c.ack != nil {
		c.acknowledge(c.ack)
		return
	}
	c.remoteTag, c.leaving = toTag(res), false
	if contact := res.Contact(); contact != nil {
		c.target = contact.Address
	}
	c.routes = nil
	for _, h := range res.GetHeaders("Record-Route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			c.routes = append(c.routes, rr.Address)
		}
	}
	slices.Reverse(c.routes) // RFC 3261 12.1.2
	c.ack = c.ackOf2xx(res, c.sdp, c.ackSDP)
	c.acknowledge(c.ack)
	if c.state() != CallRinging {
		return
	}
	c.up()
	if c.cancel {
		c.bye()
	}
}

// outside makes a request outside a call; user is the Request-URI's, to the To header field's.
func (p *Phone) outside(method sip.RequestMethod, server netip.AddrPort, user, to string) *sip.Request {
	uri := uriAt(user, server)
	req := sip.NewRequest(method, uri)
	req.AppendHeader(viaOf(overUDP, p.station.at, newBranch()))
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	self, other := uriAt(p.user, server), uriAt(to, server)
	from := &sip.FromHeader{Address: self}
	from.Params.Add("tag", strings.ToLower(randomText()))
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: other})
	callID := sip.CallIDHeader(strings.ToLower(randomText()))
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: method})
	req.SetBody(nil)
	return req
}

// ask sends a request and answers one challenge to it.
func (p *Phone) ask(req *sip.Request, to netip.AddrPort, respond func(*sip.Response), timeout func()) {
	p.station.request(req, udp(to), func(res *sip.Response) {
		if again := p.authorised(req, res); again != nil {
			if c := p.dialogs[dialogKey(req.CallID().Value(), fromTag(req))]; c != nil {
				c.cseq = again.CSeq().SeqNo
				if req.IsInvite() {
					c.invite = again
				}
			}
			tx := p.station.request(again, udp(to), respond, timeout)
			if c := p.dialogs[dialogKey(req.CallID().Value(), fromTag(req))]; c != nil && req.IsInvite() {
				c.inviteTx = tx
			}
			return
		}
		respond(res)
	}, timeout)
}

// authorised gives the request again with credentials for the challenge in res, or nil.
func (p *Phone) authorised(req *sip.Request, res *sip.Response) *sip.Request {
	ask, reply := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		ask, reply = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if p.password == "" || res.StatusCode != 401 && res.StatusCode != 407 {
		return nil
	}
	for _, h := range res.GetHeaders(ask) {
		challenge, err := digest.ParseChallenge(h.Value())
		if err != nil || !digest.CanDigest(challenge) {
			continue
		}
		made, err := digest.Digest(challenge, digest.Options{Method: string(req.Method), URI: req.Recipient.String(),
			Count: 1, Username: p.user, Password: p.password})
		if err != nil {
			continue
		}
		again := req.Clone()
		again.RemoveHeader("Via")
		again.PrependHeader(viaOf(overUDP, p.station.at, newBranch()))
		again.CSeq().SeqNo++
		again.AppendHeader(sip.NewHeader(reply, made.String()))
		return again
	}
	return nil
}

// randomText has 128 bits and only letters and digits.
func randomText() string { return rand.Text() }
