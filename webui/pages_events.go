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
)

const (
	maxShownEvents = 200
	panelEvents    = 6
)

// eventKinds are the events in the groups by which a person looks for them. Each type stands in one; the rest are of the first.
var eventKinds = []struct {
	Name  string
	Types []string
	On    bool // shown unless chosen otherwise
}{
	{"failover", []string{"failover", "failback", "failback_timer", "probe_start", "probe_end", "all_failed"}, true},
	{"line", []string{"line_state", "registered", "register_rejected", "quarantine"}, true},
	{"attempt", []string{"attempt_start", "send", "response", "icmp", "attempt_end", "challenge_refused", "late_response", "bye_lost", "malformed", "refused", "icmp_ignored"}, true},
	{"call", []string{"call", "media"}, true},
	{"board", []string{"hook", "key", "lamp", "ringer", "phone", "fault"}, false},
	{"settings", []string{"settings", "login", "lab", "lock"}, true},
}

// liveTypes are all of them, for the script: the browser hands on only events it was told to expect.
var liveTypes = func() string {
	types := []string{journal.Dropped}
	for _, k := range eventKinds {
		types = append(types, k.Types...)
	}
	return strings.Join(types, " ")
}()

// panelTypes are the events on the front panel: what a person would tell another.
var panelTypes = []string{"failover", "failback", "all_failed", "attempt_end", "probe_end", "line_state", "register_rejected", "call", "media", "hook", "fault", "lab", "settings", "login", "lock", "bye_lost"}

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
	for _, k := range eventKinds {
		on := slices.Contains(q["kind"], k.Name) || (len(q["kind"]) == 0 && k.On)
		if on {
			p.Types = append(p.Types, k.Types...)
		}
		kinds = append(kinds, kindChoice{k.Name, l.say("kind." + k.Name), on})
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
	events := s.Journal.Events(journal.Query{Since: max(0, newest-historyEvents), Types: panelTypes})
	slices.Reverse(events)
	events = slices.DeleteFunc(events, func(e journal.Event) bool {
		var d attemptData
		return e.Type == "attempt_end" && json.Unmarshal(e.DataJSON(), &d) == nil && !attempt{Over: true, Cause: d.Cause, Code: d.Code}.failed()
	})
	return s.eventRows(ctx, l, events[:min(len(events), panelEvents)])
}

// eventRows puts events, newest first, into words.
func (s *Server) eventRows(ctx context.Context, l language, events []journal.Event) ([]eventRow, error) {
	var branches map[string]branchData
	if i := slices.IndexFunc(events, func(e journal.Event) bool { return dataOf(e)["branch"] != nil }); i >= 0 {
		starts, err := s.past(ctx, journal.Past{Query: journal.Query{Types: []string{"attempt_start"}, Limit: maxBranches}, Before: events[i].Seq + 1, Newest: true})
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
	row := eventRow{Seq: e.Seq, Type: e.Type, Where: l.say("events.phone"), Hot: e.Type == "failover" || e.Type == "failback"}
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
		var d attemptData
		if json.Unmarshal(e.DataJSON(), &d) == nil {
			branches[d.Branch] = branchData{d.Method, string(d.Slot)}
		}
	}
	return branches
}

// branchData is the request that a branch belongs to.
type branchData struct{ Method, Slot string }
