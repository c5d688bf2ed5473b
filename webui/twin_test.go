package webui

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hilphone/db/device"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// twin is a form of a page and the operation that does the same, with something that both do and something that both refuse.
type twin struct {
	form string // where it is sent
	twin string // "PUT /phone/hook"

	typed url.Values
	page  string // the form has what this page has in it, and typed over that; empty: typed alone
	body  string

	wrong     url.Values // empty: everything that can be sent is right
	wrongBody string
	wrongTwin string // of another operation than twin
	field     string // that the operation's answer names; empty: a refusal of the whole
}

func fields(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

var twins = []twin{
	{form: "/phone/keys", twin: "POST /phone/keys", typed: fields("keys", "1"), body: `{"keys":"1"}`, wrong: fields("keys", "nonsense"), wrongBody: `{"keys":"{nonsense}"}`, field: "keys"},
	{form: "/phone/hook", twin: "PUT /phone/hook", typed: fields("state", "off"), body: `{"state":"off"}`, wrong: fields("state", "sideways"), wrongBody: `{"state":"sideways"}`, field: "state"},
	{form: "/calls", twin: "POST /calls", typed: fields("do", "dial", "line", "1", "to", "1003"), body: `{"line":1,"to":"1003"}`, wrong: fields("do", "dial", "line", "1", "to", "<1>"), wrongBody: `{"line":1,"to":"<1>"}`, field: "to"},
	{form: "/line/sip?line=1", page: "/line/sip?line=1", twin: "PATCH /lines/1/sip", typed: fields("failback_interval", "60"), body: `{"failback_interval":60}`,
		wrong: fields("register_port", "70000"), wrongBody: `{"register_port":70000}`, field: "register_port"},
	{form: "/line/register", twin: "POST /lines/1/register", typed: fields("do", "register", "line", "1"), wrong: fields("do", "register", "line", "2"), wrongTwin: "POST /lines/2/register"},
	{form: "/lab", twin: "PUT /lab/servers/primary", typed: fields("server", "primary", "behaviour", "refuse"), body: `{"behaviour":"refuse","status":503}`,
		wrong: fields("server", "primary", "behaviour", "sulk"), wrongBody: `{"behaviour":"sulk"}`, field: "behaviour"},
	{form: "/lab/servers", twin: "PUT /lab/servers/backup", typed: fields("server", "backup", "behaviour", "status", "status", "500", "drop", "0.25"), body: `{"behaviour":"status","status":500,"drop":0.25}`,
		wrong: fields("server", "backup", "behaviour", "serve", "drop", "1.5"), wrongBody: `{"behaviour":"serve","drop":1.5}`, field: "drop"},
	{form: "/lab/phone", twin: "PUT /lab/phone", typed: fields("answering", "busy"), body: `{"answering":"busy"}`, wrong: fields("answering", "busy", "after_ms", "-1"), wrongBody: `{"answering":"busy","after_ms":-1}`, field: "after_ms"},
	{form: "/lab/phone/calls", twin: "POST /lab/phone/calls", typed: fields("do", "call", "to", "1001", "via", "backup"), body: `{"to":"1001","via":"backup"}`,
		wrong: fields("do", "call", "to", "1001", "via", "third"), wrongBody: `{"to":"1001","via":"third"}`, field: "via"},
	{form: "/lab/phone/calls", twin: "POST /lab/phone/requests", typed: fields("do", "send", "method", "NOTIFY", "to", "1001", "event", "presence", "add", "Require: foo"),
		body:  `{"method":"NOTIFY","to":"1001","event":"presence","add":["Require: foo"]}`,
		wrong: fields("do", "send", "method", "NOTIFY", "to", "1001", "cseq", "higher"), wrongBody: `{"method":"NOTIFY","to":"1001","cseq":"higher"}`, field: "cseq"},
	{form: "/system/accounts", twin: "PUT /system/accounts", typed: fields("account", "user", "password", "another one", "again", "another one"), body: `{"account":"user","password":"another one"}`,
		wrong: fields("account", "user", "password", "short", "again", "short"), wrongBody: `{"account":"user","password":"short"}`, field: "password"},
	{form: "/system/tokens", twin: "POST /system/tokens", typed: fields("name", "nightly", "scope", "control"), body: `{"name":"nightly","scope":"control"}`,
		wrong: fields("name", "a b", "scope", "read"), wrongBody: `{"name":"a b"}`, field: "name"},
	{form: "/system/tokens/revoke", twin: "DELETE /system/tokens/reader", typed: fields("name", "reader")},
	{form: "/system/board", twin: "PUT /system/board", typed: fields("board", "virtual"), body: `{"board":"virtual"}`, wrong: fields("board", "file", "text", "hook: x"), wrongBody: `{"board":"hook: x"}`, field: "board"},
	{form: "/system/board/show", twin: "POST /system/board/show", typed: fields("name", "ringer"), body: `{"name":"ringer"}`, wrong: fields("name", "hook"), wrongBody: `{"name":"hook"}`},
	{form: "/system/board/walk", twin: "POST /system/board/walk", typed: fields("walk", "begin")},
	{form: "/system/action-urls", page: "/system/action-urls", twin: "PUT /system/action-urls", typed: fields("reg_on", "http://192.0.2.1/on"), body: `{"failover":"http://192.0.2.1/over","reg_on":"http://192.0.2.1/on"}`,
		wrong: fields("reg_on", "http://169.254.169.254/"), wrongBody: `{"reg_on":"http://169.254.169.254/"}`, field: "reg_on"},
	{form: "/system/action-urls/test", twin: "POST /system/action-urls/test", typed: fields("event", "failover"), body: `{"event":"failover"}`, wrong: fields("event", "tomorrow"), wrongBody: `{"event":"tomorrow"}`, field: "event"},
	{form: "/system/remote-control", twin: "PUT /system/remote-control", typed: fields("enabled", "1", "allow", "192.0.2.0/24"), body: `{"enabled":true,"allow":["192.0.2.0/24"]}`,
		wrong: fields("enabled", "1", "allow", "everybody"), wrongBody: `{"enabled":true,"allow":["everybody"]}`, field: "allow"},
	{form: "/phone/features", page: "/phone/features", twin: "PATCH /phone/features", typed: fields("ring_timeout", "20", "auto_onhook", "0"), body: `{"ring_timeout":20,"auto_onhook":false}`,
		wrong: fields("reject_return_code", "200"), wrongBody: `{"reject_return_code":200}`, field: "reject_return_code"},
	{form: "/line/basic-settings", page: "/line/basic-settings", twin: "PUT /line/basic-settings", typed: fields("sip_port", "5070"), body: `{"sip_port":5070}`,
		wrong: fields("sip_port", "0"), wrongBody: `{"sip_port":0}`, field: "sip_port"},
	{form: "/system/configuration/import", twin: "POST /config/import", typed: fields("text", `{"lines":{"2":{"phone_number":"1002"}}}`), body: `{"lines":{"2":{"phone_number":"1002"}}}`,
		wrong: fields("text", `{"lines":{"2":{"register_port":70000}}}`), wrongBody: `{"lines":{"2":{"register_port":70000}}}`, field: "RegisterPort"},
	{form: "/system/configuration/restore", twin: "POST /config/copies/1/restore", typed: fields("copy", "1"), wrong: fields("copy", "9"), wrongTwin: "POST /config/copies/9/restore"},
	{form: "/system/configuration/time", twin: "PUT /system/time", typed: fields("time_zone", "Asia/Tokyo"), body: `{"time_zone":"Asia/Tokyo"}`, wrong: fields("time_zone", "Mars/Base"), wrongBody: `{"time_zone":"Mars/Base"}`, field: "time_zone"},
	{form: "/system/configuration/restart", twin: "POST /system/restart"},
	{form: "/system/configuration/reset", twin: "POST /system/factory-reset", typed: fields("confirm", "factory-reset", "erase", "1"), body: `{"confirm":"factory-reset","erase":true}`,
		wrong: fields("confirm", "yes"), wrongBody: `{"confirm":"yes"}`, field: "confirm"},
	{form: "/system/lock", twin: "DELETE /lock"},
}

// twinless are forms that set nothing of the phone: who is at the page, and a drawing of what is typed.
var twinless = []string{"/login", "/logout", "/first", "/line/plan"}

// apart from them, this form is the second step of two: what was shown is stored.
const applyPath = "/system/configuration/apply"

// prepared is a house in which the form has something to do.
func prepared(t *testing.T, form string) (*house, *Server) {
	h, s := inhabited(t)
	h.set.ActionURLs = device.ActionURLs{"failover": "http://192.0.2.1/over"}
	kept := sysconf.Factory()
	set := kept.Lines[3]
	set.DisplayName = "of the copy"
	kept.Lines[3] = set
	h.copies = append(h.copies, kept)
	if form != "/system/lock" {
		return h, s
	}
	if w := serve(s, request("tok-control", "POST "+base+"/lock", `{"owner":"nightly","ttl_s":60}`)); w.Code >= 300 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return h, s
}

// state is all that can be set in a house; who asked does not matter.
func (h *house) state(s *Server) string {
	var b strings.Builder
	for n := 1; n <= line.MaxLines; n++ {
		fmt.Fprintln(&b, n, h.settings[n])
	}
	var tokens []string
	for _, t := range h.tokens {
		tokens = append(tokens, t.Name+" "+string(t.Scope))
	}
	slices.Sort(tokens)
	fmt.Fprintln(&b, h.Device().Text(), h.lab, h.far.view, h.far.calls, h.far.sent, h.board, h.walk, h.hook, h.pressed, h.applied, len(h.calls), h.acts, tokens, h.password, h.zone, h.restarts, h.resets, h.foreign, h.tried, len(h.copies), h.saves > 0)
	fmt.Fprintln(&b, strings.NewReplacer("web ", "", "api ", "").Replace(fmt.Sprint(h.byHand)))
	fmt.Fprint(&b, s.lock.view(Visitor{}).Owner)
	return b.String()
}

// send sends a form as the admin's browser does, and takes the second step where there are two.
func (c twin) send(t *testing.T, s *Server, typed url.Values) *httptest.ResponseRecorder {
	form := maps.Clone(typed)
	if c.page != "" {
		form = typedOver(t, browse(s, RoleAdmin, english, "GET "+c.page, nil).Body.String(), c.form, typed)
	}
	session := sessionOf(s, RoleAdmin)
	switch c.form {
	case "/system/configuration/import":
		w := uploadForm(t, s, session, "", typed.Get("text"))
		if w.Code != http.StatusOK {
			return w
		}
		return postForm(s, session, applyPath, fields("pending", hidden(t, w.Body.String(), "pending")))
	case "/system/configuration/restore":
		w := postForm(s, session, c.form, form)
		if w.Code != http.StatusOK {
			return w
		}
		return postForm(s, session, applyPath, fields("copy", hidden(t, w.Body.String(), "copy")))
	}
	return browse(s, RoleAdmin, english, "POST "+c.form, form)
}

// typedOver is what a form of a page has in it, and what was typed over that.
func typedOver(t *testing.T, page, action string, typed url.Values) url.Values {
	form := url.Values{}
	for _, e := range elements(t, page) {
		name, _ := attr(e, "name")
		value, _ := attr(e, "value")
		kind, _ := attr(e, "type")
		_, checked := attr(e, "checked")
		if name == "" || !sentTo(e, action) || kind == "checkbox" && !checked {
			continue
		}
		if e.Data == "select" {
			for o := range e.Descendants() {
				if _, selected := attr(o, "selected"); selected {
					value, _ = attr(o, "value")
				}
			}
		}
		if e.Data == "select" || e.Data == "input" {
			form.Set(name, value)
		}
	}
	for name, values := range typed {
		form[name] = values
	}
	return form
}

func sentTo(e *html.Node, action string) bool {
	for p := e.Parent; p != nil; p = p.Parent {
		if got, _ := attr(p, "action"); p.Data == "form" && got == action {
			return true
		}
	}
	return false
}

// Every form of every page changes what its operation under /api/v1 changes, and refuses what that refuses.
func TestEveryFormAndItsTwin(t *testing.T) {
	for _, c := range twins {
		t.Run(strings.TrimPrefix(c.form, "/"), func(t *testing.T) {
			fresh := func() string { h, s := prepared(t, c.form); return h.state(s) }()
			byForm, s := prepared(t, c.form)
			if w := c.send(t, s, c.typed); w.Code != http.StatusSeeOther && w.Code != http.StatusCreated && w.Code != http.StatusOK {
				t.Errorf("the form: %d %.300s", w.Code, w.Body)
			}
			a := byForm.state(s)
			byTwin, s := prepared(t, c.form)
			if w := rest(s, c.twin, c.body); w.Code >= 300 {
				t.Errorf("%s: %d %s", c.twin, w.Code, w.Body)
			}
			if b := byTwin.state(s); a != b || a == fresh {
				t.Errorf("the form leads to\n%s\n%s to\n%s\nfrom\n%s", a, c.twin, b, fresh)
			}
			if len(c.wrong) == 0 {
				return
			}
			byForm, s = prepared(t, c.form)
			page := c.send(t, s, c.wrong)
			if a := byForm.state(s); a != fresh {
				t.Errorf("a wrong form leads to\n%s\nfrom\n%s", a, fresh)
			}
			byTwin, s = prepared(t, c.form)
			operation := c.twin
			if c.wrongTwin != "" {
				operation = c.wrongTwin
			}
			answer := rest(s, operation, c.wrongBody)
			if b := byTwin.state(s); b != fresh {
				t.Errorf("a wrong %s leads to\n%s\nfrom\n%s", operation, b, fresh)
			}
			if page.Code != answer.Code || page.Code < 400 || page.Code >= 500 {
				t.Errorf("%v: the form %d, %s %d", c.wrong, page.Code, operation, answer.Code)
			}
			if named := regexp.MustCompile(`"location":"body\.[\w.]*` + c.field + `"`); c.field != "" && !named.MatchString(answer.Body.String()) {
				t.Errorf("%s does not name %s: %s", operation, c.field, answer.Body)
			}
		})
	}
}

// A form that somebody adds to a page has a line in twins.
func TestEveryFormHasATwin(t *testing.T) {
	_, s := prepared(t, "")
	known := append([]string{applyPath}, twinless...)
	for _, c := range twins {
		path, _, _ := strings.Cut(c.form, "?")
		known = append(known, path)
	}
	routes := map[string]bool{}
	for _, r := range s.echo.Routes() {
		if r.Method == http.MethodPost && !strings.HasPrefix(r.Path, base) && !strings.EqualFold(r.Path, "/xmlService") {
			routes[r.Path] = true
			if !slices.Contains(known, r.Path) {
				t.Errorf("a form is sent to %s, and no line of twins says what does the same under %s", r.Path, base)
			}
		}
	}
	for _, path := range known {
		if !routes[path] {
			t.Errorf("no form is sent to %s", path)
		}
	}
	placeholder := regexp.MustCompile(`\{[^}]*\}`)
	var operations []*regexp.Regexp
	for path := range s.api.OpenAPI().Paths {
		operations = append(operations, regexp.MustCompile("^"+placeholder.ReplaceAllString(path, "[^/]+")+"$"))
	}
	for _, tab := range sections {
		for _, p := range tab.Pages {
			page := browse(s, RoleAdmin, english, "GET "+p.Path, nil).Body.String()
			named := 0
			for _, e := range elements(t, page) {
				if action, _ := attr(e, "action"); e.Data == "form" && action != "" {
					path, _, _ := strings.Cut(action, "?")
					if method, _ := attr(e, "method"); method == "post" && !slices.Contains(known, path) {
						t.Errorf("%s has a form to %s", p.Path, path)
					}
				}
				if class, _ := attr(e, "class"); e.Data != "footer" || class != "twin" {
					continue
				}
				for _, one := range regexp.MustCompile(regexp.QuoteMeta(base)+`([^ ?<]+)`).FindAllStringSubmatch(text(e), -1) {
					named++
					if !slices.ContainsFunc(operations, func(r *regexp.Regexp) bool { return r.MatchString(one[1]) }) {
						t.Errorf("%s names %s, which is no operation", p.Path, one[1])
					}
				}
			}
			if named == 0 {
				t.Errorf("%s names no operation", p.Path)
			}
		}
	}
}
