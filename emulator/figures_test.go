package main

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// report says the middle and the slowest hundredth of a figure, and how busy the machine is.
func report(b *testing.B, name string, took []time.Duration) {
	b.Helper()
	b.ReportMetric(float64(len(took)), name+"-n")
	for _, q := range []int{50, 99} {
		b.ReportMetric(float64(quantile(took, q).Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", name, q))
	}
	b.ReportMetric(load(b), "load")
}

// within fails a benchmark whose slowest hundredth is beyond the limit, and says how busy the machine was.
func within(b *testing.B, what string, took []time.Duration, limit time.Duration) {
	b.Helper()
	if p99 := quantile(took, 99); p99 > limit {
		b.Errorf("%s: p50 %v, p99 %v of %d, want %v; load %.1f", what, quantile(took, 50), p99, len(took), limit, load(b))
	}
}

// load is how many tasks the machine has had to run in the last minute, on average.
func load(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		b.Fatal(err)
	}
	var now float64
	if _, err := fmt.Sscan(string(text), &now); err != nil {
		b.Fatal(err)
	}
	return now
}

// quantile is the smallest of the values that q of 100 do not exceed.
func quantile(all []time.Duration, q int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max(0, (len(sorted)*q+99)/100-1)]
}
