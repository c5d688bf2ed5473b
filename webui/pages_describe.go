package webui

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hilphone/db/device"
	"hilphone/sip/line"
	"hilphone/sip/netfault"
)

// eventWordsOf puts what an event says into words.
type eventWordsOf struct {
	lang language
	data map[string]any
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// describe returns the event in words; an event of a type without words as what it carries. The branch is what is known of the
// request the event belongs to.
func (d eventWordsOf) describe(typ string, branch branchData) string {
	key := "event." + typ
	switch typ {
	case "attempt_start":
		if d.number("budget_ms") == 0 {
			key += ".open"
		} else if d.data["last"] == true {
			key += ".last"
		}
	case "call":
		if direction := d.text("direction"); direction != "" {
			key += "." + direction
		}
	case "dtmf":
		if d.number("duration_ms") > 0 {
			key += ".timed"
		}
	case "fault":
		if d.text("message") == "" {
			key += ".over"
		}
	case "hold_failed":
		if d.number("code") == 0 {
			key += ".unanswered"
		}
	case "icmp":
		if d.text("from") != "" {
			key += ".from"
		}
	case "lock":
		key += "." + d.text("state")
	case "media":
		key += "." + d.text("state") + "." + d.text("direction")
	case "malformed", "refused":
		if d.number("left_out") > 0 {
			key += ".more"
		}
	case "send":
		if d.number("k") > 0 {
			key += ".again"
		}
	}
	label, ok := words[key]
	if !ok {
		return fmt.Sprint(d.data)
	}
	text := placeholder.ReplaceAllStringFunc(label.In(d.lang.tag), func(name string) string {
		return d.value(strings.Trim(name, "{}"), branch)
	})
	if proxy := d.text("proxy"); proxy != "" && typ == "attempt_start" {
		text = d.lang.say("server.proxy", text, proxy)
	}
	if d.data["test"] == true {
		text += d.lang.say("board.event.test")
	}
	return strings.Join(strings.Fields(text), " ")
}

// value is the word for one thing an event says.
func (d eventWordsOf) value(name string, branch branchData) string {
	l := d.lang
	switch name {
	case "slot", "server":
		slot := d.text(name)
		if slot == "" {
			slot = branch.Slot
		}
		return l.word("slot", slot)
	case "from", "to":
		return l.word("slot", d.text(name))
	case "method":
		if m := d.text("method"); m != "" {
			return m
		}
		return branch.Method
	case "budget_ms", "elapsed_ms", "armed_ms", "duration_ms":
		return l.seconds(milliseconds(d.number(name)))
	case "size", "left_out":
		return strconv.FormatFloat(d.number(name), 'f', 0, 64)
	case "expires_s":
		return fmt.Sprint(time.Duration(d.number(name) * float64(time.Second)).Seconds())
	case "cause":
		if d.text("cause") == string(line.CauseResponse) && d.data["from"] != nil {
			return l.say("cause.refusal")
		}
		if code := d.text("code"); code != "" && d.text("cause") == string(line.CauseResponse) {
			return l.say("cause.answer", code)
		}
		cause := l.word("cause", d.text("cause"))
		if d.text("cause") == string(line.CauseICMP) && d.text("reason") != "" {
			return l.say("cause.because", cause, l.failure("", d.text("reason"))) // type and code are in the event icmp
		}
		if why := d.fault(); why != "" && d.text("cause") != string(line.CauseResponse) {
			return l.say("cause.because", cause, why)
		}
		return cause
	case "fault":
		return d.fault()
	case "trigger", "result", "source", "state", "active", "how":
		return l.word(name, d.text(name))
	case "refusal":
		return l.word(name, d.text("reason"))
	case "behaviour":
		return l.word("lab", d.text(name))
	case "callstate":
		return l.word("phone", d.text("state"))
	case "hook", "updown", "ringer":
		return l.word(name, d.text("state"))
	case "pattern":
		return l.word("lamp", d.text(name))
	case "login":
		return l.word("login.result", d.text("result"))
	case "fromaddress":
		return d.text("from")
	case "changed":
		return d.settings()
	}
	return d.remote(name)
}

// fault is the reason of what failed below SIP with its detail; empty where the event has none.
func (d eventWordsOf) fault() string {
	reason, detail := d.text("reason"), d.text("detail")
	label, ok := faultWords["fault."+reason]
	switch {
	case !ok || reason == string(netfault.Other):
		return detail
	case detail == "":
		return label.In(d.lang.tag)
	}
	return d.lang.say("reason.detail", label.In(d.lang.tag), detail)
}

// failure is why there was no answer, in a short word: the reason where that is known, else the cause (UX-14).
func (l language) failure(cause, reason string) string {
	if label, ok := faultWords["fault."+reason]; ok && reason != string(netfault.Other) {
		return label.In(l.tag)
	}
	return l.word("cause", cause)
}

// settings returns the labels of the settings that were changed.
func (d eventWordsOf) settings() string {
	list, _ := d.data["changed"].([]any)
	var names []string
	for _, v := range list {
		name := fmt.Sprint(v)
		if def, ok := line.ByName(name); ok {
			name = d.settingName(def)
		} else if def, ok := device.Named(name); ok {
			if name = def.Label.In(d.lang.tag); strings.HasPrefix(def.Name, "action_url_") {
				name = d.lang.say("nav.actions") + " " + name
			}
		}
		names = append(names, name)
	}
	return strings.Join(names, d.lang.say("list"))
}

// settingName is the label of a setting, with the server that it belongs to where both servers have one of that label.
func (d eventWordsOf) settingName(def line.Setting) string {
	name := def.Label.In(d.lang.tag)
	for _, other := range line.Table {
		if other.Name == def.Name || other.Label != def.Label {
			continue
		}
		slot := line.Primary
		if def.Page == line.Server2 {
			slot = line.Backup
		}
		return d.lang.say("setting.of", d.lang.word("slot", string(slot)), name)
	}
	return name
}

func (d eventWordsOf) number(name string) float64 {
	n, _ := d.data[name].(float64)
	return n
}

func (d eventWordsOf) text(name string) string {
	switch v := d.data[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}
