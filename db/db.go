// Package db is what the phone still knows after the power was off: the settings of its lines, its accounts and tokens, the call log,
// the history of events and the trace of SIP messages.
//
// All of it is one SQLite file in the data directory. What a method has acknowledged survives the end of the process at any
// moment; a commit can take milliseconds, on an SD card seconds, so none of the methods is for the SIP path.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
)

// File is the name of the database in the data directory.
const File = "hilphone.db"

// openLimit bounds how long Open waits for another process that opens the same database.
const openLimit = 10 * time.Second

// DB is an open data directory. Its methods may be called from any goroutine.
type DB struct {
	file  string
	log   *slog.Logger
	lock  *lock   // held while the directory is this process's own; nil: shared
	write *sql.DB // one connection: writers queue here and not in SQLite's busy handler
	read  *sql.DB

	hashing chan struct{} // bounds the memory of password hashing
	uses    tokenUses

	traceOver atomic.Bool // a factory reset has deleted the trace
	close     func() error
}

// Open opens the database in dir and creates both if they are missing. The directory is this process's own until Close: a second
// Open of it fails, naming the process that has it.
func Open(dir string, log *slog.Logger) (*DB, error) { return open(dir, log, true) }

// OpenShared opens the database in dir and creates both if they are missing, whether or not the phone runs on it. It is for
// commands that read or change little, such as a new token.
func OpenShared(dir string, log *slog.Logger) (*DB, error) { return open(dir, log, false) }

func open(dir string, log *slog.Logger, own bool) (*DB, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &DB{file: filepath.Join(dir, File), log: log, hashing: make(chan struct{}, hashesAtOnce)}
	d.close = sync.OnceValue(d.shut)
	if err := d.take(dir, own); err != nil {
		_ = d.release() // err is the cause
		return nil, err
	}
	return d, nil
}

func (d *DB) take(dir string, own bool) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory %s: %w", dir, bare(err))
	}
	if own {
		if d.lock, err = lockDirectory(dir); err != nil {
			return err
		}
	}
	if err := makePrivate(d.file); err != nil {
		return fmt.Errorf("database %s: %w", d.file, bare(err))
	}
	if err := d.connect(); err != nil {
		return d.openFault(err)
	}
	return nil
}

// makePrivate creates the file if there is none and makes it the owner's alone, for it holds passwords. It does not open an existing
// one: to close it again would end the locks that SQLite may hold on it in this process.
func makePrivate(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("is not a file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(file, 0o600)
	}
	return nil
}

// connect opens the pools, brings the tables up to date and looks for damage where it would matter most.
func (d *DB) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), openLimit)
	defer cancel()
	var err error
	if d.write, err = sql.Open("sqlite3", source(d.file, "")); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if d.read, err = sql.Open("sqlite3", source(d.file, "&_query_only=1")); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(4)
	if err := whileBusy(ctx, func() error { return d.write.PingContext(ctx) }); err != nil {
		return err
	}
	steps, err := readMigrations(migrationFiles)
	if err != nil {
		return err
	}
	if err := migrate(ctx, d.write, steps); err != nil {
		return err
	}
	for _, table := range []string{"line_setting", "account", "token"} {
		var found string
		if err := d.read.QueryRowContext(ctx, "PRAGMA quick_check('"+table+"')").Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return sqlite3.Error{Code: sqlite3.ErrCorrupt}
		}
	}
	d.promote(ctx)
	return nil
}

// source is the data source name. The pragmas stand in it because one that is executed reaches one pooled connection only.
func source(file, more string) string {
	u := url.URL{Scheme: "file", Path: file}
	return u.String() + "?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_busy_timeout=5000&_txlock=immediate&_stmt_cache_size=32" + more
}

// whileBusy repeats do while another process has the database: SQLite does not wait by itself where the journal mode changes.
func whileBusy(ctx context.Context, do func() error) error {
	for {
		err := do()
		if code, ok := sqliteCode(err); !ok || (code != sqlite3.ErrBusy && code != sqlite3.ErrLocked) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func sqliteCode(err error) (sqlite3.ErrNo, bool) {
	var e sqlite3.Error
	ok := errors.As(err, &e)
	return e.Code, ok
}

func (d *DB) openFault(err error) error {
	if code, _ := sqliteCode(err); code == sqlite3.ErrCorrupt || code == sqlite3.ErrNotADB {
		return fmt.Errorf("database %s is damaged: %w; move it away to begin with the factory settings", d.file, err)
	}
	return fmt.Errorf("database %s: %w", d.file, err)
}

// Close writes everything into the one file and gives the directory up. It may be called more than once.
func (d *DB) Close() error { return d.close() }

func (d *DB) shut() error {
	ctx, cancel := context.WithTimeout(context.Background(), openLimit)
	defer cancel()
	err := d.saveTokenUses(ctx)
	if d.lock != nil {
		// Beside another process's reader it does what it can; that is no error.
		if _, e := d.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); e != nil {
			err = errors.Join(err, fmt.Errorf("checkpoint: %w", e))
		}
		_ = d.lock.Truncate(0) // else the next phone leaves out some numbers of events, which does no harm
	}
	if err = errors.Join(err, d.release()); err != nil {
		return fmt.Errorf("close database %s: %w", d.file, err)
	}
	return nil
}

func (d *DB) release() error {
	var errs []error
	for _, pool := range []*sql.DB{d.read, d.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}

// inTx does something in one transaction, which is committed unless it fails.
func inTx(ctx context.Context, pool *sql.DB, do func(*sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // err is the cause; a rollback fails only where it has happened already
		return err
	}
	return tx.Commit()
}

// bare is the cause of a file error, without the path that the caller names itself.
func bare(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
