package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

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
		insert, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO event (seq, time, mono_us, began, type, line, call, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, e := range events {
			if _, err := insert.ExecContext(ctx, e.Seq, e.Time.UnixMicro(), e.MonoUS, e.Began, e.Type, e.Line, e.Call, string(e.DataJSON())); err != nil {
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

// unsaved is how many numbers are left out after a phone that was killed: its last events, of up to saveDelay and at 1000 a second no more
// than 200, were told and not saved, and their numbers must not be given again.
const unsaved = 1000

// FirstEvent returns the number of the first event of a phone that begins: one more than that of the last event saved, or so many more
// that no number is given twice if the phone before was killed.
func (d *DB) FirstEvent(ctx context.Context) (seq int64, err error) {
	if err := d.read.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM event").Scan(&seq); err != nil {
		return 0, fmt.Errorf("read last event: %w", err)
	}
	seq++
	if d.lock == nil {
		return seq, nil
	}
	if d.lock.killed {
		seq = max(seq, d.lock.first) + unsaved
	}
	d.lock.write(seq)
	return seq, nil
}

// EventHistory returns the saved events that are wanted, EventsAtOnce at most. Their Data is json.RawMessage.
func (d *DB) EventHistory(ctx context.Context, p journal.Past) ([]journal.Event, error) {
	limit := p.Limit
	if limit <= 0 || limit > EventsAtOnce {
		limit = EventsAtOnce
	}
	text, values := historyQuery(p, limit)
	rows, err := d.read.QueryContext(ctx, text, values...)
	if err != nil {
		return nil, fmt.Errorf("read event history: %w", err)
	}
	defer rows.Close()
	events := []journal.Event{}
	for rows.Next() {
		var e journal.Event
		var at sql.NullInt64
		var data string
		if err := rows.Scan(&e.Seq, &at, &e.MonoUS, &e.Began, &e.Type, &e.Line, &e.Call, &data); err != nil {
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

// mostTypes bounds the parts of a query; SQLite takes a few hundred.
const mostTypes = 64

// historyQuery asks for each wanted type by itself, which the index has in order, and has SQLite merge the answers: none is read further
// than the limit takes it, however many events of other types lie between.
func historyQuery(p journal.Past, limit int) (text string, values []any) {
	where := "SELECT seq, time, mono_us, began, type, line, call, data FROM event WHERE seq > ? AND seq < ?"
	values = []any{p.Since, orMost(p.Before)}
	bound := func(condition string, value any) {
		where, values = where+" AND "+condition, append(values, value)
	}
	if p.Line != 0 {
		bound("line = ?", p.Line)
	}
	if p.Call != "" {
		bound("call = ?", p.Call)
	}
	if !p.From.IsZero() {
		bound("time >= ?", p.From.UnixMicro())
	}
	if !p.Until.IsZero() {
		bound("time < ?", p.Until.UnixMicro())
	}
	types := slices.Compact(slices.Sorted(slices.Values(p.Types)))
	if len(types) > mostTypes {
		list, _ := json.Marshal(types) // strings always marshal
		bound("type IN (SELECT value FROM json_each(?))", string(list))
		types = nil
	}
	parts, all := []string{where}, values
	if len(types) > 0 {
		parts, all = nil, nil
	}
	for _, t := range types {
		parts, all = append(parts, where+" AND type = ?"), append(append(all, values...), t)
	}
	order := " ORDER BY seq"
	if p.Newest {
		order += " DESC"
	}
	return strings.Join(parts, " UNION ALL ") + order + " LIMIT ?", append(all, limit)
}

// orMost returns the bound, or the largest there is for none.
func orMost(bound int64) int64 {
	if bound <= 0 {
		return math.MaxInt64
	}
	return bound
}
