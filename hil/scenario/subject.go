package scenario

import (
	"slices"
	"strconv"
	"strings"

	"hilphone/db/journal/event"
	"hilphone/db/nearest"
	"hilphone/hil/behaviour"
)

// subject is what an expectation may be about: how it is written, and how it is read.
type subject struct {
	what    What
	counted bool // it may come several times: expect 2 ...
	form    Form
	read    func(e *Expect, w *words) error
}

var byWords = Word{Name: "by", Value: "rig|rest", Doc: "who has to see it: a sensor of the rig, or the phone, which says so by REST. Without it the rig where it has a sensor for it, otherwise the phone"}

// subjects are all of them.
var subjects = []subject{
	{what: Lamp, read: readLamp, form: Form{Syntax: "expect [no] lamp LAMP PATTERN [by rig|rest] DEADLINE", Doc: "A lamp shows a pattern.",
		Words:   []Word{{Name: "LAMP", Choices: append(slices.Clone(lamps), behaviour.Choice{Name: "line1", Doc: "the lamp of a line key, to line20"})}, {Name: "PATTERN", Choices: patterns}, byWords},
		Example: "expect lamp line1 slow by rest within 1s"}},
	{what: Ringer, read: readRinger, form: Form{Syntax: "expect [no] ringer on|off [by rig|rest] DEADLINE", Doc: "The ringer sounds, or does not.", Words: []Word{byWords},
		Example: "expect ringer on within 1s"}},
	{what: HookState, read: readState(HookState, switched), form: Form{Syntax: "expect [no] hook on|off DEADLINE", Doc: "The handset lies in its cradle (on) or is lifted (off).",
		Example: "expect hook off within 1s"}},
	{what: Display, read: readDisplay, form: Form{Syntax: "expect [no] display TEXT DEADLINE", Doc: "A line of the display has the text in it.", Example: `expect display "1002 backup" within 1s`}},
	{what: PhoneIs, read: readState(PhoneIs, phoneStates), form: Form{Syntax: "expect [no] phone STATE DEADLINE", Doc: "The phone is in a state.", Words: []Word{{Name: "STATE", Choices: phoneStates}},
		Example: "expect phone dial_tone within 1s"}},
	{what: CallState, read: readCall, form: Form{Syntax: "expect [no] call STATE [on primary|backup] [FIELD=VALUE ...] DEADLINE", Doc: "A call of the phone is in a state, by that server.",
		Words:   []Word{{Name: "STATE", Choices: callStates}, {Name: "FIELD", Doc: "a field of the event `call`, as remote or end-cause"}},
		Example: "expect call ended end-cause=no_response within 10s"}},
	{what: LineState, read: readLine, form: Form{Syntax: "expect [no] line [N] STATE [none|primary|backup] DEADLINE", Doc: "A line is in a state or a phase, and uses that server. N is 1 to 20; without it the line of the place.",
		Words: []Word{{Name: "STATE", Choices: lineStates}}, Example: "expect line registered backup within 10s"}},
	{what: PeerState, read: readState(PeerState, peerStates), form: Form{Syntax: "expect [no] peer STATE DEADLINE", Doc: "The phone at the far end is in a state.", Words: []Word{{Name: "STATE", Choices: peerStates}},
		Example: "expect peer up within 5s"}},
	{what: LevelOf, read: readLevel, form: Form{Syntax: "expect [no] level ringer|LAMP on|off DEADLINE", Doc: "A sensor of the rig is active (on) or not, at this instant: the level itself, not the pattern of a lamp.",
		Example: "expect level line1 on within 1s"}},
	{what: Event, counted: true, read: readEvent, form: Form{Syntax: "expect [no|N] event TYPE [FIELD=VALUE ...] DEADLINE", Doc: "The phone records an event of that type whose fields have those values; N is the exact number of times. Each type also has the fields `line` and `call`.",
		Words: eventWords(), Example: "expect event failover from=primary to=backup at 15T1 +-100ms after dial"}},
	{what: SIP, counted: true, read: (*Expect).message, form: Form{Syntax: "expect [no|N] sip [STATUS] METHOD [to|from primary|backup] [with HEADER=PART ...] [without HEADER=PART ...] DEADLINE",
		Doc: "The phone sends (to) or receives (from) a SIP message; without to and from either. N is the exact number of times.",
		Words: []Word{{Name: "STATUS", Doc: "makes it a response, to a request of that method: 100 to 699, or a class, 1xx to 6xx"},
			{Name: "METHOD", Choices: plainChoices(methods)},
			{Name: "with", Value: "HEADER=PART ...", Doc: "the message has each header field with that text in it. `{label}` instead of a text is the same header field of the message that came at the step of that label. `Request-URI` and `Body` can be asked for like header fields"},
			{Name: "without", Value: "HEADER=PART ...", Doc: `it has none with that text in it; Route="" is no Route at all`}},
		Example: `expect sip 2xx INVITE from backup with Contact="<sip:1002@" Call-ID={invite} without Record-Route="" within 9s`}},
}

func plainChoices(names []string) []behaviour.Choice {
	all := make([]behaviour.Choice, len(names))
	for i, name := range names {
		all[i].Name = name
	}
	return all
}

// eventWords are the types of events, with their fields as choices.
func eventWords() []Word {
	all := make([]Word, len(event.All))
	for i, info := range event.All {
		all[i] = Word{Name: info.Type(), Doc: info.Doc}
		for _, f := range info.Fields() {
			all[i].Choices = append(all[i].Choices, behaviour.Choice{Name: f.Name, Doc: f.Doc})
		}
	}
	return all
}

func findSubject(what What) *subject {
	i := slices.IndexFunc(subjects, func(s subject) bool { return s.what == what })
	return &subjects[i]
}

func subjectNames() []string {
	names := make([]string, len(subjects))
	for i, s := range subjects {
		names[i] = string(s.what)
	}
	return names
}

// readState reads one of these states.
func readState(what What, states []behaviour.Choice) func(e *Expect, w *words) error {
	return func(e *Expect, w *words) (err error) {
		e.Value, err = w.one(string(what), behaviour.Names(states)...)
		return err
	}
}

func readLamp(e *Expect, w *words) (err error) {
	if e.Name, err = w.next("lamp"); err == nil && !IsLamp(e.Name) {
		return refuse("lamp", "there is no lamp %q: %s or line1 to line%d%s", e.Name, strings.Join(behaviour.Names(lamps), ", "), maxLines, nearest.Hint(e.Name, LampNames()))
	}
	if err == nil {
		e.Value, err = w.one("lamp "+e.Name, behaviour.Names(patterns)...)
	}
	return e.eyes(w, err)
}

func readRinger(e *Expect, w *words) error { return e.eyes(w, readState(Ringer, switched)(e, w)) }

func readDisplay(e *Expect, w *words) (err error) {
	if e.Value, err = w.next("display"); err == nil && e.Value == "" {
		err = refuse("display", "is always there when it is empty")
	}
	return err
}

func readCall(e *Expect, w *words) (err error) {
	if e.Value, err = w.one("call", behaviour.Names(callStates)...); err == nil && w.take("on") {
		e.Slot, err = w.one("on", slots...)
	}
	if err == nil {
		e.fields(w)
		err = e.checkFields(event.Call{}.EventType())
	}
	return err
}

func readLine(e *Expect, w *words) error {
	n, err := optionalLine(w)
	if err == nil && n > 0 {
		e.Name = strconv.Itoa(n) // otherwise that of the bench
	}
	if err == nil {
		e.Value, err = w.one("line", behaviour.Names(lineStates)...)
	}
	if next := w.peek(); slices.Contains(behaviour.Names(activeServers), next) {
		w.take(next)
		e.Slot = next
	}
	return err
}

func readLevel(e *Expect, w *words) (err error) {
	if e.Name, err = w.next("level"); err == nil && e.Name != "ringer" && !IsLamp(e.Name) {
		return refuse("level", "%q is no sensor of a rig: ringer, or the lamp that it looks at%s", e.Name, nearest.Hint(e.Name, append(LampNames(), "ringer")))
	}
	if err == nil {
		e.Value, err = w.one("level "+e.Name, behaviour.Names(switched)...)
	}
	return err
}

func readEvent(e *Expect, w *words) (err error) {
	if e.Name, err = w.one("event", event.Types()...); err == nil {
		e.fields(w)
		err = e.checkFields(e.Name)
	}
	return err
}
