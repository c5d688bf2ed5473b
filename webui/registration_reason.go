package webui

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"hilphone/sip/line"
	"hilphone/sip/netfault"
)

// RegistrationReason says why a server does not have the registration of a line, and what to do about it. registrationWords and faultWords
// have a reason and a remedy for each Word (RS-10, UX-05).
type RegistrationReason struct {
	Word   string // empty: the server has accepted it, or was not asked
	Result string // "403 Forbidden", or the cause: "no_response"
	Detail string // what the server answered, or what failed on this side; empty where there is no more to say than Word
	Answer bool   // the server has answered
}

// NewRegistrationReason reads how a REGISTER ended.
func NewRegistrationReason(r line.RegisterResult) RegistrationReason {
	switch {
	case !r.Failed():
		return RegistrationReason{}
	case r.Cause == line.CauseResponse:
		answer := strings.TrimSpace(strconv.Itoa(r.Code) + " " + r.Phrase)
		return RegistrationReason{Word: reasonOfAnswer(r), Result: answer, Detail: answer, Answer: true}
	}
	return RegistrationReason{Word: cmp.Or(reasonWord(r.Fault.Reason), string(r.Cause)), Result: string(r.Cause), Detail: r.Fault.Detail}
}

// Explain fills in the reasons of a status: of each server, and of the line, which is not registered because of the server by. In English, as all
// of REST is.
func (v *StatusView) Explain(primary, backup line.RegisterResult, by line.Slot) {
	v.Servers.Primary.explain(primary)
	v.Servers.Backup.explain(backup)
	if v.State != line.StateTrying && v.State != line.StateTimeout {
		return // registered, or not to be
	}
	server := v.Servers.Primary
	if by == line.Backup || by == line.None && server.Why.Word == "" {
		server = v.Servers.Backup
	}
	v.Why, v.Reason, v.ReasonWord, v.Remedy, v.LastResult = server.Why, server.Reason, server.ReasonWord, server.Remedy, server.Why.Result
}

// socketReason is the word of a line that cannot open its SIP socket.
const socketReason = "socket"

// ExplainSocket fills in the reason of a line that is set up and cannot open its SIP socket, which is tried again after a while (UX-03). No server
// is asked meanwhile.
func (v *StatusView) ExplainSocket(err error, again time.Duration) {
	v.State, v.Phase = line.StateTimeout, line.AllFailed
	v.Why = RegistrationReason{Word: socketReason, Result: socketReason, Detail: err.Error()}
	v.Reason, v.ReasonWord, v.Remedy, v.LastResult = v.Why.Text(english), v.Why.Word, v.Why.Remedy(english), v.Why.Result
	in := max(again.Seconds(), 0)
	v.RetryInS = &in
}

func (v *ServerView) explain(r line.RegisterResult) {
	v.Why = NewRegistrationReason(r)
	v.Reason, v.ReasonWord, v.Remedy = v.Why.Text(english), v.Why.Word, v.Why.Remedy(english)
}

// reasonWord is the word of a fault; empty where the cause says as much.
func reasonWord(r netfault.Reason) string {
	if r == netfault.Other {
		return ""
	}
	return string(r)
}

// answerReasons are the words for final responses to REGISTER (RFC 3261 10.3 and 21). Those that are not here have the word of their class.
var answerReasons = map[int]string{
	400: "bad_request", 401: "credentials_rejected", 403: "forbidden", 404: "not_found", 405: "no_registrar", 406: "extension", 407: "credentials_rejected",
	408: "server_timeout", 410: "gone", 413: "too_large", 414: "bad_address", 415: "extension", 416: "bad_address", 420: "extension", 421: "extension",
	423: "interval_too_brief", 429: "overloaded", 439: "extension", 480: "unavailable", 482: "loop", 483: "loop", 484: "bad_address", 485: "bad_address",
	486: "overloaded", 494: "extension", 500: "server_error", 501: "no_registrar", 503: "unavailable", 504: "server_timeout", 505: "extension", 513: "too_large",
	600: "declined", 603: "declined", 604: "not_found", 606: "extension",
}

func reasonOfAnswer(r line.RegisterResult) string {
	if r.Refusal != "" {
		return string(r.Refusal)
	}
	if word, ok := answerReasons[r.Code]; ok {
		return word
	}
	switch r.Code / 100 {
	case 3:
		return "redirected"
	case 5:
		return "server_error"
	case 6:
		return "declined"
	}
	return "refused"
}

// Text is the reason in a language: "403 Forbidden: the server does not allow this account to register".
func (r RegistrationReason) Text(l language) string {
	text := l.word("reason", r.Word)
	if _, known := faultWords["fault."+r.Word]; r.Detail == "" || known && r.Result == string(line.CauseICMP) && r.Word != string(netfault.ICMPError) { // the words name the ICMP error
		return text
	}
	if r.Answer {
		return l.say("reason.answer", r.Detail, text)
	}
	return l.say("reason.detail", text, r.Detail)
}

// Remedy is what to do about it, in a language. {domain} is the label of that setting.
func (r RegistrationReason) Remedy(l language) string {
	return placeholder.ReplaceAllStringFunc(l.word("remedy", r.Word), func(name string) string {
		if d, ok := line.ByName(strings.Trim(name, "{}")); ok {
			return d.Label.In(l.tag)
		}
		return name
	})
}
