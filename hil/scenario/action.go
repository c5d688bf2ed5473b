package scenario

import (
	"strings"

	"hilphone/hal/press"
)

// actions read what stands behind a verb, but expect.
var actions = map[string]func(*words) (Action, error){
	"press": parsePress, "hook": parseHook, "call": parseCall, "line": parseLine, "peer": parsePeer,
	"server": parseServer, "setting": parseSetting, "wait": parseWait, "note": parseNote,
}

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

// call NUMBER|peer [line N] | answer | reject [CODE] | hold | resume | mute | unmute | hangup | digits 12#
func parseCall(w *words) (Action, error) {
	text, err := w.next("call")
	if err != nil {
		return nil, err
	}
	a := Call{Do: text}
	switch text {
	case "answer", "hold", "resume", "mute", "unmute", "hangup":
	case "reject":
		if !w.empty() {
			a.Code, err = w.number("reject", 400, 699)
		}
	case "digits":
		if a.Digits, err = w.next("digits"); err == nil && (len(a.Digits) > 64 || strings.Trim(a.Digits, "0123456789ABCD*#") != "") {
			err = refuse("digits", "%q is not 0 to 9, A to D, * and #, 64 at most", a.Digits)
		}
	default:
		if text == "" || len(text) > 128 || strings.ContainsAny(text, " \t<>\"\\") {
			return nil, refuse("call", "%q is no number", text)
		}
		a.Do, a.To = "dial", text
		if w.take("line") {
			a.Line, err = w.number("line", 1, maxLines)
		}
	}
	return a, err
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

// setting [line N] NAME VALUE|{NAME}
func parseSetting(w *words) (Action, error) {
	var a Setting
	var err error
	if w.take("line") {
		if a.Line, err = w.number("line", 1, maxLines); err != nil {
			return nil, err
		}
	}
	if a.Name, err = w.next("setting"); err != nil {
		return nil, err
	}
	if err := checkSettingName(a.Name); err != nil {
		return nil, err
	}
	if a.Value, err = w.next(a.Name); err != nil {
		return nil, err
	}
	if name, ok := a.Copies(); ok {
		return a, checkSettingName(name)
	}
	return a, nil
}

func checkSettingName(name string) error {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" || name == "" || name == "line" {
		return refuse("setting", "%q is not the name of a setting, as failback_interval", name)
	}
	if strings.Contains(name, "password") {
		return refuse(name, "is a secret: it cannot be read, so it could not be put back")
	}
	return nil
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
