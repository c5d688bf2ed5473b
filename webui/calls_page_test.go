package webui

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// talkative is a phone with a long call log: every third call came in, every second one went through the backup.
func talkative(t *testing.T) (*house, *Server) {
	h, _ := inhabited(t)
	at := time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	for key := int64(130); key > 0; key-- {
		c := CallView{Key: key, ID: "1", Line: 1, Direction: line.Outgoing, Remote: fmt.Sprint(2000 + key), State: line.Ended, Server: line.Primary, Started: At(at), Answered: At(at),
			Ended: At(at.Add(83 * time.Second)), End: &EndView{By: line.ByUser, Cause: line.CauseResponse, Code: 200, Reason: "OK", ElapsedMS: 4}, SIPCallID: fmt.Sprint("call", key)}
		if key%3 == 0 {
			c.Direction = line.Incoming
		}
		if key%2 == 0 {
			c.Server, c.End, c.Answered = line.Backup, &EndView{By: line.ByPhone, Cause: line.CauseNoResponse, ElapsedMS: 39500}, Time{}
		}
		h.log = append(h.log, c)
	}
	return h, newServer(t, h)
}

func TestCallLogPageByPage(t *testing.T) {
	_, s := talkative(t)
	row, older := regexp.MustCompile(`<tr id="k(\d+)"`), regexp.MustCompile(`href="(/calls\?[^"]*)">Older`)
	for _, c := range []struct {
		query              string
		calls, pages, last int
	}{{"", 130, 3, 1}, {"?server=backup", 65, 2, 2}, {"?direction=incoming&by=phone", 21, 1, 6}, {"?remote=2013", 1, 1, 13}, {"?line=2", 0, 1, 0}} {
		next, calls, pages, last := "/calls"+c.query, 0, 0, 0
		for next != "" {
			page := browse(s, RoleAdmin, english, "GET "+next, nil).Body.String()
			for _, m := range row.FindAllStringSubmatch(page, -1) {
				fmt.Sscan(m[1], &last)
				calls++
			}
			next = ""
			if m := older.FindStringSubmatch(page); m != nil {
				next = html.UnescapeString(m[1])
			}
			pages++
		}
		if calls != c.calls || pages != c.pages || last != c.last {
			t.Errorf("%s: %d calls on %d pages down to %d, want %+v", c.query, calls, pages, last, c)
		}
		// The twin has the same ones.
		twin := "GET /calls?state=ended&limit=1000&" + strings.TrimPrefix(c.query, "?")
		if n := strings.Count(rest(s, strings.TrimSuffix(twin, "&"), "").Body.String(), `"key"`); n != c.calls {
			t.Errorf("%s: %d calls, the page has %d", twin, n, c.calls)
		}
	}
	page := browse(s, RoleAdmin, english, "GET /calls?remote=2130", nil).Body.String()
	for _, want := range []string{"the phone itself: no response", "39.500", `href="/trace?call=call130"`, `>backup</span>`, "2026-03-12"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// The forms do what the operations do, and refuse what they refuse.
func TestCallForms(t *testing.T) {
	h, s := inhabited(t)
	post := func(form url.Values) int { return browse(s, RoleAdmin, english, "POST /calls", form).Code }
	for _, c := range []struct {
		form url.Values
		twin string
		body string
		ok   bool
	}{
		{url.Values{"do": {"dial"}, "line": {"1"}, "to": {"1002"}}, "POST /calls", `{"line":1,"to":"1002"}`, true},
		{url.Values{"do": {"dial"}, "line": {"2"}, "to": {"1002"}}, "POST /calls", `{"line":2,"to":"1002"}`, false},
		{url.Values{"do": {"dial"}, "to": {"<1002>"}}, "POST /calls", `{"to":"<1002>"}`, false},
		{url.Values{"do": {"dial"}, "to": {""}}, "POST /calls", `{"to":""}`, false},
		{url.Values{"do": {"dial"}, "to": {strings.Repeat("1", 129)}}, "POST /calls", `{"to":"` + strings.Repeat("1", 129) + `"}`, false},
		{url.Values{"do": {"hold"}, "id": {"1"}}, "POST /calls/1/hold", "", true},
		{url.Values{"do": {"resume"}, "id": {"1"}}, "POST /calls/1/resume", "", true},
		{url.Values{"do": {"mute"}, "id": {"1"}, "muted": {"1"}}, "POST /calls/1/mute", `{"muted":true}`, true},
		{url.Values{"do": {"dtmf"}, "id": {"1"}, "digits": {"1#"}}, "POST /calls/1/dtmf", `{"digits":"1#"}`, true},
		{url.Values{"do": {"dtmf"}, "id": {"1"}, "digits": {"x"}}, "POST /calls/1/dtmf", `{"digits":"x"}`, false},
		{url.Values{"do": {"hang_up"}, "id": {"1"}}, "DELETE /calls/1", "", true},
		{url.Values{"do": {"reject"}, "id": {"1"}}, "POST /calls/1/reject", "", true},
		{url.Values{"do": {"answer"}, "id": {"1"}}, "POST /calls/1/answer", "", false}, // nothing rings
		{url.Values{"do": {"hold"}, "id": {"99"}}, "POST /calls/99/hold", "", false},
	} {
		h.acts, h.calls = nil, h.calls[:1]
		page := post(c.form)
		acts, calls := fmt.Sprint(h.acts), len(h.calls)
		h.acts, h.calls = nil, h.calls[:1]
		twin := rest(s, c.twin, c.body).Code
		if (page == http.StatusSeeOther) != c.ok || (twin < 300) != c.ok || !c.ok && page != twin {
			t.Errorf("%v: the form %d, %s %d", c.form, page, c.twin, twin)
		}
		if fmt.Sprint(h.acts) != acts || len(h.calls) != calls {
			t.Errorf("%v does %s and leaves %d calls, %s does %v and leaves %d", c.form, acts, calls, c.twin, h.acts, len(h.calls))
		}
	}
	if code := browse(s, RoleUser, english, "POST /calls", url.Values{"do": {"sing"}, "id": {"1"}}).Code; code != http.StatusUnprocessableEntity {
		t.Errorf("an action that is none: %d", code)
	}
}

// RS-13: the name and the digits of the other side are on the page of calls, on the panel and in REST, and are text there and no HTML.
func TestNamesAndDigits(t *testing.T) {
	h, s := inhabited(t)
	h.calls = append(h.calls, CallView{ID: "2", Line: 1, Direction: line.Incoming, Remote: "2004", RemoteName: `A<b>"lice`, DigitsReceived: "5#", State: line.Talking, Server: line.Backup})
	page := browse(s, RoleAdmin, english, "GET /calls", nil).Body.String()
	for _, want := range []string{"<bdi>A&lt;b&gt;&#34;lice</bdi>", "digits received: <b>5#</b>"} {
		if !strings.Contains(strings.ReplaceAll(page, "<bdi> ", "<bdi>"), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if panel := browse(s, RoleAdmin, english, "GET /", nil).Body.String(); !strings.Contains(panel, "2004 A&lt;b&gt;&#34;lice") {
		t.Error("the panel lacks the name")
	}
	if body := rest(s, "GET /calls/2", "").Body.String(); !strings.Contains(body, `"remote_name":"A<b>\"lice"`) || !strings.Contains(body, `"digits_received":"5#"`) {
		t.Error(body)
	}
}

func TestRunningCalls(t *testing.T) {
	h, s := inhabited(t)
	h.calls = append(h.calls, CallView{ID: "2", Line: 1, Direction: line.Incoming, Remote: "2004", State: line.Ringing, Server: line.Backup})
	page := browse(s, RoleAdmin, english, "GET /calls", nil).Body.String()
	for _, want := range []string{`id="call1"`, `value="hold"`, `value="mute" aria-pressed="false"`, `name="digits"`, `value="hang_up"`, `id="call2"`, `value="answer"`, `value="reject"`, "incoming call", `data-since="`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, `value="resume"`) {
		t.Error("a call that is not on hold can be resumed")
	}
}
