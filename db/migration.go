package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// migration is one step from a version of the tables to the next.
type migration struct {
	name string
	text string
}

// readMigrations reads migration/NNNN_NAME.sql; the numbers begin at 1 and leave none out.
func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migration/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var steps []migration
	for i, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migration/"), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 || len(number) != 4 {
			return nil, fmt.Errorf("%s: must begin with %04d_", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, migration{name, string(text)})
	}
	return steps, nil
}

// migrate applies the steps that the database does not have yet, each in a transaction of its own. The version, which is the number
// of steps applied, is SQLite's user_version.
func migrate(ctx context.Context, pool *sql.DB, steps []migration) error {
	for {
		done, err := migrateOnce(ctx, pool, steps)
		if err != nil || done {
			return err
		}
	}
}

func migrateOnce(ctx context.Context, pool *sql.DB, steps []migration) (done bool, err error) {
	version, err := schemaVersion(ctx, pool)
	if err != nil || version == len(steps) {
		return true, err
	}
	return false, inTx(ctx, pool, func(tx *sql.Tx) error {
		// Another process may have been faster.
		version, err := schemaVersion(ctx, tx)
		if err != nil || version == len(steps) {
			return err
		}
		if version > len(steps) {
			return fmt.Errorf("was written by a newer program (version %d, this program knows %d)", version, len(steps))
		}
		step := steps[version]
		if _, err := tx.ExecContext(ctx, step.text); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		_, err = tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(version+1))
		return err
	})
}

func schemaVersion(ctx context.Context, from interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (version int, err error) {
	err = from.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}
