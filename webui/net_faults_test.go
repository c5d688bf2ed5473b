package webui

import (
	"bytes"
	"strings"
	"testing"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
	"hilphone/sip/netfault"
)

// faulty is a phone that had an ICMP error, a refused and a reset connection, a failure of TLS and one of DNS.
func faulty(t *testing.T) *Server {
	s := newServer(t, newHouse())
	const start = "REGISTER sip:a SIP/2.0"
	s.Journal.Event("attempt_start", 1, "", event.AttemptStart{Method: "REGISTER", Slot: "primary", Target: "127.0.0.2:5060", Branch: "z9hG4bK1"})
	s.Journal.Message(journal.Message{Line: 1, Out: true, Slot: "primary", Transport: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", CallID: "r", Start: start,
		Raw: []byte(start + "\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\n\r\n")})
	s.Journal.Event("icmp", 1, "", event.ICMP{Branch: "z9hG4bK1", Type: 3, Code: 3, From: "127.0.0.2", To: "127.0.0.2:5060", Quoted: 40})
	s.Journal.Event("icmp", 1, "", event.ICMP{Branch: "z9hG4bK1", Type: 3, Code: 1, From: "192.0.2.9", To: "127.0.0.2:5060", Quoted: 40})
	s.Journal.Event("failover", 1, "", event.Failover{From: "primary", To: "backup", Trigger: "boot", Cause: "icmp", Reason: "port_unreachable"})
	s.Journal.Event("connection_lost", 1, "", event.ConnectionLost{Slot: "primary", Transport: "tcp", Local: "127.0.0.1:40000", Remote: "127.0.0.2:5060", By: "server", Reason: "connection_reset"})
	for _, e := range []event.AttemptEnd{
		{Method: "REGISTER", Slot: "primary", Cause: "connect", Reason: "connection_refused", Detail: "connection refused"},
		{Method: "REGISTER", Slot: "backup", Cause: "tls", Reason: "unknown_authority", Detail: "certificate signed by unknown authority: <CN>"},
	} {
		s.Journal.Event("attempt_end", 1, "", e)
	}
	s.Journal.Event("lookup_failed", 1, "", event.LookupFailed{Slot: "backup", Name: "b.example", Reason: "name_unknown", Detail: "DNS has no address for b.example"})
	return s
}

// UX-14: what the network said besides SIP is in the ladder of the page and of REST, in the languages of the pages, and in the capture.
func TestNetFaultsInLadderAndCapture(t *testing.T) {
	s := faulty(t)
	for l, wants := range map[language][]string{
		english: {"ICMP port unreachable", "3/3, REGISTER", "ICMP host unreachable", "192.0.2.9", ">network<", "TCP RST", "connection refused, REGISTER", "connection reset",
			"unknown authority (certificate signed by unknown auth", "unknown name (DNS has no address for b.example)", "failover to the backup"},
		japanese: {"ICMP ポート到達不能", "ネットワーク", "接続リセット", "不明な認証局"},
		chinese:  {"ICMP 端口不可达", "网络", "连接被重置", "未知签发机构"},
	} {
		page := browse(s, RoleAdmin, l, "GET /trace", nil).Body.String()
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("the ladder in %s lacks %q", l.tag, want)
			}
		}
	}
	if svg := rest(s, "GET /trace.svg", "").Body.String(); !strings.Contains(svg, "ICMP port unreachable") {
		t.Error("trace.svg has no ICMP")
	}
	file := rest(s, "GET /trace.pcapng", "").Body.Bytes()
	for _, want := range []string{"ICMP port unreachable (type 3 code 3) for REGISTER to the primary.", "failover from the primary to the backup: port_unreachable, by boot",
		"certificate signed by unknown authority", "the name of the backup, b.example, was not resolved", "connection refused", "TCP connection to the primary lost"} {
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("the capture lacks %q", want)
		}
	}
	if got := bytes.Count(file, []byte("REGISTER sip:a SIP/2.0\r\nVia")); got != 3 {
		t.Errorf("the request is %d times in the capture, want once sent and twice quoted", got)
	}
}

// UX-14: a phone that has sent no message, as all connections failed, has a ladder of the failures.
func TestLadderWithoutMessages(t *testing.T) {
	s := newServer(t, newHouse())
	s.Journal.Event("attempt_end", 1, "", event.AttemptEnd{Method: "REGISTER", Slot: "primary", Cause: "tls", Reason: "certificate_expired", Detail: "CN=a expired on Monday"})
	if page := browse(s, RoleAdmin, english, "GET /trace", nil).Body.String(); !strings.Contains(page, "certificate expired (CN=a expired on Monday)") {
		t.Error("the failure is not drawn")
	}
}

// UX-25: an event of changed settings says of which server a setting is.
func TestSettingsOfPrimaryAndBackupInWords(t *testing.T) {
	data := map[string]any{"changed": []any{"register_addr", "backup_addr", "failback_interval"}}
	if got := (eventWordsOf{english, data}).describe("settings", branchData{}); got != "settings changed: primary Server Address, backup Server Address, Failback Interval" {
		t.Error(got)
	}
}

// UX-25: the page of the board has an example to start from, and the others behind links.
func TestBoardPageHasExamples(t *testing.T) {
	_, s := inhabited(t)
	for path, want := range map[string]string{"/system/board": "name: usual", "/system/board?example=rotary": "name: rotary &amp; old", "/system/board?example=none": "name: usual"} {
		page := browse(s, RoleAdmin, english, "GET "+path, nil).Body.String()
		if !strings.Contains(page, want) || !strings.Contains(page, `href="/system/board?example=rotary#set"`) {
			t.Errorf("%s lacks %q or the links", path, want)
		}
	}
}

// UX-14: where the reason is known, the ladder, the timeline with its REST twin, and the titles of attempts say it in the place of the cause.
func TestReasonInThePlaceOfTheCause(t *testing.T) {
	s := faulty(t)
	if page := browse(s, RoleAdmin, english, "GET /trace", nil).Body.String(); !strings.Contains(page, "port unreachable, start of the phone") {
		t.Error("the failover in the ladder has no reason")
	}
	if page := browse(s, RoleAdmin, english, "GET /timeline?line=1", nil).Body.String(); !strings.Contains(page, "failover from the primary to the backup: ICMP destination unreachable: port unreachable, start of the phone") {
		t.Errorf("the failover on the timeline has no reason: %s", page)
	}
	if twin := rest(s, "GET /lines/1/timeline", "").Body.String(); !strings.Contains(twin, `"cause":"icmp","reason":"port_unreachable"`) {
		t.Errorf("the failover of REST has no reason: %s", twin)
	}
	port := NewRegistrationReason(line.RegisterResult{Cause: line.CauseICMP, Fault: netfault.OfICMP(3, 3)})
	if got, want := port.Text(english), "nothing listens at that port of the server (ICMP port unreachable)"; got != want {
		t.Errorf("the sentence is %q, want %q", got, want)
	}
	for _, c := range []struct{ cause, reason, want string }{
		{"connect", "connection_refused", "connection refused"}, {"tls", "unknown_authority", "unknown authority"}, {"no_response", "", "no response"},
		{"connect", "other", "no connection"}, {"icmp", "of a later version", "ICMP destination unreachable"},
	} {
		if got := english.failure(c.cause, c.reason); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.cause, c.reason, got, c.want)
		}
	}
}
