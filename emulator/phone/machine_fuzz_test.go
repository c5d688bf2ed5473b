package phone

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/sip/line"
)

// world is what surrounds a machine: hands, lines that answer as they like, lamps, a ringer and a clock. It carries the actions out
// and knows what must never be.
type world struct {
	t        *testing.T
	m, twin  *Machine // the twin sees the same events and must do the same
	offHook  bool
	speaker  bool
	lamps    map[hal.Lamp]hal.Pattern
	rings    bool
	tone     Tone
	state    State
	timer    Timer
	calls    []*worldCall
	story    []string
	refusals bool // lines refuse new calls
}

// worldCall is a call as its line knows it.
type worldCall struct {
	line.Call
	answered bool // by this phone
	told     bool // to end
}

func newWorld(t *testing.T) *world {
	return &world{t: t, m: NewMachine(DefaultConfig()), twin: NewMachine(DefaultConfig()), lamps: map[hal.Lamp]hal.Pattern{}, tone: ToneNone, state: Idle}
}

// fail shows the story so far.
func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(w.story, "\n"))
}

func (w *world) step(e Event) {
	w.t.Helper()
	if h, ok := e.(HookMoved); ok {
		w.offHook = h.Off
	}
	for next := []Event{e}; len(next) > 0; next = next[1:] {
		w.story = append(w.story, fmt.Sprintf("> %T %+v", next[0], next[0]))
		before := w.m.snapshot()
		actions, twin := w.m.Step(next[0]), w.twin.Step(next[0])
		if !slices.EqualFunc(actions, twin, func(a, b Action) bool { return a.String() == b.String() }) {
			w.fail("the same events gave other actions: %v and %v", actions, twin)
		}
		if k, ok := next[0].(KeyPressed); ok {
			w.checkEffect(k.Key, before, actions)
		}
		for _, a := range actions {
			w.story = append(w.story, "< "+a.String())
			if d, ok := a.(Dial); ok {
				next = append(next, w.dial(d))
				continue
			}
			w.carryOut(a)
		}
	}
	w.check()
}

// checkEffect holds what the phone says of a key against what it did: a key without effect changes nothing but the reason that is shown of an
// earlier call, and one that changes nothing says why, but for release and message where there is nothing to end or to mark (UX-08).
func (w *world) checkEffect(k hal.Key, before Snapshot, actions []Action) {
	says, does := noEffect(actions) != "", false
	for _, a := range actions {
		switch a.(type) {
		case NoEffect, Display:
		case Set:
			does = does || !says // a digit that is too many still holds up the dialling
		default:
			does = true
		}
	}
	after := w.m.snapshot()
	does = does || after.State != before.State || after.Digits != before.Digits || after.Speaker != before.Speaker || after.Missed != before.Missed || after.Line != before.Line
	switch {
	case says && does:
		w.fail("key %s had an effect, and the phone says %q", k, noEffect(actions))
	case !says && !does && k != hal.Release && k != hal.Message:
		w.fail("key %s had no effect, and the phone does not say why", k)
	}
}

func (w *world) dial(d Dial) Event {
	if !validLine(d.Line) || d.To == "" {
		w.fail("%s", d)
	}
	if w.refusals {
		return NotDialled{"refused"}
	}
	c := &worldCall{Call: line.Call{Line: d.Line, Direction: line.Outgoing, Remote: d.To, State: line.Calling}}
	return Dialled{w.add(c)}
}

func (w *world) add(c *worldCall) line.CallID {
	w.calls = append(w.calls, c)
	c.ID = line.CallID(fmt.Sprint(len(w.calls)))
	return c.ID
}

// live returns the call if it goes on and the phone has not ended it.
func (w *world) live(id line.CallID) *worldCall {
	for _, c := range w.calls {
		if c.ID == id && !c.told && c.State != line.Ended {
			return c
		}
	}
	w.fail("call %s is not there any more", id)
	return nil
}

func (w *world) carryOut(a Action) {
	switch a := a.(type) {
	case Answer:
		c := w.live(a.ID)
		if c.Direction != line.Incoming || c.State != line.Ringing || c.answered {
			w.fail("%s: it does not ring", a)
		}
		c.answered = true
	case Reject:
		c := w.live(a.ID)
		if c.Direction != line.Incoming || c.State != line.Ringing || c.answered || a.Code < 400 {
			w.fail("%s: it does not ring", a)
		}
		c.told = true
	case HangUp:
		c := w.live(a.ID)
		if c.Direction == line.Incoming && c.State == line.Ringing && !c.answered {
			w.fail("%s: it was not answered", a)
		}
		c.told = true
	case SendDTMF:
		w.live(a.ID)
	case SetHold:
		w.live(a.ID)
	case SetLamp:
		if w.lamps[a.Lamp] == a.Pattern {
			w.fail("%s: it is already", a)
		}
		w.lamps[a.Lamp] = a.Pattern
	case Ring:
		w.rings = a.On
	case Play:
		w.tone = a.Tone
	case Enter:
		w.state = a.State
	case Set:
		if a.For < 0 || a.For == 0 && a.Timer != AutoOnHook || w.timer != NoTimer && w.timer != a.Timer {
			w.fail("%s while %q runs", a, w.timer)
		}
		w.timer = a.Timer
	case Stop:
		if w.timer != a.Timer {
			w.fail("%s while %q runs", a, w.timer)
		}
		w.timer = NoTimer
	case Refuse:
		if a.Err == nil {
			w.fail("refused without a reason")
		}
	}
}

// check holds the phone to what must be true between any two events.
func (w *world) check() {
	s := w.m.snapshot()
	w.speaker = s.Speaker
	var live []line.CallID
	for _, c := range w.calls {
		if c.told || c.State == line.Ended {
			continue
		}
		live = append(live, c.ID)
		if c.Direction == line.Outgoing && !w.offHook && !w.speaker {
			w.fail("on hook and call %s goes on", c.ID)
		}
	}
	switch {
	case len(live) > 1:
		w.fail("calls %v at once", live)
	case len(live) != len(s.Calls) || len(live) == 1 && live[0] != s.Calls[0].ID:
		w.fail("calls %v go on, the phone has %v", live, s.Calls)
	case (len(live) == 1) != s.State.inCall():
		w.fail("%s with calls %v", s.State, live)
	case w.state != s.State || w.offHook != s.OffHook:
		w.fail("%s, off hook %v; told %s, off hook %v", s.State, s.OffHook, w.state, w.offHook)
	case s.State == Idle && (w.offHook || w.speaker):
		w.fail("idle with a line seized")
	case w.rings != (s.State == Ringing) || w.rings != s.Ringing:
		w.fail("%s, the ringer rings: %v", s.State, w.rings)
	case (w.lamps[hal.PowerLamp] == hal.Fast) != w.rings:
		w.fail("the power lamp is %s, the ringer rings: %v", w.lamps[hal.PowerLamp], w.rings)
	case w.tone != s.State.tone():
		w.fail("tone %s while %s", w.tone, s.State)
	case len(s.Display) != 3 || s.State == Failed && s.Failure == "":
		w.fail("display %q, failure %q", s.Display, s.Failure)
	}
	w.checkLamps(s)
	if (s.State == DialTone || s.State == Dialling || s.State == Calling || s.State == Ringback || s.State == Ringing) && w.timer == NoTimer {
		w.fail("%s for ever", s.State)
	}
}

func (w *world) checkLamps(s Snapshot) {
	inUse := 0
	for _, l := range hal.Lamps() {
		shows := s.Lamps[l]
		if told := w.lamps[l]; told != shows && !(told == "" && shows == hal.Off) {
			w.fail("lamp %s is %s, told %s", l, shows, told)
		}
		if n, isLine := l.Line(); isLine && shows != hal.Off {
			if inUse++; n != s.Line {
				w.fail("lamp %s is %s, line %d is in use", l, shows, s.Line)
			}
		}
	}
	if seized := s.State.inCall() || s.State == DialTone; seized && inUse != 1 || s.State == Idle && inUse != 0 {
		w.fail("%s, %d line lamps shine", s.State, inUse)
	}
	if (s.Missed > 0) != (s.Lamps[hal.MessageLamp] == hal.Slow) || (s.Lamps[hal.SpeakerLamp] == hal.On) != s.Speaker {
		w.fail("%d missed calls, speaker %v, lamps %v", s.Missed, s.Speaker, s.Lamps)
	}
}

var callStates = []line.CallState{line.Calling, line.Ringback, line.Talking, line.Held, line.Ended}
var endedBy = []string{line.ByPeer, line.ByServer, line.ByPhone, line.ByUser}
var lineStates = []line.State{line.StateRegistered, line.StateTrying, line.StateTimeout, line.StateUnapplied}

// act makes of two bytes something that can happen in this world.
func (w *world) act(what, which byte) {
	keys := hal.Keys()
	switch what % 12 {
	case 0, 1, 2:
		w.step(KeyPressed{keys[int(which)%len(keys)]})
	case 3:
		w.step(HookMoved{!w.offHook})
	case 4:
		if t := w.timer; t != NoTimer {
			w.timer = NoTimer
			w.step(Expired{t})
		}
	case 5:
		c := &worldCall{Call: line.Call{Line: int(which)%line.MaxLines + 1, Direction: line.Incoming, Remote: "2004", State: line.Ringing}}
		w.add(c)
		w.step(CallChanged{c.Call})
	case 6, 7:
		if len(w.calls) > 0 {
			w.change(w.calls[len(w.calls)-1-int(which>>4)%len(w.calls)], which)
		}
	case 8:
		w.step(LineChanged{int(which) % (line.MaxLines + 2), lineStates[which%4], line.Primary})
	case 9:
		w.step(PlaceCall{int(which) % (line.MaxLines + 2), strings.Repeat("1", int(which)%(maxNumber+2))})
	case 10:
		id := line.CallID(fmt.Sprint(int(which>>2) % (len(w.calls) + 1)))
		w.step([]Event{AnswerCall{id}, RejectCall{id, 0}, RejectCall{id, 400 + int(which)}, EndCall{id}}[which%4])
	case 11:
		w.refusals = which%2 == 0
		if which&2 != 0 {
			c := DefaultConfig()
			c.RingTimeout, c.CallTimeout = time.Duration(1+which&4)*time.Second, time.Duration(1+which&8)*time.Second
			c.AutoOnHook, c.AutoOnHookTime = which&16 != 0, time.Duration(which&32)*time.Second
			w.step(Configured{c})
		}
	}
}

// change has a line report of its call what a line can: it knows when it was told to end it.
func (w *world) change(c *worldCall, which byte) {
	if c.State == line.Ended {
		return
	}
	next := callStates[int(which)%len(callStates)]
	early := next == line.Calling || next == line.Ringback
	if early && (c.Direction == line.Incoming || c.State == line.Talking || c.State == line.Held) {
		next = c.State
	}
	c.State = next
	if next == line.Ended {
		c.End = line.End{By: endedBy[int(which>>2)%4], Cause: line.CauseResponse, Code: 400 + int(which), Elapsed: time.Second}
	}
	w.step(CallChanged{c.Call})
}

// FuzzMachine plays anything that can happen and at the end puts the handset back: nothing may go on.
func FuzzMachine(f *testing.F) {
	const key, hook, timer, rings, call, script, busyLines = 0, 3, 4, 5, 6, 9, 11
	f.Add([]byte{hook, 0, key, 1, key, 11, call, 1, call, 2, hook, 0})             // a call
	f.Add([]byte{key, 1, key, 12, call, 2, key, 14, hook, 0, hook, 0})             // on-hook dialling, speaker
	f.Add([]byte{rings, 0, rings, 1, hook, 0, rings, 2, call, 4, hook, 0})         // incoming, busy
	f.Add([]byte{rings, 0, timer, 0, rings, 1, call, 4, key, 19})                  // missed
	f.Add([]byte{hook, 0, timer, 0, key, 20, key, 1, timer, 0, timer, 0, hook, 0}) // timers
	f.Add([]byte{busyLines, 0, script, 1, key, 1, key, 12, timer, 0, 8, 1})        // refused
	f.Add([]byte{script, 1, 10, 7, rings, 3, 10, 8, call, 2, 10, 11})              // scripts
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newWorld(t)
		for ; len(data) >= 2; data = data[2:] {
			w.act(data[0], data[1])
		}
		w.end()
	})
}

// end does what a user does who has had enough.
func (w *world) end() {
	w.step(KeyPressed{hal.Release})
	if w.offHook {
		w.step(HookMoved{false})
	}
	if s := w.m.snapshot(); s.State != Idle || len(s.Calls) != 0 || w.timer != NoTimer || w.rings {
		w.fail("released and on hook: %s, calls %v, timer %q", s.State, s.Calls, w.timer)
	}
	for _, a := range w.m.switchOff() {
		w.carryOut(a)
	}
	for l, p := range w.lamps {
		if p != hal.Off {
			w.fail("switched off, lamp %s is %s", l, p)
		}
	}
}

// FuzzMachineNonsense steps events that cannot happen: the phone may do anything but fail.
func FuzzMachineNonsense(f *testing.F) {
	f.Add("hook off\nkeys 1#\nhook on\ndialled 8\ndialled 8\n", 9)
	f.Add("dialled 1\nnot_dialled x\nexpired call_time\ncall 1 99 incoming \xff ringing none\nhook off\nkeys #*ok", -3)
	f.Add("line -1 registered none\nnamed 21 x\nreject 1 0\nended 1 user tls 0 1h\n", 21)
	f.Fuzz(func(t *testing.T, story string, defaultLine int) {
		config := DefaultConfig()
		config.DefaultLine = defaultLine
		m := NewMachine(config)
		for text := range strings.SplitSeq(story, "\n") {
			events, err := parseEvents(strings.Fields(text))
			if err != nil {
				continue
			}
			for _, e := range events {
				for _, a := range m.Step(e) {
					_ = a.String()
				}
			}
			if s := m.snapshot(); len(s.Display) != 3 || s.State == Failed && s.Failure == "" {
				t.Fatalf("%s, display %q", s.State, s.Display)
			}
		}
		m.switchOff()
	})
}
