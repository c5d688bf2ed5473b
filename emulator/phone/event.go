package phone

import (
	"hilphone/hal"
	"hilphone/sip/line"
)

// Event is one thing that happens to the phone: something from the list below.
type Event interface{ event() }

// Events from the board and from the timers.
type (
	KeyPressed struct{ Key hal.Key }
	HookMoved  struct{ Off bool } // Off: the handset was lifted
	Expired    struct{ Timer Timer }
)

// Events from the lines. Dialled and NotDialled answer the action Dial, before any other event is stepped.
type (
	CallChanged struct{ Call line.Call }
	LineChanged struct {
		Line   int
		State  line.State
		Active line.Slot
	}
	LineNamed struct { // the text beside the line's key
		Line  int
		Label string
	}
	Dialled    struct{ ID line.CallID }
	NotDialled struct{ Reason string }
)

// Configured is a change of the times and the answer codes of calls. A timer that runs goes on as it was set.
type Configured struct{ Config Config }

// Events from scripts. An event that cannot be obeyed is answered with the action Refuse and changes nothing.
type (
	PlaceCall struct { // Line 0: the selected line
		Line int
		To   string
	}
	AnswerCall struct{ ID line.CallID }
	RejectCall struct { // Code 0: that of the configuration
		ID   line.CallID
		Code int
	}
	EndCall  struct{ ID line.CallID }
	ShowLamp struct {
		Lamp    hal.Lamp
		Pattern hal.Pattern
	}
)

func (KeyPressed) event()  {}
func (HookMoved) event()   {}
func (Expired) event()     {}
func (CallChanged) event() {}
func (LineChanged) event() {}
func (LineNamed) event()   {}
func (Configured) event()  {}
func (Dialled) event()     {}
func (NotDialled) event()  {}
func (PlaceCall) event()   {}
func (AnswerCall) event()  {}
func (RejectCall) event()  {}
func (EndCall) event()     {}
func (ShowLamp) event()    {}
