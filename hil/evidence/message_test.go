package evidence

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What is no SIP message is shown by its size, and its octets are kept as they came.
func TestNoSIPMessage(t *testing.T) {
	m := Message{At: time.Second, Seen: FromPhone, Transport: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.66:6000", Raw: []byte("\x00\x01\xff")}
	e := m.entry()
	if e.Text != "no SIP, 3 octets" {
		t.Errorf("told as %q", e.Text)
	}
	var got Message
	if err := json.Unmarshal(e.Data, &got); err != nil || string(got.Raw) != string(m.Raw) || got.Start != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if e := (Message{Start: "BYE sip:a SIP/2.0", Raw: []byte("BYE")}).entry(); e.Text != "BYE sip:a SIP/2.0" {
		t.Errorf("told as %q", e.Text)
	}
}

// BE-02: octets that are not UTF-8 are in the capture as they were on the wire, and shown as such; secrets beside them are not.
func TestOctetsOfMessages(t *testing.T) {
	f, dir := create(t)
	f.Hide("tok3n")
	raw := "MESSAGE sip:\xfe@b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nFrom: \"M\xfcller \xff\" <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: \xff@a\r\nCSeq: 1 MESSAGE\r\n" +
		"Subject: tok3n\r\nContent-Length: 4\r\n\r\n\x00\xc3\xa4\xc3"
	masked := strings.ReplaceAll(raw, "tok3n", "***")
	var shown []Message
	f.Show(func(m Message) { shown = append(shown, m) })
	for _, c := range []struct{ seen, local, remote string }{{FromPhone, "127.0.0.1:40000", "127.0.0.2:5060"}, {FromPrimary, "127.0.0.2:5060", "127.0.0.1:40000"}} {
		f.Message(Message{Seen: c.seen, Slot: FromPrimary, Out: c.seen == FromPhone, Transport: "tcp", Local: c.local, Remote: c.remote, Start: "MESSAGE sip:\xfe@b SIP/2.0", Raw: []byte(raw)})
	}
	if err := f.Finish(Run{Name: "octets", Verdict: Passed, Started: started}); err != nil {
		t.Fatal(err)
	}
	if capture := contents(t, dir, CaptureFile); strings.Count(capture, masked) != 1 {
		t.Errorf("the message is not in the capture once:\n%q", capture)
	}
	if len(shown) != 2 || string(shown[0].Raw) != masked || string(shown[1].Raw) != masked {
		t.Errorf("shown: %+v", shown)
	}
	page, events := contents(t, dir, ReportFile), contents(t, dir, EventsFile)
	for _, want := range []string{`M\xFCller \xFF&#34;`, `MESSAGE sip:\xFE@b SIP/2.0`, `\x00ä\xC3`} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not show %s", want)
		}
	}
	if !utf8.ValidString(page) || !utf8.ValidString(events) || strings.Contains(page, "\ufffd") {
		t.Error("the report or the events are not UTF-8, or do not say which octets there were")
	}
	if strings.Contains(events, base64.StdEncoding.EncodeToString([]byte(raw))) || !strings.Contains(events, base64.StdEncoding.EncodeToString([]byte(masked))) {
		t.Errorf("the events do not have the octets, or have the secret:\n%s", events)
	}
}
