package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hilphone/db/journal"
)

// The trace holds the newest messages: of TraceAge, and TraceOctets at most, of which each message takes those of its texts and
// messageOverhead. It is cut when it has traceSlack more, or messages that are ageSlack older, so that not every batch deletes: a batch then
// writes the pages of its own messages and few others, which spares memory cards.
const (
	TraceOctets = 16 << 20
	TraceAge    = 7 * 24 * time.Hour

	messageOverhead = 128
	traceSlack      = 1 << 20
	ageSlack        = time.Hour
)

// MessagesAtOnce bounds the answer of MessageHistory.
const MessagesAtOnce = 10_000

var _ journal.MessageSink = (*DB)(nil)

// SaveMessages saves a batch of messages in one transaction, and that numbers up to upTo have been given. A batch may come twice. After
// a factory reset it saves nothing: what the phone still sends before its next start belongs to what was deleted.
func (d *DB) SaveMessages(ctx context.Context, messages []journal.Message, upTo int64) error {
	err := inTx(ctx, d.write, func(tx *sql.Tx) error {
		if d.traceOver.Load() {
			return giveNumbers(ctx, tx, upTo)
		}
		total, err := insertMessages(ctx, tx, messages)
		if err != nil {
			return err
		}
		if n := len(messages); n == 0 || messages[n-1].Seq < upTo {
			err = giveNumbers(ctx, tx, upTo)
		}
		if err == nil {
			err = cutTrace(ctx, tx, total, time.Now(), TraceOctets, TraceAge)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("save messages: %w", err)
	}
	return nil
}

// insertMessages returns the octets of all messages that there have been.
func insertMessages(ctx context.Context, tx *sql.Tx, messages []journal.Message) (total int64, err error) {
	first := int64(1<<63 - 1)
	if len(messages) > 0 {
		first = messages[0].Seq
	}
	err = tx.QueryRowContext(ctx, "SELECT total FROM message WHERE seq < ? ORDER BY seq DESC LIMIT 1", first).Scan(&total)
	if err != nil && !errors.Is(err, sql.ErrNoRows) || len(messages) == 0 {
		return total, ignoreNoRows(err)
	}
	insert, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO message ("+messageColumns+", total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return total, err
	}
	defer insert.Close()
	for _, m := range messages {
		total += int64(m.Size() + messageOverhead)
		raw := m.Raw
		if raw == nil {
			raw = []byte{}
		}
		_, err := insert.ExecContext(ctx, m.Seq, m.Time.UnixMicro(), m.MonoUS, m.Began, m.Event, m.Line, m.Out, m.Slot, m.Proxy, m.Transport, m.Local, m.Remote, m.CallID, m.Start, m.Fault, raw, total)
		if err != nil {
			return total, fmt.Errorf("message %d: %w", m.Seq, err)
		}
	}
	return total, nil
}

const messageColumns = "seq, time, mono_us, began, event, line, sent, slot, proxy, transport, local, remote, call_id, start, fault, raw"

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// cutTrace deletes the oldest messages of which there are too many or which are too old; total is that of the newest.
func cutTrace(ctx context.Context, tx *sql.Tx, total int64, now time.Time, octets int64, age time.Duration) error {
	var oldest, at int64
	err := tx.QueryRowContext(ctx, "SELECT total, time FROM message ORDER BY seq LIMIT 1").Scan(&oldest, &at)
	if err != nil {
		return ignoreNoRows(err)
	}
	if total-oldest > octets+traceSlack {
		_, err = tx.ExecContext(ctx, "DELETE FROM message WHERE seq <= (SELECT seq FROM message WHERE total >= ? ORDER BY seq LIMIT 1)", total-octets)
	}
	if err == nil && now.Add(-age-ageSlack).UnixMicro() > at {
		_, err = tx.ExecContext(ctx, "DELETE FROM message WHERE seq < coalesce((SELECT seq FROM message WHERE time >= ? ORDER BY seq LIMIT 1), 9223372036854775807)",
			now.Add(-age).UnixMicro())
	}
	return err
}

// ageTrace deletes messages that are too old where no new one comes.
func (d *DB) ageTrace(ctx context.Context) error {
	var old bool
	err := d.read.QueryRowContext(ctx, "SELECT time < ? FROM message ORDER BY seq LIMIT 1", time.Now().Add(-TraceAge-ageSlack).UnixMicro()).Scan(&old)
	if err = ignoreNoRows(err); err != nil || !old {
		return err
	}
	return d.SaveMessages(ctx, nil, 0)
}

// giveNumbers notes that messages up to a number have been shown: the next start begins after them.
func giveNumbers(ctx context.Context, tx *sql.Tx, upTo int64) error {
	done, err := tx.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'message'", upTo)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); n > 0 || err != nil || upTo <= 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES ('message', ?)", upTo)
	return err
}

// unsavedMessages is how many numbers are left out after a phone that was killed: its last messages, of about a second, were shown and not saved.
const unsavedMessages = 10_000

// FirstMessage returns the number of the first message of a phone that begins: greater than each that was given before, also by a phone
// that was killed, and whatever was deleted since.
func (d *DB) FirstMessage(ctx context.Context) (seq int64, err error) {
	err = d.read.QueryRowContext(ctx, "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'message'), 0)").Scan(&seq)
	if err == nil && d.lock != nil && d.lock.killed {
		seq += unsavedMessages
		err = inTx(ctx, d.write, func(tx *sql.Tx) error { return giveNumbers(ctx, tx, seq) })
	}
	if err != nil {
		return 0, fmt.Errorf("number of the first message: %w", err)
	}
	return seq + 1, nil
}

// MessageHistory returns the saved messages that are wanted, MessagesAtOnce at most.
func (d *DB) MessageHistory(ctx context.Context, q journal.MessageQuery) ([]journal.Message, error) {
	if q.Limit <= 0 || q.Limit > MessagesAtOnce {
		q.Limit = MessagesAtOnce
	}
	text, values := messageQuery(q)
	rows, err := d.read.QueryContext(ctx, text, values...)
	if err != nil {
		return nil, fmt.Errorf("read saved messages: %w", err)
	}
	defer rows.Close()
	messages := []journal.Message{}
	for len(messages) < q.Limit && rows.Next() {
		var m journal.Message
		var at sql.NullInt64
		err := rows.Scan(&m.Seq, &at, &m.MonoUS, &m.Began, &m.Event, &m.Line, &m.Out, &m.Slot, &m.Proxy, &m.Transport, &m.Local, &m.Remote, &m.CallID, &m.Start, &m.Fault, &m.Raw)
		if err != nil {
			return nil, fmt.Errorf("read saved messages: %w", err)
		}
		if m.Time = stored(at); q.Keep == nil || q.Keep(m) {
			messages = append(messages, m)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read saved messages: %w", err)
	}
	return messages, nil
}

// messageQuery reads in the order of the numbers, without an index: one that had the Call-IDs would make each batch write several pages more,
// and the whole trace is read in a fraction of a second.
func messageQuery(q journal.MessageQuery) (text string, values []any) {
	text = "SELECT " + messageColumns + " FROM message WHERE seq > ? AND seq < ?"
	values = []any{q.Since, orMost(q.Before)}
	for _, bound := range []struct {
		is        bool
		condition string
		value     any
	}{
		{q.SinceEvent > 0, "event >= ?", q.SinceEvent}, {q.UntilEvent > 0, "event < ?", q.UntilEvent},
		{!q.From.IsZero(), "time >= ?", q.From.UnixMicro()}, {!q.Until.IsZero(), "time < ?", q.Until.UnixMicro()},
		{q.Line != 0, "line = ?", q.Line}, {q.CallID != "", "call_id = ?", q.CallID},
	} {
		if bound.is {
			text, values = text+" AND "+bound.condition, append(values, bound.value)
		}
	}
	if text += " ORDER BY seq"; q.Newest {
		text += " DESC"
	}
	if q.Keep == nil {
		text, values = text+" LIMIT ?", append(values, q.Limit)
	}
	return text, values
}
