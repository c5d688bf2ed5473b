package scenario

import (
	"fmt"

	"hilphone/hal/press"
	"hilphone/hil/behaviour"
)

// Verb is a word that a line of a scenario begins with. The tables Headers and Verbs drive the parser, `hilphone bench help`, the page
// /docs/scenarios and doc/SCENARIOS.md (UX-09).
type Verb struct {
	Word  string
	Doc   string
	Acts  bool // times of later expectations are measured from it
	Forms []Form

	parse func(w *words) (Action, error) // what stands behind the verb of a step
}

// Form is one way to write a line, with an example that can be parsed.
type Form struct {
	Name    string // of a form that help can be asked for by name, as event: `hilphone bench help expect event`; empty: none
	Syntax  string // words in capitals stand for others
	Doc     string
	Words   []Word
	Example string
}

// Word explains a word of a syntax: one that is written as it is, or one in capitals that stands for others.
type Word struct {
	Name    string
	Value   string // what is written behind it; empty: nothing
	Doc     string
	Choices []behaviour.Choice
}

// Headers are the words that stand before the first step.
var Headers = []Verb{
	{Word: "scenario", Doc: "The name of the scenario, for reports. It is the first line, and the only header that is required.",
		Forms: []Form{{Syntax: "scenario NAME", Example: "scenario The backup takes a call"}}},
	{Word: "asks", Doc: "A question to the servers. The step labelled `as answer` answers it: yes if it comes true, otherwise no, and both are results. Only a question that could not be asked is a failure.",
		Forms: []Form{{Syntax: "asks QUESTION", Example: "asks Does the backup accept the BYE?"}}},
	{Word: "proves", Doc: "The numbers of the requirements that a pass proves: `hilphone bench list --requirements`.",
		Forms: []Form{{Syntax: "proves NUMBER ...", Example: "proves FO-24 FB-02"}}},
	{Word: "needs", Doc: "What the place has to have. Needs that follow from the steps (servers, peer, rig) need not be written.",
		Forms: []Form{{Syntax: "needs NEED ...", Words: []Word{{Name: "NEED", Choices: needs}}, Example: "needs separate tcp"}}},
	{Word: "timeout", Doc: "The scenario fails if it takes longer, from its first step. It is 10m where nothing is said, 1s at least.",
		Forms: []Form{{Syntax: "timeout D", Example: "timeout 3m"}}},
}

// Verbs are the words that a step begins with.
var Verbs = []Verb{
	{Word: "press", Acts: true, parse: parsePress, Doc: "Presses keys of the phone one after the other, by its REST interface or by the outputs of a rig.", Forms: []Form{
		{Syntax: "press KEYS [hold D]", Doc: fmt.Sprintf("Digits, * and # are written as they are, other keys in braces. With hold each key is held so long, %s to %s; otherwise %s. A line presses for a minute at most.", press.Min, press.Max, press.Usual),
			Words:   []Word{{Name: "KEYS", Choices: append([]behaviour.Choice{{Name: digitKeys, Doc: "the dial keys"}}, append(braced(functionKeys), behaviour.Choice{Name: "{line1}", Doc: "a line key, to {line20}"})...)}},
			Example: "press 1002#{release} hold 100ms"}}},
	{Word: "hook", Acts: true, parse: parseHook, Doc: "Lifts the handset or puts it back.", Forms: []Form{
		{Syntax: "hook on|off", Words: []Word{{Name: "on", Doc: "puts the handset back"}, {Name: "off", Doc: "lifts it"}}, Example: "hook off"}}},
	{Word: "call", Acts: true, parse: parseCall, Doc: "Makes or changes a call of the phone by its REST interface, without keys.", Forms: []Form{
		{Syntax: "call NUMBER [line N]", Doc: "Calls the number, on line 1 to 20; without it on the line of the place.", Example: "call 1002 line 2"},
		{Syntax: "call peer [line N]", Doc: "Calls the phone at the far end, whatever its number is.", Example: "call peer"},
		{Syntax: "call reject [CODE]", Doc: "Refuses the incoming call, with a response code from 400 to 699.", Example: "call reject 486"},
		{Syntax: "call digits DIGITS", Doc: "Sends digits in the call: 0 to 9, A to D, * and #, 64 at most.", Example: "call digits 12#"},
		{Syntax: "call " + callVerbWords(), Words: []Word{{Name: "answer", Doc: "takes the incoming call"}, {Name: "hold", Doc: "puts the other side on hold"},
			{Name: "resume", Doc: "takes it back"}, {Name: "mute", Doc: "switches the microphone off"}, {Name: "unmute", Doc: "switches it on"}, {Name: "hangup", Doc: "ends the call"}},
			Example: "call hangup"}}},
	{Word: "line", Acts: true, parse: parseLine, Doc: "Registers a line with its server, or removes the registration.", Forms: []Form{
		{Syntax: "line [N] register|unregister", Doc: "N is the number of the line, 1 to 20; without it the line of the place.", Example: "line 2 register"}}},
	{Word: "peer", Acts: true, parse: parsePeer, Doc: "What the phone at the far end does: with the calls that come to it from now on, or at once.", Forms: peerForms()},
	{Word: "server", Acts: true, parse: parseServer, Doc: "How a server treats what it receives, from now on and until the next step `server` of it. When a scenario begins, both serve.", Forms: serverForms()},
	{Word: "setting", Acts: true, parse: parseSetting, Doc: "Changes a setting of a line until the end of the scenario; then it is put back. Passwords cannot be set: they cannot be read, so they could not be put back.", Forms: settingForms()},
	{Word: "wait", parse: parseWait, Doc: "Does nothing for a time. It does not start the clock again.", Forms: []Form{{Syntax: "wait D", Example: "wait 3T1"}}},
	{Word: "note", parse: parseNote, Doc: "Writes a text into the evidence.", Forms: []Form{{Syntax: "note TEXT ...", Example: "note the cable is pulled by hand now"}}},
	{Word: "expect", Doc: "What has to come true, and by when. A scenario ends with the first expectation that does not.", Forms: expectForms()},
}

// Names are the words of verbs.
func Names(verbs []Verb) []string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = v.Word
	}
	return names
}

// verb is the verb of a step; nil if there is none of that word.
func verb(word string) *Verb { return find(Verbs, word) }

func find(verbs []Verb, word string) *Verb {
	for i := range verbs {
		if verbs[i].Word == word {
			return &verbs[i]
		}
	}
	return nil
}

func braced(choices []behaviour.Choice) []behaviour.Choice {
	all := make([]behaviour.Choice, len(choices))
	for i, c := range choices {
		all[i] = behaviour.Choice{Name: "{" + c.Name + "}", Doc: c.Doc}
	}
	return all
}

func expectForms() []Form {
	forms := make([]Form, len(subjects))
	for i, s := range subjects {
		forms[i] = s.form
		forms[i].Name = string(s.what)
	}
	return forms
}
