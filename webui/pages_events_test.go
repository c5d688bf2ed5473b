package webui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// What each event carries (the contract's list), for a test that each can be put into words.
var sampleEvents = map[string]map[string]any{
	"attempt_start":     {"method": "REGISTER", "slot": "primary", "target": "192.0.2.1:5060", "branch": "b", "budget_ms": 7500.0, "last": false},
	"send":              {"branch": "b", "k": 0.0},
	"response":          {"branch": "b", "code": 503.0, "reason": "Service Unavailable", "retry_after_s": 0.0},
	"icmp":              {"branch": "b", "type": 3.0, "code": 3.0, "name": "port unreachable", "from": "192.0.2.9"},
	"lookup_failed":     {"slot": "backup", "name": "b.example", "reason": "name_unknown", "detail": "DNS has no address for b.example"},
	"connection_lost":   {"slot": "primary", "transport": "tls", "remote": "192.0.2.1:5061", "by": "server", "reason": "connection_reset", "detail": "connection reset by peer"},
	"attempt_end":       {"branch": "b", "cause": "no_response", "elapsed_ms": 7500.0},
	"failover":          {"from": "primary", "to": "backup", "trigger": "manual", "method": "REGISTER", "cause": "no_response"},
	"registered":        {"slot": "backup", "expires_s": 3600.0},
	"register_rejected": {"slot": "backup", "code": 403.0, "reason": "Forbidden"},
	"quarantine":        {"slot": "primary", "armed_ms": 30000.0},
	"failback_timer":    {"armed_ms": 1800000.0},
	"probe_start":       {},
	"probe_end":         {"result": "recovered"},
	"failback":          {},
	"all_failed":        {"method": "INVITE", "cause": "no_response", "elapsed_ms": 39500.0},
	"late_response":     {"method": "REGISTER", "slot": "primary", "code": 200.0},
	"challenge_refused": {"method": "BYE", "target": "192.0.2.9:5060", "realm": "example.test", "algorithm": "MD5", "reason": "not_a_server"},
	"bye_lost":          {"cause": "no_response", "elapsed_ms": 39500.0},
	"icmp_ignored":      {"to": "192.0.2.1:5060", "type": 3.0, "code": 3.0, "reason": "it quotes nothing of the datagram"},
	"refused":           {"from": "192.0.2.66:6000", "method": "INVITE", "setting": "accept_from", "left_out": 3.0},
	"malformed":         {"from": "192.0.2.66:6000", "transport": "udp", "size": 20.0, "reason": `no SIP message: "\x00\x01"`},
	"line_state":        {"state": "registered", "active": "backup"},
	"call":              {"id": "1", "state": "talking", "remote": "1002", "direction": "outgoing"},
	"media":             {"state": "no_rtp", "direction": "in", "reason": "no packet received"},
	"phone":             {"state": "dial_tone"},
	"hook":              {"state": "off", "source": "web"},
	"key":               {"key": "5", "state": "down", "source": "board"},
	"lamp":              {"name": "line1", "pattern": "fast"},
	"ringer":            {"state": "on"},
	"fault":             {"device": "gpiochip0", "message": "busy"},
	"settings":          {"line": 1.0, "changed": []any{"register_port", "failback_interval"}},
	"login":             {"result": "ok", "from": "127.0.0.1"},
	"lab":               {"server": "primary", "behaviour": "silent"},
	"lock":              {"state": "taken", "owner": "nightly run", "source": "api"},
	"dropped":           {"count": 3.0},
	"ip_change":         {},
	"hold":              {"by": "peer", "on": true},
	"hold_failed":       {"code": 488.0, "reason": "Not Acceptable Here", "cause": "response"},
	"transfer":          {"state": "succeeded", "to": "1003", "code": 200.0, "reason": "OK"},
	"mute":              {"on": true},
	"dtmf":              {"digit": "5", "how": "rfc4733", "duration_ms": 100.0},
	"configuration":     {"action": "import", "changes": 3.0, "source": "api"},
	"action_url":        {"event": "failover", "url": "http://192.0.2.1/", "status": 200.0, "tries": 1.0, "elapsed_ms": 3.0},
	"restart":           {"source": "web"},
}

// BE-07: each type of the table has words in each language, and no two types the same.
func TestEveryEventInWords(t *testing.T) {
	branch := branchData{"REGISTER", "primary"}
	for _, l := range languages {
		said := map[string]string{}
		for _, typ := range event.Types() {
			data, ok := sampleEvents[typ]
			if !ok {
				t.Fatalf("no sample of %s", typ)
			}
			text := eventWordsOf{l.Tag, data}.describe(typ, branch)
			if text == "" || strings.ContainsAny(text, "{}") || strings.Contains(text, "map[") || strings.Contains(text, "%!") {
				t.Errorf("%s %s: %q", l.Tag, typ, text)
			}
			if before := said[text]; before != "" {
				t.Errorf("%s: %s and %s both read %q", l.Tag, before, typ, text)
			}
			said[text] = typ
		}
	}
	for typ, want := range map[string]string{
		"attempt_start":     "REGISTER to the primary, given up after 7.500 s",
		"send":              "REGISTER sent to the primary",
		"response":          "503 Service Unavailable from the primary",
		"attempt_end":       "REGISTER to the primary: no response after 7.500 s",
		"failover":          "failover from the primary to the backup: no response, manual registration",
		"call":              "call to 1002: talking",
		"media":             "no sound is received: no packet received",
		"malformed":         `20 octets from 192.0.2.66:6000 by udp could not be read: no SIP message: "\x00\x01"`,
		"lookup_failed":     "the name of the backup, b.example, was not resolved: unknown name (DNS has no address for b.example)",
		"connection_lost":   "tls connection to the primary (192.0.2.1:5061) lost: connection reset (connection reset by peer)",
		"icmp":              "ICMP port unreachable (type 3 code 3) from 192.0.2.9 for REGISTER to the primary",
		"icmp_ignored":      "ICMP 3/3 about 192.0.2.1:5060 was ignored: it quotes nothing of the datagram",
		"refused":           "INVITE of 192.0.2.66:6000 was refused: accept_from does not allow it, 3 more before",
		"lab":               "lab: the primary is set to silent",
		"hold_failed":       "hold was not changed: 488 Not Acceptable Here",
		"dtmf":              "digit 5 received (RFC 4733, 100.0 ms)",
		"challenge_refused": "BYE: the challenge of 192.0.2.9:5060 is not answered, realm example.test, algorithm MD5: it is no server of the line",
		"settings":          "settings changed: primary Server Port, Failback Interval",
	} {
		if got := (eventWordsOf{english, sampleEvents[typ]}).describe(typ, branch); got != want {
			t.Errorf("%s: %q, want %q", typ, got, want)
		}
	}
	flood := map[string]any{"from": "192.0.2.66:6000", "transport": "tcp", "size": 1048577.0, "reason": "too long", "left_out": 1234567.0}
	if got, want := (eventWordsOf{english, flood}).describe("malformed", branchData{}), "1048577 octets from 192.0.2.66:6000 by tcp could not be read: too long. 1234567 more before them are not listed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (eventWordsOf{english, map[string]any{"code": 0.0, "reason": "", "cause": "icmp"}}).describe("hold_failed", branchData{}); got != "hold was not changed: ICMP destination unreachable" {
		t.Error(got)
	}
	if got := (eventWordsOf{english, map[string]any{"k": 2.0}}).describe("send", branch); got != "REGISTER sent to the primary again, 2" {
		t.Error(got)
	}
}

// BE-07: a sample says what its type has, and there are no words for a type that the table does not have.
func TestEventWordsAreOfTheTable(t *testing.T) {
	for typ, data := range sampleEvents {
		text, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		info, ok := event.Lookup(typ)
		if !ok {
			t.Errorf("a sample of %s, which is no event", typ)
			continue
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(reflect.New(reflect.TypeOf(info.Zero)).Interface()); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
	for key := range words {
		if rest, ok := strings.CutPrefix(key, "event."); ok {
			typ, _, _ := strings.Cut(rest, ".")
			if _, ok := event.Lookup(typ); !ok {
				t.Errorf("words of %s, which is no event", key)
			}
		}
	}
	for _, g := range event.Groups {
		if _, ok := words["kind."+string(g)]; !ok {
			t.Errorf("no words for the group %s", g)
		}
	}
}

// SE-01, WR-52: each reason for not answering a challenge has words.
func TestEveryRefusalInWords(t *testing.T) {
	for _, reason := range line.RefusalReasons {
		if _, ok := words["refusal."+string(reason)]; !ok {
			t.Errorf("no words for %s", reason)
		}
	}
}

func TestUnknownEventIsShown(t *testing.T) {
	if got := (eventWordsOf{japanese, map[string]any{"x": "y"}}).describe("brand_new", branchData{}); !strings.Contains(got, "x:y") {
		t.Errorf("an event without words reads %q", got)
	}
}

func TestHistory(t *testing.T) {
	now := time.Now()
	at := func(before time.Duration, typ string, data map[string]any) journal.Event {
		return journal.Event{Time: now.Add(-before), Type: typ, Line: 1, Data: data}
	}
	h := newHistory(attemptEvents([]journal.Event{
		at(20*time.Minute, "line_state", map[string]any{"active": "primary"}),
		at(15*time.Minute, "attempt_start", map[string]any{"method": "REGISTER", "slot": "primary", "branch": "a"}),
		at(5*time.Minute, "attempt_start", map[string]any{"method": "REGISTER", "slot": "primary", "branch": "b"}),
		at(5*time.Minute-7500*time.Millisecond, "attempt_end", map[string]any{"branch": "b", "cause": "no_response", "elapsed_ms": 7500}),
		at(292*time.Second, "attempt_start", map[string]any{"method": "REGISTER", "slot": "backup", "branch": "c"}),
		at(292*time.Second, "attempt_end", map[string]any{"branch": "c", "cause": "response", "elapsed_ms": 1}),
		at(292*time.Second, "line_state", map[string]any{"active": "backup"}),
		at(time.Second, "attempt_start", map[string]any{"method": "INVITE", "slot": "backup", "branch": "d"}),
	}), now, 10*time.Minute)
	primary, backup := h.chart(english, line.Primary), h.chart(english, line.Backup)
	if len(primary.Bars) != 1 || primary.Bars[0].Class != "f" || primary.Bars[0].Height != barSpace {
		t.Errorf("primary: %+v", primary.Bars)
	}
	if len(backup.Bars) != 2 || backup.Bars[0].Class != "b" || backup.Bars[0].Height != 6 || backup.Bars[1].Height != 3 {
		t.Errorf("backup: %+v", backup.Bars)
	}
	if len(primary.Serving) != 1 || primary.Serving[0].From != 0 || len(backup.Serving) != 1 || backup.Serving[0].From != primary.Serving[0].To || backup.Serving[0].To != 99.3 {
		t.Errorf("served by the primary %+v, by the backup %+v", primary.Serving, backup.Serving)
	}
	if want := "primary, last 10 minutes: attempts 1, failed 1"; primary.Label != want {
		t.Errorf("%q, want %q", primary.Label, want)
	}
}

// What was read of the journal is not read again, and what no drawing can show any more is forgotten, but the state of the line.
func TestHistoryIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		draw := func() (attempts int, served []service) {
			h := s.history(1, time.Now())
			return len(h.attempts), h.served
		}
		s.Journal.Event("line_state", 1, "", map[string]any{"active": "backup"})
		for i := range 20 {
			s.Journal.Event("attempt_start", 1, "", map[string]any{"method": "REGISTER", "slot": "primary", "branch": fmt.Sprint(i)})
			s.Journal.Event("attempt_start", 2, "", map[string]any{"method": "REGISTER", "slot": "primary", "branch": fmt.Sprint("other ", i)})
			time.Sleep(time.Minute)
			want := min(i+1, int(longestSpan/time.Minute))
			if n, served := draw(); n != want || len(served) != 1 || served[0].Slot != line.Backup {
				t.Fatalf("after %d minutes: %d attempts, want %d; served %+v", i+1, n, want, served)
			}
		}
		if kept := len(s.recent.lines[1].events); kept != int(longestSpan/time.Minute)+1 {
			t.Errorf("%d events are kept", kept)
		}
		for range historyEvents + 10 {
			s.Journal.Event("attempt_start", 1, "", map[string]any{"branch": "x"})
		}
		draw()
		for range 10 {
			s.Journal.Event("attempt_start", 1, "", map[string]any{"branch": "y"})
		}
		if n, served := draw(); n != historyEvents || len(served) != 1 {
			t.Errorf("a great many: %d attempts, served %+v", n, served)
		}
	})
}

func TestTraceMarksRepeats(t *testing.T) {
	_, s := inhabited(t)
	page := browse(s, RoleAdmin, english, "GET /trace?line=1&message=2", nil).Body.String()
	if n := strings.Count(page, `class="msg re"`); n != 1 {
		t.Errorf("%d messages are marked as sent again, one was", n)
	}
	for _, want := range []string{`REGISTER, phone to primary, again (1)</title>`, `REGISTER, primary to phone</title>`, "&lt;b&gt;", `<a id="m2" aria-current="true"`, "127.0.0.1:5070, 127.0.0.2:5060, udp"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if other := browse(s, RoleAdmin, english, "GET /trace?line=2", nil).Body.String(); strings.Contains(other, `id="m1"`) {
		t.Error("messages of line 1 are shown for line 2")
	}
}

func TestEventFilter(t *testing.T) {
	_, s := inhabited(t)
	page := browse(s, RoleAdmin, english, "GET /events?kind=failover", nil).Body.String()
	if !strings.Contains(page, "<code>failover</code>") || strings.Contains(page, "<code>attempt_end</code>") {
		t.Error("the filter does not filter")
	}
	if page = browse(s, RoleAdmin, english, "GET /events?line=9", nil).Body.String(); !strings.Contains(page, "No event of these kinds.") {
		t.Error("events of line 1 are shown for line 9")
	}
}
