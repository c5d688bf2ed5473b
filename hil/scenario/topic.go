package scenario

import "hilphone/hil/behaviour"

// Topic explains what all lines have in common. Example is whole lines of a scenario.
type Topic struct {
	Name    string // of `hilphone bench help NAME`
	Title   string
	Text    []string // paragraphs
	Words   []Word
	Example string
}

// Topics are all of them, in the order in which they are read.
var Topics = []Topic{
	{Name: "text", Title: "Lines, words and comments", Text: []string{
		"A scenario is a text file with one step a line. Header lines (scenario, asks, proves, needs, timeout) stand before the first step.",
		"Words are separated by spaces. A word that begins with # begins a comment. \"quoted text\" is one word, with \\\" and \\\\ in it as in Go; a word that is quoted has no special meaning, so a key # that is to be pressed alone is written \"#\".",
		"The steps are carried out one after the other. The first one that fails ends the scenario; then calls are ended, settings put back, and the servers serve again."},
		Example: "scenario The backup takes a call\nserver primary silent # from now on\npress 1002#\nexpect call talking on backup within 10s"},
	{Name: "clock", Title: "What starts the clock", Text: []string{
		"Each expectation has a deadline, and the deadline counts from an instant before it. Without `after`, time counts from the last line that acts: the last press, hook, call, line, peer, server or setting above it, at the instant when that line begins. An `expect`, a `wait` or a `note` does not start the clock again, so several expectations under one action all count from that action.",
		"With `after NAME`, time counts from the line with the label `as NAME`: of a line that acts, the instant when it begins; of an expectation, the instant when what was expected came: of an event when the phone decided it, not when it recorded it, so none is early; of a SIP message when it was sent or received. Times that the phone took are exact against each other, and milliseconds can be asked for; against a line that acts they are as exact as the clocks of bench and phone agree, which the report says.",
		"Events, SIP messages, `call ended` and `peer over` that came before that instant do not count. All else is a state: where it is there already, `within` is met at once and `no` fails at once; for `at` and `between` it has to begin in that time.",
		"The times are those that the phone recorded, on its clock, so a slow bench does not change them. With a number (`expect 2 sip INVITE ...`) the whole deadline is waited for, as one more could come."},
		Example: "press 1002#\nexpect sip INVITE to primary within 3s as invite # from the press\nexpect call talking within 10s # from the press, too\nexpect sip REGISTER to backup at 15T1 +-100ms after invite # from the INVITE"},
	{Name: "times", Title: "Lengths of time", Text: []string{
		"A length of time (D) is a number with its unit. Several go together: 1m30s. The longest is 24h.",
		"T1 is that of the line of the place (setting t1_ms, 500 ms where nothing is set): 64T1 is 32s. What is written in T1 stays true when `--set t1_ms=50` makes the phone ten times as fast."},
		Words:   []Word{{Name: "ms", Doc: "milliseconds: 100ms"}, {Name: "s", Doc: "seconds: 7.5s"}, {Name: "m", Doc: "minutes: 2m"}, {Name: "h", Doc: "hours: 1h"}, {Name: "T1", Doc: "times T1 of the line: 15T1, 0.5T1"}},
		Example: "press 1\nwait 1m30s\nexpect phone failed within 64T1"},
	{Name: "labels", Title: "Labels", Text: []string{
		"`as NAME` at the end of a line that acts, or of an expectation, gives it a label: letters, digits, - and _, 40 at most. `after NAME` in a later expectation counts from it.",
		"`HEADER={NAME}` in an expectation of a SIP message is the header field that the message of that label had. The label `answer` marks the step that answers what the scenario asks."},
		Example: "call 1002 as dial\nexpect sip INVITE to primary within 3s after dial as invite\nexpect sip INVITE to backup with Call-ID={invite} without Via={invite} within 64T1 after dial"},
	{Name: "deadline", Title: "Deadlines", Text: []string{"An expectation ends with one of these, and then `after NAME` if it does not count from the last line that acts."},
		Words: []Word{{Name: string(Within), Value: "D", Doc: "it comes before so much time has gone by"}, {Name: string(At), Value: "D +-D", Doc: "it comes at that time, so much earlier or later at most"},
			{Name: string(Between), Value: "D and D", Doc: "it comes between these times; with `no` it does not"}, {Name: "no ... " + string(For), Value: "D", Doc: "it does not come for so long"},
			{Name: "after", Value: "NAME", Doc: "the label from which the time counts"}},
		Example: "press 1002# as dial\nexpect sip INVITE within 3s\nexpect sip REGISTER to backup at 7.5s +-100ms after dial\nexpect call talking on backup between 7s and 9s\nexpect no sip INVITE to primary for 5s"},
}

// Entries are all that help can be asked for: verbs, headers and topics.
func Entries() []string {
	all := append(Names(Verbs), Names(Headers)...)
	for _, t := range Topics {
		all = append(all, t.Name)
	}
	return all
}

// Compact reports whether a word needs one line of a table alone: it has no choices, or choices that explain themselves.
func (w Word) Compact() bool { return len(w.Choices) == 0 || !explained(w.Choices) }

func explained(choices []behaviour.Choice) bool {
	for _, c := range choices {
		if c.Doc != "" {
			return true
		}
	}
	return false
}
