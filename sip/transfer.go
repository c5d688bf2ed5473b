package sip

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/wire"
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

// unsolicited are the events that servers notify of without a subscription, which is customary and harmless.
var unsolicited = []string{"message-summary", "check-sync"}

// notified takes a NOTIFY. One of the event refer belongs to the REFER of a call, whose dialog it shares; an event that this line has not
// subscribed to is refused (RFC 6665 4.1.3), but for the customary ones (WR-42). c is nil outside a call.
func (l *Line) notified(c *call, r request) {
	switch event := strings.ToLower(first(r.msg.Value("Event"))); {
	case slices.Contains(unsolicited, event):
		l.answer(r, 200, "OK")
		return
	case event != "refer":
		l.answer(r, 489, "Bad Event", sip.NewHeader("Allow-Events", strings.Join(append([]string{"refer"}, unsolicited...), ", ")))
		return
	}
	if c == nil {
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
	l.step(line.Notified{Call: c.ID, Code: code, Reason: brief(reason), Over: over})
}

// sipfrag reads the status line of a message/sipfrag body (RFC 3420; RFC 3515 2.4.5).
func sipfrag(r request) (code int, reason string, ok bool) {
	if kind := r.ContentType(); kind != nil {
		if name, _, err := mime.ParseMediaType(kind.Value()); err != nil || name != "message/sipfrag" {
			return 0, "", false
		}
	}
	status, _, _ := bytes.Cut(r.Body(), []byte("\n"))
	rest, ok := bytes.CutPrefix(bytes.ToUpper(status), []byte(wire.Version+" "))
	if !ok {
		return 0, "", false
	}
	number, text, _ := strings.Cut(strings.TrimSpace(string(status[len(status)-len(rest):])), " ")
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
