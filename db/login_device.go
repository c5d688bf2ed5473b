package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"
)

// DevicesKept is how many clients of an account are kept: those that have logged in last.
const DevicesKept = 64

// deviceInterval is how often the last login of a client is stored.
const deviceInterval = 24 * time.Hour

// KnownDevice reports whether a client has logged in to an account before. Device is what the client is known by, any text.
func (d *DB) KnownDevice(ctx context.Context, account, device string) (known bool, err error) {
	err = d.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM login_device WHERE account = ? AND hash = ?)", account, deviceHash(device)).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look up client: %w", err)
	}
	return known, nil
}

// RememberDevice stores that a client has logged in to an account. Of an account's clients the newest DevicesKept are kept.
func (d *DB) RememberDevice(ctx context.Context, account, device string) error {
	now := time.Now()
	var used sql.NullInt64
	err := d.read.QueryRowContext(ctx, "SELECT max(used) FROM login_device WHERE account = ? AND hash = ?", account, deviceHash(device)).Scan(&used)
	if err == nil && used.Valid && now.Sub(stored(used)) < deviceInterval {
		return nil // a login is not to wait for the disk without need
	}
	if err == nil {
		err = inTx(ctx, d.write, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO login_device (account, hash, used) VALUES (?, ?, ?) ON CONFLICT (account, hash) DO UPDATE SET used = excluded.used",
				account, deviceHash(device), instant(now))
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `DELETE FROM login_device WHERE account = ? AND hash IN
				(SELECT hash FROM login_device WHERE account = ? ORDER BY used DESC LIMIT -1 OFFSET ?)`, account, account, DevicesKept)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("store client: %w", err)
	}
	return nil
}

func deviceHash(device string) []byte {
	sum := sha256.Sum256([]byte(device))
	return sum[:]
}
