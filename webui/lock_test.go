package webui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

// While one has the phone, every operation of the document that changes it is refused to others, the owner is named, and nothing
// happens; looking on is free.
func TestLockHoldsOthersOff(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	saves := h.saves
	if w := serve(s, request("tok-control", "POST "+base+"/lock", `{"owner":"nightly run","ttl_s":60}`)); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	fill := strings.NewReplacer("{n}", "1", "{id}", "1", "{server}", "primary", "{name}", "hook")
	refused := 0
	for path, item := range loadContract(t, s).doc.Paths.Map() {
		for method, op := range item.Operations() {
			r := request("tok-admin", method+" "+base+fill.Replace(path), "")
			r.Header.Set("Last-Event-ID", "not a number")
			free := method == http.MethodGet
			for _, id := range lockFree {
				free = free || id == op.OperationID
			}
			if op.OperationID == "release-lock" {
				continue // below
			}
			w := serve(s, r)
			if held := w.Code == http.StatusConflict && strings.Contains(w.Body.String(), "nightly run"); held == free && op.OperationID != "take-lock" {
				t.Errorf("%s: %d %s", op.OperationID, w.Code, w.Body)
			} else if held {
				refused++
			}
		}
	}
	for _, what := range []string{"POST /phone/keys", "POST /phone/hook", "POST /line/sip?line=1", "POST /line/register", "POST /lab", "POST /lab/phone", "POST /lab/phone/calls"} {
		if w := browse(s, RoleAdmin, english, what, url.Values{"state": {"off"}, "keys": {"1"}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "nightly run") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if refused < 10 || h.saves != saves || len(h.byHand) != 0 || len(h.pressed) != 0 {
		t.Errorf("%d refused; %d saves, by hand %v, pressed %v", refused, h.saves-saves, h.byHand, h.pressed)
	}
	if w := serve(s, request("tok-control", "PUT "+base+"/phone/hook", `{"state":"off"}`)); w.Code != http.StatusOK {
		t.Errorf("the owner: %d %s", w.Code, w.Body)
	}
	page := browse(s, RoleUser, english, "GET /", nil).Body.String()
	if !strings.Contains(page, "nightly run has the phone for itself") || strings.Contains(page, `action="/system/lock"`) {
		t.Error("the user's page does not say who has the phone, or lets him take it away")
	}
	if page := browse(s, RoleAdmin, english, "GET /", nil).Body.String(); !strings.Contains(page, `action="/system/lock"`) {
		t.Error("the admin's page cannot take the phone away")
	}
}

// The lock is kept for longer by its owner, ends by itself, is given back by its owner or an admin and by nobody else.
func TestLockLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		ask := func(token, method, body string, want int) lockView {
			t.Helper()
			var v lockView
			w := serve(s, request(token, method+" "+base+"/lock", body))
			if w.Code != want {
				t.Errorf("%s %s %s: %d, want %d: %s", token, method, body, w.Code, want, w.Body)
			}
			if w.Code == http.StatusOK {
				if err := json.Unmarshal(w.Body.Bytes(), &struct {
					Locked *bool
					Owner  *string
					Mine   *bool
					LeftS  *float64 `json:"left_s"`
				}{&v.Locked, &v.Owner, &v.Mine, &v.LeftS}); err != nil {
					t.Fatal(err)
				}
			}
			return v
		}
		ask("tok-control", "POST", `{"owner":"a","ttl_s":60}`, http.StatusOK)
		time.Sleep(50 * time.Second)
		if v := ask("tok-control", "POST", `{"owner":"a","ttl_s":20}`, http.StatusOK); !v.Mine || v.LeftS != 20 {
			t.Errorf("kept: %+v", v)
		}
		if v := ask("tok-read", "GET", "", http.StatusOK); !v.Locked || v.Mine || v.Owner != "a" {
			t.Errorf("as others see it: %+v", v)
		}
		ask("tok-admin", "POST", `{"owner":"b"}`, http.StatusConflict)
		ask("tok-read", "DELETE", "", http.StatusForbidden)
		time.Sleep(20 * time.Second)
		if v := ask("tok-read", "GET", "", http.StatusOK); v.Locked {
			t.Errorf("after its time: %+v", v)
		}
		ask("tok-admin", "POST", `{"owner":"b"}`, http.StatusOK)
		ask("tok-control", "DELETE", "", http.StatusConflict)
		ask("tok-admin", "DELETE", "", http.StatusNoContent)
		ask("tok-control", "POST", `{"owner":"c","ttl_s":86400}`, http.StatusOK)
		if w := browse(s, RoleUser, english, "POST /system/lock", nil); w.Code != http.StatusConflict {
			t.Errorf("the user takes it away: %d", w.Code)
		}
		if w := browse(s, RoleAdmin, english, "POST /system/lock", url.Values{"back": {"/events"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/events" {
			t.Errorf("the admin takes it away: %d", w.Code)
		}
		ask("tok-control", "DELETE", "", http.StatusNoContent) // free already
		ask("tok-control", "POST", "{\"owner\":\"a\\nb\"}", http.StatusUnprocessableEntity)
		told := ""
		for _, e := range s.Journal.Events(journal.Query{Types: []string{"lock"}}) {
			d := e.Data.(event.Lock)
			told += fmt.Sprint(d.Owner, " ", d.State, " by ", d.Source, ", ")
		}
		if told != "a taken by api, b taken by api, b released by api, c taken by api, c broken by web, " {
			t.Errorf("events: %s", told)
		}
	})
}
