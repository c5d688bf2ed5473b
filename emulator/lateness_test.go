package main

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A timer that fires so late disturbs a measurement of scenarios: their windows are 100 to 150 ms wide, and a message passes three programs.
const disturbing = 25 * time.Millisecond

// lateness measures how late this computer lets timers fire.
type lateness struct {
	mu   sync.Mutex
	seen []late
}

// late is a timer that fired too late.
type late struct {
	at time.Time
	by time.Duration
}

// watchLateness measures until the test ends.
func watchLateness(t *testing.T) *lateness {
	l := &lateness{}
	go func() {
		const interval = 5 * time.Millisecond
		for t.Context().Err() == nil {
			due := time.Now().Add(interval)
			<-time.After(interval)
			now := time.Now()
			if by := now.Sub(due); by > interval {
				l.mu.Lock()
				l.seen = append(l.seen, late{now, by})
				l.mu.Unlock()
			}
		}
	}()
	return l
}

// most is the worst lateness from one time to another.
func (l *lateness) most(from, to time.Time) (worst time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.seen {
		if !one.at.Before(from) && !one.at.Add(-one.by).After(to) {
			worst = max(worst, one.by)
		}
	}
	return worst
}

var junitTimes = regexp.MustCompile(`<testsuite [^>]*\btime="([^"]*)" timestamp="([^"]*)"`)

// during is the worst lateness while a scenario was played, which its JUnit file tells in whole seconds.
func (l *lateness) during(junit []byte) (time.Duration, error) {
	found := junitTimes.FindSubmatch(junit)
	if found == nil {
		return 0, fmt.Errorf("no times in %.300s", junit)
	}
	began, err := time.Parse("2006-01-02T15:04:05", string(found[2]))
	if err != nil {
		return 0, err
	}
	took, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		return 0, err
	}
	return l.most(began, began.Add(time.Duration(took*float64(time.Second))+time.Second)), nil
}

// TestLateness: a scenario counts as disturbed only by what was late while it was played.
func TestLateness(t *testing.T) {
	second := time.Date(2026, 11, 30, 7, 0, 0, 0, time.UTC)
	l := &lateness{seen: []late{{second.Add(3 * time.Second), 40 * time.Millisecond}, {second.Add(9 * time.Second), 90 * time.Millisecond}}}
	junit := func(timestamp, took string) []byte {
		return []byte(`<testsuites time="9"><testsuite name="x" time="` + took + `" timestamp="` + timestamp + `">`)
	}
	for _, c := range []struct {
		timestamp, took string
		want            time.Duration
	}{
		{"2026-11-30T07:00:02", "1.500", 40 * time.Millisecond},
		{"2026-11-30T07:00:04", "2.000", 0},
		{"2026-11-30T07:00:02", "7.000", 90 * time.Millisecond},
	} {
		if got, err := l.during(junit(c.timestamp, c.took)); err != nil || got != c.want {
			t.Errorf("from %s, %s s: %v, %v, want %v", c.timestamp, c.took, got, err, c.want)
		}
	}
	if _, err := l.during([]byte("<testsuites>")); err == nil {
		t.Error("a file without times was read")
	}
}
