package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hilphone/db/device"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// CopiesKept is how many copies of earlier configurations there are, the newest.
const CopiesKept = 10

// Why a copy of the configuration was made: before what.
const (
	BeforeImport  = "import"
	BeforeRestore = "restore"
	BeforeReset   = "reset"
)

// ErrNoCopy says that there is no copy with that number.
var ErrNoCopy = errors.New("there is no such copy")

// Copy is a configuration as it was before it was changed as a whole.
type Copy struct {
	ID     int64
	Made   time.Time
	Before string // import, restore or reset
}

// The store's own rows among the settings of the device.
const (
	generation = "configuration.generation" // grows with every change of the configuration as a whole
	taken      = "configuration.taken"      // the generation that the running phone has
)

// Configuration returns the settings of the lines, those of the phone as a whole and the keys kept for other phones.
func (d *DB) Configuration(ctx context.Context) (c sysconf.Configuration, err error) {
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	// Both tables at one instant. BeginTx would ask for the right to write, as the data source says.
	if _, err = conn.ExecContext(ctx, "BEGIN DEFERRED"); err == nil {
		c, err = d.configuration(ctx, conn)
		_, end := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		err = errors.Join(err, end)
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	return c, nil
}

func (d *DB) configuration(ctx context.Context, from asker) (c sysconf.Configuration, err error) {
	if c.Lines, err = d.lines(ctx, from); err != nil {
		return c, err
	}
	if c.Device, err = d.device(ctx, from); err != nil {
		return c, err
	}
	rows, err := from.QueryContext(ctx, "SELECT line, path, key, module, list, value FROM foreign_setting ORDER BY place")
	if err != nil {
		return c, err
	}
	defer rows.Close()
	for rows.Next() {
		var e sysconf.Entry
		if err := rows.Scan(&e.Line, &e.Path, &e.Key, &e.Module, &e.List, &e.Value); err != nil {
			return c, err
		}
		c.Foreign = append(c.Foreign, e.Agreed()) // rows of earlier versions have the sub-list beside the path alone
	}
	return c, rows.Err()
}

// ChangeConfiguration replaces the configuration by what change makes of it: all of it in one transaction, in which nobody else writes,
// or nothing. Before is why; a copy of what was there is kept, but not where it is empty. The error is that of change as it is, if there is one. An equal
// configuration changes nothing.
func (d *DB) ChangeConfiguration(ctx context.Context, before string, change func(sysconf.Configuration) (sysconf.Configuration, error)) error {
	var refusal error
	var done bool
	err := inTx(ctx, d.write, func(tx *sql.Tx) error {
		old, err := d.configuration(ctx, tx)
		if err != nil {
			return err
		}
		next, err := change(old)
		if err != nil {
			refusal = err
			return err
		}
		sameForeign := slices.Equal(old.Foreign, next.Foreign)
		changed := !sameForeign || len(device.Changed(old.Device, next.Device)) > 0
		for n := 1; n <= line.MaxLines; n++ {
			changed = changed || next.Lines[n] != old.Lines[n]
		}
		if !changed {
			return nil
		}
		if before != "" {
			if err := keepCopy(ctx, tx, before, old); err != nil {
				return err
			}
		}
		if err := putConfiguration(ctx, tx, old, next, sameForeign); err != nil {
			return err
		}
		done = true
		return grow(ctx, tx)
	})
	switch {
	case refusal != nil:
		return refusal
	case err != nil:
		return fmt.Errorf("store configuration: %w", err)
	}
	if done {
		d.knock()
	}
	return nil
}

func putConfiguration(ctx context.Context, tx *sql.Tx, old, next sysconf.Configuration, sameForeign bool) error {
	for n := 1; n <= line.MaxLines; n++ {
		if next.Lines[n] == old.Lines[n] {
			continue
		}
		if err := next.Lines[n].Validate(); err != nil {
			return err
		}
		if err := putLine(ctx, tx, n, next.Lines[n]); err != nil {
			return err
		}
	}
	if len(device.Changed(old.Device, next.Device)) > 0 {
		if err := next.Device.Validate(); err != nil {
			return err
		}
		if err := putDevice(ctx, tx, next.Device); err != nil {
			return err
		}
	}
	if sameForeign {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM foreign_setting"); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO foreign_setting (line, path, place, key, module, list, value) VALUES (?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for i, e := range next.Foreign {
		if _, err := insert.ExecContext(ctx, e.Line, e.Path, i, e.Key, e.Module, e.List, e.Value); err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return nil
}

func keepCopy(ctx context.Context, tx *sql.Tx, before string, c sysconf.Configuration) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO settings_copy (made, reason, file) VALUES (?, ?, ?)", instant(time.Now()), before, string(c.Export(sysconf.JSON, true)))
	if err == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM settings_copy WHERE id <= (SELECT max(id) FROM settings_copy) - ?", CopiesKept)
	}
	return err
}

// grow marks a change of the configuration, for a phone that runs in another process.
func grow(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO device_setting (name, value) VALUES (?, '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1`, generation)
	return err
}

// Generation returns a number that grows with every change of the configuration as a whole, and the one that the running phone has.
func (d *DB) Generation(ctx context.Context) (now, has int64, err error) {
	for name, n := range map[string]*int64{generation: &now, taken: &has} {
		text, err := d.DeviceSetting(ctx, name)
		if err != nil {
			return 0, 0, err
		}
		*n, _ = strconv.ParseInt(text, 10, 64) // nothing: 0
	}
	return now, has, nil
}

// Took says that the running phone has the configuration of that generation.
func (d *DB) Took(ctx context.Context, n int64) error {
	return d.PutDeviceSetting(ctx, taken, strconv.FormatInt(n, 10))
}

// Copies returns the copies of earlier configurations, the newest first.
func (d *DB) Copies(ctx context.Context) ([]Copy, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT id, made, reason FROM settings_copy ORDER BY id DESC")
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	defer rows.Close()
	copies := []Copy{}
	for rows.Next() {
		var c Copy
		var made sql.NullInt64
		if err := rows.Scan(&c.ID, &made, &c.Before); err != nil {
			return nil, fmt.Errorf("list copies: %w", err)
		}
		c.Made = stored(made)
		copies = append(copies, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	return copies, nil
}

// Copy returns a copy as a configuration; ErrNoCopy if there is none with that number.
func (d *DB) Copy(ctx context.Context, id int64) (c sysconf.Configuration, err error) {
	var text string
	err = d.read.QueryRowContext(ctx, "SELECT file FROM settings_copy WHERE id = ?", id).Scan(&text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return c, fmt.Errorf("copy %d: %w", id, ErrNoCopy)
	case err != nil:
		return c, fmt.Errorf("copy %d: %w", id, err)
	}
	file, err := sysconf.Parse([]byte(text))
	if err == nil {
		c, _, err = sysconf.Factory().Merge(file, true)
	}
	if err != nil {
		return c, fmt.Errorf("copy %d: %w", id, err)
	}
	return c, nil
}

// FactoryReset takes the settings of all lines away, the keys kept for other phones, the settings of the device, the call log and the trace.
// Passwords, tokens and the history of events stay, so that the phone is not open to whoever comes next. A copy of the
// configuration is kept, unless erase says that nothing of it may stay: then the earlier copies go too, and the audit history.
func (d *DB) FactoryReset(ctx context.Context, erase bool) error {
	secure := "FAST"
	if erase {
		secure = "ON" // what is deleted is overwritten
	}
	if _, err := d.write.ExecContext(ctx, "PRAGMA secure_delete = "+secure); err != nil {
		return fmt.Errorf("factory reset: %w", err)
	}
	err := inTx(ctx, d.write, func(tx *sql.Tx) error {
		d.traceOver.Store(true) // here, where no batch is being saved
		if !erase {
			c, err := d.configuration(ctx, tx)
			if err != nil {
				return err
			}
			if err := keepCopy(ctx, tx, BeforeReset, c); err != nil {
				return err
			}
		} else if err := eraseHistory(ctx, tx); err != nil {
			return err
		}
		for _, what := range []string{"line_setting", "foreign_setting", "call_log", "message", "device_setting WHERE name NOT LIKE 'configuration.%'"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+what); err != nil {
				return err
			}
		}
		return grow(ctx, tx)
	})
	if err != nil {
		d.traceOver.Store(false)
		return fmt.Errorf("factory reset: %w", err)
	}
	return nil
}

// eraseHistory deletes the earlier configurations and the audit history.
func eraseHistory(ctx context.Context, tx *sql.Tx) error {
	for _, table := range []string{"settings_copy", "audit"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	return nil
}

// DeviceSetting returns a setting of the device as a whole, empty if it is not set.
func (d *DB) DeviceSetting(ctx context.Context, name string) (value string, err error) {
	err = d.read.QueryRowContext(ctx, "SELECT value FROM device_setting WHERE name = ?", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return value, nil
}

// PutDeviceSetting stores a setting of the device; an equal one writes nothing.
func (d *DB) PutDeviceSetting(ctx context.Context, name, value string) error {
	_, err := d.write.ExecContext(ctx, `INSERT INTO device_setting (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	return nil
}
