package sip

import (
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/media"
)

// The bodies of an INFO that are DTMF digits. Neither has an RFC: dtmf-relay is "Signal=5" and "Duration=160" in lines, dtmf the digit alone.
const (
	dtmfRelay = "application/dtmf-relay"
	dtmfPlain = "application/dtmf"
)

// maxInfoDigit bounds the duration that an INFO can give a digit.
const maxInfoDigit = time.Minute

// informed takes an INFO within a call: a DTMF digit (RS-13), or nothing (RFC 2976). Packages of RFC 6086 are not supported.
func (l *Line) informed(c *call, r request) {
	if c.State == line.Ended {
		l.answer(r, 481, "Call/Transaction Does Not Exist")
		return
	}
	if r.GetHeader("Info-Package") != nil {
		l.answer(r, 469, "Bad Info Package", sip.NewHeader("Recv-Info", "")) // RFC 6086 4.2.2
		return
	}
	e := entityOf(r.msg)
	if len(e.body) == 0 {
		l.answer(r, 200, "OK")
		return
	}
	if e.encoding != "" && !strings.EqualFold(e.encoding, "identity") {
		refusal := unsupportedEncoding()
		l.answer(r, refusal.code, refusal.reason, sip.NewHeader(refusal.field, refusal.value))
		return
	}
	digit, err := infoDigit(e.contentType, e.body)
	switch {
	case errors.Is(err, errNoDTMF):
		l.answer(r, 415, "Unsupported Media Type", sip.NewHeader("Accept", dtmfRelay+", "+dtmfPlain))
	case err != nil:
		l.log.Warn("an INFO was refused", "call", c.ID, "err", err)
		l.answer(r, 400, "Bad DTMF Body")
	default:
		l.answer(r, 200, "OK")
		if digit.Key != 0 && c.heardDigit(time.Now()) {
			l.digitReceived(c, digit, "info")
		}
	}
}

var errNoDTMF = errors.New("the body is no DTMF")

// infoDigit reads the body of an INFO. The Key is 0 for a signal that is no digit, such as a flash.
func infoDigit(contentType string, body []byte) (media.Digit, error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return media.Digit{}, errNoDTMF
	}
	switch kind {
	case dtmfRelay:
		return relayedDigit(string(body))
	case dtmfPlain:
		if strings.Contains(string(body), "=") {
			return relayedDigit(string(body)) // some phones label one as the other
		}
		key, err := dtmfSignal(string(body))
		return media.Digit{Key: key}, err
	}
	return media.Digit{}, errNoDTMF
}

// relayedDigit reads lines of Signal and Duration, in milliseconds. Further lines are passed over.
func relayedDigit(body string) (d media.Digit, err error) {
	found := false
	for text := range strings.FieldsFuncSeq(body, func(r rune) bool { return r == '\r' || r == '\n' }) {
		name, value, ok := strings.Cut(text, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			if !ok || found {
				return media.Digit{}, fmt.Errorf("the signal is there more than once, or has no value")
			}
			if d.Key, err = dtmfSignal(value); err != nil {
				return media.Digit{}, err
			}
			found = true
		case "duration":
			ms, err := strconv.Atoi(value)
			if err != nil || ms < 0 || time.Duration(ms) > maxInfoDigit/time.Millisecond {
				return media.Digit{}, fmt.Errorf("the duration %q is no number of milliseconds", brief(value))
			}
			d.Duration = time.Duration(ms) * time.Millisecond
		}
	}
	if !found {
		return media.Digit{}, errors.New("there is no signal")
	}
	return d, nil
}

// dtmfSignal reads a digit: 0 to 9, *, #, A to D, or the event number of RFC 4733 that some phones send for *, # and letters. A flash is 0.
func dtmfSignal(text string) (byte, error) {
	switch text = strings.ToUpper(strings.Trim(strings.TrimSpace(text), `"`)); text {
	case "10", "STAR":
		return '*', nil
	case "11", "POUND", "HASH":
		return '#', nil
	case "12", "13", "14", "15":
		return 'A' + text[1] - '2', nil
	case "16", "!", "HF", "FLASH", "HOOKFLASH":
		return 0, nil
	}
	if len(text) == 1 && strings.Contains("0123456789*#ABCD", text) {
		return text[0], nil
	}
	return 0, fmt.Errorf("the signal %q is no digit", brief(text))
}
