package ladder

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// drawn is a ladder with each kind of row, on the lanes of the phone, two servers and one who is called.
func drawn() Ladder {
	at := time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	after := func(ms int) time.Time { return at.Add(time.Duration(ms) * time.Millisecond) }
	options := []byte("OPTIONS sip:1001@h SIP/2.0\r\n\r\n")
	return Ladder{
		Lanes: []Lane{{Name: "phone", Address: "192.0.2.1"}, {Name: "primary"}, {Name: "backup", Title: "Backup", Dashed: true}, {Name: "peer", Faint: true}},
		Zero:  at,
		Messages: []Message{
			{Time: at, From: "phone", To: "primary", Start: "OPTIONS sip:1001@h SIP/2.0", Raw: options},
			{Time: after(500), From: "phone", To: "primary", Start: "OPTIONS sip:1001@h SIP/2.0", Raw: options},
			{Time: after(7500), From: "phone", To: "backup", Start: "INFO sip:a SIP/2.0", ID: "m3", Link: "/trace?m=3&l=1", Current: true},
			{Time: after(7510), From: "backup", To: "phone", Start: "SIP/2.0 486 Busy Here"},
			{Time: after(7520), From: "backup", To: "peer", Start: "INFO sip:a SIP/2.0", Beside: true},
			{Time: after(7600), From: "primary", To: "phone", Start: "SIP/2.0 200 OK"},
			{Time: after(7700), From: "primary", To: "phone", Label: "ICMP port unreachable", Note: "for INFO"},
		},
		Marks: []Mark{
			{Time: after(7500), Text: "failover", Note: "no response", Change: true, Silent: "primary"},
			{Time: after(7530), Text: "registered", Note: "until noon"},
		},
	}
}

// picture is drawn, line by line: lanes at 22 %, 93 % and evenly between them, rows 28 pixels apart, 32 and 6 for a change, 30 for a silence.
var picture = []string{
	`<text class="k m" x="22.00%" y="14">phone</text><text class="d m wide" x="22.00%" y="29">192.0.2.1</text><line x1="22.00%" x2="22.00%" y1="36" y2="346"/>`,
	`<text class="k m" x="45.67%" y="14">primary</text><text class="d m wide" x="45.67%" y="29"></text><line x1="45.67%" x2="45.67%" y1="36" y2="346"/>`,
	`<text class="k m" x="69.33%" y="14">Backup</text><text class="d m wide" x="69.33%" y="29"></text><line class="b" x1="69.33%" x2="69.33%" y1="36" y2="346"/>`,
	`<text class="k m" x="93.00%" y="14">peer</text><text class="d m wide" x="93.00%" y="29"></text><line class="grid" x1="93.00%" x2="93.00%" y1="36" y2="346"/>`,

	`<g class="msg"><title>+0.000 OPTIONS, phone to primary, 1001</title><rect class="hit" x="0" y="48" width="100%" height="26"/><text class="d" x="2" y="69">+0.000</text>` +
		`<line class="" x1="22.00%" x2="45.67%" y1="68" y2="68"/><svg x="45.67%" y="68" overflow="visible"><path class="l " d="M-7-4 0 0-7 4"/></svg>` +
		`<text class="m" x="33.83%" y="63"><tspan class="k">OPTIONS</tspan><tspan class="wide d"> 1001</tspan></text></g>`,
	`<g class="msg re"><title>+0.500 OPTIONS, phone to primary, again (1)</title><rect class="hit" x="0" y="76" width="100%" height="26"/><text class="d" x="2" y="97">+0.500</text>` +
		`<line class="" x1="22.00%" x2="45.67%" y1="96" y2="96"/><svg x="45.67%" y="96" overflow="visible"><path class="l " d="M-7-4 0 0-7 4"/></svg>` +
		`<text class="m" x="33.83%" y="91"><tspan class="k">OPTIONS</tspan><tspan class="wide d"> again (1)</tspan></text></g>`,

	`<text class="d" x="2" y="117">7.000 s</text><line class="grid" x1="22.00%" x2="100%" y1="113" y2="113" stroke-dasharray="1 5"/>`,

	`<rect class="b" x="0" y="138" width="100%" height="24"/><text class="inv k" x="4" y="154">+7.500</text><text class="inv k" x="23.50%" y="154">failover<tspan class="wide"> · no response</tspan></text>` +
		`<line x1="50.67%" x2="50.67%" y1="68" y2="138" class="b whole"/><svg x="50.67%" y="68" overflow="visible"><path class="l b" d="M-4 7 0 0 4 7M-6 0H6"/></svg>` +
		`<svg x="50.67%" y="138" overflow="visible"><path class="l b" d="M-4-7 0 0 4-7M-6 0H6"/></svg><text class="k m" x="50.67%" y="107">7.500 s</text>`,

	`<a id="m3" aria-current="true" href="/trace?m=3&amp;l=1" data-swap="" class="msg"><title>+7.500 INFO, phone to Backup</title><rect class="hit" x="0" y="172" width="100%" height="26"/><text class="d" x="2" y="193">+7.500</text>` +
		`<line class="b" x1="22.00%" x2="69.33%" y1="192" y2="192"/><svg x="69.33%" y="192" overflow="visible"><path class="l b" d="M-7-4 0 0-7 4"/></svg>` +
		`<text class="m" x="57.50%" y="187"><tspan class="k">INFO</tspan></text></a>`,
	`<g class="msg"><title>+7.510 486 Busy Here, Backup to phone</title><rect class="hit" x="0" y="200" width="100%" height="26"/><text class="d" x="2" y="221">+7.510</text>` +
		`<line class="b" x1="69.33%" x2="22.00%" y1="220" y2="220"/><svg x="22.00%" y="220" overflow="visible"><path class="l b" d="M7-4 0 0 7 4"/></svg>` +
		`<text class="m" x="57.50%" y="215"><tspan class="k">486<tspan class="wide"> Busy Here</tspan></tspan></text></g>`,
	`<g class="msg lab"><title>+7.520 INFO, Backup to peer</title><rect class="hit" x="0" y="228" width="100%" height="26"/><text class="d" x="2" y="249">+7.520</text>` +
		`<line class="b" x1="69.33%" x2="93.00%" y1="248" y2="248"/><svg x="93.00%" y="248" overflow="visible"><path class="l b" d="M-7-4 0 0-7 4"/></svg>` +
		`<text class="m" x="81.17%" y="243"><tspan class="k">INFO</tspan></text></g>`,

	`<text class="d" x="2" y="276">+7.530</text><svg x="22.00%" y="272" overflow="visible"><path class="b" d="M-5 0 0-5 5 0 0 5Z"/></svg><text x="23.50%" y="276">registered<tspan class="wide d"> until noon</tspan></text>`,

	`<g class="msg"><title>+7.600 200 OK, primary to phone</title><rect class="hit" x="0" y="284" width="100%" height="26"/><text class="d" x="2" y="305">+7.600</text>` +
		`<line class="" x1="45.67%" x2="22.00%" y1="304" y2="304"/><svg x="22.00%" y="304" overflow="visible"><path class="l " d="M7-4 0 0 7 4"/></svg>` +
		`<text class="m" x="33.83%" y="299"><tspan class="k">200 OK</tspan></text></g>`,
	`<g class="msg net"><title>+7.700 ICMP port unreachable, primary to phone, for INFO</title><rect class="hit" x="0" y="312" width="100%" height="26"/><text class="d" x="2" y="333">+7.700</text>` +
		`<line class="" x1="45.67%" x2="22.00%" y1="332" y2="332"/><svg x="22.00%" y="332" overflow="visible"><path class="l " d="M7-4 0 0 7 4"/></svg>` +
		`<text class="m" x="33.83%" y="327"><tspan class="k">ICMP port unreachable</tspan><tspan class="wide d"> for INFO</tspan></text></g>`,
	`</svg>`,
}

// The drawing, line by line, in a page and as a file.
func TestDrawing(t *testing.T) {
	lines := func(drawing []byte, head string) []string {
		rest, ok := strings.CutPrefix(string(drawing), head)
		if !ok {
			t.Errorf("the drawing begins with %.300s, want %s", drawing, head)
		}
		return slices.DeleteFunc(strings.Split(rest, "\n"), func(s string) bool { return s == "" })
	}
	for name, got := range map[string][]string{
		"in a page": lines(drawn().Inline(), `<svg class="draw" height="350" role="group" aria-label="SIP messages">`),
		"as a file": lines(drawn().File(), `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="350" viewBox="0 0 900 350"><title>SIP messages</title><style>`+Style+
			`</style><rect class="paper" width="100%" height="100%"/>`),
	} {
		for i, want := range picture {
			if i >= len(got) || got[i] != want {
				t.Errorf("%s, line %d of %d:\n%s\nwant\n%s", name, i+1, len(got), strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), want)
			}
		}
		if len(got) > len(picture) {
			t.Errorf("%s: more than wanted: %s", name, got[len(picture):])
		}
	}
}

// Without a zero the times are those of day, whose hour narrow screens go without; a silence is as long as is said; and of the last lane the
// length of the wait stands on the inner side. A phone alone stands where it always does.
func TestDrawingOfTwo(t *testing.T) {
	at := time.Date(2026, 3, 12, 9, 59, 58, 0, time.Local)
	l := Ladder{
		Title: "A < B", Silence: 10 * time.Second,
		Lanes:    []Lane{{Name: "phone"}, {Name: "primary"}},
		Messages: []Message{{Time: at, From: "phone", To: "primary", Start: "INFO sip:a SIP/2.0"}, {Time: at.Add(20 * time.Second), From: "phone", To: "phone", Start: "BYE"}},
		Marks:    []Mark{{Time: at.Add(9999 * time.Millisecond), Text: "failover", Change: true, Silent: "primary"}, {Time: at.Add(19999 * time.Millisecond), Text: "dialled"}},
	}
	got := string(l.Inline())
	for _, want := range []string{
		`<svg class="draw" height="182" role="group" aria-label="A &lt; B">`,
		`<line x1="93.00%" x2="93.00%" y1="36" y2="178"/>`,
		`<text class="d" x="2" y="69"><tspan class="wide">09:</tspan>59:58.000</text>`, `<text class="m" x="57.50%" y="63">`,
		`<line x1="88.00%" x2="88.00%" y1="68" y2="80" class="b whole"/>`, `<text class="k m" x="88.00%" y="78">9.999 s</text>`,
		`<text class="d" x="2" y="127">10.000 s</text>`, `<text class="d" x="2" y="164"><tspan class="wide">10:</tspan>00:17.999</text>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "stroke-dasharray"); n != 1 || strings.Contains(got, "BYE") {
		t.Errorf("%d silences in\n%s", n, got)
	}
	if alone := string(Ladder{Lanes: lanes[:1]}.Inline()); !strings.Contains(alone, `<line x1="22.00%" x2="22.00%" y1="36" y2="54"/>`) {
		t.Errorf("the phone alone: %s", alone)
	}
}

// The wait for a silent server goes from the first send of the request that was given up to the first message to another server.
func TestWaitIsOfOneRequest(t *testing.T) {
	at := time.Unix(0, 0).UTC()
	after := func(s int) time.Time { return at.Add(time.Duration(s) * time.Second) }
	send := func(s int, to, what string) Message {
		return Message{Time: after(s), From: "phone", To: to, Start: what + " sip:a SIP/2.0", Raw: []byte(what)}
	}
	for _, c := range []struct {
		name     string
		messages []Message
		want     string // empty: none
	}{
		{"an earlier request", []Message{send(0, "primary", "OPTIONS"), send(3, "primary", "REGISTER"), send(4, "primary", "REGISTER")}, "7.000 s"},
		{"others in between", []Message{send(2, "primary", "REGISTER"), send(3, "peer", "INFO"), send(4, "primary", "REGISTER")}, "1.000 s"},
		{"a message of the peer to the silent server", []Message{send(2, "primary", "REGISTER"), {Time: after(3), From: "peer", To: "primary", Start: "BYE sip:a SIP/2.0", Raw: []byte("BYE")}}, "8.000 s"},
		{"nothing was sent", []Message{send(2, "backup", "REGISTER")}, ""},
		{"answered", []Message{send(2, "primary", "REGISTER"), {Time: after(5), From: "primary", To: "phone", Start: "SIP/2.0 503 Service Unavailable"}}, ""},
	} {
		l := Ladder{Lanes: lanes, Zero: at, Silence: time.Hour, Messages: c.messages, Marks: []Mark{{Time: after(10), Text: "failover", Change: true, Silent: "primary"}}}
		got := slices.DeleteFunc(texts(t, l.File()), func(s string) bool { return !strings.HasSuffix(s, " s") })
		if want := slices.DeleteFunc([]string{c.want}, func(s string) bool { return s == "" }); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

// A field that comes twice counts once, also where the second is folded; a folded value is bounded.
func TestHeader(t *testing.T) {
	for raw, want := range map[string]string{
		"Expires: 1\r\nExpires: 2\r\n 3\r\n\r\n":                        "1",
		"Expires: 1\r\n 2\r\n\t3 \r\n\r\n":                              "1 2 3",
		"no field\r\n 4\r\nExpires : 1\r\n\r\n":                         "1",
		"Expires: 1\r\nno field\r\n 4\r\n\r\n":                          "1",
		" 4\r\nExpires: 1":                                              "1",
		"Subject: 1\r\n\r\nExpires: 1\r\n":                              "",
		"Expires: " + strings.Repeat("5", 255) + "\r\n 6\r\n 7\r\n\r\n": strings.Repeat("5", 255) + " 6",
		"Expires: " + strings.Repeat("5", 256) + "\r\n 6\r\n\r\n":       strings.Repeat("5", 256),
	} {
		if got := Header([]byte(raw), "expires"); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// What is said of a request and of a response.
func TestNotes(t *testing.T) {
	for _, c := range [][4]string{
		{"INVITE sip:1002@h SIP/2.0", "CSeq: 1 INVITE\r\nProxy-Authorization: Digest\r\nContent-Type: Application/SDP\r\n\r\nv=0", "INVITE", "1002, credentials, SDP"},
		{"INVITE sip:1002@h SIP/2.0", "Authorization: Digest\r\nContent-Type: application/sdp\r\n\r\n", "INVITE", "1002, credentials"},
		{"INVITE sip:1002@h SIP/2.0", "Content-Type: text/plain\r\n\r\nv=0", "INVITE", "1002"},
		{"BYE sip:1002@h SIP/2.0", "Expires: 0\r\n\r\n", "BYE", "1002"}, {"CANCEL sip:1002@h SIP/2.0", "\r\n", "CANCEL", "1002"}, {"ACK sip:1002@h SIP/2.0", "\r\n", "ACK", "1002"},
		{"NOTIFY sip:1002@h SIP/2.0", "\r\n", "NOTIFY", ""}, {"REGISTER sip:h SIP/2.0", "Expires: 0\r\nCSeq: 3 REGISTER\r\n\r\n", "REGISTER", "expires 0, CSeq 3"},
		{"REGISTER sip:h SIP/2.0", "Expires: 5\r\n\r\n", "REGISTER", ""}, {"BYE", "\r\n", "BYE", ""},
		{"SIP/2.0 200 OK", "CSeq: 3 REGISTER\r\nExpires: 60\r\n\r\n", "200 OK", "REGISTER, expires 60"}, {"SIP/2.0 200 OK", "CSeq: 3 REGISTER\r\n\r\n", "200 OK", "REGISTER"},
		{"SIP/2.0 200 OK", "CSeq: 3 INVITE\r\nExpires: 60\r\nc: application/sdp\r\n\r\nv=0", "200 OK", "INVITE, SDP"},
		{"SIP/2.0 503 Service Unavailable", "CSeq: 3 REGISTER\r\nExpires: 60\r\nRetry-After: 10\r\n\r\n", "503 Service Unavailable", "REGISTER, retry after 10"},
		{"SIP/2.0 408 Request Timeout", "\r\n", "408 Request Timeout", ""},
	} {
		if label, note := What(c[0], []byte(c[0]+"\r\n"+c[1])); label != c[2] || note != c[3] {
			t.Errorf("%q: %q, %q, want %q, %q", c[:2], label, note, c[2], c[3])
		}
	}
	for start, want := range map[string]string{"BYE sip:a SIP/2.0": "BYE", "SIP/2.0 200 OK": ""} {
		if got := Method(start, []byte(start+"\r\nCSeq: 1 BYE BYE\r\n\r\n")); got != want {
			t.Errorf("%s: method %q, want %q", start, got, want)
		}
	}
}
