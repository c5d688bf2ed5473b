package netlog_test

import (
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/netlog"
	"hilphone/sip/pcapng"
)

// start is the clock of the tests.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// UX-14: each event about the network is one item of its kind, with server, request, addresses and words; what was said already is not repeated.
func TestItems(t *testing.T) {
	var r netlog.Reader
	for n, c := range []struct {
		data       event.Data
		kind       netlog.Kind // empty: no item
		slot, text string
		fromServer bool
	}{
		{event.AttemptStart{Method: "REGISTER", Slot: "primary", Target: "192.0.2.1:5060", Branch: "b1"}, "", "", "", false},
		{event.ICMP{Branch: "b1", Type: 3, Code: 3, From: "192.0.2.1", To: "192.0.2.1:5060"}, netlog.ICMP, "primary", "ICMP port unreachable (type 3 code 3)", true},
		{event.ICMP{Branch: "b1", Type: 3, Code: 1, From: "192.0.2.254"}, netlog.ICMP, "primary", "ICMP host unreachable (type 3 code 1)", false},
		{event.AttemptEnd{Branch: "b1", Method: "REGISTER", Slot: "primary", Cause: "icmp", Reason: "port_unreachable"}, "", "", "", false}, // the ICMP error says it

		{event.AttemptStart{Method: "INVITE", Slot: "primary", Target: "192.0.2.1:5060", Branch: "b2"}, "", "", "", false},
		{event.AttemptEnd{Branch: "b2", Method: "INVITE", Slot: "primary", Cause: "connect", Reason: "connection_refused", Detail: "connection refused"},
			netlog.Refused, "primary", "INVITE to the primary: connection refused", true},

		{event.AttemptStart{Method: "BYE", Slot: "backup", Target: "192.0.2.2:5060", Branch: "b3"}, "", "", "", false},
		{event.ConnectionLost{Slot: "backup", Transport: "tcp", Local: "192.0.2.9:4000", Remote: "192.0.2.2:5060", Reason: "connection_reset", Detail: "connection reset by peer"},
			netlog.Reset, "backup", "TCP connection to the backup lost: connection reset by peer", true},
		{event.AttemptEnd{Branch: "b3", Method: "BYE", Slot: "backup", Cause: "connect", Reason: "connection_reset"}, "", "", "", false}, // the reset says it

		{event.AttemptStart{Method: "BYE", Slot: "backup", Target: "192.0.2.2:5060", Branch: "b4"}, "", "", "", false}, // another connection to the same server
		{event.AttemptEnd{Branch: "b4", Method: "BYE", Slot: "backup", Cause: "connect", Reason: "connection_reset", Detail: "while connecting"},
			netlog.Failed, "backup", "BYE to the backup: while connecting", false},

		{event.ConnectionLost{Slot: "primary", Transport: "tls", Remote: "192.0.2.1:5061", Reason: "connection_closed", Detail: "closed by the server"},
			netlog.Closed, "primary", "TLS connection to the primary lost: closed by the server", true},
		{event.ConnectionLost{Slot: "primary", Transport: "tcp", Remote: "192.0.2.1:5060", Reason: "no_route", Detail: "no route to host"},
			netlog.Failed, "primary", "TCP connection to the primary lost: no route to host", false},
		{event.LookupFailed{Slot: "backup", Name: "b.example", Reason: "dns_timeout"}, netlog.Failed, "backup", "the name of the backup, b.example, was not resolved: dns_timeout", false},
		{event.AttemptEnd{Method: "REGISTER", Slot: "primary", Cause: "tls", Reason: "certificate_expired", Detail: "expired on 2026-01-01"}, netlog.Failed, "primary",
			"REGISTER to the primary: expired on 2026-01-01", false},
		{event.AttemptEnd{Method: "REGISTER", Slot: "primary", Cause: "no_response"}, "", "", "", false}, // the silence is seen
		{event.AttemptEnd{Method: "REGISTER", Slot: "primary", Cause: "no_response", Reason: "connect_timeout"}, netlog.Failed, "primary", "REGISTER to the primary: connect_timeout", false},
		{event.AttemptEnd{Method: "REGISTER", Slot: "primary", Cause: "response", Code: 200}, "", "", "", false},

		{event.Failover{From: "primary", To: "backup", Cause: "tls", Reason: "certificate_expired", Trigger: "refresh"}, netlog.Change, "",
			"failover from the primary to the backup: certificate_expired, by refresh", false},
		{event.Failover{From: "primary", To: "backup", Cause: "no_response", Trigger: "bye"}, netlog.Change, "", "failover from the primary to the backup: no_response, by bye", false},
		{event.Failback{From: "backup", To: "primary"}, netlog.Change, "", "failback from the backup to the primary", false},
		{event.AllFailed{Cause: "connect", Reason: "connection_refused"}, netlog.Change, "", "every server failed: connection_refused", false},
		{event.Hold{By: "user"}, "", "", "", false},
	} {
		at := start.Add(time.Duration(n) * time.Second)
		i, ok := r.Read(at, c.data)
		if ok != (c.kind != "") {
			t.Errorf("%+v: item %v", c.data, ok)
			continue
		}
		if ok && (i.Kind != c.kind || i.Slot != c.slot || i.Text != c.text || i.FromServer() != c.fromServer || !i.Time.Equal(at)) {
			t.Errorf("%+v: %+v, from the server %v; want %+v", c.data, i, i.FromServer(), c)
		}
	}
}

// UX-14: in a capture an ICMP error quotes the newest datagram with its branch that went to the server before it, as many octets as came back; without
// that datagram it is a comment. The end of a connection is a segment from the server, the rest comments.
func TestCapture(t *testing.T) {
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	request := func(ms int, to, branch string) pcapng.Message {
		return pcapng.Message{Time: at(ms), From: "192.0.2.9:5060", To: to, Raw: []byte("OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=" + branch + "\r\n\r\n")}
	}
	messages := []pcapng.Message{request(0, "192.0.2.1:5060", "b1"), request(500, "192.0.2.1:5060", "b1"), request(510, "192.0.2.2:5060", "b1"), request(900, "192.0.2.1:5060", "b1")}
	c := netlog.Capture(messages, []netlog.Item{
		{Time: at(600), Kind: netlog.ICMP, Slot: "primary", Method: "OPTIONS", Branch: "b1", Sender: "192.0.2.254", Remote: "192.0.2.1:5060", Type: 3, Code: 1, Quoted: 21, Text: "ICMP host unreachable"},
		{Time: at(700), Kind: netlog.ICMP, Slot: "primary", Method: "BYE", Branch: "b9", Remote: "192.0.2.1:5060", Type: 3, Code: 3, Text: "ICMP port unreachable"},
		{Time: at(800), Kind: netlog.Reset, Local: "192.0.2.9:4000", Remote: "192.0.2.1:5060", Text: "reset"},
		{Time: at(810), Kind: netlog.Closed, Local: "192.0.2.9:4001", Remote: "192.0.2.1:5060", Text: "closed"},
		{Time: at(820), Kind: netlog.Refused, Remote: "192.0.2.1:5060", Text: "refused"},
		{Time: at(830), Kind: netlog.Change, Text: "failover"},
	})
	if len(c.Messages) != 4 || len(c.ICMP) != 1 || len(c.Ends) != 2 || len(c.Notes) != 3 {
		t.Fatalf("%d messages, %d ICMP, %d ends, %d comments", len(c.Messages), len(c.ICMP), len(c.Ends), len(c.Notes))
	}
	about := len(messages[1].Raw)
	if i := c.ICMP[0]; string(i.Datagram) != "OPTIONS sip:a SIP/2.0" || i.Length != about || i.Sender != "192.0.2.254" || i.From != "192.0.2.9:5060" || i.To != "192.0.2.1:5060" || i.Type != 3 || i.Code != 1 ||
		i.Comment != "ICMP host unreachable for OPTIONS to the primary." {
		t.Errorf("%+v", i)
	}
	if n := c.Notes[0]; n.Text != "ICMP port unreachable for BYE to the primary. The datagram is not in this file." || !n.Time.Equal(at(700)) {
		t.Errorf("%+v", n)
	}
	if e := c.Ends[0]; !e.Reset || e.From != "192.0.2.1:5060" || e.To != "192.0.2.9:4000" || e.Comment != "reset" {
		t.Errorf("%+v", e)
	}
	if e := c.Ends[1]; e.Reset || e.To != "192.0.2.9:4001" {
		t.Errorf("%+v", e)
	}
	if c.Notes[1].Text != "refused" || c.Notes[2].Text != "failover" {
		t.Errorf("%+v", c.Notes)
	}
}
