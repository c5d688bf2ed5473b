package scenario

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"hilphone/db/nearest"
	"hilphone/hil/behaviour"
)

// Limits of a text: nobody writes more by hand, and a report has to show it.
const (
	maxText  = 256 << 10
	maxSteps = 1000

	maxProblems = 100
)

// Parse reads a scenario and checks all of it that can be checked without a place. The error is Problems, with every fault there is.
func Parse(file string, text []byte) (*Scenario, error) {
	p := &parser{scenario: &Scenario{File: file, Source: string(text)}, labels: map[string]int{}}
	if len(text) > maxText {
		return nil, Problems{{file, 0, "text", "is longer than 256 KiB"}}
	}
	for n, line := range bytes.Split(text, []byte("\n")) {
		p.line = n + 1
		if err := p.read(strings.TrimSuffix(string(line), "\r")); err != nil {
			p.note(p.line, err)
		}
		if len(p.problems) >= maxProblems {
			return nil, append(p.problems, Problem{file, p.line, "text", "no more is looked at"})
		}
	}
	p.finish()
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return p.scenario, nil
}

// parser is a text while it is read.
type parser struct {
	scenario *Scenario
	line     int
	acted    bool           // a step has done something that can be measured from
	labels   map[string]int // label to its line
	problems Problems
}

func (p *parser) note(line int, err error) {
	f := &fault{"text", err.Error()}
	errors.As(err, &f)
	if f.field == "" {
		f.field = `""`
	}
	p.problems = append(p.problems, Problem{p.scenario.File, line, f.field, f.message})
}

func (p *parser) read(text string) error {
	tokens, err := split(text)
	if err != nil || len(tokens) == 0 {
		return err
	}
	w := &words{all: tokens}
	word := w.peek()
	w.all = w.all[1:]
	switch {
	case find(Headers, word) != nil:
		return p.header(word, w)
	case verb(word) == nil:
		p.acted = true // perhaps
		return refuse(tokens[0].text, "is not a verb: %s%s", strings.Join(Names(Verbs), ", "), nearest.Hint(tokens[0].text, append(Names(Verbs), Names(Headers)...)))
	}
	if p.scenario.Name == "" && len(p.scenario.Steps) == 0 && !p.named() {
		p.note(p.line, refuse("scenario", "must stand before the first step, with a name"))
	}
	if len(p.scenario.Steps) == maxSteps {
		return refuse(word, "is more than %d steps", maxSteps)
	}
	s, err := p.step(verb(word), w)
	s.Text = strings.TrimSpace(text)
	// A step that cannot be read is there all the same: what refers to it is right.
	p.acted = p.acted || s.Do == nil || s.Acts()
	if s.Label != "" {
		if first, taken := p.labels[s.Label]; taken {
			return errors.Join(refuse("as", "%s is the label of line %d already", s.Label, first), err)
		}
		p.labels[s.Label] = p.line
	}
	if err == nil {
		p.scenario.Steps = append(p.scenario.Steps, s)
	}
	return err
}

// named tells whether a missing name has been told already.
func (p *parser) named() bool {
	return slices.ContainsFunc(p.problems, func(f Problem) bool { return f.Field == "scenario" })
}

func (p *parser) header(verb string, w *words) error {
	if len(p.scenario.Steps) > 0 {
		return refuse(verb, "must stand before the first step")
	}
	var rest []string
	for _, t := range w.all {
		rest = append(rest, t.text)
	}
	if len(rest) == 0 {
		return refuse(verb, "says nothing")
	}
	s := p.scenario
	switch verb {
	case "scenario":
		if s.Name != "" {
			return refuse(verb, "is there twice")
		}
		s.Name = oneLine(rest)
	case "asks":
		if s.Asks != "" {
			return refuse(verb, "is there twice")
		}
		s.Asks = oneLine(rest)
	case "proves":
		for _, number := range rest {
			if !slices.Contains(Requirements(), number) {
				return refuse(verb, "there is no requirement %q%s", number, nearest.Hint(number, Requirements()))
			}
			s.Proves = append(s.Proves, number)
		}
	case "needs":
		for _, need := range rest {
			if !slices.Contains(Needs(), Need(need)) {
				return refuse(verb, "%q is not one of %s%s", need, join(Needs()), nearest.Hint(need, behaviour.Names(needs)))
			}
			s.Needs = append(s.Needs, Need(need))
		}
	case "timeout":
		d, err := w.fixed(verb)
		if err == nil && (d < time.Second || s.Timeout != 0) {
			err = refuse(verb, "must be a second at least, and there once")
		}
		if err != nil {
			return err
		}
		s.Timeout = d
		return w.end()
	}
	return nil
}

// oneLine joins words that may have been quoted with anything in them.
func oneLine(words []string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func join[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = string(a)
	}
	return strings.Join(words, ", ")
}

// step reads a step without its verb. The label may be there when the rest is wrong.
func (p *parser) step(verb *Verb, w *words) (s Step, err error) {
	s.Line = p.line
	if n := len(w.all); n >= 2 && w.all[n-2] == (token{text: "as"}) {
		label := w.all[n-1].text
		if !isLabel(label) {
			return s, refuse("as", "%q is no label: letters, digits, - and _", label)
		}
		s.Label, w.all = label, w.all[:n-2]
	}
	if verb.parse == nil {
		var e Expect
		if e, err = parseExpect(w); err != nil {
			return s, err
		}
		s.Do = e
		return s, p.measured(e)
	}
	s.Do, err = verb.parse(w)
	if err == nil {
		err = w.end()
	}
	if err == nil && s.Label != "" && !s.Acts() {
		err = refuse("as", "nothing can be measured from %s", verb.Word)
	}
	return s, err
}

// measured refuses an expectation that is measured from nothing.
func (p *parser) measured(e Expect) error {
	_, known := p.labels[e.After]
	switch {
	case e.After != "" && !known:
		return refuse("after", "no step before this one is labelled %q%s", e.After, nearest.Hint(e.After, slices.Sorted(maps.Keys(p.labels))))
	case e.After == "" && !p.acted:
		return refuse("expect", "nothing has been done before that its time could be measured from")
	}
	if e.What != SIP {
		return nil
	}
	for _, f := range e.Fields {
		if label, ok := f.label(); ok && !p.isMessage(label) {
			return refuse(f.Key, "no SIP message before this step is labelled %q%s", label, nearest.Hint(label, p.messageLabels()))
		}
	}
	return nil
}

// messageLabels are the labels of SIP messages.
func (p *parser) messageLabels() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(p.labels)), func(label string) bool { return !p.isMessage(label) })
}

// isMessage tells whether a label is that of a SIP message; a step that could not be read counts as one.
func (p *parser) isMessage(label string) bool {
	line, known := p.labels[label]
	i := slices.IndexFunc(p.scenario.Steps, func(s Step) bool { return s.Line == line })
	if !known || i < 0 {
		return known
	}
	e, ok := p.scenario.Steps[i].Do.(Expect)
	return ok && e.What == SIP && !e.No
}

func isLabel(text string) bool {
	if strings.IndexFunc(text, func(r rune) bool { return !isNameRune(r) }) >= 0 {
		return false
	}
	return text != "" && len(text) <= 40 && !reserved(text)
}

func (p *parser) finish() {
	s := p.scenario
	if s.Name == "" && !p.named() {
		p.note(0, refuse("scenario", "the name is missing: scenario NAME"))
	}
	if len(s.Steps) == 0 && len(p.problems) == 0 {
		p.note(0, refuse("expect", "there is no step"))
	} else if len(p.problems) == 0 && !slices.ContainsFunc(s.Steps, func(s Step) bool { _, ok := s.Do.(Expect); return ok }) {
		p.note(0, refuse("expect", "nothing is expected, so nothing can fail"))
	}
	if _, answered := p.labels[AnswerLabel]; s.Asks != "" && !answered && len(p.problems) == 0 {
		p.note(0, refuse("asks", "no step answers it: the one that does is labelled as %s", AnswerLabel))
	}
	for _, step := range s.Steps {
		need := NeedServers
		switch do := step.Do.(type) {
		case Server:
		case Call:
			if do.To != Far {
				continue
			}
			need = NeedPeer
		case Peer:
			need = NeedPeer
		case Expect:
			if do.What == PeerState {
				need = NeedPeer
			} else if do.What == LevelOf || do.By == ByRig {
				need = NeedRig
			} else {
				continue
			}
		default:
			continue
		}
		if !slices.Contains(s.Needs, need) {
			s.Needs = append(s.Needs, need)
		}
	}
}

// ParseStep reads one step that does something, outside of a scenario.
func ParseStep(text string) (Action, error) {
	tokens, err := split(text)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, refuse("text", "is no step: %s", strings.Join(Names(Verbs), ", "))
	}
	v := verb(tokens[0].text)
	if v == nil || v.parse == nil {
		return nil, refuse("text", "is no step: %s%s", strings.Join(Names(Verbs), ", "), nearest.Hint(tokens[0].text, Names(Verbs)))
	}
	w := &words{all: tokens[1:]}
	do, err := v.parse(w)
	if err == nil {
		err = w.end()
	}
	return do, err
}
