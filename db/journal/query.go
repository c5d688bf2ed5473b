package journal

import (
	"context"
	"slices"
)

// Query says which events are wanted. The zero value wants all.
type Query struct {
	Since int64    // those with a greater number; a number beyond the newest means the newest
	Types []string // of these types; empty: of all
	Line  int      // of this line; 0: of all and of none
	Limit int      // the first so many; 0 or less: all. Subscribe ignores it
}

// Match reports whether the event has a wanted type and line.
func (q Query) Match(e Event) bool {
	return (q.Line == 0 || e.Line == q.Line) && (len(q.Types) == 0 || slices.Contains(q.Types, e.Type))
}

// Events returns the events held that the query wants, oldest first.
func (j *Journal) Events(q Query) []Event {
	events, _ := j.reader(q.Since).collect(q)
	return events
}

// Wait returns the events held that the query wants or, while there are none, waits for the first. When ctx ends before that it
// returns no events and no error.
func (j *Journal) Wait(ctx context.Context, q Query) ([]Event, error) {
	r := j.reader(q.Since)
	for {
		events, changed := r.collect(q)
		if len(events) > 0 || ctx.Err() != nil {
			return events, nil
		}
		if changed == nil {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done(): // one last look
		}
	}
}
