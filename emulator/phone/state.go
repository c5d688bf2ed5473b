package phone

// State is what the phone is doing, as GET /phone names it.
type State string

// The states of the phone.
const (
	Idle     State = "idle"
	DialTone State = "dial_tone" // a line is seized, no digit yet
	Dialling State = "dialling"  // digits entered, on hook or off
	Calling  State = "calling"   // the call has been handed to its line
	Ringback State = "ringback"  // the other phone rings
	Ringing  State = "ringing"   // this phone rings
	Talking  State = "talking"
	Held     State = "held"      // the call is on hold, at either end
	BusyTone State = "busy_tone" // the other end has hung up, or no digit came
	Failed   State = "failed"    // the call could not be made; the display says why
)

// inCall reports whether the phone has a call that is not over.
func (s State) inCall() bool {
	return s == Calling || s == Ringback || s == Ringing || s == Talking || s == Held
}

// Tone is what the phone plays into the ear of its user.
type Tone string

// The tones.
const (
	ToneNone     Tone = "none"
	ToneDial     Tone = "dial"
	ToneRingback Tone = "ringback"
	ToneBusy     Tone = "busy"
)

// tone returns the tone of a state.
func (s State) tone() Tone {
	switch s {
	case DialTone:
		return ToneDial
	case Ringback:
		return ToneRingback
	case BusyTone, Failed:
		return ToneBusy
	}
	return ToneNone
}
