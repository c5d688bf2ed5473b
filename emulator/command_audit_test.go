package main

import (
	"strings"
	"testing"

	"hilphone/db"
	"hilphone/db/audit"
)

// SE-10: commands that set passwords, make or revoke tokens, import, or export with passwords are in the audit history; others are not.
func TestAuditOfCommands(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		input string
		args  []string
	}{
		{"a long password for this test\n", []string{"password", "--data", dir}},
		{"", []string{"token", "new", "nightly", "--scope", "read", "--data", dir}},
		{"", []string{"token", "list", "--data", dir}},
		{"", []string{"token", "revoke", "nightly", "--data", dir}},
		{`{"lines":{"3":{"phone_number":"1003","auth_password":"canary-audit"}}}`, []string{"config", "import", "-", "--dry-run", "--data", dir}},
		{`{"lines":{"3":{"phone_number":"1003","auth_password":"canary-audit"}}}`, []string{"config", "import", "-", "--data", dir}},
		{"", []string{"config", "export", "--data", dir}},
		{"", []string{"config", "export", "--secrets", "--data", dir}},
	} {
		if code, _, err := command(t, c.input, c.args...); code != 0 {
			t.Fatalf("%v: %d %s", c.args, code, err)
		}
	}
	store, err := db.OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := store.AuditHistory(t.Context(), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range all {
		actions = append(actions, string(e.Action))
		if e.Kind != audit.Command || e.Source != "command" || e.From != "" {
			t.Errorf("%+v", e)
		}
		for _, v := range e.Data {
			if s, ok := v.(string); ok && strings.Contains(s, "canary") {
				t.Errorf("%s has the secret %q", e.Action, s)
			}
		}
	}
	if got := strings.Join(actions, " "); got != "export_secrets import token_revoked token_made password" {
		t.Errorf("recorded, the newest first: %s", got)
	}
}
