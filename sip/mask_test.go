package sip

import (
	"strings"
	"testing"
)

// IM-05: in a trace a URI has no password; what names a call and a branch stays as it was.
func TestMaskOfURIs(t *testing.T) {
	const message = "INVITE sip:1002:PW@192.0.2.1 SIP/2.0\r\nFrom: \"http://u:PW@h/\" <sip:1001:PW@192.0.2.1>;tag=a:b@c\r\nTo: <sips:1002@192.0.2.1:5061>\r\n" +
		"Call-ID: 12:34:56@192.0.2.1\r\nAuthorization: Digest username=\"http://u:PW@h/\", response=\"PW\"\r\n\r\nhttp://u:PW@h"
	got := string(Mask([]byte(strings.ReplaceAll(message, "PW", "c4n4ry"))))
	want := strings.ReplaceAll(message, "PW", "***")
	if got != want {
		t.Errorf("%s", got)
	}
}
