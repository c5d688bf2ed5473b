// Package phone is the desk phone itself: what lifting the handset, pressing a key or an incoming call does, what the lamps, the
// ringer and the display show, and which calls it asks its lines to make.
//
// A Machine is the whole of it as a pure value: Step takes one Event and answers with Actions; no clock, socket or goroutine. Its
// behaviour is written down in machine.go and told by the golden traces in testdata. Phone gives it one goroutine, a hal.Board for
// hands and eyes, and Lines to talk through.
package phone

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hal"
	"hilphone/sip/line"
)

// Lines makes calls. None of its methods blocks; what becomes of a call is told by CallChanged.
type Lines interface {
	// Dial starts a call on a line, 1 to 20. An error says in words for the user why there is none.
	Dial(line int, to string) (line.CallID, error)
	Answer(line.CallID)
	// Reject refuses an incoming call with a SIP status.
	Reject(line.CallID, int)
	HangUp(line.CallID)
	// Hold puts the other side of a call on hold, or takes it back.
	Hold(id line.CallID, on bool)
	DTMF(line.CallID, string)
}

// Record keeps an event of the phone: hook, key, lamp, ringer, fault, and phone for a change of state. Its time is that of the movement on the board,
// or the instant at which the phone decided. It never blocks.
type Record func(at time.Time, line int, call string, data event.Data)

// ErrStopped is the answer of a phone whose Run has ended.
var ErrStopped = errors.New("the phone is switched off")

// Phone is a phone with a front and lines. Its methods are safe from any goroutine.
type Phone struct {
	config Config
	board  hal.Board
	lines  Lines
	record Record
	log    *slog.Logger

	// Deciding is called before the phone decides: what it records from then on is of that instant or later, except movements on the board, and
	// all of before has been recorded. With the zero time all has been. It may be set before Run; nil: it is not called. It must not block.
	Deciding func(since time.Time)

	inbox   inbox
	shown   atomic.Pointer[Snapshot]
	stopped chan struct{} // closed when nothing is taken from the inbox any more

	// Of the goroutine in Run.
	machine *Machine
	at      time.Time // of the decision that is being carried out: the time of its events
	faults  []hal.Fault
	running Timer
	clock   *time.Timer
}

// New makes a phone that does nothing until Run.
func New(config Config, board hal.Board, lines Lines, record Record, log *slog.Logger) *Phone {
	p := &Phone{
		config:  config,
		board:   board,
		lines:   lines,
		record:  record,
		log:     log,
		inbox:   inbox{ready: make(chan struct{}, 1)},
		stopped: make(chan struct{}),
		machine: NewMachine(config),
	}
	p.publish()
	return p
}

// Snapshot returns the phone as it is. It does not wait for the phone, and the result is the caller's.
func (p *Phone) Snapshot() Snapshot { return p.shown.Load().clone() }

// CallChanged tells the phone of a call: a new incoming one, or a change of one it has. It never blocks.
func (p *Phone) CallChanged(c line.Call) { p.inbox.put(input{event: CallChanged{c}}) }

// LineChanged tells the phone of a line, 1 to 20. It never blocks.
func (p *Phone) LineChanged(n int, s line.Status) {
	p.inbox.put(input{event: LineChanged{n, s.State(), s.Active}})
}

// LineNamed tells the phone what to show beside the key of a line: its number or its name. It never blocks.
func (p *Phone) LineNamed(n int, label string) { p.inbox.put(input{event: LineNamed{n, label}}) }

// Configure changes the times and the answer codes of calls; the rest of the configuration stays. A timer that runs goes on as it was set. It
// never blocks.
func (p *Phone) Configure(c Config) { p.inbox.put(input{event: Configured{c}}) }

// Dial places a call and returns when its line has taken it; 0 is the selected line. On hook it goes hands-free. The error is
// ErrInCall, ErrNoLine, ErrNoNumber, that of Lines.Dial, ErrStopped or that of ctx; the phone is then as it was, except that a call
// may still be placed when ctx ends first.
func (p *Phone) Dial(ctx context.Context, n int, to string) (line.CallID, error) {
	a := p.ask(ctx, input{event: PlaceCall{n, to}})
	return a.id, a.err
}

// Answer answers a ringing call, hands-free unless the handset is lifted. Errors: ErrNoCall, ErrNotRinging, ErrStopped, that of ctx.
func (p *Phone) Answer(ctx context.Context, id line.CallID) error {
	return p.ask(ctx, input{event: AnswerCall{id}}).err
}

// Reject refuses a ringing call with a SIP status of 400 to 699; 0 is the configured one. Errors: ErrNoCall, ErrNotRinging, ErrCode,
// ErrStopped, that of ctx.
func (p *Phone) Reject(ctx context.Context, id line.CallID, code int) error {
	return p.ask(ctx, input{event: RejectCall{id, code}}).err
}

// HangUp ends a call as the release key does; one that rings is rejected. Errors: ErrNoCall, ErrStopped, that of ctx.
func (p *Phone) HangUp(ctx context.Context, id line.CallID) error {
	return p.ask(ctx, input{event: EndCall{id}}).err
}

// ShowLamp sets a lamp for a script, until the phone itself has something else to show on it. Errors: ErrNoLamp, ErrStopped, that of ctx.
func (p *Phone) ShowLamp(ctx context.Context, l hal.Lamp, pattern hal.Pattern) error {
	return p.ask(ctx, input{event: ShowLamp{l, pattern}}).err
}

// report is what the board calls: it returns when the phone has acted on the movement.
func (p *Phone) report(e hal.Event) {
	in := input{from: e}
	switch {
	case e.Kind == hal.KeyMoved && e.Down:
		in.event = KeyPressed{e.Key}
	case e.Kind == hal.HookMoved:
		in.event = HookMoved{e.Off}
	}
	a := p.ask(context.Background(), in)
	if e.NoEffect != nil {
		*e.NoEffect = a.noEffect
	}
}

// ask has the loop take an input and waits for its answer.
func (p *Phone) ask(ctx context.Context, in input) answer {
	in.answer = make(chan answer, 1)
	p.inbox.put(in)
	select {
	case a := <-in.answer:
		return a
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	case <-p.stopped:
		return answer{err: ErrStopped}
	}
}
