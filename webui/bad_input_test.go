package webui

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal"
)

// badInput sends what an operation cannot take, and holds the answer against the rules: 4xx as problem+json, the field named, nothing
// changed. It is made of the OpenAPI document, so an operation that is new is tried by being there.
type badInput struct {
	t    *testing.T
	h    *house
	s    *Server
	path string
	op   *huma.Operation

	tried int
}

// TestEveryBadInput tries every operation with wrong types, values out of range, huge bodies, wrong encodings and stale ETags. Missing and
// foreign tokens are TestScopes.
func TestEveryBadInput(t *testing.T) {
	t.Parallel()
	tried := 0
	for path, item := range newServer(t, newHouse()).api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			t.Run(op.OperationID, func(t *testing.T) {
				h := newHouse()
				s := newServer(t, h)
				setUp(t, s)
				b := &badInput{t: t, h: h, s: s, path: path, op: op}
				b.paths()
				b.queries()
				b.headers()
				if op.RequestBody != nil {
					b.bodies()
				}
				tried += b.tried
			})
		}
	}
	if tried < 500 {
		t.Errorf("only %d requests were tried", tried)
	}
}

// at is the path of the operation with an example for each parameter but those given.
func (b *badInput) at(given map[string]string) string {
	path := b.path
	for _, p := range b.op.Parameters {
		if p.In != "path" {
			continue
		}
		v, ok := given[p.Name]
		if !ok {
			v = map[string]string{"n": "1", "id": "1", "server": "primary", "name": "hook"}[p.Name]
		}
		path = strings.ReplaceAll(path, "{"+p.Name+"}", v)
	}
	return base + path
}

// send sends a request that cannot be obeyed. Named is the location the answer must give, empty for any; want is the status, 0 for
// any from 400 to 499.
func (b *badInput) send(what string, r *http.Request, named string, want int) {
	b.t.Helper()
	b.tried++
	if b.op.OperationID == "stream-events" {
		r.Header.Set("Last-Event-ID", "not a number") // a stream that is begun does not end
		named = ""
	}
	before := b.state()
	w := serve(b.s, r)
	if after := b.state(); after != before {
		b.t.Errorf("%s: answered %d and changed\n%s\nto\n%s", what, w.Code, before, after)
	}
	if w.Code < 400 || w.Code > 499 || want != 0 && w.Code != want {
		b.t.Errorf("%s: %d, want %d of 4xx\n%s", what, w.Code, want, w.Body)
		return
	}
	var p huma.ErrorModel
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || w.Header().Get("Content-Type") != "application/problem+json" {
		b.t.Errorf("%s: %s %s is no problem+json: %v", what, w.Header().Get("Content-Type"), w.Body, err)
	}
	if named != "" && !slices.ContainsFunc(p.Errors, func(e *huma.ErrorDetail) bool { return strings.HasPrefix(e.Location, named) }) {
		b.t.Errorf("%s: %s does not name %s", what, w.Body, named)
	}
}

// state is all that a request could have changed.
func (b *badInput) state() string {
	_, newest := b.s.Journal.Held()
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	return fmt.Sprintf("%d events, lock %q, %+v", newest, b.s.lock.view(Visitor{}).Owner, b.h)
}

func (b *badInput) request(path, body string) *http.Request {
	return request("tok-admin", b.op.Method+" "+path, body)
}

func (b *badInput) good() string {
	if b.op.RequestBody == nil {
		return ""
	}
	for _, kind := range slices.Sorted(maps.Keys(b.op.RequestBody.Content)) {
		if kind == "application/json" {
			return asJSON(b.s.example(b.op.RequestBody.Content[kind].Schema, 0))
		}
	}
	return "1"
}

// paths tries parameters of the path that name nothing: a line that is no line, a call that there is not.
func (b *badInput) paths() {
	for _, p := range b.op.Parameters {
		if p.In != "path" {
			continue
		}
		for _, v := range []string{"x", "-1", "0", "21", "99999999999999999999", "1.5", "%00", "%2e%2e%2f", "%ff", strings.Repeat("x", 300), "'--", "%E2%80%AE"} {
			if b.op.OperationID == "get-call" && v == "0" {
				continue
			}
			b.send(p.Name+" "+v, b.request(b.at(map[string]string{p.Name: v}), b.good()), "", 0)
		}
	}
}

// queries tries each parameter of the query with what it cannot be, and one that there is not.
func (b *badInput) queries() {
	for _, p := range b.op.Parameters {
		if p.In != "query" {
			continue
		}
		for _, v := range badTexts(p.Schema) {
			b.send(p.Name+"="+v, b.request(b.at(nil)+"?"+url.Values{p.Name: {v}}.Encode(), b.good()), "query."+p.Name, http.StatusUnprocessableEntity)
		}
	}
	b.send("an unknown parameter", b.request(b.at(nil)+"?no_such_parameter=1", b.good()), "query.no_such_parameter", http.StatusUnprocessableEntity)
}

// headers tries a stale ETag where one is taken.
func (b *badInput) headers() {
	for _, p := range b.op.Parameters {
		if p.In == "header" && p.Name == "If-Match" {
			r := b.request(b.at(nil), b.good())
			r.Header.Set("If-Match", `"000000000000000000000000"`)
			want := http.StatusPreconditionFailed
			if b.op.OperationID == "hang-up" {
				want = http.StatusNotFound // there is no such call
			}
			b.send("a stale ETag", r, "", want)
		}
	}
}

// bodies tries bodies that cannot be read, and each property with what it cannot be.
func (b *badInput) bodies() {
	content, isJSON := b.op.RequestBody.Content["application/json"]
	huge := strings.Repeat(" ", 9<<20)
	b.send("a huge body", b.request(b.at(nil), huge), "", http.StatusRequestEntityTooLarge)
	if !isJSON {
		return // plain text is taken whatever it is called: tools that know no better send 0 and 1 as a form
	}
	kinds := slices.Collect(maps.Keys(b.op.RequestBody.Content))
	for _, kind := range []string{"application/x-www-form-urlencoded", "application/json; charset=latin1", "text/html", "nonsense", "application/yaml"} {
		if slices.Contains(kinds, kind) {
			continue
		}
		r := b.request(b.at(nil), b.good())
		r.Header.Set("Content-Type", kind)
		b.send("a body of "+kind, r, "", http.StatusUnsupportedMediaType)
	}
	for _, text := range []string{"{", `{"a":1,"a":2}`, "{}{}", "{\"a\":\"\xff\"}", strings.Repeat("[", 100), "\xef\xbb\xbf{}", "nul", `{"a":01}`, "'a'"} {
		b.send(fmt.Sprintf("%.20q", text), b.request(b.at(nil), text), "body", http.StatusBadRequest)
	}
	for _, text := range []string{"[]", `"text"`, "1", "null", "true"} {
		b.send(text, b.request(b.at(nil), text), "body", http.StatusUnprocessableEntity)
	}
	b.properties(content.Schema)
}

func (b *badInput) properties(schema *huma.Schema) {
	if schema.Ref != "" {
		schema = b.s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	good, ok := b.s.example(schema, 0).(map[string]any)
	if !ok {
		b.t.Fatalf("the body is no object: %+v", schema)
	}
	try := func(name, value string) {
		parts := []string{asJSON(name) + ":" + value}
		for n, v := range good {
			if n != name {
				parts = append(parts, asJSON(n)+":"+asJSON(v))
			}
		}
		body := "{" + strings.Join(parts, ",") + "}"
		b.send(fmt.Sprintf("%s: %.60s", name, value), b.request(b.at(nil), body), "body."+name, http.StatusUnprocessableEntity)
	}
	for name, p := range schema.Properties {
		if p.ReadOnly {
			continue
		}
		for _, v := range badValues(p) {
			try(name, v)
		}
	}
	if schema.AdditionalProperties != true {
		try("no_such_property", "1")
	}
	for _, name := range schema.Required {
		rest := maps.Clone(good)
		delete(rest, name)
		b.send("without "+name, b.request(b.at(nil), asJSON(rest)), "body", http.StatusUnprocessableEntity)
	}
}

// badValues are JSON values that the schema forbids.
func badValues(s *huma.Schema) (all []string) {
	add := func(values ...string) { all = append(all, values...) }
	if !s.Nullable && len(s.AnyOf) == 0 {
		add("null")
	}
	switch s.Type {
	case huma.TypeString:
		add("1", "true", "{}", `["x"]`)
		if s.MaxLength != nil && *s.MaxLength < maxBody/2 { // longer ones are huge bodies
			add(asJSON(strings.Repeat("x", *s.MaxLength+1)))
		}
		if s.MinLength != nil && *s.MinLength > 0 {
			add(asJSON(strings.Repeat("x", *s.MinLength-1)))
		}
		if len(s.Enum) > 0 {
			add(`"no such thing"`, `""`)
		}
	case huma.TypeInteger, huma.TypeNumber:
		add(`"1"`, "true", "{}", "[1]", "1e400")
		if s.Type == huma.TypeInteger {
			add("1.5")
		}
		if s.Minimum != nil {
			add(fmt.Sprintf("%.0f", *s.Minimum-1))
		}
		if s.Maximum != nil {
			add(fmt.Sprintf("%.0f", *s.Maximum+1))
		}
	case huma.TypeBoolean:
		add("1", "0", `"true"`, "{}", "[]")
	case huma.TypeArray:
		add(`"x"`, "1", "{}")
	case huma.TypeObject:
		add(`"x"`, "1", "[]")
	}
	return all
}

// badTexts are texts that a parameter with that schema cannot be.
func badTexts(s *huma.Schema) (all []string) {
	for _, v := range badValues(s) {
		var text string
		if s.Type == huma.TypeString && json.Unmarshal([]byte(v), &text) != nil {
			continue // any text is text
		}
		if s.Type == huma.TypeBoolean && (v == "1" || v == "0" || v == `"true"`) || v == "null" || s.Type == huma.TypeArray {
			continue
		}
		if json.Unmarshal([]byte(v), &text) == nil {
			v = text + "x"
		}
		all = append(all, v)
	}
	return all
}

// What is not asked of the REST interface is not answered by it: other methods, other paths.
func TestNothingElseIsAnswered(t *testing.T) {
	s := newServer(t, newHouse())
	tried := 0
	for path, item := range s.api.OpenAPI().Paths {
		known := map[string]bool{"OPTIONS": true} // is answered with what there is
		for _, op := range operationsOf(item) {
			known[op.Method] = true
		}
		at := base + strings.NewReplacer("{n}", "1", "{id}", "1", "{server}", "primary", "{name}", "hook").Replace(path)
		for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE", "TRACE", "CONNECT", "OPTIONS", "BREW"} {
			if known[method] {
				continue
			}
			tried++
			r := request("tok-admin", "GET "+at, "")
			r.Method = method
			if w := serve(s, r); w.Code < 400 || w.Code > 499 {
				t.Errorf("%s %s: %d", method, at, w.Code)
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d requests were tried", tried)
	}
	if _, newest := s.Journal.Held(); newest != 0 {
		t.Errorf("events %v", s.Journal.Events(journal.Query{}))
	}
}
