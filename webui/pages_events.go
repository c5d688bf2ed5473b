package webui

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

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
	{"attempt", []string{"attempt_start", "send", "response", "icmp", "attempt_end", "late_response", "bye_lost"}, true},
	{"call", []string{"call"}, true},
	{"board", []string{"hook", "key", "lamp", "ringer", "phone", "fault"}, false},
	{"settings", []string{"settings", "login", "lab"}, true},
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
var panelTypes = []string{"failover", "failback", "all_failed", "attempt_end", "probe_end", "line_state", "register_rejected", "call", "hook", "fault", "lab", "settings", "login", "bye_lost"}

type eventsData struct {
	frame
	Choices []lineChoice
	Kinds   []kindChoice
	Count   string
	Events  []eventRow
}

type kindChoice struct {
	Name, Text string
	On         bool
}

// eventRow is an event in words.
type eventRow struct {
	Seq         int64
	Time, Micro string
	Where, Type string
	Text        string
	Hot         bool // the active server changed
}

func (s *Server) eventsPage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	f, cards, err := s.frame(c, who, l, "/events", "events.title", "GET /api/v1/events", "GET /api/v1/events/stream")
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(c.QueryParam("line")) // 0: of all lines
	if !lineExists(n) {
		n = 0
	}
	d := eventsData{frame: f, Choices: lineChoices(cards, n)}
	chosen := c.QueryParams()["kind"]
	var types []string
	for _, k := range eventKinds {
		on := slices.Contains(chosen, k.Name) || (len(chosen) == 0 && k.On)
		if on {
			types = append(types, k.Types...)
		}
		d.Kinds = append(d.Kinds, kindChoice{k.Name, l.say("kind." + k.Name), on})
	}
	types = append(types, journal.Dropped)
	d.Events = s.eventRows(l, n, types, maxShownEvents, nil)
	d.Count = l.say("trace.count", len(d.Events))
	return s.show(c, http.StatusOK, "events", d)
}

// newestEvents are those of the front panel. An attempt that was answered says nothing that the others do not.
func (s *Server) newestEvents(l language) []eventRow {
	return s.eventRows(l, 0, panelTypes, panelEvents, func(e journal.Event) bool {
		var d attemptData
		return e.Type != "attempt_end" || json.Unmarshal(e.DataJSON(), &d) != nil || attempt{Over: true, Cause: d.Cause, Code: d.Code}.failed()
	})
}

// eventRows returns the newest events of the types that are wanted (nil: all), newest first.
func (s *Server) eventRows(l language, n int, types []string, limit int, wanted func(journal.Event) bool) []eventRow {
	_, newest := s.Journal.Held()
	events := s.Journal.Events(journal.Query{Since: max(0, newest-historyEvents), Line: n, Types: append(slices.Clone(types), "attempt_start")})
	var rows []eventRow
	branches := branchesOf(events)
	for i := len(events) - 1; i >= 0 && len(rows) < limit; i-- {
		if e := events[i]; slices.Contains(types, e.Type) && (wanted == nil || wanted(e)) {
			rows = append(rows, newEventRow(l, e, branches))
		}
	}
	return rows
}

func newEventRow(l language, e journal.Event, branches map[string]branchData) eventRow {
	d := eventWordsOf{lang: l, data: dataOf(e)}
	row := eventRow{Seq: e.Seq, Type: e.Type, Where: l.say("events.phone"), Hot: e.Type == "failover" || e.Type == "failback"}
	row.Time, row.Micro = clock(e.Time)
	if e.Line != 0 {
		row.Where = l.say("line.n", e.Line)
	}
	row.Text = d.describe(e.Type, branches[d.text("branch")])
	return row
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
func branchesOf(events []journal.Event) map[string]branchData {
	branches := map[string]branchData{}
	for i := len(events) - 1; i >= 0 && len(branches) < maxBranches; i-- {
		var d attemptData
		if events[i].Type == "attempt_start" && json.Unmarshal(events[i].DataJSON(), &d) == nil {
			branches[d.Branch] = branchData{d.Method, string(d.Slot)}
		}
	}
	return branches
}

// branchData is the request that a branch belongs to.
type branchData struct{ Method, Slot string }
