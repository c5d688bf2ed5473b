package journal

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Decider is a goroutine that decides first and records afterwards what it decided, with RecordAt. It says so by Deciding, so that Settle can
// wait for events whose time has come and that are not yet recorded.
type Decider struct {
	j *Journal

	mu    sync.Mutex
	since time.Time     // nothing that it is going to record is earlier; zero: it records nothing
	moved chan struct{} // closed when since changes; nil while nothing waits for that
}

// Decider registers a goroutine, which calls Close when it ends.
func (j *Journal) Decider() *Decider {
	d := &Decider{j: j}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.deciders = append(j.deciders, d)
	return d
}

// Deciding says that all before an instant has been recorded, and that what is decided then may be recorded from now on. It is called with
// the current time before the time of the decision is read. The zero time says that all has been recorded. It never blocks.
func (d *Decider) Deciding(since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.since = since
	if d.moved != nil {
		close(d.moved)
		d.moved = nil
	}
}

// Close says that the goroutine has ended.
func (d *Decider) Close() {
	d.Deciding(time.Time{})
	d.j.mu.Lock()
	defer d.j.mu.Unlock()
	d.j.deciders = slices.DeleteFunc(d.j.deciders, func(other *Decider) bool { return other == d })
}

// settle waits until every decision made before an instant has been recorded, or ctx ends.
func (d *Decider) settle(ctx context.Context, before time.Time) {
	for {
		d.mu.Lock()
		if d.since.IsZero() || d.since.After(before) {
			d.mu.Unlock()
			return
		}
		if d.moved == nil {
			d.moved = make(chan struct{})
		}
		moved := d.moved
		d.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}

// settleLimit bounds Settle: a goroutine that is stuck must not hold up those that look for the reason.
const settleLimit = time.Second

// Settle returns when every event is recorded that was decided before it was called, so that its time is not after that instant. It waits no
// longer than ctx, and one second.
func (j *Journal) Settle(ctx context.Context) {
	now := time.Now()
	j.mu.Lock()
	deciders := slices.Clone(j.deciders)
	j.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for _, d := range deciders {
		d.settle(ctx, now)
	}
}
