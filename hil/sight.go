package hil

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// sight is everything that was seen in a run, in the order of its time, and who waits for more.
type sight struct {
	mu      sync.Mutex
	seen    []scenario.Observation
	known   time.Duration            // nothing is missing up to here
	eyes    map[string]time.Duration // nor up to there of what each eye of the rig sees
	changed chan struct{}            // closed when there is more
	lost    error                    // who was watched is gone
}

func newSight() *sight { return &sight{eyes: map[string]time.Duration{}, changed: make(chan struct{})} }

// add enters what was seen, where its time puts it.
func (s *sight) add(all ...scenario.Observation) {
	if len(all) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		i := len(s.seen)
		for i > 0 && s.seen[i-1].At > o.At {
			i--
		}
		s.seen = slices.Insert(s.seen, i, o)
	}
	s.tell()
}

// tell wakes who waits; s.mu is held.
func (s *sight) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// lose notes that nothing more will be seen, and why.
func (s *sight) lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == nil {
		s.lost = err
		s.tell()
	}
}

// complete notes that all is seen up to an instant.
func (s *sight) complete(until time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = max(s.known, until)
}

// seenBy notes that all is seen up to an instant of what an eye of the rig sees.
func (s *sight) seenBy(part string, until time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eyes[part] = max(s.eyes[part], until)
	s.tell()
}

// judge holds an expectation against what is there. When that settles nothing, changed tells when to ask again.
func (s *sight) judge(e scenario.Expect, f scenario.Frame) (j scenario.Judgement, changed <-chan struct{}, lost error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Known = s.known
	if f.By == scenario.ByRig {
		part := partOf(e)
		if e.What == scenario.LevelOf {
			part = levelPart
		}
		f.Known = s.eyes[part]
	}
	return e.Judge(s.seen, f), s.changed, s.lost
}

// event is an event of the phone.
type event struct {
	Seq    int64                      `json:"seq"`
	MonoUS int64                      `json:"mono_us"`
	Type   string                     `json:"type"`
	Line   *int                       `json:"line"`
	Call   *string                    `json:"call"`
	Data   map[string]json.RawMessage `json:"data"`
}

// flat is the data as text, with line and call; what is inside of an object has both names: end.cause.
func (e event) flat() map[string]string {
	fields := map[string]string{}
	if e.Line != nil {
		fields["line"] = strconv.Itoa(*e.Line)
	}
	if e.Call != nil {
		fields["call"] = *e.Call
	}
	flatten(fields, "", e.Data, 0)
	return fields
}

func flatten(into map[string]string, before string, data map[string]json.RawMessage, depth int) {
	for name, value := range data {
		var text string
		var inside map[string]json.RawMessage
		switch {
		case json.Unmarshal(value, &text) == nil && string(value) != "null":
			into[before+name] = text
		case depth < 3 && json.Unmarshal(value, &inside) == nil && inside != nil:
			flatten(into, before+name+"-", inside, depth+1)
		default:
			into[before+name] = string(value)
		}
	}
}

// observe is what an event says of the phone: the event itself, and the state that it changes. A level is the same for the evidence.
func (e event) observe(at time.Duration) (all []scenario.Observation, levels []evidence.Level) {
	fields := e.flat()
	all = append(all, scenario.Observation{At: at, Clock: scenario.PhoneClock, Order: e.order(), What: scenario.Event, Name: e.Type, Fields: fields})
	state := func(what scenario.What, name, value string) {
		all = append(all, scenario.Observation{At: at, Clock: scenario.PhoneClock, Order: e.order(), What: what, Name: name, Value: value, Fields: fields})
		levels = append(levels, evidence.Level{At: at, Name: strings.TrimSpace(string(what) + " " + name), Value: value})
	}
	switch e.Type {
	case "lamp":
		state(scenario.Lamp, fields["name"], fields["pattern"])
	case "ringer":
		state(scenario.Ringer, "", fields["state"])
	case "hook":
		state(scenario.HookState, "", fields["state"])
	case "phone":
		all = append(all, scenario.Observation{At: at, Clock: scenario.PhoneClock, Order: e.order(), What: scenario.PhoneIs, Value: fields["state"]})
	case "call":
		state(scenario.CallState, "", fields["state"])
		all[len(all)-1].Slot = fields["server"]
	case "line_state":
		all = append(all, lineObservation(at, fields["line"], fields["state"], fields["active"], fields["phase"]))
		all[len(all)-1].Order = e.order()
	case "key":
		levels = append(levels, evidence.Level{At: at, Name: "key " + fields["key"], Value: fields["state"]})
	}
	return all, levels
}

func lineObservation(at time.Duration, line, state, active, phase string) scenario.Observation {
	return scenario.Observation{At: at, Clock: scenario.PhoneClock, What: scenario.LineState, Name: line, Value: state, Slot: active, Fields: map[string]string{"phase": phase}}
}

// order is the place of the event among events and messages, as they were recorded.
func (e event) order() int64 { return 2 * e.Seq }

// message is a SIP message in the trace of the phone.
type message struct {
	Seq       int64  `json:"seq"`
	MonoUS    int64  `json:"mono_us"`
	Event     int64  `json:"after_event"`
	Line      *int   `json:"line"`
	Direction string `json:"direction"`
	Slot      string `json:"slot"`
	Proxy     bool   `json:"proxy"`
	Transport string `json:"transport"`
	Local     string `json:"local"`
	Remote    string `json:"remote"`
	CallID    string `json:"call_id"`
	Start     string `json:"start"`
	Raw       string `json:"raw"`
	Octets    []byte `json:"raw_base64"` // where raw is not UTF-8
}

// octets is the whole message.
func (m message) octets() []byte {
	if m.Octets != nil {
		return m.Octets
	}
	return []byte(m.Raw)
}

// order is the place of the message among events and messages; 0: an older phone does not say.
func (m message) order() int64 {
	if m.Event <= 0 {
		return 0
	}
	return 2*m.Event + 1
}

func (m message) observe(at time.Duration) scenario.Observation {
	o := scenario.Observation{At: at, Clock: scenario.PhoneClock, Order: m.order(), What: scenario.SIP, Slot: m.Slot, Out: m.Direction == "sent", Raw: string(m.octets())}
	first, rest, _ := strings.Cut(m.Start, " ")
	if strings.EqualFold(first, "SIP/2.0") {
		o.Value, _, _ = strings.Cut(rest, " ")
		o.Name = cseqMethod(o.Raw)
	} else {
		o.Name = first
	}
	return o
}

// cseqMethod is the method of the request that a response answers.
func cseqMethod(raw string) string {
	for _, value := range scenario.HeaderValues(raw, "CSeq") {
		if words := strings.Fields(value); len(words) == 2 {
			return words[1]
		}
	}
	return ""
}

func (m message) evidence(at time.Duration) evidence.Message {
	line := 0
	if m.Line != nil {
		line = *m.Line
	}
	callID, start := m.CallID, m.Start
	if m.Octets != nil { // JSON could not hold all of the texts
		raw := string(m.Octets)
		if all := scenario.HeaderValues(raw, "Call-ID"); len(all) > 0 && callID != "" {
			callID = all[0]
		}
		if first, _, _ := strings.Cut(raw, "\n"); start != "" && !utf8.ValidString(first) {
			start = strings.TrimSpace(first)
		}
	}
	return evidence.Message{At: at, Seen: evidence.FromPhone, Out: m.Direction == "sent", Line: line, Slot: m.Slot, Proxy: m.Proxy, Transport: m.Transport, Local: m.Local,
		Remote: m.Remote, CallID: callID, Start: start, Raw: m.octets()}
}

// text says an event in one line, for the evidence.
func (e event) text() string {
	fields := e.flat()
	names := make([]string, 0, len(fields))
	for name := range fields {
		if name != "branch" && name != "sip_call_id" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := e.Type
	for _, n := range names {
		text += fmt.Sprintf(" %s=%s", n, fields[n])
	}
	return text
}
