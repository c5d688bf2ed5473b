package webui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// UX-21: the front panel has the last failover and the last failback, the newer one first.
func TestPanelHasBothChanges(t *testing.T) {
	early, late := time.Now().Add(-time.Hour), time.Now()
	over := func(at time.Time) *LastChangeView {
		return &LastChangeView{Time: At(at), From: line.Primary, To: line.Backup, Method: line.BYE, Trigger: "bye", Cause: line.CauseNoResponse, ElapsedMS: 7500}
	}
	back := func(at time.Time) *LastChangeView {
		return &LastChangeView{Time: At(at), From: line.Backup, To: line.Primary, Method: line.REGISTER, Trigger: "probe", ElapsedMS: 40}
	}
	for _, c := range []struct {
		v    StatusView
		want []string
	}{
		{StatusView{}, nil},
		{StatusView{LastFailover: over(late)}, []string{"Last failover"}},
		{StatusView{LastFailover: over(early), LastFailback: back(late)}, []string{"Last failback", "Last failover"}},
		{StatusView{LastFailover: over(late), LastFailback: back(early)}, []string{"Last failover", "Last failback"}},
	} {
		var names []string
		for _, v := range lastViews(english, c.v) {
			names = append(names, v.Name)
		}
		if strings.Join(names, ", ") != strings.Join(c.want, ", ") {
			t.Errorf("%v, want %v", names, c.want)
		}
	}
}

// UX-20: the badge of a server is not the answer to a call; that stands below with its method. REST has both.
func TestBadgeIsOfTheServer(t *testing.T) {
	_, s := inhabited(t)
	page := browse(s, RoleAdmin, english, "GET /", nil).Body.String()
	if !strings.Contains(page, "● serving") || !strings.Contains(page, "INVITE: answered 404") {
		t.Errorf("%s", page)
	}
	var v StatusView
	w := rest(s, "GET /lines/1/status", "")
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || v.Servers.Backup.LastResult != "200" || v.Servers.Backup.LastInCall == nil || v.Servers.Backup.LastInCall.Result != "404" ||
		v.LastFailover == nil || v.LastFailback != nil || !strings.Contains(w.Body.String(), `"last_failback":null`) {
		t.Errorf("%v %s", err, w.Body)
	}
}
