package main

import (
	"net/http"
	"strings"
	"testing"

	"hilphone/hil/server"
)

// UX-08: handset and loudspeaker are apart in GET phone, and who puts a handset back that is not lifted, while the loudspeaker holds line or call,
// hears what to do instead.
func TestHandsetAndSpeaker(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	p := f.run(self(t), swift)
	is := func(when, hook, handset, speaker, state string) {
		t.Helper()
		var got struct{ Hook, Handset, Speaker, State string }
		p.do("GET", "phone", "", &got)
		if got.Hook != hook || got.Handset != handset || got.Speaker != speaker || state != "" && got.State != state {
			t.Errorf("%s: %+v, want hook %s, handset %s, speaker %s, state %s", when, got, hook, handset, speaker, state)
		}
	}
	refused := func(what string) {
		t.Helper()
		code, answer := p.ask("PUT", "phone/hook", `{"state":"on"}`)
		if code != http.StatusConflict || !strings.Contains(string(answer), "the loudspeaker holds the "+what) || !strings.Contains(string(answer), "{release}") {
			t.Errorf("while the loudspeaker holds the %s: %d %s", what, code, answer)
		}
	}
	is("at rest", "on", "on", "off", "idle")
	p.do("PUT", "phone/hook", `{"state":"on"}`, nil) // is as it should be
	p.do("POST", "phone/keys", `{"keys":"{speaker}"}`, nil)
	is("after the key speaker", "off", "on", "on", "dial_tone")
	refused("line")
	p.do("POST", "phone/keys", `{"keys":"1002#"}`, nil)
	p.talking(0)
	refused("call")
	is("during a call by loudspeaker", "off", "on", "on", "talking")
	p.do("PUT", "phone/hook", `{"state":"off"}`, nil)
	is("with the handset lifted", "off", "off", "off", "talking")
	p.do("POST", "phone/keys", `{"keys":"{speaker}"}`, nil)
	is("with both", "off", "off", "on", "talking")
	p.do("PUT", "phone/hook", `{"state":"on"}`, nil)
	is("with the handset put back", "off", "on", "on", "talking")
	refused("call")
	p.do("POST", "phone/keys", `{"keys":"{release}"}`, nil)
	is("after the key release", "on", "on", "off", "idle")
	p.terminate()
}
