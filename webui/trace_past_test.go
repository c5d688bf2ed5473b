package webui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
)

// traced are messages of an earlier start: 3 to 8, of which 6 is missing. A failover, event 5, was between 4 and 5.
func traced(at time.Time) (all []journal.Message) {
	for seq := range int64(9) {
		if seq < 3 || seq == 6 {
			continue
		}
		start := []string{"INVITE sip:1002@a SIP/2.0", "REGISTER sip:a SIP/2.0"}[seq%2]
		m := journal.Message{Seq: seq, Time: at.Add(time.Duration(seq) * time.Second), MonoUS: 90_000_000 + seq*1_000_000, Event: 4, Line: 1, Out: true, Slot: "primary", Transport: "udp",
			Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", CallID: fmt.Sprint("c", seq%2), Start: start, Raw: fmt.Appendf(nil, "%s\r\nCSeq: %d X\r\n\r\n", start, seq)}
		if seq > 4 {
			m.Event = 5
		}
		all = append(all, m)
	}
	return all
}

// restarted is a phone that was started before, and had messages 3 to 8 and events up to 5 then. Now there are messages 9 to 11 and event 6 before 10.
func restarted(t testing.TB) *Server {
	h := newHouse()
	at := time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	h.traced = traced(at)
	h.saved = []journal.Event{{Seq: 5, Time: at.Add(4500 * time.Millisecond), Type: "failover", Line: 1, Data: json.RawMessage(`{"from":"primary","to":"backup","cause":"no_response"}`)}}
	s := newServer(t, h)
	for i, start := range []string{"REGISTER sip:a SIP/2.0", "OPTIONS sip:a SIP/2.0", "BYE sip:a SIP/2.0"} {
		if i == 1 {
			s.Journal.Event("failback", 1, "", nil)
		}
		s.Journal.Message(journal.Message{Line: 1 + i/2, Out: true, Slot: "primary", Transport: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", CallID: "c1", Start: start,
			Raw: fmt.Appendf(nil, "%s\r\nCSeq: %d Y\r\n\r\n", start, 9+i)})
	}
	return s
}

// UX-26, UX-17: the trace goes back over the start of the phone, with every filter; messages are found by numbers of their own, by those of
// events and by time.
func TestTraceOfThePast(t *testing.T) {
	s := restarted(t)
	for query, want := range map[string][]int64{
		"":                                    {3, 4, 5, 7, 8, 9, 10, 11},
		"?since=4":                            {5, 7, 8, 9, 10, 11},
		"?since=8":                            {9, 10, 11},
		"?since=11":                           {},
		"?limit=2":                            {3, 4},
		"?limit=6":                            {3, 4, 5, 7, 8, 9},
		"?newest":                             {11, 10, 9, 8, 7, 5, 4, 3},
		"?newest=true&limit=2":                {11, 10},
		"?newest=true&limit=5":                {11, 10, 9, 8, 7},
		"?before=8&limit=2":                   {7, 5},
		"?before=10&line=1":                   {9, 8, 7, 5, 4, 3},
		"?line=2":                             {11},
		"?call_id=c1":                         {3, 5, 7, 9, 10, 11},
		"?call_id=c1&since=3&limit=3":         {5, 7, 9},
		"?method=REGISTER":                    {3, 5, 7, 9},
		"?method=REGISTER,BYE&newest&limit=3": {11, 9, 7},
		"?since_event=4":                      {3, 4, 5, 7, 8, 9, 10, 11},
		"?since_event=5":                      {5, 7, 8, 9, 10, 11},
		"?since_event=6":                      {10, 11},
		"?until_event=5":                      {3, 4},
		"?since_event=5&until_event=6":        {5, 7, 8, 9},
		"?since_event=5&since=7&limit=1":      {8},
		"?since_time=2026-03-12T10:00:07Z":    {7, 8, 9, 10, 11},
		"?since_time=2026-03-12T19:00:08%2B09:00":                          {8, 9, 10, 11},
		"?until_time=2026-03-12T10:00:05Z":                                 {3, 4},
		"?since_time=2026-03-12T10:00:04Z&until_time=2026-03-12T10:00:08Z": {4, 5, 7},
	} {
		var messages []struct {
			Seq   int64
			Event int64 `json:"after_event"`
		}
		w := rest(s, "GET /trace"+query, "")
		if err := json.Unmarshal(w.Body.Bytes(), &messages); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		got := []int64{}
		for _, m := range messages {
			got = append(got, m.Seq)
			if want := map[bool]int64{true: 4}[m.Seq < 5]; want != 0 && m.Event != want || m.Seq > 9 && m.Event != 6 {
				t.Errorf("message %d is after event %d", m.Seq, m.Event)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("GET /trace%s: %v, want %v", query, got, want)
		}
		// The capture and the ladder have the same, in their order.
		slices.Sort(want)
		var inFile []int64
		file := rest(s, "GET /trace.pcapng"+query, "")
		for _, m := range regexp.MustCompile(`CSeq: (\d+) [XY]`).FindAllSubmatch(file.Body.Bytes(), -1) {
			var n int64
			fmt.Sscan(string(m[1]), &n)
			inFile = append(inFile, n)
		}
		if file.Code != http.StatusOK || !slices.Equal(inFile, want) && len(want) > 0 {
			t.Errorf("GET /trace.pcapng%s: %d with %v, want %v", query, file.Code, inFile, want)
		}
		drawing := rest(s, "GET /trace.svg"+query, "")
		if n := len(regexp.MustCompile(`class="msg`).FindAllString(drawing.Body.String(), -1)); drawing.Code != http.StatusOK || n != len(want) {
			t.Errorf("GET /trace.svg%s: %d with %d arrows, want %d", query, drawing.Code, n, len(want))
		}
	}
}

// UX-17: a number that no message has had is refused with the parameter that it belongs to, not answered with an empty trace.
func TestNumbersOfTheOtherCount(t *testing.T) {
	s := restarted(t)
	for range 20 {
		s.Journal.Event("key", 0, "", nil) // up to 26
	}
	for query, want := range map[string]string{
		"since=12":                    `"message":"12 is beyond the newest message, 11; for the number of an event take since_event","location":"query.since"`,
		"since_event=27":              `"message":"27 is beyond the newest event, 26; for the number of a message take since","location":"query.since_event"`,
		"until_event=27":              `"message":"27 is beyond the newest event, 26; for the number of a message take before","location":"query.until_event"`,
		"since_event=5&until_event=5": `"message":"must be after since_event","location":"query.until_event"`,
		"since_time=2026-03-12T10:00:00Z&until_time=2026-03-12T10:00:00Z": `"message":"must be after since_time","location":"query.until_time"`,
		"since_events=5": "did you mean since_event?",
		"since_time=now": `"location":"query.since_time"`,
	} {
		for _, path := range []string{"/trace", "/trace.pcapng", "/trace.svg"} {
			if w := rest(s, "GET "+path+"?"+query, ""); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
				t.Errorf("GET %s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	}
	if w := rest(s, "GET /trace?since=11&since_event=26", ""); w.Code != http.StatusOK {
		t.Errorf("the newest: %d %s", w.Code, w.Body)
	}
}

// UX-26: the ladder has what happened between messages of an earlier start, and the start itself, for the clock of mono_us begins again with it.
func TestLadderOverAStart(t *testing.T) {
	s := restarted(t)
	texts := strings.Join(svg(t, rest(s, "GET /trace.svg", "").Body.String()), "|")
	at := -1
	for _, want := range []string{"|REGISTER|", "|failover to the backup|", "|the phone was started|", "|failback to the primary", "|BYE"} {
		next := strings.Index(texts, want)
		if next <= at {
			t.Errorf("%q is not after what comes before it in %q", want, texts)
		}
		at = next
	}
	if strings.Count(texts, "the phone was started") != 1 {
		t.Errorf("starts: %q", texts)
	}
	part := strings.Join(svg(t, rest(s, "GET /trace.svg?since=4&before=9", "").Body.String()), "|")
	if strings.Contains(part, "failover") || strings.Contains(part, "started") {
		t.Errorf("a part has what was before or after it: %q", part)
	}
}

// UX-26: a message that another line recorded later than it was on the wire is no start of the phone.
func TestMessagesOutOfOrderAreNoStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		time.Sleep(time.Minute)
		early := time.Now()
		time.Sleep(100 * time.Millisecond)
		send(s, "BYE sip:1 SIP/2.0")
		s.Journal.Message(journal.Message{Time: early, Line: 2, Slot: "primary", Start: "BYE sip:2 SIP/2.0", Raw: []byte("BYE")})
		if body := rest(s, "GET /trace.svg", "").Body.String(); strings.Contains(body, "started") {
			t.Error("a start is drawn")
		}
	})
}

// UX-26: the page shows messages of an earlier start, each alone too, the calls among them, and the marks; its links give the same.
func TestTracePageOfThePast(t *testing.T) {
	s := restarted(t)
	for query, c := range map[string]struct{ shown, hidden, says string }{
		"":                   {"m3 m4 m5 m7 m8 m9 m11", "m10", "the phone was started"},
		"?call=c0":           {"m4 m8", "m3 m9", `<option value="c0" selected>`},
		"?message=5":         {"m3 m5 m11", "m10", "CSeq: 5 X"},
		"?before=8":          {"m3 m4 m5 m7", "m8 m9", `">Newest</a>`},
		"?call=c0&message=4": {"m4 m8", "m5", "CSeq: 4 X"},
		"?line=2":            {"m11", "m9", ""},
	} {
		page := browse(s, RoleAdmin, english, "GET /trace"+query, nil).Body.String()
		for _, id := range strings.Fields(c.shown) {
			if !strings.Contains(page, `id="`+id+`"`) {
				t.Errorf("%s: %s is not shown", query, id)
			}
		}
		for _, id := range strings.Fields(c.hidden) {
			if strings.Contains(page, `id="`+id+`"`) {
				t.Errorf("%s: %s is shown", query, id)
			}
		}
		if !strings.Contains(page, c.says) {
			t.Errorf("%s: the page lacks %q", query, c.says)
		}
		for _, m := range regexp.MustCompile(`href="(/api/v1/trace[^"]*)"`).FindAllStringSubmatch(page, -1) {
			w := serve(s, request("tok-read", "GET "+html.UnescapeString(m[1]), ""))
			if w.Code != http.StatusOK || strings.Contains(query, "before") && bytes.Contains(w.Body.Bytes(), []byte("CSeq: 9")) {
				t.Errorf("%s: %d", m[1], w.Code)
			}
		}
	}
}

// UX-26: page by page the Trace page goes back to the first message that is kept, each is on one page, and one of long ago can be opened by its link.
func TestTracePageByPage(t *testing.T) {
	h := newHouse()
	at := time.Now().Add(-24 * time.Hour)
	for seq := range int64(2 * maxReadMessages) {
		h.traced = append(h.traced, journal.Message{Seq: seq + 1, Time: at.Add(time.Duration(seq) * time.Second), MonoUS: seq * 1_000_000, Line: 1, Out: true, Slot: "primary",
			Start: []string{"OPTIONS sip:a SIP/2.0", "REGISTER sip:a SIP/2.0"}[(seq+1)%20/19], Raw: []byte("x")})
	}
	s := newServer(t, h)
	older := regexp.MustCompile(`href="(/trace\?[^"]*before=[^"]*)">Older`)
	shown := regexp.MustCompile(`id="m(\d+)"`)
	seen, pages := map[string]bool{}, 0
	for next := "/trace"; next != "" && pages < 100; pages++ {
		page := browse(s, RoleAdmin, english, "GET "+next, nil).Body.String()
		for _, m := range shown.FindAllStringSubmatch(page, -1) {
			if seen[m[1]] {
				t.Fatalf("message %s is on two pages", m[1])
			}
			seen[m[1]] = true
		}
		next = ""
		if m := older.FindStringSubmatch(page); m != nil {
			next = html.UnescapeString(m[1])
			if u, err := url.Parse(next); err != nil || u.Query().Get("message") != "" {
				t.Errorf("the link is %s", next)
			}
		}
	}
	if len(seen) != 2*maxReadMessages/20 || pages != 3 {
		t.Errorf("%d messages on %d pages, want %d", len(seen), pages, 2*maxReadMessages/20)
	}
	page := browse(s, RoleAdmin, english, "GET /trace?message=59", nil).Body.String()
	if !strings.Contains(page, `id="m59"`) || !strings.Contains(page, `aria-current="true"`) || !strings.Contains(page, `id="m79"`) {
		t.Error("a message of long ago is not shown with those after it")
	}
}

// UX-26: a history that fails is an error of the page and of REST, never an empty trace.
func TestTraceThatCannotBeRead(t *testing.T) {
	s := restarted(t)
	s.History = brokenHistory{}
	for _, path := range []string{"/trace", "/trace.pcapng", "/trace.svg"} {
		if w := rest(s, "GET "+path, ""); w.Code != http.StatusInternalServerError {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
	if w := browse(s, RoleAdmin, english, "GET /trace", nil); w.Code != http.StatusInternalServerError {
		t.Errorf("the page: %d", w.Code)
	}
}

type brokenHistory struct{ History }

func (brokenHistory) MessageHistory(context.Context, journal.MessageQuery) ([]journal.Message, error) {
	return nil, errors.New("disk I/O error")
}
