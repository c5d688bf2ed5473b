package webui

import (
	"strings"
	"testing"
	"time"

	"hilphone/db/journal"
)

// calling is a phone with messages of a registration, a call through the backup, and keep-alives; the lab saw the other side of the call.
func calling(t *testing.T) *Server {
	h := newHouse()
	s := newServer(t, h)
	send := func(out bool, slot, call, start, cseq string) {
		s.Journal.Message(journal.Message{Line: 1, Out: out, Slot: slot, Transport: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", CallID: call, Start: start,
			Raw: []byte(start + "\r\nCSeq: " + cseq + "\r\n\r\n")})
	}
	send(true, "primary", "r", "REGISTER sip:a SIP/2.0", "1 REGISTER")
	send(false, "primary", "r", "SIP/2.0 200 OK", "1 REGISTER")
	send(true, "primary", "o", "OPTIONS sip:a SIP/2.0", "1 OPTIONS")
	send(true, "backup", "c", "INVITE sip:1002@b SIP/2.0", "1 INVITE")
	h.beside = []SeenMessage{{Time: time.Now(), From: "backup", To: "peer", Peer: "127.0.0.4:5060", CallID: "c", Method: "INVITE", Start: "INVITE sip:1002@d SIP/2.0"},
		{Time: time.Now(), From: "backup", To: "peer", Peer: "127.0.0.4:5060", CallID: "else", Method: "MESSAGE", Start: "MESSAGE sip:1002@d SIP/2.0"}}
	send(false, "backup", "c", "SIP/2.0 200 OK", "1 INVITE")
	send(true, "backup", "c", "BYE sip:1002@b SIP/2.0", "2 BYE")
	return s
}

// send has the phone send one more message.
func send(s *Server, start string) {
	s.Journal.Message(journal.Message{Line: 1, Out: true, Slot: "backup", Transport: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", CallID: "m", Start: start, Raw: []byte(start + "\r\n\r\n")})
}

func TestTraceFilters(t *testing.T) {
	s := calling(t)
	for query, c := range map[string]struct{ shown, hidden, says string }{
		"":                          {"m1 m2 m4 m5 m6", "m3", "newest 5, 1 more hidden (OPTIONS)"},
		"?method=OPTIONS":           {"m3", "m1 m2 m4 m5 m6", "newest 1, 5 more hidden (REGISTER, INVITE, BYE)"},
		"?call=c":                   {"m4 m5 m6", "m1 m2 m3", "newest 3<"},
		"?call=c&method=INVITE":     {"m4 m5", "m6", `lab"><title>`},
		"?line=2":                   {"", "m1 m4", "No message yet."},
		"?message=4":                {"m4", "m3", "200 OK after "},
		"?message=6":                {"m6", "", "not among these messages"},
		"?message=3&method=OPTIONS": {"m3", "m4", `<aside class="panel" aria-labelledby="msg">`},
	} {
		page := browse(s, RoleAdmin, english, "GET /trace"+query, nil).Body.String()
		for _, id := range strings.Fields(c.shown) {
			if !strings.Contains(page, `id="`+id+`"`) {
				t.Errorf("%s: %s is not shown", query, id)
			}
		}
		for _, id := range strings.Fields(c.hidden) {
			if strings.Contains(page, `id="`+id+`"`) {
				t.Errorf("%s: %s is shown", query, id)
			}
		}
		if !strings.Contains(page, c.says) {
			t.Errorf("%s: the page lacks %q", query, c.says)
		}
	}
}

// The peer has a lane only where the lab saw it, and only what belongs to the messages that are shown is drawn.
func TestPeerLane(t *testing.T) {
	s := calling(t)
	page := browse(s, RoleAdmin, english, "GET /trace", nil).Body.String()
	if !strings.Contains(page, ">peer</text>") || !strings.Contains(page, "127.0.0.4:5060") || strings.Contains(page, "MESSAGE") {
		t.Error("the lane of the peer is not as the lab saw it")
	}
	if page := browse(s, RoleAdmin, english, "GET /trace?call=c&method=BYE", nil).Body.String(); strings.Contains(page, ">peer</text>") {
		t.Error("a lane without messages")
	}
}

// A filter of the page and of its twin is the same one.
func TestTraceTwinFilters(t *testing.T) {
	s := calling(t)
	for query, want := range map[string]int{"": 6, "?method=OPTIONS": 1, "?method=INVITE,BYE": 3, "?method=REGISTER&limit=1": 1, "?method=other": 0} {
		if got := strings.Count(rest(s, "GET /trace"+query, "").Body.String(), `"seq"`); got != want {
			t.Errorf("GET /trace%s: %d messages, want %d", query, got, want)
		}
	}
}
