package mutation

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A Session mutates packages and reports.
type Session struct {
	Runner      *Runner
	Seed        uint64
	N           int // mutants of each package, 0 for all
	Jobs        int // mutants at once
	Lines       Lines
	Own         map[string]Tests   // the tests of a package, by its path, where not all of them are run
	Named       map[string][]Tests // tests besides a package's
	Equivalents []Entry
	Verbose     bool // each mutant is reported, not only those that survive
	Out         io.Writer
}

// A Result is what became of the mutants of a package.
type Result struct {
	Package string
	Counts  map[Verdict]int
}

// Counted is how many mutants the percentage is of: those that compile and are not equivalent.
func (r Result) Counted() int {
	return r.Counts[Caught] + r.Counts[Hung] + r.Counts[Survived]
}

// Percent is how many of them survived.
func (r Result) Percent() float64 {
	if r.Counted() == 0 {
		return 0
	}
	return 100 * float64(r.Counts[Survived]) / float64(r.Counted())
}

func (r Result) String() string {
	text := fmt.Sprintf("%s: %d of %d mutants survived, %.1f %%", r.Package, r.Counts[Survived], r.Counted(), r.Percent())
	for _, v := range []Verdict{Hung, Equivalent, NotBuilt} {
		if r.Counts[v] > 0 {
			text += fmt.Sprintf(", %d %s", r.Counts[v], v)
		}
	}
	return text
}

// Package runs a sample of the mutants of one package. When the context ends, the result is of those that were run.
func (s *Session) Package(ctx context.Context, p *Package) (Result, error) {
	result := Result{p.Path, map[Verdict]int{}}
	sample := p.Sample(s.Seed, s.N, s.wanted)
	if len(sample) == 0 {
		return result, nil
	}
	own, some := s.Own[p.Path]
	if !some {
		own = Tests{Package: p.Path}
	}
	sets := append([]Tests{own}, s.Named[p.Path]...)
	for _, tests := range sets {
		took, err := s.Runner.Baseline(ctx, tests)
		if err != nil {
			return result, err
		}
		if broken := s.Runner.Broken(tests); len(broken) > 0 {
			fmt.Fprintf(s.Out, "%s fail without a mutant and are left out: %s\n", tests, strings.Join(broken, ", "))
		}
		if s.Verbose {
			fmt.Fprintf(s.Out, "%s takes %v\n", tests, took.Round(time.Millisecond))
		}
	}
	return result, s.all(ctx, p, sample, sets, result.Counts)
}

func (s *Session) wanted(m Mutant) bool { return s.Lines == nil || s.Lines.Has(m.File, m.Line) }

// all runs the mutants, some at a time, and counts verdicts.
func (s *Session) all(ctx context.Context, p *Package, sample []Mutant, sets []Tests, counts map[Verdict]int) error {
	queue := make(chan Mutant)
	var mu sync.Mutex // of the counts, the output and the first error
	var first error
	var workers sync.WaitGroup
	for range max(1, s.Jobs) {
		workers.Go(func() {
			for m := range queue {
				verdict, by, err := s.one(ctx, p, m, sets)
				mu.Lock()
				if err != nil && first == nil {
					first = err
				} else if err == nil {
					counts[verdict]++
					s.report(m, verdict, by)
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range sample {
		mu.Lock()
		stop := first != nil
		mu.Unlock()
		if stop || ctx.Err() != nil {
			break
		}
		queue <- m
	}
	close(queue)
	workers.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return first
}

func (s *Session) one(ctx context.Context, p *Package, m Mutant, sets []Tests) (Verdict, string, error) {
	for _, e := range s.Equivalents {
		if e.Matches(m) {
			return Equivalent, e.Reason, nil
		}
	}
	return s.Runner.Run(ctx, p, m, sets...)
}

func (s *Session) report(m Mutant, verdict Verdict, by string) {
	switch {
	case verdict == Survived:
		fmt.Fprint(s.Out, m)
	case s.Verbose:
		fmt.Fprintf(s.Out, "%s: %s\n%s", verdict, by, m)
	}
}
