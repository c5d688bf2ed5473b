package db

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/db/audit"
	"hilphone/sip/line"
)

func recorded(t *testing.T, d *DB, e audit.Entry) {
	t.Helper()
	if err := d.RecordAudit(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func audits(t *testing.T, d *DB, q audit.Query) (actions []audit.Action, all []audit.Entry) {
	t.Helper()
	all, err := d.AuditHistory(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		actions = append(actions, e.Action)
	}
	return actions, all
}

// SE-10: the history tells who has done what from where, newest first, page by page, over a restart.
func TestAudit(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	began := time.Now().Truncate(time.Microsecond)
	boss := audit.Author{Kind: audit.Account, Name: "admin", Source: "web", From: "192.0.2.1"}
	recorded(t, d, audit.Entry{Action: audit.Login, Author: boss})
	recorded(t, d, audit.Entry{Action: audit.TokenMade, Author: boss, Data: map[string]any{"token": "lab", "scope": "read"}})
	recorded(t, d, audit.Entry{Action: audit.Settings, Author: audit.Author{Kind: audit.Token, Name: "lab", Source: "api", From: "2001:db8::1"}, Data: map[string]any{"line": 3, "changed": []string{"t1_ms"}}})
	recorded(t, d, audit.Entry{Action: audit.Restart, Author: audit.Author{Kind: audit.Command, Name: "pi", Source: "command"}, Time: began.Add(time.Hour)})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, dir)
	actions, all := audits(t, d, audit.Query{})
	if !slices.Equal(actions, []audit.Action{audit.Restart, audit.Settings, audit.TokenMade, audit.Login}) {
		t.Fatalf("%v", actions)
	}
	if !all[0].Time.Equal(began.Add(time.Hour)) || all[3].Time.Before(began) || all[3].Author != boss || fmt.Sprint(all[1].Data) != "map[changed:[t1_ms] line:3]" || all[1].From != "2001:db8::1" {
		t.Errorf("%+v", all)
	}
	if actions, _ := audits(t, d, audit.Query{Limit: 2, Before: all[0].ID}); !slices.Equal(actions, []audit.Action{audit.Settings, audit.TokenMade}) {
		t.Errorf("the next page is %v", actions)
	}
	if actions, _ := audits(t, d, audit.Query{Groups: []audit.Group{audit.Logins, audit.Changes}}); !slices.Equal(actions, []audit.Action{audit.Settings, audit.Login}) {
		t.Errorf("of two groups there are %v", actions)
	}
	if err := d.RecordAudit(t.Context(), audit.Entry{Action: "tea"}); err == nil {
		t.Error("anything is an action")
	}
}

// SE-10: neither traffic nor failed logins nor settings displace what else is in the history.
func TestAuditIsKeptByGroup(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	for _, g := range audit.Groups {
		for _, a := range g.Actions {
			recorded(t, d, audit.Entry{Action: a})
		}
	}
	const kept, slack = 1000, 64
	for range kept + 2*slack {
		recorded(t, d, audit.Entry{Action: audit.LoginFailed})
	}
	if err := d.SaveEvents(t.Context(), batch(1, 1000)); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := d.read.QueryRow("SELECT count(*) FROM audit WHERE part = ?", audit.Failures).Scan(&n); err != nil || n < kept || n >= kept+slack {
		t.Errorf("%d failed logins are kept, %v, want %d and less than %d more", n, err, kept, slack)
	}
	for _, g := range audit.Groups {
		if actions, _ := audits(t, d, audit.Query{Groups: []audit.Group{g.Name}}); g.Name != audit.Failures && len(actions) != len(g.Actions) {
			t.Errorf("of %s there are %v", g.Name, actions)
		}
	}
}

// SE-10: a factory reset leaves the history; one that erases takes it away, from the file too.
func TestAuditAndFactoryReset(t *testing.T) {
	const mark = "audit-mark-51f0"
	dir := t.TempDir()
	d := mustOpen(t, dir)
	recorded(t, d, audit.Entry{Action: audit.TokenMade, Data: map[string]any{"token": mark}})
	if err := d.FactoryReset(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if actions, _ := audits(t, d, audit.Query{}); len(actions) != 1 {
		t.Errorf("after a reset: %v", actions)
	}
	if err := d.FactoryReset(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	recorded(t, d, audit.Entry{Action: audit.FactoryReset})
	if actions, _ := audits(t, d, audit.Query{}); !slices.Equal(actions, []audit.Action{audit.FactoryReset}) {
		t.Errorf("after one that erases: %v", actions)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{File, File + "-wal"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(mark)) {
			t.Errorf("%s has what was erased", name)
		}
	}
}

// Every action stands in one group.
func TestAuditGroups(t *testing.T) {
	seen := map[audit.Action]bool{}
	for _, g := range audit.Groups {
		for _, a := range g.Actions {
			if group, kept := audit.GroupOf(a); seen[a] || group != g.Name || kept != g.Kept || kept < 100 {
				t.Errorf("%s is of %s, %d are kept", a, group, kept)
			}
			seen[a] = true
		}
	}
	if len(audit.Groups) != 5 || len(seen) != 13 {
		t.Errorf("%d groups with %d actions", len(audit.Groups), len(seen))
	}
}

// RS-15: the settings of a line and the entry about them are one transaction, both stored or neither.
func TestLineWithAudit(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	set := line.Default()
	set.DisplayName = "Lab"
	if err := d.PutLine(t.Context(), 3, set, audit.Entry{Action: "tea"}); err == nil {
		t.Error("an entry that is none was stored")
	}
	if got, err := d.Line(t.Context(), 3); err != nil || got != line.Default() {
		t.Errorf("without its entry there is %+v, %v", got, err)
	}
	by := audit.Author{Kind: audit.Token, Name: "lab", Source: "api", From: "127.0.0.1"}
	if err := d.PutLine(t.Context(), 3, set, audit.Entry{Action: audit.Settings, Author: by, Data: map[string]any{"line": 3}}); err != nil {
		t.Fatal(err)
	}
	got, err := d.Line(t.Context(), 3)
	if actions, all := audits(t, d, audit.Query{}); err != nil || got != set || len(actions) != 1 || all[0].Author != by || all[0].Time.IsZero() {
		t.Errorf("%+v %v, audit history %+v", got, err, all)
	}
	set.DisplayName = "\x01"
	if err := d.PutLine(t.Context(), 3, set, audit.Entry{Action: audit.Settings, Author: by}); err == nil {
		t.Error("a control character was stored")
	}
	if actions, _ := audits(t, d, audit.Query{}); len(actions) != 1 {
		t.Errorf("a refused change is in the audit history: %v", actions)
	}
}

// SE-10: of each group so many entries are kept, and each action is of one group.
func TestKeptOfEachGroup(t *testing.T) {
	want := map[audit.Group]struct {
		kept    int
		actions string
	}{
		audit.Access:   {2000, "password token_made token_revoked export_secrets"},
		audit.Changes:  {5000, "settings"},
		audit.Device:   {2000, "import restore factory_reset restart"},
		audit.Logins:   {2000, "login logout"},
		audit.Failures: {1000, "login_failed login_locked"},
	}
	if len(audit.Groups) != len(want) {
		t.Errorf("%d groups", len(audit.Groups))
	}
	for group, w := range want {
		for action := range strings.FieldsSeq(w.actions) {
			if got, kept := audit.GroupOf(audit.Action(action)); got != group || kept != w.kept {
				t.Errorf("%s is of %s, of which %d are kept, want %s and %d", action, got, kept, group, w.kept)
			}
		}
	}
	for _, g := range audit.Groups {
		if n := len(strings.Fields(want[g.Name].actions)); len(g.Actions) != n {
			t.Errorf("%s has %d actions, want %d", g.Name, len(g.Actions), n)
		}
	}
}
