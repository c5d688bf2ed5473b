package hil

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// run is a scenario while it is played.
type run struct {
	bench    *Bench
	scenario *scenario.Scenario
	folder   Evidence
	phone    *Phone
	servers  Servers
	peer     Peer
	clock    *clock
	sight    *sight
	feed     *feed

	step   atomic.Int32       // that is being carried out, from 1; 0 before and after
	acted  time.Duration      // when the last step that did something began
	action scenario.Step      // that step
	labels map[string]instant // when a step began, or came true
	t1     time.Duration      // of the line

	messages map[string]string // label to the SIP message that came there

	had    map[int]map[string]any // settings of lines as they were
	report evidence.Run

	tidying  bool
	undo     []func(context.Context) error // last first
	watching sync.WaitGroup
	watch    context.Context // of those that watch
	blind    context.CancelFunc
}

// errInterrupted is the cause of a run that was ended from outside.
var errInterrupted = errors.New("interrupted")

// tidyTime bounds the clean-up.
const tidyTime = 45 * time.Second

// Play plays a scenario and cleans up behind it, whatever happens; when ctx ends it cleans up at once. The verdict is in the result. The caller
// finishes the evidence with it.
func (b *Bench) Play(ctx context.Context, s *scenario.Scenario, folder Evidence) evidence.Run {
	r := &run{bench: b, scenario: s, folder: folder, sight: newSight(), labels: map[string]instant{}, messages: map[string]string{}, had: map[int]map[string]any{},
		clock: &clock{zero: time.Now()}, t1: 500 * time.Millisecond}
	folder.Hide(b.secrets()...)
	if !b.bare() {
		r.phone = b.phone()
		r.phone.Heard = r.heard
	}
	r.watch, r.blind = context.WithCancel(context.WithoutCancel(ctx))
	r.report = evidence.Run{Name: s.Name, File: s.File, Source: s.Source, Proves: s.Proves, Started: time.Now(), Phone: b.Place.Phone, Verdict: evidence.Passed,
		Versions: map[string]string{"bench": b.Version, "go": runtime.Version()}}
	for i, step := range s.Steps {
		r.report.Steps = append(r.report.Steps, evidence.Step{Number: i + 1, Line: step.Line, Text: step.Text, Label: step.Label, Verdict: evidence.NotRun})
	}
	b.Watch.Begins(r.report)
	timed, cancel := context.WithTimeout(ctx, timeLimit(s))
	defer cancel()
	err := r.prepare(timed)
	if err != nil {
		r.ends(ctx, fmt.Errorf("before the first step: %w", err))
	} else {
		r.play(ctx, timed)
	}
	r.step.Store(0)
	r.tidy(context.WithoutCancel(ctx))
	r.report.Duration = r.clock.now()
	b.Watch.Ends(r.report)
	return r.report
}

// after notes what has to be done at the end.
func (r *run) after(do func(context.Context) error) { r.undo = append(r.undo, do) }

// behind runs something that watches, until the clean-up is done.
func (r *run) behind(watch func(context.Context)) { r.watching.Go(func() { watch(r.watch) }) }

// ends gives the run its verdict by the first thing that went wrong.
func (r *run) ends(ctx context.Context, err error) {
	if r.report.Cause != "" {
		return
	}
	gone := (*GoneError)(nil)
	switch {
	case ctx.Err() != nil:
		r.report.Verdict, r.report.Cause = evidence.Broken, errInterrupted.Error()
	case errors.Is(err, context.DeadlineExceeded):
		r.report.Verdict, r.report.Cause = evidence.Failed, fmt.Sprintf("the scenario takes longer than %v", timeLimit(r.scenario))
	case errors.As(err, &gone), errors.Is(err, errRestarted):
		r.report.Verdict, r.report.Cause = evidence.Broken, err.Error()
	default:
		r.report.Verdict, r.report.Cause = evidence.Failed, err.Error()
	}
	r.entry(evidence.LogKind, evidence.FromBench, r.report.Cause, nil)
}

func (r *run) entry(kind evidence.Kind, from, text string, data json.RawMessage) {
	r.folder.Entry(evidence.Entry{At: r.clock.now(), Kind: kind, From: from, Step: int(r.step.Load()), Text: text, Data: data})
}

// heard puts a request into the evidence.
func (r *run) heard(q Request) {
	data, err := json.Marshal(struct {
		Method string          `json:"method"`
		Path   string          `json:"path"`
		Body   json.RawMessage `json:"body,omitempty"`
		Status int             `json:"status"`
		TookUS int64           `json:"took_us"`
		Error  string          `json:"error,omitempty"`
	}{q.Method, q.Path, q.Body, q.Status, q.Ended.Sub(q.Began).Microseconds(), textOf(q.Err)})
	if err != nil {
		data = nil
	}
	r.folder.Entry(evidence.Entry{At: r.clock.at(q.Began), Kind: evidence.RESTKind, From: evidence.FromBench, Step: int(r.step.Load()),
		Text: fmt.Sprintf("%s %s %s: %d", q.Method, q.Path, q.Body, q.Status), Data: data})
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// play carries out the steps until one fails.
func (r *run) play(ctx, timed context.Context) {
	for i, step := range r.scenario.Steps {
		r.step.Store(int32(i + 1))
		s := &r.report.Steps[i]
		s.Began = r.clock.now()
		r.entry(evidence.StepKind, evidence.FromBench, s.Text, nil)
		r.bench.Watch.StepBegins(*s)
		err := timed.Err()
		if err == nil {
			err = r.lost()
		}
		if err == nil {
			err = r.do(timed, step, s)
		}
		s.Ended, s.Verdict = r.clock.now(), evidence.Passed
		if err != nil {
			r.ends(ctx, err)
			s.Verdict, s.Cause = r.report.Verdict, r.report.Cause
			r.report.Cause = s.Text + ": " + s.Cause
		}
		r.entry(evidence.StepKind, evidence.FromBench, fmt.Sprintf("%s: %s", s.Text, s.Verdict), nil)
		r.bench.Watch.StepEnds(*s)
		if err != nil {
			return
		}
	}
}

// lost is why nothing is seen any more, nil while all is well.
func (r *run) lost() error {
	r.sight.mu.Lock()
	defer r.sight.mu.Unlock()
	return r.sight.lost
}

// tidy undoes what was done, the last first, and waits for those that watch. What fails is told and does not change the verdict.
func (r *run) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tidyTime)
	defer cancel()
	r.tidying = true
	for _, undo := range slices.Backward(r.undo) {
		if err := undo(ctx); err != nil {
			r.entry(evidence.LogKind, evidence.FromBench, "cleaning up: "+err.Error(), nil)
		}
	}
	r.blind()
	r.watching.Wait()
}
