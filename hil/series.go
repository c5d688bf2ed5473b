package hil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
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

// Play plays all, and returns what came of it. The error is of the evidence only. When ctx ends, the run under way is cleaned up and no other begins.
func (s *Series) Play(ctx context.Context) (runs []evidence.Run, err error) {
	rounds := max(s.Rounds, 1)
	single := rounds*len(s.Scenarios) == 1
	names := s.folders()
	for round := range rounds {
		for i, one := range s.Scenarios {
			if ctx.Err() != nil {
				break
			}
			folder := ""
			if !single {
				folder = names[i]
			}
			if rounds > 1 {
				folder += fmt.Sprintf("-%0*d", len(fmt.Sprint(rounds)), round+1)
			}
			run, e := s.one(ctx, one, filepath.Join(s.Dir, folder), func(run *evidence.Run) {
				run.Folder = filepath.ToSlash(folder)
				if rounds > 1 {
					run.Round = round + 1
				}
			})
			if err = errors.Join(err, e); e != nil {
				return runs, err
			}
			runs = append(runs, run)
		}
	}
	if !single && len(runs) > 0 {
		err = errors.Join(err, evidence.Summary(s.Dir, runs, s.Bench.secrets()...))
	}
	return runs, err
}

// one plays a scenario and leaves its folder.
func (s *Series) one(ctx context.Context, one *scenario.Scenario, dir string, name func(*evidence.Run)) (run evidence.Run, err error) {
	folder, err := evidence.Create(dir)
	if err != nil {
		return run, err
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
	s.Bench.Watch = naming{s.Terminal, func(run *evidence.Run) {
		started.Store(run.Started.UnixMicro())
		name(run)
	}}
	run = s.Bench.Play(ctx, one, folder)
	name(&run)
	s.Terminal.Console = nil
	stop()
	behind.Wait()
	return run, errors.Join(writeErr, folder.Finish(run))
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

// folders are a name for each scenario: that of its file, with a number where two are the same.
func (s *Series) folders() []string {
	taken := map[string]int{}
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
		if taken[name]++; taken[name] > 1 {
			name += fmt.Sprintf("_%d", taken[name])
		}
		names[i] = name
	}
	return names
}

// Table says in a line how it went, and how long it took.
func Table(w io.Writer, runs []evidence.Run) (failed int) {
	took := time.Duration(0)
	for _, r := range runs {
		took += r.Duration
		if r.Verdict != evidence.Passed {
			failed++
		}
	}
	fmt.Fprintf(w, "%d played, %d passed, %d failed in %.1f s\n", len(runs), len(runs)-failed, failed, took.Seconds())
	return failed
}
