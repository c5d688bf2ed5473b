package main

import "testing"

// TestTransfer: in the demo, 1002 is asked to call 1003, does so, and the phone's own call is over; a number that nobody has leaves the
// call as it is.
func TestTransfer(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	p.registered("primary")
	p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
	c := p.talking(0)
	told := func(state string) func(eventSeen) bool {
		return func(e eventSeen) bool { return e.Data.State == state }
	}

	p.do("POST", "calls/"+c.ID+"/transfer", `{"to":"1099"}`, nil)
	failed := p.await(0, "transfer", told("failed"))
	var now callNow
	if p.do("GET", "calls/"+c.ID, "", &now); now.State != "talking" {
		t.Errorf("after a transfer that failed the call is %s", now.State)
	}
	p.do("POST", "calls/"+c.ID+"/transfer", `{"to":"1003"}`, nil)
	p.await(failed.Seq, "transfer", told("succeeded"))
	p.await(failed.Seq, "call", told("ended"))
	if status, _ := p.ask("POST", "calls/"+c.ID+"/transfer", `{"to":"1003"}`); status != 409 {
		t.Errorf("a transfer of a call that is over: %d", status)
	}
	if status, _ := p.ask("POST", "calls/"+c.ID+"/transfer", `{"to":"10 03"}`); status != 422 {
		t.Errorf("a transfer to no number: %d", status)
	}
	p.terminate()
}
