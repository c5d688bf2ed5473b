package hil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// Series is scenarios that are played one after the other, and where their evidence goes.
type Series struct {
	Bench     *Bench
	Terminal  *Terminal
	Scenarios []*scenario.Scenario
	Rounds    int                                    // of each scenario; default 1
	Show      func(at time.Time, m evidence.Message) // is shown every SIP message as it comes, and does not wait; nil: nobody
	Dir       string                                 // for the evidence: of a single run its own folder, else a folder for each run and a summary
	Verdicts  func(file string)                      // is called when the JUnit file was written; nil: it is not
}

// planned is a scenario that is to be played, and where its folder is, seen from that of the series.
type planned struct {
	scenario *scenario.Scenario
	folder   string
	round    int // from 1 where it is played several times
}

// plan is what is to be played, in order.
func (s *Series) plan() (all []planned) {
	rounds := max(s.Rounds, 1)
	single := rounds*len(s.Scenarios) == 1
	names := s.folders()
	for round := range rounds {
		for i, one := range s.Scenarios {
			p := planned{scenario: one}
			if !single {
				p.folder = names[i]
			}
			if rounds > 1 {
				p.folder += fmt.Sprintf("-%0*d", len(fmt.Sprint(rounds)), round+1)
				p.round = round + 1
			}
			all = append(all, p)
		}
	}
	return all
}

// Check asks whether all can be played, and touches nothing.
func (s *Series) Check(ctx context.Context) error {
	var problems scenario.Problems
	for _, one := range s.Scenarios {
		err := s.Bench.Check(ctx, one)
		if u := (*Unplayable)(nil); errors.As(err, &u) {
			var more scenario.Problems
			if !errors.As(err, &more) {
				return err
			}
			problems = append(problems, more...)
		} else if err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return &Unplayable{problems}
	}
	return nil
}

// Causes of what has not been played, or not to its end, in the files that are written on the way.
const (
	notPlayed = "not played"
	cutShort  = "the bench was ended in the middle of it"
)

// summaryShare bounds the time that the files of a series, written at the beginning of each run in case that the bench is killed, take: of so much
// one part.
const summaryShare = 20

// Play plays all, and returns what came of it, in order; what was not played is evidence.NotRun (BE-01). The error is of the evidence only. When
// ctx ends, the run under way is cleaned up and no other begins.
func (s *Series) Play(ctx context.Context) (runs []evidence.Run, err error) {
	plan := s.plan()
	why := ""
	var next time.Time // not before it the files are written again
	for i, p := range plan {
		if ctx.Err() != nil {
			why = errInterrupted.Error()
			break
		}
		run, begun, e := s.one(ctx, p, func(run evidence.Run) {
			began := time.Now()
			if began.Before(next) {
				return
			}
			run.Verdict, run.Cause = evidence.Broken, cutShort
			run.Answer = answerOf(p.scenario, run)
			_ = s.summary(append(runs[:i:i], run), plan[i+1:], "") // an error comes back at the end
			next = began.Add(summaryShare * time.Since(began))
		})
		if begun {
			runs = append(runs, run)
		}
		if err = errors.Join(err, e); err != nil {
			why = "the evidence could not be written"
			break
		}
	}
	rest := plan[len(runs):]
	if len(runs) == 0 && err != nil { // the folder may be that of another series
		return s.withRest(runs, rest, why), err
	}
	if len(plan) > 1 || len(runs) == 0 {
		err = errors.Join(err, s.summary(runs, rest, why))
	} else if s.Verdicts != nil {
		s.Verdicts(filepath.Join(s.Dir, evidence.JUnitFile))
	}
	return s.withRest(runs, rest, why), err
}

// summary writes the files of a series: what came of the runs so far, and that the rest was not played. Of a single run it is the JUnit file alone.
func (s *Series) summary(runs []evidence.Run, rest []planned, why string) error {
	write := evidence.Summary
	if len(runs)+len(rest) == 1 {
		write = evidence.JUnit
	}
	err := write(s.Dir, s.withRest(runs, rest, why), s.Bench.secrets()...)
	if err == nil && s.Verdicts != nil {
		s.Verdicts(filepath.Join(s.Dir, evidence.JUnitFile))
	}
	return err
}

// withRest are runs, and those that were not played.
func (s *Series) withRest(runs []evidence.Run, rest []planned, why string) []evidence.Run {
	all := slices.Clone(runs)
	cause := notPlayed
	if why != "" {
		cause += ": " + why
	}
	for _, p := range rest {
		run := evidence.Run{Name: p.scenario.Name, File: p.scenario.File, Source: p.scenario.Source, Proves: p.scenario.Proves, Round: p.round,
			Started: time.Now(), Phone: s.Bench.Place.Phone, Verdict: evidence.NotRun, Cause: cause}
		run.Answer = answerOf(p.scenario, run)
		all = append(all, run)
	}
	return all
}

// one plays a scenario and leaves its folder, and tells whether it came to begin.
func (s *Series) one(ctx context.Context, p planned, begins func(evidence.Run)) (run evidence.Run, begun bool, err error) {
	folder, err := evidence.Create(filepath.Join(s.Dir, p.folder))
	if err != nil {
		return run, false, err
	}
	var started atomic.Int64 // microseconds since 1970
	if s.Show != nil {
		folder.Show(func(m evidence.Message) { s.Show(time.UnixMicro(started.Load()).Add(m.At), m) })
	}
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var behind sync.WaitGroup
	var writeErr error
	behind.Go(func() { writeErr = folder.Run(writing) })
	s.Terminal.Console = folder.Console()
	name := func(run *evidence.Run) { run.Folder, run.Round = filepath.ToSlash(p.folder), p.round }
	s.Bench.Watch = naming{s.Terminal, func(run *evidence.Run) {
		started.Store(run.Started.UnixMicro())
		name(run)
		begins(*run)
	}}
	run = s.Bench.Play(ctx, p.scenario, folder)
	name(&run)
	run.Answer = answerOf(p.scenario, run)
	s.Terminal.Console = nil
	stop()
	behind.Wait()
	return run, true, errors.Join(writeErr, folder.Finish(run))
}

// naming gives a run its round before it is shown.
type naming struct {
	*Terminal
	name func(*evidence.Run)
}

func (n naming) Begins(run evidence.Run) {
	n.name(&run)
	n.Terminal.Begins(run)
}

// reserved are names in the folder of a series that no run can have.
var reserved = []string{evidence.JUnitFile, evidence.IndexFile, evidence.TimingsFile, ScorecardFile}

// folders are a name for each scenario: that of its file, with a number where two are the same.
func (s *Series) folders() []string {
	taken := map[string]bool{}
	for _, name := range reserved {
		taken[name] = true
	}
	names := make([]string, len(s.Scenarios))
	for i, one := range s.Scenarios {
		name := strings.TrimSuffix(filepath.Base(filepath.ToSlash(one.File)), suffix)
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
				return r
			}
			return '_'
		}, name)
		if name = strings.Trim(name, "."); name == "" {
			name = "scenario"
		}
		wanted := name
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", wanted, n)
		}
		taken[name] = true
		names[i] = name
	}
	return names
}

// Table says in a line how it went, and how long it took.
func Table(w io.Writer, runs []evidence.Run) (failed int) {
	took, passed := time.Duration(0), 0
	for _, r := range runs {
		took += r.Duration
		switch r.Verdict {
		case evidence.Passed:
			passed++
		case evidence.NotRun:
		default:
			failed++
		}
	}
	rest := ""
	if n := len(runs) - passed - failed; n > 0 {
		rest = fmt.Sprintf(", %d not played", n)
	}
	fmt.Fprintf(w, "%d played, %d passed, %d failed in %.1f s%s\n", passed+failed, passed, failed, took.Seconds(), rest)
	return failed
}
