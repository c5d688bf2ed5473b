package wire

import (
	"strings"
	"testing"
)

// The start line in the customary spelling, however it came (WR-03, WR-05); none for what is no SIP message (WR-10).
func TestStartLine(t *testing.T) {
	for raw, want := range map[string]string{
		"INVITE sip:1001@127.0.0.1 SIP/2.0\r\nVia: x\r\n\r\n": "INVITE sip:1001@127.0.0.1 SIP/2.0",
		"INVITE  sip:1001@127.0.0.1\t sip/2.0\nVia: x\n\n":    "INVITE sip:1001@127.0.0.1 SIP/2.0",
		"OPTIONS sip:a b SIP/7.0\r\n\r\n":                     "OPTIONS sip:a b SIP/7.0",
		"SIP/2.0 200 OK\r\n\r\n":                              "SIP/2.0 200 OK",
		"sip/2.0  180   It rings \r\n":                        "SIP/2.0 180 It rings",
		"SIP/2.0 200":                                         "SIP/2.0 200",
		"SIP/2.0 999 x\r\n\r\n":                               "",
		"SIP/3.0 200 OK\r\n\r\n":                              "",
		"GET / HTTP/1.1\r\n\r\n":                              "",
		"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl":        "",
		"\x80\x00\x12\x34":                                    "",
		"":                                                    "",
		"\r\n\r\n":                                            "",
		strings.Repeat("A", 60000):                            "",
		"OPTIONS sip:" + strings.Repeat("a", 60000) + " SIP/2.0": "OPTIONS sip:" + strings.Repeat("a", 60000) + " SIP/2.0",
	} {
		if got := StartLine([]byte(raw)); got != want {
			t.Errorf("%.80q: %.80q, want %.80q", raw, got, want)
		}
	}
}

func TestHeaderValue(t *testing.T) {
	for raw, want := range map[string]string{
		"BYE sip:a SIP/2.0\r\nCall-ID: x@y\r\n\r\n":                     "x@y",
		"BYE sip:a SIP/2.0\ni : x\n\n":                                  "x",
		"BYE sip:a SIP/2.0\r\ncall-id:\r\n  folded\r\n\r\n":             "folded",
		"BYE sip:a SIP/2.0\r\nSubject: a\r\n Call-ID: no\r\ni: yes\r\n": "yes",
		"BYE sip:a SIP/2.0\r\n\r\nCall-ID: of the body\r\n":             "",
		"BYE sip:a SIP/2.0\r\nCall-ID: a\x01b\r\nCall-ID: c\r\n\r\n":    "a b",
		"Call-ID: of the start line\r\n\r\n":                            "",
		"":                                                              "",
	} {
		if got := HeaderValue([]byte(raw), "Call-ID"); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// FuzzLook: the start line is there exactly where Read takes the octets for a message, and names what Read has.
func FuzzLook(f *testing.F) {
	f.Add([]byte(options + "\r\n"))
	f.Add([]byte("sip/2.0 200\n\n"))
	f.Add([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42"))
	f.Add([]byte("INVITE  sip:x  SIP/2.0\r\nCall-ID:\r\n x\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(raw)
		start := StartLine(raw)
		if err == nil && start == "" || start != "" && err != nil && err != ErrTooManyFields {
			t.Fatalf("%q: start line %q, %v", raw, start, err)
		}
		if err != nil {
			return
		}
		if got, want := HeaderValue(raw, "Call-ID"), m.Value("Call-ID"); got != want {
			t.Errorf("%q: Call-ID %q, Read has %q", raw, got, want)
		}
		if method, _, _ := strings.Cut(start, " "); m.Request != nil && method != string(m.Request.Method) {
			t.Errorf("%q: method %q, Read has %q", raw, method, m.Request.Method)
		}
	})
}
