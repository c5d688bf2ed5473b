package db

import (
	"fmt"
	"strings"
	"testing"
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
	for i := range DevicesKept {
		remember(Admin, fmt.Sprint("network ", i))
	}
	if known(Admin, "browser 1") || !known(Admin, "network 0") || !known(User, "browser 1 of the user") {
		t.Errorf("the oldest of more than %d clients goes, of its account", DevicesKept)
	}
	var n int
	var text string
	if err := d.read.QueryRow("SELECT count(*), group_concat(hash) FROM login_device WHERE account = ?", Admin).Scan(&n, &text); err != nil || n != DevicesKept || strings.Contains(text, "network") {
		t.Errorf("%d are stored, %v", n, err)
	}
}
