package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"hilphone/db/journal"
)

// The event history holds the newest EventsKept events. It is cut when it has eventsSlack more, so that not every batch deletes.
const (
	EventsKept  = 100_000
	eventsSlack = 1_000
)

// EventsAtOnce bounds the answer of EventHistory.
const EventsAtOnce = 10_000

var _ journal.Sink = (*DB)(nil)

// SaveEvents saves a batch of events in one transaction. A batch may come twice.
func (d *DB) SaveEvents(ctx context.Context, events []journal.Event) error {
	if len(events) == 0 {
		return nil
	}
	err := inTx(ctx, d.write, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO event (seq, time, mono_us, type, line, call, data) VALUES (?, ?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, e := range events {
			if _, err := insert.ExecContext(ctx, e.Seq, e.Time.UnixMicro(), e.MonoUS, e.Type, e.Line, e.Call, string(e.DataJSON())); err != nil {
				return fmt.Errorf("event %d: %w", e.Seq, err)
			}
		}
		return cutHistory(ctx, tx, EventsKept, eventsSlack)
	})
	if err != nil {
		return fmt.Errorf("save events: %w", err)
	}
	return nil
}

func cutHistory(ctx context.Context, tx *sql.Tx, kept, slack int64) error {
	var oldest, newest int64
	err := tx.QueryRowContext(ctx, "SELECT coalesce((SELECT min(seq) FROM event), 0), coalesce((SELECT max(seq) FROM event), 0)").Scan(&oldest, &newest)
	if err != nil || newest-oldest < kept+slack {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM event WHERE seq <= ?", newest-kept)
	return err
}

// LastSeq returns the number of the last event saved, 0 if there is none. A journal made after it goes on with the next.
func (d *DB) LastSeq(ctx context.Context) (seq int64, err error) {
	if err := d.read.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM event").Scan(&seq); err != nil {
		return 0, fmt.Errorf("read last event: %w", err)
	}
	return seq, nil
}

// EventHistory returns the saved events that are wanted, EventsAtOnce at most. Their Data is json.RawMessage.
func (d *DB) EventHistory(ctx context.Context, p journal.Past) ([]journal.Event, error) {
	limit := p.Limit
	if limit <= 0 || limit > EventsAtOnce {
		limit = EventsAtOnce
	}
	types, err := json.Marshal(p.Types)
	if err != nil {
		return nil, fmt.Errorf("read event history: %w", err)
	}
	order := "ASC"
	if p.Newest {
		order = "DESC"
	}
	rows, err := d.read.QueryContext(ctx, `SELECT seq, time, mono_us, type, line, call, data FROM event
		WHERE seq > ?1 AND (?2 = 0 OR line = ?2) AND (?3 = 0 OR type IN (SELECT value FROM json_each(?4)))
		AND seq < ?5 AND (?6 = '' OR call = ?6) AND time >= ?7 AND time < ?8 ORDER BY seq `+order+` LIMIT ?9`,
		p.Since, p.Line, len(p.Types), string(types), orMost(p.Before), p.Call, instantOr(p.From, 0), instantOr(p.Until, math.MaxInt64), limit)
	if err != nil {
		return nil, fmt.Errorf("read event history: %w", err)
	}
	defer rows.Close()
	events := []journal.Event{}
	for rows.Next() {
		var e journal.Event
		var at sql.NullInt64
		var data string
		if err := rows.Scan(&e.Seq, &at, &e.MonoUS, &e.Type, &e.Line, &e.Call, &data); err != nil {
			return nil, fmt.Errorf("read event history: %w", err)
		}
		e.Time, e.Data = stored(at), json.RawMessage(data)
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read event history: %w", err)
	}
	return events, nil
}

// orMost returns the bound, or the largest there is for none.
func orMost(bound int64) int64 {
	if bound <= 0 {
		return math.MaxInt64
	}
	return bound
}

func instantOr(t time.Time, none int64) int64 {
	if t.IsZero() {
		return none
	}
	return t.UnixMicro()
}
