package journal

import (
	"slices"
	"time"
)

// Past says which events of the history are wanted, whether they are still held or only saved. The zero value wants all, the oldest
// first.
type Past struct {
	Query            // those after Since; Limit is of the oldest, or of the newest
	Before int64     // those with a smaller number; 0 or less: no bound
	Call   string    // of this call; empty: of all and of none
	From   time.Time // those not before it; zero: no bound
	Until  time.Time // those before it; zero: no bound
	Newest bool      // the newest first
}

// Match reports whether the event is wanted.
func (p Past) Match(e Event) bool {
	return p.Query.Match(e) && e.Seq > p.Since && (p.Before <= 0 || e.Seq < p.Before) && (p.Call == "" || e.Call == p.Call) &&
		!e.Time.Before(p.From) && (p.Until.IsZero() || e.Time.Before(p.Until))
}

// Past returns the events held that are wanted.
func (j *Journal) Past(p Past) []Event {
	q := p.Query
	q.Limit = 0
	found := slices.DeleteFunc(j.Events(q), func(e Event) bool { return !p.Match(e) })
	if p.Newest {
		slices.Reverse(found)
	}
	if p.Limit > 0 && len(found) > p.Limit {
		found = found[:p.Limit]
	}
	return found
}
