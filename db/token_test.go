package db

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"hilphone/sip/line"
)

func TestTokenIsKnownByItsSecret(t *testing.T) {
	ctx := t.Context()
	d := mustOpen(t, t.TempDir())
	begin := time.Now().Truncate(time.Microsecond)
	secrets := map[string]string{}
	for _, scope := range []string{ScopeRead, ScopeControl, ScopeAdmin} {
		secret, err := d.NewToken(ctx, "lab "+scope, scope)
		if err != nil || len(secret) != len(tokenPrefix)+64 || !strings.HasPrefix(secret, "hil_") {
			t.Fatalf("secret %q, %v", secret, err)
		}
		secrets[scope] = secret
	}
	for scope, secret := range secrets {
		tok, err := d.Token(ctx, secret)
		if err != nil || tok.Name != "lab "+scope || tok.Scope != scope || tok.Created.Before(begin) || tok.Created.After(time.Now()) || !tok.LastUsed.IsZero() {
			t.Errorf("%s: %+v, %v", scope, tok, err)
		}
	}
	for _, secret := range []string{"", "hil_", strings.ToUpper(secrets[ScopeRead]), secrets[ScopeRead] + " ", secrets[ScopeRead][4:]} {
		if tok, err := d.Token(ctx, secret); !errors.Is(err, ErrNoToken) || tok != (Token{}) {
			t.Errorf("%q: %+v, %v", secret, tok, err)
		}
	}
	tokens, err := d.Tokens(ctx)
	if err != nil || len(tokens) != 3 || tokens[0].Name != "lab admin" || tokens[2].Name != "lab read" {
		t.Errorf("list %+v, %v", tokens, err)
	}
	var leaked bool
	if err := d.read.QueryRow("SELECT EXISTS (SELECT 1 FROM token WHERE instr(hash, ?) > 0)", secrets[ScopeRead][4:]).Scan(&leaked); err != nil || leaked {
		t.Errorf("the secret is stored: %v, %v", leaked, err)
	}
}

func TestRevokedTokenEndsAtOnce(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	phone := mustOpen(t, dir)
	command, err := OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer command.Close()

	secret, err := command.NewToken(ctx, "lab", ScopeControl)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Token(ctx, secret); err != nil {
		t.Errorf("the running phone does not see the new token: %v", err)
	}
	if _, err := phone.NewToken(ctx, "lab", ScopeRead); !errors.Is(err, ErrTokenTaken) || !strings.Contains(err.Error(), `"lab"`) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := command.RevokeToken(ctx, "lab"); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Token(ctx, secret); !errors.Is(err, ErrNoToken) {
		t.Errorf("the revoked token: %v", err)
	}
	if err := command.RevokeToken(ctx, "lab"); !errors.Is(err, ErrNoToken) || !strings.Contains(err.Error(), `"lab"`) {
		t.Errorf("revoked again: %v", err)
	}
	if tokens, err := phone.Tokens(ctx); err != nil || tokens == nil || len(tokens) != 0 {
		t.Errorf("list %v, %v", tokens, err)
	}
}

func TestNewTokenNamesTheField(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	for _, c := range []struct{ name, scope, field, message string }{
		{"", ScopeRead, "name", "must not be empty"},
		{strings.Repeat("ü", 65), ScopeRead, "name", "must have 64 characters at most"},
		{"a\nb", ScopeRead, "name", "must have printable characters only"},
		{"a\xff", ScopeRead, "name", "must have printable characters only"},
		{" a", ScopeRead, "name", "must not begin or end with a space"},
		{"a", "", "scope", "must be read, control or admin"},
		{"a", "root", "scope", "must be read, control or admin"},
	} {
		_, err := d.NewToken(t.Context(), c.name, c.scope)
		var f *line.FieldError
		if !errors.As(err, &f) || f.Name != c.field || f.Message != c.message {
			t.Errorf("%q %q: %v, want %s: %s", c.name, c.scope, err, c.field, c.message)
		}
	}
	secrets := map[string]bool{}
	for _, name := range []string{"a", strings.Repeat("ü", 64)} {
		secret, err := d.NewToken(t.Context(), name, ScopeRead)
		if err != nil || !regexp.MustCompile(`^hil_[0-9a-f]{64}$`).MatchString(secret) || secrets[secret] {
			t.Errorf("%q: %v, a secret of %d characters", name, err, len(secret))
		}
		secrets[secret] = true
	}
}

// UX-30: the last use of a token is current where this process lists it, the first use is saved at once for other processes, and later ones once a
// minute at most.
func TestLastUseIsSavedAtMostOnceAMinute(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	secret, err := d.NewToken(t.Context(), "lab", ScopeRead)
	if err != nil {
		t.Fatal(err)
	}
	lastUse := func() time.Time {
		t.Helper()
		tokens, err := d.Tokens(context.Background())
		if err != nil || len(tokens) != 1 {
			t.Fatal(tokens, err)
		}
		return tokens[0].LastUsed
	}
	use := func() {
		t.Helper()
		if _, err := d.Token(context.Background(), secret); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx) }()
		time.Sleep(time.Second)
		is := func(what string, got, want time.Time) {
			t.Helper()
			if !got.Equal(want) {
				t.Errorf("%s: last use %v, want %v", what, got, want)
			}
		}
		use()
		first := time.Now()
		is("listed", lastUse(), first)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		is("saved at once", saved(t, d), first)
		time.Sleep(30 * time.Second)
		use()
		second := time.Now()
		is("listed again", lastUse(), second)
		time.Sleep(30*time.Second - 2*time.Millisecond) // a moment before a minute after the first
		synctest.Wait()
		is("within the minute", saved(t, d), first)
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		is("after the minute", saved(t, d), second)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	use()
	before := time.Now()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, dir)
	if got := lastUse(); before.Sub(got) > time.Minute {
		t.Errorf("Close has not saved the last use: %v", got)
	}
}

// saved is the last use as the file has it.
func saved(t *testing.T, d *DB) time.Time {
	t.Helper()
	token, err := scanToken(d.read.QueryRowContext(context.Background(), "SELECT name, scope, created, last_used FROM token"))
	if err != nil {
		t.Fatal(err)
	}
	return token.LastUsed
}

func FuzzTokenName(f *testing.F) {
	for _, s := range []string{"", "lab", "ラボ 1", " x", "x\x00", "\xff", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkTokenName(name) == nil && (name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, "\x00\r\n\x1b") || name != strings.TrimSpace(name)) {
			t.Errorf("%q passes as a name", name)
		}
	})
}
