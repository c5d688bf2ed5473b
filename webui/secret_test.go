package webui

import (
	"net/http"
	"strings"
	"testing"
)

// IM-05: a password in a setting of a line is masked by REST and on the pages, whatever the scope of the client. IM-04: sent back as it was read it stays;
// a mask is no password, and no password goes to another host.
func TestLineWithAPasswordInAValue(t *testing.T) {
	h, s := inhabited(t)
	const url = "http://u:" + canary + "@192.0.2.1/"
	patch := func(body string) (int, string) {
		w := rest(s, "PATCH /lines/1/sip", body)
		return w.Code, w.Body.String()
	}
	if code, body := patch(`{"display_name":"` + url + `","auth_user":"u:` + canary + `@h"}`); code != 200 || strings.Contains(body, canary) || !strings.Contains(body, `"display_name":"http://u:***@192.0.2.1/"`) || !strings.Contains(body, `"auth_password":null`) {
		t.Fatalf("%d %s", code, body)
	}
	for _, path := range []string{"/lines/1/sip", "/lines", "/config/export", "/config/export?format=json", "/phone", "/events"} {
		for _, token := range []string{"tok-read", "tok-admin"} {
			if w := serve(s, request(token, "GET "+base+path, "")); w.Code != 200 || strings.Contains(w.Body.String(), canary) {
				t.Errorf("%s %s: %d %s", token, path, w.Code, w.Body)
			}
		}
	}
	for _, page := range everyPage {
		if w := browse(s, RoleAdmin, english, "GET "+page, nil); strings.Contains(w.Body.String(), canary) {
			t.Errorf("the page %s shows it", page)
		}
	}
	before := h.settings[1]
	form := map[string][]string{"line": {"1"}, "display_name": {"http://u:***@192.0.2.1/"}, "auth_user": {"u:***@h"}, "auth_password": {""}}
	if w := browse(s, RoleAdmin, english, "POST /line/sip", form); w.Code != http.StatusSeeOther || h.settings[1] != before {
		t.Errorf("the page as it was shown: %d, %+v", w.Code, h.settings[1])
	}
	for _, c := range []struct {
		body string
		code int
	}{
		{`{"display_name":"http://u:***@192.0.2.1/"}`, 200},
		{`{"display_name":"http://u:••@192.0.2.1/","auth_user":"u:*@h"}`, 200},
		{`{"auth_password":null,"display_name":"http://u:***@192.0.2.1/"}`, 200},
		{`{"display_name":"http://u:***@192.0.2.2/"}`, 422},
		{`{"auth_password":"****"}`, 422}, {`{"auth_password":"••••••"}`, 422},
		{`{"display_name":"http://u:` + canary + `@192.0.2.1/` + strings.Repeat("x", 99) + `"}`, 422},
		{`{"register_addr":"u:` + canary + `@192.0.2.1"}`, 422}, {`{"register_addr":"http://u:` + canary + `@192.0.2.1/"}`, 422},
	} {
		if code, body := patch(c.body); code != c.code || strings.Contains(body, canary) || h.settings[1] != before {
			t.Errorf("%s: %d %s, %v", c.body, code, body, h.settings[1] != before)
		}
	}
}

// IM-05, IM-04: the same at the vendor's paths.
func TestVendorWithAPasswordInAValue(t *testing.T) {
	h, s := remote(t, false)
	set := func(items ...string) (int, string) {
		return script(s, "POST /xmlService", `<FanvilConfiguration cmd="set"><Item>`+strings.Join(items, "</Item><Item>")+`</Item></FanvilConfiguration>`)
	}
	if code, body := set("sip.line.1.DisplayName=http://u:"+canary+"@192.0.2.1/", "sip.line.1.RegisterPswd="+canary, "cti.RegOnUrl=http://u:"+canary+"@192.0.2.1/"); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	before := h.settings[1]
	code, body := script(s, "POST /xmlService", `<FanvilConfiguration cmd="get"><Item>sip.line.1.DisplayName</Item><Item>cti.RegOnUrl</Item></FanvilConfiguration>`)
	if code != 200 || strings.Contains(body, canary) || !strings.Contains(body, "sip.line.1.DisplayName=http://u:***@192.0.2.1/") {
		t.Errorf("%d %s", code, body)
	}
	for item, want := range map[string]int{"sip.line.1.RegisterPswd=****": 422, "sip.line.1.DisplayName=http://u:***@192.0.2.1/": 200, "sip.line.1.DisplayName=http://u:***@h": 422,
		"cti.RegOnUrl=http://u:****@192.0.2.1/": 422, "cti.RegOnUrl=http://u:***@192.0.2.1/": 200} {
		if code, body := set(item); code != want || h.settings[1] != before || h.Device().ActionURLs["reg_on"] != "http://u:"+canary+"@192.0.2.1/" {
			t.Errorf("%s: %d %s", item, code, body)
		}
	}
}
