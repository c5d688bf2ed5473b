package server

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/hil/behaviour"
)

// referred deals with a REFER in a call that is up: the phone calls whom it names, through the same server, and tells by NOTIFY what comes of
// it (RFC 3515 2.4). It hangs the first call up for nobody: that is for who sent the REFER.
func (c *Call) referred(req *sip.Request) {
	p := c.phone
	user, code := referTo(req)
	if code != 0 {
		p.station.answer(req, respond(req, code, ""))
		return
	}
	res := respond(req, 202, "")
	self := uriAt(p.user, p.station.at)
	res.AppendHeader(&sip.ContactHeader{Address: self})
	p.station.answer(req, res)
	c.notify(100, false)
	p.place(c.info.Via, behaviour.Request{To: user}, c)
}

// referTo is the user a REFER names, or the status that says why nobody is called.
func referTo(req *sip.Request) (user string, code int) {
	all := req.GetHeaders("Refer-To")
	if len(all) != 1 {
		return "", 400
	}
	var uri sip.Uri
	params := sip.NewParams()
	if _, err := sip.ParseAddressValue(all[0].Value(), &uri, &params); err != nil || uri.User == "" {
		return "", 400
	}
	if uri.Headers.Has("Replaces") || !strings.EqualFold(uri.Scheme, "sip") {
		return "", 501 // a transfer with consultation is not for this phone
	}
	return uri.User, 0
}

// notify tells who sent the REFER what the call it asked for has got as its answer.
func (c *Call) notify(status int, last bool) {
	if c.state() != CallUp {
		return
	}
	p := c.phone
	req := c.inside(sip.NOTIFY)
	self := uriAt(p.user, p.station.at)
	req.AppendHeader(&sip.ContactHeader{Address: self})
	req.AppendHeader(sip.NewHeader("Event", "refer"))
	state := "active;expires=180"
	if last {
		state = "terminated;reason=noresource"
	}
	req.AppendHeader(sip.NewHeader("Subscription-State", state))
	req.AppendHeader(sip.NewHeader("Content-Type", "message/sipfrag;version=2.0"))
	req.SetBody([]byte(fmt.Sprintf("SIP/2.0 %d %s\r\n", status, phrase(status))))
	p.ask(req, c.info.Via, func(*sip.Response) {}, func() {})
}

// tell passes what has become of a call on to who asked for it.
func (c *Call) tell(status int, last bool) {
	if c.referrer != nil {
		c.referrer.notify(status, last)
	}
}
