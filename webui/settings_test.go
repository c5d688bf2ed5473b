package webui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

func problemIn(t *testing.T, w *httptest.ResponseRecorder) huma.ErrorModel {
	t.Helper()
	var p huma.ErrorModel
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q, want application/problem+json", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v in %q", err, w.Body)
	}
	if p.Status != w.Code || p.Title == "" {
		t.Errorf("problem %+v with status %d", p, w.Code)
	}
	return p
}

func locations(p huma.ErrorModel) []string {
	var at []string
	for _, e := range p.Errors {
		at = append(at, e.Location)
	}
	return at
}

const usable = `{"enabled":true,"phone_number":"1001","register_addr":"127.0.0.2","backup_addr":"127.0.0.3","auth_password":"` + canary + `"}`

// setUp stores usable settings on line 1.
func setUp(t testing.TB, s *Server) {
	t.Helper()
	if w := rest(s, "PUT /lines/1/sip", usable); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestPutReplacesPatchMerges(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	if w := rest(s, "PATCH /lines/1/sip", `{"failback_interval":60,"display_name":"Lab"}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := line.Default()
	want.Enabled, want.PhoneNumber, want.RegisterAddr, want.BackupAddr, want.AuthPassword = true, "1001", "127.0.0.2", "127.0.0.3", canary
	want.FailbackInterval, want.DisplayName = 60, "Lab"
	if h.settings[1] != want {
		t.Errorf("after PATCH %+v, want %+v", h.settings[1], want)
	}
	// PUT is the whole resource: display name and interval are defaults again, the secret, which cannot be read, stays.
	if w := rest(s, "PUT /lines/1/sip", `{"enabled":true,"phone_number":"1001","register_addr":"127.0.0.2","auth_password":null}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want.FailbackInterval, want.DisplayName, want.BackupAddr = 1800, "", ""
	if h.settings[1] != want {
		t.Errorf("after PUT %+v, want %+v", h.settings[1], want)
	}
	if w := rest(s, "PATCH /lines/1/sip", `{"auth_password":""}`); w.Code != http.StatusOK || h.settings[1].AuthPassword != "" {
		t.Errorf("an empty secret takes it away: %d, %+v", w.Code, h.settings[1])
	}
	if want := []string{"line 1: enabled phone_number auth_password register_addr backup_addr", "line 1: display_name failback_interval",
		"line 1: display_name backup_addr failback_interval", "line 1: auth_password"}; !slices.Equal(h.applied, want) {
		t.Errorf("applied %q, want %q", h.applied, want)
	}
	events := s.Journal.Events(journal.Query{Types: []string{"settings"}})
	if len(events) != 4 || events[1].Line != 1 || string(events[1].DataJSON()) != `{"line":1,"changed":["display_name","failback_interval"],"by":"boss","source":"api"}` {
		t.Errorf("events %+v", events)
	}
}

// What was read can be sent back as it is, and changes nothing: no write, no event, the running line is left alone.
func TestEqualSettingsChangeNothing(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	read := rest(s, "GET /lines/1/sip", "")
	w := rest(s, "PUT /lines/1/sip", read.Body.String())
	if w.Code != http.StatusOK || w.Header().Get("ETag") != read.Header().Get("ETag") || w.Body.String() != read.Body.String() {
		t.Errorf("%d, ETag %s, want that of the reading, %s\n%s", w.Code, w.Header().Get("ETag"), read.Header().Get("ETag"), w.Body)
	}
	if _, newest := s.Journal.Held(); h.saves != 1 || len(h.applied) != 1 || newest != 1 {
		t.Errorf("%d saves, %d applied, %d events, want 1 of each", h.saves, len(h.applied), newest)
	}
}

func TestETag(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	tag := rest(s, "GET /lines/1/sip", "").Header().Get("ETag")
	with := func(what, header, value, body string) *httptest.ResponseRecorder {
		method, path, _ := strings.Cut(what, " ")
		r := request("tok-admin", method+" "+base+path, body)
		r.Header.Set(header, value)
		return serve(s, r)
	}
	if w := with("GET /lines/1/sip", "If-None-Match", tag, ""); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("If-None-Match: %d %q", w.Code, w.Body)
	}
	if w := with("PATCH /lines/1/sip", "If-Match", `"other", `+tag, `{"auth_password":"another"}`); w.Code != http.StatusOK {
		t.Errorf("If-Match with the tag: %d %s", w.Code, w.Body)
	}
	w := with("PATCH /lines/1/sip", "If-Match", tag, `{"failback_interval":60}`)
	if p := problemIn(t, w); p.Status != http.StatusPreconditionFailed {
		t.Errorf("a tag from before a change of the secret: %+v", p)
	}
	if h.settings[1].FailbackInterval != 1800 {
		t.Error("it was changed nevertheless")
	}
	if w := with("PATCH /lines/1/sip", "If-Match", "*", `{"failback_interval":60}`); w.Code != http.StatusOK {
		t.Errorf("If-Match *: %d", w.Code)
	}
	if a, b := s.etag(1, line.Default()), s.etag(2, line.Default()); a == b {
		t.Error("equal settings of two lines have the same tag")
	}
}

// TestBadInput: each of these is refused with its field named, and changes neither the stored settings nor the running line.
func TestBadInput(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	before := h.settings[1]
	for _, test := range []struct {
		name, kind, body string
		want             int
		at               []string
	}{
		{"not in range", "", `{"register_port":0}`, 422, []string{"body.register_port"}},
		{"above range", "", `{"register_port":65536}`, 422, []string{"body.register_port"}},
		{"huge number", "", `{"register_ttl":1e400}`, 422, []string{"body.register_ttl"}},
		{"negative", "", `{"signal_retry_counts":-1}`, 422, []string{"body.signal_retry_counts"}},
		{"fraction", "", `{"failback_interval":0.5}`, 422, []string{"body.failback_interval"}},
		{"number as text", "", `{"failback_interval":"60"}`, 422, []string{"body.failback_interval"}},
		{"null", "", `{"failback_interval":null}`, 422, []string{"body.failback_interval"}},
		{"switch as number", "", `{"enable_failback":1}`, 422, []string{"body.enable_failback"}},
		{"list for text", "", `{"display_name":["x"]}`, 422, []string{"body.display_name"}},
		{"object for text", "", `{"display_name":{"x":1}}`, 422, []string{"body.display_name"}},
		{"no host", "", `{"backup_addr":"-not a host-"}`, 422, []string{"body.backup_addr"}},
		{"control character", "", `{"display_name":"a\u0000b"}`, 422, []string{"body.display_name"}},
		{"unknown transport", "", `{"transport":"sctp"}`, 422, []string{"body.transport"}},
		{"file's name of a transport", "", `{"transport":"0"}`, 422, []string{"body.transport"}},
		{"codes of a working server", "", `{"register_failover_codes":"401"}`, 422, []string{"body.register_failover_codes"}},
		{"unknown field", "", `{"failback":60}`, 422, []string{"body.failback"}},
		{"field in capitals", "", `{"Failback_Interval":60}`, 422, []string{"body.Failback_Interval"}},
		{"several, in the order of the page", "", `{"failback_interval":-1,"register_port":-1,"nonsense":1,"phone_number":"a b"}`, 422,
			[]string{"body.nonsense", "body.phone_number", "body.register_port", "body.failback_interval"}},
		{"one good, one bad", "", `{"failback_interval":60,"t1_ms":1}`, 422, []string{"body.t1_ms"}},
		{"two that disagree", "", `{"t2_ms":100}`, 422, []string{"body.t2_ms"}},
		{"activated without a number", "", `{"phone_number":""}`, 422, []string{"body.phone_number"}},
		{"secret of the wrong type", "", `{"auth_password":1}`, 422, []string{"body.auth_password"}},
		{"twice the same", "", `{"failback_interval":60,"failback_interval":61}`, 400, []string{"body.failback_interval"}},
		{"list", "", `[{"failback_interval":60}]`, 422, []string{"body"}},
		{"text", "", `"failback_interval"`, 422, []string{"body"}},
		{"null body", "", `null`, 422, []string{"body"}},
		{"cut off", "", `{"failback_interval":60`, 400, []string{"body"}},
		{"two values", "", `{"failback_interval":60}{}`, 400, []string{"body"}},
		{"trailing comma", "", `{"failback_interval":60,}`, 400, []string{"body"}},
		{"comment", "", "// x\n{}", 400, []string{"body"}},
		{"not UTF-8", "", "{\"display_name\":\"\xff\"}", 400, []string{"body"}},
		{"nested", "", strings.Repeat("[", 5000), 400, []string{"body" + strings.Repeat("[0]", maxDepth)}},
		{"too large", "", `{"display_name":"` + strings.Repeat("x", maxBody) + `"}`, 413, nil},
		{"form", "application/x-www-form-urlencoded", `failback_interval=60`, 415, nil},
		{"JSON that says it is text", "text/plain", `{"failback_interval":60}`, 415, nil},
		{"no type", "-", `{"failback_interval":60}`, 415, nil},
		{"Latin 1", "application/json; charset=latin1", `{"failback_interval":60}`, 415, nil},
		{"empty", "", " ", 400, []string{"body"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, method := range []string{"PATCH", "PUT"} {
				if method == "PUT" && test.name == "activated without a number" {
					continue // a PUT without the rest does not activate
				}
				r := request("tok-admin", method+" "+base+"/lines/1/sip", test.body)
				switch test.kind {
				case "":
				case "-":
					r.Header.Del("Content-Type")
				default:
					r.Header.Set("Content-Type", test.kind)
				}
				w := serve(s, r)
				p := problemIn(t, w)
				if at := locations(p); w.Code != test.want || !slices.Equal(at, test.at) {
					t.Errorf("%s: %d at %q, want %d at %q\n%s", method, w.Code, at, test.want, test.at, w.Body)
				}
			}
		})
	}
	if h.settings[1] != before || h.saves != 1 || len(h.applied) != 1 {
		t.Errorf("%d saves, %d applied, settings %+v", h.saves, len(h.applied), h.settings[1])
	}
	if w := rest(s, "PATCH /lines/1/sip", ""); w.Code != http.StatusBadRequest {
		t.Errorf("no body at all: %d", w.Code)
	}
}

// A store that fails fails the request, and the line goes on with what it has.
func TestStoreFails(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	h.saveErr = errors.New("disk full at /var/lib/somewhere")
	w := rest(s, "PUT /lines/1/sip", usable)
	p := problemIn(t, w)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %+v", w.Code, p)
	}
	if _, newest := s.Journal.Held(); len(h.applied) != 0 || newest != 0 {
		t.Errorf("applied %v, %d events", h.applied, newest)
	}
}

// Only the admin changes settings, on whatever way he comes.
func TestChangeLineNeedsAdmin(t *testing.T) {
	s := newServer(t, newHouse())
	_, err := s.changeLine(context.Background(), Visitor{Account: "user", scope: Control}, 1, map[string]any{"display_name": "x"}, conditions{})
	var p *huma.ErrorModel
	if !errors.As(err, &p) || p.Status != http.StatusForbidden {
		t.Errorf("%v", err)
	}
}

// The canary is stored, sent wrongly and sent rightly; no answer, event or error holds it.
func TestSecretsStayInside(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	h.password["admin"] = canary
	for _, q := range [][2]string{
		{"GET /lines/1/sip", ""}, {"GET /lines", ""},
		{"PUT /lines/1/sip", strings.Replace(usable, "1001", "10 01", 1)},
		{"PATCH /lines/1/sip", `{"auth_password":"` + canary + `","register_port":0}`},
		{"PATCH /lines/1/sip", `{"auth_password":["` + canary + `"]}`},
		{"PATCH /lines/1/sip", `{"auth_password":"` + canary + strings.Repeat("x", 200) + `"}`},
		{"PATCH /lines/1/sip", `{"auth_pasword":"` + canary + `"}`},
		{"PATCH /lines/1/sip", `{"auth_password":"` + canary + `"`},
		{"PATCH /lines/1/sip", `"` + canary + `"`},
		{"PUT /system/accounts", `{"account":"admin","password":"` + canary + `","more":"` + canary + `"}`},
		{"PUT /system/accounts", `{"account":"admin","passwort":"` + canary + `"}`},
		{"PUT /system/accounts", `{"account":"admin","password":["` + canary + `"]}`},
		{"PUT /system/accounts", `{"account":"nobody","password":"` + canary + `"}`},
		{"PUT /system/accounts", `"` + canary + `"`},
		{"PUT /phone/hook", `{"state":{"auth_password":"` + canary + `"}}`},
		{"GET /events", ""}, {"GET /system/accounts", ""}, {"GET /system/tokens", ""}, {"GET /phone", ""},
	} {
		w := rest(s, q[0], q[1])
		if strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s %s answers the secret: %s", q[0], q[1], w.Body)
		}
		for name, values := range w.Header() {
			if strings.Contains(strings.Join(values, " "), canary) {
				t.Errorf("%s %s: the secret is in %s", q[0], q[1], name)
			}
		}
	}
	events, err := json.Marshal(s.Journal.Events(journal.Query{}))
	if err != nil || strings.Contains(string(events), canary) || !strings.Contains(string(events), "auth_password") {
		t.Errorf("events: %s, %v", events, err)
	}
}

// FuzzPatch: whatever is sent, what is stored is valid, a refusal changes nothing, and nothing but 2xx and 4xx is answered.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{usable, `{"failback_interval":60}`, `{"register_port":1e2}`, `{"a":{"b":[1,null,"x"]}}`, `[]`, `{"t1_ms":10,"t2_ms":10}`, `{`, `{"a":1,"a":2}`,
		`{"failover_mode":"period","failover_period_ms":32000}`, `{"auth_password":"x","auth_password_set":true}`, "{\"\":0}", `{"display_name":"\ud800"}`, `{"register_port":-0}`} {
		f.Add(seed)
	}
	h := newHouse()
	s := newServer(f, h)
	f.Fuzz(func(t *testing.T, body string) {
		before, _ := h.Line(context.Background(), 1)
		w := rest(s, "PATCH /lines/1/sip", body)
		after, _ := h.Line(context.Background(), 1)
		switch {
		case w.Code == http.StatusOK:
			if err := after.Validate(); err != nil {
				t.Errorf("%q stored what is not valid: %v", body, err)
			}
		case w.Code >= 400 && w.Code < 500:
			if before != after {
				t.Errorf("%q was refused with %d and changed %v", body, w.Code, line.Changed(before, after))
			}
		default:
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: answered %q", body, w.Body)
		}
	})
}

func BenchmarkPutLine(b *testing.B) {
	s := newServer(b, newHouse())
	setUp(b, s)
	bodies := []string{usable, strings.Replace(usable, "1001", "1002", 1)}
	for i := 0; b.Loop(); i++ {
		if w := rest(s, "PUT /lines/1/sip", bodies[i%2]); w.Code != http.StatusOK {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}
