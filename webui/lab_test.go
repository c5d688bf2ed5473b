package webui

import (
	"net/http"
	"testing"
	"time"

	"hilphone/db/journal"
	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

func TestLab(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	for _, step := range []struct {
		body   string
		want   behaviour.Server
		events int
	}{
		{`{"behaviour":"serve"}`, behaviour.Server{Mode: behaviour.Serve, Status: 503}, 0}, // it does already: the fake's own value stays
		{`{"behaviour":"silent","delay_ms":5}`, behaviour.Server{Mode: behaviour.Silent, Delay: 5 * time.Millisecond}, 1},
		{`{"behaviour":"silent","delay_ms":5}`, behaviour.Server{Mode: behaviour.Silent, Delay: 5 * time.Millisecond}, 1},
		{`{"behaviour":"silent","delay_ms":5,"status":500,"retry_after_s":9}`, behaviour.Server{Mode: behaviour.Silent, Delay: 5 * time.Millisecond}, 1},
		{`{"behaviour":"status","retry_after_s":9}`, behaviour.Server{Mode: behaviour.Status, Status: 503, RetryAfter: 9 * time.Second}, 2},
		{`{"behaviour":"status","status":500}`, behaviour.Server{Mode: behaviour.Status, Status: 500}, 3},
		{`{"behaviour":"status","status":200}`, behaviour.Server{Mode: behaviour.Status, Status: 500}, 3}, // refused
	} {
		w := rest(s, "PUT /lab/servers/primary", step.body)
		if got := h.lab[line.Primary]; !behaviour.Same(behaviour.ServerFields, got, step.want) {
			t.Errorf("%s: %+v, want %+v (%d)", step.body, got, step.want, w.Code)
		}
		events := s.Journal.Events(journal.Query{Types: []string{"lab"}})
		if len(events) != step.events {
			t.Errorf("%s: %d events, want %d", step.body, len(events), step.events)
		}
		if w.Code == http.StatusOK && rest(s, "GET /lab/servers/primary", "").Code != http.StatusOK {
			t.Error("it cannot be read")
		}
	}
}
