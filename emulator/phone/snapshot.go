package phone

import (
	"maps"
	"slices"

	"hilphone/hal"
	"hilphone/sip/line"
)

// Snapshot is the phone at one instant, all of it: what GET /phone shows.
type Snapshot struct {
	OffHook bool // the handset is lifted
	Speaker bool // hands-free
	State   State
	Display []string // line and server; number, name or reason; what is going on
	Lamps   map[hal.Lamp]hal.Pattern
	Ringing bool // the ringer sounds
	Tone    Tone
	Line    int         // the selected line, or that of the call
	Digits  string      // the number entered so far, or dialled
	Calls   []line.Call // the call that is not over, if there is one
	Failure string      // why the last call could not be made; empty after the next key
	Missed  int         // calls nobody answered since the message key was pressed
	Board   Board
}

// Board is the hardware as GET /phone shows it.
type Board struct {
	Kind   string
	Faults []hal.Fault // of now, oldest first
}

// clone makes the snapshot the caller's own.
func (s *Snapshot) clone() Snapshot {
	c := *s
	c.Display = slices.Clone(s.Display)
	c.Lamps = maps.Clone(s.Lamps)
	c.Calls = slices.Clone(s.Calls)
	c.Board.Faults = slices.Clone(s.Board.Faults)
	return c
}
