package phone

import (
	"unicode"

	"hilphone/hal"
	"hilphone/sip/line"
)

// maxNumber is how many characters of a number the phone takes; digits beyond are ignored.
const maxNumber = 64

// Machine is the phone as a pure value. The zero value is not usable; see NewMachine.
//
// The handset and the loudspeaker (hands-free) seize a line alike. Lifting the handset takes over from the loudspeaker, putting it
// back ends whatever was going on, unless the speaker key was pressed before: then the loudspeaker goes on. The speaker key on hook
// seizes and releases.
//
// There is one call at a time. Another incoming call, or one that comes while a line is seized, is refused as busy. A call that the
// user ends is over at once; what its line still has to send is not the user's concern (FO-37).
//
// Digits on hook make a number that lifting the handset, the speaker key, a line key, ok or # dials. Once a line is seized, # or ok
// or the dial timeout dials. Without any digit the dial tone turns into the busy tone. Digits during a call are sent as DTMF.
//
// The release key rejects, hangs up or clears; with the handset lifted there is dial tone again. A line key seizes its line, chooses
// it while the number is being dialled, and answers a call that rings on it. The default line is chosen again when the phone is idle.
// The message key marks the missed calls as seen. The hold key holds the call and takes it back; the state held is what a line
// reports. Transfer, conf and mute do nothing: a transfer needs a number, and scripts give one. No key does anything where it is not named here:
// then the action NoEffect says why. Release with nothing to end and message without missed calls find the phone as they leave it.
//
// When the other end hangs up there is busy tone. When a call cannot be made the state is failed: busy tone, and the reason on the
// display. On hook the phone is idle; hands-free that happens by itself after a while, and the reason stays readable until the next
// key.
type Machine struct {
	config Config

	state    State
	offHook  bool
	speaker  bool
	selected int    // the line that is or will be seized
	digits   string // entered or dialled
	peer     string // who the call is or was with
	failure  string
	missed   int

	call    line.Call              // the one that is not over; no ID: none
	over    map[line.CallID]bool   // ended by the user, and not yet by their lines
	pending *PlaceCall             // handed to a line that has not answered yet
	script  bool                   // pending comes from a script
	lines   [line.MaxLines]lineNow // by line number - 1

	timer   Timer
	restart bool // the timer begins anew although it runs already

	scripted map[hal.Lamp]scripted
	shown    shown
	out      []Action
}

// Why a key has no effect (UX-08).
const (
	noConf        = "the key has no function in this phone"
	noMute        = "the key has no function in this phone: POST calls/ID/mute does it"
	noTransfer    = "the key has no function in this phone: POST calls/ID/transfer does it"
	nothingToDial = "there is no number to dial"
	numberFull    = "a number has 64 digits at most"
	noCallUp      = "there is no call that is up"
	peerHolds     = "the other side holds the call: only that side takes it back"
)

// lineNow is what the phone shows of a line.
type lineNow struct {
	label  string
	state  line.State
	active line.Slot
}

// NewMachine returns a phone that is on hook, with every line unapplied, every lamp off and the ringer silent.
func NewMachine(config Config) *Machine {
	m := &Machine{config: config, state: Idle, over: map[line.CallID]bool{}}
	if !validLine(config.DefaultLine) {
		m.config.DefaultLine = 1
	}
	m.selected = m.config.DefaultLine
	for i := range m.lines {
		m.lines[i].state = line.StateUnapplied
	}
	m.shown = shown{state: Idle, tone: ToneNone, lamps: map[hal.Lamp]hal.Pattern{}}
	m.scripted = map[hal.Lamp]scripted{}
	for _, l := range hal.Lamps() {
		m.shown.lamps[l] = hal.Off
	}
	m.shown.display = m.display()
	return m
}

// Step takes one event and returns what is to be done, in order. The action Dial must be answered by Dialled or NotDialled before
// the next event.
func (m *Machine) Step(e Event) []Action {
	m.out = nil
	switch e := e.(type) {
	case Dialled:
		m.dialled(e.ID)
	case NotDialled:
		m.notDialled(e.Reason)
	default:
		m.pending = nil // a line that has not answered would be told to hang up
		m.take(e)
	}
	m.settle()
	return m.out
}

func (m *Machine) take(e Event) {
	switch e := e.(type) {
	case KeyPressed:
		m.key(e.Key)
	case HookMoved:
		m.hook(e.Off)
	case Expired:
		if e.Timer == m.timer {
			m.timer = NoTimer
			m.expired(e.Timer)
		}
	case CallChanged:
		m.callChanged(e.Call)
	case LineChanged:
		if validLine(e.Line) {
			m.lines[e.Line-1].state, m.lines[e.Line-1].active = e.State, e.Active
		}
	case LineNamed:
		if validLine(e.Line) {
			m.lines[e.Line-1].label = e.Label
		}
	case Configured:
		m.config = m.config.withCalls(e.Config)
	case PlaceCall:
		m.placeCall(e)
	case AnswerCall:
		m.answerCall(e.ID)
	case RejectCall:
		m.rejectCall(e.ID, e.Code)
	case EndCall:
		m.endCall(e.ID)
	case ShowLamp:
		m.setLamp(e.Lamp, e.Pattern)
	}
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

// preDialling reports whether a number is being entered on hook.
func (m *Machine) preDialling() bool { return m.state == Dialling && !m.offHook && !m.speaker }

// handsFree reports whether the loudspeaker alone keeps the line seized.
func (m *Machine) handsFree() bool { return m.speaker && !m.offHook }

// idle is the phone at rest.
func (m *Machine) idle() {
	m.state, m.speaker, m.digits, m.peer = Idle, false, "", ""
	m.selected = m.config.DefaultLine
}

// dialTone seizes the selected line: by the handset if it is lifted, else hands-free.
func (m *Machine) dialTone() {
	m.state, m.digits, m.peer, m.failure = DialTone, "", "", ""
	m.speaker = m.speaker || !m.offHook
	m.restart = true
}

// rest is what follows a call or a number that the user has done away with.
func (m *Machine) rest() {
	m.failure = ""
	if !m.offHook {
		m.idle()
		return
	}
	m.speaker = false
	m.dialTone()
}

// fail shows why there is no call.
func (m *Machine) fail(reason string) {
	m.state, m.failure = Failed, clip(reason)
	if m.failure == "" {
		m.failure = "Call failed"
	}
}

func (m *Machine) hook(off bool) {
	if off == m.offHook {
		return
	}
	preDialling := m.preDialling()
	m.offHook = off
	switch {
	case !off && m.speaker: // the loudspeaker goes on
	case !off:
		m.drop()
		m.failure = ""
		m.idle()
	case m.state == Ringing:
		m.answer()
	case preDialling:
		m.place(PlaceCall{m.selected, m.digits}, false)
	case m.state == Idle:
		m.dialTone()
	default:
		m.speaker = false
	}
}

func (m *Machine) expired(t Timer) {
	switch {
	case t == NoDigit && m.state == DialTone:
		m.state = BusyTone
	case t == NoDigit:
		m.idle()
	case t == InterDigit:
		m.place(PlaceCall{m.selected, m.digits}, false)
	case t == CallTime:
		m.drop()
		m.fail("No answer")
	case t == RingTime:
		m.refuse(m.call.ID, m.config.NoAnswerCode)
		m.missed++
		m.idle()
	case t == AutoOnHook:
		peer := m.peer
		m.idle()
		if m.failure != "" {
			m.peer = peer // the user may still want to read who could not be called, and why
		}
	}
}

// visible reports whether a number can be called: a script may give any.
func visible(number string) bool {
	for _, r := range number {
		if r == unicode.ReplacementChar || !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return false
		}
	}
	return number != "" && len(number) <= maxNumber
}
