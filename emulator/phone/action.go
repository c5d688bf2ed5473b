package phone

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"hilphone/hal"
	"hilphone/sip/line"
)

// Action is one thing the phone does. Its text is that of the golden traces.
type Action interface{ String() string }

// Actions towards the lines.
type (
	Dial struct {
		Line int
		To   string
	}
	Answer struct{ ID line.CallID }
	Reject struct {
		ID   line.CallID
		Code int
	}
	HangUp  struct{ ID line.CallID }
	SetHold struct { // holds the call, or takes it back
		ID line.CallID
		On bool
	}
	SendDTMF struct {
		ID    line.CallID
		Digit string
	}
)

// Actions towards the user.
type (
	SetLamp struct {
		Lamp    hal.Lamp
		Pattern hal.Pattern
	}
	Ring    struct{ On bool }
	Play    struct{ Tone Tone }
	Display struct{ Lines []string }
	Enter   struct{ State State } // the phone is in another state
	Refuse  struct{ Err error }   // answers a script

	NoEffect struct { // answers a key that can do nothing now (UX-08)
		Key    hal.Key
		Reason string
	}
)

// Actions on timers. Set of a running timer starts it anew; a timer that was stopped never comes back as Expired.
type (
	Set struct {
		Timer Timer
		For   time.Duration
	}
	Stop struct{ Timer Timer }
)

// Refusals of what a script asks of the phone.
var (
	ErrInCall     = errors.New("the phone is in a call")
	ErrNoCall     = errors.New("the phone has no such call")
	ErrNotRinging = errors.New("the call is not ringing at this phone")
	ErrNoLine     = fmt.Errorf("the line must be 1 to %d", line.MaxLines)
	ErrNoNumber   = fmt.Errorf("the number to call must be 1 to %d visible characters", maxNumber)
	ErrNoLamp     = errors.New("the phone has no such lamp or pattern")
	ErrCode       = errors.New("the code of a rejection must be 400 to 699")
)

func (a Dial) String() string     { return fmt.Sprintf("dial %d %s", a.Line, a.To) }
func (a Answer) String() string   { return "answer " + string(a.ID) }
func (a Reject) String() string   { return fmt.Sprintf("reject %s %d", a.ID, a.Code) }
func (a HangUp) String() string   { return "hang_up " + string(a.ID) }
func (a SetHold) String() string  { return fmt.Sprintf("hold %s %v", a.ID, a.On) }
func (a SendDTMF) String() string { return fmt.Sprintf("dtmf %s %s", a.ID, a.Digit) }
func (a SetLamp) String() string  { return fmt.Sprintf("lamp %s %s", a.Lamp, a.Pattern) }
func (a Ring) String() string {
	if a.On {
		return "ringer on"
	}
	return "ringer off"
}
func (a Play) String() string { return "tone " + string(a.Tone) }
func (a Display) String() string {
	return "display " + strings.TrimRight(strings.Join(a.Lines, " | "), " |")
}
func (a Enter) String() string  { return "state " + string(a.State) }
func (a Refuse) String() string { return "refuse " + a.Err.Error() }
func (a NoEffect) String() string {
	return fmt.Sprintf("no_effect %s %s", a.Key, a.Reason)
}
func (a Set) String() string  { return fmt.Sprintf("set %s %s", a.Timer, a.For) }
func (a Stop) String() string { return "stop " + string(a.Timer) }
