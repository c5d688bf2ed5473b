// Package scenario is what a lab engineer writes down to be done to a phone and its servers, and what has to come of it: a text of one
// step a line, that compares well with another version of itself.
//
//	# A silent primary costs the caller 7.5 s; the backup takes REGISTER and INVITE.
//	scenario Silent primary
//	proves FO-24 FO-28
//	needs servers
//
//	server both serve
//	expect line registered primary within 5s
//
//	server primary silent
//	press 1002#
//	expect sip INVITE to primary within 3s as invite
//	expect sip REGISTER to backup at 15T1 +-100ms after invite
//	expect call talking on backup within 12s
//
// Before the first step stand the header words scenario, asks, proves, needs and timeout; every later line begins with one of Verbs. A word
// that begins with # begins a comment, "quoted text" is one word, and a length of time is 100ms, 7.5s, 2m, or so many times T1 of the line:
// 64T1. Without `after` a time counts from the last line that acts (press, hook, call, line, peer, server, setting); expect, wait and note
// do not start it again. `after NAME` counts from the line with the label `as NAME`; of an expectation that is the instant it came true.
//
// A lamp or a ringer may be seen by the sensors of a rig and told of by the phone: `by rig` or `by rest` says whose word counts.
//
// The package only reads, checks, prints and judges; playing is the bench's.
package scenario

import (
	"strings"
	"time"

	"hilphone/hil/behaviour"
)

// Scenario is one text. Parse makes it.
type Scenario struct {
	File    string // as it was named
	Source  string // the text
	Name    string
	Asks    string        // the question that the step labelled answer answers; empty: the scenario passes or fails
	Proves  []string      // requirement numbers
	Needs   []Need        // in the order written
	Timeout time.Duration // the whole may take so long; 0: 10 min
	Steps   []Step
}

// AnswerLabel is that of the step that answers what a scenario asks: yes if it comes true, and nothing fails after it.
const AnswerLabel = "answer"

// Far is who is called by `call peer`: the phone at the far end, whatever its number.
const Far = "peer"

// DefaultTimeout bounds a scenario that does not say otherwise.
const DefaultTimeout = 10 * time.Minute

// Need is something the place must have.
type Need string

// The needs.
const (
	NeedServers  Need = "servers"  // a primary and a backup that misbehave on request
	NeedPeer     Need = "peer"     // a phone at the far end that is told what to do
	NeedRig      Need = "rig"      // eyes and hands on a real phone
	NeedSeparate Need = "separate" // the servers do not know each other's registrations
	NeedShared   Need = "shared"   // they do
	NeedRoute    Need = "route"    // `server primary down` takes the phone's route to the primary away
	NeedUDP      Need = "udp"      // the transport of the line
	NeedTCP      Need = "tcp"
	NeedTLS      Need = "tls"
)

// Needs are all needs there are.
func Needs() []Need {
	all := make([]Need, len(needs))
	for i, n := range needs {
		all[i] = Need(n.Name)
	}
	return all
}

// Step is one line of a scenario after its header.
type Step struct {
	Line  int    // of the file
	Text  string // as it is written there
	Label string // as NAME; empty without
	Do    Action
}

// String is the step as it is written.
func (s Step) String() string {
	text := s.Do.String()
	if s.Label != "" {
		text += " as " + word(s.Label)
	}
	return text
}

// Action is what a step does or expects: Press, Hook, Call, Line, Peer, Server, Setting, Wait, Note or Expect. It prints itself as it is
// written.
type Action interface {
	String() string
	verb() string // its first word
}

// Press presses keys one after the other: 1002#{release}.
type Press struct {
	Keys string
	Hold time.Duration // of each key; 0: 80 ms
}

// Hook lifts or replaces the handset.
type Hook struct{ Off bool }

// Call does something to the phone's call by script.
type Call struct {
	Do     string // dial, answer, reject, hold, resume, mute, unmute, hangup, digits
	To     string // of dial
	Line   int    // of dial; 0: the line of the bench
	Code   int    // of reject; 0: the phone's own
	Digits string
}

// Line registers a line by hand, or takes its registration back.
type Line struct {
	Number   int // 0: the line of the bench
	Register bool
}

// Peer tells the phone at the far end what to do.
type Peer struct {
	Do        string              // answering, call, send, hangup, register
	Count     int                 // of register: so many at once
	Answering behaviour.Answering // how it treats calls from now on
	Request   behaviour.Request   // of call and send; of register its Via
}

// Server tells servers how to behave.
type Server struct {
	Names     []string // primary, backup
	Down      bool     // as the place can: silent where nothing else is said
	Behaviour behaviour.Server
}

// Setting changes a setting of a line until the end of the scenario.
type Setting struct {
	Line  int // 0: the line of the bench
	Name  string
	Value string // as written; the phone's kind of the setting decides how it is read. {NAME}: what setting NAME of the line has then
}

// Copies gives the name of the setting whose value is taken.
func (a Setting) Copies() (name string, ok bool) {
	name, opened := strings.CutPrefix(a.Value, "{")
	name, closed := strings.CutSuffix(name, "}")
	return name, opened && closed
}

// Wait does nothing for a while.
type Wait struct{ For Span }

// Note says something in the evidence.
type Note struct{ Text string }

func (Press) verb() string   { return "press" }
func (Hook) verb() string    { return "hook" }
func (Call) verb() string    { return "call" }
func (Line) verb() string    { return "line" }
func (Peer) verb() string    { return "peer" }
func (Server) verb() string  { return "server" }
func (Setting) verb() string { return "setting" }
func (Wait) verb() string    { return "wait" }
func (Note) verb() string    { return "note" }
func (Expect) verb() string  { return "expect" }

// Acts tells whether later expectations are measured from this step: Verb.Acts of its verb.
func (s Step) Acts() bool { return verb(s.Do.verb()).Acts }
