package webui

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hilphone/db/journal"
	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// inhabited is a house with a line on its backup, a call, and something in the journal.
func inhabited(t testing.TB) (*house, *Server) {
	t.Helper()
	h := newHouse()
	set := line.Default()
	err := set.Merge(map[string]any{"enabled": true, "phone_number": "1001", "display_name": `Bench "3" <b>`, "auth_password": canary,
		"register_addr": "127.0.0.2", "backup_addr": "127.0.0.3"})
	if err != nil {
		t.Fatal(err)
	}
	h.settings[1] = set
	h.lab[line.Primary] = behaviour.Server{Mode: behaviour.Silent}
	h.calls = []CallView{{ID: "1", Line: 1, Direction: line.Outgoing, Remote: "1002", State: line.Talking, Server: line.Backup,
		Answered: At(time.Now().Add(-83 * time.Second)), Media: &MediaView{Codec: "PCMU"}}}
	s := newServer(t, h)
	record := func(typ string, data map[string]any) { s.Journal.Event(typ, 1, "", data) }
	record("line_state", map[string]any{"state": "registered", "active": "primary"})
	record("attempt_start", map[string]any{"method": "REGISTER", "slot": "primary", "branch": "z9hG4bK1", "budget_ms": 7500})
	record("attempt_end", map[string]any{"branch": "z9hG4bK1", "cause": "no_response", "elapsed_ms": 7500})
	record("failover", map[string]any{"from": "primary", "to": "backup", "trigger": "manual", "method": "REGISTER", "cause": "no_response"})
	record("line_state", map[string]any{"state": "registered", "active": "backup"})
	for _, out := range []bool{true, true, false} {
		s.Journal.Message(journal.Message{Line: 1, Out: out, Slot: "primary", Transport: "UDP", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060",
			Start: "REGISTER sip:127.0.0.2 SIP/2.0", Raw: []byte("REGISTER sip:127.0.0.2 SIP/2.0\r\nFrom: \"<b>\" <sip:1001@127.0.0.2>\r\n\r\n")})
	}
	return h, s
}

// browse asks as a browser in which the account is logged in: "GET /line/sip" or "POST /line/sip" with a form.
func browse(s *Server, role Role, l language, what string, form url.Values) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(what, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host = "127.0.0.1:8080"
	r.Header.Set("Accept-Language", l.tag)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if role != "" {
		key := s.sessions.begin(string(role), role)
		since, _ := s.passwordSince(r.Context(), string(role)) // a house has no errors
		s.sessions.renew(key, since)
		r.AddCookie(&http.Cookie{Name: cookieName(r), Value: key})
	}
	return serve(s, r)
}

// elements parses a page and returns its elements.
func elements(t testing.TB, page string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

var everyPage = []string{"/", "/phone", "/system/board", "/line", "/line/sip?line=1", "/line/sip?line=7", "/trace", "/trace?line=1&message=2", "/lab", "/calls", "/calls?line=1&direction=incoming&before=3", "/timeline", "/timeline?zoom=60&flag=4", "/events", "/events?line=1&kind=board",
	"/system", "/system/information", "/system/accounts", "/system/tokens", "/system/configuration", "/system/action-urls", "/system/action-urls/test",
	"/phone/features", "/line/basic-settings", "/system/remote-control", "/system/audit", "/system/audit?group=logins&before=9", "/docs", "/docs/scenarios", "/login"}

// pagePaths are the paths of everyPage, once each.
func pagePaths() map[string]bool {
	paths := map[string]bool{}
	for _, page := range everyPage {
		path, _, _ := strings.Cut(page, "?")
		paths[path] = true
	}
	return paths
}

// TestEveryPage: what answers an administrator with a page is in the list by which pages are tested.
func TestEveryPage(t *testing.T) {
	_, s := inhabited(t)
	known := pagePaths()
	for _, r := range s.echo.Routes() {
		if r.Method != http.MethodGet || strings.ContainsAny(r.Path, ":*") || strings.HasPrefix(r.Path, base) {
			continue
		}
		w := browse(s, RoleAdmin, english, "GET "+r.Path, nil)
		if page := w.Code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"); page && !known[r.Path] {
			t.Errorf("the page %s is not in the list", r.Path)
		}
		delete(known, r.Path)
	}
	for path := range known {
		t.Errorf("%s is in the list and is no page", path)
	}
}

func TestPages(t *testing.T) {
	_, s := inhabited(t)
	for _, l := range languages {
		for _, path := range everyPage {
			role := RoleAdmin
			if path == "/login" {
				role = ""
			}
			w := browse(s, role, l.Tag, "GET "+path, nil)
			if w.Code != http.StatusOK {
				t.Errorf("%s %s: %d", l.Tag, path, w.Code)
				continue
			}
			body := w.Body.String()
			if strings.Contains(body, canary) {
				t.Errorf("%s %s shows the password", l.Tag, path)
			}
			checkPage(t, s, l.Tag.tag+" "+path, body, l.Tag)
		}
	}
}

// checkPage holds a page against the rules for all pages: nothing inline, nothing from elsewhere, labels, links that lead somewhere.
func checkPage(t *testing.T, s *Server, name, body string, l language) {
	t.Helper()
	ids, labelled := map[string]bool{}, map[string]bool{}
	all := elements(t, body)
	for _, e := range all {
		if id, ok := attr(e, "id"); ok {
			if ids[id] {
				t.Errorf("%s: two elements have the id %s", name, id)
			}
			ids[id] = true
		}
		if f, ok := attr(e, "for"); ok {
			labelled[f] = true
		}
		for _, a := range e.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: <%s> has %s inline", name, e.Data, a.Key)
			}
		}
	}
	for _, e := range all {
		checkElement(t, s, name, e, ids, labelled)
		if lang, _ := attr(e, "lang"); e.Data == "html" && lang != l.tag {
			t.Errorf("%s: says it is in %q", name, lang)
		}
	}
}

func checkElement(t *testing.T, s *Server, name string, e *html.Node, ids, labelled map[string]bool) {
	t.Helper()
	switch e.Data {
	case "style":
		t.Errorf("%s: a style inside the page", name)
	case "script":
		if e.FirstChild != nil {
			t.Errorf("%s: a script inside the page", name)
		}
	case "input", "select":
		id, _ := attr(e, "id")
		kind, _ := attr(e, "type")
		_, said := attr(e, "aria-label")
		if kind != "hidden" && !said && !labelled[id] && !within(e, "label") {
			t.Errorf("%s: <%s name=%q> has no label", name, e.Data, must(attr(e, "name")))
		}
	}
	if ref, ok := attr(e, "aria-describedby"); ok {
		for id := range strings.FieldsSeq(ref) {
			if !ids[id] {
				t.Errorf("%s: described by %s, which is not there", name, id)
			}
		}
	}
	for _, key := range []string{"href", "src", "action"} {
		to, ok := attr(e, key)
		if !ok || strings.HasPrefix(to, "#") {
			continue
		}
		if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			t.Errorf("%s: %s leads elsewhere", name, to)
		}
		if method, _ := attr(e, "method"); method == "post" {
			continue
		}
		if w := browse(s, RoleAdmin, english, "GET "+to, nil); w.Code != http.StatusOK && w.Code != http.StatusSeeOther {
			t.Errorf("%s: %s leads to %d", name, to, w.Code)
		}
	}
}

func must(v string, _ bool) string { return v }

func within(e *html.Node, tag string) bool {
	for p := e.Parent; p != nil; p = p.Parent {
		if p.Data == tag {
			return true
		}
	}
	return false
}

func TestPagesAreSmall(t *testing.T) {
	_, s := inhabited(t)
	const most = 100 << 10
	files := 0
	entries, err := fs.ReadDir(embedded, "static")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range entries {
		body, err := embedded.ReadFile("static/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		files += len(body)
	}
	for _, path := range everyPage {
		if strings.HasPrefix(path, "/docs") {
			continue // a whole reference
		}
		size := browse(s, RoleAdmin, japanese, "GET "+path, nil).Body.Len()
		t.Logf("%s: %d bytes and %d of files", path, size, files)
		if size+files > most {
			t.Errorf("%s has %d bytes and %d of files, over %d", path, size, files, most)
		}
	}
}

// A module that is imported has one address, that of the pages: with two it would run twice, and what goes by one could overtake the other.
func TestModulesHaveOneAddress(t *testing.T) {
	found := 0
	for name, a := range pages().assets {
		for _, m := range regexp.MustCompile(`(?m)^import .*"(.*)";`).FindAllSubmatch(a.body, -1) {
			found++
			file, _, _ := strings.Cut(strings.TrimPrefix(string(m[1]), "/static/"), "?")
			if address, err := pages().address(file); err != nil || string(m[1]) != address {
				t.Errorf("%s imports %s, pages load %s: %v", name, m[1], address, err)
			}
		}
	}
	if found == 0 {
		t.Error("nothing is imported any more")
	}
}

func TestAssetsAreKept(t *testing.T) {
	_, s := inhabited(t)
	address, err := pages().address("style.css")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{address: "public, max-age=31536000, immutable", "/static/style.css": "no-cache", "/static/style.css?v=old": "no-cache"} {
		w := browse(s, "", english, "GET "+path, nil) // the login page needs it too
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != want || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	if w := browse(s, "", english, "GET /static/layout.html", nil); w.Code != http.StatusNotFound {
		t.Errorf("a template is served: %d", w.Code)
	}
}

func TestPagesNeedALogin(t *testing.T) {
	_, s := inhabited(t)
	for _, path := range []string{"/", "/line/sip", "/trace", "/events", "/system", "/system/information", "/system/accounts", "/system/tokens", "/system/configuration"} {
		if w := browse(s, "", english, "GET "+path, nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/login") {
			t.Errorf("%s without a login: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
}

// A refusal is a page for a browser that shows one, and text for a script, also that of a page.
func TestRefusals(t *testing.T) {
	_, s := inhabited(t)
	ask := func(method, path, accept string, role Role) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader("<b>=1"))
		r.Host = "127.0.0.1:8080"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", accept)
		r.Header.Set("Accept-Language", "ja")
		key := s.sessions.begin(string(role), role)
		since, err := s.passwordSince(r.Context(), string(role))
		if err != nil {
			t.Fatal(err)
		}
		s.sessions.renew(key, since)
		r.AddCookie(&http.Cookie{Name: cookieName(r), Value: key})
		return serve(s, r)
	}
	for _, x := range []struct {
		method, path string
		status       int
		title        string
	}{
		{"GET", "/<b>", http.StatusNotFound, "ページがありません"},
		{"POST", "/system/tokens", http.StatusForbidden, "権限がありません"},
		{"DELETE", "/line/sip", http.StatusMethodNotAllowed, "実行できませんでした"},
	} {
		w := ask(x.method, x.path, "text/html,application/xhtml+xml,*/*;q=0.8", RoleUser)
		if w.Code != x.status || !strings.Contains(w.Body.String(), "<h1>"+x.title+"</h1>") {
			t.Errorf("%s %s: %d %.300s", x.method, x.path, w.Code, w.Body)
		}
		checkPage(t, s, x.path, w.Body.String(), japanese)
		if w := ask(x.method, x.path, "*/*", RoleUser); w.Code != x.status || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%s %s for a script: %d %v", x.method, x.path, w.Code, w.Header())
		}
	}
}

func TestLoginPage(t *testing.T) {
	h, s := inhabited(t)
	wrong := func(account string) string {
		return browse(s, "", english, "POST /login", url.Values{"user": {account}, "password": {"no"}}).Body.String()
	}
	known, unknown := wrong("admin"), wrong("nobody")
	if !strings.Contains(known, "Tries left: 4.") || !strings.Contains(unknown, "Tries left: 3.") {
		t.Error("the page does not say how many tries are left")
	}
	if why(t, known) != strings.Replace(why(t, unknown), "3", "4", 1) {
		t.Errorf("%q and %q tell which half was wrong", why(t, known), why(t, unknown))
	}
	h.password = map[string]string{}
	if first := browse(s, "", japanese, "GET /login", nil).Body.String(); !strings.Contains(first, "パスワードが未設定") {
		t.Error("the first start says nothing of the missing password")
	}
}

func why(t *testing.T, page string) string {
	for _, e := range elements(t, page) {
		if id, _ := attr(e, "id"); id == "why" {
			return text(e)
		}
	}
	t.Fatal("the page does not say why")
	return ""
}

func text(e *html.Node) string {
	var b strings.Builder
	for n := range e.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestPanelForms(t *testing.T) {
	h, s := inhabited(t)
	post := func(path string, form url.Values, want int) {
		t.Helper()
		if w := browse(s, RoleUser, english, "POST "+path, form); w.Code != want {
			t.Errorf("%s %v: %d, want %d: %s", path, form, w.Code, want, w.Body)
		}
	}
	post("/phone/hook", url.Values{"state": {"off"}}, http.StatusSeeOther)
	post("/phone/keys", url.Values{"keys": {"1", "0", "0", "2", "ok"}}, http.StatusSeeOther)
	post("/phone/keys", url.Values{"keys": {"mute"}}, http.StatusSeeOther)
	post("/line/register", url.Values{"line": {"1"}, "do": {"register"}}, http.StatusSeeOther)
	post("/line/register", url.Values{"line": {"2"}, "do": {"register"}}, http.StatusConflict) // not set up
	post("/line/register", url.Values{"line": {"1"}, "do": {"explode"}}, http.StatusBadRequest)
	post("/lab", url.Values{"server": {"primary"}, "behaviour": {"status"}}, http.StatusSeeOther)
	post("/lab", url.Values{"server": {"primary"}, "behaviour": {"dance"}}, http.StatusUnprocessableEntity)
	if got := strings.Join(h.pressed, " "); got != "1 0 0 2 ok" {
		t.Errorf("pressed %q", got)
	}
	if len(h.acts) != 1 || h.acts[0].Do != Mute || !h.acts[0].Muted {
		t.Errorf("mute did %v", h.acts)
	}
	if h.hook != "off" || h.byHand[len(h.byHand)-1] != "register 1" || string(h.lab[line.Primary].Mode) != "status" {
		t.Errorf("hook %s, by hand %v, lab %v", h.hook, h.byHand, h.lab)
	}
}

func TestFormsComeBackHere(t *testing.T) {
	_, s := inhabited(t)
	for give, want := range map[string]string{"/line/sip?line=1": "/line/sip?done=register&line=1", "//elsewhere.example/": "/?done=register", "": "/?done=register"} {
		w := browse(s, RoleAdmin, english, "POST /line/register", url.Values{"line": {"1"}, "do": {"register"}, "back": {give}})
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("back to %q leads to %q, want %q", give, got, want)
		}
	}
}

// Every event makes each open page ask for itself again: this is what that costs.
func BenchmarkPanel(b *testing.B) {
	_, s := inhabited(b)
	for range 5000 {
		s.Journal.Event("send", 1, "", map[string]any{"branch": "z9hG4bK1", "k": 1})
	}
	cookie := &http.Cookie{Name: "hilphone", Value: s.sessions.begin("admin", RoleAdmin)}
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = "127.0.0.1:8080"
		r.AddCookie(cookie)
		if w := serve(s, r); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
