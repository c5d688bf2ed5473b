package webui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"hilphone/db/journal"
)

const attack = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`

// stun is a binding request, 20 octets.
const stun = "\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl"

// unreadable are messages of strangers, of which most are none.
var unreadable = []journal.Message{
	{Raw: []byte(stun), Fault: `no SIP message: "\x00\x01\x00\x00!\x12\xa4Babcdefghijkl"`},
	{Raw: []byte(attack), Fault: "no SIP message: " + attack},
	{Raw: []byte(strings.Repeat("A", 60000)), Fault: `no SIP message: "` + strings.Repeat("A", 40) + `"`},
	{Raw: []byte("\x80\xff\xfe\r\n\x00:\x01\r\n\r\n"), Fault: "no SIP message"},
	{Raw: nil, Fault: "the connection ended within a message"},
	{Start: "OPTIONS sip:" + attack + " SIP/2.0", Raw: []byte("OPTIONS sip:" + attack + " SIP/2.0\r\n\r\n"), Fault: "no Via"},
	{Start: "OPTIONS sip:" + strings.Repeat("o", 60000) + " SIP/2.0", Raw: []byte("OPTIONS sip:" + strings.Repeat("o", 60000) + " SIP/2.0\r\n\r\n"), Fault: "no Via"},
	{Start: "SIP/2.0 200 " + attack + strings.Repeat("k", 60000), Raw: []byte("SIP/2.0 200 " + attack + strings.Repeat("k", 60000) + "\r\n\r\n"), Fault: "no Via"},
	{Start: "OPTIONS sip:1001@127.0.0.1 SIP/2.0", CallID: attack, Raw: []byte("OPTIONS sip:1001@127.0.0.1 SIP/2.0\r\nMax-Forwards: abc\r\n\r\n"), Fault: `Max-Forwards: "abc" is no number`},
	{Start: "OPTIONS sip:1001@127.0.0.1 SIP/2.0", Raw: []byte("OPTIONS sip:1001@127.0.0.1 SIP/2.0\r\nSubject: caf\xe9\r\n\r\n")},
}

func strangers(t testing.TB) *Server {
	s := newServer(t, newHouse())
	for _, m := range unreadable {
		m.Line, m.Transport, m.Local, m.Remote = 1, "udp", "127.0.0.1:5070", "127.0.0.66:6000"
		s.Journal.Message(m)
	}
	return s
}

// WR-10: what could not be read is on the Trace page as it came, with the reason, in each language; nothing in it is markup, and labels are bounded.
func TestUnreadableMessagesOnThePage(t *testing.T) {
	s := strangers(t)
	for _, c := range []struct {
		l     language
		wants []string
	}{
		{english, []string{"no SIP, 20 octets, received from", "<dt>Unreadable</dt><dd>no SIP message: &#34;\\x00", "no SIP, other to phone, 20 octets</title>", "<dd>20 octets</dd>"}},
		{japanese, []string{"SIP以外, 20バイト, ", "<dt>読み取り不可</dt>", "SIP以外, その他から電話へ, 20バイト</title>"}},
		{chinese, []string{"非SIP, 20字节, ", "<dt>无法读取</dt>", "非SIP, 从其他到电话, 20字节</title>"}},
	} {
		page := browse(s, RoleAdmin, c.l, "GET /trace?method=OPTIONS&method=other&message=1", nil).Body.String()
		for _, want := range c.wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", c.l, want)
			}
		}
	}
	for i, m := range unreadable {
		page := browse(s, RoleAdmin, english, fmt.Sprint("GET /trace?method=OPTIONS&method=other&message=", i+1), nil)
		body := page.Body.String()
		if page.Code != http.StatusOK || strings.Contains(body, "<script>alert") || strings.Contains(body, "<img") {
			t.Fatalf("message %d: %d", i+1, page.Code)
		}
		if has := strings.Contains(body, "<dt>Unreadable</dt>"); has != (m.Fault != "") {
			t.Errorf("message %d: a reason is shown: %v", i+1, has)
		}
		if answered := strings.Contains(body, "<dt>Answered</dt>"); answered != strings.HasPrefix(m.Start, "OPTIONS") {
			t.Errorf("message %d: an answer is spoken of: %v", i+1, answered)
		}
		for _, label := range []string{"h2", "title", "text", "dd", "option"} {
			for _, part := range strings.Split(body, "<"+label)[1:] {
				if end := strings.Index(part, "</"+label); end > 1000 {
					t.Errorf("message %d: %s of %d octets: %.100s", i+1, label, end, part)
				}
			}
		}
	}
	page := browse(s, RoleAdmin, english, "GET /trace?method=other&message=4", nil).Body.String()
	if want := "0000 80 ff fe 0d 0a 00 3a 01  ......:.\n0008 0d 0a 0d 0a              ....</pre>"; !strings.Contains(page, want) {
		t.Errorf("the octets are not shown as %q", want)
	}
	if page := browse(s, RoleAdmin, english, "GET /trace?method=other&message=3", nil).Body.String(); !strings.Contains(page, strings.Repeat("A", 60000)) {
		t.Error("a text of 60 000 octets is not shown as it came")
	}
	texts := strings.Join(svg(t, rest(s, "GET /trace.svg", "").Body.String()), "|")
	for _, want := range []string{"|no SIP|20 octets|", "|no SIP|60000 octets|", "|no SIP|0 octets|", "|OPTIONS|no Via|", `|Max-Forwards: "abc" is no n…|`} {
		if !strings.Contains(texts, want) {
			t.Errorf("the drawing lacks %q: %q", want, texts)
		}
	}
}

// WR-10: REST has the octets as they came, and the reason.
func TestUnreadableMessagesByREST(t *testing.T) {
	var got []struct {
		Start string  `json:"start"`
		Raw   string  `json:"raw"`
		Bytes []byte  `json:"raw_base64"`
		Fault *string `json:"fault"`
	}
	s := strangers(t)
	if err := json.Unmarshal(rest(s, "GET /trace", "").Body.Bytes(), &got); err != nil || len(got) != len(unreadable) {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	for i, m := range unreadable {
		raw := got[i].Raw
		if got[i].Bytes != nil {
			raw = string(got[i].Bytes)
		}
		if raw != string(m.Raw) || (got[i].Bytes != nil) == utf8.Valid(m.Raw) || got[i].Start != m.Start {
			t.Errorf("message %d: %.80q, %.80q", i+1, got[i].Start, raw)
		}
		if fault := got[i].Fault; (fault == nil) != (m.Fault == "") || fault != nil && *fault != m.Fault {
			t.Errorf("message %d: fault %v", i+1, fault)
		}
	}
	if n := strings.Count(rest(s, "GET /trace?method=other", "").Body.String(), `"seq"`); n != 6 {
		t.Errorf("%d messages of other methods, want 6", n)
	}
}

// BE-02: the octets of a message are in the capture by REST as they came, and the page shows which they were.
func TestOctetsOfTheTrace(t *testing.T) {
	s := strangers(t)
	file := rest(s, "GET /trace.pcapng", "").Body.Bytes()
	for i, m := range unreadable {
		if !bytes.Contains(file, m.Raw) {
			t.Errorf("message %d is not in the capture as it came", i+1)
		}
	}
	page := browse(s, RoleAdmin, english, fmt.Sprint("GET /trace?method=OPTIONS&message=", len(unreadable)), nil).Body.String()
	if !strings.Contains(page, `Subject: caf\xE9</pre>`) || !utf8.ValidString(page) {
		t.Errorf("the page does not show the octet:\n%s", page)
	}
}
