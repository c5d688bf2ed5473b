package webui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/audit"
)

// audited are the operations that leave an entry in the audit history, by how they are asked and what the entry is.
var audited = map[string]struct {
	what, body string
	action     audit.Action
	data       string
}{
	"put-line-settings":    {"PUT /lines/3/sip", `{"display_name":"x"}`, audit.Settings, "map[changed:[display_name] line:3]"},
	"patch-line-settings":  {"PATCH /lines/1/sip", `{"auth_password":"` + canary + `-new"}`, audit.Settings, "map[changed:[auth_password] line:1]"},
	"put-action-urls":      {"PUT /system/action-urls", `{"reg_on":"http://192.0.2.1/` + canary + `","failover":"http://192.0.2.1/over"}`, audit.Settings, "map[changed:[action_url_reg_on]]"},
	"put-remote-control":   {"PUT /system/remote-control", `{"enabled":true}`, audit.Settings, "map[changed:[remote_control_enabled]]"},
	"put-features":         {"PUT /phone/features", `{"ring_timeout":20}`, audit.Settings, "map[changed:[ring_timeout]]"},
	"patch-features":       {"PATCH /phone/features", `{"reject_return_code":488}`, audit.Settings, "map[changed:[reject_return_code]]"},
	"put-basic-settings":   {"PUT /line/basic-settings", `{"sip_port":5070}`, audit.Settings, "map[changed:[sip_port]]"},
	"patch-basic-settings": {"PATCH /line/basic-settings", `{"sip_port":5070}`, audit.Settings, "map[changed:[sip_port]]"},
	"put-board":            {"PUT /system/board", `{"board":"virtual"}`, audit.Settings, "map[changed:[board]]"},
	"put-time":             {"PUT /system/time", `{"time_zone":"Asia/Tokyo"}`, audit.Settings, "map[changed:[time_zone]]"},
	"import-configuration": {"POST /config/import", `{"lines":{"2":{"phone_number":"1002"}}}`, audit.Import, "map[changes:1 format:json]"},
	"restore-copy":         {"POST /config/copies/1/restore", "", audit.Restore, "map[changes:8 copy:1]"},
	"factory-reset":        {"POST /system/factory-reset", `{"confirm":"factory-reset","erase":true}`, audit.FactoryReset, "map[erase:true]"},
	"restart":              {"POST /system/restart", "", audit.Restart, "map[]"},
	"new-token":            {"POST /system/tokens", `{"name":"nightly","scope":"control"}`, audit.TokenMade, "map[scope:control token:nightly]"},
	"revoke-token":         {"DELETE /system/tokens/reader", "", audit.TokenRevoked, "map[token:reader]"},
	"set-password":         {"PUT /system/accounts", `{"account":"user","password":"` + canary + `"}`, audit.Password, "map[account:user]"},
	"export-configuration": {"GET /config/export?secrets=1&format=xml", "", audit.ExportSecret, "map[format:xml]"},
}

// unaudited change nothing that is kept.
var unaudited = []string{"test-action-url"}

// last returns the newest entry of an action.
func (h *house) last(t *testing.T, action audit.Action) audit.Entry {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range slices.Backward(h.audits) {
		if e.Action == action {
			return e
		}
	}
	t.Errorf("no entry %s in %+v", action, h.audits)
	return audit.Entry{}
}

// SE-10: every operation that only the administrator may ask for is recorded with its author and his address, and without secrets; what
// is refused, asked for again or only tried is not.
func TestAuditOfOperations(t *testing.T) {
	t.Parallel()
	_, all := inhabited(t)
	for _, item := range all.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			_, listed := audited[op.OperationID]
			if writes := op.Method != http.MethodGet && strings.Contains(op.Description, "Scope: admin."); writes && !listed && !slices.Contains(unaudited, op.OperationID) {
				t.Errorf("%s leaves no entry", op.OperationID)
			}
		}
	}
	for id, c := range audited {
		h, s := prepared(t, "")
		ask := func(token string) int {
			r := request(token, strings.Replace(c.what, " ", " "+base, 1), c.body)
			r.RemoteAddr = "192.0.2.7:40000"
			return serve(s, r).Code
		}
		if code := ask("tok-read"); code != http.StatusForbidden || len(h.audits) != 0 {
			t.Errorf("%s refused: %d, %+v", id, code, h.audits)
		}
		if code := ask("tok-admin"); code >= 300 {
			t.Errorf("%s: %d", id, code)
			continue
		}
		e := h.last(t, c.action)
		want := audit.Author{Kind: audit.Token, Name: "boss", Source: "api", From: "192.0.2.7"}
		if e.Author != want || fmt.Sprint(e.Data) != c.data || time.Since(e.Time) > time.Minute {
			t.Errorf("%s: %+v, want %+v %s", id, e, want, c.data)
		}
		before := len(h.audits)
		if c.action == audit.Settings || c.action == audit.Import || c.action == audit.Restore {
			if ask("tok-admin"); len(h.audits) != before {
				t.Errorf("%s again changes nothing, and is recorded: %+v", id, h.audits[before:])
			}
		}
		if text, err := json.Marshal(h.audits); err != nil || strings.Contains(string(text), canary) {
			t.Errorf("%s: the history has a secret: %s", id, text)
		}
	}
	h, s := inhabited(t)
	rest(s, "POST /config/import?dry_run=1", audited["import-configuration"].body)
	rest(s, "GET /config/export", "")
	if len(h.audits) != 0 {
		t.Errorf("what was only tried is recorded: %+v", h.audits)
	}
}

// SE-10: forms are recorded as their operations are, with the account that is logged in.
func TestAuditOfForms(t *testing.T) {
	t.Parallel()
	byTwin := map[string]audit.Action{}
	for path, item := range loadContract(t, newServer(t, newHouse())).doc.Paths.Map() {
		for method, op := range item.Operations() {
			if c, ok := audited[op.OperationID]; ok {
				byTwin[method+" "+path] = c.action
			}
		}
	}
	fill := strings.NewReplacer("/1/", "/{n}/", "copies/1/", "copies/{id}/", "/reader", "/{name}")
	seen := 0
	for _, c := range twins {
		action, ok := byTwin[c.twin]
		if !ok {
			action, ok = byTwin[fill.Replace(c.twin)]
		}
		if strings.HasPrefix(c.twin, "POST /config/copies") {
			action, ok = audit.Restore, true
		}
		if !ok {
			continue
		}
		h, s := prepared(t, c.form)
		if w := c.send(t, s, c.typed); w.Code >= 400 {
			t.Errorf("%s: %d", c.form, w.Code)
		}
		seen++
		if e := h.last(t, action); e.Kind != audit.Account || e.Name != "admin" || e.Source != "web" || e.From == "" {
			t.Errorf("%s: %+v", c.form, e)
		}
	}
	if seen < 12 {
		t.Errorf("only %d forms were looked at", seen)
	}
}

// SE-10: logins and failed logins are recorded with their address; what was typed as an account only if there is one of that name.
func TestAuditOfLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := remote(t, false)
		told := func() string {
			t.Helper()
			synctest.Wait()
			var all []string
			for _, e := range h.audits {
				all = append(all, fmt.Sprintf("%s %s %q %s %v", e.Action, e.Kind, e.Name, e.From, e.Data))
			}
			h.audits = nil
			slices.Sort(all) // logins are stored beside changes
			return strings.Join(all, "; ")
		}
		want := func(what, want string) {
			t.Helper()
			if got := told(); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
			}
		}
		cookie := cookieOf(serve(s, loginForm("admin", "correct horse", "", "192.0.2.1")))
		want("a login", `login account "admin" 192.0.2.1 map[]`)
		serve(s, loginForm("admin", canary, "", "192.0.2.2"))
		serve(s, loginForm(canary, canary, "", "192.0.2.2"))
		want("two failures", `login_failed unknown "" 192.0.2.2 map[]; login_failed unknown "" 192.0.2.2 map[account:admin]`)
		for range 3 * wantAttempts {
			serve(s, loginForm("nobody", "wrong", "", "192.0.2.3"))
		}
		failure := `login_failed unknown "" 192.0.2.3 map[]; `
		want("many failures", strings.Repeat(failure, wantAttempts)+`login_locked unknown "" 192.0.2.3 map[]`)
		r := request("", "POST /logout", "")
		r.AddCookie(cookie)
		serve(s, r)
		serve(s, request("", "POST /logout", "")) // without a session
		want("a logout", `logout account "admin" 192.0.2.1 map[]`)
		get(s, nil, s.OneTimeLogin())
		want("the one-time link", `login account "admin" 192.0.2.1 map[once:true]`)
		for range 20 {
			script(s, vendorPaths[3], "")
			time.Sleep(time.Minute)
		}
		want("a script that logs in again and again", `login account "admin" 192.0.2.1 map[remote_control:true]`)
		time.Sleep(time.Hour)
		set := `<FanvilConfiguration cmd="set"><Item>sip.line.1.FailbackInterval = 60</Item></FanvilConfiguration>`
		script(s, "POST /xmlService", set)
		want("a script that changes a setting", `login account "admin" 192.0.2.1 map[remote_control:true]; settings account "admin" 192.0.2.1 map[changed:[failback_interval] line:1]`)
		session := logIn(t, s, "user", "battery staple")
		told()
		r = request("", "PUT "+base+"/system/accounts", `{"account":"user","current_password":"wrong","password":"another horse"}`)
		r.AddCookie(session)
		serve(s, r)
		want("a wrong password of one's own", `login_failed account "user" 192.0.2.1 map[account:user]`)
		h.password = map[string]string{"admin": "", "user": ""}
		code := s.FirstRunCode()
		for _, c := range []string{"guess", code} {
			browse(s, "", english, "POST /first", url.Values{"code": {c}, "password": {"long enough"}, "again": {"long enough"}})
		}
		want("the first run", `login account "admin" 192.0.2.1 map[]; login_failed unknown "" 192.0.2.1 map[first_run:true]; password unknown "" 192.0.2.1 map[account:admin first_run:true]`)
	})
}

// slowAudit takes its time to store an entry.
type slowAudit struct{ *house }

func (a slowAudit) RecordAudit(ctx context.Context, e audit.Entry) error {
	if err := pause(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	return a.house.RecordAudit(ctx, e)
}

// SE-10: a slow store keeps no login waiting, and of many failed ones some are only counted.
func TestAuditOfManyFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		s.audits = newAuditLog(slowAudit{h}, s.Log)
		const failures = 300
		for i := range failures {
			serve(s, loginForm("nobody", "wrong", "", fmt.Sprintf("[2001:db8:%x::1]", i)))
		}
		began := time.Now()
		if w := serve(s, loginForm("admin", "correct horse", "", "192.0.2.1")); w.Code != http.StatusSeeOther || time.Since(began) != 0 {
			t.Errorf("%d after %v", w.Code, time.Since(began))
		}
		s.audits.storing.Wait()
		serve(s, loginForm("nobody", "wrong", "", "192.0.2.1"))
		s.audits.storing.Wait()
		counted, missed := 0, 0
		for _, e := range h.audits {
			if e.Action == audit.LoginFailed {
				counted++
				n, _ := e.Data["missed"].(float64)
				missed += int(n)
			}
		}
		// 64 wait, the one that is being stored among them, and the last comes when nothing does.
		if counted != 64+1 || missed != failures-64 || h.last(t, audit.Login).Name != "admin" {
			t.Errorf("%d recorded, %d counted", counted, missed)
		}
	})
}

// stuckAudit stores nothing.
type stuckAudit struct{ *house }

func (stuckAudit) RecordAudit(ctx context.Context, _ audit.Entry) error {
	<-ctx.Done()
	return ctx.Err()
}

// A store that does not answer does not keep the phone from ending.
func TestAuditEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		s.audits = newAuditLog(stuckAudit{newHouse()}, s.Log)
		for range 20 {
			s.audits.later(stranger("192.0.2.1"), audit.LoginFailed, nil)
		}
		began := time.Now()
		s.audits.wait()
		if d := time.Since(began); d != time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

// A store that does not answer keeps a change from being answered for 5 s, not longer.
func TestAuditOfAChangeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		s.audits = newAuditLog(stuckAudit{newHouse()}, s.Log)
		began := time.Now()
		if w := rest(s, "POST /system/tokens", `{"name":"nightly"}`); w.Code != http.StatusCreated || time.Since(began) != 5*time.Second {
			t.Errorf("%d after %v", w.Code, time.Since(began))
		}
	})
}

// SE-10: of a script that logs in with each request one login an hour is recorded, from both sides; 256 scripts are told apart, by account and
// address.
func TestAuditOfScripts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		login := func(name, from string) {
			s.audits.script(audit.Author{Kind: audit.Account, Name: name, Source: "api", From: from})
		}
		recorded := func(what string, want int) {
			t.Helper()
			s.audits.storing.Wait()
			if len(h.audits) != want {
				t.Errorf("%s: %d entries, want %d", what, len(h.audits), want)
			}
			h.audits = nil
		}
		login("admin", "192.0.2.1")
		recorded("the first", 1)
		time.Sleep(time.Hour - time.Millisecond)
		login("admin", "192.0.2.1")
		recorded("a moment before an hour has gone", 0)
		login("admin", "192.0.2.2")
		login("user", "192.0.2.1")
		recorded("others", 2)
		time.Sleep(time.Millisecond)
		login("admin", "192.0.2.1")
		recorded("when an hour has gone", 1)
		for i := range 253 {
			login("admin", fmt.Sprintf("198.51.100.%d", i))
		}
		recorded("253 more", 253)
		login("admin", "192.0.2.1")
		login("admin", "192.0.2.2")
		recorded("of 256 none again", 0)
		login("admin", "203.0.113.1")
		login("admin", "192.0.2.1")
		recorded("beyond 256 they are forgotten", 2)
	})
}

// SE-10: the page and its twin show the history page by page and by group, in three languages, to the administrator; nothing erases it.
func TestAuditPage(t *testing.T) {
	h, s := inhabited(t)
	boss := audit.Author{Kind: audit.Account, Name: "admin", Source: "web", From: "192.0.2.1"}
	for _, g := range audit.Groups {
		for _, a := range g.Actions {
			_ = h.RecordAudit(t.Context(), audit.Entry{Time: time.Now(), Action: a, Author: boss, // a house has no errors
				Data: map[string]any{"account": "user", "token": "lab", "scope": "read", "format": "json", "changes": 3, "copy": 7, "erase": true, "line": 4, "changed": []string{"t1_ms", "action_url_reg_on"}}})
		}
	}
	_ = h.RecordAudit(t.Context(), audit.Entry{Time: time.Now(), Action: "tomorrow", Author: audit.Author{Kind: "robot", Name: "<b>"}, Data: map[string]any{"missed": 2}})
	for _, l := range languages {
		w := browse(s, RoleAdmin, l.Tag, "GET "+auditPath, nil)
		body := w.Body.String()
		checkPage(t, s, "audit "+l.Tag.tag, body, l.Tag)
		for _, want := range []string{"admin", "192.0.2.1", "lab", "tomorrow", "&lt;b&gt;", l.Tag.say("audit.do.login"), l.Tag.say("audit.group.failures"), l.Tag.say("audit.more.erase"), l.Tag.say("audit.more.missed", 2)} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page does not say %q", l.Tag.tag, want)
			}
		}
		if strings.Contains(body, "{") {
			t.Errorf("%s: a placeholder is left: %s", l.Tag.tag, body[strings.Index(body, "{"):][:40])
		}
	}
	if body := browse(s, RoleAdmin, english, "GET "+auditPath+"?group=logins", nil).Body.String(); strings.Contains(body, "token lab made") || !strings.Contains(body, "logged out") {
		t.Error("the page of one group")
	}
	h.audits = nil
	for range maxShownAudit + 5 {
		_ = h.RecordAudit(t.Context(), audit.Entry{Time: time.Now(), Action: audit.Settings, Author: boss})
	}
	first := browse(s, RoleAdmin, english, "GET "+auditPath, nil).Body.String()
	older := fmt.Sprintf("%s?before=%d", auditPath, 6)
	if !strings.Contains(first, `id="a205"`) || strings.Contains(first, `id="a5"`) || !strings.Contains(first, `href="`+older+`"`) {
		t.Error("the first page")
	}
	if page := browse(s, RoleAdmin, english, "GET "+older, nil).Body.String(); !strings.Contains(page, `id="a5"`) || strings.Contains(page, `id="a6"`) || !strings.Contains(page, `href="`+auditPath+`"`) {
		t.Error("the older page")
	}
	var views []AuditView
	if err := json.Unmarshal(rest(s, "GET /system/audit?limit=2&before=100&group=settings", "").Body.Bytes(), &views); err != nil || len(views) != 2 || views[0].ID != 99 || views[0].By.Name != "admin" || views[0].Group != audit.Changes {
		t.Errorf("%+v, %v", views, err)
	}
	for _, role := range []Role{RoleUser, ""} {
		if w := browse(s, role, english, "GET "+auditPath, nil); w.Code == http.StatusOK {
			t.Errorf("%q sees the history", role)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, path := range []string{auditPath, base + auditPath, base + auditPath + "/1"} {
			if w := serve(s, request("tok-admin", method+" "+path, "")); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	if len(h.audits) != maxShownAudit+5 {
		t.Errorf("%d entries are left", len(h.audits))
	}
}
