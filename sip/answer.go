package sip

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// reasons are the reason phrases of the responses that the line machine chooses.
var reasons = map[int]string{180: "Ringing", 200: "OK", 480: "Temporarily Unavailable", 491: "Request Pending", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 603: "Decline"}

// newResponse builds a response (RFC 3261 8.2.6). Via, Record-Route, From, To, Call-ID and CSeq are those of the request as they came, but for
// white space around separators (WR-03, WR-06).
func (l *Line) newResponse(r request, code int, reason string, more ...sip.Header) *sip.Response {
	res := sip.NewResponse(code, reason)
	res.SipVersion = wire.Version
	tagged := r.To() == nil || r.To().Params.Has("tag")
	top := true
	for _, f := range r.msg.Fields {
		value := wire.Compact(f.Value)
		switch f.Name {
		case "Via":
			if top {
				value, top = topVia(r, value), false
			}
		case "To":
			if !tagged && code > 100 {
				value, tagged = value+";tag="+l.tagFor(r), true
			}
		case "Record-Route":
			if !r.IsInvite() || code == 100 || code >= 300 {
				continue
			}
		case "From", "Call-ID", "CSeq":
		default:
			continue
		}
		res.AppendHeader(sip.NewHeader(f.Name, value))
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
	for _, h := range more {
		res.AppendHeader(h)
	}
	res.SetBody(nil)
	return res
}

// tagFor is this phone's To tag in its responses to a request without one: the same for the same request, so that it can be answered without
// memory (RFC 3261 8.2.7), and not to be guessed.
func (l *Line) tagFor(r request) string {
	mac := hmac.New(sha256.New, []byte(l.secret))
	if via := r.Via(); via != nil {
		fmt.Fprintf(mac, "%q", via.Params.GetOr("branch", ""))
	}
	fmt.Fprintf(mac, "%q %q", r.msg.Value("Call-ID"), wire.Compact(r.msg.Value("From")))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// answer responds to a request: within its transaction if it has one, else without memory.
func (l *Line) answer(r request, code int, reason string, more ...sip.Header) {
	res := l.newResponse(r, code, reason, more...)
	if r.tx != nil {
		l.finish(r, res)
		return
	}
	if err := l.reply(wayBack(r), []byte(res.String())); err != nil {
		l.log.Debug("response not sent", "method", r.Method, "code", code, "err", err)
	}
}

// reached is where the sender of a request reaches this line, as contact is for our own.
func (l *Line) reached(r request) (netip.AddrPort, line.Transport) {
	transport := line.UDP
	if r.conn != nil {
		if transport = r.conn.transport; !l.listens(transport) {
			return addrPort(r.conn.LocalAddr()), transport
		}
	}
	if a, err := l.localFor(&target{addr: r.from}); err == nil {
		return a, transport
	}
	return l.local, transport
}
