package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"hilphone/sip/line"
)

// The scopes of a token, each of which includes the one before.
const (
	ScopeRead    = "read"
	ScopeControl = "control"
	ScopeAdmin   = "admin"
)

// tokenPrefix lets a person and a secret scanner see what the text is.
const tokenPrefix = "hil_"

// useInterval is how often the last use of tokens is saved.
const useInterval = time.Minute

// Errors about tokens.
var (
	ErrTokenTaken = errors.New("there is a token of this name already")
	ErrNoToken    = errors.New("there is no such token")
)

// Token is an API token; its secret is known only to whoever it was given to.
type Token struct {
	Name     string
	Scope    string // read, control or admin
	Created  time.Time
	LastUsed time.Time // zero: never
}

// NewToken makes a token and returns its secret, which cannot be read again. A name or scope that cannot be gives a
// *line.FieldError for "name" or "scope", a name that is taken ErrTokenTaken.
func (d *DB) NewToken(ctx context.Context, name, scope string) (secret string, err error) {
	if err := checkTokenName(name); err != nil {
		return "", err
	}
	if scope != ScopeRead && scope != ScopeControl && scope != ScopeAdmin {
		return "", &line.FieldError{Name: "scope", Message: "must be read, control or admin", Value: scope}
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	secret = tokenPrefix + hex.EncodeToString(random)
	done, err := d.write.ExecContext(ctx, "INSERT INTO token (name, scope, hash, created) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
		name, scope, tokenHash(secret), instant(time.Now()))
	if err != nil {
		return "", fmt.Errorf("new token %q: %w", name, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return "", fmt.Errorf("new token %q: %w", name, errors.Join(err, ErrTokenTaken))
	}
	return secret, nil
}

func checkTokenName(name string) error {
	var fault string
	switch {
	case name == "":
		fault = "must not be empty"
	case utf8.RuneCountInString(name) > 64:
		fault = "must have 64 characters at most"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		fault = "must have printable characters only"
	case strings.TrimSpace(name) != name:
		fault = "must not begin or end with a space"
	default:
		return nil
	}
	return &line.FieldError{Name: "name", Message: fault, Value: name}
}

// tokenHash is a plain SHA-256: 32 random bytes need no slow hash.
func tokenHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Token returns the token with that secret, or ErrNoToken, and notes its use. Tokens that another process makes or revokes count at once.
func (d *DB) Token(ctx context.Context, secret string) (Token, error) {
	t, err := scanToken(d.read.QueryRowContext(ctx, "SELECT name, scope, created, last_used FROM token WHERE hash = ?", tokenHash(secret)))
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, ErrNoToken
	}
	if err != nil {
		return Token{}, fmt.Errorf("look up token: %w", err)
	}
	d.uses.note(t.Name)
	return t, nil
}

// Tokens returns all tokens, by name.
func (d *DB) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT name, scope, created, last_used FROM token ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	tokens := []Token{}
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		t.LastUsed = d.uses.latest(t.Name, t.LastUsed)
		tokens = append(tokens, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return tokens, nil
}

func scanToken(row interface{ Scan(...any) error }) (t Token, err error) {
	var created, used sql.NullInt64
	err = row.Scan(&t.Name, &t.Scope, &created, &used)
	t.Created, t.LastUsed = stored(created), stored(used)
	return t, err
}

// RevokeToken ends a token, from now on and for good; ErrNoToken if there is none of that name.
func (d *DB) RevokeToken(ctx context.Context, name string) error {
	done, err := d.write.ExecContext(ctx, "DELETE FROM token WHERE name = ?", name)
	if err != nil {
		return fmt.Errorf("revoke token %q: %w", name, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("revoke token %q: %w", name, errors.Join(err, ErrNoToken))
	}
	d.uses.forget(name) // another token may have the name later
	return nil
}

// Run saves when tokens were last used, so that no request waits for the disk: the first use at once, and then once a minute at most, so that
// another process, as `hilphone token list`, sees it (UX-30). Once a minute it deletes messages of the trace that have become too old. It ends
// with ctx.
func (d *DB) Run(ctx context.Context) error {
	noted := d.uses.watch()
	defer d.uses.unwatch()
	tick := time.NewTicker(useInterval)
	defer tick.Stop()
	for uses := noted; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-uses:
			if err := d.saveTokenUses(ctx); err != nil && ctx.Err() == nil {
				d.log.ErrorContext(ctx, "last use of tokens", "error", err)
			}
			uses = nil
			tick.Reset(useInterval)
		case <-tick.C:
			uses = noted
			if err := d.ageTrace(ctx); err != nil && ctx.Err() == nil {
				d.log.ErrorContext(ctx, "messages too old for the trace are not deleted", "error", err)
			}
		}
	}
}

func (d *DB) saveTokenUses(ctx context.Context) error {
	uses := d.uses.take()
	if len(uses) == 0 {
		return nil
	}
	err := inTx(ctx, d.write, func(tx *sql.Tx) error {
		for name, at := range uses {
			if _, err := tx.ExecContext(ctx, "UPDATE token SET last_used = ? WHERE name = ?", instant(at), name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		d.uses.putBack(uses)
		return fmt.Errorf("save last use of tokens: %w", err)
	}
	return nil
}

// tokenUses are the uses not yet saved; at most one for each token there ever was since the last save.
type tokenUses struct {
	mu    sync.Mutex
	at    map[string]time.Time
	known map[string]time.Time // the last uses of this process, saved or not
	noted chan struct{}        // of capacity 1: there is a use that is not saved; nil while Run does not run
}

// watch returns a channel that has a value when there is a use to save.
func (u *tokenUses) watch() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.noted = make(chan struct{}, 1)
	u.signal()
	return u.noted
}

func (u *tokenUses) unwatch() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.noted = nil
}

// signal is called with u.mu held.
func (u *tokenUses) signal() {
	if len(u.at) == 0 {
		return
	}
	select {
	case u.noted <- struct{}{}:
	default:
	}
}

// latest is the last use of a token, saved or not.
func (u *tokenUses) latest(name string, saved time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at := u.known[name]; at.After(saved) {
		return at
	}
	return saved
}

func (u *tokenUses) forget(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.at, name)
	delete(u.known, name)
}

func (u *tokenUses) note(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil {
		u.at = map[string]time.Time{}
	}
	if u.known == nil {
		u.known = map[string]time.Time{}
	}
	now := time.Now()
	u.at[name], u.known[name] = now, now
	u.signal()
}

func (u *tokenUses) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	at := u.at
	u.at = nil
	return at
}

// putBack restores what could not be saved, except where there is a newer use.
func (u *tokenUses) putBack(at map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.Copy(at, u.at)
	u.at = at
	u.signal()
}
