package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hilphone/sip/line"
)

// CallsKept is how many calls the call log holds, the newest.
const CallsKept = 1000

// CallRecord is one call in the call log.
type CallRecord struct {
	Key       int64       // grows from call to call, over every start of the phone; given by SaveCall
	ID        line.CallID // begins again with every start of the phone
	Line      int
	Direction line.Direction
	Remote    string
	Name      string // that the other side gave
	Digits    string // that it sent, the newest
	Server    line.Slot
	Started   time.Time
	Answered  time.Time // zero: never
	Ended     time.Time // zero: not yet
	End       line.End  // Elapsed is kept to the microsecond
	SIPCallID string
}

// SaveCall appends a call to the call log and forgets the oldest beyond CallsKept.
func (d *DB) SaveCall(ctx context.Context, c CallRecord) error {
	err := inTx(ctx, d.write, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO call_log (id, line, direction, remote, server, started, answered, ended,
			end_by, end_cause, end_code, end_reason, elapsed_us, sip_call_id, remote_name, digits_received)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(c.ID), c.Line, string(c.Direction), c.Remote, string(c.Server), instant(c.Started), instant(c.Answered), instant(c.Ended),
			c.End.By, string(c.End.Cause), c.End.Code, c.End.Reason, c.End.Elapsed.Microseconds(), c.SIPCallID, c.Name, c.Digits)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM call_log WHERE key <= (SELECT max(key) FROM call_log) - ?", CallsKept)
		return err
	})
	if err != nil {
		return fmt.Errorf("save call %s: %w", c.ID, err)
	}
	return nil
}

// CallLog returns the newest calls first, limit of them at most (0 or less: all), those with a key below before (0 or less: all).
func (d *DB) CallLog(ctx context.Context, limit int, before int64) ([]CallRecord, error) {
	if limit <= 0 {
		limit = CallsKept
	}
	rows, err := d.read.QueryContext(ctx, `SELECT key, id, line, direction, remote, server, started, answered, ended,
		end_by, end_cause, end_code, end_reason, elapsed_us, sip_call_id, remote_name, digits_received FROM call_log
		WHERE ?1 <= 0 OR key < ?1 ORDER BY key DESC LIMIT ?2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read call log: %w", err)
	}
	defer rows.Close()
	calls := []CallRecord{}
	for rows.Next() {
		var c CallRecord
		var started, answered, ended sql.NullInt64
		var elapsed int64
		err := rows.Scan(&c.Key, &c.ID, &c.Line, &c.Direction, &c.Remote, &c.Server, &started, &answered, &ended,
			&c.End.By, &c.End.Cause, &c.End.Code, &c.End.Reason, &elapsed, &c.SIPCallID, &c.Name, &c.Digits)
		if err != nil {
			return nil, fmt.Errorf("read call log: %w", err)
		}
		c.Started, c.Answered, c.Ended = stored(started), stored(answered), stored(ended)
		c.End.Elapsed = time.Duration(elapsed) * time.Microsecond
		calls = append(calls, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read call log: %w", err)
	}
	return calls, nil
}
