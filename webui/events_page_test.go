package webui

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// The page goes back into what was saved before this start, page by page, each event once.
func TestEventsPageByPage(t *testing.T) {
	s := longLived(t)
	for range 2 * maxShownEvents {
		s.Journal.Event("call", 1, "77", map[string]any{"id": "77", "state": "talking"})
	}
	older := regexp.MustCompile(`href="(/events\?[^"]*before=[^"]*)">Older`)
	row := regexp.MustCompile(`<tr id="e(\d+)"`)
	next, last, pages, seen := "/events?kind=call&kind=failover", int64(1<<62), 0, 0
	for next != "" {
		page := browse(s, RoleAdmin, english, "GET "+next, nil).Body.String()
		for _, m := range row.FindAllStringSubmatch(page, -1) {
			var seq int64
			fmt.Sscan(m[1], &seq)
			if seq >= last {
				t.Fatalf("%s: %d after %d", next, seq, last)
			}
			last = seq
			seen++
		}
		next = ""
		if m := older.FindStringSubmatch(page); m != nil {
			next = html.UnescapeString(m[1])
		}
		pages++
	}
	if want := 2*maxShownEvents + 7; seen != want || pages != 3 || last != 3 {
		t.Errorf("%d events on %d pages down to %d, want %d on 3 down to 3", seen, pages, last, want)
	}
}

func TestEventsPause(t *testing.T) {
	s := longLived(t)
	live := browse(s, RoleAdmin, english, "GET /events?kind=call", nil).Body.String()
	m := regexp.MustCompile(`href="([^"]*)" data-swap id="pause">Pause`).FindStringSubmatch(live)
	if m == nil {
		t.Fatal("no way to pause")
	}
	for i := range 3 {
		s.Journal.Event("call", 1, "", nil)
		s.Journal.Event("failover", 1, "", nil)
		page := browse(s, RoleAdmin, english, "GET "+html.UnescapeString(m[1]), nil).Body.String()
		if want := fmt.Sprintf("%d newer hidden", i+1); !strings.Contains(page, want) || strings.Contains(page, `<tr id="e11"`) || !strings.Contains(page, `<tr id="e10"`) || !strings.Contains(page, `href="/events?kind=call" data-swap id="pause">Go on`) {
			t.Errorf("the page does not say %q, or shows what is newer", want)
		}
	}
}

func TestEventsOfOneCall(t *testing.T) {
	s := longLived(t)
	page := browse(s, RoleAdmin, english, "GET /events?call=0", nil).Body.String()
	if !strings.Contains(page, `id="e9"`) || !strings.Contains(page, `id="e3"`) || strings.Contains(page, `id="e10"`) || !strings.Contains(page, `<tr id="e9" class="hot">`) {
		t.Error("not the events of call 0")
	}
	links := regexp.MustCompile(`href="(/api/v1/events\.[^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) == 0 {
		t.Error("the page leads to no file")
	}
	for _, link := range links {
		if w := serve(s, request("tok-read", "GET "+html.UnescapeString(link[1]), "")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `failover`) {
			t.Errorf("%s: %d %s", link[1], w.Code, w.Body)
		}
	}
}
