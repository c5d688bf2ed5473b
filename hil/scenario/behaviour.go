package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hilphone/hil/behaviour"
)

// How servers and the phone at the far end behave is read and printed by the tables of package behaviour.

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
	mode, err := w.one("behaviour", append(behaviour.Names(behaviour.Modes), "down")...)
	if err != nil {
		return nil, err
	}
	b := &a.Behaviour
	switch mode {
	case "down":
		a.Down, b.Mode = true, behaviour.Silent
		return a, nil
	case "status":
		if b.Status, err = w.number("status", 300, 699); err != nil {
			return nil, err
		}
	}
	b.Mode = behaviour.Mode(mode)
	if err := properties(w, "behaviour", behaviour.ServerFields, b); err != nil {
		return nil, err
	}
	return a, byWord(behaviour.ServerFields, b.Check())
}

func (a Server) String() string {
	name := "both"
	if len(a.Names) == 1 {
		name = a.Names[0]
	}
	l := line{"server", name}
	if a.Down {
		return line(append(l, "down")).String()
	}
	l.add(string(a.Behaviour.Mode))
	if a.Behaviour.Mode == behaviour.Status {
		l.number("", a.Behaviour.Status)
	}
	return line(append(l, printed(behaviour.ServerFields, a.Behaviour)...)).String()
}

// peerVerbs are what else a phone at the far end does besides treating calls.
var peerVerbs = []string{"call", "hangup", "register", "send"}

// peer answer|busy|decline|status N|ring|ignore [after D] ... | call [via SERVER] ... | send METHOD ... | hangup | register N [via SERVER]
func parsePeer(w *words) (Action, error) {
	do, err := w.one("peer", append(behaviour.Names(behaviour.AnswerModes), peerVerbs...)...)
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
		if w.take("via") {
			a.Request.Via, err = w.one("via", slots...)
		}
		return a, err
	case "call":
		return a, properties(w, "call", behaviour.CallFields, &a.Request)
	case "send":
		if a.Request.Method, err = w.one("send", behaviour.Names(behaviour.Methods)...); err != nil {
			return nil, err
		}
		if err := properties(w, "send", behaviour.RequestFields, &a.Request); err != nil {
			return nil, err
		}
		return a, byWord(behaviour.RequestFields, a.Request.Check())
	}
	a.Do, a.Answering.Mode = "answering", behaviour.AnswerMode(do)
	if do == "status" {
		if a.Answering.Status, err = w.number("status", 300, 699); err != nil {
			return nil, err
		}
	}
	if err := properties(w, "peer", answeringFields(a.Answering.Mode), &a.Answering); err != nil {
		return nil, err
	}
	return a, byWord(behaviour.AnsweringFields, a.Answering.Check())
}

// answeringFields are those that a way of answering uses.
func answeringFields(mode behaviour.AnswerMode) []behaviour.Field[behaviour.Answering] {
	used := map[behaviour.AnswerMode][]string{behaviour.Ring: {"early"}, behaviour.Ignore: {}, behaviour.Busy: {"after", "early"},
		behaviour.Decline: {"after", "early"}, behaviour.Reject: {"after", "early"}}
	words, some := used[mode]
	return slices.DeleteFunc(slices.Clone(behaviour.AnsweringFields), func(f behaviour.Field[behaviour.Answering]) bool {
		return some && !slices.Contains(words, f.Word)
	})
}

func (a Peer) String() string {
	l := line{"peer"}
	switch a.Do {
	case "answering":
		l.add(string(a.Answering.Mode))
		if a.Answering.Mode == behaviour.Reject {
			l.number("", a.Answering.Status)
		}
		return line(append(l, printed(behaviour.AnsweringFields, a.Answering)...)).String()
	case "send":
		l.add(a.Do, a.Request.Method)
		return line(append(l, printed(behaviour.RequestFields, a.Request)...)).String()
	case "call":
		l.add(a.Do)
		return line(append(l, printed(behaviour.CallFields, a.Request)...)).String()
	}
	l.add(a.Do)
	l.number("", a.Count)
	if a.Request.Via != "" {
		l.add("via", a.Request.Via)
	}
	return l.String()
}

// serverForms are the ways to write server.
func serverForms() []Form {
	which := "primary|backup|both"
	fields := fieldWords(behaviour.ServerFields)
	return []Form{
		{Syntax: "server " + which + " MODE [WORD VALUE ...]", Doc: "Lists are written with commas: `spelling spaces,folded`.",
			Words: append([]Word{{Name: "MODE", Choices: slices.DeleteFunc(slices.Clone(behaviour.Modes), isStatus)}}, fields...), Example: "server backup serve min-expires 1m delay 200ms only REGISTER,INVITE"},
		{Syntax: "server " + which + " status CODE [WORD VALUE ...]", Doc: "Every request but ACK is answered with the code, 300 to 699. The words are the same.", Example: "server primary status 503 retry-after 30s"},
		{Syntax: "server " + which + " down", Doc: "Takes the server down as the place can: by the command of the place file, otherwise as silent.", Example: "server primary down"}}
}

func isStatus(c behaviour.Choice) bool { return c.Name == string(behaviour.Status) }

// peerForms are the ways to write peer.
func peerForms() []Form {
	return []Form{
		{Syntax: "peer MODE [WORD VALUE ...]", Doc: "How it treats calls from now on. When a scenario begins it answers after 200ms.",
			Words:   append([]Word{{Name: "MODE", Choices: slices.DeleteFunc(slices.Clone(behaviour.AnswerModes), isStatus)}}, fieldWords(behaviour.AnsweringFields)...),
			Example: "peer answer after 1s hangup 5s"},
		{Syntax: "peer status CODE [WORD VALUE ...]", Doc: "Answers calls with the code, 300 to 699, from now on. The words are after and early.", Example: "peer status 480 after 200ms"},
		{Syntax: "peer call [WORD VALUE ...]", Doc: "Calls the phone.", Words: fieldWords(behaviour.CallFields), Example: "peer call via backup"},
		{Syntax: "peer hangup", Doc: "Ends its call.", Example: "peer hangup"},
		{Syntax: "peer register N [via primary|backup]", Doc: "Sends 1 to 1000 registrations at once.", Example: "peer register 100 via backup"},
		{Syntax: "peer send METHOD [WORD VALUE ...]", Doc: "Sends a request: in the call that is up, without one to the number of the phone.",
			Words: append([]Word{{Name: "METHOD", Choices: behaviour.Methods}}, fieldWords(behaviour.RequestFields)...), Example: "peer send NOTIFY event presence"}}
}

// fieldWords explain the properties that have a word.
func fieldWords[T any](fields []behaviour.Field[T]) (all []Word) {
	for _, f := range fields {
		if f.Word == "" {
			continue
		}
		value, bounds := fieldValue(f)
		doc := f.Doc
		if bounds != "" {
			doc += ": " + bounds
		}
		all = append(all, Word{Name: f.Word, Value: value, Doc: doc, Choices: f.Choices})
	}
	return all
}

// fieldValue is what stands behind the word of a property, and its bounds.
func fieldValue[T any](f behaviour.Field[T]) (value, bounds string) {
	var v T
	switch f.At(&v).(type) {
	case *bool:
		return "", ""
	case *time.Duration:
		return "D", "0s to " + plain(time.Duration(f.Max*float64(f.Unit)))
	case *int, *uint64:
		return "N", fmt.Sprintf("%d to %d", max(int(f.Min), 1), int(f.Max))
	case *float64:
		return "SHARE", "0 to 1"
	case *[]string:
		if f.Lines {
			return `"TEXT"`, "may be there several times"
		}
		return "WORD,...", ""
	}
	return "WORD", ""
}

// properties reads words of the table until there is none left. A list of lines may be added to; all else is there once.
func properties[T any](w *words, what string, fields []behaviour.Field[T], v *T) error {
	named := slices.DeleteFunc(slices.Clone(fields), func(f behaviour.Field[T]) bool { return f.Word == "" })
	all := make([]string, len(named))
	for i, f := range named {
		all[i] = f.Word
	}
	for !w.empty() {
		if len(named) == 0 {
			return w.end()
		}
		text, err := w.one(what, all...)
		if err != nil {
			return err
		}
		f := named[slices.Index(all, text)]
		if !f.Zero(*v) && !f.Lines {
			return refuse(f.Word, "is there twice")
		}
		if err := property(w, f, v); err != nil {
			return err
		}
	}
	return nil
}

// property reads what stands behind the word of a property.
func property[T any](w *words, f behaviour.Field[T], v *T) (err error) {
	switch p := f.At(v).(type) {
	case *bool:
		*p = true
		return nil
	case *time.Duration:
		*p, err = w.fixed(f.Word)
	case *int:
		*p, err = w.number(f.Word, max(int(f.Min), 1), int(f.Max))
	case *uint64:
		var n int
		n, err = w.number(f.Word, int(f.Min), int(f.Max))
		*p = uint64(n)
	case *float64:
		var text string
		if text, err = w.next(f.Word); err == nil {
			if *p, err = strconv.ParseFloat(text, 64); err != nil || !(*p >= f.Min && *p <= f.Max) {
				err = refuse(f.Word, "%q is not a share from 0 to 1", text)
			}
		}
	case *string:
		*p, err = w.next(f.Word)
	case *[]string:
		var text string
		if text, err = w.next(f.Word); err == nil && f.Lines {
			*p = append(*p, text)
		} else if err == nil {
			*p = strings.Split(text, ",")
		}
	}
	if err == nil {
		err = byWord([]behaviour.Field[T]{f}, f.Check(v))
	}
	return err
}

// printed prints the properties that are not zero, as properties reads them.
func printed[T any](fields []behaviour.Field[T], v T) (l line) {
	for _, f := range fields {
		if f.Word == "" || f.Zero(v) {
			continue
		}
		switch p := f.At(&v).(type) {
		case *bool:
			l.add(f.Word)
		case *time.Duration:
			l.time(f.Word, *p)
		case *int:
			l.number(f.Word, *p)
		case *uint64:
			l.add(f.Word, strconv.FormatUint(*p, 10))
		case *float64:
			l.add(f.Word, strconv.FormatFloat(*p, 'g', -1, 64))
		case *string:
			l.add(f.Word, word(*p))
		case *[]string:
			if !f.Lines {
				l.add(f.Word, strings.Join(*p, ","))
				continue
			}
			for _, text := range *p {
				l.add(f.Word, strconv.Quote(text))
			}
		}
	}
	return l
}

// byWord gives an error of a property the word that a scenario has for it.
func byWord[T any](fields []behaviour.Field[T], err error) error {
	wrong := (*behaviour.FieldError)(nil)
	if !errors.As(err, &wrong) {
		return err
	}
	name := wrong.Field
	if f, ok := behaviour.Find(fields, name); ok && f.Word != "" {
		name = f.Word
	}
	return refuse(name, "%s", wrong.Message)
}
