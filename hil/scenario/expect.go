package scenario

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hilphone/db/journal/event"
	"hilphone/db/nearest"
)

// What an expectation is about.
type What string

// The subjects. The first group are states: they are there until they change. The last two are instants.
const (
	Lamp      What = "lamp"
	Ringer    What = "ringer"
	HookState What = "hook"
	Display   What = "display"
	PhoneIs   What = "phone"
	CallState What = "call"
	LineState What = "line"
	PeerState What = "peer"
	LevelOf   What = "level" // of an input of a rig
	Event     What = "event"
	SIP       What = "sip"
)

// Expect is an expectation and its deadline.
type Expect struct {
	What   What
	No     bool    // it must not come about
	Count  int     // so many times exactly; 0: once or more
	Name   string  // lamp, number of a line, type of an event, method, input of a rig
	Value  string  // state, pattern, text of a display, status code or class (2xx) of a response
	Fields []Field // all must be so
	Slot   string  // of sip: the server at the other end; of call and line: the server in use
	By     Eyes    // of lamp and ringer: who has to see it; empty: the rig where it can, else the phone
	Out    bool    // of sip with a slot: to it, otherwise from it

	Kind     Window
	From, To Span          // from the step it is measured from
	Plus     time.Duration // of WindowAt: From is the instant, and it may be so much before or after
	After    string        // label of that step; empty: the last that did something
}

// Field is a field of an event, or a header of a SIP message: key=value is the whole, of a header a part.
type Field struct {
	Key, Value string
	Not        bool // of a header: the message has none with that in it
}

// Window is the form of a deadline.
type Window string

// The deadlines.
const (
	At      Window = "at"      // at D +-T
	Within  Window = "within"  // within D
	Between Window = "between" // between D and D
	For     Window = "for"     // no ... for D
)

// parseExpect reads what stands behind expect, without the label.
func parseExpect(w *words) (e Expect, err error) {
	if w.take("no") {
		e.No = true
	} else if n, err := strconv.Atoi(w.peek()); err == nil {
		if n < 1 || n > 1000 {
			return e, refuse("expect", "%d times is not 1 to 1000; none is: expect no ...", n)
		}
		e.Count, w.all = n, w.all[1:]
	}
	what, err := w.one("expect", subjectNames()...)
	if err != nil {
		return e, err
	}
	e.What = What(what)
	about := findSubject(e.What)
	if e.Count > 0 && !about.counted {
		return e, refuse(what, "can be counted only of event and sip")
	}
	if err := about.read(&e, w); err != nil {
		return e, err
	}
	if err := e.window(w); err != nil {
		return e, err
	}
	if w.take("after") {
		if e.After, err = w.next("after"); err != nil {
			return e, err
		}
	}
	return e, w.end()
}

// Eyes is who sees a lamp or a ringer.
type Eyes string

// The eyes.
const (
	ByRig  Eyes = "rig"  // a sensor of the rig
	ByREST Eyes = "rest" // the phone, which says what it shows
)

// eyes reads by rig or by rest, if that is what comes next.
func (e *Expect) eyes(w *words, err error) error {
	if err == nil && w.take("by") {
		var by string
		by, err = w.one("by", string(ByRig), string(ByREST))
		e.By = Eyes(by)
	}
	return err
}

// fields takes the words that are KEY=VALUE.
func (e *Expect) fields(w *words) {
	for {
		key, value, ok := strings.Cut(w.peek(), "=")
		if !ok || key == "" || strings.IndexFunc(key, func(r rune) bool { return !isNameRune(r) }) >= 0 {
			return
		}
		w.all = w.all[1:]
		e.Fields = append(e.Fields, Field{Key: key, Value: value})
	}
}

// checkFields refuses fields that events of a type do not have: such an expectation could never be met.
func (e *Expect) checkFields(kind string) error {
	names := []string{"line", "call"}
	info, _ := event.Lookup(kind)
	for _, f := range info.Fields() {
		names = append(names, f.Name)
	}
	for _, f := range e.Fields {
		if !slices.Contains(names, f.Key) {
			return refuse(string(e.What), "%s has no %q: %s%s", kind, f.Key, strings.Join(names, ", "), nearest.Hint(f.Key, names))
		}
	}
	return nil
}

// message reads METHOD, or CODE METHOD; then to or from a server, then headers.
func (e *Expect) message(w *words) (err error) {
	if next := w.peek(); next != "" && next[0] >= '1' && next[0] <= '9' {
		e.Value = next
		code, err := strconv.Atoi(strings.Replace(next, "xx", "00", 1))
		if err != nil || code < 100 || code > 699 || len(next) != 3 {
			return refuse("sip", "%q is no status: 100 to 699, or 1xx to 6xx", next)
		}
		w.all = w.all[1:]
	}
	if e.Name, err = w.one("sip", methods...); err != nil {
		return err
	}
	if to := w.take("to"); to || w.take("from") {
		e.Out = to
		if e.Slot, err = w.one("server", slots...); err != nil {
			return err
		}
	}
	if w.take("with") {
		if e.fields(w); len(e.Fields) == 0 {
			return refuse("with", `must be followed by HEADER="part of it" or HEADER={label}`)
		}
	}
	if with := len(e.Fields); w.take("without") {
		if e.fields(w); len(e.Fields) == with {
			return refuse("without", `must be followed by HEADER="part of it" or HEADER={label}`)
		}
		for i := range e.Fields[with:] {
			e.Fields[with+i].Not = true
		}
	}
	return nil
}

func (e *Expect) window(w *words) (err error) {
	kind := w.peek()
	if kind == "" || kind == "after" {
		return refuse("expect", "the deadline is missing: within D, at D +-T, between D and D, or for D with no")
	}
	if kind, err = w.one("expect", "at", "within", "between", "for"); err != nil {
		return err
	}
	e.Kind = Window(kind)
	switch {
	case e.No && e.Kind != For && e.Kind != Between:
		return refuse(kind, "what must not come about is so for D, or between D and D")
	case !e.No && e.Kind == For:
		return refuse(kind, "goes with expect no; otherwise within D")
	}
	switch e.Kind {
	case At:
		if e.From, err = w.span(kind); err != nil {
			return err
		}
		text, _ := w.next("at")
		plus, ok := strings.CutPrefix(text, "+-")
		if !ok {
			plus, ok = strings.CutPrefix(text, "±")
		}
		if !ok {
			return refuse(kind, "how exactly is missing: at %s +-100ms", e.From)
		}
		if e.Plus, err = parseFixed(plus); err == nil && e.Plus == 0 {
			err = refuse(kind, "nothing comes at an instant exactly")
		}
		return err
	case Between:
		if e.From, err = w.span(kind); err != nil {
			return err
		}
		if _, err = w.one("between", "and"); err != nil {
			return err
		}
		if e.To, err = w.span("and"); err == nil && (e.From.T1 == 0) == (e.To.T1 == 0) && (e.To.Fixed < e.From.Fixed || e.To.T1 < e.From.T1) {
			err = refuse("between", "%s is after %s", e.From, e.To)
		}
		return err
	}
	e.To, err = w.span(kind)
	if err == nil && e.To == (Span{}) {
		err = refuse(kind, "no time at all")
	}
	return err
}
