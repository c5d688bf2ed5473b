package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"time"
)

//go:embed html
var files embed.FS

// page is what the report and the index have in common: all they need is in them, and nothing else is let in.
type page struct {
	Style  template.CSS
	Script template.JS
}

// Policy is the page's Content-Security-Policy: its own style and script by their hashes, so that nothing in the evidence can act.
func (p page) Policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(string(p.Style)) + "; script-src " + hash(string(p.Script))
}

func newPage() (page, error) {
	style, err := files.ReadFile("html/report.css")
	if err != nil {
		return page{}, err
	}
	script, err := files.ReadFile("html/report.js")
	return page{template.CSS(style), template.JS(script)}, err
}

// report is what report.html shows.
type report struct {
	page
	Run        Run
	Verdict    string
	Started    string
	Took       string
	FailedStep *Step
	Steps      []stepRow
	timeline
	Ladder     template.HTML
	LadderNote string
	Rows       []entryRow
	Kinds      []filter
	Places     []filter
	Place      []fact
	Settings   string
}

// Count is how many entries there are.
func (r report) Count() int { return len(r.Rows) }

// filter is a kind or a place of entries that can be taken away.
type filter struct {
	Name, Label string
	Count       int
}

type fact struct{ Name, Value string }

type stepRow struct {
	Step
	moment
	Took    string
	Measure string
	Words   string
}

// moment is a time of a run: seconds with three decimals, and the microseconds after them.
type moment struct{ Sec, Us string }

func momentOf(d time.Duration) moment {
	us := d.Microseconds()
	sign := ""
	if us < 0 {
		sign, us = "−", -us
	}
	return moment{fmt.Sprintf("%s%d.%03d", sign, us/1e6, us/1e3%1e3), fmt.Sprintf("%03d", us%1e3)}
}

// writeReport makes report.html of a run and its entries.
func writeReport(w io.Writer, run Run, entries []Entry) error {
	p, err := newPage()
	if err != nil {
		return err
	}
	t, err := template.ParseFS(files, "html/report.html")
	if err != nil {
		return err
	}
	r := report{page: p, Run: run, Verdict: run.Verdict.words(), Took: seconds(run.Duration),
		Started: run.Started.UTC().Format("2006-01-02 15:04:05.000 UTC"), timeline: newTimeline(run, entries), Place: place(run)}
	for i, s := range run.Steps {
		if r.FailedStep == nil && (s.Verdict == Failed || s.Verdict == Broken) {
			r.FailedStep = &run.Steps[i]
		}
		row := stepRow{Step: s, moment: momentOf(s.Began), Took: seconds(s.Ended - s.Began), Words: s.Verdict.words()}
		if s.Measured != nil {
			row.Measure = seconds(*s.Measured)
		}
		if s.Verdict == NotRun {
			row.moment, row.Took = moment{}, ""
		}
		r.Steps = append(r.Steps, row)
	}
	r.Rows, r.Kinds, r.Places = entryRows(entries)
	r.Ladder, r.LadderNote = drawLadder(run, entries)
	var settings bytes.Buffer
	if json.Indent(&settings, run.Settings, "", "  ") != nil {
		settings.Reset()
	}
	r.Settings = cmp.Or(settings.String(), "not recorded")
	return t.Execute(w, r)
}

// place tells where it was played, and with what.
func place(r Run) (facts []fact) {
	for _, f := range []fact{{"Phone", r.Phone}, {"Servers", r.Servers}, {"Rig", cmp.Or(r.Rig, "none")}} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	facts = append(facts, fact{"Clock", fmt.Sprintf("the bench's; on the phone's the run began at %.6f s, known to ±%.3f ms",
		r.ClockOffset.Seconds(), float64(r.ClockUncertainty.Microseconds())/1e3)})
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		facts = append(facts, fact{"Version of " + name, r.Versions[name]})
	}
	return facts
}
