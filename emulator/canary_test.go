package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"hilphone/db"
	"hilphone/db/journal"
)

// canaries are secrets that a phone was given, by what they are.
type canaries map[string]string

// A singer returns what secrets stand in a text.
type singer interface{ sung(text []byte) []string }

// sung returns which of them stand in a text, as they are or as browsers and scripts write them.
func (c canaries) sung(text []byte) (found []string) {
	for name, secret := range c {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte("admin:" + secret))} {
			if bytes.Contains(text, []byte(form)) {
				found = append(found, name)
				break
			}
		}
	}
	return found
}

// TestCanary plants secrets in a real phone: the passwords of two lines, that of the admin, a token. It is registered, refused, called,
// failed over, logged into and sent what is wrong with the secrets in it. Then no answer to any GET of its own description, no page,
// no log, no saved event says one of them.
func TestCanary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, self(t), "demo", "--data", dir, "--listen", "127.0.0.1:0", "--log-level", "debug")
	secrets := canaries{"password of line 2": "canary/line+2 7d1f", "password of the admin": "canary&admin 93aa"}
	store, err := db.OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := store.Lines(t.Context())
	if err != nil || len(lines[1].AuthPassword) < 8 {
		t.Fatalf("the demo's line has the password %q, %v", lines[1].AuthPassword, err)
	}
	secrets["password of line 1"] = lines[1].AuthPassword
	session := p.plant(dir, secrets)
	p.singWrongly(secrets)
	p.registered("primary")
	seq := p.seq()
	p.do("POST", "phone/keys", `{"keys":"1002#"}`, nil)
	p.talking(seq)
	p.do("PUT", "lab/servers/primary", `{"behaviour":"silent"}`, nil)
	p.do("POST", "phone/keys", `{"keys":"{release}"}`, nil)
	p.await(seq, "failover", nil)
	p.await(0, "register_rejected", nil) // line 2

	heard := p.listen(secrets)
	pages := p.browse(session, secrets)
	if heard < 20 || pages < 15 {
		t.Errorf("only %d answers and %d pages were looked at", heard, pages)
	}
	p.terminate()
	for name, text := range map[string]string{"the log": p.err.String(), "what it printed": p.out.String()} {
		if found := secrets.sung([]byte(text)); found != nil {
			t.Errorf("%s says the %q", name, found)
		}
	}
	if !strings.Contains(p.err.String(), "auth_password") {
		t.Error("the log does not say that the password of a line was changed")
	}
	saved, err := store.EventHistory(t.Context(), journal.Past{})
	trace, wrong := store.MessageHistory(t.Context(), journal.MessageQuery{})
	if err = errors.Join(err, wrong, store.Close()); err != nil || len(saved) < 20 || len(trace) < 20 {
		t.Fatalf("%d events and %d messages, %v", len(saved), len(trace), err)
	}
	for _, m := range trace { // UX-26: masked before they are saved
		if found := secrets.sung(append(m.Raw, m.Start+m.CallID+m.Fault...)); found != nil {
			t.Errorf("the saved message %d says the %q", m.Seq, found)
		}
	}
	text, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	if found := secrets.sung(text); found != nil {
		t.Errorf("the saved events say the %q", found)
	}
	if secrets.sung([]byte("x"+secrets["password of line 1"]+"y")) == nil || secrets.sung([]byte(url.QueryEscape(secrets["password of line 2"]))) == nil {
		t.Error("a canary that sings is not heard")
	}
}

// plant gives the phone its secrets, and returns the cookies of a login with the password.
func (p *process) plant(dir string, secrets canaries) []*http.Cookie {
	p.t.Helper()
	body := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			p.t.Fatal(err)
		}
		return string(b)
	}
	var first map[string]any
	p.do("GET", "lines/1/sip", "", &first)
	second := map[string]any{"enabled": true, "phone_number": "1001", "auth_password": secrets["password of line 2"]}
	for _, name := range []string{"register_addr", "register_port", "backup_addr", "backup_port"} {
		second[name] = first[name]
	}
	p.do("PUT", "lines/2/sip", body(second), nil)
	if code, _, err := execute1(p.t.Context(), secrets["password of the admin"]+"\n", "password", "--data", dir); code != 0 {
		p.t.Fatal(err)
	}
	status, answer := p.ask("POST", "system/tokens", `{"name":"canary","scope":"admin"}`)
	var made struct{ Token string }
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
		p.t.Fatalf("%d %s", status, answer)
	}
	secrets["token"] = made.Token
	answered, err := p.http.PostForm(p.url+"/login", url.Values{"user": {"admin"}, "password": {secrets["password of the admin"]}})
	if err != nil || answered.StatusCode != http.StatusSeeOther || answered.Body.Close() != nil {
		p.t.Fatalf("%v, %v", answered, err)
	}
	return answered.Cookies()
}

// execute1 runs a command line in this process.
func execute1(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(environment{ctx, strings.NewReader(stdin), &out, &err}, args)
	return code, out.String(), err.String()
}

// singWrongly sends the secrets where they do not belong; the answers do not repeat them.
func (p *process) singWrongly(secrets canaries) {
	p.t.Helper()
	for name, secret := range secrets {
		quoted, err := json.Marshal(secret)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, q := range [][3]string{
			{"PATCH", "lines/2/sip", fmt.Sprintf(`{"auth_password":[%s]}`, quoted)}, {"PATCH", "lines/2/sip", fmt.Sprintf(`{"auth_pasword":%s}`, quoted)},
			{"PATCH", "lines/2/sip", fmt.Sprintf(`{"auth_password":%s,"register_port":-1}`, quoted)}, {"PATCH", "lines/2/sip", fmt.Sprintf(`{"auth_password":%s`, quoted)},
			{"PUT", "system/accounts", fmt.Sprintf(`{"account":"nobody","password":%s}`, quoted)}, {"PUT", "system/accounts", fmt.Sprintf(`{"account":"admin","passwort":%s}`, quoted)},
			{"GET", "phone?token=" + url.QueryEscape(secret), ""}, {"GET", "phone?access_token=" + url.QueryEscape(secret), ""},
		} {
			status, answer := p.ask(q[0], q[1], q[2])
			if found := secrets.sung(answer); found != nil || status < 400 || status > 499 {
				p.t.Errorf("%s %s with the %s: %d, the answer says the %q: %s", q[0], q[1], name, status, found, answer)
			}
		}
		answered, err := p.http.PostForm(p.url+"/login", url.Values{"user": {"admin"}, "password": {"x" + secret}})
		if err != nil {
			p.t.Fatal(err)
		}
		page, err := io.ReadAll(answered.Body)
		if err = errors.Join(err, answered.Body.Close()); err != nil || answered.StatusCode != http.StatusUnauthorized || secrets.sung(page) != nil {
			p.t.Errorf("a login with the %s: %d, %v; the page says the %q", name, answered.StatusCode, err, secrets.sung(page))
		}
	}
}

// listen asks every GET of the phone's own description and what is outside of it, and returns how many answered.
func (p *process) listen(secrets singer) (heard int) {
	p.t.Helper()
	response, err := p.http.Get(p.url + "/openapi.json")
	if err != nil {
		p.t.Fatal(err)
	}
	var description struct {
		Paths map[string]map[string]json.RawMessage
	}
	readJSON(p.t.(*testing.T), response, &description)
	var calls []callNow
	p.do("GET", "calls?state=ended", "", &calls)
	if len(calls) == 0 {
		p.t.Fatal("there was no call")
	}
	paths := []string{"/metrics", "/healthz", "/readyz", "/openapi.json", "/docs", "/docs/scenarios", "/nothing", "/api/v1/nothing", "/login"}
	fill := strings.NewReplacer("{server}", "primary", "{name}", "hook", "{id}", calls[0].ID)
	for path, operations := range description.Paths {
		if operations["get"] == nil {
			continue
		}
		for _, n := range []string{"1", "2"} {
			paths = append(paths, "/api/v1"+strings.ReplaceAll(fill.Replace(path), "{n}", n))
			if !strings.Contains(path, "{n}") {
				break
			}
		}
	}
	paths = append(paths, "/api/v1/config/export?format=text", "/api/v1/config/export?format=xml", "/api/v1/config/export?format=json")
	for _, path := range paths {
		text, status := p.hear(path)
		if found := secrets.sung(text); found != nil {
			p.t.Errorf("GET %s says the %q", path, found)
		}
		if status == http.StatusOK {
			heard++
		}
	}
	return heard
}

// hear reads an answer; a stream is listened to for a second.
func (p *process) hear(path string, cookies ...*http.Cookie) (text []byte, status int) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	if strings.HasSuffix(path, "/events/stream") {
		path += "?since=0"
		defer time.AfterFunc(time.Second, cancel).Stop()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if cookies == nil {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	for _, c := range cookies {
		request.AddCookie(c)
	}
	response, err := p.http.Do(request)
	if err != nil {
		p.t.Errorf("GET %s: %v", path, err)
		return nil, 0
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	if err != nil && ctx.Err() == nil {
		p.t.Errorf("GET %s: %v", path, err)
	}
	if response.StatusCode >= http.StatusInternalServerError {
		p.t.Errorf("GET %s: %d %s", path, response.StatusCode, text)
	}
	var all bytes.Buffer
	_ = response.Header.Write(&all) // a buffer takes everything
	return append(all.Bytes(), text...), response.StatusCode
}

// browse goes from link to link through the pages as the admin, and returns how many there were.
func (p *process) browse(session []*http.Cookie, secrets singer) int {
	p.t.Helper()
	link := regexp.MustCompile(`(?:href|src|action)="(/[^"#]*)"`)
	seen, next := map[string]bool{"/": true}, []string{"/"}
	kinds := map[string]int{} // of each path no more than some
	for len(next) > 0 {
		path := next[0]
		next = next[1:]
		text, _ := p.hear(path, session...)
		if found := secrets.sung(text); found != nil {
			p.t.Errorf("the page %s says the %q", path, found)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			to := strings.ReplaceAll(m[1], "&amp;", "&")
			bare, _, _ := strings.Cut(to, "?")
			if seen[to] || kinds[bare] >= 6 || strings.HasPrefix(bare, "/api/") || bare == "/logout" {
				continue
			}
			seen[to] = true
			kinds[bare]++
			next = append(next, to)
		}
	}
	return len(kinds)
}
