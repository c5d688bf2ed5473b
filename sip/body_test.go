package sip

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

const someSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.4\r\ns=-\r\nc=IN IP4 127.0.0.4\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"

// parts makes a multipart body with the boundary b; each part is its header fields and its body, with an empty line between.
func partsOf(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--b\r\n" + p + "\r\n")
	}
	return b.String() + "--b--\r\n"
}

// part is one part: its body behind its header fields.
func part(body string, fields ...string) string {
	return strings.Join(append(fields, "", body), "\r\n")
}

var (
	sdpPart  = part(someSDP, "Content-Type: application/sdp")
	textPart = part("hello\r\n", "Content-Type: text/plain")
	isup     = part("\x01\x02", "Content-Type: application/isup;version=itu-t92+", "Content-Disposition: signal;handling=optional")
	required = part("<x/>", "Content-Type: application/pidf+xml", "Content-Disposition: by-reference; handling=Required")
	other    = strings.ReplaceAll(someSDP, "4000", "5000")
	otherSDP = part(other, "Content-Type: application/sdp")
)

// outcome is a result in words: "sdp", "none" or the answer.
func outcome(sdp []byte, no *refusal) string {
	switch {
	case no != nil && sdp != nil:
		return "both"
	case no != nil:
		return strings.TrimSpace(fmt.Sprintf("%d %s %s", no.code, no.field, no.value))
	case sdp == nil:
		return "none"
	case strings.TrimSpace(string(sdp)) == strings.TrimSpace(someSDP):
		return "sdp"
	case strings.TrimSpace(string(sdp)) == strings.TrimSpace(other):
		return "other"
	}
	return fmt.Sprintf("%q", sdp)
}

// WR-36: the type decides what is a session description, the content only where there is no type.
func TestSessionDescription(t *testing.T) {
	const accept, encoding = "415 Accept application/sdp", "415 Accept-Encoding identity"
	for _, c := range []struct {
		name string
		e    entity
		want string
	}{
		{"none", entity{}, "none"},
		{"none, with a type", entity{contentType: "application/sdp"}, "none"},
		{"none, of an unknown type", entity{contentType: "x/y", encoding: "gzip"}, "none"},
		{"line ends alone", entity{body: []byte("\r\n")}, "none"},
		{"SDP", entity{contentType: "application/sdp", body: []byte(someSDP)}, "sdp"},
		{"SDP with LF", entity{contentType: "application/sdp", body: []byte(strings.ReplaceAll(someSDP, "\r\n", "\n"))}, fmt.Sprintf("%q", strings.ReplaceAll(someSDP, "\r\n", "\n"))},
		{"case and white space", entity{contentType: " Application / SDP ; charset=utf-8", body: []byte(someSDP)}, "sdp"},
		{"broken parameters", entity{contentType: `application/sdp;x"=;;`, body: []byte(someSDP)}, "sdp"},
		{"disposition", entity{contentType: "application/sdp", disposition: "Session ; handling=required", body: []byte(someSDP)}, "sdp"},
		{"text holding SDP", entity{contentType: "text/plain", body: []byte(someSDP)}, accept},
		{"text, optional", entity{contentType: "text/plain", disposition: `render; handling="Optional"`, body: []byte(someSDP)}, "none"},
		{"text, optional with broken parameters", entity{contentType: "text/plain", disposition: `render; x y; handling=optional`, body: []byte(someSDP)}, "none"},
		{"optional in a string", entity{contentType: "text/plain", disposition: `render; filename="a;handling=optional"`, body: []byte(someSDP)}, accept},
		{"unknown", entity{contentType: "application/x-foo", body: []byte("x")}, accept},
		{"no type at all", entity{contentType: "sdp", body: []byte(someSDP)}, accept},
		{"without type", entity{body: []byte(someSDP)}, "sdp"},
		{"without type, no SDP", entity{body: []byte("hello")}, accept},
		{"another disposition", entity{contentType: "application/sdp", disposition: "icon", body: []byte(someSDP)}, accept},
		{"early session", entity{contentType: "application/sdp", disposition: "early-session; handling=optional", body: []byte(someSDP)}, "none"},
		{"identity", entity{contentType: "application/sdp", encoding: " Identity ,", body: []byte(someSDP)}, "sdp"},
		{"gzip", entity{contentType: "application/sdp", encoding: "gzip", body: []byte(someSDP)}, encoding},
		{"gzip, identity", entity{contentType: "application/sdp", encoding: "identity, gzip", body: []byte(someSDP)}, encoding},
		{"gzip, optional", entity{contentType: "application/sdp", encoding: "gzip", disposition: "session;handling=optional", body: []byte(someSDP)}, "none"},
	} {
		sdp, no := sessionDescription(c.e)
		if got := outcome(sdp, no); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// WR-36: multipart bodies are taken apart; handling=required is binding, handling=optional is left alone.
func TestSessionDescriptionInParts(t *testing.T) {
	const accept, encoding = "415 Accept application/sdp", "415 Accept-Encoding identity"
	base64Part := part(base64.StdEncoding.EncodeToString([]byte(someSDP)), "Content-Type: application/sdp", "Content-Transfer-Encoding: BASE64")
	quoted := part(strings.ReplaceAll(someSDP, "=", "=3D"), "Content-Type: application/sdp", "Content-Transfer-Encoding: quoted-printable")
	inner := part(partsOf(textPart, sdpPart), "Content-Type: multipart/alternative; boundary=b")
	inner = strings.ReplaceAll(inner, "--b", "--inner")
	inner = strings.Replace(inner, "boundary=b", "boundary=inner", 1)
	for _, c := range []struct {
		name, kind, body, want string
	}{
		{"SDP alone", "mixed", partsOf(sdpPart), "sdp"},
		{"text first", "mixed", partsOf(textPart, sdpPart), "sdp"},
		{"text last", "mixed", partsOf(sdpPart, textPart), "sdp"},
		{"two descriptions", "mixed", partsOf(sdpPart, otherSDP), "sdp"},
		{"ISUP, optional", "mixed", partsOf(isup, sdpPart, isup), "sdp"},
		{"only optional", "mixed", partsOf(isup), "none"},
		{"only text", "mixed", partsOf(textPart), accept},
		{"required", "mixed", partsOf(sdpPart, required), accept},
		{"required first", "mixed", partsOf(required, sdpPart), accept},
		{"gzip beside", "mixed", partsOf(part("x", "Content-Type: application/sdp", "Content-Encoding: gzip"), otherSDP), "other"},
		{"gzip alone", "mixed", partsOf(part("x", "Content-Type: application/sdp", "Content-Encoding: gzip")), encoding},
		{"early session beside", "mixed", partsOf(part(other, "Content-Type: application/sdp", "Content-Disposition: early-session;handling=optional"), sdpPart), "sdp"},
		{"without header fields", "mixed", partsOf(part(someSDP)), "sdp"},
		{"without header fields, text", "mixed", partsOf(part("hi"), sdpPart), "sdp"},
		{"base64", "mixed", partsOf(textPart, base64Part), "sdp"},
		{"quoted-printable", "mixed", partsOf(quoted), "sdp"},
		{"base64 that is none", "mixed", partsOf(part("*", "Content-Type: application/sdp", "Content-Transfer-Encoding: base64")), encoding},
		{"unknown transfer encoding", "mixed", partsOf(part("*", "Content-Type: application/sdp", "Content-Transfer-Encoding: x-uue")), encoding},
		{"preamble and epilogue", "mixed", "a preamble\r\n" + partsOf(textPart, sdpPart) + "an epilogue", "sdp"},
		{"LF", "mixed", strings.ReplaceAll(partsOf(textPart, sdpPart), "\r\n", "\n"), fmt.Sprintf("%q", strings.ReplaceAll(someSDP, "\r\n", "\n"))},
		{"cut off", "mixed", strings.TrimSuffix(partsOf(textPart, sdpPart), "--b--\r\n"), "sdp"},
		{"nested", "mixed", partsOf(isup, inner), "sdp"},
		{"nested, required elsewhere", "mixed", partsOf(inner, required), accept},
		{"last alternative", "alternative", partsOf(sdpPart, otherSDP), "other"},
		{"last known alternative", "alternative", partsOf(sdpPart, textPart), "sdp"},
		{"required alternative", "alternative", partsOf(sdpPart, required), "sdp"},
		{"no alternative", "alternative", partsOf(textPart, required), accept},
		{"related", "related", partsOf(sdpPart, required), "sdp"},
		{"related to a text", "related", partsOf(textPart, sdpPart), accept},
		{"signed", "signed", partsOf(sdpPart, part("x", "Content-Type: application/pkcs7-signature")), "sdp"},
		{"a kind without a name", "", partsOf(sdpPart), "sdp"},
		{"no part", "mixed", "hello", "400"},
		{"no end of the header", "mixed", "--b\r\nContent-Type: application/sdp", "400"},
		{"16 parts", "mixed", partsOf(append([]string{sdpPart}, make([]string, 15)...)...), "sdp"},
		{"17 parts", "mixed", partsOf(append([]string{sdpPart}, make([]string, 16)...)...), "413"},
	} {
		for _, boundary := range []string{"boundary=b", `boundary="b"`, ` Boundary = "b" ; x=y`, "x=a:b; boundary=b"} {
			sdp, no := sessionDescription(entity{contentType: "multipart/" + c.kind + ";" + boundary, body: []byte(c.body)})
			if got := outcome(sdp, no); got != c.want {
				t.Errorf("%s, %s: %s, want %s", c.name, boundary, got, c.want)
			}
		}
		sdp, no := sessionDescription(entity{contentType: "multipart/" + c.kind + ";boundary=b", disposition: "session;handling=optional", body: []byte(c.body)})
		if got := outcome(sdp, no); got != c.want && got != "none" {
			t.Errorf("%s, optional: %s", c.name, got)
		}
	}
	for name, e := range map[string]entity{
		"none":  {contentType: "multipart/mixed", body: []byte(partsOf(sdpPart))},
		"empty": {contentType: `multipart/mixed;boundary=""`, body: []byte(partsOf(sdpPart))},
	} {
		if sdp, no := sessionDescription(e); outcome(sdp, no) != "400" {
			t.Errorf("boundary %s: %s", name, outcome(sdp, no))
		}
	}
	odd := entity{contentType: "multipart/mixed; boundary=a:b=/c", body: []byte(strings.ReplaceAll(partsOf(textPart, sdpPart), "--b", "--a:b=/c"))}
	if sdp, no := sessionDescription(odd); outcome(sdp, no) != "sdp" {
		t.Errorf("a boundary without its quotes: %s", outcome(sdp, no))
	}
}

// WR-36: the root of multipart/related is the part that start names.
func TestRelatedRoot(t *testing.T) {
	body := []byte(partsOf(textPart, part(someSDP, "Content-Type: application/sdp", "Content-ID: <1@example.com>"), otherSDP))
	for start, want := range map[string]string{
		`start="<1@example.com>"`: "sdp", "start=1@example.com": "sdp", "start=none": "415 Accept application/sdp", "": "415 Accept application/sdp",
	} {
		sdp, no := sessionDescription(entity{contentType: "multipart/related;boundary=b;" + start, body: body})
		if got := outcome(sdp, no); got != want {
			t.Errorf("%s: %s", start, got)
		}
	}
}

// Bodies in bodies are followed so far and no further.
func TestNestedBodies(t *testing.T) {
	for depth, want := range map[int]string{1: "sdp", maxBodyDepth: "sdp", maxBodyDepth + 1: "413", 100: "413"} {
		body, kind := someSDP, "application/sdp"
		for i := range depth {
			boundary := fmt.Sprintf("b%dx", i)
			body = fmt.Sprintf("--%s\r\nContent-Type: %s\r\n\r\n%s\r\n--%s--\r\n", boundary, kind, body, boundary)
			kind = "multipart/mixed;boundary=" + boundary
		}
		if sdp, no := sessionDescription(entity{contentType: kind, body: []byte(body)}); outcome(sdp, no) != want {
			t.Errorf("depth %d: %s", depth, outcome(sdp, no))
		}
	}
}

func FuzzSessionDescription(f *testing.F) {
	f.Add("application/sdp", "", "", []byte(someSDP))
	f.Add("multipart/mixed;boundary=b", "session;handling=optional", "", []byte(partsOf(textPart, sdpPart, required)))
	f.Add(`multipart/alternative; boundary="b"`, "", "identity", []byte(partsOf(sdpPart, otherSDP, isup)))
	f.Add("multipart/related;start=1;boundary=b", "", "gzip", []byte("--b\nContent-Type: multipart/x;boundary=b\n\n--b\n\nv=0"))
	f.Add("", "x;handling", ",", []byte("v=0"))
	f.Fuzz(func(t *testing.T, contentType, disposition, encoding string, body []byte) {
		e := entity{contentType: contentType, disposition: disposition, encoding: encoding, body: body}
		sdp, no := sessionDescription(e)
		switch {
		case sdp != nil && no != nil:
			t.Fatal("found and refused")
		case no != nil && no.code != 400 && no.code != 413 && no.code != 415:
			t.Fatalf("refused with %d", no.code)
		case no != nil && no.code == 415 && no.field == "":
			t.Fatal("415 does not say what is understood (RFC 3261 8.2.3)")
		case no != nil && strings.ContainsAny(no.reason+no.value, "\r\n"):
			t.Fatalf("answer %+v", no)
		case no == nil && sdp == nil && len(bytes.TrimSpace(body)) > 0 && !strings.Contains(strings.ToLower(disposition+string(body)), "optional") && !bytes.Contains(body, []byte("\n")):
			t.Fatal("a body was passed over")
		}
	})
}
