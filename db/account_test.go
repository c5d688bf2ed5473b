package db

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hilphone/sip/line"
)

func TestNoAccountHasAPasswordAtFirst(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	if has, err := d.HasPassword(t.Context()); has || err != nil {
		t.Errorf("a new phone has a password: %v, %v", has, err)
	}
	for _, password := range []string{"", "admin", "password", strings.Repeat("\x00", 32)} {
		for _, user := range []string{Admin, User, "", "root"} {
			if role, ok, err := d.CheckPassword(t.Context(), user, password); ok || role != "" || err != nil {
				t.Errorf("%q enters with %q: %q %v %v", user, password, role, ok, err)
			}
		}
	}
}

func TestPasswordOpensItsAccountOnly(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	d := mustOpen(t, dir)
	if err := d.SetPassword(ctx, User, "eight888"); err != nil {
		t.Fatal(err)
	}
	if has, err := d.HasPassword(ctx); has || err != nil {
		t.Errorf("the user's password counts as the admin's: %v, %v", has, err)
	}
	if err := d.SetPassword(ctx, Admin, "パスワードパスワ"); err != nil {
		t.Fatal(err)
	}
	check := func(user, password string, want bool) {
		t.Helper()
		role, ok, err := d.CheckPassword(ctx, user, password)
		if err != nil || ok != want || (ok && role != user) || (!ok && role != "") {
			t.Errorf("%s with %q: %q %v %v, want %v", user, password, role, ok, err, want)
		}
	}
	check(User, "eight888", true)
	check(User, "パスワードパスワ", false)
	check(User, "eight88", false)
	check(User, "eight8888", false)
	check(User, "", false)
	check("USER", "eight888", false)
	check(Admin, "パスワードパスワ", true)
	if err := d.SetPassword(ctx, User, "another one"); err != nil {
		t.Fatal(err)
	}
	check(User, "eight888", false)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, dir)
	check(User, "another one", true)
	if has, err := d.HasPassword(ctx); !has || err != nil {
		t.Errorf("after a restart no password is set: %v, %v", has, err)
	}
	var text string
	if err := d.read.QueryRow("SELECT group_concat(password) FROM account").Scan(&text); err != nil || strings.Contains(text, "another") ||
		strings.Count(text, "$argon2id$v=19$m=32768,t=3,p=1$") != 2 {
		t.Errorf("stored as %q, %v", text, err)
	}
}

func TestSetPasswordNamesTheField(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	for _, c := range []struct{ user, password, field, message string }{
		{"root", "12345678", "user", "must be admin or user"},
		{"", "12345678", "user", "must be admin or user"},
		{Admin, "1234567", "password", "must have at least 8 characters"},
		{Admin, "ふたもじ", "password", "must have at least 8 characters"}, // 12 bytes
		{Admin, strings.Repeat("x", 1025), "password", "must have 1024 bytes at most"},
		{Admin, "password", "password", "must not be one of the most common passwords"},
		{User, "User1234", "password", "must not be one of the most common passwords"},
	} {
		err := d.SetPassword(t.Context(), c.user, c.password)
		var f *line.FieldError
		if !errors.As(err, &f) || f.Name != c.field || f.Message != c.message || (c.field == "password" && f.Value != nil) {
			t.Errorf("%q, %d bytes: %#v", c.user, len(c.password), err)
		}
	}
	if has, err := d.HasPassword(t.Context()); has || err != nil {
		t.Errorf("a refused password was set: %v, %v", has, err)
	}
	for _, secret := range []string{strings.Repeat("Xk3-", 256), "Xk3-vv0p"} {
		if err := d.SetPassword(t.Context(), Admin, secret); err != nil {
			t.Errorf("%d bytes: %v", len(secret), err)
		}
		if _, ok, err := d.CheckPassword(t.Context(), Admin, secret); !ok || err != nil {
			t.Errorf("%d bytes do not open the account: %v", len(secret), err)
		}
	}
}

// RFC 9106: a password is kept as the argon2id hash with 32 MiB, three passes, a salt of 16 bytes that is another one each time, and a key of 32 bytes.
func TestHash(t *testing.T) {
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=32768,t=3,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)
	seen := map[string]bool{}
	for range 3 {
		text := newHash("correct horse").String()
		parts := form.FindStringSubmatch(text)
		if parts == nil || seen[parts[1]] || seen[parts[2]] {
			t.Fatalf("%s, salt and key %v before", text, seen)
		}
		seen[parts[1]], seen[parts[2]] = true, true
		h, err := parseHash(text)
		if err != nil || !h.matches("correct horse") || h.matches("correct hors") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What a stored hash may cost to compute, from both sides: more is a damaged text and not computed.
func TestCostOfAStoredHash(t *testing.T) {
	text := func(memory, passes, threads, salt, key int) string {
		b64 := base64.RawStdEncoding.EncodeToString
		return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, passes, threads, b64(make([]byte, salt)), b64(make([]byte, key)))
	}
	for _, c := range []struct {
		memory, passes, threads, salt, key int
		good                               bool
	}{
		{8, 1, 1, 8, 16, true}, {262144, 16, 16, 64, 64, true}, {128, 1, 16, 8, 16, true},
		{7, 1, 1, 8, 16, false}, {262145, 16, 16, 64, 64, false}, {127, 1, 16, 8, 16, false}, {15, 1, 2, 8, 16, false},
		{8, 0, 1, 8, 16, false}, {8, 17, 1, 8, 16, false}, {8, 1, 0, 8, 16, false}, {262144, 1, 17, 8, 16, false},
		{8, 1, 1, 7, 16, false}, {8, 1, 1, 65, 16, false}, {8, 1, 1, 8, 15, false}, {8, 1, 1, 8, 65, false},
	} {
		if _, err := parseHash(text(c.memory, c.passes, c.threads, c.salt, c.key)); (err == nil) != c.good {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestUnknownAccountCostsTheSame compares the processor time of the best of several runs, which other programs do not take.
func TestUnknownAccountCostsTheSame(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	if err := d.SetPassword(t.Context(), Admin, "right password"); err != nil {
		t.Fatal(err)
	}
	took := map[string][]time.Duration{}
	for range 5 {
		for _, user := range []string{Admin, "nobody"} {
			begin := processorTime(t)
			if _, ok, err := d.CheckPassword(t.Context(), user, "wrong password"); ok || err != nil {
				t.Fatal(ok, err)
			}
			took[user] = append(took[user], processorTime(t)-begin)
		}
	}
	known, unknown := slices.Min(took[Admin]), slices.Min(took["nobody"])
	if unknown < known/2 || known < unknown/2 || unknown < time.Millisecond {
		t.Errorf("a known account takes %v, an unknown one %v", known, unknown)
	}
}

// processorTime is what this process has had of the processors.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// SE-14: a password that was set when there were fewer rules still opens its account.
func TestOldPasswordStays(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	for account, old := range map[string]string{Admin: "short", User: "password"} {
		hash := newHash(old)
		if _, err := d.write.Exec("INSERT INTO account VALUES (?, ?, 0)", account, hash.String()); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := d.CheckPassword(t.Context(), account, old); !ok || err != nil {
			t.Errorf("%s: %v, %v", account, ok, err)
		}
	}
}

func TestPasswordChecksWaitForTheirTurn(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	d.hashing <- struct{}{}
	if err := d.SetPassword(t.Context(), Admin, "correct horse"); err != nil { // beside another
		t.Fatal(err)
	}
	select {
	case d.hashing <- struct{}{}:
	default:
		t.Fatal("there is one turn only")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, ok, err := d.CheckPassword(ctx, Admin, "x"); ok || !errors.Is(err, context.Canceled) {
			t.Errorf("while all turns are taken: %v, %v", ok, err)
		}
	})
	cancel()
	all.Wait()
	for range 2 {
		<-d.hashing
	}
}

func TestDamagedHashIsNoPassword(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	if _, err := d.write.Exec("INSERT INTO account VALUES ('admin', 'plain text', 0)"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := d.CheckPassword(t.Context(), Admin, "plain text"); ok || !errors.Is(err, errHash) || strings.Contains(err.Error(), "plain") {
		t.Errorf("%v, %v", ok, err)
	}
}

func FuzzParseHash(f *testing.F) {
	h := nobody()
	f.Add(h.String())
	for _, s := range []string{
		"", "$", "$argon2id$v=19$m=32768,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$", "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=4294967295,t=99,p=255$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=+8,t=01,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHash(text)
		if err != nil {
			return
		}
		if h.String() != text {
			t.Errorf("%q is written back as %q", text, h.String())
		}
		if h.memory <= 64 && h.time <= 2 { // cheap enough to compute
			h.matches("x")
		}
	})
}

func BenchmarkCheckPassword(b *testing.B) {
	d := mustOpen(b, b.TempDir())
	if err := d.SetPassword(b.Context(), Admin, "right password"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok, err := d.CheckPassword(b.Context(), Admin, "right password"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// A password that the command sets beside the running phone is seen there at once.
func TestAccounts(t *testing.T) {
	dir := t.TempDir()
	phone := mustOpen(t, dir)
	list := func() (admin, user time.Time) {
		all, err := phone.Accounts(t.Context())
		if err != nil || len(all) != 2 || all[0].Name != Admin || all[1].Name != User {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0].Changed, all[1].Changed
	}
	if admin, user := list(); !admin.IsZero() || !user.IsZero() {
		t.Errorf("a new phone has passwords since %v and %v", admin, user)
	}
	command, err := OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer command.Close()
	began := time.Now().Truncate(time.Microsecond)
	for range 2 {
		before, _ := list()
		if err := command.SetPassword(t.Context(), Admin, "correct horse"); err != nil {
			t.Fatal(err)
		}
		if admin, user := list(); !admin.After(before) || admin.Before(began) || !user.IsZero() {
			t.Errorf("the passwords are since %v and %v", admin, user)
		}
	}
}
