package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"hilphone/hil/server"
)

// What reading a line's settings and changing one of them may take (RS-15).
const (
	getSettings = 400 * time.Microsecond // p50
	patchOfGet  = 1.5                    // commits that PATCH may take beside what GET takes, of the medians
)

// BenchmarkPatchSettings is RS-15: in turns it reads the settings of a running line, changes one, and commits one row with the same SQLite driver in the
// same modes (WAL, synchronous=FULL) on the same file system. The ratio says how many commits a PATCH takes beside the time of a GET.
func BenchmarkPatchSettings(b *testing.B) {
	f := newFarEnd(b, server.Answering{})
	p := f.run(built(b), nil)
	commit := bareCommit(b)
	var get, patch, bare []time.Duration
	n := 0
	for b.Loop() {
		for range 50 {
			n++
			began := time.Now()
			if status, answer := p.ask("GET", "lines/1/sip", ""); status != http.StatusOK {
				b.Fatalf("%d %s", status, answer)
			}
			get = append(get, time.Since(began))
			name := fmt.Sprintf(`"display_name":"name %d"`, n)
			began = time.Now()
			status, answer := p.ask("PATCH", "lines/1/sip", "{"+name+"}")
			patch = append(patch, time.Since(began))
			if status != http.StatusOK || !bytes.Contains(answer, []byte(name)) {
				b.Fatalf("%d %s", status, answer)
			}
			began = time.Now()
			commit(n)
			bare = append(bare, time.Since(began))
		}
	}
	report(b, "get", get)
	report(b, "patch", patch)
	report(b, "commit", bare)
	b.ReportMetric(0, "ns/op")
	read, written := quantile(get, 50), quantile(bare, 50)
	ratio := float64(quantile(patch, 50)-read) / float64(written)
	b.ReportMetric(ratio, "commits")
	if ratio > patchOfGet {
		b.Errorf("PATCH takes a GET and %.2f commits, want %.1f: GET %v, PATCH %v, commit %v; load %.1f", ratio, patchOfGet, read, quantile(patch, 50), written, load(b))
	}
	if read > getSettings {
		b.Errorf("GET takes %v, want %v; load %.1f", read, getSettings, load(b))
	}
}

// bareCommit returns a function that changes one row and commits it.
func bareCommit(b *testing.B) func(n int) {
	b.Helper()
	pool, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = pool.Close() })
	pool.SetMaxOpenConns(1)
	for _, text := range []string{"CREATE TABLE setting (line INTEGER, name TEXT, value TEXT, PRIMARY KEY (line, name)) WITHOUT ROWID", "INSERT INTO setting VALUES (1, 'display_name', '')"} {
		if _, err := pool.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	return func(n int) {
		if _, err := pool.ExecContext(b.Context(), "UPDATE setting SET value = ? WHERE line = 1 AND name = 'display_name'", fmt.Sprint("name ", n)); err != nil {
			b.Fatal(err)
		}
	}
}
