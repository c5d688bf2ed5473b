package ladder

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// texts reads a drawing as XML and returns its texts.
func texts(t testing.TB, drawing []byte) (found []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(drawing)))
	for in := ""; ; {
		token, err := d.Token()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, drawing)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); (in == "text" || in == "tspan") && text != "" {
				found = append(found, text)
			}
		}
	}
}

var lanes = []Lane{{Name: "phone", Address: "127.0.0.1:5070"}, {Name: "primary"}, {Name: "backup", Title: "Backup", Dashed: true}, {Name: "peer", Address: "1002", Faint: true}}

// story is a silent primary, a failover, and a call that only a server sees the end of.
func story(at time.Time) Ladder {
	after := func(ms int) time.Time { return at.Add(time.Duration(ms) * time.Millisecond) }
	register := []byte("REGISTER sip:a SIP/2.0\r\nCSeq: 1 REGISTER\r\nExpires: 3600\r\n\r\n")
	return Ladder{
		Lanes: lanes,
		Zero:  at,
		Messages: []Message{
			{Time: at, From: "phone", To: "primary", Start: "REGISTER sip:a SIP/2.0", Raw: register},
			{Time: after(500), From: "phone", To: "primary", Start: "REGISTER sip:a SIP/2.0", Raw: register},
			{Time: after(1500), From: "phone", To: "primary", Start: "REGISTER sip:a SIP/2.0", Raw: register},
			{Time: after(7500), From: "phone", To: "backup", Start: "REGISTER sip:b SIP/2.0", Raw: []byte("REGISTER sip:b SIP/2.0\r\nCSeq: 2 REGISTER\r\nAuthorization: Digest\r\n\r\n"), ID: "m4", Link: "/trace?message=4&line=1", Current: true},
			{Time: after(7503), From: "backup", To: "phone", Start: "SIP/2.0 200 OK", Raw: []byte("SIP/2.0 200 OK\r\nCSeq: 2 REGISTER\r\nExpires: 1800\r\n\r\n")},
			{Time: after(7504), From: "backup", To: "peer", Start: "INVITE sip:1002@c SIP/2.0", Raw: []byte("INVITE sip:1002@c SIP/2.0\r\nc: application/sdp\r\n\r\nv=0\r\n"), Beside: true},
			{Time: after(7505), From: "phone", To: "nobody", Start: "OPTIONS sip:n SIP/2.0"},
		},
		Marks: []Mark{
			{Time: after(7500), Text: "failover to backup", Note: "no response", Change: true, Silent: "primary"},
			{Time: after(7503), Text: "registered", Note: "until noon"},
		},
	}
}

func TestLadder(t *testing.T) {
	got := texts(t, story(time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)).File())
	want := []string{
		"phone", "127.0.0.1:5070", "primary", "Backup", "peer", "1002",
		"+0.000", "REGISTER", "CSeq 1",
		"+0.500", "REGISTER", "again (1)",
		"1.000 s", "+1.500", "REGISTER", "again (2)",
		"6.000 s", "+7.500", "failover to backup", "· no response", "7.500 s",
		"+7.500", "REGISTER", "CSeq 2, credentials",
		"+7.503", "200 OK", "REGISTER, expires 1800",
		"+7.503", "registered", "until noon",
		"+7.504", "INVITE", "1002, SDP",
	}
	if !slices.Equal(got, want) {
		t.Errorf("drawn\n%q, want\n%q", got, want)
	}
}

func TestInline(t *testing.T) {
	got := string(story(time.Now()).Inline())
	texts(t, []byte(got))
	for _, want := range []string{`<a id="m4" aria-current="true" href="/trace?message=4&amp;line=1" data-swap=""`, `class="msg re"`, `class="msg lab"`,
		`<title>+7.500 REGISTER, phone to Backup, CSeq 2, credentials</title>`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if strings.Contains(got, "style") {
		t.Error("a page's policy allows no style within it")
	}
}

func TestLadderEmpty(t *testing.T) {
	if got := texts(t, Ladder{Lanes: lanes[:1]}.File()); !slices.Equal(got, []string{"phone", "127.0.0.1:5070"}) {
		t.Errorf("%q", got)
	}
	texts(t, Ladder{Marks: []Mark{{Change: true, Silent: "x"}}}.Inline()) // not even a phone
}

// Where the phone turned to another server before it said so, the wait ends there.
func TestTurned(t *testing.T) {
	at := time.Unix(0, 0).UTC()
	l := story(at)
	l.Marks[0].Time = at.Add(9 * time.Second)
	if got := texts(t, l.File()); !slices.Contains(got, "7.500 s") || slices.Contains(got, "9.000 s") {
		t.Errorf("%q", got)
	}
}

// What is no SIP message is drawn as that, with its size (WR-10); of one that could not be read, or not all of it, the note says so.
func TestUnreadable(t *testing.T) {
	at := time.Unix(0, 0).UTC()
	l := Ladder{Lanes: lanes, Zero: at, Messages: []Message{
		{Time: at, From: "primary", To: "phone", Raw: []byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl"), Fault: "no SIP message"},
		{Time: at, From: "primary", To: "phone", Fault: "no SIP message"},
		{Time: at, From: "primary", To: "phone", Start: "OPTIONS sip:1001@127.0.0.1 SIP/2.0", Raw: []byte("OPTIONS"), Fault: "no Via"},
		{Time: at, From: "primary", To: "phone", Start: "SIP/2.0 200 " + strings.Repeat("O", 60000), Raw: []byte("x"), Fault: strings.Repeat("f", 60000)},
	}}
	got := texts(t, l.File())[6:]
	want := []string{"+0.000", "no SIP", "20 octets", "+0.000", "no SIP", "0 octets", "+0.000", "OPTIONS", "no Via",
		"+0.000", "200", strings.Repeat("O", 27) + "…", strings.Repeat("f", 27) + "…"}
	if !slices.Equal(got, want) {
		t.Errorf("drawn\n%q, want\n%q", got, want)
	}
	l.Words.NoSIP, l.Words.Octets = "SIP以外", "%dバイト"
	for _, want := range []string{"<title>+0.000 SIP以外, primary to phone, 20バイト</title>", "<title>+0.000 OPTIONS, primary to phone, no Via</title>"} {
		if !strings.Contains(string(l.Inline()), want) {
			t.Errorf("%s is not in %s", want, l.Inline())
		}
	}
	if n := len(l.File()); n > 10000 {
		t.Errorf("the drawing has %d octets", n)
	}
}

// What is said of a message is found however its lines end and wherever they are folded.
func TestWhat(t *testing.T) {
	for raw, want := range map[string]string{
		"Expires: 0\r\nCSeq: 7 REGISTER\r\n\r\n":                                 "expires 0, CSeq 7",
		"Expires: 0\nCSeq:\n 7\n REGISTER\n\nExpires: 9\n":                       "expires 0, CSeq 7",
		"CSeq: 7 REGISTER\r\nc: application/sdp\r\n\r\nv=0":                      "CSeq 7, SDP",
		"CSeq: 7 REGISTER\r\nCSeq: 8 REGISTER\r\n\r\nAuthorization: of the body": "CSeq 7",
	} {
		if label, note := What("REGISTER sip:a SIP/2.0", []byte("REGISTER sip:a SIP/2.0\r\n"+raw)); label != "REGISTER" || note != want {
			t.Errorf("%q: %q, %q, want %q", raw, label, note, want)
		}
	}
	if got := Method("SIP/2.0 200 OK", []byte("SIP/2.0 200 OK\nCSeq: 1\n\tBYE\n\n")); got != "BYE" {
		t.Errorf("method %q", got)
	}
}

// The wait is measured from the first send of the request that was given up, and not at all where there was an answer.
func TestWaited(t *testing.T) {
	at := time.Unix(0, 0).UTC()
	l := story(at)
	l.Messages = slices.Insert(l.Messages, 2, Message{Time: at.Add(time.Second), From: "primary", To: "phone", Start: "SIP/2.0 100 Trying"})
	if got := texts(t, l.File()); slices.Contains(got, "7.500 s") || !slices.Contains(got, "6.000 s") {
		t.Errorf("an answer in between: %q", got)
	}
	l.Messages = l.Messages[:3]
	if got := texts(t, l.File()); slices.Contains(got, "7.500 s") {
		t.Errorf("answered last: %q", got)
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		7500 * time.Millisecond:                       "7.500 s",
		59999*time.Millisecond + 600*time.Microsecond: "1 min 0 s",
		156 * time.Second:                             "2 min 36 s",
		25*time.Hour + time.Minute:                    "25 h 1 min",
	} {
		if got := length(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// Whatever comes from the network, the drawing is XML.
func FuzzLadder(f *testing.F) {
	f.Add("INVITE sip:1002@127.0.0.2 SIP/2.0", "CSeq: 1 INVITE\r\n\r\nv=0", "primary", int64(0))
	f.Add("SIP/2.0 200 \"><&\x00\xff\ufffe", "Retry-After: </svg>", "", int64(90*time.Second))
	f.Fuzz(func(t *testing.T, start, rest, name string, gap int64) {
		at := time.Unix(0, 0)
		raw := []byte(fmt.Sprintf("%s\r\n%s", start, rest))
		l := Ladder{
			Title: rest,
			Lanes: []Lane{{Name: "phone", Title: start, Address: rest}, {Name: name, Dashed: true}},
			Messages: []Message{
				{Time: at, From: "phone", To: name, Start: start, Raw: raw, ID: rest, Link: start, Fault: name},
				{Time: at, From: "phone", To: name, Raw: raw, Fault: rest},
				{Time: at.Add(time.Duration(gap)), From: name, To: "phone", Start: start, Raw: raw},
			},
			Marks: []Mark{{Time: at.Add(time.Duration(gap / 2)), Text: start, Note: rest, Change: gap%2 == 0, Silent: name}},
		}
		texts(t, l.File())
		texts(t, l.Inline())
	})
}

// BE-02: octets that are no text are drawn as such, and differ from each other and from U+FFFD.
func TestVisible(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "ラ é \r\n\t": "ラ é \r\n\t", "\xff\xfe": `\xFF\xFE`, "\ufffd": "\ufffd", "a\x00\x1b\x7fb": `a\x00\x1B\x7Fb`, "\u0085\ufffe": `\xC2\x85\xEF\xBF\xBE`, "\xe3\x83": `\xE3\x83`,
	} {
		if got := Visible(s); got != want || Visible(got) != got {
			t.Errorf("%q is shown as %s, want %s", s, got, want)
		}
	}
	at := time.Unix(0, 0).UTC()
	l := Ladder{Lanes: lanes, Zero: at, Messages: []Message{{Time: at, From: "primary", To: "phone", Start: "SIP/2.0 200 \xff<\x00>", Raw: []byte("SIP/2.0 200 \xff<\x00>\r\n\r\n")}}}
	if got := texts(t, l.File()); !slices.Contains(got, `\xFF<\x00>`) {
		t.Errorf("drawn as %q", got)
	}
}
