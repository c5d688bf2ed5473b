package evidence

import (
	"encoding/json"
	"time"
)

// Kind says what an Entry is about.
type Kind string

// The kinds of entries, as events.jsonl and the report name them.
const (
	StepKind    Kind = "step"    // a step of the scenario begins or ends
	EventKind   Kind = "event"   // an event of the phone; Data is the event as REST gives it
	MessageKind Kind = "message" // a SIP message; Data is a Message
	RESTKind    Kind = "rest"    // a call of the bench to the phone
	ServerKind  Kind = "server"  // what a server is told to do, and does
	LevelKind   Kind = "level"   // a hook, key, lamp, ringer or call changes; Data is a Level
	NoteKind    Kind = "note"    // what the scenario says of itself
	LogKind     Kind = "log"     // what the bench says of itself
	RunKind     Kind = "run"     // the last entry: Data is the Run
)

// Places an Entry may come from.
const (
	FromBench   = "bench"
	FromPhone   = "phone"
	FromPrimary = "primary"
	FromBackup  = "backup"
	FromPeer    = "peer"
	FromRig     = "rig"
)

// Entry is one thing that happened. All entries of a run stand on one clock.
type Entry struct {
	At   time.Duration // since the run began; in events.jsonl at_us, microseconds
	Kind Kind
	From string // FromBench, FromPhone, ...
	Step int    // number of the step that was being carried out; 0: none
	Text string // one line for people
	Data json.RawMessage
}

// entryLine is an Entry as a line of events.jsonl.
type entryLine struct {
	AtUS int64           `json:"at_us"`
	Kind Kind            `json:"kind"`
	From string          `json:"from,omitempty"`
	Step int             `json:"step,omitempty"`
	Text string          `json:"text,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

// MarshalJSON writes {"at_us","kind","from","step","text","data"}; what is empty is left out.
func (e Entry) MarshalJSON() ([]byte, error) {
	return json.Marshal(entryLine{e.At.Microseconds(), e.Kind, e.From, e.Step, e.Text, e.Data})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Entry) UnmarshalJSON(b []byte) error {
	var l entryLine
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	*e = Entry{time.Duration(l.AtUS) * time.Microsecond, l.Kind, l.From, l.Step, l.Text, l.Data}
	return nil
}

// Level is the state of something a finger, an eye or an ear can reach, from At on.
type Level struct {
	At    time.Duration `json:"-"` // since the run began
	From  string        `json:"-"` // who saw it: FromPhone (by REST), FromRig (by a sensor); empty means FromPhone
	Name  string        `json:"name"`
	Value string        `json:"value"`
	// hook off, key 1 down, lamp line1 slow, ringer on, call talking: the name is the noun and, if there are several, which
}

// entry is a Level among the entries.
func (l Level) entry() Entry {
	if l.From == "" {
		l.From = FromPhone
	}
	data, _ := json.Marshal(l) // two strings
	return Entry{At: l.At, Kind: LevelKind, From: l.From, Text: l.Name + " " + l.Value, Data: data}
}
