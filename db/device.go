package db

import (
	"context"
	"database/sql"
	"fmt"

	"hilphone/db/device"
)

// Device returns the settings of the phone as a whole. What is stored but cannot be used is left at its default, with a record in the
// log.
func (d *DB) Device(ctx context.Context) (device.Settings, error) {
	s, err := d.device(ctx, d.read)
	if err != nil {
		return s, fmt.Errorf("read settings of the phone: %w", err)
	}
	return s, nil
}

func (d *DB) device(ctx context.Context, from asker) (device.Settings, error) {
	text, err := deviceText(ctx, from)
	if err != nil {
		return device.Settings{}, err
	}
	s, err := device.FromText(text)
	if err != nil {
		d.log.WarnContext(ctx, "stored settings are left out", "error", err)
	}
	return s, nil
}

func deviceText(ctx context.Context, from asker) (map[string]string, error) {
	rows, err := from.QueryContext(ctx, "SELECT name, value FROM device_setting")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	text := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		text[name] = value
	}
	return text, rows.Err()
}

// PutDevice stores the settings of the phone as a whole in one transaction. Settings that fail validation are not stored; the error is then
// that of device.Settings.Validate as it is.
func (d *DB) PutDevice(ctx context.Context, s device.Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := inTx(ctx, d.write, func(tx *sql.Tx) error { return putDevice(ctx, tx, s) }); err != nil {
		return fmt.Errorf("store settings of the phone: %w", err)
	}
	return nil
}

func putDevice(ctx context.Context, tx *sql.Tx, s device.Settings) error {
	text := s.Text()
	for _, name := range device.Names() {
		value, set := text[name]
		query, args := "DELETE FROM device_setting WHERE name = ?", []any{name}
		if set {
			query = "INSERT INTO device_setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value"
			args = append(args, value)
		}
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}
