package webui

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

const (
	maxShownEvents = 200
	panelEvents    = 6
)

// liveTypes are all types, for the script: the browser hands on only events that it listens for.
var liveTypes = strings.Join(event.Types(), " ")

type eventsData struct {
	frame
	Choices []lineChoice
	Kinds   []kindChoice
	Call    string // only those of this call; empty: of all
	Count   string
	Events  []eventRow
	Paused  bool   // what is newer is not shown
	Hidden  string // how many those are
	Pause   string // links: to the page as it stands now, to the one that goes on, to what is older, to files
	Live    string
	Older   string
	JSONL   string
	CSV     string
}

type kindChoice struct {
	Name, Text string
	On         bool
}

// eventRow is an event in words.
type eventRow struct {
	Seq         int64
	Day         string // empty: today
	Time, Micro string
	Where, Type string
	Text        string
	Hot         bool // the active server changed
}

func (s *Server) eventsPage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	q := c.QueryParams()
	p, kinds := eventsWanted(l, q)
	f, cards, err := s.frame(c, who, l, "/events", "events.title", "GET /api/v1/events", "GET /api/v1/events/stream", "GET /api/v1/events.jsonl", "GET /api/v1/events.csv")
	if err != nil {
		return err
	}
	d := eventsData{frame: f, Choices: lineChoices(cards, p.Line), Kinds: kinds, Call: p.Call}
	events, err := s.past(c.Request().Context(), p)
	if err != nil {
		return err
	}
	if d.Events, err = s.eventRows(c.Request().Context(), l, events[:min(len(events), maxShownEvents)]); err != nil {
		return err
	}
	d.Count = l.say("events.count", len(d.Events))
	if len(events) > maxShownEvents {
		d.Older = linkWith("/events", q, "before", events[maxShownEvents-1].Seq)
	}
	d.Live = linkWith("/events", q, "before", 0)
	d.Pause = linkWith("/events", q, "before", f.Since+1)
	if p.Before > 0 {
		d.Paused = true
		newer := p
		newer.Before, newer.Since, newer.Newest, newer.Limit = 0, p.Before-1, false, maxHidden+1
		hidden, err := s.past(c.Request().Context(), newer)
		if err != nil {
			return err
		}
		d.Hidden = hiddenCount(l, len(hidden))
	}
	file := url.Values{"type": {strings.Join(p.Types, ",")}, "line": {strconv.Itoa(p.Line)}}
	if p.Call != "" {
		file.Set("call", p.Call)
	}
	d.JSONL, d.CSV = base+"/events.jsonl?"+file.Encode(), base+"/events.csv?"+file.Encode()
	return s.show(c, http.StatusOK, "events", d)
}

// eventsWanted reads the filters of the page from its address.
func eventsWanted(l language, q url.Values) (p journal.Past, kinds []kindChoice) {
	if p.Line, _ = strconv.Atoi(q.Get("line")); !lineExists(p.Line) {
		p.Line = 0 // of all lines
	}
	if before, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && before > 0 {
		p.Before = before
	}
	p.Call, p.Newest, p.Limit = q.Get("call"), true, maxShownEvents+1
	for _, g := range event.Groups {
		on := slices.Contains(q["kind"], string(g)) || (len(q["kind"]) == 0 && g.Shown())
		if on {
			p.Types = append(p.Types, event.OfGroup(g)...)
		}
		kinds = append(kinds, kindChoice{string(g), l.say("kind." + string(g)), on})
	}
	p.Types = append(p.Types, journal.Dropped)
	return p, kinds
}

// linkWith is the page at path with its filters and one number, which 0 leaves out.
func linkWith(path string, q url.Values, name string, n int64) string {
	v := url.Values{}
	for key, values := range q {
		if key != name && key != "lang" && key != "done" {
			v[key] = values
		}
	}
	if n != 0 {
		v.Set(name, strconv.FormatInt(n, 10))
	}
	return strings.TrimSuffix(path+"?"+v.Encode(), "?")
}

// maxHidden is how far newer events are counted.
const maxHidden = 999

func hiddenCount(l language, n int) string {
	if n > maxHidden {
		return l.say("events.hidden.many", maxHidden)
	}
	return l.say("events.hidden", n)
}

// newestEvents are those of the front panel, of what is held. An attempt that was answered says nothing that the others do not.
func (s *Server) newestEvents(ctx context.Context, l language) ([]eventRow, error) {
	_, newest := s.Journal.Held()
	events := s.Journal.Events(journal.Query{Since: max(0, newest-historyEvents), Types: event.PanelTypes()})
	slices.Reverse(events)
	events = slices.DeleteFunc(events, func(e journal.Event) bool {
		d, ok := journal.As[event.AttemptEnd](e)
		return ok && !attempt{Over: true, Cause: line.Cause(d.Cause), Code: d.Code}.failed()
	})
	return s.eventRows(ctx, l, events[:min(len(events), panelEvents)])
}

// eventRows puts events, newest first, into words.
func (s *Server) eventRows(ctx context.Context, l language, events []journal.Event) ([]eventRow, error) {
	var branches map[string]branchData
	if i := slices.IndexFunc(events, func(e journal.Event) bool { return dataOf(e)["branch"] != nil }); i >= 0 {
		starts, err := s.past(ctx, journal.Past{Query: journal.Query{Types: event.Names(event.AttemptStart{}), Limit: maxBranches}, Before: events[i].Seq + 1, Newest: true})
		if err != nil {
			return nil, err
		}
		branches = branchesOf(starts)
	}
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i] = newEventRow(l, e, branches)
	}
	return rows, nil
}

func newEventRow(l language, e journal.Event, branches map[string]branchData) eventRow {
	d := eventWordsOf{lang: l, data: dataOf(e)}
	row := eventRow{Seq: e.Seq, Type: e.Type, Where: l.say("events.phone"), Hot: slices.Contains(changeTypes, e.Type)}
	row.Time, row.Micro = l.clock(e.Time)
	row.Day = l.dayOf(e.Time)
	if e.Line != 0 {
		row.Where = l.say("line.n", e.Line)
	}
	row.Text = d.describe(e.Type, branches[d.text("branch")])
	return row
}

// dayOf is the date of an instant, empty for today.
func (l language) dayOf(t time.Time) string {
	if day := l.at(t).Format(time.DateOnly); day != l.at(time.Now()).Format(time.DateOnly) {
		return day
	}
	return ""
}

// dataOf returns what an event says, by name.
func dataOf(e journal.Event) map[string]any {
	data := map[string]any{}
	if json.Unmarshal(e.DataJSON(), &data) != nil {
		return map[string]any{"unreadable": e.Type}
	}
	return data
}

// maxBranches bounds how many attempts are looked through for those that other events name.
const maxBranches = 300

// branchesOf returns what was asked of whom, for the events that only name the branch.
func branchesOf(starts []journal.Event) map[string]branchData {
	branches := map[string]branchData{}
	for _, e := range starts {
		if d, ok := journal.As[event.AttemptStart](e); ok {
			branches[d.Branch] = branchData{d.Method, d.Slot}
		}
	}
	return branches
}

// branchData is the request that a branch belongs to.
type branchData struct{ Method, Slot string }
