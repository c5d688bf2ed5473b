package hal

import "time"

// Kind is what happened on a board.
type Kind string

// The kinds of events.
const (
	KeyMoved    Kind = "key"
	HookMoved   Kind = "hook"
	FaultRaised Kind = "fault"
)

// Source says whose hand it was.
type Source string

// The sources of an event.
const (
	FromBoard Source = "board" // a real key or hook
	FromWeb   Source = "web"   // the front panel of the web page
	FromAPI   Source = "api"   // a script
)

// Event is one movement on a board, debounced. Which fields hold depends on Kind; the others are zero.
type Event struct {
	At     time.Time // when the contact had moved so, with its monotonic reading; a program that is late reports it later
	Kind   Kind
	Key    Key   // KeyMoved
	Down   bool  // KeyMoved: pressed, otherwise let go
	Off    bool  // HookMoved: the handset was lifted, otherwise put back
	Fault  Fault // FaultRaised
	Source Source

	NoEffect *string // KeyMoved: where it is set, report writes here why the key had no effect on the phone; empty where it had one
}

// NoEffect is a key of a sequence that had no effect on the phone.
type NoEffect struct {
	Position int // in the sequence, from 1
	Key      Key
	Reason   string
}

// Fault is something wrong with a board. The phone goes on without the part.
type Fault struct {
	Device  string // chip and line, or whatever names the part to the person who will look for it
	Message string // what is wrong and who holds the part if it is held; empty when the fault is over
}
