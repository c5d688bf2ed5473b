package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// String is the whole scenario in its plain form: one blank between words, no comments. Parsed again it is the same scenario.
func (s *Scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "scenario %s\n", written(strings.Fields(s.Name)))
	if s.Asks != "" {
		fmt.Fprintf(&b, "asks %s\n", written(strings.Fields(s.Asks)))
	}
	if len(s.Proves) > 0 {
		fmt.Fprintf(&b, "proves %s\n", strings.Join(s.Proves, " "))
	}
	if len(s.Needs) > 0 {
		fmt.Fprintf(&b, "needs %s\n", strings.ReplaceAll(join(s.Needs), ",", ""))
	}
	if s.Timeout > 0 {
		fmt.Fprintf(&b, "timeout %s\n", plain(s.Timeout))
	}
	b.WriteByte('\n')
	for _, step := range s.Steps {
		b.WriteString(step.String() + "\n")
	}
	return b.String()
}

func written(all []string) string {
	quoted := make([]string, len(all))
	for i, w := range all {
		quoted[i] = word(w)
	}
	return strings.Join(quoted, " ")
}

// line puts words that are there behind each other.
type line []string

func (l *line) add(parts ...string) { *l = append(*l, parts...) }

func (l *line) time(name string, d time.Duration) {
	if d != 0 {
		l.add(name, plain(d))
	}
}

func (l *line) number(name string, n int) {
	switch {
	case n == 0:
	case name == "":
		l.add(strconv.Itoa(n))
	default:
		l.add(name, strconv.Itoa(n))
	}
}

func (l line) String() string { return strings.Join(l, " ") }

func (a Press) String() string {
	l := line{"press", word(a.Keys)}
	l.time("hold", a.Hold)
	return l.String()
}

func (a Hook) String() string {
	if a.Off {
		return "hook off"
	}
	return "hook on"
}

func (a Call) String() string {
	l := line{"call"}
	switch a.Do {
	case "dial":
		to := word(a.To)
		if _, mistyped := mistypedCall(a.To); mistyped && to == a.To {
			to = strconv.Quote(to)
		}
		l.add(to)
		l.number("line", a.Line)
	case "digits":
		l.add("digits", word(a.Digits))
	default:
		l.add(a.Do)
		if a.Code != 0 {
			l.add(strconv.Itoa(a.Code))
		}
	}
	return l.String()
}

func (a Line) String() string {
	l := line{"line"}
	if a.Number != 0 {
		l.add(strconv.Itoa(a.Number))
	}
	if a.Register {
		return line(append(l, "register")).String()
	}
	return line(append(l, "unregister")).String()
}

func (a Setting) String() string {
	l := line{"setting"}
	l.number("line", a.Line)
	l.add(a.Name, word(a.Value))
	return l.String()
}

func (a Wait) String() string { return "wait " + a.For.String() }

func (a Note) String() string { return "note " + written(strings.Fields(a.Text)) }

func (e Expect) String() string {
	l := line{"expect"}
	if e.No {
		l.add("no")
	} else if e.Count > 0 {
		l.add(strconv.Itoa(e.Count))
	}
	l.add(string(e.What))
	for _, part := range e.subjectWords() {
		if part != "" {
			l.add(part)
		}
	}
	l.add(string(e.Kind))
	switch e.Kind {
	case At:
		l.add(e.From.String(), "+-"+plain(e.Plus))
	case Between:
		l.add(e.From.String(), "and", e.To.String())
	default:
		l.add(e.To.String())
	}
	if e.After != "" {
		l.add("after", e.After)
	}
	return l.String()
}

func (e Expect) subjectWords() (l line) {
	switch e.What {
	case SIP:
		l.add(e.Value, e.Name)
		if e.Slot != "" && e.Out {
			l.add("to", e.Slot)
		} else if e.Slot != "" {
			l.add("from", e.Slot)
		}
	case CallState:
		l.add(e.Value)
		if e.Slot != "" {
			l.add("on", e.Slot)
		}
	case LineState:
		l.add(e.Name, e.Value, e.Slot)
	case Event:
		l.add(e.Name)
	case Display:
		l.add(word(e.Value))
	case LevelOf:
		l.add(word(e.Name), word(e.Value))
	default:
		l.add(e.Name, e.Value)
	}
	if e.By != "" {
		l.add("by", string(e.By))
	}
	for i, f := range e.Fields {
		switch {
		case e.What == SIP && f.Not && (i == 0 || !e.Fields[i-1].Not):
			l.add("without")
		case e.What == SIP && !f.Not && i == 0:
			l.add("with")
		}
		if f.Value == "" || strings.IndexFunc(f.Value, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '"' }) >= 0 {
			l.add(f.Key + "=" + strconv.Quote(f.Value))
		} else {
			l.add(f.Key + "=" + f.Value)
		}
	}
	return l
}
