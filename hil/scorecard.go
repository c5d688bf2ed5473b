package hil

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// ScorecardFile is the name of the scorecard in the folder of a series that asks questions.
const ScorecardFile = "scorecard.txt"

// answerOf is the answer of a run: what it asks is answered by the step with scenario.AnswerLabel. Where the run does not come so far the
// question is open. Of a scenario that asks nothing it is nil.
func answerOf(s *scenario.Scenario, run evidence.Run) *evidence.Answer {
	if s.Asks == "" {
		return nil
	}
	a := &evidence.Answer{Question: s.Asks, Scenario: strings.TrimSuffix(s.File, suffix), Answer: evidence.Yes, Cause: run.Cause}
	for _, step := range run.Steps {
		if step.Label != "" && step.Measured != nil && step.Verdict == evidence.Passed {
			a.Figures = append(a.Figures, evidence.Figure{Label: step.Label, Took: *step.Measured})
		}
	}
	at := slices.IndexFunc(run.Steps, func(step evidence.Step) bool { return step.Label == scenario.AnswerLabel })
	asked := at >= 0 && run.Steps[at].Verdict != evidence.NotRun
	switch {
	case run.Verdict == evidence.Passed:
		a.Cause = ""
	case run.Verdict == evidence.Failed && asked:
		a.Answer = evidence.No
	default:
		a.Answer = evidence.Unanswered
	}
	return a
}

// Answers are those of the runs that ask something, in their order.
func Answers(runs []evidence.Run) (all []evidence.Answer) {
	for _, run := range runs {
		if run.Answer != nil {
			all = append(all, *run.Answer)
		}
	}
	return all
}

// Scorecard writes the answers of a pair of servers: each question with its answer, the figures, and why not.
func Scorecard(w io.Writer, servers string, all []evidence.Answer) error {
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
	fmt.Fprintf(&b, "%d asked: %d yes, %d no, %d not answered\n", len(all), count[evidence.Yes], count[evidence.No], count[evidence.Unanswered])
	_, err := io.WriteString(w, b.String())
	return err
}
