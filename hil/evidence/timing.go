package evidence

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Timing is what one expectation measured in the rounds of a scenario. Percentiles are measured values (nearest rank), not means of two.
type Timing struct {
	Scenario, File     string
	Label              string // of the step, or its text
	Line               int    // in the file
	Count              int    // of rounds that measured it
	Min, P50, P99, Max time.Duration
}

// Timings are what the steps of runs measured, in the order of scenarios and steps.
func Timings(runs []Run) (all []Timing) {
	suites, members := suitesOf(runs)
	for i, rounds := range members {
		begin := len(all)
		at := map[int]int{} // step number to index in all
		values := map[int][]time.Duration{}
		for _, n := range rounds {
			r := runs[n]
			for _, s := range r.Steps {
				if s.Measured == nil {
					continue
				}
				t, known := at[s.Number]
				if !known {
					t = len(all)
					at[s.Number] = t
					label := s.Label
					if label == "" {
						label = s.Text
					}
					all = append(all, Timing{Scenario: r.Name, File: suites[i].file, Label: label, Line: s.Line})
				}
				values[t] = append(values[t], *s.Measured)
			}
		}
		for i, v := range values {
			slices.Sort(v)
			t := &all[i]
			t.Count, t.Min, t.P50, t.P99, t.Max = len(v), v[0], rank(v, 50), rank(v, 99), v[len(v)-1]
		}
		slices.SortStableFunc(all[begin:], func(a, b Timing) int { return a.Line - b.Line })
	}
	return all
}

// rank is the smallest of sorted values that percent of them do not exceed.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// PrintTimings writes timings as a table for a terminal, in seconds.
func PrintTimings(w io.Writer, timings []Timing) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "measured, s\tn\tmin\tp50\tp99\tmax")
	for _, t := range timings {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", t.Label, t.Count, seconds(t.Min), seconds(t.P50), seconds(t.P99), seconds(t.Max))
	}
	return table.Flush()
}

// MarshalJSON writes {"scenario","file","label","line","count","min_us","p50_us","p99_us","max_us"}.
func (t Timing) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Scenario string `json:"scenario"`
		File     string `json:"file,omitempty"`
		Label    string `json:"label"`
		Line     int    `json:"line"`
		Count    int    `json:"count"`
		MinUS    int64  `json:"min_us"`
		P50US    int64  `json:"p50_us"`
		P99US    int64  `json:"p99_us"`
		MaxUS    int64  `json:"max_us"`
	}{t.Scenario, t.File, t.Label, t.Line, t.Count, t.Min.Microseconds(), t.P50.Microseconds(), t.P99.Microseconds(), t.Max.Microseconds()})
}
