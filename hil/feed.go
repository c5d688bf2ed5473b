package hil

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

const (
	// pollWait is how long the phone is asked to wait for an event.
	pollWait = 10 * time.Second
	// traceEvery is how often its trace is read without an event: some messages come with none.
	traceEvery = 250 * time.Millisecond
	// goneAfter is how long a phone may be out of reach before it is taken for gone.
	goneAfter = 3 * time.Second
	// askAgain is the pause after a request for news that failed.
	askAgain = 200 * time.Millisecond
)

// feed brings the phone's events and SIP messages into sight and into the evidence, each once.
type feed struct {
	phone  *Phone
	clock  *clock
	sight  *sight
	folder Evidence
	step   func() int                  // that is being carried out
	beside func(context.Context) error // looks at what the phone does not tell; nil: there is nothing

	turn            chan struct{} // one at a time from a question to what becomes of its answer, so that all keeps its order
	lastEvent       int64
	lastMessage     int64
	lastMono        int64 // of events
	lastMessageMono int64

	trace chan struct{} // an event came: there may be messages
}

// begin takes note of where the phone stands: what was before the run is not looked at.
func (f *feed) begin(ctx context.Context, lastEvent int64) error {
	f.lastEvent = lastEvent
	f.trace, f.turn = make(chan struct{}, 1), make(chan struct{}, 1)
	var newest []message
	if err := f.phone.news(ctx, "trace?newest=true&limit=1", &newest, 0); err != nil {
		return fmt.Errorf("reading the trace: %w", err)
	}
	for _, m := range newest {
		f.lastMessage, f.lastMessageMono = m.Seq, m.MonoUS
	}
	return nil
}

// run reads until ctx ends. A phone that is gone is told to the sight.
func (f *feed) run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { f.keep(ctx, f.pollEvents) })
	both.Go(func() { f.keep(ctx, f.pollTrace) })
	both.Wait()
}

// keep asks again and again. What fails is tried again for a moment: nothing is lost by that, each question says what was answered last.
func (f *feed) keep(ctx context.Context, poll func(context.Context) error) {
	var failing time.Duration
	for ctx.Err() == nil {
		began := f.clock.now()
		err := poll(ctx)
		if err == nil {
			failing = 0
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if failing == 0 {
			failing = max(began, 1)
		}
		busy := status(err) == http.StatusTooManyRequests
		if !busy && (status(err) != 0 || f.clock.now()-failing > goneAfter) || errors.Is(err, errRestarted) {
			f.sight.lose(err)
			return
		}
		pause(ctx, askAgain)
	}
}

// pause waits, less if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

var errRestarted = errors.New("the phone was started anew in the middle of the run")

func (f *feed) pollEvents(ctx context.Context) error {
	f.turn <- struct{}{}
	since := f.lastEvent
	<-f.turn
	var raw []json.RawMessage
	if err := f.phone.news(ctx, fmt.Sprintf("events?since=%d&wait_s=%g", since, pollWait.Seconds()), &raw, pollWait); err != nil {
		return err
	}
	if len(raw) > 0 {
		select {
		case f.trace <- struct{}{}:
		default:
		}
	}
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	return f.takeEvents(ctx, raw)
}

// sameStart fails where a time of the phone is that of another start than the latest before it. A time that is earlier by more than clockSlip may be
// of an event that was decided so much earlier than others that were recorded before it: the clock of the phone says which.
func (f *feed) sameStart(ctx context.Context, us, latest int64) error {
	if us >= latest-clockSlip.Microseconds() {
		return nil
	}
	restarted, err := f.clock.restarted(ctx, f.phone)
	if err == nil && restarted {
		return errRestarted
	}
	return err
}

// takeEvents brings events into sight that are not there; it is our turn.
func (f *feed) takeEvents(ctx context.Context, raw []json.RawMessage) error {
	for _, r := range raw {
		var e event
		if err := json.Unmarshal(r, &e); err != nil {
			return fmt.Errorf("an event of the phone cannot be read: %w", err)
		}
		if e.Seq <= f.lastEvent {
			continue
		}
		if err := f.sameStart(ctx, e.MonoUS, f.lastMono); err != nil {
			return err
		}
		f.lastEvent, f.lastMono = e.Seq, max(f.lastMono, e.MonoUS)
		at := f.clock.phone(e.MonoUS)
		seen, levels := e.observe(at)
		f.folder.Entry(evidence.Entry{At: at, Kind: evidence.EventKind, From: evidence.FromPhone, Step: f.step(), Text: e.text(), Data: r})
		for _, l := range levels {
			f.folder.Level(l)
		}
		f.sight.add(seen...)
	}
	return nil
}

func (f *feed) pollTrace(ctx context.Context) error {
	t := time.NewTimer(traceEvery)
	defer t.Stop()
	select {
	case <-f.trace:
	case <-t.C:
	case <-ctx.Done():
		return nil
	}
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	return f.readTrace(ctx)
}

// readTrace brings all messages into sight that are not there; it is our turn.
func (f *feed) readTrace(ctx context.Context) error {
	for {
		var batch []message
		if err := f.phone.news(ctx, fmt.Sprintf("trace?limit=1000&since=%d", f.lastMessage), &batch, 0); err != nil {
			return err
		}
		seen := make([]scenario.Observation, len(batch))
		for i, m := range batch {
			if err := f.sameStart(ctx, m.MonoUS, f.lastMessageMono); err != nil {
				return err
			}
			f.lastMessageMono = max(f.lastMessageMono, m.MonoUS)
			at := f.clock.phone(m.MonoUS)
			f.lastMessage, seen[i] = m.Seq, m.observe(at)
			f.folder.Message(m.evidence(at))
		}
		f.sight.add(seen...)
		if len(batch) < 1000 {
			return nil
		}
	}
}

// fence makes sure that everything is in sight that has happened by now.
func (f *feed) fence(ctx context.Context) error {
	now := f.clock.now()
	if f.beside != nil {
		if err := f.beside(ctx); err != nil {
			return err
		}
	}
	if f.phone == nil { // the servers tell by themselves
		pause(ctx, bareTime)
		f.sight.complete(now)
		return ctx.Err()
	}
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	for {
		var raw []json.RawMessage
		if err := f.phone.news(ctx, fmt.Sprintf("events?since=%d&limit=1000", f.lastEvent), &raw, 0); err != nil {
			return err
		}
		if err := f.takeEvents(ctx, raw); err != nil {
			return err
		}
		if len(raw) < 1000 {
			break
		}
	}
	if err := f.readTrace(ctx); err != nil {
		return err
	}
	f.sight.complete(now)
	return nil
}
