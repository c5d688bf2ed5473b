package gpiovm

import (
	"maps"
	"testing"
)

func TestFigures(t *testing.T) {
	said := "guest: ready after 1.48 0.00\ngoos: linux\nBenchmarkEdge \t       1\t         0 ns/op\t  0.35 hook-p50-ms\t 2 key-p99-ms\n" +
		"BenchmarkScan-2   \t   10000\t     91500 ns/op\nBenchmarks are slow\nPASS\n"
	want := map[string]float64{"Edge-hook-p50-ms": 0.35, "Edge-key-p99-ms": 2, "Scan-us": 91.5}
	if got := Figures(said); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
