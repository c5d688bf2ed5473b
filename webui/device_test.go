package webui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hilphone/db/device"
	"hilphone/db/journal"
)

// The page Action URLs and its twin change the same settings with the same validation; a password is shown nowhere.
func TestActionURLs(t *testing.T) {
	h, s := inhabited(t)
	secret := "http://u:" + canary + "@192.0.2.1/a?token=" + canary + "&l=$line"
	put := func(body string, header ...string) (int, string) {
		r := request("tok-admin", "PUT "+base+"/system/action-urls", body)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := serve(s, r)
		if strings.Contains(w.Body.String(), canary) {
			t.Errorf("a password is shown: %s", w.Body)
		}
		return w.Code, w.Body.String()
	}
	if code, body := put(`{"failover":"` + secret + `"}`); code != 200 || !strings.Contains(body, `"failover":"http://u:***@192.0.2.1/a?token=***`) {
		t.Fatalf("%d %s", code, body)
	}
	page := browse(s, RoleAdmin, japanese, "GET /system/action-urls", nil)
	if text := page.Body.String(); page.Code != 200 || strings.Contains(text, canary) || !strings.Contains(text, "http://u:***@192.0.2.1/a?token=***") || !strings.Contains(text, "フェイルオーバー") {
		t.Errorf("%d %s", page.Code, text)
	}
	form := url.Values{"failover": {"http://u:***@192.0.2.1/a?token=***&l=$line"}, "reg_on": {" http：//192.0.2.2/on "}}
	w := browse(s, RoleAdmin, english, "POST /system/action-urls", form)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/system/action-urls?done=device" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if urls := h.Device().ActionURLs; urls["failover"] != secret || urls["reg_on"] != "http://192.0.2.2/on" || len(urls) != 2 {
		t.Errorf("stored are %v", urls)
	}
	if w := browse(s, RoleAdmin, english, "POST /system/action-urls", form); w.Header().Get("Location") != "/system/action-urls?done=same" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, bad := range []string{"http://u:***@192.0.2.9/", "ftp://x", "http://169.254.169.254/", "http://192.0.2.1/$nothing", "http://2130706433/"} {
		code, body := put(`{"reg_off":"` + bad + `"}`)
		w := browse(s, RoleAdmin, english, "POST /system/action-urls", url.Values{"reg_off": {bad}, "reg_on": {"http://typed.example/"}})
		if code != 422 || !strings.Contains(body, `"body.reg_off"`) || w.Code != 422 || !strings.Contains(w.Body.String(), `id="reg_off-e"`) || !strings.Contains(w.Body.String(), "typed.example") {
			t.Errorf("%s: %d %s; the page %d", bad, code, body, w.Code)
		}
	}
	w = browse(s, RoleAdmin, english, "POST /system/action-urls", url.Values{"reg_off": {"ftp://x"}, "failover": {"http://u:" + canary + "@192.0.2.9/"}})
	if w.Code != 422 || strings.Contains(w.Body.String(), canary) || !strings.Contains(w.Body.String(), "http://u:***@192.0.2.9/") {
		t.Errorf("a page with a fault: %d %s", w.Code, w.Body)
	}
	if code, body := put(`{"canary-name":"`+canary+`"}`, "If-Match", "*"); code != 422 {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := put(`{}`, "If-Match", `"old"`); code != http.StatusPreconditionFailed {
		t.Errorf("a stale tag: %d", code)
	}
	if w := browse(s, RoleAdmin, english, "POST /system/action-urls", url.Values{"if_match": {`"old"`}}); w.Code != http.StatusPreconditionFailed {
		t.Errorf("a stale page: %d", w.Code)
	}
	for _, what := range []string{"GET /system/action-urls", "POST /system/action-urls", "POST /system/action-urls/test", "GET /system/remote-control", "POST /system/remote-control"} {
		if w := browse(s, RoleUser, english, what, url.Values{}); w.Code != http.StatusForbidden {
			t.Errorf("%s by the user: %d", what, w.Code)
		}
	}
	if urls := h.Device().ActionURLs; urls["failover"] != secret || len(urls) != 2 {
		t.Errorf("what was refused has changed %v", urls)
	}
	events := s.Journal.Events(journal.Query{})
	if len(events) == 0 {
		t.Error("there are no events")
	}
	for _, e := range events {
		if strings.Contains(string(e.DataJSON()), canary) {
			t.Errorf("an event has a password: %s", e.DataJSON())
		}
	}
}

// The button calls the stored address and says what came of it.
func TestActionURLTest(t *testing.T) {
	h, s := inhabited(t)
	h.set = device.Settings{ActionURLs: device.ActionURLs{"failover": "http://u:" + canary + "@192.0.2.1/"}}
	for what, want := range map[string]string{"failover": "204 after 12", "reg_on": "no address is stored"} {
		w := browse(s, RoleAdmin, english, "POST /system/action-urls/test", url.Values{"event": {what}})
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := browse(s, RoleAdmin, english, "POST /system/action-urls/test", url.Values{"event": {"nothing"}}); w.Code != 422 {
		t.Errorf("%d", w.Code)
	}
	if w := serve(s, request("tok-admin", "POST "+base+"/system/action-urls/test", `{"event":"failover"}`)); w.Code != 200 || !strings.Contains(w.Body.String(), `"status":204`) || strings.Contains(w.Body.String(), canary) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(h.tried) != 2 || h.tried[0] != "failover http://u:"+canary+"@192.0.2.1/" {
		t.Errorf("called was %v", h.tried)
	}
}

// The page Remote control and its twin.
func TestRemoteControlSettings(t *testing.T) {
	h, s := inhabited(t)
	if w := serve(s, request("tok-admin", "GET "+base+"/system/remote-control", "")); !strings.Contains(w.Body.String(), `{"enabled":false,"allow":[],"faithful":false}`) {
		t.Errorf("%s", w.Body)
	}
	w := browse(s, RoleAdmin, english, "POST /system/remote-control", url.Values{"enabled": {"1"}, "allow": {"192.0.2.1, 10.0.0.0/8、2001:db8::/32"}})
	if r := h.Device().RemoteControl; w.Code != http.StatusSeeOther || !r.Enabled || len(r.Allow) != 3 || r.Faithful {
		t.Errorf("%d %+v", w.Code, r)
	}
	w = browse(s, RoleAdmin, english, "POST /system/remote-control", url.Values{"allow": {"192.0.2.1, lab"}, "faithful": {"1"}})
	if w.Code != 422 || !strings.Contains(w.Body.String(), "lab: not an IP address") || !strings.Contains(w.Body.String(), `value="192.0.2.1, lab"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := serve(s, request("tok-admin", "PUT "+base+"/system/remote-control", `{"allow":["lab"]}`)); w.Code != 422 || !strings.Contains(w.Body.String(), "body.allow") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if r := h.Device().RemoteControl; !r.Enabled || r.Faithful {
		t.Errorf("what was refused has changed %+v", r)
	}
	if w := serve(s, request("tok-admin", "PUT "+base+"/system/remote-control", `{}`)); w.Code != 200 || h.Device().RemoteControl.Enabled {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The configuration as a file carries what these two pages set, and both see what an import sets.
func TestDeviceInAConfigurationFile(t *testing.T) {
	h, s := inhabited(t)
	const file = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<CTI CONFIG MODULE>\nReg On Url:http://u:" + canary + "@192.0.2.1/\nEnabled Active Uri:1\nActive Uri IP:192.0.2.0/24\nSIP2 Phone Number:1002\n<<END OF FILE>>\n"
	v := importView(t, upload(s, "tok-admin", "/config/import", "text/plain", file))
	if len(v.Changes) != 4 || !v.Applied || v.Changes[0].Name != "action_url_reg_on" || *v.Changes[0].New != "http://u:***@192.0.2.1/" {
		t.Errorf("%+v", v)
	}
	if set := h.Device(); set.ActionURLs["reg_on"] != "http://u:"+canary+"@192.0.2.1/" || !set.RemoteControl.Enabled {
		t.Errorf("%v", set.Text())
	}
	if w := rest(s, "GET /system/remote-control", ""); !strings.Contains(w.Body.String(), `"enabled":true`) || !strings.Contains(w.Body.String(), "192.0.2.0/24") {
		t.Errorf("%s", w.Body)
	}
	open, whole := rest(s, "GET /config/export", "").Body.String(), rest(s, "GET /config/export?secrets=1", "").Body.String()
	if strings.Contains(open, canary) || !strings.Contains(open, "Reg On Url         :http://u:***@192.0.2.1/\r\n") || !strings.Contains(open, "Active Uri IP      :192.0.2.0/24\r\n") ||
		!strings.Contains(whole, "Reg On Url         :http://u:"+canary+"@192.0.2.1/\r\n") {
		t.Errorf("%s", open)
	}
	bad := upload(s, "tok-admin", "/config/import", "text/plain", strings.Replace(file, "192.0.2.1", "169.254.169.254", 1))
	if bad.Code != http.StatusUnprocessableEntity || !strings.Contains(bad.Body.String(), `"location":"body.cti.RegOnUrl"`) || strings.Contains(bad.Body.String(), canary) {
		t.Errorf("%d %s", bad.Code, bad.Body)
	}
	if v := importView(t, upload(s, "tok-admin", "/config/copies/1/restore", "application/json", "")); !v.Applied || len(h.Device().Text()) > 0 {
		t.Errorf("%+v", v)
	}
}
