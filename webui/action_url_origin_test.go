package webui

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hilphone/db/device"
	"hilphone/db/journal"
	"hilphone/db/sysconf"
)

// SE-09: others than the administrator see of an action URL scheme and host at most, in every answer. A password may stand in the
// path, in a parameter of any name and in the name of the user.
func TestActionURLsBelowAdmin(t *testing.T) {
	h, s := remote(t, false)
	h.set.ActionURLs = device.ActionURLs{}
	for i, a := range device.Actions {
		h.set.ActionURLs[a.Name] = []string{
			"http://192.0.2.9:8080/" + canary + "/x", "https://hooks.example/T0/B0?x=" + canary, "http://" + canary + "@192.0.2.9/", "http://192.0.2.9?" + canary, "http://192.0.2.9:8080",
		}[i%5]
	}
	h.foreign = []sysconf.Entry{
		{Path: "cti.DNDEnabledUrl", Key: "DND Enabled Url", Module: "CTI CONFIG MODULE", Value: "http://192.0.2.9/" + canary},
		{Path: "ap.DownloadServer", Key: "Download Server", Module: "AUTOUPDATE CONFIG MODULE", Value: "ftp://u:" + canary + "@192.0.2.9/"},
		{Line: 1, Path: "PickupUrl", Key: "Pickup Url", Value: "http://192.0.2.9/?" + canary},
	}
	s.testAll(t, h)
	look := func(name string, status int, body string) {
		t.Helper()
		if strings.Contains(body, canary) {
			i := strings.Index(body, canary)
			t.Errorf("%s (%d) shows …%q", name, status, body[max(0, i-60):i+20])
		}
	}
	seen := 0
	for path, item := range s.api.OpenAPI().Paths {
		if item.Get == nil || path == "/events/stream" {
			continue
		}
		at := base + strings.NewReplacer("{n}", "1", "{id}", "1", "{server}", "primary", "{name}", "hook").Replace(path)
		for _, query := range []string{"", "?format=text", "?format=xml", "?format=json", "?format=legacy-text", "?format=legacy-xml"} {
			if query != "" && path != "/config/export" {
				continue
			}
			for _, token := range []string{"tok-read", "tok-control"} {
				w := serve(s, request(token, "GET "+at+query, ""))
				look(token+" GET "+path+query, w.Code, w.Body.String())
			}
			w := browse(s, RoleUser, english, "GET "+at+query, nil)
			look("user GET "+path+query, w.Code, w.Body.String())
			if w.Code == http.StatusOK {
				seen++
			}
		}
	}
	for _, page := range everyPage {
		w := browse(s, RoleUser, english, "GET "+page, nil)
		look("user GET "+page, w.Code, w.Body.String())
	}
	if seen < 20 {
		t.Errorf("only %d answers were looked at", seen)
	}
	get := `<FanvilConfiguration cmd="get"><Item>cti.RegOnUrl</Item><Item>cti.RegOffUrl</Item><Item>cti.RegFailedUrl</Item><Item>cti.OffhookUrl</Item></FanvilConfiguration>`
	for _, token := range []string{"tok-read", "tok-control"} {
		code, body := script(s, "POST /xmlService", get, func(r *http.Request) { r.SetBasicAuth("x", token) })
		look(token+" xmlService", code, body)
		if code != http.StatusOK || !strings.Contains(body, "cti.RegOnUrl=http://192.0.2.9:8080&#xA;") || !strings.Contains(body, "cti.RegOffUrl=https://hooks.example&#xA;") {
			t.Errorf("%s: %d %s", token, code, body)
		}
	}
	code, body := script(s, "POST /xmlService", get, func(r *http.Request) { r.SetBasicAuth("user", "battery staple") })
	look("user xmlService", code, body)
	// The administrator sees what is set, but passwords.
	if code, body := script(s, "POST /xmlService", get); code != http.StatusOK || !strings.Contains(body, "http://192.0.2.9:8080/"+canary+"/x") {
		t.Errorf("the admin: %d %s", code, body)
	}
	if body := rest(s, "GET /config/export", "").Body.String(); !strings.Contains(body, "DND Enabled Url") || !strings.Contains(body, "/"+canary+"/x") {
		t.Error("the admin's file lacks addresses")
	}
	// A file for others, taken over again, leaves what it does not have.
	before := h.Device().ActionURLs
	file := serve(s, request("tok-read", "GET "+base+"/config/export?format=text", "")).Body.String()
	v := importView(t, upload(s, "tok-admin", "/config/import", "text/plain", file))
	if after, _ := json.Marshal(h.Device().ActionURLs); len(v.Changes) != 0 || len(h.Device().ActionURLs) != len(before) {
		t.Errorf("%+v, %s", v, after)
	}
}

// testAll has every address tried.
func (s *Server) testAll(t *testing.T, h *house) {
	t.Helper()
	for _, a := range device.Actions {
		if w := rest(s, "POST /system/action-urls/test", `{"event":"`+a.Name+`"}`); w.Code >= 500 {
			t.Errorf("%s: %d", a.Name, w.Code)
		}
	}
	if len(s.Journal.Events(journal.Query{})) == 0 || len(h.tried) == 0 {
		t.Error("nothing was tried")
	}
}
