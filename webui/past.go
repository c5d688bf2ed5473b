package webui

import (
	"context"
	"fmt"
	"slices"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

// past returns the wanted events: those that are held, and of those before them what was saved, over every start of the phone.
func (s *Server) past(ctx context.Context, p journal.Past) ([]journal.Event, error) {
	first, held := s.held(p)
	if s.Journal.AllSince().Before(p.From) {
		return held, nil
	}
	if p.Since >= first-1 || (p.Newest && p.Limit > 0 && len(held) == p.Limit) {
		return held, nil
	}
	saved := p
	if saved.Before <= 0 || saved.Before > first {
		saved.Before = first
	}
	if p.Newest && p.Limit > 0 {
		saved.Limit -= len(held)
	}
	earlier, err := s.saved(ctx, saved)
	if err != nil {
		return nil, err
	}
	if p.Newest {
		return append(held, earlier...), nil
	}
	found := append(earlier, held...)
	if p.Limit > 0 {
		found = found[:min(len(found), p.Limit)]
	}
	return found, nil
}

// held returns the wanted events that the journal holds, and the number from which on it holds all.
func (s *Server) held(p journal.Past) (first int64, held []journal.Event) {
	held = s.Journal.Past(p)
	first, _ = s.Journal.Held() // after they were read: meanwhile some may be gone
	return first, slices.DeleteFunc(held, func(e journal.Event) bool { return e.Seq < first })
}

// pastAtOnce is how many saved events are asked for at a time.
const pastAtOnce = 1000

// saved reads from the history in parts, as it answers no more than it likes at once.
func (s *Server) saved(ctx context.Context, p journal.Past) (found []journal.Event, err error) {
	for {
		part := p
		part.Limit = pastAtOnce
		if p.Limit > 0 {
			part.Limit = min(pastAtOnce, p.Limit-len(found))
		}
		events, err := s.History.EventHistory(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("event history: %w", err)
		}
		found = append(found, events...)
		if len(events) < part.Limit || len(found) == p.Limit {
			return found, nil
		}
		if p.Newest {
			p.Before = events[len(events)-1].Seq
		} else {
			p.Since = events[len(events)-1].Seq
		}
	}
}

// replay hands over every saved event after seq that the query wants, up to where the journal takes over, and returns the number up
// to which all is told. What is missing in the history is told too, as a Dropped event.
func (s *Server) replay(ctx context.Context, q journal.Query, tell func(journal.Event) error) (seq int64, err error) {
	seq = q.Since
	for {
		first, _ := s.Journal.Held()
		if seq >= first-1 {
			return seq, nil
		}
		events, err := s.History.EventHistory(ctx, journal.Past{Query: journal.Query{Since: seq, Limit: pastAtOnce}, Before: first})
		if err != nil {
			return seq, fmt.Errorf("event history: %w", err)
		}
		for _, e := range events {
			if lost := e.Seq - seq - 1; lost > 0 {
				if err := tell(gap(e, e.Seq-1, lost)); err != nil {
					return seq, err
				}
			}
			if seq = e.Seq; q.Match(e) {
				if err := tell(e); err != nil {
					return seq, err
				}
			}
		}
		if lost := first - 1 - seq; len(events) < pastAtOnce && lost > 0 {
			now, mono := s.Journal.Clock()
			if err := tell(gap(journal.Event{Time: now, MonoUS: mono}, first-1, lost)); err != nil {
				return seq, err
			}
			seq = first - 1
		}
	}
}

// gap stands for events that are missing before another one.
func gap(before journal.Event, seq, lost int64) journal.Event {
	return journal.Event{Seq: seq, Time: before.Time, MonoUS: before.MonoUS, Type: journal.Dropped, Data: event.Dropped{Count: lost}}
}
