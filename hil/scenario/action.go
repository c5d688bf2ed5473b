package scenario

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"hilphone/hil/server"
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
		if a.Hold, err = w.fixed("hold"); err == nil && (a.Hold < time.Millisecond || a.Hold > 10*time.Second) {
			err = refuse("hold", "must be 1ms to 10s")
		}
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

// peer answer [after D] [hangup D] | busy [after D] | decline [after D] | status N [after D] | ring | ignore | call [via SERVER] | hangup | register N [via SERVER]
func parsePeer(w *words) (Action, error) {
	do, err := w.one("peer", "answer", "busy", "decline", "status", "ring", "ignore", "call", "hangup", "register")
	if err != nil {
		return nil, err
	}
	a := Peer{Do: do}
	switch do {
	case "hangup":
		return a, nil
	case "register":
		if a.Count, err = w.number("register", 1, 1000); err != nil {
			return nil, err
		}
		fallthrough
	case "call":
		if w.take("via") {
			a.Via, err = w.one("via", slots...)
		}
		return a, err
	}
	a.Do, a.Answering.Mode = "answering", server.AnswerMode(do)
	if do == "status" {
		if a.Answering.Status, err = w.number("status", 300, 699); err != nil {
			return nil, err
		}
	}
	if (do != "ring" && do != "ignore") && w.take("after") {
		if a.Answering.After, err = w.fixed("after"); err != nil {
			return nil, err
		}
	}
	if do == "answer" && w.take("hangup") {
		if a.Answering.HangUpAfter, err = w.fixed("hangup"); err != nil {
			return nil, err
		}
	}
	return a, byField(a.Answering.Check())
}

// server primary|backup|both MODE ...
func parseServer(w *words) (Action, error) {
	name, err := w.one("server", "primary", "backup", "both")
	if err != nil {
		return nil, err
	}
	a := Server{Names: []string{name}}
	if name == "both" {
		a.Names = slots
	}
	mode, err := w.one("behaviour", "serve", "silent", "refuse", "hang", "close", "status", "down")
	if err != nil {
		return nil, err
	}
	b := &a.Behaviour
	switch mode {
	case "down":
		a.Down, b.Mode = true, server.Silent
		return a, nil
	case "status":
		if b.Status, err = w.number("status", 300, 699); err != nil {
			return nil, err
		}
	}
	b.Mode = server.Mode(mode)
	for !w.empty() {
		if err := behaviourWord(w, b); err != nil {
			return nil, err
		}
	}
	return a, byField(b.Check())
}

// behaviourWord reads one of the words after the mode of a server.
func behaviourWord(w *words, b *server.Behaviour) (err error) {
	const most = 1 << 30
	what, err := w.one("behaviour", "retry-after", "delay", "drop", "drop-first", "seed", "min-expires", "max-expires", "close-after", "then", "only",
		"no-handshake", "bad-handshake")
	if err != nil {
		return err
	}
	switch what {
	case "retry-after":
		if b.RetryAfter, err = w.fixed(what); err == nil && b.RetryAfter%time.Second != 0 {
			err = refuse(what, "must be whole seconds")
		}
	case "delay":
		b.Delay, err = w.fixed(what)
	case "drop":
		var text string
		if text, err = w.next(what); err == nil {
			if b.Drop, err = strconv.ParseFloat(text, 64); err != nil || !(b.Drop >= 0 && b.Drop <= 1) {
				err = refuse(what, "%q is not a share from 0 to 1", text)
			}
		}
	case "drop-first":
		b.DropFirst, err = w.number(what, 1, most)
	case "seed":
		var seed int
		seed, err = w.number(what, 0, most)
		b.Seed = uint64(seed)
	case "min-expires":
		b.MinExpires, err = w.fixed(what)
	case "max-expires":
		b.MaxExpires, err = w.fixed(what)
	case "close-after":
		b.CloseAfter, err = w.number(what, 1, most)
	case "then":
		var mode string
		mode, err = w.one(what, "serve", "silent", "refuse", "hang", "close")
		b.Then = server.Mode(mode)
	case "only":
		var text string
		if text, err = w.next(what); err == nil {
			b.Methods = strings.Split(text, ",")
		}
	case "no-handshake":
		b.NoHandshake = true
	case "bad-handshake":
		b.BadHandshake = true
	}
	return err
}

// byField gives an error of a server its field.
func byField(err error) error {
	if f := (*server.FieldError)(nil); errors.As(err, &f) {
		return refuse(strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(f.Field, "_s"), "_ms"), "_", "-"), "%s", f.Message)
	}
	return err
}

// setting [line N] NAME VALUE
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
	if strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" || a.Name == "" || a.Name == "line" {
		return nil, refuse("setting", "%q is not the name of a setting, as failback_interval", a.Name)
	}
	if strings.Contains(a.Name, "password") {
		return nil, refuse(a.Name, "is a secret: it cannot be read, so it could not be put back")
	}
	a.Value, err = w.next(a.Name)
	return a, err
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
