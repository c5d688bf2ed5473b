package webui

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

// samples reads the text format, and holds it to its rules: each metric has its head before it, once, and no sample comes twice.
func samples(t *testing.T, text string) map[string]float64 {
	t.Helper()
	sample := regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z_]+="(?:[^"\\]|\\.)*"(?:,[a-z_]+="(?:[^"\\]|\\.)*")*\})? (\S+)$`)
	found, kinds := map[string]float64{}, map[string]string{}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if rest, ok := strings.CutPrefix(l, "# TYPE "); ok {
			name, kind, _ := strings.Cut(rest, " ")
			if kinds[name] != "" {
				t.Errorf("%s has two heads", name)
			}
			kinds[name] = kind
			continue
		}
		if strings.HasPrefix(l, "# HELP ") {
			continue
		}
		m := sample.FindStringSubmatch(l)
		if m == nil {
			t.Errorf("%q is no sample", l)
			continue
		}
		v, err := strconv.ParseFloat(m[3], 64)
		if _, twice := found[m[1]+m[2]]; twice || err != nil {
			t.Errorf("%q: twice, or no number: %v", l, err)
		}
		name := m[1]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if short, ok := strings.CutSuffix(name, suffix); ok && kinds[short] == "histogram" {
				name = short
			}
		}
		if kinds[name] == "" {
			t.Errorf("%q has no head", l)
		}
		found[m[1]+m[2]] = v
	}
	return found
}

func TestMetrics(t *testing.T) {
	h, s := inhabited(t)
	s.Journal.Message(journal.Message{Line: 1, Start: "SIP/2.0 503 Service Unavailable", Raw: []byte("SIP/2.0 503 Service Unavailable\r\nCSeq: 1 INVITE\r\n\r\n")})
	s.Journal.Message(journal.Message{Line: 1, Raw: []byte("junk"), Fault: "no SIP message"}) // counted by the line
	h.junk = map[int]uint64{1: 10000, 3: 2}
	h.password["admin"] = canary
	rest(s, "GET /phone", "")
	rest(s, "PUT /lines/1/sip", "{")
	serve(s, request("", "GET "+base+"/events?wait_s=0", ""))
	w := serve(s, request("tok-read", "GET /metrics", ""))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" || strings.Contains(w.Body.String(), canary) {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	got := samples(t, w.Body.String())
	for name, want := range map[string]float64{
		`hilphone_line_state{line="1",state="registered"}`: 1, `hilphone_line_state{line="1",state="timeout"}`: 0,
		`hilphone_line_active{line="1",server="backup"}`: 1, `hilphone_line_active{line="1",server="primary"}`: 0,
		`hilphone_events_total{type="failover",line="1"}`: 1, `hilphone_events_dropped_total`: 0,
		`hilphone_sip_requests_total{direction="sent",method="REGISTER"}`: 2, `hilphone_sip_requests_total{direction="received",method="REGISTER"}`: 1,
		`hilphone_sip_responses_total{direction="received",method="INVITE",code="503"}`: 1,
		`hilphone_malformed_total{line="1"}`:                                            10000, `hilphone_malformed_total{line="3"}`: 2,
		`hilphone_calls`: 1, `hilphone_calls_ended_total{direction="outgoing",server="backup",answered="true"}`: 3,
		`hilphone_http_answer_seconds_count{surface="rest",method="GET",code="2xx"}`: 1, `hilphone_http_answer_seconds_count{surface="rest",method="PUT",code="4xx"}`: 1,
		`hilphone_http_answer_seconds_bucket{surface="rest",method="GET",code="2xx",le="+Inf"}`: 1, `hilphone_board_faults`: 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (there: %v), want %v", name, v, ok, want)
		}
	}
	for _, name := range []string{`hilphone_malformed_total{line="2"}`, `hilphone_sip_requests_total{direction="received",method="other"}`} {
		if v, ok := got[name]; ok {
			t.Errorf("%s is %v", name, v)
		}
	}
	if _, ok := got[`hilphone_http_answer_seconds_count{surface="rest",method="GET",code="4xx"}`]; ok {
		t.Error("a long poll is timed")
	}
	if got["go_goroutines"] < 1 || got["process_start_time_seconds"] < 1e9 {
		t.Errorf("the process: %v, %v", got["go_goroutines"], got["process_start_time_seconds"])
	}
}

// A line that has had nothing to complain of has the counter, too: an alarm on its rate needs a zero before the first one.
func TestMalformedCounterBeginsAtZero(t *testing.T) {
	h := newHouse()
	h.settings[4] = line.Settings{Enabled: true}
	got := samples(t, serve(newServer(t, h), request("tok-read", "GET /metrics", "")).Body.String())
	if v, ok := got[`hilphone_malformed_total{line="4"}`]; !ok || v != 0 {
		t.Errorf("%v, there: %v", v, ok)
	}
}

// A scraper brings a token, as a bearer token or as a password; nobody else is told anything.
func TestMetricsNeedAToken(t *testing.T) {
	s := newServer(t, newHouse())
	for token, want := range map[string]int{"": http.StatusUnauthorized, "tok-none": http.StatusUnauthorized, "tok-read": http.StatusOK} {
		if w := serve(s, request(token, "GET /metrics", "")); w.Code != want {
			t.Errorf("%q: %d, want %d", token, w.Code, want)
		}
	}
	r := request("", "GET /metrics", "")
	r.SetBasicAuth("prometheus", "tok-read")
	if w := serve(s, r); w.Code != http.StatusOK {
		t.Errorf("as a password: %d", w.Code)
	}
}

func TestLabelsAreEscaped(t *testing.T) {
	var e exposition
	e.value("x", 1.5, "a", "q\"b\\c\nd", "b", "")
	if got := e.String(); got != "x{a=\"q\\\"b\\\\c\\nd\",b=\"\"} 1.5\n" {
		t.Errorf("%q", got)
	}
}
