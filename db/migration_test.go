package db

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"hilphone/db/journal"
)

func files(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(names); i += 2 {
		m["migration/"+names[i]] = &fstest.MapFile{Data: []byte(names[i+1])}
	}
	return m
}

func TestMigrationNumbersLeaveNoneOut(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"0001_a.sql", "", "0002_b.sql", ""}, ""},
		{[]string{"0002_b.sql", ""}, "migration/0002_b.sql: must begin with 0001_"},
		{[]string{"0001_a.sql", "", "0001_b.sql", ""}, "migration/0001_b.sql: must begin with 0002_"},
		{[]string{"1_a.sql", ""}, "migration/1_a.sql: must begin with 0001_"},
		{[]string{"a.sql", ""}, "migration/a.sql: must begin with 0001_"},
	} {
		_, err := readMigrations(files(c.names...))
		if got := strings.TrimPrefix(fmt.Sprint(err), "<nil>"); got != c.want {
			t.Errorf("%v: %q, want %q", c.names, got, c.want)
		}
	}
}

func TestMigrationsAreAppliedOnceAndWhole(t *testing.T) {
	ctx := t.Context()
	pool, err := sql.Open("sqlite3", source(filepath.Join(t.TempDir(), "x.db"), ""))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	apply := func(names ...string) error {
		t.Helper()
		steps, err := readMigrations(files(names...))
		if err != nil {
			t.Fatal(err)
		}
		return migrate(ctx, pool, steps)
	}
	state := func() (version, rows int) {
		t.Helper()
		if version, err = schemaVersion(ctx, pool); err != nil {
			t.Fatal(err)
		}
		if err := pool.QueryRow("SELECT count(*) FROM a").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return version, rows
	}

	first := []string{"0001_a.sql", "CREATE TABLE a (b TEXT) STRICT; INSERT INTO a VALUES ('one');"}
	for range 2 {
		if err := apply(first...); err != nil {
			t.Fatal(err)
		}
		if v, n := state(); v != 1 || n != 1 {
			t.Errorf("version %d with %d rows, want 1 with 1", v, n)
		}
	}
	err = apply(append(first, "0002_b.sql", "INSERT INTO a VALUES ('two'); INSERT INTO nowhere VALUES (1);")...)
	if err == nil || !strings.Contains(err.Error(), "migration/0002_b.sql: no such table: nowhere") {
		t.Errorf("the failing step says %v", err)
	}
	if v, n := state(); v != 1 || n != 1 {
		t.Errorf("half a step: version %d with %d rows, want 1 with 1", v, n)
	}
	if err := apply(append(first, "0002_b.sql", "INSERT INTO a VALUES ('two');", "0003_c.sql", "INSERT INTO a VALUES ('three');")...); err != nil {
		t.Fatal(err)
	}
	if v, n := state(); v != 3 || n != 3 {
		t.Errorf("version %d with %d rows, want 3 with 3", v, n)
	}
	if err := apply(first...); err == nil || err.Error() != "was written by a newer program (version 3, this program knows 1)" {
		t.Errorf("an older program says %v", err)
	}
}

// SE-09: events that were saved when they had more of an action URL have scheme and host after the next start.
func TestSavedActionURLsLoseTheirPaths(t *testing.T) {
	steps, err := readMigrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(steps, func(m migration) bool { return strings.HasSuffix(m.name, "_action_url_event.sql") })
	dir := t.TempDir()
	pool, err := sql.Open("sqlite3", source(filepath.Join(dir, File), ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate(t.Context(), pool, steps[:i]); err != nil {
		t.Fatal(err)
	}
	urls := map[string]string{
		"http://user:***@192.0.2.1:8080/secret/path?a=b": "http://192.0.2.1:8080", "https://hooks.example/T0": "https://hooks.example", "http://192.0.2.1?secret": "http://192.0.2.1",
		"http://192.0.2.1": "http://192.0.2.1", "http://[2001:db8::1]/a@b": "http://[2001:db8::1]", "": "",
	}
	for given := range urls {
		if _, err := pool.Exec("INSERT INTO event (time, mono_us, type, line, call, data) VALUES (0, 0, 'action_url', 0, ?, json_object('event', 'failover', 'url', ?))", given, given); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{`{"url":"http://192.0.2.1/kept"}`, "no JSON"} {
		typ := map[bool]string{true: "other", false: "action_url"}[other[0] == '{']
		if _, err := pool.Exec("INSERT INTO event (time, mono_us, type, line, call, data) VALUES (0, 0, ?, 0, 'other', ?)", typ, other); err != nil {
			t.Fatal(err)
		}
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	events, err := mustOpen(t, dir).EventHistory(t.Context(), journal.Past{})
	if err != nil || len(events) != len(urls)+2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		want := fmt.Sprintf(`{"event":"failover","url":%q}`, urls[e.Call])
		switch {
		case e.Type == "other":
			want = `{"url":"http://192.0.2.1/kept"}`
		case e.Call == "other":
			continue // what is no JSON is left as it is
		}
		if got := string(e.DataJSON()); got != want {
			t.Errorf("%q has become %s, want %s", e.Call, got, want)
		}
	}
}

func TestOpenRefusesANewerDatabase(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	if _, err := d.write.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	steps, err := readMigrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("database %s: was written by a newer program (version 99, this program knows %d)", filepath.Join(dir, File), len(steps))
	if _, err := Open(dir, nil); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestTablesAreStrict(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	var loose string
	err := d.read.QueryRow("SELECT coalesce(group_concat(name), '') FROM pragma_table_list WHERE schema = 'main' AND type = 'table' " +
		"AND strict = 0 AND name NOT LIKE 'sqlite_%'").Scan(&loose)
	if err != nil || loose != "" {
		t.Errorf("not STRICT: %s (%v)", loose, err)
	}
}
