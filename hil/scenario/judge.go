package scenario

import (
	"fmt"
	"strings"
	"time"
)

// Clock is the clock that an instant was read from. Instants of one clock are exact against each other; against another they may be wrong by Frame.Slack.
type Clock string

// The clocks.
const (
	BenchClock Clock = ""
	PhoneClock Clock = "phone"
)

// Observation is something that was seen of the phone, of a server or of a rig.
type Observation struct {
	At     time.Duration // since the run began
	Clock  Clock         // where At was read, before it was converted
	Order  int64         // among the events and messages of the phone: it grows as they were recorded; 0: not known
	What   What
	Name   string            // as Expect.Name
	By     Eyes              // of a lamp, a ringer and a level: ByRig; empty: the phone
	Value  string            // as Expect.Value; of sip the status code, empty for a request
	Slot   string            // as Expect.Slot
	Out    bool              // of sip: sent by the phone
	Fields map[string]string // of an event and of a call
	Raw    string            // of sip: the whole message
}

// Frame is what an expectation is judged in.
type Frame struct {
	T1     time.Duration
	Line   int           // of the bench: the line that is meant where none is named
	Slack  time.Duration // so much may an instant of one clock be wrong on another
	Anchor time.Duration // what the expectation is measured from
	Clock  Clock         // where Anchor was read
	Order  int64         // as Observation.Order, of what the expectation is measured from
	Since  string        // what that was, where the expectation does not name it: line 11, `call hangup`
	By     Eyes          // who is believed: ByRig, or empty for the phone
	Known  time.Duration // everything up to here has been seen

	Messages map[string]string // label to the SIP message that came there
}

// Judgement is what is known of an expectation.
type Judgement struct {
	Settled bool
	Met     bool          // when Settled
	At      time.Duration // when it came about: of a single thing that was expected and came
	Clock   Clock         // where At was read
	Order   int64         // as Observation.Order
	Came    bool          // At counts
	Raw     string        // of sip: the message that came
	Cause   string        // why it was not met
}

// Judge holds an expectation against what was seen, which is in the order of its time. It is settled as soon as it can be.
func (e Expect) Judge(seen []Observation, f Frame) Judgement {
	from, _ := e.span(f)
	_, to := e.Bounds(f)
	var hits []Observation
	for _, o := range seen {
		if e.inTime(o, f) && e.matches(o, f) {
			hits = append(hits, o)
		}
	}
	held, now := e.before(seen, from, f)
	over := f.Known > to
	switch {
	case e.No && held:
		return Judgement{Settled: true, Cause: fmt.Sprintf("%s, from the beginning", now)}
	case e.No && len(hits) > 0:
		return Judgement{Settled: true, Cause: "it came about at " + e.place(hits[0].At, f)}
	case e.No:
		return Judgement{Settled: over, Met: over}
	case e.Count > 0 && len(hits) > e.Count:
		return Judgement{Settled: true, Cause: fmt.Sprintf("it came more than %d times, again at %s", e.Count, e.place(hits[e.Count].At, f))}
	case e.Count > 0 && over && len(hits) == e.Count:
		return hits[e.Count-1].met()
	case e.Count > 0:
		return Judgement{Settled: over, Cause: fmt.Sprintf("it came %d times, wanted %d", len(hits), e.Count)}
	case held:
		return Judgement{Settled: true, Met: true, At: max(from, f.Anchor), Clock: f.Clock, Order: f.Order, Came: true}
	case len(hits) > 0:
		return hits[0].met()
	case !over:
		return Judgement{}
	}
	return Judgement{Settled: true, Cause: e.missed(seen, f)}
}

// met is the judgement of an expectation that this has met.
func (o Observation) met() Judgement {
	return Judgement{Settled: true, Met: true, At: o.At, Clock: o.Clock, Order: o.Order, Came: true, Raw: o.Raw}
}

// Bounds is the time in which an expectation is looked for, whatever the clock of an observation: Slack is added at both ends.
func (e Expect) Bounds(f Frame) (from, to time.Duration) {
	from, to = e.span(f)
	return from - f.Slack, to + f.Slack
}

// span is the time in which an expectation is looked for, on the clock of the anchor.
func (e Expect) span(f Frame) (from, to time.Duration) {
	from, to = e.From.At(f.T1), e.To.At(f.T1)
	if e.Kind == At {
		from, to = max(0, from-e.Plus), from+e.Plus
	}
	return f.Anchor + from, f.Anchor + to
}

// inTime reports whether an observation is within the window. An instant may be wrong by Slack on another clock, which is counted in favour of the phone:
// what is wanted may have come so much earlier or later; what is not wanted is a fault only where it was within the window for certain. Instants of one
// clock are exact. One decision of the phone makes several events, all of one instant, and messages a little later: before and after the anchor is, among
// them, what was recorded before and after it.
func (e Expect) inTime(o Observation, f Frame) bool {
	from, to := e.span(f)
	ordered := o.Order != 0 && f.Order != 0
	switch sameClock := o.Clock == f.Clock; {
	case e.No && ordered && o.Order < f.Order:
		return false
	case e.No && !sameClock:
		from, to = from+f.Slack, to-f.Slack
	case e.No:
	case !sameClock:
		from, to = from-f.Slack, to+f.Slack
	case from <= f.Anchor && ordered && o.Order >= f.Order:
		from = o.At
	case from <= f.Anchor:
		from -= f.Slack
	}
	return o.At >= from && o.At <= to
}

// lasting tells whether the subject is a state, and true as long as it does not change.
func (e Expect) lasting() bool {
	return e.What != Event && e.What != SIP && !(e.What == CallState && e.Value == "ended") && !(e.What == PeerState && e.Value == "over")
}

// before tells whether a state was so already when its time began, and what there was. What is timed has to begin in its time.
func (e Expect) before(seen []Observation, from time.Duration, f Frame) (held bool, now string) {
	if !e.lasting() || e.Kind == At || e.Kind == Between && !e.No {
		return false, ""
	}
	if o, ok := e.last(seen, from, f); ok && e.matches(o, f) {
		return true, o.state()
	}
	return false, ""
}

// last is the state at an instant.
func (e Expect) last(seen []Observation, at time.Duration, f Frame) (o Observation, ok bool) {
	for i := len(seen) - 1; i >= 0; i-- {
		if s := seen[i]; s.At <= at && s.What == e.What && s.By == f.By && (e.Name == s.Name || e.What == LineState && s.Name == e.line(f)) {
			return s, true
		}
	}
	return o, false
}

func (e Expect) line(f Frame) string {
	if e.Name != "" {
		return e.Name
	}
	return fmt.Sprint(f.Line)
}

func (e Expect) matches(o Observation, f Frame) bool {
	if o.What != e.What || o.By != f.By || e.Slot != "" && o.Slot != e.Slot {
		return false
	}
	switch e.What {
	case LineState:
		return o.Name == e.line(f) && (o.Value == e.Value || o.Fields["phase"] == e.Value)
	case Display:
		return strings.Contains(o.Value, e.Value)
	case SIP:
		return o.Name == e.Name && (e.Slot == "" || o.Out == e.Out) && sameStatus(e.Value, o.Value) && e.headers(o.Raw, f)
	case Event:
		return o.Name == e.Name && e.sameFields(o)
	case CallState:
		return o.Value == e.Value && e.sameFields(o)
	}
	return o.Name == e.Name && o.Value == e.Value
}

func (e Expect) sameFields(o Observation) bool {
	for _, f := range e.Fields {
		if v, ok := o.Fields[f.Key]; !ok || v != f.Value {
			return false
		}
	}
	return true
}

// sameStatus compares a code or a class with that of a message; nothing is a request.
func sameStatus(want, got string) bool {
	if class, ok := strings.CutSuffix(want, "xx"); ok {
		return strings.HasPrefix(got, class) && len(got) == 3
	}
	return want == got
}

// missed says what there was instead.
func (e Expect) missed(seen []Observation, f Frame) string {
	from, to := e.Bounds(f)
	var near *Observation
	for i, o := range seen {
		if o.At >= f.Anchor-f.Slack && e.matches(o, f) && (near == nil || distance(o.At, from, to) < distance(near.At, from, to)) {
			near = &seen[i]
		}
	}
	if near != nil {
		return "it came at " + e.place(near.At, f)
	}
	if e.lasting() {
		if o, ok := e.last(seen, to, f); ok {
			if e.matches(o, f) {
				return o.state() + ", and was so before"
			}
			return "instead " + o.state()
		}
	}
	return "it did not come by " + e.place(to, f)
}

func distance(at, from, to time.Duration) time.Duration { return max(from-at, at-to, 0) }

// place is an instant as the reader measures it.
func (e Expect) place(at time.Duration, f Frame) string {
	text := fmt.Sprintf("%.3f s", (at - f.Anchor).Seconds())
	if e.After != "" {
		return text + " after " + e.After
	}
	if f.Since != "" {
		text += ", after " + f.Since
	}
	return text
}

// state says a state in words.
func (o Observation) state() string {
	name := string(o.What)
	if o.Name != "" {
		name += " " + o.Name
	}
	if o.What == Display {
		return fmt.Sprintf("the display says %q", o.Value)
	}
	text := name + " is " + o.Value
	if o.Slot != "" {
		text += " (" + o.Slot + ")"
	}
	return text
}
