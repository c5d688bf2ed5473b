package webui

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

// docsPageData is the page /docs: the OpenAPI document for people. It needs no script and nothing from elsewhere, and no login, as it
// says of every phone the same.
type docsPageData struct {
	frame
	Version string
	Scopes  []ScopeText
	Groups  []docsGroup
	Schemas []docsSchema
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path     string
	Summary, Description string
	Parameters           []docsValue
	Body                 *docsBody
	Answers              []docsAnswer
	Curl                 string
}

// docsBody is what an operation takes or answers: a schema by name, or its own properties.
type docsBody struct {
	Kind       string
	Type       docsType
	Properties []docsValue
}

type docsAnswer struct {
	Code, Text string
	Body       *docsBody
}

type docsSchema struct {
	Name        string
	Description string
	Properties  []docsValue
}

// docsValue is a parameter or a property.
type docsValue struct {
	Name, In string
	Type     docsType
	Needed   bool
	Limits   string
	Text     string
}

// docsType is the type of a value; Schema is what it refers to.
type docsType struct{ Text, Schema string }

// docsPage answers GET /docs.
func (s *Server) docsPage(c echo.Context) error {
	keepLanguage(c)
	l, api := languageOf(c.Request()), s.api.OpenAPI()
	now, _ := s.Journal.Clock()
	d := docsPageData{frame: frame{Lang: l, Title: l.say("docs.title"), Scripts: []string{"menu.js"}, Now: now, Back: "/docs", Insecure: s.insecureNotice(c.Request())}, Version: api.Info.Version, Scopes: scopesIn(l)}
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		item := api.Paths[path]
		for _, op := range operationsOf(item) {
			d.add(op.Tags[0], s.docsOperation(path, op))
		}
	}
	schemas := api.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		d.Schemas = append(d.Schemas, docsSchema{name, schemas[name].Description, properties(schemas[name])})
	}
	return s.show(c, http.StatusOK, "docs", d)
}

// operationsOf returns the operations at a path, those that only look first.
func operationsOf(item *huma.PathItem) []*huma.Operation {
	return slices.DeleteFunc([]*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete}, func(op *huma.Operation) bool { return op == nil })
}

func (d *docsPageData) add(group string, op docsOperation) {
	for i := range d.Groups {
		if d.Groups[i].Name == group {
			d.Groups[i].Operations = append(d.Groups[i].Operations, op)
			return
		}
	}
	d.Groups = append(d.Groups, docsGroup{group, []docsOperation{op}})
}

func (s *Server) docsOperation(path string, op *huma.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: op.Method, Path: base + path, Summary: op.Summary, Description: op.Description}
	for _, p := range op.Parameters {
		v := value(p.Name, p.Schema, p.Required)
		v.In = p.In
		if p.Description != "" {
			v.Text = p.Description
		}
		d.Parameters = append(d.Parameters, v)
	}
	if op.RequestBody != nil {
		d.Body = body(op.RequestBody.Content)
	}
	for _, code := range slices.Sorted(maps.Keys(op.Responses)) {
		d.Answers = append(d.Answers, docsAnswer{code, op.Responses[code].Description, body(op.Responses[code].Content)})
	}
	d.Curl = s.curl(path, op)
	return d
}

// body describes the first kind of content there is.
func body(content map[string]*huma.MediaType) *docsBody {
	if len(content) == 0 {
		return nil
	}
	b := &docsBody{Kind: slices.Sorted(maps.Keys(content))[0]}
	if schema := content[b.Kind].Schema; schema != nil {
		b.Type, b.Properties = typeOf(schema), properties(schema)
	}
	return b
}

func properties(s *huma.Schema) (all []docsValue) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		all = append(all, value(name, s.Properties[name], slices.Contains(s.Required, name)))
	}
	return all
}

func value(name string, s *huma.Schema, needed bool) docsValue {
	if s == nil {
		return docsValue{Name: name, Needed: needed}
	}
	return docsValue{Name: name, Type: typeOf(s), Needed: needed, Limits: limits(s), Text: s.Description}
}

const schemaRef = "#/components/schemas/"

func typeOf(s *huma.Schema) docsType {
	switch {
	case s.Ref != "":
		name := strings.TrimPrefix(s.Ref, schemaRef)
		return docsType{name, name}
	case len(s.AnyOf) > 0:
		t := typeOf(s.AnyOf[0])
		t.Text += " | null"
		return t
	case s.Type == huma.TypeArray && s.Items != nil:
		t := typeOf(s.Items)
		t.Text = "[" + t.Text + "]"
		return t
	}
	t := docsType{Text: s.Type}
	if s.Format != "" && s.Format != "int64" && s.Format != "double" {
		t.Text += ", " + s.Format
	}
	if s.Nullable {
		t.Text += " | null"
	}
	return t
}

// limits says what values there are, and the default.
func limits(s *huma.Schema) string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, e := range s.Enum {
		add("%v", e)
	}
	if len(all) > 0 {
		all = []string{strings.Join(all, " | ")}
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		add("%s…%s", number(*s.Minimum), number(*s.Maximum))
	case s.Minimum != nil:
		add("≥ %s", number(*s.Minimum))
	case s.Maximum != nil:
		add("≤ %s", number(*s.Maximum))
	}
	if s.MinLength != nil && *s.MinLength > 0 {
		add("length ≥ %d", *s.MinLength)
	}
	if s.MaxLength != nil {
		add("length ≤ %d", *s.MaxLength)
	}
	if s.Pattern != "" {
		add("%s", s.Pattern)
	}
	if s.Default != nil {
		add("default %s", asJSON(s.Default))
	}
	return strings.Join(all, "; ")
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// curl is the operation as a command line; HILPHONE_URL and HILPHONE_TOKEN are as the demo prints them.
func (s *Server) curl(path string, op *huma.Operation) string {
	for _, p := range op.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", strings.Trim(asJSON(s.example(p.Schema, 0)), `"`))
		}
	}
	line := `curl -sS -H "Authorization: Bearer $HILPHONE_TOKEN"`
	if op.Method != http.MethodGet {
		line += " -X " + op.Method
	}
	if op.RequestBody != nil {
		kind, sample := body(op.RequestBody.Content).Kind, "1"
		if kind == "application/json" {
			sample = asJSON(s.example(op.RequestBody.Content[kind].Schema, 0))
		}
		line += " -H 'Content-Type: " + kind + "' -d '" + sample + "'"
	}
	return line + ` "$HILPHONE_URL` + base + path + `"`
}

// example makes a value of a schema: its example, its default, or something of its type. Of an object it has what is needed and what
// has an example, and if that is nothing its first property.
func (s *Server) example(schema *huma.Schema, depth int) any {
	switch {
	case schema == nil || depth > maxDepth:
		return nil
	case schema.Ref != "":
		return s.example(s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref), depth+1)
	case len(schema.Examples) > 0:
		return schema.Examples[0]
	case schema.Default != nil:
		return schema.Default
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	}
	switch schema.Type {
	case huma.TypeObject:
		sample := map[string]any{}
		names := slices.Sorted(maps.Keys(schema.Properties))
		for _, name := range names {
			if p := schema.Properties[name]; slices.Contains(schema.Required, name) || len(p.Examples) > 0 {
				sample[name] = s.example(p, depth+1)
			}
		}
		for _, name := range names {
			if len(sample) == 0 && !schema.Properties[name].ReadOnly {
				sample[name] = s.example(schema.Properties[name], depth+1)
			}
		}
		return sample
	case huma.TypeArray:
		return []any{s.example(schema.Items, depth+1)}
	case huma.TypeInteger, huma.TypeNumber:
		if schema.Minimum != nil {
			return *schema.Minimum
		}
		return 1
	case huma.TypeBoolean:
		return true
	}
	return "1"
}
