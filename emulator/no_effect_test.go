package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"hilphone/hil/behaviour"
	"hilphone/hil/server"
)

// UX-08: who presses a key that does nothing reads so in the answer and in the event; what a script asks of a call and cannot have is 409.
func TestWithoutEffect(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	p := f.run(self(t), swift)
	type idle struct {
		Position    int
		Key, Reason string
	}
	press := func(keys string, want ...idle) {
		t.Helper()
		var answer struct {
			State    string
			NoEffect []idle `json:"no_effect"`
		}
		p.do("POST", "phone/keys", `{"keys":"`+keys+`"}`, &answer)
		if answer.State == "" || answer.NoEffect == nil || !slices.Equal(answer.NoEffect, want) {
			t.Errorf("keys %s: %+v, want %+v", keys, answer, want)
		}
	}
	const nothing, conf = "there is no number to dial", "the key has no function in this phone"
	press("{release}{message}")
	press("{ok}#{conf}", idle{1, "ok", nothing}, idle{2, "#", nothing}, idle{3, "conf", conf})
	e := p.await(0, "key", func(e eventSeen) bool { return e.Data.NoEffect == conf })
	if e.Data.Key != "conf" || e.Data.State != "down" {
		t.Errorf("the event of the key: %+v", e)
	}
	press("1002#{mute}", idle{6, "mute", conf + ": POST calls/ID/mute does it"})
	c := p.talking(0)
	refused := func(what, body, why string) {
		t.Helper()
		if code, answer := p.ask("POST", "calls/"+c.ID+"/"+what, body); code != http.StatusConflict || !strings.Contains(string(answer), why) {
			t.Errorf("%s: %d %s, want 409 and %q", what, code, answer, why)
		}
	}
	p.do("POST", "calls/"+c.ID+"/resume", "", nil) // talks already
	if err := f.Send(t.Context(), behaviour.Request{Method: "INVITE", SDP: "sendonly"}); err != nil {
		t.Fatal(err)
	}
	held := p.await(0, "hold", func(e eventSeen) bool { return e.Data.By == "peer" })
	p.await(held.Seq-1, "call", func(e eventSeen) bool { return e.Data.State == "held" })
	refused("resume", "", "the other side holds call "+c.ID+": only that side takes it back")
	press("{hold}5", idle{1, "hold", "the other side holds the call: only that side takes it back"}, idle{2, "5", "the phone is in the state held"})
	refused("dtmf", `{"digits":"5"}`, "the call carries no digits now")

	p.do("POST", "calls/"+c.ID+"/hold", "", nil)
	ours := p.await(held.Seq, "hold", func(e eventSeen) bool { return e.Data.By == "user" })
	p.do("POST", "calls/"+c.ID+"/resume", "", nil) // of this side's hold, which is there beside the other one
	p.await(ours.Seq, "hold", func(e eventSeen) bool { return e.Data.By == "user" })
	p.terminate()
}
