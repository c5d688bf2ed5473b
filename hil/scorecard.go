package hil

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// ScorecardFile is the name of the scorecard in the folder of a series that asks questions.
const ScorecardFile = "scorecard.txt"

// The answers to a question. No is an answer as good as Yes: only Unanswered says that something went wrong.
const (
	Yes        = "yes"
	No         = "no"
	Unanswered = "not answered"
)

// Answer is what a scenario that asks something has found out.
type Answer struct {
	Question string
	Scenario string // its name among those that ship, or its file
	Answer   string // Yes, No or Unanswered
	Cause    string // why not
	Figures  []Figure
}

// Figure is how long a labelled step took.
type Figure struct {
	Label string
	Took  time.Duration
}

// AnswerOf is the answer of a run: what it asks is answered by the step with scenario.AnswerLabel. Where the run does not come so far the
// question is open.
func AnswerOf(s *scenario.Scenario, run evidence.Run) Answer {
	a := Answer{Question: s.Asks, Scenario: strings.TrimSuffix(s.File, suffix), Answer: Yes, Cause: run.Cause}
	for _, step := range run.Steps {
		if step.Label != "" && step.Measured != nil && step.Verdict == evidence.Passed {
			a.Figures = append(a.Figures, Figure{step.Label, *step.Measured})
		}
	}
	at := slices.IndexFunc(run.Steps, func(step evidence.Step) bool { return step.Label == scenario.AnswerLabel })
	asked := at >= 0 && run.Steps[at].Verdict != evidence.NotRun
	switch {
	case run.Verdict == evidence.Passed:
		a.Cause = ""
	case run.Verdict == evidence.Failed && asked:
		a.Answer = No
	default:
		a.Answer = Unanswered
	}
	return a
}

// Answers are those of the runs that ask something, in their order.
func (s *Series) Answers(runs []evidence.Run) (all []Answer) {
	for _, run := range runs {
		i := slices.IndexFunc(s.Scenarios, func(one *scenario.Scenario) bool { return one.File == run.File && one.Asks != "" })
		if i >= 0 {
			all = append(all, AnswerOf(s.Scenarios[i], run))
		}
	}
	return all
}

// Scorecard writes the answers of a pair of servers: each question with its answer, the figures, and why not.
func Scorecard(w io.Writer, servers string, all []Answer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Scorecard of %s\n", servers)
	count := map[string]int{}
	for _, a := range all {
		count[a.Answer]++
		fmt.Fprintf(&b, "  %-12s  %s", a.Answer, a.Question)
		for i, f := range a.Figures {
			fmt.Fprintf(&b, "%s%s %.3f s", map[bool]string{true: "  [", false: ", "}[i == 0], f.Label, f.Took.Seconds())
		}
		if len(a.Figures) > 0 {
			b.WriteByte(']')
		}
		b.WriteByte('\n')
		if a.Cause != "" {
			fmt.Fprintf(&b, "  %-12s  %s: %s\n", "", a.Scenario, a.Cause)
		}
	}
	fmt.Fprintf(&b, "%d asked: %d yes, %d no, %d not answered\n", len(all), count[Yes], count[No], count[Unanswered])
	_, err := io.WriteString(w, b.String())
	return err
}
