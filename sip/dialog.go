package sip

import (
	"fmt"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// dialog is a dialog of a call (RFC 3261 12). Its dialog server never changes.
type dialog struct {
	target *target // the dialog server
	callID string
	from   *sip.FromHeader // us, with our tag
	to     *sip.ToHeader   // the peer, with its tag
	remote sip.Uri         // remote target
	routes []route         // route set
	direct bool            // without a route, to the peer itself and not to the server (strict_proxy 0, FO-40)
	acks   map[line.TxID]*ack
	// remoteSeq is the highest CSeq number that the peer has used; -1 before its first request (RFC 3261 12.2.2).
	remoteSeq int64
}

// route is an element of a route set: what Record-Route said, to be repeated in Route as it came (RFC 3261 12.1), and its URI.
type route struct {
	value string
	uri   sip.Uri
}

// keepDialog makes a dialog of a 2xx to an INVITE, and reports whether its next hop is another than the server of the INVITE.
func (l *Line) keepDialog(tx *transaction, res response, tag string) (elsewhere bool) {
	c := l.calls[tx.Call]
	if c == nil || res.StatusCode/100 != 2 {
		return false
	}
	id := line.Dialog{Call: tx.Call, Invite: tx.Tx, Tag: tag}
	if d := c.dialogs[id]; d != nil {
		return l.elsewhere(d, tx.target)
	}
	to := res.To()
	if to == nil { // unreadable: a dialog with a peer of RFC 2543, which has no tag
		to = tx.request.To()
	}
	d := &dialog{target: tx.target, callID: string(*tx.request.CallID()), from: tx.request.From(), to: to, remote: tx.request.Recipient, direct: !l.settings.StrictProxy, acks: make(map[line.TxID]*ack), remoteSeq: -1}
	if contact := res.Contact(); contact != nil {
		d.remote = contact.Address
	}
	routes := res.msg.Values("Record-Route")
	for i := len(routes) - 1; i >= 0; i-- { // in reverse, seen from the caller (RFC 3261 12.1.2)
		d.addRoute(routes[i])
	}
	c.dialogs[id] = d
	return l.elsewhere(d, tx.target)
}

// addRoute adds an element of Record-Route; one that cannot be read leads nowhere and is left out.
func (d *dialog) addRoute(value string) {
	if u, err := wire.ReadURI(value); err == nil {
		d.routes = append(d.routes, route{wire.Compact(value), u})
	}
}

func (l *Line) dialog(id line.Dialog) *dialog {
	if c := l.calls[id.Call]; c != nil {
		return c.dialogs[id]
	}
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

// inDialog builds a request within a dialog (RFC 3261 12.2.1.1).
func (l *Line) inDialog(tx *transaction, d *dialog, method sip.RequestMethod) (*sip.Request, error) {
	remote, routes := d.remote, d.routes
	if tx.target != d.target && l.settings.InDialogFailover == line.Rewrite {
		remote, routes = rewritten(d, tx.target)
	}
	remote, values := routed(remote, routes)
	req := sip.NewRequest(method, remote)
	if err := l.heads(tx, req); err != nil {
		return nil, err
	}
	for _, value := range values {
		req.AppendHeader(sip.NewHeader("Route", value))
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

// rewritten names the other server where the dialog names its own: in the topmost route, or without routes in the Request-URI (FO-39). What names its
// own server by name names the other one by name too, if that has one.
func rewritten(d *dialog, other *target) (sip.Uri, []route) {
	move := func(u sip.Uri) (sip.Uri, bool) {
		if d.target.leadsTo(u) {
			return rewrittenBehind(u, other), true
		}
		a, isAddr := uriAddr(u)
		if isAddr && a != d.target.addr || !isAddr && !namesServer(u, d.target) {
			return u, false
		}
		u = *u.Clone()
		u.Host, u.Port = bracketed(other.addr.Addr().String()), int(other.addr.Port())
		if !isAddr && other.named() {
			u.Host, u.Port = other.config.Addr, other.config.Port
		}
		if u.UriParams.Has("transport") {
			u.UriParams.Remove("transport")
			u.UriParams.Add("transport", string(other.config.Transport))
		}
		return u, true
	}
	if len(d.routes) == 0 {
		remote, _ := move(d.remote)
		return remote, nil
	}
	routes := append([]route(nil), d.routes...)
	if u, moved := move(routes[0].uri); moved {
		routes[0] = route{"<" + u.String() + ">", u}
	}
	return d.remote, routes
}

// ack is the ACK for a 2xx, the same one each time the 2xx comes again.
type ack struct {
	hop
	bytes    []byte
	datagram []byte // for UDP, where it is too long for that and goes by TCP first (RFC 3261 18.1.1)
	sent     bool
}

// confirm sends the ACK for a 2xx; it goes the dialog's way and never fails over (FO-35).
func (l *Line) confirm(a line.Confirm) {
	d, invite := l.dialog(a.Dialog), l.txs[a.Tx]
	if d == nil || invite == nil || invite.request == nil {
		return
	}
	// Forks share an INVITE, each has its own ACK; a re-INVITE has one too.
	if d.acks[a.Tx] == nil {
		h, host := l.nextHop(d)
		if host != nil { // the 2xx comes again, and its address is known then
			l.lookUp(host)
			return
		}
		built, err := l.ackFor(d, invite, h)
		if err != nil {
			l.log.Warn("ACK not built", "call", a.Dialog.Call, "err", err)
			return
		}
		d.acks[a.Tx] = built
	}
	if err := l.acknowledge(d.acks[a.Tx]); err != nil {
		l.log.Warn("ACK not sent", "call", a.Dialog.Call, "err", err)
	}
}

// acknowledge sends an ACK. One that is too long for UDP goes by TCP; by UDP where no connection can be had, and where the 2xx comes again, since
// then the ACK has not arrived (WR-21).
func (l *Line) acknowledge(a *ack) error {
	if a.datagram != nil && a.sent {
		return l.socket.send(a.datagram, a.to)
	}
	a.sent = true
	return l.write(a.hop, a.bytes, a.datagram)
}

// ackFor builds an ACK, for TCP and for UDP where it is too long for UDP.
func (l *Line) ackFor(d *dialog, invite *transaction, h hop) (*ack, error) {
	b, err := l.newAck(d, invite, h)
	if err != nil || h.reliable() || len(b) <= udpLimit {
		return &ack{hop: h, bytes: b}, err
	}
	tcp := h
	tcp.transport = line.TCP
	long, err := l.newAck(d, invite, tcp)
	return &ack{hop: tcp, bytes: long, datagram: b}, err
}

// newAck builds the ACK for a 2xx: in the dialog, with the CSeq number of its INVITE (RFC 3261 13.2.2.4).
func (l *Line) newAck(d *dialog, invite *transaction, h hop) ([]byte, error) {
	tx := &transaction{Send: line.Send{CSeq: invite.CSeq}, branch: newBranch(), target: d.target, hop: h}
	if h.reliable() {
		tx.flow = l.flowTo(h)
	}
	req, err := l.inDialog(tx, d, sip.ACK)
	if err != nil {
		return nil, err
	}
	l.authorizeAck(req, tx, invite)
	length := sip.ContentLengthHeader(0)
	req.AppendHeader(&length)
	return []byte(req.String()), nil
}
