package sip

import (
	"github.com/emiago/sipgo/sip"

	"hilphone/sip/digest"
	"hilphone/sip/line"
)

// registration is one registration dialog: its Call-ID, From tag and registrar stay what they are (FO-15), also when the settings change.
type registration struct {
	callID      string
	tag         string
	server      *server
	credentials *digest.Credentials // of its newest REGISTER
	settings    line.Settings
}

// register builds a REGISTER.
func (l *Line) register(tx *transaction) (*sip.Request, error) {
	r := l.series[tx.Series]
	if r == nil {
		r = &registration{callID: l.newCallID(tx.target), tag: newTag(), server: tx.target.server, settings: l.settings}
		l.series[tx.Series] = r
	}
	name, port := host(r.settings, tx.Slot)
	registrar := sip.Uri{Scheme: "sip", Host: name, Port: port}
	if tx.Follow != 0 {
		at := tx.to
		if tx.target.redirected.IsValid() {
			at = tx.target.redirected
		}
		registrar.Host, registrar.Port = bracketed(at.Addr().String()), int(at.Port())
	}
	req := sip.NewRequest(sip.REGISTER, registrar)
	own := sip.Uri{Scheme: "sip", User: r.settings.PhoneNumber, Host: name, Port: port}
	if err := l.heads(tx, req); err != nil {
		return nil, err
	}
	l.preload(tx, req)
	fromTo(req, r.settings.DisplayName, own, r.tag, own, "")
	ids(req, r.callID, tx.CSeq, sip.REGISTER)
	contact := l.contact(tx, r.settings)
	req.AppendHeader(contact)
	expires := sip.ExpiresHeader(uint32(tx.Expires))
	req.AppendHeader(&expires)
	req.AppendHeader(sip.NewHeader("Allow", allow))
	return req, nil
}

// options builds an OPTIONS out of any dialog: it only asks whether the server is alive (FO-17).
func (l *Line) options(tx *transaction) (*sip.Request, error) {
	name, port := host(l.settings, tx.Slot)
	req := sip.NewRequest(sip.OPTIONS, sip.Uri{Scheme: "sip", Host: name, Port: port})
	if err := l.heads(tx, req); err != nil {
		return nil, err
	}
	l.preload(tx, req)
	own := sip.Uri{Scheme: "sip", User: l.settings.PhoneNumber, Host: name, Port: port}
	fromTo(req, l.settings.DisplayName, own, newTag(), own, "")
	ids(req, l.newCallID(tx.target), tx.CSeq, sip.OPTIONS)
	req.AppendHeader(l.contact(tx, l.settings))
	req.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	return req, nil
}
