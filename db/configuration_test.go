package db

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

func imported(t *testing.T, d *DB, text string) error {
	t.Helper()
	f, err := sysconf.ParsePartial([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d.ChangeConfiguration(t.Context(), BeforeImport, func(c sysconf.Configuration) (sysconf.Configuration, error) {
		next, _, err := c.Merge(f, false)
		return next, err
	})
}

const oneFile = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP2 Phone Number:1002\nSIP2 Register Pswd:canary-9\nSIP2 Need Reg On:1\nSIP2 Zeta:1\nSIP2 Alpha: 2 \n<DSSKEY CONFIG MODULE>\n--Sidekey Config1--:\nFkey1 Type:1\n"

func opened(t *testing.T, dir string) *DB {
	t.Helper()
	d, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestConfigurationSurvives(t *testing.T) {
	dir := t.TempDir()
	d := opened(t, dir)
	if err := imported(t, d, oneFile); err != nil {
		t.Fatal(err)
	}
	before, err := d.Configuration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = opened(t, dir)
	after, err := d.Configuration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := before.Export(sysconf.Text, true), after.Export(sysconf.Text, true); !bytes.Equal(a, b) || !bytes.Contains(b, []byte("SIP2 Zeta               :1\r\nSIP2 Alpha              : 2 \r\n")) ||
		!bytes.Contains(b, []byte("--Sidekey Config1--:\r\nFkey1 Type         :1\r\n")) {
		t.Errorf("%s", b)
	}
	if s := after.Lines[2]; s.PhoneNumber != "1002" || s.AuthPassword != "canary-9" {
		t.Errorf("%+v", s)
	}
}

// An import is all or nothing, whatever fails.
func TestChangeIsOneTransaction(t *testing.T) {
	d := opened(t, t.TempDir())
	refusal := errors.New("no")
	err := d.ChangeConfiguration(t.Context(), BeforeImport, func(c sysconf.Configuration) (sysconf.Configuration, error) { return c, refusal })
	if err != refusal {
		t.Errorf("%v", err)
	}
	// The first row is good, the last breaks a rule of the table.
	err = d.ChangeConfiguration(t.Context(), BeforeImport, func(c sysconf.Configuration) (sysconf.Configuration, error) {
		s := c.Lines[1]
		s.PhoneNumber = "1001"
		c.Lines = map[int]line.Settings{1: s}
		for n := 2; n <= 20; n++ {
			c.Lines[n] = sysconf.Factory().Lines[n]
		}
		c.Foreign = []sysconf.Entry{{Line: 1, Path: "a", Key: "a"}, {Line: 1, Path: "a", Key: "a"}}
		return c, nil
	})
	if err == nil {
		t.Error("a key is stored twice")
	}
	c, err := d.Configuration(t.Context())
	if err != nil || c.Lines[1].PhoneNumber != "" || len(c.Foreign) > 0 {
		t.Errorf("%+v, %v", c.Lines[1], err)
	}
	if copies, err := d.Copies(t.Context()); err != nil || len(copies) != 0 {
		t.Errorf("%v, %v", copies, err)
	}
	if now, _, err := d.Generation(t.Context()); now != 0 || err != nil {
		t.Errorf("generation %d, %v", now, err)
	}
}

func TestCopies(t *testing.T) {
	d := opened(t, t.TempDir())
	for n := range 10 + 3 {
		text := `{"lines":{"1":{"display_name":"` + string(rune('a'+n)) + `"}}}`
		for range 2 { // the second time nothing changes
			if err := imported(t, d, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	copies, err := d.Copies(t.Context())
	if err != nil || len(copies) != 10 || copies[0].Before != BeforeImport || copies[0].Made.IsZero() {
		t.Fatalf("%+v, %v", copies, err)
	}
	c, err := d.Copy(t.Context(), copies[0].ID)
	if err != nil || c.Lines[1].DisplayName != "l" {
		t.Errorf("%q, %v", c.Lines[1].DisplayName, err)
	}
	if _, err := d.Copy(t.Context(), 1); !errors.Is(err, ErrNoCopy) {
		t.Errorf("%v", err)
	}
	now, has, err := d.Generation(t.Context())
	if err != nil || now != 10+3 || has != 0 {
		t.Errorf("%d %d %v", now, has, err)
	}
	if err := d.Took(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, has, err := d.Generation(t.Context()); has != now || err != nil {
		t.Errorf("%d %v", has, err)
	}
}

func TestFactoryReset(t *testing.T) {
	for _, erase := range []bool{false, true} {
		dir := t.TempDir()
		d := opened(t, dir)
		ctx := t.Context()
		if err := errors.Join(imported(t, d, oneFile), d.SetPassword(ctx, Admin, "correct horse"), d.PutDeviceSetting(ctx, "time_zone", "Asia/Tokyo"), d.SaveCall(ctx, CallRecord{ID: "1", Started: time.Now()})); err != nil {
			t.Fatal(err)
		}
		if _, err := d.NewToken(ctx, "lab", ScopeRead); err != nil {
			t.Fatal(err)
		}
		if err := d.FactoryReset(ctx, erase); err != nil {
			t.Fatal(err)
		}
		c, err := d.Configuration(ctx)
		calls, err2 := d.CallLog(ctx, 0, 0)
		zone, err3 := d.DeviceSetting(ctx, "time_zone")
		tokens, err4 := d.Tokens(ctx)
		set, err5 := d.HasPassword(ctx)
		copies, err6 := d.Copies(ctx)
		if err := errors.Join(err, err2, err3, err4, err5, err6); err != nil {
			t.Fatal(err)
		}
		if changes := sysconf.Changes(sysconf.Factory(), c); len(changes) > 0 || len(calls) > 0 || zone != "" {
			t.Errorf("left over: %+v, %v, %q", changes, calls, zone)
		}
		if len(tokens) != 1 || !set {
			t.Error("the phone is open now, or closed to its scripts")
		}
		if want := map[bool]int{false: 2, true: 0}[erase]; len(copies) != want {
			t.Errorf("erase %v: %d copies", erase, len(copies))
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(dir, File))
		if err != nil {
			t.Fatal(err)
		}
		if erase && bytes.Contains(file, []byte("canary-9")) {
			t.Error("the file still holds a password")
		}
	}
}

// Two processes that import at once do not lose one another's settings.
func TestChangesQueue(t *testing.T) {
	dir := t.TempDir()
	a := opened(t, dir)
	b, err := OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	done := make(chan error, 2)
	for i, d := range []*DB{a, b} {
		go func() {
			done <- d.ChangeConfiguration(context.WithoutCancel(t.Context()), BeforeImport, func(c sysconf.Configuration) (sysconf.Configuration, error) {
				c.Foreign = append(c.Foreign, sysconf.Entry{Line: 1, Path: string(rune('a' + i)), Key: string(rune('a' + i)), Value: "1"})
				return c, nil
			})
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if c, err := a.Configuration(t.Context()); err != nil || len(c.Foreign) != 2 {
		t.Errorf("%+v, %v", c.Foreign, err)
	}
}
