package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
)

// follow reads the event stream from after an event on, as a browser that comes back does, up to the first event that is wanted. Every
// number must come once and in its order, or be told of as dropped.
func (p *process) follow(last int64, wanted func(eventSeen) bool) (all []eventSeen) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), "GET", p.url+"/api/v1/events/stream", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	request.Header.Set("Last-Event-ID", strconv.FormatInt(last, 10))
	answer, err := p.http.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close() // nothing more is wanted of it
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e struct {
			eventSeen
			Data struct{ Count int64 }
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			p.t.Fatalf("%v in %s", err, text)
		}
		if err := json.Unmarshal([]byte(text), &e.eventSeen); err != nil {
			p.t.Fatalf("%v in %s", err, text)
		}
		if e.Seq != last+max(1, e.Data.Count) {
			p.t.Errorf("after event %d comes %s", last, text)
		}
		last = e.Seq
		if all = append(all, e.eventSeen); wanted(e.eventSeen) {
			return all
		}
	}
	p.t.Fatalf("the stream ends after event %d", last)
	return nil
}

// A client that was away while the phone was ended and started again has missed nothing when it comes back; neither have the call log and
// the timeline.
func TestComingBackAfterARestart(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, token := f.folder(nil)
	run := func() *process {
		p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
		p.token = token
		return p
	}
	p := run()
	p.registered("primary")
	p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
	seen := p.follow(0, func(e eventSeen) bool { return e.Type == "call" && e.Data.State == "talking" })
	last := seen[len(seen)-1]
	p.do("DELETE", "calls/"+last.Call, "", nil)
	p.await(last.Seq, "call", func(e eventSeen) bool { return e.Data.State == "ended" })
	p.terminate()

	p = run()
	missed := p.follow(last.Seq, func(e eventSeen) bool { return e.Type == "registered" })
	ended := false
	for _, e := range missed {
		ended = ended || e.Type == "call" && e.Call == last.Call && e.Data.State == "ended"
	}
	if !ended || missed[0].Seq != last.Seq+1 {
		t.Errorf("the end of call %s is not among what was missed: %+v", last.Call, missed)
	}
	var twin []eventSeen
	p.do("GET", "events?since="+strconv.FormatInt(last.Seq, 10), "", &twin)
	for i, e := range missed {
		if i >= len(twin) || twin[i].Seq != e.Seq || twin[i].Type != e.Type || !twin[i].Time.Equal(e.Time) {
			t.Fatalf("the stream says %+v where the history differs", e)
		}
	}
	var log []struct{ Remote, State string }
	if p.do("GET", "calls?state=ended", "", &log); len(log) != 1 || log[0].Remote != "1002" || log[0].State != "ended" {
		t.Errorf("the call log is %+v", log)
	}
	var lanes struct {
		Registered []struct {
			Server       string
			Since, Until *time.Time
		}
		Calls []struct {
			Remote string
			Until  *time.Time
		}
	}
	p.do("GET", "lines/1/timeline", "", &lanes)
	if r := lanes.Registered; len(r) != 2 || r[0].Server != "primary" || r[0].Until == nil || r[1].Server != "primary" || r[1].Until != nil || r[1].Since.Before(*r[0].Until) {
		t.Errorf("the timeline has the line at %+v", r)
	}
	if c := lanes.Calls; len(c) != 1 || c[0].Remote != "1002" || c[0].Until == nil {
		t.Errorf("the timeline has the calls %+v", c)
	}
	p.terminate()
}
