package journal

import "testing"

// What is counted stays counted when it is no longer held, and a stranger's words do not make more kinds.
func TestTotals(t *testing.T) {
	j := New(Config{Events: 2, Messages: 2})
	s := j.reader(1)
	for range 5 {
		j.Event("failover", 3, "", nil)
	}
	for range 2 {
		j.Event("lab", 0, "", nil)
	}
	s.next()
	for _, m := range []Message{
		{Out: true, Start: "REGISTER sip:127.0.0.2 SIP/2.0"}, {Out: true, Start: "REGISTER sip:127.0.0.2 SIP/2.0"},
		{Start: "SIP/2.0 200 OK", Raw: []byte("SIP/2.0 200 OK\r\nVia: x\r\ncseq : 1 REGISTER\r\n\r\nCSeq: 1 BYE\r\n")},
		{Start: "SIP/2.0 503 Service Unavailable", Raw: []byte("SIP/2.0 503\r\nCSeq: 7 INVITE\r\n\r\n")},
		{Start: "SIP/2.0 many Words", Raw: []byte("x")}, {Start: "SIP/2.0 99999 No", Raw: []byte("CSeq: 1 NONSENSE\r\n")},
		{Start: "EVIL1 sip:x SIP/2.0"}, {Start: "EVIL2 sip:x SIP/2.0"}, {Raw: []byte("\x00\x01")}, // no SIP message: no kind
		{Start: "SIP/2.0 180 Ringing", Raw: []byte("SIP/2.0 180 Ringing\nCSeq: 7 INVITE\n\n")},
	} {
		j.Message(m)
	}
	got := j.Totals()
	if len(got.Events) != 2 || got.Events[EventKind{"failover", 3}] != 5 || got.Events[EventKind{"lab", 0}] != 2 || got.Lost != 5 {
		t.Errorf("events %v, %d lost", got.Events, got.Lost)
	}
	for k, want := range map[MessageKind]int64{{true, "REGISTER", 0}: 2, {false, "REGISTER", 200}: 1, {false, "INVITE", 503}: 1, {false, "other", 699}: 2, {false, "other", 0}: 2, {false, "INVITE", 180}: 1} {
		if got.Messages[k] != want {
			t.Errorf("%+v: %d, want %d", k, got.Messages[k], want)
		}
	}
	if len(got.Messages) != 6 {
		t.Errorf("kinds %v", got.Messages)
	}
}
