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

// BE-02: the texts that JSON could not hold are taken from the octets, also where a scenario looks at a header field.
func TestTextsOfOctets(t *testing.T) {
	raw := "INVITE sip:\xfe@a SIP/2.0\r\nFrom: \"\xff\" <sip:a@b>\r\ni: \xff@a\r\nCSeq: 1 INVITE\r\n\r\n"
	text, err := json.Marshal(map[string]any{"direction": "received", "start": "INVITE sip:\xfe@a SIP/2.0", "call_id": "\xff@a", "raw": raw, "raw_base64": []byte(raw)})
	if err != nil {
		t.Fatal(err)
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if e := m.evidence(0); e.CallID != "\xff@a" || e.Start != "INVITE sip:\xfe@a SIP/2.0" || string(e.Raw) != raw {
		t.Errorf("%q, %q, %q", e.CallID, e.Start, e.Raw)
	}
	if o := m.observe(0); o.Raw != raw || o.Name != "INVITE" {
		t.Errorf("%q, %q", o.Name, o.Raw)
	}
}
