package webui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"hilphone/hil/behaviour"
)

// farPhone is the phone 1002 of the tests: one call at a time.
type farPhone struct {
	mu    sync.Mutex
	view  behaviour.Answering
	sent  []behaviour.Request
	calls []LabCallView
}

func (h *house) Phone1002() LabPhone { return &h.far }

func (p *farPhone) Answering() behaviour.Answering {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.view
}

func (p *farPhone) SetAnswering(v behaviour.Answering) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.view = v
	return nil
}

func (p *farPhone) Calls() []LabCallView {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func (p *farPhone) Send(_ context.Context, r behaviour.Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, r)
	return nil
}

func (p *farPhone) Call(_ context.Context, c behaviour.Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, c)
	p.calls = append(p.calls, LabCallView{CallID: c.Via, Direction: "outgoing", Remote: c.To, State: "ringing"})
	return nil
}

func (p *farPhone) HangUp(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.calls); n > 0 && p.calls[n-1].State != "over" {
		p.calls[n-1].State = "over"
		return nil
	}
	return ErrNotFound
}

// The page and its twin make the phone 1002 answer so, and refuse the same values by the same name.
func TestLabPhone(t *testing.T) {
	for _, c := range []struct {
		form  url.Values
		body  string
		field string // that is wrong; empty: none
	}{
		{url.Values{"answering": {"busy"}}, `{"answering":"busy"}`, ""},
		{url.Values{"answering": {"answer"}, "after_ms": {"250"}, "hang_up_after_ms": {" 1000"}, "status": {"404"}}, `{"answering":"answer","after_ms":250,"hang_up_after_ms":1000,"status":404}`, ""},
		{url.Values{"answering": {"status"}}, `{"answering":"status"}`, ""},
		{url.Values{"answering": {"sulk"}}, `{"answering":"sulk"}`, "answering"},
		{url.Values{"answering": {"busy"}, "after_ms": {"-1"}}, `{"answering":"busy","after_ms":-1}`, "after_ms"},
		{url.Values{"answering": {"busy"}, "hang_up_after_ms": {"86400001"}}, `{"answering":"busy","hang_up_after_ms":86400001}`, "hang_up_after_ms"},
		{url.Values{"answering": {"status"}, "status": {"200"}}, `{"answering":"status","status":200}`, "status"},
	} {
		byForm, byTwin := newHouse(), newHouse()
		page := browse(newServer(t, byForm), RoleAdmin, english, "POST /lab/phone", c.form)
		twin := rest(newServer(t, byTwin), "PUT /lab/phone", c.body)
		a, b := byForm.far.view, byTwin.far.view
		if a != b || (a == behaviour.Answering{}) != (c.field != "") {
			t.Errorf("%v sets %+v, %s sets %+v", c.form, a, c.body, b)
		}
		want := [2]int{http.StatusSeeOther, http.StatusOK}
		if c.field != "" {
			want = [2]int{http.StatusUnprocessableEntity, http.StatusUnprocessableEntity}
			if c.field != "answering" && !strings.Contains(page.Body.String(), `<a href="#phone_`+c.field+`">`) || !strings.Contains(twin.Body.String(), "body."+c.field) {
				t.Errorf("%s is not named by the page, or not by %s", c.field, twin.Body)
			}
		}
		if got := [2]int{page.Code, twin.Code}; got != want {
			t.Errorf("%v and %s: %v, want %v", c.form, c.body, got, want)
		}
	}
}

// The page has the phone 1002 call and hang up; without a lab there is none.
func TestLabPhoneCalls(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	for _, c := range []struct {
		form url.Values
		code int
		page string // on the page afterwards
	}{
		{url.Values{"do": {"hangup"}}, http.StatusConflict, "disabled>Hang up"},
		{url.Values{"do": {"call"}, "to": {"1001"}, "via": {"backup"}, "back": {"/lab"}}, http.StatusSeeOther, "to <b>1001</b>: rings"},
		{url.Values{"do": {"call"}, "to": {"a b"}, "via": {"backup"}}, http.StatusUnprocessableEntity, "to <b>1001</b>: rings"},
		{url.Values{"do": {"call"}, "to": {"1001"}, "via": {"third"}}, http.StatusUnprocessableEntity, "to <b>1001</b>: rings"},
		{url.Values{"do": {"dance"}}, http.StatusBadRequest, "to <b>1001</b>: rings"},
		{url.Values{"do": {"hangup"}}, http.StatusSeeOther, "to <b>1001</b>: is over"},
	} {
		if w := browse(s, RoleAdmin, english, "POST /lab/phone/calls", c.form); w.Code != c.code {
			t.Errorf("%v: %d, want %d", c.form, w.Code, c.code)
		}
		if page := browse(s, RoleAdmin, english, "GET /lab", nil).Body.String(); !strings.Contains(page, c.page) {
			t.Errorf("after %v the page has no %q", c.form, c.page)
		}
	}
	s.Lab = nil
	for _, what := range []string{"GET /lab/phone", "GET /lab/phone/calls", "DELETE /lab/phone/calls"} {
		if w := rest(s, what, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s without a lab: %d", what, w.Code)
		}
	}
}
