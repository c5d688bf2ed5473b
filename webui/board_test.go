package webui

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hilphone/db/journal"
)

// TestBoardIsSet: what cannot be meant is refused by line and field and changes nothing; what is set already is no change; If-Match holds.
func TestBoardIsSet(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	read := func() (BoardPageView, string) {
		w := rest(s, "GET /system/board", "")
		var v BoardPageView
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return v, w.Header().Get("ETag")
	}
	v, tag := read()
	if v.Board != "auto" || len(v.Pins) != 3 || v.Pins[1].Level != -1 || v.Missing[0] != "key_1" || !v.Parts[1].Seen.IsZero() {
		t.Errorf("%+v", v)
	}
	w := rest(s, "PUT /system/board", `{"board":"hook: {pin: 5}"}`)
	var p struct {
		Errors []struct{ Location, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 422 || len(p.Errors) != 2 || p.Errors[0].Location != "body.board" ||
		p.Errors[0].Message != "line 1: hook.pin: GPIO5 is used already" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if now, _ := read(); now.Board != "auto" {
		t.Errorf("%q was set", now.Board)
	}
	put := func(board, ifMatch string) int {
		r := request("tok-admin", "PUT "+base+"/system/board", `{"board":"`+board+`"}`)
		if ifMatch != "" {
			r.Header.Set("If-Match", ifMatch)
		}
		return serve(s, r).Code
	}
	if code := put("auto", tag); code != 200 {
		t.Errorf("what is set already: %d", code)
	}
	if n := len(s.Journal.Events(journal.Query{Types: []string{"settings"}})); n != 0 {
		t.Errorf("%d changes told of", n)
	}
	if code := put("virtual", tag); code != 200 {
		t.Errorf("with the tag: %d", code)
	}
	if code := put("auto", tag); code != http.StatusPreconditionFailed {
		t.Errorf("with an old tag: %d", code)
	}
	if now, _ := read(); now.Board != "virtual" {
		t.Errorf("%q is set", now.Board)
	}
	if n := len(s.Journal.Events(journal.Query{Types: []string{"settings"}})); n != 1 {
		t.Errorf("%d changes told of", n)
	}
	h.fixed = true
	if w := rest(s, "PUT /system/board", `{"board":"auto"}`); w.Code != 409 || !strings.Contains(w.Body.String(), "--board") {
		t.Errorf("a board that the command line fixes: %d %s", w.Code, w.Body)
	}
}

// TestSelfTest: a lamp is lit, a walk begins and ends, not during a call.
func TestSelfTest(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	for _, step := range []struct {
		what, body string
		want       int
		walk       bool
	}{
		{"POST /system/board/show", `{"name":"ringer"}`, 200, false},
		{"POST /system/board/show", `{"name":"hook"}`, 404, false},
		{"POST /system/board/walk", "", 200, true},
		{"DELETE /system/board/walk", "", 200, false},
		{"PUT /phone/hook", `{"state":"off"}`, 200, false},
		{"POST /system/board/walk", "", 409, false},
	} {
		if w := rest(s, step.what, step.body); w.Code != step.want || h.walk != step.walk {
			t.Errorf("%s %s: %d, walk %v: %s", step.what, step.body, w.Code, h.walk, w.Body)
		}
	}
	if got := strings.Join(h.byHand, ", "); got != "show ringer, api off" {
		t.Errorf("done: %s", got)
	}
}
