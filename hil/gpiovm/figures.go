package gpiovm

import (
	"regexp"
	"strconv"
	"strings"
)

// measured is a line of a Go benchmark: its name, how often it was done, and pairs of value and unit.
var measured = regexp.MustCompile(`(?m)^Benchmark(\w+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// Figures are those of the benchmarks that a guest has run, from what it said: by benchmark and unit, as Scan-us. Times of one turn are in
// us; a benchmark that reports 0 ns/op has no such time.
func Figures(said string) map[string]float64 {
	all := map[string]float64{}
	for _, line := range measured.FindAllStringSubmatch(said, -1) {
		fields := strings.Fields(line[2])
		for i := 0; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			switch unit := fields[i+1]; {
			case err != nil, unit == "ns/op" && value == 0:
			case unit == "ns/op":
				all[line[1]+"-us"] = value / 1000
			default:
				all[line[1]+"-"+unit] = value
			}
		}
	}
	return all
}
