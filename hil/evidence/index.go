package evidence

import (
	"bytes"
	"html/template"
	"strings"
)

// indexPage is what index.html shows: the runs, and what they measured.
type indexPage struct {
	page
	Started string
	Lead    string
	Verdict Verdict // the worst
	Runs    []indexRow
	Timings []timingRow
}

type indexRow struct {
	Run
	Title, Words, Took string
	Report             string // where the run's report is; empty: nowhere
}

type timingRow struct {
	Timing
	MinS, P50S, P99S, MaxS string
}

func index(runs []Run) ([]byte, error) {
	p, err := newPage()
	if err != nil {
		return nil, err
	}
	t, err := template.ParseFS(files, "html/index.html")
	if err != nil {
		return nil, err
	}
	shown := indexPage{page: p, Verdict: Passed}
	counts := map[Verdict]int{}
	names := caseNames(runs)
	for i, r := range runs {
		row := indexRow{Run: r, Title: names[i].title, Words: r.Verdict.words(), Took: seconds(r.Duration)}
		if r.Folder != "" {
			row.Report = strings.TrimSuffix(r.Folder, "/") + "/" + ReportFile
		}
		shown.Runs = append(shown.Runs, row)
		counts[r.Verdict]++
	}
	if len(runs) > 0 {
		shown.Started = runs[0].Started.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	for _, v := range []Verdict{NotRun, Broken, Failed} {
		if counts[v] > 0 {
			shown.Verdict = v
		}
	}
	shown.Lead = tally(counts)
	for _, t := range Timings(runs) {
		shown.Timings = append(shown.Timings, timingRow{t, seconds(t.Min), seconds(t.P50), seconds(t.P99), seconds(t.Max)})
	}
	var b bytes.Buffer
	err = t.Execute(&b, shown)
	return b.Bytes(), err
}
