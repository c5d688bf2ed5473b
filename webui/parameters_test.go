package webui

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal/event"
)

// everyOperation calls try with each operation of the document and a server on which line 1 is set up. It is one for all of them, as what is
// tried is refused.
func everyOperation(t *testing.T, try func(b *badInput)) {
	t.Helper()
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	for path, item := range s.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			t.Run(op.OperationID, func(t *testing.T) {
				try(&badInput{t: t, h: h, s: s, path: path, op: op})
			})
		}
	}
}

// RS-01: whatever stands in the query of an operation is understood or refused, naming it, and nothing is done: other names, near ones with what
// was meant, names given twice, and what cannot be read.
func TestEveryQueryIsUnderstood(t *testing.T) {
	everyOperation(t, func(b *badInput) {
		b.send("a name that is not known", b.request(b.at(nil)+"?no_such_parameter=1", b.good()), "query.no_such_parameter", http.StatusUnprocessableEntity)
		b.send("a flag that is not known", b.request(b.at(nil)+"?dryrunn", b.good()), "query.dryrunn", http.StatusUnprocessableEntity)
		b.send("an empty name", b.request(b.at(nil)+"?=1", b.good()), "query.", http.StatusUnprocessableEntity)
		if b.op.RequestBody == nil {
			for _, body := range []string{`{"dry_run":true}`, `{"x":null}`, "[]", "null", "1"} {
				b.send("a body", b.request(b.at(nil), body), "body", http.StatusUnprocessableEntity)
			}
		}
		for _, broken := range []string{"dry_run=%zz", "a;b", "%", "dry_run=1;dry_run=0"} {
			b.send(broken, b.request(b.at(nil)+"?"+broken, b.good()), "query", http.StatusBadRequest)
		}
		for _, p := range b.op.Parameters {
			if p.In != "query" {
				continue
			}
			for _, two := range []string{"1&" + p.Name + "=1", "0&" + p.Name + "=1", "&" + p.Name} {
				b.send("twice", b.request(b.at(nil)+"?"+p.Name+"="+two, b.good()), "query."+p.Name, http.StatusUnprocessableEntity)
			}
			for _, near := range []string{strings.ToUpper(p.Name), strings.ReplaceAll(p.Name, "_", "-"), strings.ReplaceAll(p.Name, "_", ""), p.Name + "s"} {
				if near == p.Name {
					continue
				}
				r := b.request(b.at(nil)+"?"+near+"=1", b.good())
				b.send(near, r, "query."+near, http.StatusUnprocessableEntity)
				if w := serve(b.s, r.Clone(t.Context())); !strings.Contains(w.Body.String(), "did you mean "+p.Name+"?") {
					b.t.Errorf("%s: %s does not name %s", near, w.Body, p.Name)
				}
			}
		}
	})
}

// RS-01: a flag that is there is on, unless it says that it is off; whatever else it says is refused.
func TestEveryFlag(t *testing.T) {
	flags := 0
	everyOperation(t, func(b *badInput) {
		for _, p := range b.op.Parameters {
			if p.In != "query" || p.Schema.Type != huma.TypeBoolean {
				continue
			}
			flags++
			for _, v := range []string{"yes", "on", "off", "no", "t", "F", "2", "-1", "01", "tru", "null", " ", "%00", "%FF", "1,1", "1.0"} {
				b.send(p.Name+"="+v, b.request(b.at(nil)+"?"+p.Name+"="+url.QueryEscape(v), b.good()), "query."+p.Name, http.StatusUnprocessableEntity)
			}
		}
	})
	if flags < 4 {
		t.Errorf("only %d flags were tried", flags)
	}
	import1 := `{"lines":{"1":{"failback_interval":90}}}`
	for query, dry := range map[string]bool{
		"": false, "?dry_run=0": false, "?dry_run=false": false, "?dry_run=False": false,
		"?dry_run": true, "?dry_run=": true, "?dry_run=1": true, "?dry_run=true": true, "?dry_run=TRUE": true, "?dry%5Frun": true, "?dry_run&": true,
	} {
		h := newHouse()
		s := newServer(t, h)
		setUp(t, s)
		for _, what := range []string{"POST /config/import" + query, "POST /config/copies/1/restore" + query} {
			before := len(h.copies)
			body := import1
			if strings.Contains(what, "restore") {
				body = ""
				if len(h.copies) == 0 {
					rest(s, "POST /config/import", import1)
					before = len(h.copies)
				}
			}
			was := h.settings[1]
			w := rest(s, what, body)
			if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"applied":true`) == dry || (h.settings[1] == was) != dry || dry && len(h.copies) != before {
				t.Errorf("%s: %d %s, %d copies, was %d; dry %v", what, w.Code, w.Body, len(h.copies), before, dry)
			}
		}
	}
	s := newServer(t, newHouse())
	setUp(t, s)
	for query, with := range map[string]bool{"": false, "&secrets": true, "&secrets=": true, "&secrets=1": true, "&secrets=0": false} {
		if w := rest(s, "GET /config/export?format=text"+query, ""); w.Code != http.StatusOK || strings.Contains(w.Body.String(), canary) != with {
			t.Errorf("%q: %d, with the secret %v", query, w.Code, !with)
		}
	}
	if w := serve(s, request("tok-read", "GET "+base+"/config/export?secrets", "")); w.Code != http.StatusForbidden {
		t.Errorf("a flag without a value needs no right: %d", w.Code)
	}
}

// RS-03: a number, a time or a word of a list that is none is refused with valid JSON that names the parameter, its value and what it may be, in
// every query and path.
func TestEveryValueIsUnderstood(t *testing.T) {
	numbers := []string{"Inf", "-Inf", "+Inf", "inf", "Infinity", "NaN", "nan", "1e999", "0x10", "1_000", "0x1p-2", "--1", "1.", ".5", "", " 1", "1 ", "٣", "１", "1e", "99999999999999999999", "%EF%BF%BE", "1\x00", "\xff"}
	whole := append(slices.Clone(numbers), "1e9", "1.5", "1e0", "-9223372036854775809", "9223372036854775808")
	times := []string{"", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01", "1767225600", "Inf", "NaN", "2026-01-01T00:00:00", "2026-01-01T25:00:00Z", "10000-01-01T00:00:00Z", "2026-01-01T00:00:00+99:99"}
	words := []string{"", "nope", ",", "nope,", "\x01", "\xff", " "}
	everyOperation(t, func(b *badInput) {
		for _, p := range b.op.Parameters {
			var bad []string
			s := p.Schema
			if s.Type == huma.TypeArray {
				s = s.Items
			}
			switch {
			case s.Type == huma.TypeInteger:
				bad = whole
			case s.Type == huma.TypeNumber:
				bad = append(slices.Clone(numbers), "-1", "1e9")
			case s.Format == "date-time":
				bad = times
			case s.Enum != nil:
				bad = append(slices.Clone(words), fmt.Sprint(s.Enum[0], ",nope"), strings.ToUpper(fmt.Sprint(s.Enum[0]))+"X")
			case p.In != "header":
				bad = []string{"\x01", "a\x00b", "\x7f", "\u0085", "\xff", "\xed\xa0\x80", "a\n"}
			}
			for _, v := range bad {
				switch p.In {
				case "query":
					r := b.request(b.at(nil)+"?"+p.Name+"="+url.QueryEscape(v), b.good())
					b.send(fmt.Sprintf("%s=%q", p.Name, v), r, "query."+p.Name, http.StatusUnprocessableEntity)
				case "path":
					if v == "" || s.Enum != nil {
						continue
					}
					b.send(fmt.Sprintf("%s %q", p.Name, v), b.request(b.at(map[string]string{p.Name: url.PathEscape(v)}), b.good()), "path."+p.Name, http.StatusUnprocessableEntity)
				}
			}
		}
	})
	s := newServer(t, newHouse())
	for what, want := range map[string]string{
		"GET /events?wait_s=Inf":                "must be a number from 0 to 60",
		"GET /events?wait_s=-1":                 "must be a number from 0 to 60",
		"GET /events?limit=0":                   "must be a whole number from 1 to 1000",
		"GET /events?since=-1":                  "must be a whole number not less than 0",
		"GET /events?type=failovr":              "did you mean failover?",
		"GET /events?type=fail-back":            "did you mean failback?",
		"GET /events/stream?type=registerd":     "did you mean registered?",
		"GET /events.csv?type=hook,hok":         "did you mean hook?",
		"GET /trace?method=register":            "did you mean REGISTER?",
		"GET /calls?state=end":                  "must be one of current, ended; did you mean ended?",
		"GET /calls?cause=noresponse":           "did you mean no_response?",
		"GET /system/audit?group=acces":         "did you mean access?",
		"GET /config/export?format=yaml":        "must be one of text, xml, json, legacy-text, legacy-xml",
		"GET /lines/1e0/sip":                    "must be a whole number: line, 1 to 20",
		"GET /lines/1/timeline?since=yesterday": "must be a time such as 2026-01-31T12:00:00Z",
	} {
		if w := rest(s, what, ""); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %q", what, w.Code, w.Body, want)
		}
	}
}

// RS-03: each type of the table of events can be asked for.
func TestEventTypesAreKnown(t *testing.T) {
	s := newServer(t, newHouse())
	for _, name := range event.Types() {
		if w := rest(s, "GET /events?type="+name, ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// RS-05: each segment of a path is decoded once, before it is matched.
func TestPathsAreDecodedOnce(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	for what, want := range map[string]int{
		"GET /lines/%31/sip": 200, "GET /lines/1/%73ip": 200, "GET /%6cines/1/sip": 200, "GET /lines/%31/%73%69%70": 200, "GET /io/%68ook": 200, "GET /io/lamp%5Fpower": 200, "GET /io/lamp%5fpower": 200,
		"GET /lines/%2531/sip": 422, "GET /io/%2568ook": 404, "GET /io/lamp%255Fpower": 404, "GET /lines%2F1%2Fsip": 404, "GET /lines/1%2Fsip": 404, "GET /io/a%2Fb": 404, "GET /io/%2e%2e": 404,
		"GET /io/%2E%2E%2Fsystem%2Ftokens": 404, "GET /io/hook%3F": 404, "GET /io/hook%23": 404, "GET /io/hook%20": 404, "GET /io/%E3%83%95": 404,
		"GET /io/%ff": 422, "GET /io/%00": 422, "GET /io/hook%0a": 422, "GET /lines/%EF%BC%91/sip": 422,
	} {
		if w := rest(s, what, ""); w.Code != want || want >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, want)
		}
	}
	for what, want := range map[string]string{"GET /lines/%31/sip": "/lines/1/sip", "GET /io/lamp%5Fpower": "/io/lamp_power"} {
		if a, b := rest(s, what, ""), rest(s, "GET "+want, ""); a.Body.String() != b.Body.String() {
			t.Errorf("%s: %s, %s: %s", what, a.Body, want, b.Body)
		}
	}
	if w := serve(s, request("tok-admin", "DELETE "+base+"/system/tokens/%62oss", "")); w.Code != http.StatusNoContent || h.tokens["tok-admin"].Name != "" {
		t.Errorf("a token by its encoded name: %d %v", w.Code, h.tokens)
	}
	for _, page := range []string{"/lo%67in", "/%73tatic/live%2Ejs", "/health%7A"} {
		if w := serve(s, httptest.NewRequest("GET", "http://127.0.0.1"+page, nil)); w.Code != http.StatusOK {
			t.Errorf("%s: %d", page, w.Code)
		}
	}
	ts := httptest.NewServer(s.Handler()) // what no URL can be is refused before
	defer ts.Close()
	for _, path := range []string{"/api/v1/lines/%/sip", "/api/v1/lines/%3/sip", "/api/v1/io/%zz"} {
		if answer := rawRequest(t, ts, "GET "+path); !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
			t.Errorf("%s: %q", path, answer)
		}
	}
}
