package hil

import (
	"strings"
	"testing"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// TestScorecard: a question is open where the run did not come to it, and answered no where that or something after it did not come true.
func TestScorecard(t *testing.T) {
	s, err := scenario.Parse("q.scenario", []byte("scenario Q\nasks Is it so?\nserver primary down as away\nexpect call talking within 1s as answer\nexpect peer up within 1s"))
	if err != nil {
		t.Fatal(err)
	}
	took := 1500 * time.Millisecond
	run := func(verdict evidence.Verdict, steps ...evidence.Verdict) evidence.Run {
		r := evidence.Run{File: s.File, Verdict: verdict, Steps: []evidence.Step{{Label: "away"}, {Label: scenario.AnswerLabel, Measured: &took}, {}}}
		if verdict != evidence.Passed {
			r.Cause = "it did not come"
		}
		for i, v := range steps {
			r.Steps[i].Verdict = v
		}
		return r
	}
	runs := []evidence.Run{
		run(evidence.Passed, evidence.Passed, evidence.Passed, evidence.Passed),
		run(evidence.Failed, evidence.Passed, evidence.Failed, evidence.NotRun),
		run(evidence.Failed, evidence.Passed, evidence.Passed, evidence.Failed),
		run(evidence.Failed, evidence.Failed, evidence.NotRun, evidence.NotRun),
		run(evidence.Broken, evidence.Passed, evidence.Broken, evidence.NotRun),
	}
	for i := range runs {
		runs[i].Answer = answerOf(s, runs[i])
	}
	answers := Answers(append(runs, evidence.Run{Name: "asks nothing"}))
	for i, want := range []string{evidence.Yes, evidence.No, evidence.No, evidence.Unanswered, evidence.Unanswered} {
		if answers[i].Answer != want {
			t.Errorf("run %d: %s, want %s", i, answers[i].Answer, want)
		}
	}
	var text strings.Builder
	if err := Scorecard(&text, "a pair", answers); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Scorecard of a pair\n", "yes           Is it so?  [answer 1.500 s]\n", "q: it did not come\n", "5 asked: 1 yes, 2 no, 2 not answered\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if _, err := scenario.Parse("q", []byte("scenario Q\nasks Is it so?\nhook off\nexpect call talking within 1s")); err == nil || !strings.Contains(err.Error(), "no step answers it") {
		t.Errorf("a question that nothing answers: %v", err)
	}
}
