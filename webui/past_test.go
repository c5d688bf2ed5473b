package webui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

// longLived is a phone that was started before: events 3 to 8 are saved, 6 is missing; 9 and 10 are of this start.
func longLived(t testing.TB) *Server {
	h := newHouse()
	at := time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	for seq := range int64(9) {
		if seq > 2 && seq != 6 {
			h.saved = append(h.saved, journal.Event{Seq: seq, Time: at.Add(time.Duration(seq) * time.Second), Type: []string{"call", "failover"}[seq%2], Line: 1, Call: fmt.Sprint(seq % 3), Data: json.RawMessage(`{"from":"primary"}`)})
		}
	}
	s := newServer(t, h)
	s.Journal.Event("failover", 1, "0", nil)
	s.Journal.Event("call", 2, "1", nil)
	return s
}

func TestEventsOfThePast(t *testing.T) {
	s := longLived(t)
	for query, want := range map[string][]int64{
		"":                            {3, 4, 5, 7, 8, 9, 10},
		"?since=4":                    {5, 7, 8, 9, 10},
		"?since=8":                    {9, 10},
		"?since=99":                   {},
		"?limit=3":                    {3, 4, 5},
		"?limit=6":                    {3, 4, 5, 7, 8, 9},
		"?newest=true&limit=1":        {10},
		"?newest=true&limit=4":        {10, 9, 8, 7},
		"?before=8&limit=2":           {7, 5},
		"?before=4":                   {3},
		"?line=1&type=failover":       {3, 5, 7, 9},
		"?call=0":                     {3, 9},
		"?call=1&before=8&type=call":  {4},
		"?before=10&line=1&limit=100": {9, 8, 7, 5, 4, 3},
	} {
		var events []struct{ Seq int64 }
		w := rest(s, "GET /events"+query, "")
		if err := json.Unmarshal(w.Body.Bytes(), &events); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		got := []int64{}
		for _, e := range events {
			got = append(got, e.Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("GET /events%s: %v, want %v", query, got, want)
		}
	}
}

// A file of all there is, line by line as the events of the answer.
func TestEventFiles(t *testing.T) {
	s := longLived(t)
	w := rest(s, "GET /events.jsonl?line=1&since=4", "")
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/jsonl") || len(lines) != 4 {
		t.Fatalf("%d %v %q", w.Code, w.Header(), lines)
	}
	for _, line := range lines {
		var e struct {
			Seq  int64
			Time time.Time
			Line int
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq < 5 || e.Line != 1 || e.Time.IsZero() {
			t.Errorf("%s: %v", line, err)
		}
	}
	w = rest(s, "GET /events.csv?call=0", "")
	want := "seq,time,mono_us,type,line,call,data\r\n3,2026-03-12T10:00:03.000000Z,0,failover,1,0,\"{\"\"from\"\":\"\"primary\"\"}\"\r\n9,"
	if got := w.Body.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\r\n") != 3 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("%v %q, want %q", w.Header(), got, want)
	}
	if w := rest(s, "GET /events.csv?line=21", ""); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d", w.Code)
	}
}

// Whoever comes back gets everything since then, and is told of what is missing.
func TestReplay(t *testing.T) {
	s := longLived(t)
	for _, c := range []struct {
		since int64
		types []string
		want  string
	}{
		{2, nil, "3 4 5 6:dropped(1) 7 8"},
		{0, []string{"call"}, "2:dropped(2) 4 6:dropped(1) 8"},
		{7, nil, "8"},
		{8, nil, ""},
		{9, nil, ""},
	} {
		var got []string
		seq, err := s.replay(t.Context(), journal.Query{Since: c.since, Types: c.types}, func(e journal.Event) error {
			text := fmt.Sprint(e.Seq)
			if e.Type == journal.Dropped {
				text += fmt.Sprintf(":dropped(%d)", e.Data.(event.Dropped).Count)
			}
			got = append(got, text)
			return nil
		})
		if told := strings.Join(got, " "); err != nil || seq != max(8, c.since) || told != c.want {
			t.Errorf("since %d: %q up to %d, %v, want %q", c.since, told, seq, err, c.want)
		}
	}
}

// What was lost at the end of the history, before the journal begins, is told as well.
func TestReplayLostAtTheEnd(t *testing.T) {
	s := longLived(t)
	s.History = emptyHistory{}
	var told []journal.Event
	seq, err := s.replay(t.Context(), journal.Query{Since: 5}, func(e journal.Event) error { told = append(told, e); return nil })
	if err != nil || seq != 8 || len(told) != 1 || told[0].Type != journal.Dropped || told[0].Data != (event.Dropped{Count: 3}) {
		t.Errorf("%d %v %v", seq, told, err)
	}
}

type emptyHistory struct{ History }

func (emptyHistory) EventHistory(context.Context, journal.Past) ([]journal.Event, error) {
	return nil, nil
}

// A list has every event that was decided before the request came: it waits until those are recorded.
func TestEventsWaitForWhatIsDecided(t *testing.T) {
	for _, path := range []string{"/events", "/events.jsonl", "/system/information"} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, newHouse())
			d := s.Journal.Decider()
			d.Deciding(time.Now())
			decided := time.Now()
			time.AfterFunc(50*time.Millisecond, func() {
				s.Journal.RecordAt(decided, 1, "", event.Failover{From: "primary", To: "backup"})
				d.Close()
			})
			text := rest(s, "GET "+path, "").Body.String()
			if took := time.Since(decided); took != 50*time.Millisecond || !strings.Contains(text, `"failover"`) && !strings.Contains(text, `"last_event":1`) {
				t.Errorf("GET %s after %v: %s", path, took, text)
			}
		})
	}
}

// An event that was decided earlier than the oldest that is held, and one that is not held and later than that, are in the answer.
func TestEventsSinceATimeAreAllThere(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	s.Journal = journal.New(journal.Config{Events: 2})
	now := time.Now()
	h.saved = []journal.Event{s.Journal.RecordAt(now.Add(3*time.Second), 0, "", event.Failover{})}
	s.Journal.RecordAt(now.Add(time.Second), 0, "", event.Failback{})
	s.Journal.RecordAt(now.Add(4*time.Second), 0, "", event.Failover{}) // and the first is not held any more
	events, err := s.past(t.Context(), journal.Past{From: now.Add(2 * time.Second)})
	if err != nil || len(events) != 2 || events[0].Seq != 1 || events[1].Seq != 3 {
		t.Errorf("%v, %v", events, err)
	}
}
