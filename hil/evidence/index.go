package evidence

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"
)

// indexPage is what index.html shows: what was found out, the runs, and what they measured.
type indexPage struct {
	page
	Started string
	Lead    string
	Verdict Verdict // the worst
	Facts   []fact
	Answers []answerRow
	Runs    []indexRow
	Timings []timingRow
}

type indexRow struct {
	Run
	Title, Words, Took string
	Class              Verdict // how the verdict is drawn
	Report             string  // where the run's report is; empty: nowhere
}

type answerRow struct {
	Answer
	Class   Verdict
	Report  string
	Figures []figureRow
}

type figureRow struct{ Label, Took string }

type timingRow struct {
	Timing
	MinS, P50S, P99S, MaxS string
}

func index(_ string, runs []Run) ([]byte, error) {
	p, err := newPage()
	if err != nil {
		return nil, err
	}
	t, err := template.ParseFS(files, "html/index.html")
	if err != nil {
		return nil, err
	}
	shown := indexPage{page: p, Verdict: Passed, Facts: commonPlace(runs)}
	names := caseNames(runs)
	counts, answers := map[Verdict]int{}, map[string]int{}
	for i, r := range runs {
		row := indexRow{Run: r, Title: names[i].title, Words: r.Verdict.words(), Class: r.Verdict, Took: seconds(r.Duration)}
		if r.Folder != "" {
			row.Report = strings.TrimSuffix(r.Folder, "/") + "/" + ReportFile
		}
		worst := r.Verdict
		if r.Answer != nil {
			a := answerRowOf(*r.Answer, r.Verdict, row.Report)
			if r.Answer.Answer != Unanswered {
				row.Words, row.Class, worst = r.Answer.Answer, a.Class, Passed // no is an answer
			}
			answers[r.Answer.Answer]++
			shown.Answers = append(shown.Answers, a)
		} else {
			counts[r.Verdict]++
		}
		if slices.Index(badness, worst) > slices.Index(badness, shown.Verdict) {
			shown.Verdict = worst
		}
		shown.Runs = append(shown.Runs, row)
	}
	if len(runs) > 0 {
		shown.Started = runs[0].Started.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	shown.Lead = lead(counts, answers)
	for _, t := range Timings(runs) {
		shown.Timings = append(shown.Timings, timingRow{t, seconds(t.Min), seconds(t.P50), seconds(t.P99), seconds(t.Max)})
	}
	var b bytes.Buffer
	err = t.Execute(&b, shown)
	return b.Bytes(), err
}

// badness are the verdicts from the best to the worst.
var badness = []Verdict{Passed, NotRun, Broken, Failed}

func answerRowOf(a Answer, verdict Verdict, report string) answerRow {
	row := answerRow{Answer: a, Class: map[string]Verdict{Yes: Passed, No: Failed}[a.Answer], Report: report}
	if row.Class == "" {
		row.Class = verdict
	}
	for _, f := range a.Figures {
		row.Figures = append(row.Figures, figureRow{f.Label, seconds(f.Took)})
	}
	return row
}

// lead says what came of all: "10 asked: 8 yes, 2 no; 3 passed, 1 failed".
func lead(counts map[Verdict]int, answers map[string]int) string {
	if len(answers) == 0 {
		return tally(counts)
	}
	asked := 0
	var parts []string
	for _, a := range []string{Yes, No, Unanswered} {
		if n := answers[a]; n > 0 {
			asked += n
			parts = append(parts, fmt.Sprintf("%d %s", n, a))
		}
	}
	text := fmt.Sprintf("%d asked: %s", asked, strings.Join(parts, ", "))
	if len(counts) > 0 {
		text += "; " + tally(counts)
	}
	return text
}

// commonPlace tells where runs were played, with what, and how long they took.
func commonPlace(runs []Run) (facts []fact) {
	var phones, servers, rigs []string
	versions := map[string][]string{}
	add := func(all []string, one string) []string {
		if one == "" || slices.Contains(all, one) {
			return all
		}
		return append(all, one)
	}
	var took time.Duration
	for _, r := range runs {
		phones, servers, rigs = add(phones, r.Phone), add(servers, r.Servers), add(rigs, r.Rig)
		for name, version := range r.Versions {
			versions[name] = add(versions[name], version)
		}
		took += r.Duration
	}
	for _, f := range []struct {
		name   string
		values []string
	}{{"Phone", phones}, {"Servers", servers}, {"Rig", rigs}} {
		for _, value := range f.values {
			facts = append(facts, fact{f.name, value})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		facts = append(facts, fact{"Version of " + name, strings.Join(versions[name], ", ")})
	}
	if len(runs) > 0 {
		facts = append(facts, fact{"Took", seconds(took) + " s"})
	}
	return facts
}
