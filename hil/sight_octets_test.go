package hil

import (
	"encoding/json"
	"testing"
)

// The octets of a message that is no text come out of the phone's trace as they were.
func TestOctetsOfTheTrace(t *testing.T) {
	for text, want := range map[string]string{
		`{"start":"","raw":"\u0000\ufffd","raw_base64":"AP8=","fault":"no SIP message"}`: "\x00\xff",
		`{"start":"BYE sip:a SIP/2.0","raw":"BYE sip:a SIP/2.0\r\n"}`:                    "BYE sip:a SIP/2.0\r\n",
	} {
		var m message
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if got := m.evidence(0); string(got.Raw) != want {
			t.Errorf("%s: %q, want %q", text, got.Raw, want)
		}
	}
}
