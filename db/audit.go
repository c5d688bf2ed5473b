package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hilphone/db/audit"
)

// AuditAtOnce bounds the answer of AuditHistory.
const AuditAtOnce = 1000

// RecordAudit adds an entry to the audit history; its ID is given here, its time if it has none. Of each group of actions the newest
// entries are kept, and up to auditSlack more.
func (d *DB) RecordAudit(ctx context.Context, e audit.Entry) error {
	return inTx(ctx, d.write, func(tx *sql.Tx) error { return putAudit(ctx, tx, e) })
}

func putAudit(ctx context.Context, tx *sql.Tx, e audit.Entry) error {
	group, kept := audit.GroupOf(e.Action)
	if kept == 0 {
		return fmt.Errorf("audit history: %q is no action", e.Action)
	}
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return fmt.Errorf("audit history: %s: %w", e.Action, err)
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	added, err := tx.ExecContext(ctx, "INSERT INTO audit (time, part, action, kind, name, source, address, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		instant(e.Time), group, e.Action, e.Kind, e.Name, e.Source, e.From, string(data))
	if err == nil {
		err = cutAudit(ctx, tx, added)
	}
	if err != nil {
		return fmt.Errorf("audit history: %s: %w", e.Action, err)
	}
	return nil
}

// auditSlack is after how many entries the history is cut: to find the oldest entry to keep takes as long as the history is.
const auditSlack = 64

// cutAudit deletes the oldest entries of each group that has too many.
func cutAudit(ctx context.Context, tx *sql.Tx, added sql.Result) error {
	id, err := added.LastInsertId()
	if err != nil || id%auditSlack != 0 {
		return err
	}
	for _, g := range audit.Groups {
		_, err := tx.ExecContext(ctx, "DELETE FROM audit WHERE part = ? AND id <= (SELECT id FROM audit WHERE part = ? ORDER BY id DESC LIMIT 1 OFFSET ?)", g.Name, g.Name, g.Kept)
		if err != nil {
			return err
		}
	}
	return nil
}

// AuditHistory returns the wanted entries, the newest first, AuditAtOnce at most.
func (d *DB) AuditHistory(ctx context.Context, q audit.Query) ([]audit.Entry, error) {
	limit := q.Limit
	if limit <= 0 || limit > AuditAtOnce {
		limit = AuditAtOnce
	}
	where, values := "id < ?", []any{orMost(q.Before)}
	if len(q.Groups) > 0 {
		where += " AND part IN (?" + strings.Repeat(", ?", len(q.Groups)-1) + ")"
		for _, g := range q.Groups {
			values = append(values, g)
		}
	}
	rows, err := d.read.QueryContext(ctx, "SELECT id, time, action, kind, name, source, address, data FROM audit WHERE "+where+" ORDER BY id DESC LIMIT ?", append(values, limit)...)
	if err != nil {
		return nil, fmt.Errorf("read audit history: %w", err)
	}
	defer rows.Close()
	entries := []audit.Entry{}
	for rows.Next() {
		var e audit.Entry
		var at sql.NullInt64
		var data string
		if err := rows.Scan(&e.ID, &at, &e.Action, &e.Kind, &e.Name, &e.Source, &e.From, &data); err != nil {
			return nil, fmt.Errorf("read audit history: %w", err)
		}
		e.Time = stored(at)
		if err := json.Unmarshal([]byte(data), &e.Data); err != nil {
			return nil, fmt.Errorf("read audit history: entry %d: %w", e.ID, err)
		}
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read audit history: %w", err)
	}
	return entries, nil
}
