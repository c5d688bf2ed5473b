package db

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// SE-06: clients that have logged in are known over a restart, each to its account, and the newest of them are kept.
func TestLoginDevices(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	d := mustOpen(t, dir)
	known := func(account, device string) bool {
		t.Helper()
		known, err := d.KnownDevice(ctx, account, device)
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	remember := func(account, device string) {
		t.Helper()
		if err := d.RememberDevice(ctx, account, device); err != nil {
			t.Fatal(err)
		}
	}
	if known(Admin, "browser 1") {
		t.Error("a new phone knows a client")
	}
	remember(Admin, "browser 1")
	remember(Admin, "browser 1")
	remember(User, "browser 1 of the user")
	if !known(Admin, "browser 1") || known(User, "browser 1") || known(Admin, "browser 2") {
		t.Error("a client is known to the account it has logged in to, and to no other")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, dir)
	if !known(Admin, "browser 1") {
		t.Error("after a restart the client is not known")
	}
	for i := range 63 {
		remember(Admin, fmt.Sprint("network ", i))
	}
	if !known(Admin, "browser 1") {
		t.Error("the oldest of 64 clients has gone")
	}
	remember(Admin, "network 63")
	if known(Admin, "browser 1") || !known(Admin, "network 0") || !known(User, "browser 1 of the user") {
		t.Errorf("the oldest of more than 64 clients goes, of its account")
	}
	var n int
	var text string
	if err := d.read.QueryRow("SELECT count(*), group_concat(hash) FROM login_device WHERE account = ?", Admin).Scan(&n, &text); err != nil || n != 64 || strings.Contains(text, "network") {
		t.Errorf("%d are stored, %v", n, err)
	}
}

// A client that logs in again is stored once a day, so that a login does not wait for the disk: from both sides.
func TestLoginOfADeviceIsStoredOnceADay(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		used := func() time.Time {
			t.Helper()
			var at sql.NullInt64
			if err := d.read.QueryRow("SELECT used FROM login_device").Scan(&at); err != nil {
				t.Fatal(err)
			}
			return stored(at)
		}
		remember := func() time.Time {
			t.Helper()
			if err := d.RememberDevice(t.Context(), Admin, "browser"); err != nil {
				t.Fatal(err)
			}
			return time.Now()
		}
		first := remember()
		time.Sleep(24*time.Hour - time.Millisecond)
		remember()
		if got := used(); !got.Equal(first) {
			t.Errorf("within a day it is stored again, %v later", got.Sub(first))
		}
		time.Sleep(time.Millisecond)
		if now := remember(); !used().Equal(now) {
			t.Errorf("after a day it is stored as %v, want %v", used(), now)
		}
	})
}
