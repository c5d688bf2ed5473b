package db

import (
	"context"
	"fmt"
)

// Alive returns nil when the database can be read, and when it is the next one's turn to write. Errors: those of SQLite, that of ctx.
func (d *DB) Alive(ctx context.Context) error {
	var n int
	if err := d.read.QueryRowContext(ctx, "SELECT count(*) FROM line_setting").Scan(&n); err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	// Who writes has the one connection.
	if err := d.write.QueryRowContext(ctx, "SELECT 1").Scan(&n); err != nil {
		return fmt.Errorf("waiting to write the database: %w", err)
	}
	return nil
}
