package db

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"hilphone/db/journal"
)

// fullTrace has as much as is kept.
func fullTrace(b *testing.B) (d *DB, newest int64) {
	b.Helper()
	d = mustOpen(b, b.TempDir())
	for newest < 22_000 {
		all := messages(newest+1, 1000)
		for i := range all {
			all[i].Time, all[i].Raw, all[i].CallID = time.Now(), bytes.Repeat([]byte("Via: a\r\n"), 85), fmt.Sprint(all[i].Seq/10, "@192.0.2.1")
		}
		mustSave(b, d, all)
		newest += 1000
	}
	return d, newest
}

// BenchmarkSaveMessages saves batches in a trace that is full, as those of a call, of many, and of a flood.
func BenchmarkSaveMessages(b *testing.B) {
	d, newest := fullTrace(b)
	for _, n := range []int64{2, 20, 512} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				all := messages(newest+1, n)
				for i := range all {
					all[i].Time, all[i].Raw = time.Now(), bytes.Repeat([]byte("Via: a\r\n"), 85)
				}
				mustSave(b, d, all)
				newest += n
			}
		})
	}
}

// BenchmarkMessageHistory asks a full trace what pages and scripts ask it.
func BenchmarkMessageHistory(b *testing.B) {
	d, newest := fullTrace(b)
	for _, c := range []struct {
		name string
		q    journal.MessageQuery
	}{
		{"newest-100", journal.MessageQuery{Newest: true, Limit: 100}},
		{"newest-2000", journal.MessageQuery{Newest: true, Limit: 2000}},
		{"oldest-1000", journal.MessageQuery{Limit: 1000}},
		{"oldest-10000", journal.MessageQuery{Limit: 10_000}},
		{"call-of-long-ago", journal.MessageQuery{CallID: fmt.Sprint((newest-15_000)/10, "@192.0.2.1"), Limit: 2000}},
		{"call-of-none", journal.MessageQuery{CallID: "none", Newest: true, Limit: 2000}},
		{"since-event", journal.MessageQuery{SinceEvent: newest/3 - 10, Limit: 1000}},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				all, err := d.MessageHistory(b.Context(), c.q)
				if err != nil {
					b.Fatal(err)
				}
				n = len(all)
			}
			b.ReportMetric(float64(n), "messages")
		})
	}
}

// BenchmarkMessageBeforeTheDatabase is what a message costs the SIP path while the database saves the trace, and without it.
func BenchmarkMessageBeforeTheDatabase(b *testing.B) {
	for _, saved := range []bool{false, true} {
		b.Run(fmt.Sprint("saved=", saved), func(b *testing.B) {
			c := journal.Config{}
			if saved {
				c.Trace = mustOpen(b, b.TempDir())
			}
			j := journal.New(c)
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- j.Run(ctx) }()
			m := messages(1, 1)[0]
			m.Raw = make([]byte, 600)
			for b.Loop() {
				j.Message(m)
			}
			cancel()
			<-ended
		})
	}
}
