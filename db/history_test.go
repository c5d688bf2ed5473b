package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal"
)

func batch(from, n int64) []journal.Event {
	events := make([]journal.Event, n)
	for i := range events {
		seq := from + int64(i)
		events[i] = journal.Event{Seq: seq, Time: time.UnixMicro(1_700_000_000_000_000 + seq), MonoUS: seq, Type: []string{"key", "hook"}[seq%2], Line: int(seq % 3),
			Data: map[string]int64{"n": seq}}
	}
	return events
}

// TestHistoryIsWhatTheJournalSaid goes the whole way: journal, database, restart, journal.
func TestHistoryIsWhatTheJournalSaid(t *testing.T) {
	dir := t.TempDir()
	var said, kept []byte
	for start := range 3 {
		d := mustOpen(t, dir)
		first, err := d.FirstEvent(t.Context())
		if err != nil || first != int64(4*start)+1 {
			t.Fatalf("start %d: first event %d, %v", start, first, err)
		}
		j := journal.New(journal.Config{First: first, Sink: d})
		j.Event("hook", 0, "", map[string]string{"state": "off", "source": "web"})
		j.Event("failover", 1, "", map[string]string{"from": "primary", "to": "backup"})
		j.Event("call", 20, "7", map[string]any{"id": "7", "state": "talking"})
		j.Event("failback", 1, "", nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := j.Run(ctx); err != nil {
			t.Fatal(err)
		}
		history, err := d.EventHistory(t.Context(), journal.Past{Query: journal.Query{Since: first - 1}})
		if err != nil {
			t.Fatal(err)
		}
		said, _ = json.Marshal(j.Events(journal.Query{}))
		kept, _ = json.Marshal(history)
		if string(said) != string(kept) {
			t.Errorf("the journal said %s\nthe history is %s", said, kept)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	history, err := mustOpen(t, dir).EventHistory(t.Context(), journal.Past{Query: journal.Query{}})
	for i, e := range history {
		if e.Seq != int64(i+1) {
			t.Errorf("event %d at place %d", e.Seq, i)
		}
	}
	if err != nil || len(history) != 12 {
		t.Errorf("%d events of three starts, %v", len(history), err)
	}
}

func TestHistoryIsFilteredAsTheJournalIs(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	all := batch(1, 30)
	if err := d.SaveEvents(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveEvents(t.Context(), all[10:]); err != nil {
		t.Errorf("a batch that comes twice: %v", err)
	}
	if err := d.SaveEvents(t.Context(), nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
	for _, q := range []journal.Query{{}, {Since: 7}, {Since: 30}, {Line: 2}, {Types: []string{"hook"}}, {Types: []string{"lamp"}}, {Types: []string{"hook", "key"}, Since: 3, Limit: 4},
		{Types: []string{"key"}, Line: 1, Since: 5}, {Types: []string{`"] OR 1`}}, {Types: []string{"key", "key"}, Limit: 7}, {Types: manyTypes("hook"), Line: 2}} {
		want := []int64{}
		for _, e := range all {
			if e.Seq > q.Since && q.Match(e) && (q.Limit == 0 || len(want) < q.Limit) {
				want = append(want, e.Seq)
			}
		}
		events, err := d.EventHistory(t.Context(), journal.Past{Query: q})
		if err != nil || events == nil {
			t.Errorf("%+v: %v, %v", q, events, err)
		}
		got := []int64{}
		for _, e := range events {
			got = append(got, e.Seq)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: %v, want %v", q, got, want)
		}
	}
}

// manyTypes are more than are asked for one by one.
func manyTypes(last string) (all []string) {
	for i := range mostTypes {
		all = append(all, fmt.Sprint("type ", i))
	}
	return append(all, last)
}

// However many events of other types there are: those wanted are read off the index, in their order, and no others.
func TestHistoryReadsOnlyWhatItAnswers(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	for _, p := range []journal.Past{
		{Query: journal.Query{Types: []string{"failover"}}},
		{Query: journal.Query{Types: []string{"failover", "failback", "lab"}, Line: 1}, From: time.Unix(1, 0), Until: time.Unix(2, 0), Newest: true},
	} {
		text, values := historyQuery(p, 100)
		rows, err := d.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, values...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		searched := 0
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%+v: %s", p, step)
			}
			if strings.Contains(step, "event_type (type=? AND seq>? AND seq<?)") {
				searched++
			}
		}
		if rows.Err() != nil || searched != len(p.Types) {
			t.Errorf("%+v: %d of its types are searched for, %v", p, searched, rows.Err())
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	ctx := t.Context()
	d := mustOpen(t, t.TempDir())
	span := func(kept, slack int64) (oldest, newest int64) {
		t.Helper()
		err := inTx(ctx, d.write, func(tx *sql.Tx) error { return cutHistory(ctx, tx, kept, slack) })
		if err == nil {
			err = d.read.QueryRow("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM event").Scan(&oldest, &newest)
		}
		if err != nil {
			t.Fatal(err)
		}
		return oldest, newest
	}
	if oldest, newest := span(10, 5); oldest != 0 || newest != 0 {
		t.Errorf("an empty history: %d to %d", oldest, newest)
	}
	for _, c := range []struct{ n, oldest int64 }{{10, 1}, {14, 1}, {15, 1}, {16, 7}, {21, 7}, {22, 13}, {100, 91}} {
		_, newest := span(10, 5)
		if err := d.SaveEvents(ctx, batch(newest+1, c.n-newest)); err != nil {
			t.Fatal(err)
		}
		if oldest, newest := span(10, 5); oldest != c.oldest || newest != c.n {
			t.Errorf("after event %d: %d to %d, want from %d", c.n, oldest, newest, c.oldest)
		}
	}
}

// TestSaveEventsKeepsItsBound jumps ahead so that one batch passes the bound.
func TestSaveEventsKeepsItsBound(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	for _, from := range []int64{1, EventsKept + eventsSlack - 5} {
		if err := d.SaveEvents(t.Context(), batch(from, 10)); err != nil {
			t.Fatal(err)
		}
	}
	events, err := d.EventHistory(t.Context(), journal.Past{Query: journal.Query{}})
	if err != nil || len(events) != 10 {
		t.Errorf("%d events are left, %v", len(events), err)
	}
}

func TestSaveEventsIsWholeOrNot(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.SaveEvents(ctx, batch(1, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if first, err := d.FirstEvent(t.Context()); first != 1 || err != nil {
		t.Errorf("first event %d, %v", first, err)
	}
}

// TestNumbersAfterKill: the numbers of events that were told and not saved are not given again, however often the phone is killed.
func TestNumbersAfterKill(t *testing.T) {
	dir := t.TempDir()
	began := func(want int64) *DB {
		t.Helper()
		d := mustOpen(t, dir)
		if first, err := d.FirstEvent(t.Context()); first != want || err != nil {
			t.Errorf("first event %d, want %d, %v", first, want, err)
		}
		return d
	}
	killed := func(d *DB) {
		if err := d.release(); err != nil {
			t.Fatal(err)
		}
		d.close = func() error { return nil }
	}
	d := began(1)
	if err := d.SaveEvents(t.Context(), batch(1, 10)); err != nil {
		t.Fatal(err)
	}
	killed(d)
	killed(began(11 + unsaved))
	d = began(11 + 2*unsaved)
	if err := d.SaveEvents(t.Context(), batch(11+2*unsaved, 1)); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	began(12 + 2*unsaved)
}

func BenchmarkSaveEvents(b *testing.B) {
	for _, n := range []int64{50, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := mustOpen(b, b.TempDir())
			for from := int64(1); b.Loop(); from += n {
				if err := d.SaveEvents(b.Context(), batch(from, n)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What was saved is found by the same rules as what is held.
func TestHistoryIsTheJournalsPast(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	all := batch(1, 40)
	if err := d.SaveEvents(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	for _, p := range []journal.Past{
		{Newest: true, Query: journal.Query{Limit: 3}}, {Before: 9}, {Before: 30, Newest: true, Query: journal.Query{Limit: 4, Line: 1}},
		{Call: all[5].Call, Query: journal.Query{Types: []string{all[5].Type}}}, {From: all[10].Time, Until: all[20].Time}, {Until: all[0].Time},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(e journal.Event) bool { return !p.Match(e) })
		if p.Newest {
			slices.Reverse(want)
		}
		if p.Limit > 0 {
			want = want[:min(p.Limit, len(want))]
		}
		events, err := d.EventHistory(t.Context(), p)
		if err != nil || len(events) != len(want) {
			t.Fatalf("%+v: %d events, want %d: %v", p, len(events), len(want), err)
		}
		for i := range want {
			if events[i].Seq != want[i].Seq {
				t.Errorf("%+v: event %d at %d, want %d", p, events[i].Seq, i, want[i].Seq)
			}
		}
	}
}
