package webui

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

// RS-04: a text that is none is refused with its field, in every body of JSON, as a value and as a name, however deep: halves of surrogate pairs,
// control characters, what is not UTF-8. So are a name given twice, a byte order mark, and what follows.
func TestEveryText(t *testing.T) {
	tried := 0
	everyOperation(t, func(b *badInput) {
		if b.op.RequestBody == nil || b.op.RequestBody.Content[jsonKind] == nil {
			return
		}
		schema := b.op.RequestBody.Content[jsonKind].Schema
		if schema.Ref != "" {
			schema = b.s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
		}
		lines := b.op.Metadata[multiLine] == true
		for name, p := range schema.Properties {
			if p.Type != huma.TypeString && p.Type != huma.TypeArray || p.ReadOnly {
				continue
			}
			wrap := func(text string) string {
				if p.Type == huma.TypeArray {
					text = "[" + text + "]"
				}
				return "{" + asJSON(name) + ":" + text + "}"
			}
			for _, text := range []string{`"\ud800"`, `"a\udfff"`, `"\udc00\ud800"`, `"\ud83d\u0041"`, `"\u0000"`, `"a\u001fb"`, `"\u007f"`, `"\u0085"`, `"\u009f"`, `"\uffff"`, `"\ufffe"`, `"a\bb"`, `"a\nb"`, `"\t"`} {
				if lines && (text == `"a\nb"` || text == `"\t"`) {
					continue
				}
				tried++
				b.send(name+" "+text, b.request(b.at(nil), wrap(text)), "body."+name, http.StatusUnprocessableEntity)
			}
		}
		for _, text := range []string{`{"\ud800":1}`, `{"a\u0000":1}`, `{"x":{"y":["\ud800"]}}`, `{"x":{"\u0001":1}}`} {
			b.send(text, b.request(b.at(nil), text), "body", http.StatusUnprocessableEntity)
		}
		for _, text := range []string{"{\"a\":\"\xed\xa0\x80\"}", "{\"\xff\":1}", "{\"a\":\"\xc0\x80\"}", "{\"a\":\"\x01\"}", `{"a":1,"\u0061":2}`, "\xef\xbb\xbf{}", "\xff\xfe{\x00}\x00", `{} x`, `{"a":1}{"a":1}`,
			strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)} {
			b.send(fmt.Sprintf("%.30q", text), b.request(b.at(nil), text), "body", http.StatusBadRequest)
		}
	})
	if tried < 300 {
		t.Errorf("only %d texts were tried", tried)
	}
	s := newServer(t, newHouse())
	for text, want := range map[string]string{
		"{\"display_name\":\"\xff\"}":         "is not UTF-8 at byte 17",
		"\xef\xbb\xbf{}":                      "byte order mark",
		`{"display_name":"\ud800"}`:           "half of a surrogate pair",
		`{"display_name":"a","display_name":`: "is given twice",
	} {
		if w := rest(s, "PATCH /lines/1/sip", text); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q: %s, want %q", text, w.Body, want)
		}
	}
	for _, text := range []string{`😀`, `\ud83d\ude00`, `\ufffd`, `\\ud800`, "日本", "\u202e"} { // what is a text stays one
		if w := rest(s, "PATCH /lines/1/sip", `{"display_name":"`+text+`"}`); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", text, w.Code, w.Body)
		}
	}
}

// RS-04: in an imported file of JSON too.
func TestImportedText(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	was := h.settings[1]
	for _, text := range []string{`{"lines":{"1":{"display_name":"\ud800"}}}`, `{"lines":{"1":{"display_name":"\u0000"}}}`, "{\"lines\":{\"1\":{\"display_name\":\"\xff\"}}}", `{"lines":{"1":{"\udfff":"x"}}}`} {
		if w := rest(s, "POST /config/import", text); w.Code != http.StatusUnprocessableEntity || h.settings[1] != was {
			t.Errorf("%q: %d %s, %q", text, w.Code, w.Body, h.settings[1].DisplayName)
		}
	}
}

// RS-07: PATCH takes a merge patch (RFC 7396): null gives a setting its default. In application/json null is refused, but for a secret, which it
// leaves as it is.
func TestMergePatch(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	patch := func(kind, body string) *httptest.ResponseRecorder {
		r := request("tok-admin", "PATCH "+base+"/lines/1/sip", body)
		r.Header.Set("Content-Type", kind)
		return serve(s, r)
	}
	for _, kind := range []string{mergePatch, mergePatch + "; charset=utf-8", mergePatch + `;charset="UTF-8"`, "Application/Merge-Patch+JSON", "application/json", "application/json; charset=UTF-8"} {
		h.settings[1] = line.Default()
		if w := patch(kind, `{"display_name":"Lab","failback_interval":60}`); w.Code != http.StatusOK || h.settings[1].DisplayName != "Lab" || h.settings[1].FailbackInterval != 60 {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
	setUp(t, s)
	if w := patch(mergePatch, `{"display_name":"Lab","failback_interval":60,"transport":"tcp","enable_failback":false}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := patch("application/json", `{"failback_interval":null}`); w.Code != http.StatusUnprocessableEntity || h.settings[1].FailbackInterval != 60 {
		t.Errorf("null as application/json: %d %s", w.Code, w.Body)
	}
	if w := patch(mergePatch, `{"failback_interval":null,"transport":null,"enable_failback":null}`); w.Code != http.StatusOK {
		t.Errorf("nulls: %d %s", w.Code, w.Body)
	}
	if set := h.settings[1]; set.FailbackInterval != 1800 || set.Transport != line.UDP || !set.EnableFailback || set.DisplayName != "Lab" || set.AuthPassword != canary {
		t.Errorf("after nulls %+v", set)
	}
	was := h.settings[1]
	read := rest(s, "GET /lines/1/sip", "").Body.String()
	if w := patch(mergePatch, read); w.Code != http.StatusOK || h.settings[1] != was {
		t.Errorf("what was read and is sent back changes %v: %d %s", line.Changed(was, h.settings[1]), w.Code, w.Body)
	}
	if w := patch("application/json", `{"auth_password":null}`); w.Code != http.StatusOK || h.settings[1].AuthPassword != canary {
		t.Errorf("a secret that is null as application/json: %d %+v", w.Code, h.settings[1])
	}
	if w := patch(mergePatch, `{"auth_password":null}`); w.Code != http.StatusOK || h.settings[1].AuthPassword != "" {
		t.Errorf("a secret that is null in a merge patch: %d %+v", w.Code, h.settings[1])
	}
	was = h.settings[1]
	for body, want := range map[string]int{`{"phone_number":null}`: 422, `{"no_such_setting":null}`: 422, `[]`: 422, `null`: 422, `"x"`: 422, `{"display_name":{}}`: 422, `{"display_name":"a","display_name":"b"}`: 400} {
		if w := patch(mergePatch, body); w.Code != want || h.settings[1] != was {
			t.Errorf("%s: %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
	for _, kind := range []string{"application/json-patch+json", "application/merge-patch+json; charset=latin1", "application/merge-patch+json; charset=utf-16", "application/merge-patch", "application/vnd.x+json", "text/json", "application/json, " + mergePatch, "application/json; charset=", ""} {
		w := patch(kind, `{"display_name":"x"}`)
		if p := problemIn(t, w); w.Code != http.StatusUnsupportedMediaType || !strings.Contains(p.Detail, mergePatch) || w.Header().Get("Accept-Patch") != jsonKind+", "+mergePatch || h.settings[1] != was {
			t.Errorf("%q: %d %s %q", kind, w.Code, w.Body, w.Header().Get("Accept-Patch"))
		}
	}
	twice := request("tok-admin", "PATCH "+base+"/lines/1/sip", `{"display_name":"x"}`)
	twice.Header.Add("Content-Type", mergePatch)
	if w := serve(s, twice); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("two media types: %d", w.Code)
	}
}

// RS-07: a merge patch is for PATCH alone, and every operation that takes JSON takes it with its charset, and nothing else.
func TestEveryMediaType(t *testing.T) {
	everyOperation(t, func(b *badInput) {
		if b.op.RequestBody != nil {
			r := b.request(b.at(nil), b.good())
			r.Header.Set("Content-Encoding", "gzip")
			b.send("gzip", r, "", http.StatusUnsupportedMediaType)
		}
		if b.op.RequestBody == nil || b.op.RequestBody.Content[jsonKind] == nil {
			return
		}
		kinds := []string{"application/json; charset=iso-8859-1", "application/json-patch+json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "*/*", "json"}
		if b.op.Method != http.MethodPatch {
			kinds = append(kinds, mergePatch)
		}
		if b.op.OperationID == "import-configuration" {
			return
		}
		for _, kind := range kinds {
			r := b.request(b.at(nil), b.good())
			r.Header.Set("Content-Type", kind)
			b.send(kind, r, "", http.StatusUnsupportedMediaType)
		}
	})
}

// RS-01, RS-04: what a form or its address says is understood or refused, on every page: nothing is done because a part of it was passed over.
func TestEveryFormIsUnderstood(t *testing.T) {
	t.Parallel()
	if len(twins) < 25 {
		t.Errorf("only %d forms", len(twins))
	}
	for _, c := range twins {
		t.Run(strings.TrimPrefix(c.form, "/"), func(t *testing.T) {
			h, s := prepared(t, c.form)
			before := h.state(s)
			refuse := func(what, address string, form url.Values) {
				t.Helper()
				w := browse(s, RoleAdmin, english, "POST "+address, form)
				if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest || h.state(s) != before {
					t.Errorf("%s: %d, from\n%s\nto\n%s", what, w.Code, before, h.state(s))
				}
			}
			good := c.typed
			joint := "?"
			if strings.Contains(c.form, "?") {
				joint = "&"
			}
			for _, query := range []string{"lin=2", "dry_run=1", "line=1&line=2", "%zz", "a;b", "LINE=1"} {
				refuse(query, c.form+joint+query, good)
			}
			if strings.HasSuffix(c.form, "/import") {
				return // a file, with its own checks
			}
			for _, bad := range []string{"\xff", "a\x00b", "\x07", "\uffff"} {
				for _, name := range append(slices.Collect(maps.Keys(good)), "anything") {
					form := maps.Clone(good)
					if form == nil {
						form = url.Values{}
					}
					form[name] = []string{bad}
					refuse(fmt.Sprintf("%s %q", name, bad), c.form, form)
				}
			}
			for name := range good {
				if len(good[name]) != 1 || name == "keys" || name == "add" {
					continue
				}
				form := maps.Clone(good)
				form[name] = []string{good.Get(name), "other"}
				refuse(name+" twice", c.form, form)
			}
		})
	}
}

// RS-01: a box of a form that says something else than 0 or 1 is never taken as not ticked; a line that is none is never line 1.
func TestFlagsOfForms(t *testing.T) {
	for _, c := range []struct {
		form string
		with url.Values
		flag string
		on   func(h *house) bool
	}{
		{form: "/system/configuration/reset", with: fields("confirm", "factory-reset"), flag: "erase", on: func(h *house) bool { return slices.Equal(h.resets, []bool{true}) }},
		{form: "/system/remote-control", with: fields("allow", "192.0.2.1"), flag: "enabled", on: func(h *house) bool { return h.Device().RemoteControl.Enabled }},
		{form: "/system/remote-control", with: fields("allow", "192.0.2.1"), flag: "faithful", on: func(h *house) bool { return h.Device().RemoteControl.Faithful }},
	} {
		for value, on := range map[string]bool{"1": true, "true": true, "on": true, "TRUE": true, "": true, "0": false, "false": false, "off": false} {
			h, s := prepared(t, "")
			form := maps.Clone(c.with)
			form.Set(c.flag, value)
			if w := browse(s, RoleAdmin, english, "POST "+c.form, form); w.Code >= 400 || c.on(h) != on {
				t.Errorf("%s=%q: %d, on %v", c.flag, value, w.Code, c.on(h))
			}
		}
		for _, value := range []string{"yes", "2", "nope", "01"} {
			h, s := prepared(t, "")
			before := h.state(s)
			form := maps.Clone(c.with)
			form.Set(c.flag, value)
			if w := browse(s, RoleAdmin, english, "POST "+c.form, form); w.Code != http.StatusUnprocessableEntity || h.state(s) != before {
				t.Errorf("%s=%q: %d", c.flag, value, w.Code)
			}
		}
	}
	for _, n := range []string{"21", "0", "-1", "x", "", "1e0", "99999999999999999999"} {
		for _, c := range []struct {
			what string
			form url.Values
		}{
			{"POST /line/sip?line=" + n, fields("display_name", "changed")},
			{"POST /line/plan?line=" + n, fields("display_name", "changed")},
			{"POST /line/register", fields("do", "register", "line", n)},
			{"POST /calls", fields("do", "dial", "line", n, "to", "1002")},
		} {
			h, s := prepared(t, "")
			before := h.state(s)
			if w := browse(s, RoleAdmin, english, c.what, c.form); w.Code != http.StatusUnprocessableEntity || h.state(s) != before {
				t.Errorf("%s %v: %d", c.what, c.form, w.Code)
			}
		}
	}
}

// RS-11: a call has a key where it is good for something: in the call log, to ask for what is before it.
func TestKeyOfACall(t *testing.T) {
	_, s := inhabited(t)
	rest(s, "POST /calls", `{"to":"1002"}`)
	for what, key := range map[string]bool{"GET /calls": false, "GET /calls/1": false, "GET /calls?state=ended": true} {
		w := rest(s, what, "")
		if strings.Contains(w.Body.String(), `"key":`) != key || strings.Contains(w.Body.String(), `"key":0`) || !json.Valid(w.Body.Bytes()) || len(w.Body.String()) < 20 {
			t.Errorf("%s: %s", what, w.Body)
		}
	}
}

// RS-03: in a body a whole number is one however it is written, and what is no whole number is refused with its field.
func TestWholeNumbers(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":60.0,"b":[6e1,-1.0,0.0,1.5],"c":"1.0"}`: `{"a":60,"b":[60,-1,0,1.5],"c":"1.0"}`, `[1e-400]`: `[1e-400]`, ` 1.0 `: ` 1 `, `[9007199254740993.0]`: `[9007199254740993.0]`, `{}`: `{}`, `[-0.0,1E+2]`: `[0,100]`,
	} {
		if got, _, err := checkJSON([]byte(text), false); string(got) != want || err != nil {
			t.Errorf("%s: %s %v, want %s", text, got, err, want)
		}
	}
	s := newServer(t, newHouse())
	setUp(t, s)
	for body, want := range map[string]int{`{"line":1.0,"to":"1002"}`: 201, `{"line":1e0,"to":"1002"}`: 201, `{"line":1.5,"to":"1002"}`: 422, `{"line":1e9,"to":"1002"}`: 422, `{"line":-1.0,"to":"1002"}`: 422} {
		w := rest(s, "POST /calls", body)
		if w.Code != want || want == 422 && !strings.Contains(w.Body.String(), `"location":"body.line"`) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}
