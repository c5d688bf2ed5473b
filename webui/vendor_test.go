package webui

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"hilphone/db/device"
	"hilphone/hal/press"
	"hilphone/sip/line"
)

// script is a request as the vendor's scripts make it: Basic authentication, from 192.0.2.1.
func script(s *Server, what, body string, change ...func(*http.Request)) (int, string) {
	method, path, _ := strings.Cut(what, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:8080", "192.0.2.1:40000"
	r.SetBasicAuth("admin", "correct horse")
	if body != "" {
		r.Header.Set("Content-Type", "text/xml")
	}
	for _, c := range change {
		c(r)
	}
	w := serve(s, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func remote(t *testing.T, faithful bool) (*house, *Server) {
	t.Helper()
	h, s := inhabited(t)
	h.calls = nil
	h.settings[2] = h.settings[1]
	h.set = device.Settings{RemoteControl: device.RemoteControl{Enabled: true, Allow: []string{"192.0.2.1"}, Faithful: faithful}}
	return h, s
}

var vendorPaths = []string{
	"GET /cgi-bin/ConfigManApp.com?key=SPEAKER;1002;OK", "POST /xmlService", "POST /xmlservice", "GET /default_user_config.txt", "GET /default_user_config.xml",
}

// Nobody gets in who is not let in, and where it is off there is nothing to get into.
func TestVendorGate(t *testing.T) {
	h, s := remote(t, true)
	as := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	for _, what := range vendorPaths {
		for name, c := range map[string]struct {
			change func(*http.Request)
			want   int
		}{
			"nobody":        {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
			"a bearer":      {func(r *http.Request) { r.Header.Set("Authorization", "Bearer tok-admin") }, 401},
			"from afar":     {func(r *http.Request) { r.RemoteAddr = "192.0.2.2:1" }, 403},
			"forged":        {func(r *http.Request) { r.RemoteAddr = "192.0.2.2:1"; r.Header.Set("X-Forwarded-For", "192.0.2.1") }, 403},
			"another site":  {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
			"a sister site": {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
			"another name":  {func(r *http.Request) { r.Host = "evil.example" }, 421},
		} {
			if code, body := script(s, what, "", c.change); code != c.want || strings.Contains(body, "success") {
				t.Errorf("%s, %s: %d %s", what, name, code, body)
			}
		}
	}
	if code, _ := script(s, vendorPaths[0], "", as("x", "tok-control")); code != 200 {
		t.Errorf("a token as the password: %d", code)
	}
	if code, _ := script(s, vendorPaths[0], "", as("x", "tok-read")); code != 403 {
		t.Errorf("a token that may only read: %d", code)
	}
	if code, _ := script(s, vendorPaths[3], "", as("user", "battery staple")); code != 403 {
		t.Errorf("the configuration for the user: %d", code)
	}
	for n := range 6 {
		want := 401
		if n == 5 {
			want = 429
		}
		if code, _ := script(s, vendorPaths[0], "", as("admin", "guess")); code != want {
			t.Errorf("guess %d: %d", n+1, code)
		}
	}
	h.set.RemoteControl.Enabled = false
	for _, what := range vendorPaths {
		if code, _ := script(s, what, ""); code != 404 {
			t.Errorf("%s while it is off: %d", what, code)
		}
	}
}

// SE-11: a browser that does not say which site it asks for is known by the page it comes from.
func TestVendorOrigin(t *testing.T) {
	_, s := remote(t, true)
	for _, c := range []struct {
		header, value string
		want          int
	}{
		{"Origin", "http://evil.example", 403}, {"Origin", "null", 403}, {"Origin", "http://127.0.0.1:8081", 403}, {"Origin", "file://", 403}, {"Origin", "http://127.0.0.1:8080.evil.example", 403},
		{"Referer", "http://evil.example/page?127.0.0.1:8080", 403}, {"Referer", "https://evil.example", 403}, {"Referer", "http://127.0.0.1:8080@evil.example/", 403},
		{"Referer", "about:blank", 403}, {"Referer", "127.0.0.1:8080", 403}, {"Referer", "\x7f", 403}, {"Referer", "/page", 403},
		{"Origin", "http://127.0.0.1:8080", 200}, {"Origin", "https://127.0.0.1:8080", 200}, {"Referer", "http://127.0.0.1:8080/docs", 200}, {"X-Other", "http://evil.example", 200},
	} {
		for _, what := range vendorPaths {
			if strings.HasPrefix(what, "POST") && c.want == 200 {
				continue // it has no body here
			}
			if code, body := script(s, what, "", func(r *http.Request) { r.Header.Set(c.header, c.value) }); code != c.want {
				t.Errorf("%s with %s: %s: %d %s", what, c.header, c.value, code, body)
			}
		}
	}
	// What the browser itself says counts before that.
	said := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Referer", "http://phone.proxy.example/")
	}
	if code, _ := script(s, vendorPaths[3], "", said); code != 200 {
		t.Errorf("a page of the same origin behind a proxy: %d", code)
	}
	// A second one does not hide behind the first.
	two := func(r *http.Request) {
		r.Header.Add("Origin", "http://127.0.0.1:8080")
		r.Header.Add("Origin", "http://evil.example")
	}
	if code, _ := script(s, vendorPaths[0], "", two); code != 403 {
		t.Errorf("two origins: %d", code)
	}
}

// Keys do what they do on the phone, and the answer is the truth. RS-16: words of real scripts. RS-09: the limit of keys.
func TestActiveURI(t *testing.T) {
	talking := []CallView{{ID: "1", Line: 1, State: line.Talking}}
	for _, c := range []struct {
		key   string
		calls []CallView
		code  int
		did   string // what the house was told last, "" for nothing
	}{
		{"SPEAKER;1002;OK", nil, 200, "dial 1 1002"},
		{"speaker;1002;enter", nil, 200, "dial 1 1002"},
		{"SPEAKER%3B1002%3BOK", nil, 200, "dial 1 1002"},
		{"1002;ENTER", nil, 200, "dial 1 1002"},
		{"+81312345678;OK", nil, 200, "dial 1 +81312345678"},
		{"L2;SPEAKER;1002;OK", nil, 200, "dial 2 1002"},
		{"SPEAKER;alice;OK", nil, 200, "dial 1 alice"},
		{"RELEASE", talking, 200, "1 hang_up"},
		{"RELEASE", []CallView{{ID: "1", State: line.Ringing}}, 200, "1 reject"},
		{"RELEASE", nil, 200, "keys release"},
		{"F_ACCEPT", []CallView{{ID: "1", State: line.Ringing}}, 409, "1 answer"}, // no call of this house rings,
		{"F_HOLD", talking, 200, "1 hold"},
		{"F_HOLD", []CallView{{ID: "1", State: line.Held}}, 200, "1 resume"},
		{"F_TRANSFER;1003;F_TRANSFER", talking, 200, "1 transfer 1003"},
		{"F_TRANSFER;1003;OK", talking, 200, "1 transfer 1003"},
		{"MUTE", talking, 200, "1 mute"},
		{"F_MUTE", talking, 200, "1 mute"},
		{"f_mute", talking, 200, "1 mute"},
		{"HOLD", talking, 200, "1 hold"},
		{"TRANSFER;1003;TRANSFER", talking, 200, "1 transfer 1003"},
		{"F_XFER;1003;OK", talking, 200, "1 transfer 1003"},
		{"CALLEND", talking, 200, "1 hang_up"},
		{"CANCEL", talking, 200, "keys release"},
		{"F_REJECT", []CallView{{ID: "1", State: line.Ringing}}, 200, "1 reject"},
		{"F_HANDFREE", nil, 200, "keys speaker"},
		{"F_MWI", nil, 200, "keys message"},
		{"L20", nil, 200, "keys line20"},
		{"1;2;*;POUND", talking, 200, "keys #"},
		{"L3", nil, 200, "keys line3"},
		{"MSG", nil, 200, "keys message"},

		{"F_ACCEPT", nil, 409, ""},
		{"F_HOLD", nil, 409, ""},
		{"F_TRANSFER;1003;OK", nil, 409, ""},
		{"F_TRANSFER;1003", talking, 501, ""},
		{"DNDON", nil, 501, ""},
		{"VOLUME_UP", nil, 501, ""},
		{"F_REBOOT;1", nil, 501, ""},
		{"DSS1", nil, 501, ""},
		{"F_LOCK%26code=*", nil, 501, ""},
		{"F_RELEASE", nil, 422, ""},
		{"SPEAKER;10 02;OK", nil, 422, ""},
		{"1002;NONSENSE", nil, 422, ""},
		{"L21", nil, 422, ""},
		{"%zz", nil, 422, ""},
		{"", nil, 422, ""},
		{";;", nil, 422, ""},
		{"F_MUTE", nil, 409, ""},
		{"F_REJECT", nil, 409, ""},
		{"F_CONFERENCE", talking, 501, ""},
		{"F_DND", nil, 501, ""},
		{"F_HEADSET", nil, 501, ""},
		{strings.Repeat("1;", press.MaxKeys+1), nil, 422, ""},
		{strings.Repeat("1", press.MaxKeys+1), nil, 422, ""},
	} {
		for _, faithful := range []bool{false, true} {
			h, s := remote(t, faithful)
			h.calls = c.calls
			code, body := script(s, "GET /cgi-bin/ConfigManApp.com?key="+strings.ReplaceAll(c.key, " ", "%20"), "")
			want, result := c.code, "result = [success]"
			if faithful {
				want = 200
			} else if c.code != 200 {
				result = "result = [failed: "
			}
			if code != want || !strings.HasPrefix(body, result) {
				t.Errorf("%s (faithful %v): %d %s", c.key, faithful, code, body)
			}
			// What is refused for its name is answered with what there is.
			if named := c.code == 501 && !strings.HasPrefix(c.key, "F_TRANSFER") || c.key == "L21" || c.key == "F_RELEASE"; named && !faithful && !strings.Contains(body, "L1 to L20, ") {
				t.Errorf("%s: the answer does not list the keys: %s", c.key, body)
			}
			if did := h.did(); did != c.did {
				t.Errorf("%s: did %q, want %q", c.key, did, c.did)
			}
		}
	}
	h, s := remote(t, false)
	if code, _ := script(s, "GET /cgi-bin/ConfigManApp.com?Key=SPEAKER;1002;OK", ""); code != 200 || h.did() != "dial 1 1002" {
		t.Errorf("?Key= %d", code)
	}
	if serve(s, request("tok-control", "POST "+base+"/lock", `{"owner":"nightly"}`)).Code != 200 {
		t.Fatal("no lock")
	}
	if code, body := script(s, vendorPaths[0], ""); code != 409 || !strings.Contains(body, "nightly") {
		t.Errorf("while somebody has the phone: %d %s", code, body)
	}
}

// The XML service reads and changes settings as PUT does, all or none.
func TestXMLService(t *testing.T) {
	set := func(items ...string) string {
		return `<?xml version="1.0" encoding="UTF-8"?><FanvilConfiguration Beep="yes" cmd="set"><Item>` + strings.Join(items, "</Item><Item>") + "</Item></FanvilConfiguration>\n"
	}
	for _, c := range []struct {
		body string
		code int
		want string
	}{
		{set("sip.line.1.FailbackInterval = 60", "sip.line.2.RegisterAddr=192.0.2.9", "sip.line.1.RegisterPswd = "+canary), 200, `<FanvilConfiguration cmd="set"><RetCode>0</RetCode></FanvilConfiguration>`},
		{set("cti.CallActiveUrl = http://192.0.2.1/?c=$call_id"), 200, "<RetCode>0<"},
		{strings.ReplaceAll(set("sip.line.1.RegisterAddr", "sip.line.1.FailbackInterval", "cti.RegOnUrl"), `"set"`, `"get"`), 200, "<info>sip.line.1.RegisterAddr=127.0.0.2&#xA;sip.line.1.FailbackInterval=1800&#xA;cti.RegOnUrl=&#xA;</info>"},
		{strings.ReplaceAll(set("sip.line.1.RegisterPswd"), `"set"`, `"get"`), 403, "never shown"},
		{strings.ReplaceAll(set("sip.line.1.RegisterPwd"), `"set"`, `"get"`), 403, "never shown"},
		{strings.ReplaceAll(set("call.port.1.RejectReturnCode", "sip.SIPPort", "sip.RegFailInterval", "sip.line.1.UDPUpdateTryTimes", "cti.ActiveUriIP"), `"set"`, `"get"`), 200,
			"<info>call.port.1.RejectReturnCode=603&#xA;sip.SIPPort=5060&#xA;sip.RegFailInterval=32&#xA;sip.line.1.UDPUpdateTryTimes=1&#xA;cti.ActiveUriIP=192.0.2.1&#xA;</info>"},
		{set("call.port.1.RejectReturnCode = 200"), 422, "reject_return_code"},
		{set("sip.RegFailInterval = 0"), 422, "reg_fail_interval"},
		{set("sip.SIPPort = x"), 422, "sip_port"},
		{set("sip.line.1.FailbackInterval = 70", "sip.line.2.FailbackInterval = -1"), 422, "failback_interval"},
		{set("sip.line.1.FailbackInterval = 70", "cti.CallActiveUrl = http://169.254.169.254/"), 422, "call_active"},
		{set("sip.line.1.FailbackInterval = -1", "cti.CallActiveUrl = http://192.0.2.1/"), 422, "failback_interval"},
		{set("sip.line.1.FailbackInterval = 70", "sip.line.1.Nothing = 1"), 422, "sip.line.1.Nothing is no setting"},
		{set("sip.line.21.RegisterAddr = x"), 422, "lines 1 to 20"},
		{set("sip.line.1.RegisterAddr"), 422, "path = value"},
		{set("cti.CallActiveUrl = http://169.254.169.254/"), 422, "call_active"},
		{set("phone.volume.HandFreeVol = 5"), 422, "no setting"},
		{strings.ReplaceAll(set("x"), `"set"`, `"drop"`), 422, "set or get"},
		{`<FanvilConfiguration cmd="set">`, 400, "cannot be read"},
		{`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FanvilConfiguration cmd="set"><Item>&a;</Item></FanvilConfiguration>`, 400, "document type"},
		{`<Other/>`, 400, "must be FanvilConfiguration"},
		{`<FanvilConfiguration cmd="get"/><FanvilConfiguration cmd="get"/>`, 400, "more than one"},
		{"\x00\xff", 400, "cannot be read"},
		{`<?xml version="1.0" encoding="latin1"?><FanvilConfiguration/>`, 400, "cannot be read"},
		{strings.Repeat(" ", maxBody+1), 413, ""},
	} {
		h, s := remote(t, false)
		before := h.settings[1]
		code, body := script(s, "POST /xmlService", c.body)
		if code != c.code || !strings.Contains(body, c.want) || strings.Contains(body, canary) {
			t.Errorf("%.200s\n%d %s", c.body, code, body)
		}
		if code >= 300 && (h.settings[1] != before || h.saves != 0 || len(h.Device().ActionURLs) != 0) {
			t.Errorf("%.200s has changed something", c.body)
		}
		if code == 200 && strings.Contains(c.body, "FailbackInterval = 60") {
			if h.settings[1].FailbackInterval != 60 || h.settings[2].RegisterAddr != "192.0.2.9" || h.settings[1].AuthPassword != canary || len(h.applied) != 2 {
				t.Errorf("stored %+v, applied %v", h.settings[1], h.applied)
			}
		}
	}
	// IM-10, IM-12: keys of the phone as a whole, and other spellings of keys.
	h, s := remote(t, false)
	code, body := script(s, "POST /xmlService", set("call.port.1.RejectReturnCode = 488", "call.RingTimeout = 20", "sip.RegFailInterval = 60", "sip.line.2.UDPUpdateTryTimes = 4", "sip.line.1.RegisterPwd = "+canary))
	if d := h.Device(); code != 200 || d.Number(device.RejectReturnCode) != 488 || d.Number(device.RingTimeout) != 20 || h.settings[1].RegFailInterval != 60 || h.settings[20].RegFailInterval != 60 ||
		h.settings[2].OptionsFailCount != 4 || h.settings[1].AuthPassword != canary {
		t.Errorf("%d %s; %+v", code, body, d)
	}
	_, s = remote(t, true)
	if code, body := script(s, "POST /xmlservice", set("sip.line.1.Nothing = 1")); code != 200 || !strings.Contains(body, "<RetCode>0<") {
		t.Errorf("faithful: %d %s", code, body)
	}
}

func TestXMLExecute(t *testing.T) {
	exec := func(uris ...string) string {
		return `<FanvilIPPhoneExecute><ExecuteItem URI="` + strings.Join(uris, `"/><ExecuteItem URI="`) + `"/></FanvilIPPhoneExecute>`
	}
	for _, c := range []struct {
		body string
		code int
		did  string
	}{
		{exec("Led:Line1_GREEN=fastflash/"), 200, "line1 fast"},
		{exec("Led:POWER=off/", "Delay:0/"), 200, "power off"},
		{exec("Key:KEY_4/"), 200, "keys 4"},
		{exec("Key:STAR/", "Key:POUND/"), 200, "keys #"},
		{exec("Led:Door=on/"), 422, ""},
		{exec("Led:POWER=purple/"), 422, ""},
		{exec("Key:KEY_4/", "Key:KEY_X9/"), 422, ""},
		{exec("Delay:11/"), 422, ""},
		{exec("Delay:-1/"), 422, ""},
		{exec("Delay:9223372036854775807/", "Delay:1/"), 422, ""},
		{exec("Dial:1002"), 422, ""},
		{"<FanvilIPPhoneExecute/>", 422, ""},
	} {
		h, s := remote(t, false)
		if code, body := script(s, "POST /xmlService", c.body); code != c.code || h.did() != c.did {
			t.Errorf("%s: %d %s, did %q", c.body, code, body, h.did())
		}
	}
	_, s := remote(t, false)
	if code, _ := script(s, "POST /xmlService", exec("Key:KEY_4/"), func(r *http.Request) { r.SetBasicAuth("x", "tok-read") }); code != 403 {
		t.Errorf("by a token that may only read: %d", code)
	}
}

// The configuration goes out without its passwords.
func TestUserConfig(t *testing.T) {
	_, s := remote(t, false)
	for path, want := range map[string]string{"txt": "SIP1 Register Addr      :127.0.0.2", "xml": "<RegisterAddr>127.0.0.2</RegisterAddr>"} {
		code, body := script(s, "GET /default_user_config."+path, "")
		if code != 200 || !strings.Contains(body, want) || strings.Contains(body, canary) {
			t.Errorf("%s: %d %.300s", path, code, body)
		}
	}
}

// did is what the house was told last: a call, an action, keys, a lamp.
func (h *house) did() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := slices.Clone(h.tried)
	for _, k := range h.pressed {
		all = append(all, "keys "+k)
	}
	for _, a := range h.acts {
		all = append(all, strings.TrimSpace(fmt.Sprintf("1 %s %s", a.Do, a.To)))
	}
	for _, c := range h.calls {
		if c.State == line.Calling {
			all = append(all, fmt.Sprintf("dial %d %s", c.Line, c.Remote))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

func FuzzKeys(f *testing.F) {
	for _, key := range []string{"SPEAKER;1002;OK", "F_TRANSFER;1003;F_TRANSFER", "L1;*;#", "F_LOCK&code=*"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := keySteps(text)
		if err == nil && len(steps) == 0 || len(steps) > press.MaxKeys {
			t.Errorf("%q: %d steps", text, len(steps))
		}
		for _, step := range steps {
			if step.number != "" && !isNumber(step.number) || step.do == "dial" && !lineExists(step.line) {
				t.Errorf("%q: %+v", text, step)
			}
			for _, key := range step.keys {
				if len(key) == 1 && !strings.Contains("0123456789*#", key) {
					t.Errorf("%q presses %q", text, key)
				}
			}
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<FanvilConfiguration cmd="set"><Item>sip.line.1.RegisterAddr = 172.16.1.3</Item></FanvilConfiguration>`))
	f.Add([]byte(`<FanvilIPPhoneExecute><ExecuteItem URI="Led:Line1_GREEN=fastflash/"/></FanvilIPPhoneExecute>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readXML(data)
		if err == nil && r.XMLName.Local != "FanvilConfiguration" && r.XMLName.Local != "FanvilIPPhoneExecute" {
			t.Errorf("%q is %s", data, r.XMLName.Local)
		}
		for _, text := range r.Items {
			path, value, _ := strings.Cut(text, "=")
			if it, _, err := itemAt(strings.TrimSpace(path), value); err == nil && it.Setting.Name == "" && it.Device.Name == "" {
				t.Errorf("%q is a setting of nothing", path)
			}
		}
	})
}

// A restart by script is the admin's, as on the page.
func TestActiveURIRestart(t *testing.T) {
	h, s := remote(t, false)
	if code, _ := script(s, "GET /cgi-bin/ConfigManApp.com?key=F_REBOOT;OK", "", func(r *http.Request) { r.SetBasicAuth("x", "tok-control") }); code != 403 || h.restarts != 0 {
		t.Errorf("by hands: %d", code)
	}
	if code, _ := script(s, "GET /cgi-bin/ConfigManApp.com?key=F_REBOOT;OK", ""); code != 200 || h.restarts != 1 {
		t.Errorf("%d, %d restarts", code, h.restarts)
	}
}

// UX-08: a key that had no effect is a failure, with the reason.
func TestVendorKeyWithoutEffect(t *testing.T) {
	_, s := remote(t, false)
	if code, text := script(s, "GET /cgi-bin/ConfigManApp.com?key=L19", ""); code != 200 || !strings.Contains(text, "[success]") {
		t.Errorf("%d %s", code, text)
	}
	code, text := script(s, "GET /cgi-bin/ConfigManApp.com?key=MSG;L17", "")
	if code != 409 || !strings.Contains(text, "failed: after 1 of 2 keys: the key line17 had no effect: there is a call on line 1") {
		t.Errorf("%d %s", code, text)
	}
}
