package evidence

import (
	"encoding/json"
	"testing"
	"time"
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
