package server

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/hil/behaviour"
)

// Send sends a request that begins no call, and does not wait for the answer: within the latest call that is up; without one through the server
// to the number of the request.
func (p *Phone) Send(ctx context.Context, server netip.AddrPort, r behaviour.Request) error {
	err := p.station.do(ctx, func() {
		for _, c := range slices.Backward(p.Calls()) {
			if c.state() == CallUp {
				c.send(r)
				return
			}
		}
		req := p.outside(sip.RequestMethod(r.Method), server, r.To, r.To)
		p.furnish(req, r)
		p.ask(req, server, func(*sip.Response) {}, func() {})
	})
	if err != nil {
		return fmt.Errorf("send %s: %w", r.Method, err)
	}
	return nil
}

// send sends a request within the call.
func (c *Call) send(r behaviour.Request) {
	before := c.cseq
	req := c.inside(sip.RequestMethod(r.Method))
	switch r.CSeq {
	case "lower":
		req.CSeq().SeqNo, c.cseq = max(before, 1)-1, before
	case "same":
		req.CSeq().SeqNo, c.cseq = before, before
	}
	c.version++
	c.phone.furnish(req, r)
	var ack []byte
	c.phone.ask(req, c.info.Via, func(res *sip.Response) {
		switch {
		case res.IsProvisional():
		case req.IsInvite() && res.IsSuccess():
			if ack == nil {
				if contact := res.Contact(); contact != nil {
					c.target = contact.Address // target refresh (RFC 3261 12.2.1.2)
				}
				ack = c.ackOf2xx(res, r.SDP, r.ACK)
			}
			c.acknowledge(ack)
		case r.Method == "BYE" && res.IsSuccess():
			c.over(End{By: "phone", Method: "BYE", Status: res.StatusCode})
		}
	}, func() {})
}

// ackOf2xx is the ACK of a 2xx to an INVITE: with an answer where the 2xx has the offer (RFC 3261 13.2.2.4), or as way says; nothing where none
// is to be sent.
func (c *Call) ackOf2xx(res *sip.Response, offered, way string) []byte {
	if way == "missing" {
		return []byte{}
	}
	cseq := c.cseq
	c.cseq = res.CSeq().SeqNo // 13.2.2.4: the INVITE's
	ack := c.inside(sip.ACK)
	c.cseq = cseq
	if offered == "none" && len(res.Body()) > 0 || way != "" {
		sdp, ok := answerTo(res.Body(), c.phone.user, c.phone.mediaAt(), c.version)
		if ok {
			describeSession(ack, sdp, way)
		}
	}
	return []byte(ack.String())
}

// acknowledge sends an ACK, if there is to be one.
func (c *Call) acknowledge(ack []byte) {
	if len(ack) > 0 {
		c.phone.station.send(udp(c.info.Via), ack)
	}
}

// furnish gives a request what its method needs.
func (p *Phone) furnish(req *sip.Request, r behaviour.Request) {
	self := uriAt(p.user, p.station.at)
	content := func(kind, body string) {
		req.AppendHeader(sip.NewHeader("Content-Type", kind))
		req.SetBody([]byte(body))
	}
	switch r.Method {
	case "INVITE", "UPDATE":
		req.AppendHeader(&sip.ContactHeader{Address: self})
		sdp, _ := answerTo(nil, p.user, p.mediaAt(), uint64(req.CSeq().SeqNo)+1)
		describeSession(req, sdp, r.SDP)
	case "NOTIFY", "SUBSCRIBE", "PUBLISH":
		req.AppendHeader(&sip.ContactHeader{Address: self})
		if r.Event != "" {
			req.AppendHeader(sip.NewHeader("Event", r.Event))
		}
		if r.Method == "NOTIFY" {
			req.AppendHeader(sip.NewHeader("Subscription-State", "active;expires=60"))
		} else {
			req.AppendHeader(sip.NewHeader("Expires", "60"))
		}
	case "REFER":
		req.AppendHeader(&sip.ContactHeader{Address: self})
		req.AppendHeader(sip.NewHeader("Refer-To", "<sip:"+Third+"@"+p.station.at.String()+">"))
	case "PRACK":
		req.AppendHeader(sip.NewHeader("RAck", "1 "+strconv.Itoa(1)+" INVITE"))
	case "MESSAGE":
		content("text/plain", "hello")
	}
	appendLines(req, r.Add)
}

// appendLines adds header lines as they are.
func appendLines(msg sip.Message, lines []string) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		msg.AppendHeader(sip.NewHeader(strings.TrimSpace(name), strings.TrimSpace(value)))
	}
}
