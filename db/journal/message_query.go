package journal

import (
	"slices"
	"time"
)

// MessageQuery says which messages are wanted, whether they are still held or only saved. The zero value wants all, the oldest first.
type MessageQuery struct {
	Since      int64              // those with a greater number
	Before     int64              // those with a smaller number; 0 or less: no bound
	SinceEvent int64              // those recorded after this event
	UntilEvent int64              // those recorded before this event; 0 or less: no bound
	From       time.Time          // those not before it; zero: no bound
	Until      time.Time          // those before it; zero: no bound
	Line       int                // of this line; 0: of all and of none
	CallID     string             // with this Call-ID; empty: with any and with none
	Keep       func(Message) bool // of those, these; nil: all
	Newest     bool               // the newest first
	Limit      int                // the first so many; 0 or less: all
}

// Match reports whether the message is wanted.
func (q MessageQuery) Match(m Message) bool {
	return m.Seq > q.Since && (q.Before <= 0 || m.Seq < q.Before) && m.Event >= q.SinceEvent && (q.UntilEvent <= 0 || m.Event < q.UntilEvent) &&
		!m.Time.Before(q.From) && (q.Until.IsZero() || m.Time.Before(q.Until)) &&
		(q.Line == 0 || m.Line == q.Line) && (q.CallID == "" || m.CallID == q.CallID) && (q.Keep == nil || q.Keep(m))
}

// Messages returns the messages held that are wanted.
func (j *Journal) Messages(q MessageQuery) []Message {
	found := []Message{}
	part := make([]Message, partSize)
	for since := q.Since; ; {
		j.mu.Lock()
		n := j.messages.copyAfter(since, part)
		j.mu.Unlock()
		if n == 0 {
			break
		}
		since = part[n-1].Seq
		for _, m := range part[:n] {
			if q.Match(m) {
				found = append(found, m)
			}
			if !q.Newest && q.Limit > 0 && len(found) == q.Limit {
				return found
			}
		}
	}
	if q.Newest {
		slices.Reverse(found)
		if q.Limit > 0 {
			found = found[:min(len(found), q.Limit)]
		}
	}
	return found
}
