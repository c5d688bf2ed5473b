package webui

import (
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hilphone/hil/scenario"
)

// The reference page has every operation and every schema of the document, needs no login and no script, and no link of it leads nowhere.
func TestDocs(t *testing.T) {
	_, s := inhabited(t)
	doc := loadContract(t, s).doc
	for _, l := range languages {
		w := browse(s, "", l.Tag, "GET /docs", nil)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		checkPage(t, s, "/docs", w.Body.String(), l.Tag)
		ids := map[string]*html.Node{}
		for _, e := range elements(t, w.Body.String()) {
			if id, ok := attr(e, "id"); ok {
				ids[id] = e
			}
		}
		links := 0
		for _, e := range elements(t, w.Body.String()) {
			to, ok := attr(e, "href")
			if !ok || !strings.HasPrefix(to, "#") {
				continue
			}
			links++
			if ids[to[1:]] == nil {
				t.Errorf("%s: a link to %s, which is not there", l.Tag, to)
			}
		}
		if links < 50 || doc.Paths.Len() < 50 || len(doc.Components.Schemas) < 40 {
			t.Errorf("%s: only %d links, %d paths, %d schemas", l.Tag, links, doc.Paths.Len(), len(doc.Components.Schemas))
		}
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				at := ids[op.OperationID]
				if at == nil || !strings.Contains(text(at), method+" "+base+path) || !strings.Contains(text(at), op.Summary) {
					t.Errorf("%s: %s %s is missing", l.Tag, method, path)
				}
			}
		}
		for name := range doc.Components.Schemas {
			if ids["s-"+name] == nil {
				t.Errorf("%s: the schema %s is missing", l.Tag, name)
			}
		}
	}
}

// UX-09: the page /docs/scenarios has every topic, header and verb with its forms and examples, in each language without a login, and /docs leads to it.
func TestScenarioReference(t *testing.T) {
	_, s := inhabited(t)
	for _, l := range languages {
		w := browse(s, "", l.Tag, "GET /docs/scenarios", nil)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		page := w.Body.String()
		checkPage(t, s, "/docs/scenarios", page, l.Tag)
		if len(scenario.Topics) < 3 || len(scenario.Headers) < 3 || len(scenario.Verbs) < 10 {
			t.Fatalf("only %d topics, %d headers, %d verbs", len(scenario.Topics), len(scenario.Headers), len(scenario.Verbs))
		}
		ids, texts := map[string]bool{}, map[string]bool{}
		for _, e := range elements(t, page) {
			if id, ok := attr(e, "id"); ok {
				ids[id] = true
			}
			texts[text(e)] = true
		}
		for _, topic := range scenario.Topics {
			if !ids[topic.Name] || !texts[topic.Title] || !texts[strings.Join(strings.Fields(topic.Example), " ")] {
				t.Errorf("%s: the topic %s is missing", l.Tag, topic.Name)
			}
		}
		for _, v := range append(slices.Clone(scenario.Headers), scenario.Verbs...) {
			if !ids[v.Word] {
				t.Errorf("%s: %s is missing", l.Tag, v.Word)
			}
			for _, f := range v.Forms {
				if !texts[f.Syntax] || !texts[strings.Join(strings.Fields(f.Example), " ")] {
					t.Errorf("%s: %s is missing, or its example", l.Tag, f.Syntax)
				}
			}
		}
	}
	if docs := browse(s, "", english, "GET /docs", nil).Body.String(); !strings.Contains(docs, `href="/docs/scenarios"`) {
		t.Error("/docs does not lead to it")
	}
}

// The examples are commands that a shell can read, and bodies that the phone can: none is answered that it cannot be read.
func TestDocsExamples(t *testing.T) {
	_, s := inhabited(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	api, examples, bodies := s.api.OpenAPI(), 0, 0
	for path, item := range api.Paths {
		for _, op := range operationsOf(item) {
			examples++
			line := s.curl(path, op)
			if out, err := exec.CommandContext(t.Context(), shell, "-n", "-c", line).CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", line, err, out)
			}
			if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
				continue
			}
			bodies++
			_, rest, found := strings.Cut(line, " -d '")
			sample, rest, _ := strings.Cut(rest, "' ")
			if !found || sample == "" {
				t.Errorf("%s has no body", line)
			}
			at := strings.TrimSuffix(strings.TrimPrefix(rest, `"$HILPHONE_URL`), `"`)
			if w := serve(s, request("tok-admin", op.Method+" "+at, sample)); w.Code == http.StatusBadRequest || w.Code == http.StatusUnprocessableEntity || w.Code >= 500 {
				t.Errorf("%s: %d %s", line, w.Code, w.Body)
			}
		}
	}
	if examples < 70 || bodies < 20 {
		t.Errorf("only %d examples, %d with a body", examples, bodies)
	}
}
