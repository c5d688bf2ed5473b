package webui

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestNearestInBodies: a body with a name or a word that does not exist is refused with those there are and the nearest (UX-11).
func TestNearestInBodies(t *testing.T) {
	for _, c := range []struct{ what, body, location, message string }{
		{"POST /calls", `{"to":"1002","lien":1}`, "body.lien", "is not known: there are line, to; did you mean line?"},
		{"POST /calls", `{"to":"1002","something_else":1}`, "body.something_else", "is not known: there are line, to"},
		{"PUT /lab/servers/primary", `{"behaviour":"silnt"}`, "body.behaviour",
			`expected value to be one of "serve, silent, refuse, hang, close, status"; did you mean silent?`},
		{"PUT /lines/1/sip", `{"register_adr":"pbx.lab"}`, "body.register_adr", "is not a setting of a line; did you mean register_addr?"},
		{"PATCH /lines/1/sip", `{"transport":"tpc"}`, "body.transport", "must be one of udp, tcp, tls; did you mean tcp?"},
		{"PATCH /phone/features", `{"ring_time_out":60}`, "body.ring_time_out", "is not a setting of this page; did you mean ring_timeout?"},
	} {
		_, s := inhabited(t)
		w := rest(s, c.what, c.body)
		var p huma.ErrorModel
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s %s: %d %s", c.what, c.body, w.Code, w.Body)
			continue
		}
		found := false
		for _, e := range p.Errors {
			if e.Location == c.location {
				found = true
				if e.Message != c.message {
					t.Errorf("%s %s: %q, want %q", c.what, c.body, e.Message, c.message)
				}
			}
		}
		if !found {
			t.Errorf("%s %s: no fault at %s: %s", c.what, c.body, c.location, w.Body)
		}
	}
}
