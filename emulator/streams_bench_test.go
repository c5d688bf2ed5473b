package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hilphone/db"
	"hilphone/db/journal"
	"hilphone/hil/server"
)

// What many readers of a busy phone must not do to it.
const (
	readers       = 64
	tokenStreams  = 16 // the share of one token
	eventsASecond = 1000
	failoverError = 10 * time.Millisecond // early or late, while they read
)

// BenchmarkStreams reads the event stream 64 times at 1000 events a second while the phone fails over again and again: no reader
// misses an event without being told, and the phone turns to the backup at its instant.
func BenchmarkStreams(b *testing.B) {
	f := newFarEnd(b, server.Answering{})
	dir, _ := f.folder(swift)
	p, url, end := insideAt(b, dir)
	defer end()
	p.registered(b, 0)
	f.behave("primary", server.Silent)

	ctx, stop := context.WithCancel(b.Context())
	var busy sync.WaitGroup
	streams := make([]reader, readers)
	var token string
	for i := range streams {
		if i%tokenStreams == 0 {
			var err error
			if token, err = p.store.NewToken(ctx, fmt.Sprint("reader-", i), db.ScopeRead); err != nil {
				b.Fatal(err)
			}
		}
		own := token
		busy.Go(func() { streams[i].read(b, ctx, url, own) })
	}
	busy.Go(func() { flood(ctx, p) })
	defer busy.Wait()
	defer stop()

	const schedule = 750 * time.Millisecond // T1 of 50 ms, three repeats
	var late []time.Duration
	begun, first := time.Now(), p.newest()
	for b.Loop() {
		for range 5 {
			before, since := f.count(), p.newest()
			p.lines.Register(1)
			to := func(who string) time.Time {
				return f.await(before, func(m seen) bool { return m.who == who && m.Method == "REGISTER" && !m.Sent }).At
			}
			asked := to("primary")
			late = append(late, to("backup").Sub(asked)-schedule)
			p.registered(b, since)
		}
	}
	rate := float64(p.newest()-first) / time.Since(begun).Seconds()
	stop()
	busy.Wait()
	var got, dropped, untold int64
	for i := range streams {
		got += streams[i].got.Load()
		dropped += streams[i].dropped
		untold += streams[i].untold
	}
	report(b, "late", late)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate, "events/s")
	b.ReportMetric(float64(got)/readers, "events/reader")
	b.ReportMetric(float64(dropped), "dropped")
	b.ReportMetric(float64(untold), "untold")
	if untold > 0 {
		b.Errorf("%d events are missing of which no reader was told", untold)
	}
	if first := slices.Min(late); first < -failoverError {
		b.Errorf("a failover came %v before its instant", -first)
	}
	within(b, "failovers come after their instant", late, failoverError)
}

// registered waits until the phone has registered after an event.
func (p *program) registered(b *testing.B, since int64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	if events, err := p.journal.Wait(ctx, journal.Query{Since: since, Types: []string{"registered"}}); err != nil || len(events) == 0 {
		b.Fatalf("not registered: %v", err)
	}
}

// newest is the number of the newest event.
func (p *program) newest() int64 {
	_, newest := p.journal.Held()
	return newest
}

// flood records events at their rate until ctx ends.
func flood(ctx context.Context, p *program) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for range eventsASecond / 100 {
				p.journal.Event("lamp", 0, "", map[string]any{"name": "line1", "pattern": "slow", "n": i})
			}
		}
	}
}

// reader is a client of the event stream that counts.
type reader struct {
	got             atomic.Int64
	dropped, untold int64
}

func (r *reader) read(b *testing.B, ctx context.Context, url, token string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/events/stream", nil)
	if err != nil {
		b.Error(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Errorf("a stream: %v %v", answer, err)
		return
	}
	defer answer.Body.Close()
	last, dropping := int64(0), false
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		text := lines.Bytes()
		switch {
		case bytes.HasPrefix(text, []byte("event: ")):
			dropping = string(text[7:]) == "dropped"
		case bytes.HasPrefix(text, []byte("data: ")) && dropping:
			var e struct{ Data struct{ Count int64 } }
			if err := json.Unmarshal(text[6:], &e); err != nil {
				b.Error(err)
			}
			r.dropped += e.Data.Count
			r.untold -= e.Data.Count - 1 // the last one is the number of this event
		case bytes.HasPrefix(text, []byte("id: ")):
			seq, err := strconv.ParseInt(string(text[4:]), 10, 64)
			if err != nil {
				b.Error(err)
			}
			if last > 0 {
				r.untold += seq - last - 1 // of a dropped event: those it stands for but the last
			}
			last = seq
			r.got.Add(1)
		}
	}
}
