package webui

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// SE-05: JSON and XML that are nested deeper than 32 are refused at every operation that takes a body, with line and column, and change
// nothing; 32 are not too deep.
func TestDeepBodies(t *testing.T) {
	h, s := remote(t, false)
	before := h.settings[1]
	deep := "{\"x\":\n" + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + "}"
	tried := 0
	for path, item := range s.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
				continue
			}
			tried++
			at := strings.NewReplacer("{n}", "1", "{id}", "1", "{name}", "x", "{server}", "primary", "{account}", "user").Replace(path)
			w := rest(s, op.Method+" "+at, deep)
			p := problemIn(t, w)
			want := []string{"body.x" + strings.Repeat("[0]", maxDepth-1)}
			if w.Code != http.StatusBadRequest || !slices.Equal(locations(p), want) || p.Errors[0].Message != "body:2:32: nested deeper than 32" {
				t.Errorf("%s %s: %d %s", op.Method, at, w.Code, w.Body)
			}
		}
	}
	if tried < 20 {
		t.Errorf("%d operations take a body", tried)
	}
	flat := "{\"x\":" + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + "}"
	if w := rest(s, "PATCH /lines/1/sip", flat); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d levels: %d %s", maxDepth, w.Code, w.Body)
	}
	for kind, file := range map[string]string{"application/json": `{"lines":` + strings.Repeat("[", 64<<10), "application/xml": "<sysConf>" + strings.Repeat("<a>", 64<<10)} {
		r := request("tok-admin", "POST "+base+"/config/import", file)
		r.Header.Set("Content-Type", kind)
		w := serve(s, r)
		if p := problemIn(t, w); w.Code != http.StatusUnprocessableEntity || !strings.Contains(p.Errors[0].Message, "nested deeper than 32") {
			t.Errorf("import of %s: %d %.300s", kind, w.Code, w.Body)
		}
	}
	code, body := script(s, "POST /xmlService", `<FanvilConfiguration cmd="get">`+strings.Repeat("<Item>", 5000))
	if code != http.StatusBadRequest || !strings.Contains(body, "body:1:218: nested deeper than 32") {
		t.Errorf("XML: %d %s", code, body)
	}
	if h.settings[1] != before || h.saves != 0 || len(h.applied) != 0 {
		t.Errorf("%d saves, %d applied", h.saves, len(h.applied))
	}
}
