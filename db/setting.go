package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"

	"hilphone/db/audit"
	"hilphone/sip/line"
)

// Lines returns the settings of every line, 1 to line.MaxLines; what is not stored has its default. What is stored but can
// not be run, by whatever way it got there, is left at its default too, with a record in the log: a phone with one strange setting
// still starts.
func (d *DB) Lines(ctx context.Context) (map[int]line.Settings, error) { return d.lines(ctx, d.read) }

// Line returns the settings of one line, by the same rules.
func (d *DB) Line(ctx context.Context, n int) (line.Settings, error) {
	one, err := d.readLines(ctx, d.read, n, n)
	return one[n], err
}

// asker is the database or a transaction in it.
type asker interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

func (d *DB) lines(ctx context.Context, from asker) (map[int]line.Settings, error) {
	return d.readLines(ctx, from, 1, line.MaxLines)
}

func (d *DB) readLines(ctx context.Context, from asker, first, last int) (map[int]line.Settings, error) {
	lines := make(map[int]line.Settings, last-first+1)
	for n := first; n <= last; n++ {
		lines[n] = line.Default()
	}
	// One row for each line, for a row costs more than a setting.
	rows, err := from.QueryContext(ctx, "SELECT line, json_group_object(name, value) FROM line_setting WHERE line BETWEEN ? AND ? GROUP BY line", first, last)
	if err != nil {
		return nil, fmt.Errorf("read line settings: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		var text []byte
		if err := rows.Scan(&n, &text); err != nil {
			return nil, fmt.Errorf("read line settings: %w", err)
		}
		if lines[n], err = d.lineOf(ctx, n, text); err != nil {
			return nil, fmt.Errorf("read line settings: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read line settings: %w", err)
	}
	for n, s := range lines {
		lines[n] = runnable(s, d.log.With("line", n))
	}
	return lines, nil
}

// lineOf reads the stored settings of line n, an object of names and values.
func (d *DB) lineOf(ctx context.Context, n int, text []byte) (line.Settings, error) {
	var values map[string]string
	s := line.Default()
	if err := json.Unmarshal(text, &values); err != nil {
		return s, fmt.Errorf("line %d: %w", n, err)
	}
	for _, def := range line.Table {
		value, ok := values[def.Name]
		if !ok {
			continue
		}
		if err := def.SetText(&s, value); err != nil {
			d.log.WarnContext(ctx, "stored setting is left out", "line", n, "error", err)
		}
	}
	return s, nil
}

// runnable returns settings that pass validation: first the line is switched off, then the settings at fault get their defaults.
func runnable(s line.Settings, log *slog.Logger) line.Settings {
	err := s.Validate()
	if err == nil {
		return s
	}
	log.Error("stored settings contradict each other, the line is switched off", "error", err)
	s.Enabled = false
	for _, fault := range line.FieldErrors(s.Validate()) {
		if def, ok := line.ByName(fault.Name); ok {
			_ = def.SetText(&s, def.Default) // a default is valid by itself
		}
	}
	if s.Validate() != nil {
		return line.Default()
	}
	return s
}

// PutLine stores all settings of line n, and entries about it in the audit history, in one transaction: a commit is what the caller waits
// for, so there is one (RS-15). Settings that fail validation are not stored; the error is then that of line.Settings.Validate as it is. Equal
// settings write nothing.
func (d *DB) PutLine(ctx context.Context, n int, s line.Settings, entries ...audit.Entry) error {
	if n < 1 || n > line.MaxLines {
		return &line.FieldError{Name: "line", Message: fmt.Sprintf("must be from 1 to %d", line.MaxLines), Value: n}
	}
	if err := s.Validate(); err != nil {
		return err
	}
	if len(entries) == 0 {
		return putLine(ctx, d.write, n, s)
	}
	return inTx(ctx, d.write, func(tx *sql.Tx) error {
		if err := putLine(ctx, tx, n, s); err != nil {
			return err
		}
		for _, e := range entries {
			if err := putAudit(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func putLine(ctx context.Context, to asker, n int, s line.Settings) error {
	text, err := json.Marshal(s.Texts())
	if err != nil {
		return fmt.Errorf("store settings of line %d: %w", n, err)
	}
	// All of them, also those at their default: a line that was set up does not change when a later program has other defaults.
	// Only this one statement and only rows that differ: it is atomic, and an SD card writes the fewest pages.
	_, err = to.ExecContext(ctx, `INSERT INTO line_setting (line, name, value) SELECT ?, key, value FROM json_each(?) WHERE true
		ON CONFLICT (line, name) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value`, n, string(text))
	if err != nil {
		return fmt.Errorf("store settings of line %d: %w", n, err)
	}
	return nil
}
