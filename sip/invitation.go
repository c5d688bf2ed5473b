package sip

import (
	"net/netip"
	"slices"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/media"
	"hilphone/sip/wire"
)

// invitation is a new call for this line.
func (l *Line) invitation(r request) {
	switch {
	case l.merged(r):
		l.answer(r, 482, "Loop Detected")
		return
	case !l.settings.Enabled || !wire.SameUser(r.Recipient.User, l.settings.PhoneNumber):
		l.answer(r, 404, "Not Found")
		return
	}
	slot, t := l.dialogServer(r)
	sdp, _, ok := l.offerIn(r, func(sdp []byte) (media.Description, error) {
		local, _ := l.localFor(t) // without one the answer will say so
		return media.Parse(sdp, local.Addr())
	})
	if !ok {
		return
	}
	if err := l.begin(&r); err != nil {
		l.answer(r, 503, "Too Many Calls", sip.NewHeader("Retry-After", "1"))
		return
	}
	c := newCall(brief(string(*r.CallID())), l.tagFor(r))
	c.invited = &invited{request: r, sdp: sdp}
	c.ID = l.cfg.NextCall()
	c.remoteName = wire.DisplayName(r.From().DisplayName)
	d := l.invitedDialog(r, t, c.tag)
	c.dialogs[line.Dialog{Call: c.ID}] = d
	l.calls[c.ID] = c
	at := t
	if t.server != l.server(slot) { // the INVITE came from none of the line's servers
		at = l.target(slot)
	}
	l.step(line.Invited{Call: c.ID, Remote: brief(wire.Number(r.From().Address)), Slot: slot, Elsewhere: l.elsewhere(d, at), Offer: sdp != nil})
}

// invitedDialog is the dialog that an INVITE begins, seen from the side that is called (RFC 3261 12.1.1).
func (l *Line) invitedDialog(r request, t *target, tag string) *dialog {
	from := r.To().AsFrom()
	from.Params = append(sip.NewParams(), sip.HeaderKV{K: "tag", V: tag})
	to := r.From().AsTo()
	d := &dialog{direct: !l.settings.StrictProxy, acks: make(map[line.TxID]*ack), target: t, callID: string(*r.CallID()), from: &from, to: &to, remote: r.From().Address}
	d.remoteSeq = int64(r.CSeq().SeqNo)
	if contact := r.Contact(); contact != nil {
		d.remote = contact.Address
	}
	for _, value := range r.msg.Values("Record-Route") {
		d.addRoute(value)
	}
	return d
}

// dialogServer is the slot whose address the INVITE came from, else the one its topmost Record-Route names, else the active one (FO-67). A
// server connects from any port, so over TCP its host counts where nothing else is known. Of two servers at one place, the one is meant whose
// transport the INVITE came by (FO-61).
func (l *Line) dialogServer(r request) (line.Slot, *target) {
	addrs := []netip.AddrPort{r.from}
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
	if t := l.serverBehind(addrs); t != nil {
		return t.slot, t
	}
	slot := l.machine.Status().Active
	if slot == line.None {
		slot = line.Primary
	}
	if over == line.UDP {
		return slot, &target{server: &server{slot: slot, config: l.settings.Server(slot).Hop(), caFile: l.settings.TLSCAFile}, addr: r.from}
	}
	active := l.target(slot)
	atHost := func(t *target) bool { return t.addr.Addr() == r.from.Addr() }
	for _, test := range []func(*target) bool{func(t *target) bool { return atHost(t) && t.config.Transport == over }, atHost} {
		if test(active) {
			break
		}
		if t := l.serverWhere(test); t != nil {
			return t.slot, t
		}
	}
	return slot, active
}

// serverWhere is the first server one of whose addresses passes a test, nil for none. Those that requests go to come before the others that its name
// has.
func (l *Line) serverWhere(test func(*target) bool) *target {
	for _, slot := range l.settings.Slots() {
		if i := slices.IndexFunc(l.server(slot).targets, test); i >= 0 {
			return l.server(slot).targets[i]
		}
	}
	for _, slot := range l.settings.Slots() {
		s := l.server(slot)
		for _, a := range s.known {
			if t := (&target{server: s, addr: a}); test(t) {
				return t
			}
		}
	}
	return nil
}
