package db

import (
	"fmt"
	"testing"
	"time"

	"hilphone/db/journal"
)

// week is what a phone in a lab records in a week: calls and registrations on three lines, seldom a failover, once the lab's hand.
func week(from, n int64) []journal.Event {
	often := []string{"send", "response", "attempt_start", "attempt_end", "lamp", "key", "call", "registered"}
	seldom := map[int64]string{2_500: "failover", 5_000: "failback", 7_500: "line_state", 50_000: "lab"}
	events := make([]journal.Event, n)
	for i := range events {
		seq := from + int64(i)
		e := journal.Event{Seq: seq, Time: time.UnixMicro(1_700_000_000_000_000 + seq*6_000_000), MonoUS: seq * 6_000_000, Type: often[seq%8], Line: int(seq / 8 % 3),
			Data: map[string]any{"branch": fmt.Sprintf("z9hG4bK%016x", seq), "method": "REGISTER", "slot": "primary", "budget_ms": 7500}}
		if rare := seldom[seq%50_000]; rare != "" {
			e.Type = rare
		}
		if seq%50_000 == 0 {
			e.Type, e.Line = "lab", 0
		}
		if e.Type == "call" {
			e.Call = fmt.Sprint(seq / 80)
		}
		events[i] = e
	}
	return events
}

func full(b *testing.B) *DB {
	b.Helper()
	d := mustOpen(b, b.TempDir())
	for from := int64(1); from <= EventsKept; from += 10_000 {
		if err := d.SaveEvents(b.Context(), week(from, 10_000)); err != nil {
			b.Fatal(err)
		}
	}
	return d
}

// BenchmarkEventHistory asks a full history what the pages ask it.
func BenchmarkEventHistory(b *testing.B) {
	d := full(b)
	newest := week(EventsKept, 1)[0].Time
	timeline := []string{"line_state", "failover", "failback", "probe_start", "probe_end", "call", "attempt_start", "attempt_end"}
	for _, c := range []struct {
		name string
		past journal.Past
	}{
		{"newest", journal.Past{Newest: true, Query: journal.Query{Limit: 100}}},
		{"newest-calls", journal.Past{Newest: true, Query: journal.Query{Types: []string{"call"}, Limit: 100}}},
		{"failovers", journal.Past{Newest: true, Query: journal.Query{Types: []string{"failover"}, Limit: 100}}},
		{"none", journal.Past{Newest: true, Query: journal.Query{Types: []string{"fault"}, Limit: 100}}},
		{"last-state", journal.Past{Newest: true, Query: journal.Query{Line: 1, Types: []string{"line_state"}, Limit: 1}, Until: newest.Add(-26 * time.Hour)}},
		{"lab", journal.Past{Newest: true, Query: journal.Query{Types: []string{"lab"}, Limit: 1000}}},
		{"timeline-hour", journal.Past{Newest: true, Query: journal.Query{Line: 1, Types: timeline, Limit: 1000}, From: newest.Add(-3 * time.Hour)}},
		{"timeline-day", journal.Past{Newest: true, Query: journal.Query{Line: 1, Types: timeline, Limit: 1000}, From: newest.Add(-26 * time.Hour)}},
		{"line-unused", journal.Past{Newest: true, Query: journal.Query{Line: 20, Limit: 100}}},
		{"call", journal.Past{Query: journal.Query{Limit: 1000}, Call: "600"}},
		{"oldest", journal.Past{Query: journal.Query{Limit: 1000}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				events, err := d.EventHistory(b.Context(), c.past)
				if err != nil {
					b.Fatal(err)
				}
				n = len(events)
			}
			b.ReportMetric(float64(n), "events")
		})
	}
}
