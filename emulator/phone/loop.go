package phone

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hal"
)

// Run is the phone switched on: it runs the board and carries out what the machine decides until ctx is done. Then the call is
// hung up, lamps and ringer go off and the board has ended. A board that fails is a fault shown to the user, not the end of the
// phone. Run is called once and returns nil.
func (p *Phone) Run(ctx context.Context) error {
	p.clock = time.NewTimer(time.Hour)
	p.clock.Stop()
	boardCtx, stopBoard := context.WithCancel(ctx)
	defer stopBoard()
	boardEnded := make(chan error, 1)
	go func() { boardEnded <- p.board.Run(boardCtx, p.report) }()
	defer p.deciding(time.Time{})
	for ended := (<-chan error)(boardEnded); ; {
		p.deciding(time.Time{})
		select {
		case <-ctx.Done():
			p.switchOff()
			close(p.stopped) // first, as the board may be waiting for an answer
			if ended != nil {
				<-ended
			}
			return nil
		case <-p.inbox.ready:
			for _, in := range p.inbox.take() {
				p.handle(in)
			}
		case <-p.clock.C:
			t := p.running
			p.running = NoTimer
			p.step(Expired{t})
		case err := <-ended:
			ended = nil
			p.boardEnded(ctx, err)
		}
	}
}

func (p *Phone) deciding(since time.Time) {
	if p.Deciding != nil {
		p.Deciding(since)
	}
}

// decide takes the instant of what is decided next. The events that say so have this time, however long it takes to carry the decision out.
func (p *Phone) decide() {
	p.deciding(time.Now()) // before the time is read: nothing that is recorded is earlier than Deciding says
	p.at = time.Now()
}

// moved is when the board has moved: by the kernel's time stamps where it has them, so it may be earlier than what the phone did last.
func (p *Phone) moved(e hal.Event) time.Time {
	if e.At.IsZero() || e.At.After(p.at) {
		return p.at
	}
	return e.At
}

func (p *Phone) handle(in input) {
	p.decide()
	var actions []Action
	if in.event != nil {
		actions = p.take(in.event)
	}
	reason := noEffect(actions)
	switch e := in.from; e.Kind {
	case hal.KeyMoved:
		p.record(p.moved(e), 0, "", event.Key{Key: string(e.Key), State: upDown(e.Down), Source: string(e.Source), NoEffect: reason})
	case hal.HookMoved:
		p.record(p.moved(e), 0, "", event.Hook{State: onOff(!e.Off), Source: string(e.Source)})
	case hal.FaultRaised:
		p.fault(p.moved(e), e.Fault)
	}
	a := p.perform(actions)
	a.noEffect = reason
	if in.answer != nil {
		in.answer <- a
	}
}

// noEffect is why a key has no effect, among the actions that answer it.
func noEffect(actions []Action) string {
	for _, a := range actions {
		if a, ok := a.(NoEffect); ok {
			return a.Reason
		}
	}
	return ""
}

// step has the machine decide and carries its actions out.
func (p *Phone) step(e Event) {
	p.decide()
	p.perform(p.take(e))
}

// take has the machine take an event and shows its new state.
func (p *Phone) take(e Event) []Action {
	actions := p.machine.Step(e)
	p.publish()
	return actions
}

// perform carries actions out, those that follow from the answer of a line included.
func (p *Phone) perform(actions []Action) answer {
	var result answer
	for len(actions) > 0 {
		var next []Action
		for _, a := range actions {
			switch a := a.(type) {
			case Dial:
				if id, err := p.lines.Dial(a.Line, a.To); err != nil {
					result.err = err
					next = append(next, p.take(NotDialled{err.Error()})...)
				} else {
					result.id = id
					next = append(next, p.take(Dialled{id})...)
				}
			case Refuse:
				result.err = a.Err
			default:
				p.carryOut(a)
			}
		}
		actions = next
	}
	return result
}

func (p *Phone) carryOut(a Action) {
	switch a := a.(type) {
	case Answer:
		p.lines.Answer(a.ID)
	case Reject:
		p.lines.Reject(a.ID, a.Code)
	case HangUp:
		p.lines.HangUp(a.ID)
	case SetHold:
		p.lines.Hold(a.ID, a.On)
	case SendDTMF:
		p.lines.DTMF(a.ID, a.Digit)
	case SetLamp:
		p.board.SetLamp(a.Lamp, a.Pattern)
		n, _ := a.Lamp.Line()
		p.record(p.at, n, "", event.Lamp{Name: string(a.Lamp), Pattern: string(a.Pattern)})
	case Ring:
		cadence := hal.Silent
		if a.On {
			cadence = p.config.Ring
		}
		p.board.Ring(cadence)
		p.record(p.at, 0, "", event.Ringer{State: onOff(a.On)})
	case Enter:
		n, id := p.machine.inUse()
		p.record(p.at, n, string(id), event.Phone{State: string(a.State), Reason: p.machine.failure})
		p.log.Info("phone", "state", string(a.State), "line", n, "call", string(id), "reason", p.machine.failure)
	case Set:
		p.running = a.Timer
		p.clock.Reset(a.For)
	case Stop:
		p.running = NoTimer
		p.clock.Stop()
	case Play, Display, NoEffect: // shown by the snapshot, and in the event of the key
	}
}

// publish makes what the machine shows visible to Snapshot.
func (p *Phone) publish() {
	s := p.machine.snapshot()
	s.Board = Board{Kind: p.board.Kind(), Faults: slices.Clone(p.faults)}
	p.shown.Store(&s)
}

// fault notes a fault that came or, with an empty message, went.
func (p *Phone) fault(at time.Time, f hal.Fault) {
	p.faults = slices.DeleteFunc(p.faults, func(old hal.Fault) bool { return old.Device == f.Device })
	if f.Message != "" {
		p.faults = append(p.faults, f)
	}
	p.publish()
	p.record(at, 0, "", event.Fault{Device: f.Device, Message: f.Message})
	if f.Message == "" {
		p.log.Info("board: a fault is over", "device", f.Device)
		return
	}
	p.log.Warn("board", "device", f.Device, "fault", f.Message)
}

func (p *Phone) boardEnded(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = fmt.Errorf("the board has stopped")
	}
	p.decide()
	p.fault(p.at, hal.Fault{Device: p.board.Kind(), Message: err.Error()})
}

// switchOff leaves nothing on: no call, no lamp, no sound.
func (p *Phone) switchOff() {
	p.clock.Stop()
	p.decide()
	for _, a := range p.machine.switchOff() {
		p.carryOut(a)
	}
	p.publish()
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func upDown(down bool) string {
	if down {
		return "down"
	}
	return "up"
}
