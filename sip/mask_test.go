package sip

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"hilphone/sip/digest"
)

func TestMask(t *testing.T) {
	const secret = "6629fae49393a05397450978507c4ef1"
	for _, c := range []struct{ name, message, want string }{
		{"as this phone writes it", `Authorization: Digest username="1001", realm="r", nonce="n", uri="sip:h", response="` + secret + `", qop=auth, nc=00000001, cnonce="` + secret + `"`,
			`Authorization: Digest username="1001", realm="r", nonce="n", uri="sip:h", response="***", qop=auth, nc=00000001, cnonce="***"`},
		{"proxy", `Proxy-Authorization: Digest response="` + secret + `"`, `Proxy-Authorization: Digest response="***"`},
		{"unquoted", `Authorization: Digest response=` + secret + `,realm=r`, `Authorization: Digest response="***",realm=r`},
		{"spaces and case", `AUTHORIZATION : Digest RESPONSE = "` + secret + `"`, `AUTHORIZATION : Digest RESPONSE = "***"`},
		{"folded", "Authorization: Digest realm=\"r\",\r\n response=\"" + secret + "\"", "Authorization: Digest realm=\"r\",\r\n response=\"***\""},
		{"escaped quote", `Authorization: Digest response="a\"` + secret + `"`, `Authorization: Digest response="***"`},
		{"a uri that ends in the name", `Authorization: Digest uri="sip:h;response=", response="` + secret + `"`, `Authorization: Digest uri="sip:h;response=", response="***"`},
		{"a nonce that ends in the name", `Authorization: Digest nonce="cnonce=", uri="x", response="` + secret + `"`, `Authorization: Digest nonce="cnonce=", uri="x", response="***"`},
		{"a comma in a quoted string", `Authorization: Digest realm="a, response=b", response="` + secret + `"`, `Authorization: Digest realm="a, response=b", response="***"`},
		{"Basic", "Authorization: Basic MTAwMTpzZWNyZXQ=", "Authorization: Basic ***"},
		{"Basic at a proxy", "proxy-authorization:basic MTAwMTpzZWNyZXQ=", "proxy-authorization:basic ***"},
		{"no scheme", "Authorization: " + secret, "Authorization: ***"},
		{"scheme on the next line", "Authorization:\r\n Digest response=\"" + secret + "\"", "Authorization: ***"},
		{"a quote too many", `Authorization: Digest realm="a, response="` + secret + `", nonce="n"`, "Authorization: Digest ***"},
		{"nothing", "Authorization:", "Authorization:***"},
		{"another header field", `Subject: response="x"`, `Subject: response="x"`},
		{"a challenge is no secret", `WWW-Authenticate: Digest realm="r", nonce="n"`, `WWW-Authenticate: Digest realm="r", nonce="n"`},
	} {
		message := "REGISTER sip:h SIP/2.0\r\n" + c.message + "\r\nTo: <sip:h>\r\n\r\n"
		want := "REGISTER sip:h SIP/2.0\r\n" + c.want + "\r\nTo: <sip:h>\r\n\r\n"
		given := []byte(message)
		if got := string(Mask(given)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, want)
		}
		if string(given) != message {
			t.Errorf("%s: the message itself was changed", c.name)
		}
	}
}

// FuzzMask: whatever a server or a user puts into the credentials this phone sends, what is traced of them does not hold their answer.
func FuzzMask(f *testing.F) {
	f.Add("1001", "r", "n", "o", "MD5", "auth", "sip:h", "c0ffee")
	f.Add("1001", "response=", "cnonce=", `response="`, "SHA-256", "auth", "sip:h;response=", "c0ffee")
	f.Add(`a"b`, `a\`, "\r\n", "", "MD5-sess", "", `sip:h\`, "x")
	f.Fuzz(func(t *testing.T, user, realm, nonce, opaque, algorithm, qop, uri, cnonce string) {
		c := digest.Challenge{Realm: realm, HasRealm: true, Nonce: nonce, Opaque: opaque, HasOpaque: true, Algorithm: algorithm, QOP: strings.Split(qop, ",")}
		if qop == "" {
			c.QOP = nil
		}
		value := c.Authorize(user, "password", "REGISTER", uri, nil, 1, cnonce)
		_, answer, ok := strings.Cut(value, `, response="`)
		if i := strings.LastIndex(value, `, response="`); ok {
			answer = value[i+len(`, response="`):]
		}
		answer, _, _ = strings.Cut(answer, `"`)
		if len(answer) < 32 {
			return // no challenge that can be answered, or one whose answer this test cannot find
		}
		for _, field := range []string{"Authorization", "Proxy-Authorization"} {
			message := fmt.Appendf(nil, "REGISTER sip:h SIP/2.0\r\n%s: %s\r\nContent-Length: 0\r\n\r\n", field, value)
			if masked := Mask(message); bytes.Contains(masked, []byte(answer)) {
				t.Fatalf("%s\nis traced as\n%s", message, masked)
			}
		}
	})
}
