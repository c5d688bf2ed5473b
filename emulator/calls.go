package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"hilphone/db"
	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/emulator/phone"
	"hilphone/sip/line"
	"hilphone/webui"
)

// endedKept is how many calls that are over can still be asked for by their number.
const endedKept = 200

// calls remembers the calls since the phone was started and writes those that are over into the call log, off every other path.
type calls struct {
	store   *db.DB
	journal *journal.Journal
	log     *slog.Logger
	lines   *lines
	phone   *phone.Phone
	over    chan db.CallRecord

	mu    sync.Mutex
	all   map[line.CallID]*calling
	ids   []line.CallID // oldest first
	ended map[webui.CallEnd]int64
}

// calling is a call with its times.
type calling struct {
	line.Call
	started, answered, ended time.Time
	muted                    bool
}

func newCalls(store *db.DB, j *journal.Journal, log *slog.Logger) *calls {
	return &calls{store: store, journal: j, log: log, all: make(map[line.CallID]*calling), ended: make(map[webui.CallEnd]int64), over: make(chan db.CallRecord, endedKept)}
}

// changed takes a call as its line reports it, with the instant of the change. It never waits.
func (c *calls) changed(now time.Time, v line.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.all[v.ID]
	if k == nil {
		k = &calling{started: now}
		c.all[v.ID] = k
		c.ids = append(c.ids, v.ID)
		c.trim()
	}
	if v.State == line.Talking && k.answered.IsZero() {
		k.answered = now
	}
	k.Call = v
	if v.State != line.Ended || !k.ended.IsZero() {
		return
	}
	k.ended = now
	c.ended[webui.CallEnd{Direction: v.Direction, Server: v.Server, Answered: !k.answered.IsZero()}]++
	select {
	case c.over <- db.CallRecord{
		ID: v.ID, Line: v.Line, Direction: v.Direction, Remote: v.Remote, Name: v.RemoteName, Digits: v.Digits, Server: v.Server,
		Started: k.started, Answered: k.answered, Ended: k.ended, End: v.End, SIPCallID: v.SIPCallID,
	}:
	default:
		c.log.Error("a call is missing in the call log: the disk is too slow", "call", v.ID)
	}
}

// trim forgets the oldest calls that are over.
func (c *calls) trim() {
	for i := 0; i < len(c.ids) && len(c.ids) > endedKept; {
		if c.all[c.ids[i]].State == line.Ended {
			delete(c.all, c.ids[i])
			c.ids = slices.Delete(c.ids, i, i+1)
		} else {
			i++
		}
	}
}

// run writes the call log until ctx ends, and then what is left.
func (c *calls) run(ctx context.Context) {
	for {
		select {
		case r := <-c.over:
			c.save(r)
			continue
		default:
		}
		select {
		case r := <-c.over:
			c.save(r)
		case <-ctx.Done():
			if len(c.over) == 0 {
				return
			}
		}
	}
}

func (c *calls) save(r db.CallRecord) {
	quietly(c.log, "a call was not written into the call log", c.store.SaveCall(context.Background(), r))
}

func (c *calls) get(id line.CallID) (calling, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.all[id]; k != nil {
		return *k, true
	}
	return calling{}, false
}

// Current returns the calls that are not over, oldest first.
func (c *calls) Current() []webui.CallView {
	c.mu.Lock()
	var live []calling
	for _, id := range c.ids {
		if k := c.all[id]; k.State != line.Ended {
			live = append(live, *k)
		}
	}
	c.mu.Unlock()
	views := make([]webui.CallView, len(live))
	for i, k := range live {
		views[i] = c.view(k)
	}
	return views
}

// Find returns a call by its number.
func (c *calls) Find(id line.CallID) (webui.CallView, error) {
	k, ok := c.get(id)
	if !ok {
		return webui.CallView{}, fmt.Errorf("call %q: %w", id, webui.ErrNotFound)
	}
	return c.view(k), nil
}

// view shows a call, with the packet counters of its sound while there is any.
func (c *calls) view(k calling) webui.CallView {
	v := callView(k.Call, k.started, k.answered, k.ended)
	r := c.lines.get(k.Line)
	if k.State == line.Ended || r == nil {
		return v
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s, ok := r.MediaStats(ctx, k.ID); ok {
		remote := ""
		if s.Remote.IsValid() {
			remote = s.Remote.String()
		}
		v.Media = &webui.MediaView{Codec: string(s.Codec), Remote: remote, PacketsSent: int64(s.Sent), PacketsReceived: int64(s.Received), Muted: k.muted}
	}
	return v
}

func callView(c line.Call, started, answered, ended time.Time) webui.CallView {
	v := webui.CallView{
		ID: c.ID, Line: c.Line, Direction: c.Direction, Remote: c.Remote, RemoteName: c.RemoteName, DigitsReceived: c.Digits, State: c.State, Server: c.Server,
		Started: webui.At(started.Round(0)), Answered: webui.At(answered.Round(0)), Ended: webui.At(ended.Round(0)), SIPCallID: c.SIPCallID,
	}
	if c.State == line.Ended {
		v.End = &webui.EndView{By: c.End.By, Cause: c.End.Cause, Code: c.End.Code, Reason: c.End.Reason, ElapsedMS: float64(c.End.Elapsed.Microseconds()) / 1000}
	}
	return v
}

// Dial places a call on a line, as a user would with the loudspeaker.
func (c *calls) Dial(ctx context.Context, n int, to string) (webui.CallView, error) {
	id, err := c.phone.Dial(ctx, n, to)
	if err != nil {
		return webui.CallView{}, refusal(err)
	}
	c.lines.settle()
	if v, err := c.Find(id); err == nil {
		return v, nil
	}
	// The line has the call but has not reported it yet.
	now, _ := c.journal.Clock()
	return callView(line.Call{ID: id, Line: n, Direction: line.Outgoing, Remote: to, State: line.Calling, Server: line.None}, now, time.Time{}, time.Time{}), nil
}

// Act does something to a call. It is done when Act returns, as far as the phone alone can do it.
func (c *calls) Act(ctx context.Context, id line.CallID, a webui.CallAction) error {
	err := c.act(ctx, id, a)
	c.lines.settle()
	return err
}

func (c *calls) act(ctx context.Context, id line.CallID, a webui.CallAction) error {
	k, ok := c.get(id)
	if !ok {
		return fmt.Errorf("call %q: %w", id, webui.ErrNotFound)
	}
	if k.State == line.Ended {
		return fmt.Errorf("call %s is over: %w", id, webui.ErrConflict)
	}
	switch a.Do {
	case webui.Answer:
		return refusal(c.phone.Answer(ctx, id))
	case webui.Reject:
		return refusal(c.phone.Reject(ctx, id, a.Code))
	case webui.HangUp:
		return refusal(c.phone.HangUp(ctx, id))
	}
	if k.State != line.Talking && k.State != line.Held {
		return fmt.Errorf("call %s is %s, nobody is talking: %w", id, k.State, webui.ErrConflict)
	}
	switch a.Do {
	case webui.Resume:
		if k.HeldByPeer && !k.HeldByUser { // UX-08
			return fmt.Errorf("the other side holds call %s: only that side takes it back: %w", id, webui.ErrConflict)
		}
		c.lines.Hold(id, false)
		return nil
	case webui.DTMF:
		return c.dtmf(ctx, k, a.Digits)
	case webui.Hold:
		c.lines.Hold(id, true)
		return nil
	case webui.Transfer:
		c.lines.Transfer(id, a.To)
		return nil
	}
	c.mu.Lock()
	if k := c.all[id]; k != nil {
		k.muted = a.Muted
	}
	c.mu.Unlock()
	if r := c.lines.get(k.Line); r != nil {
		r.Mute(id, a.Muted)
	}
	c.journal.Record(k.Line, string(id), event.Mute{On: a.Muted})
	return nil
}

// dtmf has the digits sent, or says why the call cannot carry them now, as while it is held.
func (c *calls) dtmf(ctx context.Context, k calling, digits string) error {
	r := c.lines.get(k.Line)
	if r == nil {
		return fmt.Errorf("line %d does not run: %w", k.Line, webui.ErrConflict)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := r.QueueDTMF(ctx, k.ID, digits); err != nil {
		return fmt.Errorf("no digit was sent: %w: %w", err, webui.ErrConflict)
	}
	return nil
}

// refusal turns the phone's refusals into those of the pages.
func refusal(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, phone.ErrNoCall):
		return fmt.Errorf("%w: %w", err, webui.ErrNotFound)
	}
	return fmt.Errorf("%w: %w", err, webui.ErrConflict)
}

// Log returns the newest calls of the call log.
func (c *calls) Log(ctx context.Context, limit int, before int64) ([]webui.CallView, error) {
	records, err := c.store.CallLog(ctx, limit, before)
	if err != nil {
		return nil, err
	}
	views := make([]webui.CallView, len(records))
	for i, r := range records {
		v := line.Call{ID: r.ID, Line: r.Line, Direction: r.Direction, Remote: r.Remote, RemoteName: r.Name, Digits: r.Digits, State: line.Ended, Server: r.Server, SIPCallID: r.SIPCallID, End: r.End}
		views[i] = callView(v, r.Started, r.Answered, r.Ended)
		views[i].Key = r.Key
	}
	return views, nil
}
