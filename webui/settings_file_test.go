package webui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hilphone/db/journal"
	"hilphone/db/sysconf"
)

// hasAttribute and valueOf look at a field of a form.
func hasAttribute(n *html.Node, name string) bool { _, ok := attr(n, name); return ok }
func valueOf(n *html.Node) string                 { v, _ := attr(n, "value"); return v }

// byUser is a request to REST by the login of the role user.
func byUser(s *Server, what, body string) *httptest.ResponseRecorder {
	r := request("", strings.Replace(what, " ", " "+base, 1), body)
	key := s.sessions.begin(string(RoleUser), RoleUser)
	since, _ := s.passwordSince(r.Context(), string(RoleUser)) // a house has no errors
	s.sessions.renew(key, since)
	r.AddCookie(&http.Cookie{Name: cookieName(r), Value: key})
	return serve(s, r)
}

// SE-02: the role user sets no file, by REST, on the page or in a form made by hand, and the field is named; what he may set he still can.
func TestUserSetsNoFile(t *testing.T) {
	h, s := inhabited(t)
	set := h.settings[1]
	set.TLSCAFile = "/ca.pem"
	h.settings[1] = set
	for _, step := range []struct {
		what, body string
		want       int
	}{
		{"PATCH /lines/1/sip", `{"tls_ca_file":"/other.pem"}`, 422},
		{"PATCH /lines/1/sip", `{"tls_ca_file":"/dev/zero","failback_interval":60}`, 422},
		{"PATCH /lines/1/sip", `{"tls_ca_file":""}`, 422},
		{"PUT /lines/1/sip", `{"tls_ca_file":"/bad.pem"}`, 422},
		{"PATCH /lines/1/sip", `{"tls_ca_file":"/ca.pem","failback_interval":60}`, 200},
		{"PUT /lines/1/sip", `{"phone_number":"1001","failback_interval":70}`, 200},
	} {
		before := h.settings[1]
		w := byUser(s, step.what, step.body)
		if w.Code != step.want {
			t.Errorf("%s %s: %d %s", step.what, step.body, w.Code, w.Body)
		}
		if step.want == 422 {
			p := problemIn(t, w)
			if at := locations(p); !slices.Equal(at, []string{"body.tls_ca_file"}) || p.Errors[0].Message != "is set by the administrator only" || h.settings[1] != before {
				t.Errorf("%s: at %q, %s", step.body, at, w.Body)
			}
		}
	}
	if got := h.settings[1]; got.TLSCAFile != "/ca.pem" || got.FailbackInterval != 70 || len(h.readFiles) > 0 {
		t.Errorf("stored %+v, read %q", got, h.readFiles)
	}
	for _, l := range languages {
		page := browse(s, RoleUser, l.Tag, "GET /line/sip?line=1", nil).Body.String()
		field := fieldsOf(t, page)["tls_ca_file"]
		if valueOf(field) != "/ca.pem" || !strings.Contains(page, l.Tag.say("form.admin")) || !hasAttribute(field, "readonly") {
			t.Errorf("%s: the field is %+v", l.Tag.tag, field)
		}
		if other := fieldsOf(t, page)["phone_number"]; hasAttribute(other, "readonly") {
			t.Error("what the user may set is read-only")
		}
		form := filled(t, page)
		form.Set("tls_ca_file", "/other.pem")
		w := browse(s, RoleUser, l.Tag, "POST /line/sip?line=1", form)
		if w.Code != 422 || !strings.Contains(w.Body.String(), l.Tag.say("error.admin")) || h.settings[1].TLSCAFile != "/ca.pem" {
			t.Errorf("a form made by hand: %d", w.Code)
		}
		form.Set("tls_ca_file", "/ca.pem")
		form.Set("failback_interval", map[string]string{"en": "80", "ja": "81", "zh": "82"}[l.Tag.tag])
		if w := browse(s, RoleUser, l.Tag, "POST /line/sip?line=1", form); w.Code != http.StatusSeeOther {
			t.Errorf("what the user may set: %d %s", w.Code, w.Body)
		}
	}
	if field := fieldsOf(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())["tls_ca_file"]; hasAttribute(field, "readonly") {
		t.Error("the administrator's field is read-only")
	}
}

// SE-02: a file is read when it is set; one that cannot be used is a 422 that names field and reason, and nothing is changed.
func TestFileIsReadWhenSet(t *testing.T) {
	h, s := inhabited(t)
	before := h.settings[1]
	for _, method := range []string{"PATCH", "PUT"} {
		w := rest(s, method+" /lines/1/sip", `{"failback_interval":60,"tls_ca_file":"/bad.pem"}`)
		p := problemIn(t, w)
		if w.Code != 422 || !slices.Equal(locations(p), []string{"body.tls_ca_file"}) || p.Errors[0].Message != "/bad.pem: is a device, not a regular file" {
			t.Errorf("%s: %d %s", method, w.Code, w.Body)
		}
	}
	if h.settings[1] != before || h.saves != 0 || len(h.applied) != 0 {
		t.Errorf("%d saves, applied %q", h.saves, h.applied)
	}
	events := func() int { return len(s.Journal.Events(journal.Query{Types: []string{"settings"}})) }
	h.fileText = "one"
	for _, step := range []struct {
		body, text    string
		read, events  int
		saves, closed int
	}{
		{`{"tls_ca_file":"/ca.pem"}`, "one", 1, 1, 1, 3},
		{`{"failback_interval":61}`, "one", 1, 2, 2, 4},
		{`{"tls_ca_file":"/ca.pem"}`, "one", 2, 2, 2, 5}, // again: nothing has changed
		{`{"tls_ca_file":"/ca.pem"}`, "two", 3, 3, 2, 6}, // the file has
		{`{"tls_ca_file":""}`, "two", 3, 4, 3, 7},
	} {
		h.fileText = step.text
		if w := rest(s, "PATCH /lines/1/sip", step.body); w.Code != 200 {
			t.Errorf("%s: %d %s", step.body, w.Code, w.Body)
		}
		if len(h.readFiles) != step.read || events() != step.events || h.saves != step.saves || h.dropped != step.closed {
			t.Errorf("%s: read %d times, %d events, %d saves, dropped %d times; want %+v", step.body, len(h.readFiles), events(), h.saves, h.dropped, step)
		}
	}
}

// SE-02: a file that has gone since it was set does not keep the page from changing other settings; a new name is read there too.
func TestFileOnThePage(t *testing.T) {
	h, s := inhabited(t)
	set := h.settings[1]
	set.TLSCAFile = "/gone-bad.pem"
	h.settings[1] = set
	form := filled(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
	form.Set("failback_interval", "90")
	if w := browse(s, RoleAdmin, english, "POST /line/sip?line=1", form); w.Code != http.StatusSeeOther || h.settings[1].FailbackInterval != 90 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]int{"/other-bad.pem": 422, "/good.pem": http.StatusSeeOther} {
		form := filled(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
		form.Set("tls_ca_file", name)
		w := browse(s, RoleAdmin, english, "POST /line/sip?line=1", form)
		if w.Code != want || want == 422 && !strings.Contains(w.Body.String(), "/other-bad.pem: is a device, not a regular file") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if h.settings[1].TLSCAFile != "/good.pem" {
		t.Errorf("%q is stored", h.settings[1].TLSCAFile)
	}
	if w := browse(s, RoleUser, english, "POST /line/plan", url.Values{"line": {"1"}, "tls_ca_file": {"/bad.pem"}}); w.Code >= 500 || len(h.readFiles) != 1 {
		t.Errorf("the plan: %d, read %q", w.Code, h.readFiles)
	}
}

// UX-04: Apply on the page with the name of the file as it is stored reads the file again: what has changed in it is in force at once and recorded,
// as by REST. One that has gone is named where nothing else was changed. The role user has no file read.
func TestSameFileOnThePage(t *testing.T) {
	h, s := inhabited(t)
	set := h.settings[1]
	set.TLSCAFile = "/ca.pem"
	h.settings[1] = set
	h.fileText, h.heldFiles = "one", map[string]string{"/ca.pem": "one"}
	events := func() int { return len(s.Journal.Events(journal.Query{Types: []string{"settings"}})) }
	form := filled(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
	apply := func(role Role, text, done string, reads, recorded int) {
		t.Helper()
		h.fileText = text
		w := browse(s, role, english, "POST /line/sip?line=1", form)
		if w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "done="+done+"&") || len(h.readFiles) != reads || events() != recorded {
			t.Errorf("%s, %s: %d %s, read %q, %d events; want %s, %d reads, %d events", role, text, w.Code, w.Header(), h.readFiles, events(), done, reads, recorded)
		}
	}
	apply(RoleAdmin, "one", "same", 1, 0)
	apply(RoleAdmin, "two", "saved", 2, 1)
	apply(RoleUser, "three", "same", 2, 1)
	apply(RoleAdmin, "three", "saved", 3, 2)
	if h.saves != 0 {
		t.Errorf("stored %d times, and no setting was changed", h.saves)
	}

	set.TLSCAFile = "/gone-bad.pem"
	h.settings[1] = set
	form = filled(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
	if w := browse(s, RoleAdmin, english, "POST /line/sip?line=1", form); w.Code != 422 || !strings.Contains(w.Body.String(), "/gone-bad.pem: is a device, not a regular file") {
		t.Errorf("a file that has gone: %d", w.Code)
	}
}

// SE-02: an import and a copy that is restored go the same way: a file that cannot be used is refused by line, key and reason.
func TestFileInAnImport(t *testing.T) {
	h, s := inhabited(t)
	before := h.settings[1]
	const head = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\n"
	bad := head + "SIP1 Display Name:x\nSIP1 X-tls_ca_file:/bad.pem\n<<END OF FILE>>\n"
	for _, query := range []string{"?dry_run=1", ""} {
		w := upload(s, "tok-admin", "/config/import"+query, "text/plain", bad)
		p := problemIn(t, w)
		if w.Code != 422 || !slices.Equal(locations(p), []string{"body.sip.line.1.X-tls_ca_file"}) ||
			p.Errors[0].Message != "line 4, column 20: SIP1 X-tls_ca_file: /bad.pem: is a device, not a regular file" {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	kept := sysconf.Factory()
	set := kept.Lines[2]
	set.TLSCAFile = "/copied-bad.pem"
	kept.Lines[2] = set
	h.copies = append(h.copies, kept)
	if w := upload(s, "tok-admin", "/config/copies/1/restore", "application/json", ""); w.Code != 422 || !strings.Contains(w.Body.String(), "SIP2 X-tls_ca_file: /copied-bad.pem") {
		t.Errorf("a copy: %d %s", w.Code, w.Body)
	}
	if h.settings[1] != before || len(h.applied) != 0 {
		t.Errorf("applied %q", h.applied)
	}
	if w := upload(s, "tok-admin", "/config/import", "text/plain", strings.ReplaceAll(bad, "bad", "good")); w.Code != 200 || h.settings[1].TLSCAFile != "/good.pem" || len(h.readFiles) != 1 {
		t.Errorf("%d %s, read %q", w.Code, w.Body, h.readFiles)
	}
}
