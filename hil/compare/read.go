// Package compare holds the evidence of one run, or series of runs, against another: verdicts, what was measured, and what is missing (UX-28).
package compare

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"hilphone/db/limit"
	"hilphone/hil/evidence"
)

// mostFile bounds a file of evidence; of a thousand rounds of all scenarios the largest is a tenth of it. mostEvents is that of a run's events.
const (
	mostFile   = 64 << 20
	mostEvents = 1 << 30
)

// Runs is the evidence of a folder.
type Runs struct {
	Dir       string
	Scenarios []Scenario // in the order in which they were played
	Timings   []Timing
}

// Scenario is what came of a scenario in all its rounds.
type Scenario struct {
	Name    string // FILE: NAME, the file without its folder where that is enough
	Verdict evidence.Verdict
	Played  int // rounds that were played
	Bad     int // of them failed or broken
}

// Timing is what one expectation measured.
type Timing struct {
	Scenario           string // name of it
	Label              string // of the step, or its text
	Number             int    // from 1 where steps of the scenario have the same label
	Count              int
	Min, P50, P99, Max time.Duration
}

// Read reads the folder of a run, or of several. The error names the file that cannot be read.
func Read(dir string) (*Runs, error) {
	r := &Runs{Dir: dir}
	if err := r.verdicts(filepath.Join(dir, evidence.JUnitFile)); err != nil {
		return nil, err
	}
	err := r.series(filepath.Join(dir, evidence.TimingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = r.single(filepath.Join(dir, evidence.EventsFile))
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// verdicts reads the JUnit file.
func (r *Runs) verdicts(file string) error {
	text, err := limit.ReadFile(file, mostFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no run in this folder: it has no %s", r.Dir, evidence.JUnitFile)
	}
	if err != nil {
		return err
	}
	if err := limit.XML(file, text, mostFile); err != nil {
		return err
	}
	var all struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Skipped *struct{} `xml:"skipped"`
				Error   *struct{} `xml:"error"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	taken := map[string]bool{}
	for _, suite := range all.Suites {
		s := Scenario{Name: short(suite.Name), Verdict: evidence.NotRun}
		if taken[s.Name] {
			s.Name = suite.Name
		}
		taken[s.Name] = true
		for _, c := range suite.Cases {
			verdict := evidence.Passed
			switch {
			case c.Error != nil:
				verdict = evidence.Broken
			case c.Failure != nil:
				verdict = evidence.Failed
			case c.Skipped != nil:
				continue
			}
			s.Played++
			if verdict != evidence.Passed {
				s.Bad++
			}
			if worse(verdict, s.Verdict) {
				s.Verdict = verdict
			}
		}
		r.Scenarios = append(r.Scenarios, s)
	}
	return nil
}

// short is the name of a suite with the file's name alone: the folders that scenarios were played from do not matter.
func short(suite string) string {
	file, name, ok := strings.Cut(suite, ": ")
	if !ok {
		return suite
	}
	return path.Base(strings.ReplaceAll(file, `\`, "/")) + ": " + name
}

// worse orders verdicts of the rounds of a scenario: what was not run counts only where nothing was.
func worse(a, b evidence.Verdict) bool {
	rank := map[evidence.Verdict]int{evidence.NotRun: 0, evidence.Passed: 1, evidence.Failed: 2, evidence.Broken: 3}
	return rank[a] > rank[b]
}

// series reads the timings of several runs.
func (r *Runs) series(file string) error {
	text, err := limit.ReadFile(file, mostFile)
	if err != nil {
		return err
	}
	var all []struct {
		Scenario string `json:"scenario"`
		Label    string `json:"label"`
		Count    int    `json:"count"`
		Min      int64  `json:"min_us"`
		P50      int64  `json:"p50_us"`
		P99      int64  `json:"p99_us"`
		Max      int64  `json:"max_us"`
	}
	if err := limit.DecodeJSON(file, text, mostFile, &all); err != nil {
		return named(file, err)
	}
	us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	for _, t := range all {
		r.add(Timing{Scenario: t.Scenario, Label: t.Label, Count: t.Count, Min: us(t.Min), P50: us(t.P50), P99: us(t.P99), Max: us(t.Max)})
	}
	return nil
}

// single reads what a single run measured: its last entry.
func (r *Runs) single(file string) error {
	text, err := limit.ReadFile(file, mostEvents)
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	var last struct {
		Kind evidence.Kind `json:"kind"`
		Data struct {
			Name  string `json:"name"`
			Steps []struct {
				Label    string `json:"label"`
				Text     string `json:"text"`
				Measured *int64 `json:"measured_us"`
			} `json:"steps"`
		} `json:"data"`
	}
	if err := limit.DecodeJSON(file, lines[len(lines)-1], mostFile, &last); err != nil {
		return named(file, err)
	}
	if last.Kind != evidence.RunKind {
		return fmt.Errorf("%s: the run has no end: its last entry is not of kind %s", file, evidence.RunKind)
	}
	for _, s := range last.Data.Steps {
		if s.Measured == nil {
			continue
		}
		t := Timing{Scenario: last.Data.Name, Label: s.Label, Count: 1}
		if t.Label == "" {
			t.Label = s.Text
		}
		took := time.Duration(*s.Measured) * time.Microsecond
		t.Min, t.P50, t.P99, t.Max = took, took, took, took
		r.add(t)
	}
	return nil
}

// named is an error that begins with the file.
func named(file string, err error) error {
	if past := (*limit.Error)(nil); errors.As(err, &past) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

func (r *Runs) add(t Timing) {
	t.Number = 1
	for _, other := range r.Timings {
		if other.Scenario == t.Scenario && other.Label == t.Label {
			t.Number++
		}
	}
	r.Timings = append(r.Timings, t)
}
