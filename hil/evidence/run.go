package evidence

import (
	"encoding/json"
	"time"
)

// Verdict is what came of a step or of a run.
type Verdict string

const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"  // what was expected did not come about
	NotRun Verdict = "not_run" // a step after the one that failed; a scenario whose needs the place cannot give
	Broken Verdict = "broken"  // neither: the phone or a server vanished, the run was interrupted; Cause says so
)

// Step is a line of a scenario and what came of it.
type Step struct {
	Number   int // from 1
	Line     int // in the file
	Text     string
	Label    string // its name, if it has one: as NAME
	Began    time.Duration
	Ended    time.Duration // since the run began, as Began
	Verdict  Verdict
	Cause    string         // of a failure, in one line
	Measured *time.Duration // what an expectation measured, from the action it refers to; nil: nothing
}

// Run is one scenario played once.
type Run struct {
	Name   string
	File   string
	Source string // text of the file
	Proves []string
	Round  int    // from 1 when it is repeated; 0: it is not
	Folder string // where its folder is, seen from that of the summary; slashes

	Started  time.Time
	Duration time.Duration
	Verdict  Verdict
	Cause    string // the first: nothing after it counts
	Steps    []Step
	Answer   *Answer // of a scenario that asks something; nil of others

	Phone    string // address of the phone
	Servers  string // which servers, in words
	Rig      string // its file; empty: none
	Versions map[string]string
	Settings json.RawMessage // of the phone when the run began, an object

	ClockOffset      time.Duration // the run's beginning on the phone's clock: mono_us at At = 0
	ClockUncertainty time.Duration // plus or minus
}

type stepLine struct {
	Number     int     `json:"number"`
	Line       int     `json:"line"`
	Text       string  `json:"text"`
	Label      string  `json:"label,omitempty"`
	BeganUS    int64   `json:"began_us"`
	EndedUS    int64   `json:"ended_us"`
	Verdict    Verdict `json:"verdict"`
	Cause      string  `json:"cause,omitempty"`
	MeasuredUS *int64  `json:"measured_us,omitempty"`
}

// MarshalJSON writes {"number","line","text","label","began_us","ended_us","verdict","cause","measured_us"}.
func (s Step) MarshalJSON() ([]byte, error) {
	l := stepLine{s.Number, s.Line, s.Text, s.Label, s.Began.Microseconds(), s.Ended.Microseconds(), s.Verdict, s.Cause, nil}
	if s.Measured != nil {
		us := s.Measured.Microseconds()
		l.MeasuredUS = &us
	}
	return json.Marshal(l)
}

// MarshalJSON writes all but the source and the settings, which have files of their own; durations are microseconds.
func (r Run) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name          string            `json:"name"`
		File          string            `json:"file,omitempty"`
		Proves        []string          `json:"proves,omitempty"`
		Round         int               `json:"round,omitempty"`
		Started       time.Time         `json:"started"`
		DurationUS    int64             `json:"duration_us"`
		Verdict       Verdict           `json:"verdict"`
		Cause         string            `json:"cause,omitempty"`
		Steps         []Step            `json:"steps"`
		Phone         string            `json:"phone,omitempty"`
		Servers       string            `json:"servers,omitempty"`
		Rig           string            `json:"rig,omitempty"`
		Versions      map[string]string `json:"versions,omitempty"`
		OffsetUS      int64             `json:"clock_offset_us"`
		UncertaintyUS int64             `json:"clock_uncertainty_us"`
	}{r.Name, r.File, r.Proves, r.Round, r.Started, r.Duration.Microseconds(), r.Verdict, r.Cause, r.Steps, r.Phone, r.Servers, r.Rig, r.Versions,
		r.ClockOffset.Microseconds(), r.ClockUncertainty.Microseconds()})
}
