package webui

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// uploadForm sends a file as a browser does, in the session of an earlier request's cookie.
func uploadForm(t *testing.T, s *Server, cookie *http.Cookie, file, pasted string, checked ...string) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "phone.cfg")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(file)) // a bytes.Buffer takes everything
	if err := w.WriteField("text", pasted); err != nil {
		t.Fatal(err)
	}
	for _, name := range checked {
		if err := w.WriteField(name, "1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/system/configuration/import", &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return asSession(s, r, cookie)
}

func postForm(s *Server, cookie *http.Cookie, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return asSession(s, r, cookie)
}

func asSession(s *Server, r *http.Request, cookie *http.Cookie) *httptest.ResponseRecorder {
	r.Host = "127.0.0.1:8080"
	r.AddCookie(cookie)
	return serve(s, r)
}

func sessionOf(s *Server, role Role) *http.Cookie {
	key := s.sessions.begin(string(role), role)
	return &http.Cookie{Name: "hilphone", Value: key}
}

// hidden returns the value of a hidden field of the form that applies a difference.
func hidden(t *testing.T, page, name string) string {
	t.Helper()
	for _, e := range elements(t, page) {
		if got, _ := attr(e, "name"); got == name && e.Data == "input" {
			if kind, _ := attr(e, "type"); kind == "hidden" {
				return must(attr(e, "value"))
			}
		}
	}
	t.Fatalf("no field %s in %s", name, page)
	return ""
}

// From file to difference to applied, and back by the copy: what the page changes is what its twin changes.
func TestConfigurationPage(t *testing.T) {
	h, s := inhabited(t)
	before := h.settings[1]
	admin := sessionOf(s, RoleAdmin)
	for _, pasted := range []bool{false, true} {
		file, text := vendorFile, ""
		if pasted {
			file, text = "", vendorFile
		}
		w := uploadForm(t, s, admin, file, text)
		page := w.Body.String()
		if w.Code != http.StatusOK || strings.Contains(page, canary) || len(h.applied) > 0 {
			t.Fatalf("%d, applied %v", w.Code, h.applied)
		}
		for _, want := range []string{"5 keys: 3 change, 1 are kept without effect, 1 are unknown. Nothing is changed yet.", "SIP1 Failback Interval", "<b>60</b>", "set, not shown", "usually “0”", "<td>unknown, kept</td><td class=\"time\">7</td>", "SIP2 Moon Phase"} {
			if !strings.Contains(page, want) {
				t.Errorf("the difference does not say %q", want)
			}
		}
		checkPage(t, s, "difference", page, english)
		if !pasted {
			continue
		}
		form := url.Values{"pending": {hidden(t, page, "pending")}, "copy": {"0"}}
		if w := postForm(s, sessionOf(s, RoleAdmin), "/system/configuration/apply", form); w.Code != http.StatusConflict || len(h.applied) > 0 {
			t.Errorf("another session applies it: %d", w.Code)
		}
		if w := postForm(s, admin, "/system/configuration/apply", form); w.Code != http.StatusSeeOther || h.settings[1].FailbackInterval != 60 || h.settings[1].AuthPassword != "new-"+canary {
			t.Errorf("%d %s, %+v", w.Code, w.Body, h.settings[1])
		}
		if w := postForm(s, admin, "/system/configuration/apply", form); w.Code != http.StatusConflict {
			t.Errorf("applied twice: %d", w.Code)
		}
	}
	w := postForm(s, admin, "/system/configuration/restore", url.Values{"copy": {"1"}})
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), canary) || h.settings[1] == before {
		t.Errorf("%d", w.Code)
	}
	form := url.Values{"pending": {""}, "copy": {hidden(t, w.Body.String(), "copy")}}
	if w := postForm(s, admin, "/system/configuration/apply", form); w.Code != http.StatusSeeOther || h.settings[1] != before {
		t.Errorf("%d %+v", w.Code, h.settings[1])
	}
}

func TestConfigurationPageRefuses(t *testing.T) {
	h, s := inhabited(t)
	admin, user := sessionOf(s, RoleAdmin), sessionOf(s, RoleUser)
	w := uploadForm(t, s, admin, "<<VOIP CONFIG FILE>>Version:2.0002\nSIP1 Register Port:x\nSIP1 Register Pswd:"+strings.Repeat(canary, 20)+"\n<<END OF FILE>>", "")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `<td class="time">2:20</td><td><code>SIP1 Register Port</code></td><td>must be a whole number from 0 to 65535`) ||
		!strings.Contains(w.Body.String(), `<td class="time">3:20</td><td><code>SIP1 Register Pswd`) || strings.Contains(w.Body.String(), canary) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	checkPage(t, s, "faults", w.Body.String(), english)
	// IM-03: of a file that ends early nothing is taken, unless it is said to be a part.
	part := strings.TrimSuffix(vendorFile, "<<END OF FILE>>\r\n")
	if w := uploadForm(t, s, admin, part, ""); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "the file ends early, at line 7") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := uploadForm(t, s, admin, part, "", "partial"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "5 keys: 3 change") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, c := range []struct {
		path string
		form url.Values
		want int
		says string
	}{
		{"reset", url.Values{"confirm": {"yes"}}, 422, "type factory-reset; nothing was changed"},
		{"reset", url.Values{}, 422, "nothing was changed"},
		{"time", url.Values{"time_zone": {"Mars/Olympus"}}, 422, "is no time zone"},
		{"restore", url.Values{"copy": {"9"}}, 404, ""},
		{"restore", url.Values{"copy": {"x"}}, 422, ""},
		{"apply", url.Values{"copy": {"x"}}, 422, ""},
		{"apply", url.Values{"pending": {"nothing"}}, 409, "not held any more"},
	} {
		if w := postForm(s, admin, "/system/configuration/"+c.path, c.form); w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %v: %d %s", c.path, c.form, w.Code, w.Body)
		}
		if w := postForm(s, user, "/system/configuration/"+c.path, c.form); w.Code != http.StatusForbidden {
			t.Errorf("%s by the user: %d", c.path, w.Code)
		}
	}
	if w := uploadForm(t, s, user, vendorFile, ""); w.Code != http.StatusForbidden {
		t.Errorf("an import by the user: %d", w.Code)
	}
	if len(h.applied)+len(h.resets)+h.restarts > 0 || h.zone != "" {
		t.Errorf("something was done: %v, %v, %d", h.applied, h.resets, h.restarts)
	}
	if w := postForm(s, admin, "/system/configuration/reset", url.Values{"confirm": {" factory-reset "}, "erase": {"1"}}); w.Code != http.StatusSeeOther || len(h.resets) != 1 || !h.resets[0] {
		t.Errorf("%d %v", w.Code, h.resets)
	}
	if w := postForm(s, admin, "/system/configuration/restart", nil); w.Code != http.StatusSeeOther || h.restarts != 2 {
		t.Errorf("%d, %d restarts", w.Code, h.restarts)
	}
	if w := postForm(s, admin, "/system/configuration/time", url.Values{"time_zone": {"Asia/Tokyo"}}); w.Code != http.StatusSeeOther || h.zone != "Asia/Tokyo" {
		t.Errorf("%d %q", w.Code, h.zone)
	}
}
