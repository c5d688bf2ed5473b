package sip

import (
	"cmp"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// read tells the machine what a response says.
func (l *Line) read(tx *transaction, a response) line.Response {
	res := a.Response
	r := line.Response{Tx: tx.Tx, Code: res.StatusCode, Reason: brief(res.Reason), Tag: toTag(res)}
	if res.StatusCode >= 200 {
		tx.final = res
	}
	switch {
	case tx.Method == line.REGISTER && res.StatusCode/100 == 2:
		r.Expires = l.grantedExpires(tx, res)
	case tx.Method == line.REGISTER && res.StatusCode/100 == 3:
		tx.redirect, r.Redirect = redirection(res)
	case res.StatusCode == 423:
		r.MinExpires = number(res, "Min-Expires")
	case (res.StatusCode == 401 || res.StatusCode == 407) && !tx.over:
		r.Challenge, r.Refusal = l.readChallenge(tx, res)
	}
	if res.StatusCode >= 200 && res.StatusCode != 401 && res.StatusCode != 407 {
		tx.credentials.Accepted()
	}
	if res.StatusCode >= 300 {
		r.RetryAfter = time.Duration(number(res, "Retry-After")) * time.Second
	}
	return r
}

// grantedExpires is what the registrar grants our Contact, else the Expires header field, else nothing (FO-16). The only Contact of this user is
// ours, whatever address it has: that was rewritten on the way (WR-53).
func (l *Line) grantedExpires(tx *transaction, res *sip.Response) int {
	ours := tx.request.Contact()
	contacts := res.GetHeaders("Contact")
	for _, h := range contacts {
		c, ok := h.(*sip.ContactHeader)
		if !ok || ours == nil || !wire.SameUser(c.Address.User, ours.Address.User) || len(contacts) > 1 && !sameContact(c.Address, ours.Address) {
			continue
		}
		if v, ok := c.Params.Get("expires"); ok {
			if n, ok := wire.Seconds(v); ok && n > 0 {
				return n
			}
		}
	}
	return number(res, "Expires")
}

// sameContact compares what tells the contacts of one user from each other: user, host and port (RFC 3261 19.1.4).
func sameContact(a, b sip.Uri) bool {
	return wire.SameUser(a.User, b.User) && strings.EqualFold(a.Host, b.Host) && cmp.Or(a.Port, defaultPort) == cmp.Or(b.Port, defaultPort)
}

// number reads a header field that begins with a number of seconds, such as Retry-After: 5 (maintenance); 0 where there is none.
func number(res *sip.Response, name string) int {
	if h := res.GetHeader(name); h != nil {
		if n, ok := wire.Seconds(h.Value()); ok {
			return n
		}
	}
	return 0
}

func toTag(res *sip.Response) string {
	if to := res.To(); to != nil {
		tag, _ := to.Params.Get("tag")
		return tag
	}
	return ""
}

// redirection is the first Contact of a 3xx that can be followed without a look-up: a SIP URI with an IP address.
func redirection(res *sip.Response) (netip.AddrPort, bool) {
	for _, h := range res.GetHeaders("Contact") {
		if c, ok := h.(*sip.ContactHeader); ok && c.Address.Scheme == "sip" {
			if a, ok := uriAddr(c.Address); ok {
				return a, true
			}
		}
	}
	return netip.AddrPort{}, false
}
