package webui

import (
	"fmt"
	"net/http"
	"testing"

	"hilphone/db/journal"
)

// BenchmarkPages draws each page of a phone whose journal is full, as after hours of calls and failovers.
func BenchmarkPages(b *testing.B) {
	_, s := inhabited(b)
	for i := range journal.DefaultEvents / 5 {
		branch := fmt.Sprint("z9hG4bK", i)
		for _, e := range []struct {
			typ  string
			data map[string]any
		}{
			{"attempt_start", map[string]any{"method": "REGISTER", "slot": "primary", "target": "127.0.0.2:5060", "branch": branch, "budget_ms": 7500, "last": false}},
			{"send", map[string]any{"branch": branch, "k": 0}},
			{"response", map[string]any{"branch": branch, "code": 200, "reason": "OK", "retry_after_s": 0}},
			{"attempt_end", map[string]any{"branch": branch, "cause": "response", "code": 200, "elapsed_ms": 1.5}},
			{"registered", map[string]any{"slot": "primary", "expires_s": 3600}},
		} {
			s.Journal.Event(e.typ, 1, "", e.data)
		}
	}
	for i := range journal.DefaultMessages {
		s.Journal.Message(journal.Message{Line: 1, Out: i%2 == 0, Slot: "primary", Transport: "udp", Local: "127.0.0.1:5060", Remote: "127.0.0.2:5060", CallID: fmt.Sprint(i),
			Start: "REGISTER sip:127.0.0.2 SIP/2.0", Raw: []byte("REGISTER sip:127.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\r\n")})
	}
	cookie := &http.Cookie{Name: "hilphone", Value: s.sessions.begin("admin", RoleAdmin)}
	for _, path := range []string{"/", "/line/sip", "/trace", "/events"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				if w := get(s, cookie, path); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
