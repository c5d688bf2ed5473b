package webui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal"
)

// outage is a day's story in the history, of a phone that was started again at the end: seconds after ten o'clock.
func outage() []journal.Event {
	at := time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	var all []journal.Event
	add := func(s int64, n int, typ, call, data string) {
		mono := s * 1e6
		if s >= 5000 {
			mono -= 5000e6
		}
		all = append(all, journal.Event{Seq: int64(len(all) + 1), Time: at.Add(time.Duration(s) * time.Second), MonoUS: mono, Type: typ, Line: n, Call: call, Data: json.RawMessage(data)})
	}
	add(0, 1, "line_state", "", `{"state":"registered","active":"primary"}`)
	add(10, 1, "call", "1", `{"state":"calling","remote":"1002","server":"primary"}`)
	add(12, 2, "line_state", "", `{"active":"backup"}`)
	add(70, 1, "call", "1", `{"state":"ended","remote":"1002","server":"primary"}`)
	add(100, 0, "lab", "", `{"server":"primary","behaviour":"silent"}`)
	add(200, 1, "attempt_start", "", `{"method":"REGISTER","slot":"primary","branch":"a"}`)
	add(208, 1, "attempt_end", "", `{"branch":"a","cause":"no_response","elapsed_ms":7500}`)
	add(208, 1, "failover", "", `{"from":"primary","to":"backup","trigger":"manual","method":"REGISTER","cause":"no_response"}`)
	add(208, 1, "line_state", "", `{"state":"trying","active":"none"}`)
	add(209, 1, "line_state", "", `{"state":"registered","active":"backup"}`)
	add(1009, 1, "probe_start", "", `{"slot":"primary"}`)
	add(1041, 1, "probe_end", "", `{"result":"unavailable","cause":"no_response"}`)
	add(2000, 0, "lab", "", `{"server":"primary","behaviour":"serve"}`)
	add(2009, 1, "probe_start", "", `{"slot":"primary"}`)
	add(2009, 1, "attempt_start", "", `{"method":"REGISTER","slot":"primary","branch":"b"}`)
	add(2010, 1, "attempt_end", "", `{"branch":"b","cause":"response","code":200}`)
	add(2010, 1, "probe_end", "", `{"result":"recovered","cause":"response","code":200}`)
	add(2010, 1, "failback", "", `{"from":"backup","to":"primary"}`)
	add(2010, 1, "line_state", "", `{"state":"registered","active":"primary"}`)
	add(3000, 1, "call", "2", `{"state":"talking","remote":"1003","server":"primary"}`)
	add(5010, 1, "line_state", "", `{"state":"registered","active":"primary"}`) // started again
	return all
}

func ask(t *testing.T, s *Server, since, until string) TimelineView {
	t.Helper()
	w := rest(s, fmt.Sprintf("GET /lines/1/timeline?since=2026-03-12T%sZ&until=2026-03-12T%sZ", since, until), "")
	var v TimelineView
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return v
}

// told writes a timeline in a line: seconds after ten o'clock.
func told(v TimelineView) string {
	at := time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	s := func(t Time) string {
		if t.IsZero() {
			return "-"
		}
		return fmt.Sprint(t.Sub(at).Seconds())
	}
	var b strings.Builder
	for _, r := range v.Registered {
		fmt.Fprintf(&b, "%s %s..%s; ", r.Server, s(r.Since), s(r.Until))
	}
	for _, o := range v.Outages {
		fmt.Fprintf(&b, "out %s %s %s %s..%s; ", o.Server, o.By, o.Text, s(o.Since), s(o.Until))
	}
	for _, p := range v.Probes {
		fmt.Fprintf(&b, "probe %s %s %d %v; ", s(p.Time), p.Result, p.Code, p.Due)
	}
	for _, c := range v.Calls {
		fmt.Fprintf(&b, "call %s %s %s..%s; ", c.Remote, c.Server, s(c.Since), s(c.Until))
	}
	for _, c := range v.Changes {
		fmt.Fprintf(&b, "%s %s %s; ", c.Kind, s(c.Time), c.Cause)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestTimeline(t *testing.T) {
	h := newHouse()
	h.saved = outage()
	s := newServer(t, h)
	v := ask(t, s, "10:00:00", "11:00:00")
	want := "primary 0..208; backup 209..2010; primary 2010..-; out primary lab silent 100..2000; out primary phone no_response 208..2010; " +
		"probe 1009 unavailable 0 false; probe 2009 recovered 200 false; call 1002 primary 10..70; call 1003 primary 3000..-; failover 208 no_response; failback 2010 "
	if got := told(v); got != strings.TrimSpace(want) && got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if want := (TallyView{PrimaryS: 208 + 3600 - 2010, BackupS: 1801, Failovers: 1, Failbacks: 1, Probes: 2, ProbesAnswered: 1, LongestNoneS: 1}); v.Tally != want {
		t.Errorf("%+v, want %+v", v.Tally, want)
	}
	// What began before the window is known in it.
	if got, want := told(ask(t, s, "10:20:00", "10:30:00")), "backup 209..-; out primary lab silent 100..-; out primary phone no_response 208..-"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	// Starting again ends what was open, at the last that was heard.
	if got, want := told(ask(t, s, "10:45:00", "11:30:00")), "primary 2010..3000; primary 5010..-; call 1003 primary 3000..3000"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestTimelineBounds(t *testing.T) {
	s := newServer(t, newHouse())
	for _, query := range []string{"since=2026-03-12T10:00:00Z&until=2026-03-12T09:00:00Z", "since=2026-01-12T10:00:00Z&until=2026-03-12T09:00:00Z"} {
		if w := rest(s, "GET /lines/1/timeline?"+query, ""); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "since") {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

// The page draws the history of before this start, each lane in its place, and the seconds around a change.
func TestTimelinePage(t *testing.T) {
	_, s := inhabited(t)
	s.Journal.Event("lab", 0, "", map[string]any{"server": "backup", "behaviour": "hang"})
	s.Journal.Event("call", 1, "1", map[string]any{"state": "talking", "remote": `<b>"1002"`, "server": "backup"})
	page := browse(s, RoleAdmin, english, "GET /timeline?zoom=10800", nil).Body.String()
	for _, want := range []string{`class="hatched"`, `class="p"`, `>failover</text>`, `data-pace="20000"`, `id="now"`, "due</title>", "&lt;b&gt;", "lab: "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	svg(t, page[strings.Index(page, `<svg class="draw" height="300"`):strings.Index(page, `</svg><p class="hint">`)+6])
	if page = browse(s, RoleAdmin, english, "GET /timeline?until=1000", nil).Body.String(); strings.Contains(page, `id="now"`) || !strings.Contains(page, `href="/timeline" data-swap>now`) {
		t.Error("what is long past is not shown as such")
	}
}

// Events of one start are not in the order of their times where goroutines write them that decided at other instants: that is no start of the phone.
// Another start is one, however its clock stands.
func TestTimelineOfLateEvents(t *testing.T) {
	h := newHouse()
	at := time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	for i, e := range []journal.Event{
		{Time: at.Add(100 * time.Second), MonoUS: 100e6, Began: 1, Type: "line_state", Line: 1, Data: json.RawMessage(`{"active":"primary"}`)},
		{Time: at.Add(200 * time.Second), MonoUS: 200e6, Began: 1, Type: "lab", Data: json.RawMessage(`{"server":"primary","behaviour":"silent"}`)},
		{Time: at.Add(199 * time.Second), MonoUS: 199e6, Began: 1, Type: "call", Line: 1, Call: "1", Data: json.RawMessage(`{"state":"talking","remote":"1002","server":"primary"}`)},
		{Time: at.Add(300 * time.Second), MonoUS: 300e6, Began: 6, Type: "line_state", Line: 1, Data: json.RawMessage(`{"active":"backup"}`)},
	} {
		e.Seq = []int64{1, 2, 3, 6}[i]
		h.saved = append(h.saved, e)
	}
	s := newServer(t, h)
	if got, want := told(ask(t, s, "10:00:00", "11:00:00")), "primary 100..200; backup 300..-; out primary lab silent 200..200; call 1002 primary 199..200"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
