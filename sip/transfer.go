package sip

import (
	"bytes"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

// refer builds a REFER within a call: the other side is to call somebody of the line's own domain (RFC 3515 2.1), and may say to that
// phone who sent it (RFC 3892).
func (l *Line) refer(tx *transaction) (*sip.Request, error) {
	d := l.dialog(tx.Dialog)
	if d == nil {
		return nil, fmt.Errorf("its dialog is gone")
	}
	name, port := host(l.settings, tx.Slot)
	to, err := dialled(tx.To, name, port)
	if err != nil {
		return nil, err
	}
	req, err := l.inDialog(tx, d, sip.REFER)
	if err != nil {
		return nil, err
	}
	own := sip.Uri{Scheme: "sip", User: l.settings.PhoneNumber, Host: name, Port: port}
	req.AppendHeader(l.contact(tx, l.settings))
	req.AppendHeader(sip.NewHeader("Refer-To", "<"+to.String()+">"))
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+own.String()+">"))
	req.AppendHeader(sip.NewHeader("Allow", allow))
	return req, nil
}

// notified takes a NOTIFY. One of the event refer belongs to the REFER of a call, whose dialog it shares; of all others the line has asked for
// none, and says so to nobody: some servers send them unasked.
func (l *Line) notified(c *call, d *dialog, r request) {
	if event := r.GetHeader("Event"); event == nil || !strings.EqualFold(first(event.Value()), "refer") {
		l.answer(r, 200, "OK")
		return
	}
	if d == nil {
		l.answer(r, 481, "Subscription does not exist")
		return
	}
	over := false
	if state := r.GetHeader("Subscription-State"); state != nil {
		over = strings.EqualFold(first(state.Value()), "terminated")
	}
	code, reason, ok := sipfrag(r)
	if !ok && !over {
		l.answer(r, 400, "No message/sipfrag with a status line")
		return
	}
	l.answer(r, 200, "OK")
	l.step(line.Notified{Call: c.ID, Code: code, Reason: reason, Over: over})
}

// sipfrag reads the status line of a message/sipfrag body (RFC 3420; RFC 3515 2.4.5).
func sipfrag(r request) (code int, reason string, ok bool) {
	if kind := r.ContentType(); kind != nil {
		if name, _, err := mime.ParseMediaType(kind.Value()); err != nil || name != "message/sipfrag" {
			return 0, "", false
		}
	}
	status, _, _ := bytes.Cut(r.Body(), []byte("\n"))
	rest, ok := bytes.CutPrefix(status, answerPrefix)
	if !ok {
		return 0, "", false
	}
	number, text, _ := strings.Cut(strings.TrimSpace(string(rest)), " ")
	code, err := strconv.Atoi(number)
	if err != nil || code < 100 || code > 699 {
		return 0, "", false
	}
	return code, text, true
}

// first is a header field's value without its parameters.
func first(value string) string {
	value, _, _ = strings.Cut(value, ";")
	return strings.TrimSpace(value)
}
