package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hilphone/hil/server"
)

// What a flood of strangers may cost.
const (
	floodMemory   = 10.0 // MiB
	floodLateness = 5    // ms, p99 of failovers after their schedule
)

// BenchmarkInviteFlood is what a thousand INVITEs a second from strangers cost for ten seconds: resident memory, and how late a failover is that
// happens meanwhile (SE-04).
func BenchmarkInviteFlood(b *testing.B) {
	f := newFarEnd(b, server.Answering{})
	p := f.run(built(b), swift)
	var late []int64
	growth := 0.0
	failover := func() {
		f.behave("primary", server.Silent)
		since := p.seq()
		p.do("POST", "lines/1/register", "", nil)
		p.await(since, "registered", func(e eventSeen) bool { return e.Data.Slot == "backup" })
		late = append(late, p.gaveUpLate(since))
		f.behave("primary", server.Serve)
		since = p.seq()
		p.do("POST", "lines/1/register", "", nil)
		p.await(since, "registered", func(e eventSeen) bool { return e.Data.Slot == "primary" })
	}
	for b.Loop() {
		for range 5 { // a phone at work: the code that this needs is in memory, and the collector's room
			failover()
		}
		before := p.memory(b)
		stop, sent := make(chan struct{}), make(chan int, 1)
		go func() { sent <- inviteFlood(b, f.phone().String(), stop) }()
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
			failover()
		}
		close(stop)
		b.ReportMetric(float64(<-sent)/10, "INVITE/s")
		growth = max(growth, float64(p.memory(b)-before)/(1<<20))
	}
	slices.Sort(late)
	p99 := late[len(late)*99/100]
	b.ReportMetric(growth, "MiB-more")
	b.ReportMetric(float64(p99), "ms-late-p99")
	if growth > floodMemory || p99 > floodLateness {
		b.Errorf("%.1f MiB more, failovers %d ms late at p99; want %.0f MiB and %d ms", growth, p99, floodMemory, floodLateness)
	}
}

// gaveUpLate is how many milliseconds after its 750 ms the REGISTER to the primary was given up.
func (p *process) gaveUpLate(since int64) int64 {
	p.t.Helper()
	var ends []struct {
		Data struct {
			Cause   string `json:"cause"`
			Elapsed int64  `json:"elapsed_ms"`
		} `json:"data"`
	}
	p.do("GET", fmt.Sprintf("events?since=%d&type=attempt_end", since), "", &ends)
	for _, e := range ends {
		if e.Data.Cause == "no_response" {
			return e.Data.Elapsed - 750
		}
	}
	p.t.Fatalf("no attempt was given up: %+v", ends)
	return 0
}
