package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The figures the bench is held to.
const (
	benchOverhead = time.Millisecond       // between the instants of a failover with a bench and without, of the medians
	emptyScenario = 500 * time.Millisecond // p99, all that a scenario costs by itself
)

// lateness is how far from its schedule the line has turned to the backup, by the phone's own record since a message. T1 is 50 ms: with three
// repeats that is 750 ms from the first REGISTER to the primary.
func (p *process) lateness(b *testing.B, since int64) time.Duration {
	b.Helper()
	const schedule = 750 * time.Millisecond
	type message struct {
		Mono                        int64 `json:"mono_us"`
		Direction, Start, Slot, Raw string
	}
	var messages []message
	p.do("GET", fmt.Sprintf("trace?line=1&limit=10000&since=%d", since), "", &messages)
	last := ""
	for _, m := range messages {
		if m.Direction != "sent" || !strings.HasPrefix(m.Start, "REGISTER ") {
			continue
		}
		if m.Slot == "primary" {
			last = m.Raw
			continue
		}
		first := slices.IndexFunc(messages, func(f message) bool { return f.Raw == last })
		return time.Duration(m.Mono-messages[first].Mono)*time.Microsecond - schedule
	}
	b.Fatalf("no failover in %d messages", len(messages))
	return 0
}

// lastMessage is the newest of the trace.
func (p *process) lastMessage() (last int64) {
	var messages []struct{ Seq int64 }
	p.do("GET", "trace?line=1&limit=10000", "", &messages)
	for _, m := range messages {
		last = max(last, m.Seq)
	}
	return last
}

// lastEvent is the newest event, however many there are.
func (p *process) lastEvent() int64 {
	var i struct {
		Last int64 `json:"last_event"`
	}
	p.do("GET", "system/information", "", &i)
	return i.Last
}

// written is a scenario in a file.
func written(b *testing.B, text string) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "cost.scenario")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	return file
}

// BenchmarkBenchOverhead: the instant of a failover while a bench watches and keeps its evidence, and without one, in turns.
func BenchmarkBenchOverhead(b *testing.B) {
	p := start(b, built(b), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	p.do("PATCH", "lines/1/sip", `{"t1_ms":50,"t2_ms":400,"failback_interval":3600}`, nil)
	file := written(b, "scenario A failover\nneeds servers\nserver primary silent\nline register\nexpect event failover within 2s\nexpect line registered backup within 2s\n")
	home := func() {
		since := p.lastEvent()
		p.do("POST", "lines/1/register", "", nil)
		p.await(since, "registered", func(e eventSeen) bool { return e.Data.Slot == "primary" })
	}
	home()
	var with, without []time.Duration
	n := 0
	for b.Loop() {
		for range 10 {
			n++
			since, events := p.lastMessage(), p.lastEvent()
			p.do("PUT", "lab/servers/primary", `{"behaviour":"silent"}`, nil)
			p.do("POST", "lines/1/register", "", nil)
			p.await(events, "registered", func(e eventSeen) bool { return e.Data.Slot == "backup" })
			without = append(without, p.lateness(b, since))
			p.do("PUT", "lab/servers/primary", `{"behaviour":"serve"}`, nil)
			home()

			since = p.lastMessage()
			if code, stdout, stderr := p.bench(b.Context(), "run", file, "--out", filepath.Join(b.TempDir(), fmt.Sprint(n))); code != 0 {
				b.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
			}
			with = append(with, p.lateness(b, since))
		}
	}
	report(b, "without", without)
	report(b, "with", with)
	apart := quantile(with, 50) - quantile(without, 50)
	b.ReportMetric(float64(apart.Microseconds())/1000, "apart-ms")
	b.ReportMetric(0, "ns/op")
	if apart.Abs() > benchOverhead {
		b.Errorf("a failover is %v apart with the bench and without, want %v", apart, benchOverhead)
	}
}

// BenchmarkEmptyScenario is what a scenario costs that does nothing: on the clock, and on the processors of the bench and of the phone.
func BenchmarkEmptyScenario(b *testing.B) {
	p := start(b, built(b), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	file := written(b, "scenario Nothing\nneeds servers\nhook on\nexpect hook on within 1s\n")
	var took []time.Duration
	spent, ticks := ownTime(b), p.ticks(b)
	for b.Loop() {
		for range 20 {
			began := time.Now()
			if code, stdout, stderr := p.bench(b.Context(), "run", file, "--out", filepath.Join(b.TempDir(), fmt.Sprint(len(took)))); code != 0 {
				b.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
			}
			took = append(took, time.Since(began))
		}
	}
	n := float64(len(took))
	report(b, "wall", took)
	b.ReportMetric(float64((ownTime(b)-spent).Microseconds())/1000/n, "bench-cpu-ms")
	b.ReportMetric(float64(p.ticks(b)-ticks)*10/n, "phone-cpu-ms") // a tick is 10 ms
	b.ReportMetric(0, "ns/op")
	within(b, "a scenario that does nothing", took, emptyScenario)
}

// ownTime is what this process has had of the processors.
func ownTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
