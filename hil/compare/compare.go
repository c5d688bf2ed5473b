package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"hilphone/hil/evidence"
)

// Tolerance is how far apart two times may be: the larger of a share of the first and a length of time.
type Tolerance struct {
	Share float64
	Fixed time.Duration
}

// ParseTolerance reads 10%, 50ms, or both with a comma.
func ParseTolerance(text string) (t Tolerance, err error) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if number, ok := strings.CutSuffix(part, "%"); ok {
			share, err := strconv.ParseFloat(number, 64)
			if err != nil || !(share >= 0 && share <= 1000) {
				return t, fmt.Errorf("%q is not a share from 0%% to 1000%%", part)
			}
			t.Share = share / 100
			continue
		}
		if t.Fixed, err = time.ParseDuration(part); err != nil || t.Fixed < 0 {
			return t, fmt.Errorf("%q is neither a share nor a length of time: write 10%%, 50ms, or 10%%,50ms", part)
		}
	}
	return t, nil
}

func (t Tolerance) allowed(base time.Duration) time.Duration {
	return max(time.Duration(t.Share*float64(base)), t.Fixed)
}

// Statistics are what of the rounds of a timing can be compared.
var Statistics = []string{"p50", "min", "p99", "max"}

func (t Timing) statistic(name string) time.Duration {
	switch name {
	case "min":
		return t.Min
	case "p99":
		return t.P99
	case "max":
		return t.Max
	}
	return t.P50
}

// Report is what two folders have that differs, and every timing of both.
type Report struct {
	Base      string       `json:"base"`
	New       string       `json:"new"`
	Statistic string       `json:"statistic"`
	Differ    bool         `json:"differ"`
	Verdicts  []Verdict    `json:"verdicts"` // that differ
	Missing   []string     `json:"missing"`  // scenarios that only the base has
	Added     []string     `json:"added"`    // that only the new one has; no difference
	Timings   []TimingPair `json:"timings"`
	Unpaired  []LostTiming `json:"missing_timings"` // measured by the base alone, in scenarios that both have
}

// Verdict is a scenario whose verdict differs.
type Verdict struct {
	Scenario string `json:"scenario"`
	Base     string `json:"base"`
	New      string `json:"new"`
}

// TimingPair is a time that both have.
type TimingPair struct {
	Scenario     string `json:"scenario"`
	Label        string `json:"label"`
	Number       int    `json:"number"`
	BaseUS       int64  `json:"base_us"`
	NewUS        int64  `json:"new_us"`
	DifferenceUS int64  `json:"difference_us"`
	AllowedUS    int64  `json:"allowed_us"`
	Differs      bool   `json:"differs"`
}

// LostTiming is a time that only the base has.
type LostTiming struct {
	Scenario string `json:"scenario"`
	Label    string `json:"label"`
	Number   int    `json:"number"`
}

// Compare holds one against the other.
func Compare(base, next *Runs, tolerance Tolerance, statistic string) Report {
	r := Report{Base: base.Dir, New: next.Dir, Statistic: statistic, Verdicts: []Verdict{}, Missing: []string{}, Added: []string{}, Timings: []TimingPair{}, Unpaired: []LostTiming{}}
	played := map[string]Scenario{}
	for _, s := range next.Scenarios {
		played[s.Name] = s
	}
	known := map[string]bool{}
	for _, s := range base.Scenarios {
		known[s.Name] = true
		now, ok := played[s.Name]
		switch {
		case !ok:
			r.Missing = append(r.Missing, s.Name)
		case now.Verdict != s.Verdict:
			r.Verdicts = append(r.Verdicts, Verdict{s.Name, s.words(), now.words()})
		}
	}
	for _, s := range next.Scenarios {
		if !known[s.Name] {
			r.Added = append(r.Added, s.Name)
		}
	}
	r.timings(base, next, tolerance)
	r.Differ = len(r.Verdicts)+len(r.Missing)+len(r.Unpaired) > 0
	for _, t := range r.Timings {
		r.Differ = r.Differ || t.Differs
	}
	return r
}

func (r *Report) timings(base, next *Runs, tolerance Tolerance) {
	type key struct {
		scenario, label string
		number          int
	}
	measured, scenarios := map[key]Timing{}, map[string]bool{}
	for _, t := range next.Timings {
		measured[key{t.Scenario, t.Label, t.Number}] = t
	}
	for _, s := range next.Scenarios {
		if slices.ContainsFunc(r.Verdicts, func(v Verdict) bool { return v.Scenario == s.Name }) {
			continue // what it did not come to is no news
		}
		_, name, found := strings.Cut(s.Name, ": ")
		scenarios[name], scenarios[s.Name] = found, true
	}
	for _, t := range base.Timings {
		now, ok := measured[key{t.Scenario, t.Label, t.Number}]
		if !ok {
			if scenarios[t.Scenario] { // one that is missing is told as a whole
				r.Unpaired = append(r.Unpaired, LostTiming{t.Scenario, t.Label, t.Number})
			}
			continue
		}
		was, is := t.statistic(r.Statistic), now.statistic(r.Statistic)
		pair := TimingPair{Scenario: t.Scenario, Label: t.Label, Number: t.Number, BaseUS: was.Microseconds(), NewUS: is.Microseconds(),
			DifferenceUS: (is - was).Microseconds(), AllowedUS: tolerance.allowed(was).Microseconds()}
		pair.Differs = max(is-was, was-is) > tolerance.allowed(was)
		r.Timings = append(r.Timings, pair)
	}
}

// words are the verdict, and of several rounds how many were bad.
func (s Scenario) words() string {
	text := string(s.Verdict)
	if s.Verdict == evidence.NotRun {
		text = "not run"
	}
	if s.Played > 1 && s.Bad > 0 {
		text += fmt.Sprintf(" (%d of %d rounds)", s.Bad, s.Played)
	}
	return text
}

// Print writes what differs, one a line, and how much was compared; with all also the times that are within the tolerance.
func (r Report) Print(w io.Writer, all bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range r.Missing {
		fmt.Fprintf(t, "MISSING\t%s\n", name)
	}
	for _, v := range r.Verdicts {
		fmt.Fprintf(t, "VERDICT\t%s\t%s\twas %s\n", v.Scenario, v.New, v.Base)
	}
	for _, l := range r.Unpaired {
		fmt.Fprintf(t, "NOT MEASURED\t%s\t%s\n", l.Scenario, l.Label)
	}
	differ := 0
	for _, p := range r.Timings {
		if !p.Differs && !all {
			continue
		}
		word := "time"
		if p.Differs {
			differ, word = differ+1, "TIME"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s s\twas %s s\t%s s, allowed %s s\n", word, p.Scenario, p.Label, seconds(p.NewUS), seconds(p.BaseUS), signed(p.DifferenceUS), seconds(p.AllowedUS))
	}
	for _, name := range r.Added {
		fmt.Fprintf(t, "added\t%s\n", name)
	}
	fmt.Fprintf(t, "%s compared (%s), %d differ; verdicts: %d differ; missing: %d scenarios, %d times; added: %d\n", times(len(r.Timings)), r.Statistic, differ, len(r.Verdicts), len(r.Missing), len(r.Unpaired), len(r.Added))
	return t.Flush()
}

// JSON writes the whole report.
func (r Report) JSON(w io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func times(n int) string {
	if n == 1 {
		return "1 time"
	}
	return fmt.Sprintf("%d times", n)
}

func seconds(us int64) string { return fmt.Sprintf("%.3f", float64(us)/1e6) }

func signed(us int64) string { return fmt.Sprintf("%+.3f", float64(us)/1e6) }
