package scenario

import (
	"slices"
	"strings"

	"hilphone/db/nearest"
	"hilphone/hal/press"
)

// press KEYS [hold D]
func parsePress(w *words) (Action, error) {
	keys, err := w.next("press")
	if err != nil {
		return nil, err
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	a := Press{Keys: keys}
	if w.take("hold") {
		if a.Hold, err = w.fixed("hold"); err == nil && (a.Hold < press.Min || a.Hold > press.Max) {
			err = refuse("hold", "must be %s to %s", press.Min, press.Max)
		}
	}
	if err == nil {
		err = checkSeries(a)
	}
	return a, err
}

// hook on|off
func parseHook(w *words) (Action, error) {
	state, err := w.one("hook", "on", "off")
	return Hook{Off: state == "off"}, err
}

// callVerbs are what a call can be made to do without more words.
var callVerbs = []string{"answer", "hold", "resume", "mute", "unmute", "hangup"}

func callVerbWords() string { return strings.Join(callVerbs, "|") }

// call NUMBER|peer [line N] | answer | reject [CODE] | hold | resume | mute | unmute | hangup | digits 12#
func parseCall(w *words) (Action, error) {
	quoted := w.peek() == ""
	text, err := w.next("call")
	if err != nil {
		return nil, err
	}
	a := Call{Do: text}
	switch {
	case slices.Contains(callVerbs, text):
	case text == "reject":
		if !w.empty() {
			a.Code, err = w.number("reject", 400, 699)
		}
	case text == "digits":
		if a.Digits, err = w.next("digits"); err == nil && (len(a.Digits) > 64 || strings.Trim(a.Digits, "0123456789ABCD*#") != "") {
			err = refuse("digits", "%q is not 0 to 9, A to D, * and #, 64 at most", a.Digits)
		}
	default:
		if text == "" || len(text) > 128 || strings.ContainsAny(text, " \t<>\"\\") {
			return nil, refuse("call", "%q is no number", text)
		}
		if name, mistyped := mistypedCall(text); mistyped && !quoted {
			return nil, refuse("call", "%q is no number, peer or one of %s, reject, digits; did you mean %s? (a user of that name is written %q)", text, strings.Join(callVerbs, ", "), name, text)
		}
		a.Do, a.To = "dial", text
		if w.take("line") {
			a.Line, err = w.number("line", 1, maxLines)
		}
	}
	return a, err
}

// mistypedCall tells whether what is called looks like a word of call with a letter wrong, and which. A number does not.
func mistypedCall(text string) (name string, mistyped bool) {
	if text == Far || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz-_") != "" {
		return "", false
	}
	return nearest.Name(text, append([]string{"reject", "digits", Far}, callVerbs...))
}

// line [N] register|unregister
func parseLine(w *words) (a Action, err error) {
	var l Line
	if l.Number, err = optionalLine(w); err != nil {
		return nil, err
	}
	do, err := w.one("line", "register", "unregister")
	l.Register = do == "register"
	return l, err
}

// optionalLine takes a number of a line if one comes next.
func optionalLine(w *words) (int, error) {
	if next := w.peek(); next == "" || next[0] < '0' || next[0] > '9' {
		return 0, nil
	}
	return w.number("line", 1, maxLines)
}

// wait D
func parseWait(w *words) (Action, error) {
	d, err := w.span("wait")
	return Wait{d}, err
}

// note TEXT
func parseNote(w *words) (Action, error) {
	var text []string
	for !w.empty() {
		next, _ := w.next("note")
		text = append(text, next)
	}
	if oneLine(text) == "" {
		return nil, refuse("note", "says nothing")
	}
	return Note{oneLine(text)}, nil
}
