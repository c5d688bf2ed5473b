package webui

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// The page and its twin set the same behaviour, and refuse the same values at the same field.
func TestLabFormAndTwin(t *testing.T) {
	for _, c := range []struct {
		form  url.Values
		body  string
		field string // that is wrong; empty: none
	}{
		{url.Values{"behaviour": {"silent"}}, `{"behaviour":"silent"}`, ""},
		{url.Values{"behaviour": {"status"}, "status": {"500"}, "retry_after_s": {"30"}, "drop": {"0.25"}, "seed": {"7"}, "methods": {"register, invite"}, "then": {"serve"}, "min_expires_s": {"60"},
			"max_expires_s": {"120"}, "close_after": {"3"}, "drop_first": {"2"}, "delay_ms": {"10"}, "no_handshake": {"1"}},
			`{"behaviour":"status","status":500,"retry_after_s":30,"drop":0.25,"seed":7,"methods":["REGISTER","INVITE"],"then":"serve","min_expires_s":60,"max_expires_s":120,"close_after":3,"drop_first":2,"delay_ms":10,"no_handshake":true}`, ""},
		{url.Values{"behaviour": {"close"}, "bad_handshake": {"1"}}, `{"behaviour":"close","bad_handshake":true}`, ""},
		{url.Values{"behaviour": {"status"}, "status": {"200"}}, `{"behaviour":"status","status":200}`, "status"},
		{url.Values{"behaviour": {"serve"}, "drop": {"1.5"}}, `{"behaviour":"serve","drop":1.5}`, "drop"},
		{url.Values{"behaviour": {"serve"}, "delay_ms": {"60001"}}, `{"behaviour":"serve","delay_ms":60001}`, "delay_ms"},
		{url.Values{"behaviour": {"serve"}, "seed": {"-1"}}, `{"behaviour":"serve","seed":-1}`, "seed"},
		{url.Values{"behaviour": {"serve"}, "close_after": {"1.5"}}, `{"behaviour":"serve","close_after":1.5}`, "close_after"},
		{url.Values{"behaviour": {"serve"}, "then": {"sulk"}}, `{"behaviour":"serve","then":"sulk"}`, "then"},
		{url.Values{"behaviour": {"serve"}, "methods": {"A1"}}, `{"behaviour":"serve","methods":["A1"]}`, "methods"},
	} {
		byForm, formServer := newHouse(), (*Server)(nil)
		formServer = newServer(t, byForm)
		byTwin := newHouse()
		c.form.Set("server", "backup")
		page := browse(formServer, RoleAdmin, english, "POST /lab/servers", c.form)
		twin := rest(newServer(t, byTwin), "PUT /lab/servers/backup", c.body)
		a, b := byForm.lab[line.Backup], byTwin.lab[line.Backup]
		if !sameServer(a, b) {
			t.Errorf("%v sets %+v, %s sets %+v", c.form, a, c.body, b)
		}
		if c.field == "" {
			if page.Code != http.StatusSeeOther || twin.Code != http.StatusOK || sameServer(a, newHouse().lab[line.Backup]) {
				t.Errorf("%v: %d, %s: %d", c.form, page.Code, c.body, twin.Code)
			}
			continue
		}
		if page.Code != http.StatusUnprocessableEntity || twin.Code != http.StatusUnprocessableEntity || !sameServer(a, newHouse().lab[line.Backup]) {
			t.Errorf("%v: %d, %s: %d", c.form, page.Code, c.body, twin.Code)
		}
		if !strings.Contains(page.Body.String(), `<a href="#backup_`+c.field+`">`) || !strings.Contains(twin.Body.String(), "body."+c.field) {
			t.Errorf("%s is not named by the page, or not by %s", c.field, twin.Body)
		}
		if typed := c.form.Get(c.field); c.field != "then" && !strings.Contains(page.Body.String(), `value="`+typed+`"`) {
			t.Errorf("%q, which was typed, is lost", typed)
		}
	}
}

func sameServer(a, b behaviour.Server) bool { return behaviour.Same(behaviour.ServerFields, a, b) }

// The schemas have each property of the tables, with its bounds and its choices, and the pages a text for each.
func TestLabSchemas(t *testing.T) {
	k := loadContract(t, newServer(t, newHouse()))
	checkLabSchema(t, k, "LabView", "lab.field.", behaviour.ServerFields)
	checkLabSchema(t, k, "LabPhoneView", "lab.phone.field.", behaviour.AnsweringFields)
	checkLabSchema(t, k, "LabCallInput", "lab.phone.field.", behaviour.CallFields)
	checkLabSchema(t, k, "LabRequestInput", "lab.phone.field.", behaviour.RequestFields)
}

func checkLabSchema[T any](t *testing.T, k *contract, name, label string, fields []behaviour.Field[T]) {
	t.Helper()
	schema := k.doc.Components.Schemas[name].Value
	if len(schema.Properties) != len(fields) {
		t.Errorf("%s has %d properties, and the table %d", name, len(schema.Properties), len(fields))
	}
	for _, f := range fields {
		ref := schema.Properties[f.Name]
		if ref == nil {
			t.Errorf("%s has no %s", name, f.Name)
			continue
		}
		p := ref.Value
		if f.Max > 0 && (*p.Min != f.Min || *p.Max != f.Max) {
			t.Errorf("%s.%s: %v to %v, want %v to %v", name, f.Name, *p.Min, *p.Max, f.Min, f.Max)
		}
		choices := p.Enum
		if p.Items != nil {
			choices = p.Items.Value.Enum
		}
		if len(choices) != len(f.Choices) {
			t.Errorf("%s.%s has the choices %v", name, f.Name, choices)
		}
		if p.Description == "" {
			t.Errorf("%s.%s has no description", name, f.Name)
		}
	}
	for _, f := range fields[1:] {
		if words[label+f.Name].EN == "" && f.Name != "to" {
			t.Errorf("the pages have no text for %s%s", label, f.Name)
		}
	}
}

func TestNoLab(t *testing.T) {
	s := newServer(t, newHouse())
	s.Lab = nil
	if w := browse(s, RoleAdmin, english, "GET /lab", nil); w.Code != http.StatusNotFound {
		t.Errorf("GET /lab: %d", w.Code)
	}
	if w := browse(s, RoleAdmin, english, "POST /lab/servers", url.Values{"server": {"primary"}, "behaviour": {"serve"}}); w.Code != http.StatusNotFound {
		t.Errorf("POST /lab/servers: %d", w.Code)
	}
	if page := browse(s, RoleAdmin, english, "GET /", nil).Body.String(); strings.Contains(page, `href="/lab"`) {
		t.Error("a tab for a page that there is not")
	}
}

// A behaviour that counts messages begins to count again when it is set again.
func TestLabSetAgain(t *testing.T) {
	s := newServer(t, newHouse())
	for _, c := range []struct {
		body   string
		events int
	}{{`{"behaviour":"serve","drop_first":2}`, 1}, {`{"behaviour":"serve","drop_first":2}`, 2}, {`{"behaviour":"silent"}`, 3}, {`{"behaviour":"silent"}`, 3}} {
		if w := rest(s, "PUT /lab/servers/primary", c.body); w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
		var events []any
		if err := json.Unmarshal(rest(s, "GET /events?type=lab", "").Body.Bytes(), &events); err != nil || len(events) != c.events {
			t.Errorf("%s: %d events, want %d", c.body, len(events), c.events)
		}
	}
}
