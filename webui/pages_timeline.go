package webui

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// zooms are the lengths of time that the timeline shows.
var zooms = []struct {
	Seconds int
	Word    string
}{{60, "zoom.minute"}, {600, "zoom.minutes"}, {3600, "zoom.hour"}, {10800, "zoom.hours"}, {86400, "zoom.day"}}

const (
	usualZoom     = 3600
	timelineAhead = 0.13 // of the time shown is still to come
)

type timelinePage struct {
	frame
	Choices []lineChoice
	N       int
	Zooms   []zoomChoice
	Earlier string
	Latest  string // empty: this is the latest
	Pace    int    // after so many milliseconds the drawing is made anew
	Tally   []factText
	Lanes   template.HTML
	Flag    *flagView
}

type zoomChoice struct {
	Value int
	Text  string
	On    bool
}

type factText struct{ Name, Text string }

// flagView is the seconds around a change of the active server.
type flagView struct {
	Title, Time, Text string
	Lanes             template.HTML
	Trace             string
}

func (s *Server) timelinePage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	q := c.QueryParams()
	n := lineNumber(q.Get("line"))
	f, cards, err := s.frame(c, who, l, "/timeline", "timeline.title", "GET /api/v1/lines/"+strconv.Itoa(n)+"/timeline")
	if err != nil {
		return err
	}
	d := timelinePage{frame: f, Choices: lineChoices(cards, n), N: n}
	span := d.zoom(l, q.Get("zoom"))
	until := f.Now.Add(time.Duration(float64(span) * timelineAhead))
	if ms, err := strconv.ParseInt(q.Get("until"), 10, 64); err == nil && ms > 0 && time.UnixMilli(ms).Before(f.Now) {
		until, d.Latest = time.UnixMilli(ms), linkWith("/timeline", q, "until", 0)
	} else {
		d.Pace = int(min(max(span/200, time.Second), 20*time.Second) / time.Millisecond)
	}
	d.Earlier = linkWith("/timeline", q, "until", until.Add(-span/2).UnixMilli())
	v, err := s.timeline(c.Request().Context(), n, until.Add(-span), until)
	if err != nil {
		return err
	}
	d.Tally = tallyTexts(l, v.Tally)
	flag, _ := strconv.ParseInt(q.Get("flag"), 10, 64)
	chosen := chosenChange(v.Changes, flag)
	d.Lanes = drawTimeline(l, v, f.Now, func(seq int64) string { return linkWith("/timeline", q, "flag", seq) }, chosen)
	if chosen != nil {
		if d.Flag, err = s.flagView(c.Request().Context(), l, n, *chosen); err != nil {
			return err
		}
	}
	return s.show(c, http.StatusOK, "timeline", d)
}

// zoom notes the choices and returns the one made.
func (d *timelinePage) zoom(l language, asked string) time.Duration {
	seconds, _ := strconv.Atoi(asked)
	if !slices.ContainsFunc(zooms, func(z struct {
		Seconds int
		Word    string
	}) bool {
		return z.Seconds == seconds
	}) {
		seconds = usualZoom
	}
	for _, z := range zooms {
		d.Zooms = append(d.Zooms, zoomChoice{z.Seconds, l.say(z.Word), z.Seconds == seconds})
	}
	return time.Duration(seconds) * time.Second
}

// chosenChange is the change that is looked at: the one asked for, else the newest.
func chosenChange(changes []ChangeView, seq int64) *ChangeView {
	for i := range changes {
		if changes[i].Seq == seq {
			return &changes[i]
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return &changes[len(changes)-1]
}

func tallyTexts(l language, t TallyView) []factText {
	long := func(s float64) string { return l.long(time.Duration(s * float64(time.Second))) }
	return []factText{
		{l.say("tally.primary"), long(t.PrimaryS)}, {l.say("tally.backup"), long(t.BackupS)},
		{l.say("tally.changes"), strconv.Itoa(t.Failovers) + ", " + strconv.Itoa(t.Failbacks)},
		{l.say("tally.probes"), l.say("tally.of", t.ProbesAnswered, t.Probes)},
		{l.say("tally.none"), l.seconds(time.Duration(t.LongestNoneS * float64(time.Second)).Round(time.Millisecond))},
	}
}

// long writes a length of time of minutes and hours.
func (l language) long(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return l.say("unit.whole", int(d.Seconds()))
	}
	if d < time.Hour {
		return l.say("tally.minutes", int(d.Minutes()), int(d.Seconds())%60)
	}
	return l.say("tally.hours", int(d.Hours()), int(d.Minutes())%60)
}

const (
	beforeFlag    = 2 * time.Second
	afterFlag     = 3 * time.Second
	shortestFlag  = 10 * time.Second
	longestFlag   = time.Minute
	flagEvents    = 2000
	flagRequestUp = 40 * time.Second // no request is given up later
)

// flagView draws the seconds around a change: from the first send of what was given up.
func (s *Server) flagView(ctx context.Context, l language, n int, change ChangeView) (*flagView, error) {
	at := change.Time.Time
	types := slices.Concat(timelineTypes, event.Names(event.Send{}))
	events, err := s.past(ctx, journal.Past{Query: journal.Query{Line: n, Types: types, Limit: flagEvents}, From: at.Add(-flagRequestUp), Until: at.Add(afterFlag), Newest: true})
	if err != nil {
		return nil, err
	}
	slices.Reverse(events)
	from := at.Add(-shortestFlag / 2)
	sends := sendsOf(events)
	for _, x := range sends {
		if x.given && x.at.Before(from) && x.end.After(at.Add(-time.Second)) {
			from = x.at
		}
	}
	from = later(from.Add(-beforeFlag), at.Add(-longestFlag))
	until := at.Add(afterFlag)
	v, err := s.timeline(ctx, n, from, until)
	if err != nil {
		return nil, err
	}
	f := &flagView{Title: l.say("timeline." + change.Kind), Time: l.clockTime(at), Lanes: drawFlag(l, v, sends, change),
		Trace: "/trace?" + url.Values{"line": {strconv.Itoa(n)}}.Encode()}
	f.Text = newEventRow(l, journal.Event{Type: change.Kind, Time: at, Data: change}, nil).Text
	return f, nil
}

// requestSend is one time that a request was sent.
type requestSend struct {
	at, end time.Time
	attempt
	again bool
	given bool // the attempt failed
}

// sendsOf returns the sends among events, each with what became of its attempt.
func sendsOf(events []journal.Event) (sends []requestSend) {
	byBranch := map[string][]int{}
	attempts := map[string]attempt{}
	for _, e := range attemptEvents(events) {
		switch d := e.Data.(type) {
		case event.AttemptStart:
			attempts[d.Branch] = attempt{Slot: line.Slot(d.Slot), Method: d.Method, At: e.Time}
		case event.Send:
			if a, ok := attempts[d.Branch]; ok {
				byBranch[d.Branch] = append(byBranch[d.Branch], len(sends))
				sends = append(sends, requestSend{at: e.Time, attempt: a, again: len(byBranch[d.Branch]) > 1})
			}
		case event.AttemptEnd:
			for _, i := range byBranch[d.Branch] {
				sends[i].Over, sends[i].Cause, sends[i].Reason, sends[i].Code, sends[i].end = true, line.Cause(d.Cause), d.Reason, d.Code, e.Time
				sends[i].given = sends[i].failed()
			}
		}
	}
	return sends
}
