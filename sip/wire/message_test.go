package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// heads are the header fields of a complete request; a test replaces some of them.
var heads = []string{
	"Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa;rport", "From: \"A\" <sip:1002@example.com>;tag=f1", "To: <sip:1001@example.com>;tag=t1", "Call-ID: c1@192.0.2.2",
	"CSeq: 7 INVITE", "Contact: <sip:1002@192.0.2.2:5060>", "Max-Forwards: 70", "Record-Route: <sip:192.0.2.9;lr>",
}

// withHead is the request with a header field replaced, or added.
func withHead(start, head string) string {
	name, _, _ := strings.Cut(head, ":")
	lines := []string{start}
	replaced := false
	for _, h := range heads {
		if n, _, _ := strings.Cut(h, ":"); canonicalName(strings.Trim(name, lws)) == n {
			h, replaced = head, true
		}
		lines = append(lines, h)
	}
	if !replaced && head != "" {
		lines = append(lines, head)
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

const (
	inviteLine = "INVITE sip:1001@192.0.2.1 SIP/2.0"
	okLine     = "SIP/2.0 200 OK"
)

// facts is what a message says, in one line, so that spellings can be compared.
func facts(m *Message) string {
	var h interface {
		Via() *sip.ViaHeader
		From() *sip.FromHeader
		To() *sip.ToHeader
		CallID() *sip.CallIDHeader
		CSeq() *sip.CSeqHeader
		GetHeaders(string) []sip.Header
	} = m.Response
	if m.Request != nil {
		h = m.Request
	}
	var b strings.Builder
	if v := h.Via(); v != nil {
		fmt.Fprintf(&b, "via %s/%s/%s %s:%d branch=%s", v.ProtocolName, v.ProtocolVersion, v.Transport, v.Host, v.Port, v.Params.GetOr("branch", "-"))
	}
	if f := h.From(); f != nil {
		fmt.Fprintf(&b, " from %q %s tag=%s", f.DisplayName, f.Address.String(), f.Params.GetOr("tag", "-"))
	}
	if to := h.To(); to != nil {
		fmt.Fprintf(&b, " to %q %s tag=%s", to.DisplayName, to.Address.String(), to.Params.GetOr("tag", "-"))
	}
	if id := h.CallID(); id != nil {
		fmt.Fprintf(&b, " id %s", *id)
	}
	if c := h.CSeq(); c != nil {
		fmt.Fprintf(&b, " cseq %d %s", c.SeqNo, c.MethodName)
	}
	for _, c := range h.GetHeaders("Contact") {
		c := c.(*sip.ContactHeader)
		fmt.Fprintf(&b, " contact %q %s expires=%s", c.DisplayName, c.Address.String(), c.Params.GetOr("expires", "-"))
	}
	for _, r := range h.GetHeaders("Record-Route") {
		fmt.Fprintf(&b, " rr %s", r.(*sip.RecordRouteHeader).Address.String())
	}
	return b.String()
}

func read(t *testing.T, raw string) *Message {
	t.Helper()
	m, err := Read([]byte(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return m
}

// Every spelling says the same as the plain one, in a request and in a response (WR-03, WR-04, WR-05).
func TestSpellings(t *testing.T) {
	for plain, spellings := range map[string][]string{
		"Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa;rport": {
			"v: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa;rport", "VIA:SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa", "Via : SIP / 2.0 / UDP 192.0.2.2 : 5060 ; branch = z9hG4bKa",
			"Via: sip/2.0/udp\t192.0.2.2:5060;BRANCH=z9hG4bKa", "Via:\r\n SIP/2.0/UDP\r\n  192.0.2.2:5060\r\n\t;branch\r\n =z9hG4bKa",
			`Via: SIP/2.0/UDP 192.0.2.2:5060;x="a;branch=no,b";branch=z9hG4bKa`, `Via: SIP/2.0/UDP 192.0.2.2:5060;x="\";";branch=z9hG4bKa;rport`,
			"Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa , SIP/2.0/TCP second;branch=z9hG4bKb", "Via: SIP/2.0/UDP 192.0.2.2:5060 ;;branch=z9hG4bKa;branch=later",
		},
		"From: \"A\" <sip:1002@example.com>;tag=f1": {
			"f: \"A\" <sip:1002@example.com>;tag=f1", "FROM : \"A\"<sip:1002@example.com> ; tag = f1", "From: A <sip:1002@example.com>;TAG=f1", "From:\r\n\t\"A\"\r\n\t<sip:1002@example.com>\r\n\t;tag=f1",
			`From: "A" <sip:1002@example.com>;x="a b;tag=no";tag=f1`, "From: \"A\" < sip:1002@example.com >;tag=f1", "From: \"A\" <SIP:1002@example.com>;tag=f1", "From: \"A\" <sip:1002@example.com>;tag=f1;tag=f2",
		},
		"To: <sip:1001@example.com>;tag=t1": {
			"t: <sip:1001@example.com>;tag=t1", "To: sip:1001@example.com;tag=t1", "To : sip:1001@example.com ; tag = t1", "TO:<sip:1001@example.com>;Tag=t1", `To: "" <sip:1001@example.com>;tag=t1;a="<;>"`,
			"To: <sip:1001@example.com>\r\n ;\r\n tag=t1", `To: sip:1001@example.com;a="<sip:1003@h>";tag=t1`, `To: sip:1001@example.com ;a=<sip:1003@h>;tag=t1`,
		},
		"Call-ID: c1@192.0.2.2": {"i: c1@192.0.2.2", "CALL-ID:c1@192.0.2.2", "Call-ID :\r\n\tc1@192.0.2.2"},
		"CSeq: 7 INVITE":        {"CSeq: 7  INVITE", "cseq:7\tINVITE", "CSeq: 0007 INVITE", "CSeq:\r\n 7\r\n INVITE"},
		"Contact: <sip:1002@192.0.2.2:5060>": {
			"m: <sip:1002@192.0.2.2:5060>", "Contact: sip:1002@192.0.2.2:5060", "contact :\r\n <sip:1002@192.0.2.2:5060>", "CONTACT: <SIP:1002@192.0.2.2:5060> ; q = 0.5",
		},
		"Record-Route: <sip:192.0.2.9;lr>": {"record-route:<sip:192.0.2.9;lr>", "Record-Route: \"p, q\" <sip:192.0.2.9;lr>;a=b", "Record-Route:\r\n <sip:192.0.2.9;lr>", "Record-Route: ,<sip:192.0.2.9;lr>,"},
		"Max-Forwards: 70":                 {"MAX-FORWARDS:70", "Max-Forwards: 0070", "Max-Forwards: abc", "Max-Forwards: -1", "Max-Forwards: 99999999999"},
	} {
		for _, start := range []string{inviteLine, okLine} {
			want := facts(read(t, withHead(start, plain)))
			for _, s := range spellings {
				if got := facts(read(t, withHead(start, s))); got != want {
					t.Errorf("%q\nsays %s\nwant %s", s, got, want)
				}
			}
		}
	}
	for _, start := range []string{"INVITE sip:1001@192.0.2.1 sip/2.0", "INVITE  sip:1001@192.0.2.1  SIP/2.0 ", "INVITE\tsip:1001@192.0.2.1\tSIP/2.0"} {
		m, err := Read([]byte(withHead(start, "")))
		if err != nil && strings.Contains(start, "\t") {
			continue // a tab is no separator of the request line
		}
		if err != nil || m.Request.SipVersion != Version || m.Request.Recipient.User != "1001" {
			t.Errorf("%q: %v", start, err)
		}
	}
	if m := read(t, withHead("sip/2.0 200 OK", "")); m.Response.StatusCode != 200 || m.Response.SipVersion != Version {
		t.Errorf("sip/2.0 in a status line: %+v", m.Response)
	}
	if m := read(t, strings.ReplaceAll(withHead(inviteLine, ""), "\r\n", "\n")); facts(m) != facts(read(t, withHead(inviteLine, ""))) {
		t.Error("bare line feeds")
	}
}

// What cannot be read costs its header field and not the message (WR-01, WR-07).
func TestFaults(t *testing.T) {
	for head, field := range map[string]string{
		"Contact: <sip:1003@192.0.2.10:5060transport=udp>": "Contact", "Contact: <sip:a@b": "Contact", `Contact: "a <sip:a@b>`: "Contact", "Contact: x": "Contact", "Contact: <sip:a@b:70000>": "Contact",
		"From: x": "From", "From: <>;tag=a": "From", "To: \"": "To", "Call-ID:": "Call-ID", "CSeq: x INVITE": "CSeq", "CSeq: 2147483648 INVITE": "CSeq", "CSeq: INVITE": "CSeq", "CSeq: 1 2 3": "CSeq",
		"Max-Forwards: abc": "Max-Forwards", "Record-Route: <sip:>": "Record-Route", "Record-Route: nonsense": "Record-Route", "no colon at all": "header", "bad name: x": "header", ": x": "header",
		"Content-Length: -1": "Content-Length", "Content-Length: x": "Content-Length", "Content-Length: 5": "Content-Length", "Content-Length: 4294967296": "Content-Length",
		"Via: nonsense": "Via", "Via: SIP/2.0/UDP ;branch=z9hG4bKa": "Via", "Via: SIP/2.0/UDP h:0;branch=z9hG4bKa": "Via", "Via: SIP/2.0/UDP h:99999;branch=z9hG4bKa": "Via",
		"From: <sip:a@b>\r\nFrom: <sip:c@d>": "From", "Content-Length: 0\r\nContent-Length: 1": "Content-Length",
	} {
		for _, start := range []string{inviteLine, okLine} {
			m := read(t, withHead(start, head))
			if f, ok := m.Fault(field); !ok || f.Reason == "" {
				t.Errorf("%q: faults %v, want one of %s", head, m.Faults, field)
			}
			for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
				if name != field && !m.has(name) {
					t.Errorf("%q: no %s", head, name)
				}
			}
		}
	}
	// A branch and a method are read also where the rest of their field is broken: an answer is matched by them.
	m := read(t, withHead(okLine, "Via: SIP/2.0/UDP h:99999;branch=z9hG4bKa"))
	if v, err := m.TopVia(); err == nil || v.Params.GetOr("branch", "") != "z9hG4bKa" {
		t.Errorf("Via %+v, %v", v, err)
	}
	if m := read(t, withHead(okLine, "CSeq: 2147483648 INVITE")); m.Response.CSeq() == nil || m.Response.CSeq().MethodName != "INVITE" {
		t.Errorf("CSeq %+v", m.Response.CSeq())
	}
	if m := read(t, "OPTIONS <sip:a@b> SIP/2.0\r\n\r\n"); len(m.Faults) == 0 || m.Faults[0].Field != "Request-URI" {
		t.Errorf("faults %v", m.Faults)
	}
}

// WR-02: a list without angle brackets is a list, and parameters are the header field's.
func TestContactList(t *testing.T) {
	m := read(t, withHead(okLine, "Contact: sip:1001@192.0.2.5;expires=60, sip:1001@127.0.0.21:5070;expires=61, \"D \\\" J, x\" <sip:1001@192.0.2.6;x=1>;expires=62,*"))
	var got []string
	for _, h := range m.Response.GetHeaders("Contact") {
		c := h.(*sip.ContactHeader)
		got = append(got, fmt.Sprintf("%s %s %s", c.DisplayName, c.Address.Host, c.Params.GetOr("expires", "-")))
	}
	want := ` 192.0.2.5 60| 127.0.0.21 61|D \" J, x 192.0.2.6 62| * -`
	if strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	if n := len(m.Values("contact")); n != 4 {
		t.Errorf("%d fields", n)
	}
}

func TestNotSIP(t *testing.T) {
	for _, raw := range []string{"", "x", "GET / HTTP/1.1\r\n\r\n", "INVITE sip:a@b", "INVITE  SIP/2.0", "SIP/2.0", "SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 2x0 OK", "SIP/3.0 200 OK", "\x80\x00 a SIP/2.0",
		"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", "SIP/2.0 -1 x", " SIP/2.0 200 OK", "A:B sip:a SIP/2.0"} {
		if m, err := Read([]byte(raw + "\r\n")); !errors.Is(err, ErrNotSIP) {
			t.Errorf("%q: %v %v", raw, m, err)
		}
	}
	if _, err := Read([]byte(inviteLine + "\r\n" + strings.Repeat("v: x\r\n", MaxFields+1))); !errors.Is(err, ErrTooManyFields) {
		t.Errorf("%v", err)
	}
	if _, err := Read([]byte(inviteLine + "\r\nVia: " + strings.Repeat("x,", MaxFields+1))); !errors.Is(err, ErrTooManyFields) {
		t.Errorf("%v", err)
	}
}

// Bodies are as long as Content-Length says, and as long as what is there where it says nothing that can be (WR-07, RFC 3261 18.3).
func TestBody(t *testing.T) {
	for head, want := range map[string]string{"": "abc", "Content-Length: 2": "ab", "l : 3": "abc", "Content-Length:\r\n 1": "a", "Content-Length: 0": "", "Content-Length: 9": "abc", "Content-Length: -1": "abc"} {
		if m := read(t, withHead(okLine, head)+"abc"); string(m.Response.Body()) != want {
			t.Errorf("%q: body %q, want %q", head, m.Response.Body(), want)
		} else if lengths := read(t, m.Response.String()).Values("Content-Length"); want != "" && !slices.Equal(lengths, []string{fmt.Sprint(len(want))}) {
			t.Errorf("%q: written with Content-Length %q", head, lengths) // that of the body, not what came
		}
	}
}

func TestCompact(t *testing.T) {
	for value, want := range map[string]string{
		"<sip:a@b> ; tag = f11": "<sip:a@b>;tag=f11", `"a ; b" <sip:a@b> ;x = "c ; d"`: `"a ; b" <sip:a@b>;x="c ; d"`, "A  B <sip:a@b>": "A B <sip:a@b>",
		"SIP / 2.0 / UDP h : 5060 ; branch = z": "SIP / 2.0 / UDP h : 5060;branch=z", "<sip:a@b>;a,  <sip:c@d>": "<sip:a@b>;a,<sip:c@d>", "x": "x", `"\" ; " <s:a> ; b`: `"\" ; " <s:a>;b`,
		"A <sip:a@b ; x = y>\t;\tc": "A <sip:a@b ; x = y>;c", `<sip:a"b ; c> ; d`: `<sip:a"b ; c>;d`, `"a < b" ; c ; "d > e"`: `"a < b";c;"d > e"`, " a ": "a", `a "b\`: `a "b\`,
	} {
		if got := Compact(value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
	for _, c := range [][4]string{
		{"SIP/2.0/UDP h;rport;branch=z", "rport", "5", "SIP/2.0/UDP h;rport=5;branch=z"}, {"SIP/2.0/UDP h;x=\";rport\";branch=z", "rport", "5", "SIP/2.0/UDP h;x=\";rport\";branch=z;rport=5"},
		{"SIP/2.0/UDP h;received=1;RECEIVED=2", "received", "3", "SIP/2.0/UDP h;received=3"},
	} {
		if got := SetParam(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%q: %q, want %q", c[0], got, c[3])
		}
	}
}

func TestSeconds(t *testing.T) {
	for v, want := range map[string]int{
		"": -1, "5": 5, " 5 ": 5, "120 (maintenance)": 120, "18000;duration=3600": 18000, "-1": -1, "x": -1, `"60"`: 60, "0": 0, "45abc": -1, "4294967295": 1<<31 - 1, "4294967296": -1, "Mon, 01 Jan": -1,
	} {
		got, ok := Seconds(v)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", v, got, want)
		}
	}
}

func TestUsers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{{"1001", "%31001", true}, {"1001", "1001", true}, {"a%2", "a%2", true}, {"%41", "a", false}, {"%", "%25", true}, {"1001", "1002", false},
		{"%6A%6b", "jk", true}, {"%4G", "P", false}, {"%4G", "@", false}, {"%G1", "\x01", false}, {"%4g", "P", false}, {"%4@", "?", false}, {"%/1", "\xf1", false}} {
		if SameUser(c.a, c.b) != c.same {
			t.Errorf("%q and %q", c.a, c.b)
		}
	}
	for uri, want := range map[string]string{"tel:+4912345": "+4912345", "tel:+4912345;phone-context=x": "+4912345", "sip:1002@h": "1002", "sip:h.test": "h.test", "sips:a:b@h": "a"} { // WR-11
		var u sip.Uri
		if err := readURI(uri, &u); err != nil {
			t.Fatal(err)
		}
		if got := Number(u); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}

// FuzzRead: any octets give a message or an error, the message can be written, and reading what was written gives the same.
func FuzzRead(f *testing.F) {
	f.Add([]byte(withHead(inviteLine, "")))
	f.Add([]byte(withHead(okLine, "Contact: sip:1001@192.0.2.5;expires=60, \"a\\\" b\" <sip:1001@127.0.0.21:5070>;expires=60")))
	f.Add([]byte(withHead("sip/2.0 180", "Via : SIP / 2.0 / UDP [2001:db8::1] : 5060 ; branch = \"q;\"")))
	f.Add([]byte(withHead(inviteLine, "Content-Length:\r\n 3") + "abc"))
	f.Add([]byte("BYE tel:+49;x=y SIP/2.0\r\nf:\r\n <sip:%31@h>\r\n\tmore\r\nno colon\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := string(raw)
		m, err := Read(raw)
		if string(raw) != before {
			t.Fatal("the octets were changed")
		}
		if err != nil {
			if m != nil {
				t.Fatal("a message and an error")
			}
			return
		}
		var again *Message
		if m.Request != nil {
			if _, bad := m.Fault("Request-URI"); bad {
				return
			}
			again, err = Read([]byte(m.Request.String()))
		} else {
			again, err = Read([]byte(m.Response.String()))
		}
		if err != nil {
			t.Fatalf("%v: what was read of %q is not read again", err, raw)
		}
		if len(m.Faults) == 0 && len(again.Faults) > 0 {
			t.Fatalf("%q has no fault, and written again %v", raw, again.Faults)
		}
		for _, f := range m.Fields {
			if strings.ContainsAny(Compact(f.Value), "\r\n\x00") || strings.ContainsAny(SetParam(f.Value, "received", "1"), "\r\n") {
				t.Fatalf("a value begins a line: %q", f.Value)
			}
		}
	})
}

// WR-07: Content-Length takes what it says of what is there; one octet more than is there is a fault.
func TestContentLength(t *testing.T) {
	for _, c := range []struct {
		length, body string
		bad          bool
	}{{"5", "hello", false}, {"4", "hell", false}, {"0", "", false}, {"6", "hello", true}, {"x", "hello", true}, {"-1", "hello", true}} {
		m := read(t, "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nContent-Length: "+c.length+"\r\n\r\nhello")
		if _, bad := m.Fault("Content-Length"); bad != c.bad || string(m.Response.Body()) != c.body {
			t.Errorf("%s: fault %v, body %q", c.length, bad, m.Response.Body())
		}
	}
}
