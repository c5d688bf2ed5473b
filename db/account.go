package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hilphone/db/password"
	"hilphone/sip/line"
)

// The accounts of the phone's pages; each has the role of its name.
const (
	Admin = "admin" // may change everything
	User  = "user"
)

// MaxPassword is the greatest length of a password, in bytes. It is there only to be one.
const MaxPassword = 1024

// SetPassword sets the password of an account. A name or a password that cannot be gives a *line.FieldError for "user" or "password".
func (d *DB) SetPassword(ctx context.Context, user, secret string) error {
	if user != Admin && user != User {
		return &line.FieldError{Name: "user", Message: "must be admin or user", Value: user}
	}
	if password.Short(secret) {
		return &line.FieldError{Name: "password", Message: fmt.Sprintf("must have at least %d characters", password.MinLength)}
	}
	if len(secret) > MaxPassword {
		return &line.FieldError{Name: "password", Message: fmt.Sprintf("must have %d bytes at most", MaxPassword)}
	}
	common, err := password.Common(user, secret)
	if err != nil {
		return fmt.Errorf("set password of %s: %w", user, err)
	}
	if common {
		return &line.FieldError{Name: "password", Message: "must not be one of the most common passwords"}
	}
	var hash passwordHash
	if err := d.hash(ctx, func() { hash = newHash(secret) }); err != nil {
		return fmt.Errorf("set password of %s: %w", user, err)
	}
	_, err = d.write.ExecContext(ctx, `INSERT INTO account (name, password, changed) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET password = excluded.password, changed = excluded.changed`, user, hash.String(), instant(time.Now()))
	if err != nil {
		return fmt.Errorf("set password of %s: %w", user, err)
	}
	return nil
}

// CheckPassword reports whether that is the password of the account, and its role. An unknown account, or one without a password,
// takes as long as a wrong password. It takes some 60 ms on a desktop computer; two at a time, others wait for their turn or for ctx to end.
func (d *DB) CheckPassword(ctx context.Context, user, password string) (role string, ok bool, err error) {
	hash, known := nobody(), true
	var text string
	err = d.read.QueryRowContext(ctx, "SELECT password FROM account WHERE name = ?", user).Scan(&text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		known = false
	case err != nil:
		return "", false, fmt.Errorf("check password: %w", err)
	default:
		if hash, err = parseHash(text); err != nil {
			return "", false, fmt.Errorf("check password of %s: %w", user, err)
		}
	}
	if err := d.hash(ctx, func() { ok = hash.matches(password) }); err != nil {
		return "", false, fmt.Errorf("check password: %w", err)
	}
	if !ok || !known {
		return "", false, nil
	}
	return user, true, nil
}

// HasPassword reports whether the admin account has a password, without which the phone is to be reached from its own computer only.
func (d *DB) HasPassword(ctx context.Context) (has bool, err error) {
	err = d.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM account WHERE name = ?)", Admin).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for a password: %w", err)
	}
	return has, nil
}

// Account is an account of the pages.
type Account struct {
	Name    string
	Changed time.Time // when its password was set; zero: it has none, and nobody logs in with it
}

// Accounts returns all accounts there can be, the admin's first. What another process changes is told at once.
func (d *DB) Accounts(ctx context.Context) ([]Account, error) {
	all := []Account{{Name: Admin}, {Name: User}}
	rows, err := d.read.QueryContext(ctx, "SELECT name, changed FROM account")
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var changed sql.NullInt64
		if err := rows.Scan(&name, &changed); err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
		for i := range all {
			if all[i].Name == name {
				all[i].Changed = stored(changed)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return all, nil
}

// hash computes one hash when there is memory for it.
func (d *DB) hash(ctx context.Context, compute func()) error {
	select {
	case d.hashing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.hashing }()
	compute()
	return nil
}
