package sip

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

// dialog is a dialog of a call (RFC 3261 12). Its dialog server never changes.
type dialog struct {
	target *target // the dialog server
	callID string
	from   *sip.FromHeader // us, with our tag
	to     *sip.ToHeader   // the peer, with its tag
	remote sip.Uri         // remote target
	routes []sip.Uri       // route set
	direct bool            // without a route, to the peer itself and not to the server (strict_proxy 0, FO-40)
	acks   map[line.TxID][]byte
}

// keepDialog makes a dialog of a 2xx to an INVITE, and reports whether its next hop is another than the server of the INVITE.
func (l *Line) keepDialog(tx *transaction, res *sip.Response, tag string) (elsewhere bool) {
	c := l.calls[tx.Call]
	if c == nil || res.StatusCode/100 != 2 {
		return false
	}
	id := line.Dialog{Call: tx.Call, Invite: tx.Tx, Tag: tag}
	if d := c.dialogs[id]; d != nil {
		return d.nextHop() != tx.target.addr
	}
	d := &dialog{target: tx.target, callID: string(*tx.request.CallID()), from: tx.request.From(), to: res.To(), remote: tx.request.Recipient, direct: !l.settings.StrictProxy, acks: make(map[line.TxID][]byte)}
	if contact := res.Contact(); contact != nil {
		d.remote = contact.Address
	}
	routes := res.GetHeaders("Record-Route")
	for i := len(routes) - 1; i >= 0; i-- { // in reverse, seen from the caller (RFC 3261 12.1.2)
		d.addRoute(routes[i])
	}
	c.dialogs[id] = d
	c.session = res.Body()
	return d.nextHop() != tx.target.addr
}

func (d *dialog) addRoute(h sip.Header) {
	switch h := h.(type) {
	case *sip.RecordRouteHeader:
		d.routes = append(d.routes, h.Address)
	default:
		var u sip.Uri
		params := sip.NewParams()
		if _, err := sip.ParseAddressValue(h.Value(), &u, &params); err == nil {
			d.routes = append(d.routes, u)
		}
	}
}

func (l *Line) dialog(id line.Dialog) *dialog {
	if c := l.calls[id.Call]; c != nil {
		return c.dialogs[id]
	}
	return nil
}

// inDialog builds a request within a dialog (RFC 3261 12.2.1.1).
func (l *Line) inDialog(tx *transaction, d *dialog, method sip.RequestMethod) (*sip.Request, error) {
	remote, routes := d.remote, d.routes
	if tx.target != d.target && l.settings.InDialogFailover == line.Rewrite {
		remote, routes = rewritten(d, tx.target)
	}
	req := sip.NewRequest(method, remote)
	if err := l.heads(tx, req); err != nil {
		return nil, err
	}
	for _, r := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	from, to := *d.from, *d.to
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	ids(req, d.callID, tx.CSeq, method)
	return req, nil
}

// bye builds a BYE. To another server than the dialog's it is the same request on another way: the next hop is overridden (FO-38).
func (l *Line) bye(tx *transaction) (*sip.Request, error) {
	d := l.dialog(tx.Dialog)
	if d == nil {
		return nil, fmt.Errorf("its dialog is gone")
	}
	return l.inDialog(tx, d, sip.BYE)
}

// nextHop is the topmost route, else the dialog server, or the peer where the settings ask for it (FO-40).
func (d *dialog) nextHop() netip.AddrPort {
	if len(d.routes) > 0 {
		if a, ok := uriAddr(d.routes[0]); ok {
			return a
		}
	} else if d.direct {
		if a, ok := uriAddr(d.remote); ok {
			return a
		}
	}
	return d.target.addr
}

func uriAddr(u sip.Uri) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(trimBrackets(u.Host))
	if err != nil {
		return netip.AddrPort{}, false
	}
	port := u.Port
	if port == 0 {
		port = 5060 // RFC 3261 19.1.2
		if u.Scheme == "sips" || strings.EqualFold(u.UriParams.GetOr("transport", ""), "tls") {
			port = 5061
		}
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), true
}

func trimBrackets(h string) string {
	if len(h) > 2 && h[0] == '[' && h[len(h)-1] == ']' {
		return h[1 : len(h)-1]
	}
	return h
}

// rewritten names the other server where the dialog names its own: in the topmost route, or without routes in the Request-URI (FO-39).
func rewritten(d *dialog, other *target) (sip.Uri, []sip.Uri) {
	move := func(u sip.Uri) sip.Uri {
		if a, ok := uriAddr(u); ok && a == d.target.addr {
			u = *u.Clone()
			u.Host, u.Port = bracketed(other.addr.Addr().String()), int(other.addr.Port())
			if u.UriParams.Has("transport") {
				u.UriParams.Remove("transport")
				u.UriParams.Add("transport", string(other.config.Transport))
			}
		}
		return u
	}
	if len(d.routes) == 0 {
		return move(d.remote), nil
	}
	routes := append([]sip.Uri(nil), d.routes...)
	routes[0] = move(routes[0])
	return d.remote, routes
}

// confirm sends the ACK for a 2xx, the same one each time the 2xx comes again; it goes the dialog's way and never fails over (FO-35).
func (l *Line) confirm(a line.Confirm) {
	d, invite := l.dialog(a.Dialog), l.txs[a.Tx]
	if d == nil || invite == nil || invite.request == nil {
		return
	}
	// Forks share an INVITE, each has its own ACK; a re-INVITE has one too.
	if d.acks[a.Tx] == nil {
		ack, err := l.newAck(d, invite)
		if err != nil {
			l.log.Warn("ACK not built", "call", a.Dialog.Call, "err", err)
			return
		}
		d.acks[a.Tx] = ack
	}
	if err := l.write(d.target, d.nextHop(), d.acks[a.Tx]); err != nil {
		l.log.Warn("ACK not sent", "call", a.Dialog.Call, "err", err)
	}
}

// newAck builds the ACK for a 2xx: in the dialog, with the CSeq number and the credentials of its INVITE (RFC 3261 13.2.2.4, 22.1).
func (l *Line) newAck(d *dialog, invite *transaction) ([]byte, error) {
	tx := &transaction{Send: line.Send{CSeq: invite.CSeq}, branch: newBranch(), target: d.target}
	if d.target.reliable() {
		tx.flow = l.flowTo(d.target, d.nextHop())
	}
	req, err := l.inDialog(tx, d, sip.ACK)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, h := range invite.request.GetHeaders(name) {
			req.AppendHeader(h)
		}
	}
	length := sip.ContentLengthHeader(0)
	req.AppendHeader(&length)
	return []byte(req.String()), nil
}
