package webui

import (
	"net/http"
	"net/url"
	"testing"

	"hilphone/sip/line"
)

// RS-08: whichever way a call is rejected, without a code the phone takes that of its setting, which is asked for as 0.
func TestRejectDefault(t *testing.T) {
	const path = "POST /calls/1/reject"
	for name, reject := range map[string]func(s *Server) int{
		"no body": func(s *Server) int { return rest(s, path, "").Code },
		"{}":      func(s *Server) int { return rest(s, path, "{}").Code },
		"the page": func(s *Server) int {
			return browse(s, RoleAdmin, english, "POST /calls", url.Values{"do": {"reject"}, "id": {"1"}}).Code
		},
		"RELEASE":  func(s *Server) int { c, _ := script(s, "GET /cgi-bin/ConfigManApp.com?key=RELEASE", ""); return c },
		"F_REJECT": func(s *Server) int { c, _ := script(s, "GET /cgi-bin/ConfigManApp.com?key=F_REJECT", ""); return c },
		"Key:RELEASE": func(s *Server) int {
			c, _ := script(s, "POST /xmlService", `<FanvilIPPhoneExecute><ExecuteItem URI="Key:RELEASE/"/></FanvilIPPhoneExecute>`)
			return c
		},
	} {
		h, s := remote(t, false)
		h.calls = []CallView{{ID: "1", Line: 1, State: line.Ringing}}
		if code := reject(s); code >= 400 {
			t.Errorf("%s: %d", name, code)
		}
		if len(h.acts) != 1 || h.acts[0] != (CallAction{Do: Reject}) {
			t.Errorf("%s: %+v", name, h.acts)
		}
	}
	h, s := remote(t, false)
	h.calls = []CallView{{ID: "1", Line: 1, State: line.Ringing}}
	if code := rest(s, path, `{"code":488}`).Code; code != http.StatusAccepted || h.acts[0].Code != 488 {
		t.Errorf("488: %d %+v", code, h.acts)
	}
}
