package webui

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hilphone/db/device"
)

// IM-10, RS-07: the twins of the pages Phone > Features and Line > Basic settings have the same settings, with the same defaults and the same validation.
func TestFeatures(t *testing.T) {
	h, s := inhabited(t)
	values := func(w interface{ String() string }) (v map[string]any) {
		if err := json.Unmarshal([]byte(w.String()), &v); err != nil {
			t.Error(err)
		}
		return v
	}
	w := rest(s, "GET /phone/features", "")
	for name, want := range map[string]any{"call_timeout": 120.0, "ring_timeout": 120.0, "auto_onhook": true, "auto_onhook_time": 3.0, "busy_return_code": 486.0, "reject_return_code": 603.0} {
		if got := values(w.Body)[name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if v := values(rest(s, "GET /line/basic-settings", "").Body); len(v) != 1 || v["sip_port"] != 5060.0 {
		t.Errorf("%v", v)
	}
	if w := rest(s, "PATCH /phone/features", `{"ring_timeout":20,"auto_onhook":false}`); w.Code != 200 || values(w.Body)["ring_timeout"] != 20.0 || w.Header().Get("ETag") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := rest(s, "PATCH /phone/features", `{"call_timeout":45}`); w.Code != 200 || values(w.Body)["ring_timeout"] != 20.0 {
		t.Errorf("what is absent is changed: %s", w.Body)
	}
	if w := rest(s, "PUT /phone/features", `{"ring_timeout":20}`); w.Code != 200 || values(w.Body)["call_timeout"] != 120.0 || values(w.Body)["auto_onhook"] != true {
		t.Errorf("what is absent has not its default: %s", w.Body)
	}
	if d := h.Device(); len(d.Numbers) != 1 || d.Number(device.RingTimeout) != 20 {
		t.Errorf("%v", d.Numbers)
	}
	merging := request("tok-admin", "PATCH "+base+"/phone/features", `{"ring_timeout":null,"call_timeout":45.0}`)
	merging.Header.Set("Content-Type", mergePatch)
	if w := serve(s, merging); w.Code != 200 || values(w.Body)["ring_timeout"] != 120.0 || values(w.Body)["call_timeout"] != 45.0 {
		t.Errorf("a merge patch: %d %s", w.Code, w.Body)
	}
	for _, bad := range []string{`{"ring_timeout":null}`, `null`, `[]`, `{"ring_timeout":1.5}`, `{"ring_timeot":9}`, `{"sip_port":5070}`, `{"auto_onhook":1}`, `{"ring_timeout":"9"}`} {
		if w := rest(s, "PATCH /phone/features", bad); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}

// IM-10: the pages show and change the same settings, for the admin alone.
func TestFeaturesPages(t *testing.T) {
	h, s := inhabited(t)
	if w := rest(s, "PUT /phone/features", `{"ring_timeout":20}`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	page := browse(s, RoleAdmin, japanese, "GET /phone/features", nil).Body.String()
	if !strings.Contains(page, "着信タイムアウト") || !strings.Contains(page, `id="ring_timeout" name="ring_timeout" value="20"`) {
		t.Errorf("%s", page)
	}
	form := browse(s, RoleAdmin, english, "POST /phone/features", url.Values{"ring_timeout": {"３０"}, "auto_onhook": {"0"}})
	if form.Code != http.StatusSeeOther || form.Header().Get("Location") != "/phone/features?done=device" || h.Device().Number(device.RingTimeout) != 30 || h.Device().Number(device.AutoOnHook) != 0 {
		t.Errorf("%d %v, %v", form.Code, form.Header(), h.Device().Numbers)
	}
	form = browse(s, RoleAdmin, english, "POST /phone/features", url.Values{"auto_onhook": {"0", "1"}})
	if form.Code != http.StatusSeeOther || h.Device().Number(device.AutoOnHook) != 1 {
		t.Errorf("a box that is ticked: %d %v", form.Code, h.Device().Numbers)
	}
	form = browse(s, RoleAdmin, japanese, "POST /phone/features", url.Values{"ring_timeout": {"4000"}, "call_timeout": {"x"}, "auto_onhook_time": {"9"}})
	if text := form.Body.String(); form.Code != 422 || !strings.Contains(text, `id="ring_timeout-e"`) || !strings.Contains(text, `id="call_timeout-e"`) || !strings.Contains(text, `name="auto_onhook_time" value="9"`) {
		t.Errorf("%d %s", form.Code, text)
	}
	if w := browse(s, RoleAdmin, english, "POST /line/basic-settings", url.Values{"sip_port": {"5070"}, "if_match": {`"old"`}}); w.Code != http.StatusPreconditionFailed {
		t.Errorf("a stale page: %d", w.Code)
	}
	for _, what := range []string{"GET /phone/features", "POST /phone/features", "GET /line/basic-settings", "POST /line/basic-settings"} {
		if w := browse(s, RoleUser, english, what, url.Values{}); w.Code != http.StatusForbidden {
			t.Errorf("%s by the user: %d", what, w.Code)
		}
	}
	if h.Device().Number(device.RingTimeout) != 30 || h.Device().Number(device.SIPPort) != 5060 {
		t.Errorf("what was refused has changed %v", h.Device().Numbers)
	}
}
