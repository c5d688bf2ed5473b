package evidence

import (
	"encoding/json"
	"strings"
	"testing"
)

// IM-05: in the evidence a URI has no password, and no member of an entry that is named like a secret has a text.
func TestMaskOfURIs(t *testing.T) {
	const message = "REGISTER sip:192.0.2.1 SIP/2.0\r\nContact: <sip:1001:PW@192.0.2.2>\r\nCall-ID: 1:2@h\r\n\r\n"
	if got := string(Mask([]byte(strings.ReplaceAll(message, "PW", "c4n4ry")))); got != strings.ReplaceAll(message, "PW", "***") {
		t.Errorf("%s", got)
	}
	got := string(withoutSecrets(json.RawMessage(`{"media_key":"x","configFileKey":"x","ACS Passwd":"x","key":"MUTE","pin":"GPIO17","key_5":"x","auth_user":"1001","auth_password_set":true}`)))
	if want := `{"ACS Passwd":null,"auth_password_set":true,"auth_user":"1001","configFileKey":null,"key":"MUTE","key_5":"x","media_key":null,"pin":"GPIO17"}`; got != want {
		t.Errorf("%s", got)
	}
}
