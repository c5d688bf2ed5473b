package webui

import (
	"context"
	"fmt"
	"slices"

	"hilphone/db/journal"
)

// pastMessages returns the wanted messages: those that are held, and of those before them what was saved, over every start of the phone.
func (s *Server) pastMessages(ctx context.Context, q journal.MessageQuery) ([]journal.Message, error) {
	held := s.Journal.Messages(q)
	first, _ := s.Journal.HeldMessages() // after they were read: meanwhile some may be gone
	held = slices.DeleteFunc(held, func(m journal.Message) bool { return m.Seq < first })
	full := q.Newest && q.Limit > 0 && len(held) == q.Limit
	if full || q.Since >= first-1 {
		return held, nil
	}
	saved := q
	if saved.Before <= 0 || saved.Before > first {
		saved.Before = first
	}
	if q.Newest && q.Limit > 0 {
		saved.Limit -= len(held)
	}
	earlier, err := s.savedMessages(ctx, saved)
	if err != nil {
		return nil, err
	}
	if q.Newest {
		return append(held, earlier...), nil
	}
	found := append(earlier, held...)
	if q.Limit > 0 {
		found = found[:min(len(found), q.Limit)]
	}
	return found, nil
}

// savedMessages reads in parts, as no more than so many are answered at once.
func (s *Server) savedMessages(ctx context.Context, q journal.MessageQuery) (found []journal.Message, err error) {
	for limit := q.Limit; ; {
		messages, err := s.History.MessageHistory(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("saved trace: %w", err)
		}
		found = append(found, messages...)
		if len(messages) == 0 || limit > 0 && len(found) >= limit {
			return found, nil
		}
		if last := messages[len(messages)-1].Seq; q.Newest {
			q.Before = last
		} else {
			q.Since = last
		}
		if limit > 0 {
			q.Limit = limit - len(found)
		}
	}
}
