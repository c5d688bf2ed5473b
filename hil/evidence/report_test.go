package evidence

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFiles: the folder has the files it is to have, and no other.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	tell(t, dir, nil)
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name())
	}
	want := []string{ConsoleFile, EventsFile, WavesFile, JUnitFile, ReportFile, SettingsFile, CaptureFile}
	if slices.Sort(want); !slices.Equal(names, want) {
		t.Errorf("the folder holds %v, want %v", names, want)
	}
	for _, name := range names {
		text := contents(t, dir, name)
		if text == "" {
			t.Errorf("%s is empty", name)
		}
		for _, secret := range []string{"tok3n", `"abcd"`, `"secret"`} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %s", name, secret)
			}
		}
	}
}

// TestReport: what is to be seen is there, and hostile text is only text.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	tell(t, dir, nil)
	page := contents(t, dir, ReportFile)
	for _, want := range []string{
		"<title>Silent primary: failed", "lamp line1 was off, expected on &lt;script&gt;", "silent-primary.scenario:8", "FO-20, FO-31",
		`<td class="num">7.501</td>`, "expect sip INVITE to backup at 7.5s", "to backup: REGISTER sip:127.0.0.3 SIP/2.0", "±0.180 ms", `<a href="#e`,
		`class="hatch"`, "lamp line1: off at 0.000, slow at 0.640, on at 8.14", "Version of phone",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(page, "<script>alert") || strings.Count(page, "<script>") != 1 {
		t.Error("a script has come in with the evidence")
	}
	for _, outside := range []string{"<link", "<img", "<iframe", "src=", "@import", "http://www.", "https://"} {
		if strings.Contains(page, outside) {
			t.Errorf("the report wants something from elsewhere: %s", outside)
		}
	}
	if begun, ended := strings.Count(page, "<svg"), strings.Count(page, "</svg>"); begun != ended || begun != 30 { // a label of the timeline has no room (UX-25)
		t.Errorf("%d drawings begin, %d end", begun, ended)
	}
}

func wellFormed(text string) error {
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// TestEveryEntryCanBeFiltered: the style sheet has a rule for each kind and each place, as filtering has to work without script.
func TestEveryEntryCanBeFiltered(t *testing.T) {
	p, err := newPage()
	if err != nil {
		t.Fatal(err)
	}
	if len(kinds) != 9 || len(places) != 7 {
		t.Errorf("%d kinds, %d places", len(kinds), len(places))
	}
	for _, k := range kinds {
		if rule := ".entries:has(#k-" + k.Name + ":not(:checked)) tr.k-" + k.Name; !strings.Contains(string(p.Style), rule) {
			t.Errorf("no rule %s", rule)
		}
	}
	for _, place := range places {
		if rule := ".entries:has(#f-" + place + ":not(:checked)) tr.f-" + place; !strings.Contains(string(p.Style), rule) {
			t.Errorf("no rule %s", rule)
		}
	}
	dir := t.TempDir()
	tell(t, dir, nil)
	page, all := contents(t, dir, ReportFile), entries(t, dir)
	if n := strings.Count(page, `<tr id="e`); n != len(all) || n != 45 {
		t.Errorf("%d entries in the report, %d in %s", n, len(all), EventsFile)
	}
}

// TestReportOfLittle: a run that ended before it began has a report too.
func TestReportOfLittle(t *testing.T) {
	f, dir := create(t)
	if err := f.Finish(Run{Name: "empty", Verdict: NotRun, Cause: "the place has no rig"}); err != nil {
		t.Fatal(err)
	}
	if page := contents(t, dir, ReportFile); !strings.Contains(page, "the place has no rig") || !strings.Contains(page, "No SIP message was seen") {
		t.Error(page)
	}
	if settings := contents(t, dir, SettingsFile); settings != "{}\n" {
		t.Errorf("settings %q", settings)
	}
}

// TestReportOfDamage: a last line that was cut short is left out, all else is shown.
func TestReportOfDamage(t *testing.T) {
	f, dir := create(t)
	f.Entry(Entry{Kind: NoteKind, Text: "whole"})
	if err := f.flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.events.WriteString("{\"at_us\":12,\"ki\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Finish(Run{Name: "cut"}); err != nil {
		t.Fatal(err)
	}
	if page := contents(t, dir, ReportFile); !strings.Contains(page, "All 2 entries") || !strings.Contains(page, "whole") {
		t.Error(page)
	}
}

// TestWireTellsAMessageOnce: what two have seen is one message, in the drawing and in the capture file; what was sent again is there again.
func TestWireTellsAMessageOnce(t *testing.T) {
	const phone, primary, peer = "127.0.0.1:5070", "127.0.0.2:5060", "127.0.0.4:5060"
	of := func(seen, slot, local, remote, raw string, out bool) Message {
		return Message{Seen: seen, Slot: slot, Local: local, Remote: remote, Out: out, Raw: []byte(raw)}
	}
	messages := []Message{
		of(FromPhone, "primary", phone, primary, "A", true),
		of(FromPrimary, "", primary, phone, "A", false), // twice
		of(FromPhone, "primary", phone, primary, "A", true),
		of(FromPrimary, "", primary, phone, "A", false), // twice
		of(FromPrimary, "", primary, peer, "B", true),
		of(FromPeer, "", peer, primary, "B", false), // twice
		of(FromPrimary, "", primary, phone, "C", true),
		of(FromPhone, "primary", phone, primary, "C", false), // the phone's word counts, although it is later
		of(FromPrimary, "", primary, phone, "D", true),       // lost on the way
		of(FromPhone, "", phone, "127.0.0.9:5060", "E", false),
	}
	w := newWire(messages)
	if want := []bool{false, true, false, true, false, true, true, false, false, false}; !slices.Equal(w.twice, want) {
		t.Errorf("told twice: %v, want %v", w.twice, want)
	}
	for i, want := range [][2]string{{"phone", "primary"}, {"phone", "primary"}, {}, {}, {"primary", "peer"}, {"primary", "peer"}, {"primary", "phone"}, {"primary", "phone"}, {}, {"other", "phone"}} {
		if from, to := w.ends(messages[i]); want[0] != "" && (from != want[0] || to != want[1]) {
			t.Errorf("message %d goes from %s to %s, want %v", i, from, to, want)
		}
	}
}

// OP-11: a lane is headed by the outbound proxy that stands for its server, and an entry says so.
func TestProxyInEvidence(t *testing.T) {
	messages := []Message{
		{Seen: FromPhone, Out: true, Slot: "primary", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", Raw: []byte("A")},
		{Seen: FromPhone, Out: true, Slot: "primary", Proxy: true, Local: "127.0.0.1:5070", Remote: "127.0.0.7:5060", Start: "BYE sip:x SIP/2.0", Raw: []byte("B")},
	}
	w := newWire(messages)
	if got := w.address("primary"); got != "proxy 127.0.0.7:5060" {
		t.Errorf("the lane is headed %q", got)
	}
	if got := w.address("phone"); got != "127.0.0.1:5070" {
		t.Errorf("the phone's lane is headed %q", got)
	}
	text, err := json.Marshal(messages[1])
	if err != nil || !strings.Contains(string(text), `"slot":"primary","proxy":true`) {
		t.Errorf("%s %v", text, err)
	}
	r := entryRow{Entry: Entry{Data: text}}
	if r.message(map[string]int{}); r.Text != "to primary's proxy: BYE sip:x SIP/2.0" {
		t.Errorf("the entry reads %q", r.Text)
	}
}

// TestLongLadder: of many messages those are drawn that led to the first cause.
func TestLongLadder(t *testing.T) {
	var all []Entry
	for i := range 3 * maxDrawn {
		all = append(all, Message{At: time.Duration(i) * second, Seen: FromPhone, Out: true, Slot: "primary", Local: "a:1", Remote: "b:1", Start: "OPTIONS sip:a SIP/2.0"}.entry())
	}
	drawing, note := drawLadder(Run{Steps: []Step{{Verdict: Failed, Ended: 1000 * second}}}, all)
	if n := strings.Count(string(drawing), "<a "); n != maxDrawn || !strings.Contains(note, "600 of 1800 messages are drawn, from number 403 on") {
		t.Errorf("%d drawn; %s", n, note)
	}
	if !strings.Contains(string(drawing), `#e1002"`) || strings.Contains(string(drawing), `#e1003"`) {
		t.Error("the drawing does not end a moment after the cause")
	}
	if _, note := drawLadder(Run{}, all); !strings.Contains(note, "from number 1 on") {
		t.Error(note)
	}
	if _, note := drawLadder(Run{Steps: []Step{{Verdict: Failed, Ended: 3000 * second}}}, all); !strings.Contains(note, "from number 1201 on") {
		t.Error(note)
	}
}

func TestGrouped(t *testing.T) {
	if got, want := grouped([]string{"hook", "lamp line10", "lamp line2", "lamp message", "ringer"}), "hook; lamp line2, line10, message; ringer"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLevelsByOtherWords: what a run tells of servers and lines is drawn as levels, and a line from the beginning on.
func TestLevelsByOtherWords(t *testing.T) {
	all := []Entry{
		{At: 1 * second, Kind: ServerKind, From: FromPrimary, Text: "server primary status 503"},
		{At: 3 * second, Kind: EventKind, Data: json.RawMessage(`{"type":"line_state","line":1,"data":{"phase":"try_backup","from":"on_primary"}}`)},
		{At: 2 * second, Kind: EventKind, Data: json.RawMessage(`{"type":"line_state","line":2,"data":{"phase":"on_backup","from":""}}`)},
		{At: 4 * second, Kind: EventKind, Data: json.RawMessage(`{"type":"line_state","line":1,"data":{"phase":"on_backup","from":"try_backup"}}`)},
	}
	var got []string
	levels, _, _ := levelsOf(all)
	for _, l := range levels {
		got = append(got, fmt.Sprintf("%g %s %s", l.At.Seconds(), l.Name, l.Value))
	}
	if want := "0 line 1 primary|1 server primary status 503|2 line 2 backup|3 line 1 trying|4 line 1 backup"; strings.Join(got, "|") != want {
		t.Errorf("levels %v, want %s", got, want)
	}
	all = append(all, Level{Name: "line 1", Value: "x"}.entry())
	if levels, _, _ := levelsOf(all); len(levels) != 3 {
		t.Errorf("what a level says is told twice: %v", levels)
	}
}

func TestTicks(t *testing.T) {
	for length, want := range map[time.Duration]string{ms: "0 0.0001 ", 12 * second: "0 2 4 6 8 10 12", time.Hour: "0 500 1000 1500 2000 2500 3000 3500", 7500 * ms: "0 1 2 3 4 5 6 7"} {
		var got []string
		for _, k := range (scale{length}).ticks() {
			got = append(got, k.Label)
		}
		if text := strings.Join(got, " "); !strings.HasPrefix(text, want) || len(got) > 11 {
			t.Errorf("%v: %s, want %s", length, text, want)
		}
	}
}

// TestWaves: hook, lamps and calls stand in gpio.vcd at their times.
func TestWaves(t *testing.T) {
	dir := t.TempDir()
	tell(t, dir, nil)
	dump := contents(t, dir, WavesFile)
	for _, want := range []string{"$timescale 1 us $end", " hook $end", " key_1 $end", " lamp_line1_slow $end", " call_talking $end", " server_primary_silent $end", "#640000\n"} {
		if !strings.Contains(dump, want) {
			t.Errorf("no %q in\n%s", want, dump)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add("REGISTER sip:a SIP/2.0\r\nAuthorization: Digest response=\"a\"\r\n\r\n", "lamp line1", "on", `{"type":"failover","password":"x"}`, int64(5))
	f.Add("\xff<script>", "key *", hostile, "[1e999]", int64(-7))
	f.Fuzz(func(t *testing.T, raw, name, value, data string, at int64) {
		d := time.Duration(at % int64(time.Hour))
		all := []Entry{Message{At: d, Seen: name, Start: value, Raw: Mask([]byte(raw))}.entry(), Level{At: d, Name: name, Value: value}.entry(),
			{At: d, Kind: EventKind, From: value, Text: raw, Data: withoutSecrets(json.RawMessage(data))}}
		run := Run{Name: name, Source: raw, Cause: value, Started: started, Steps: []Step{{Text: raw, Began: d, Verdict: Failed}}}
		var b bytes.Buffer
		if err := writeReport(&b, run, all); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "<script"); n != 1 {
			t.Errorf("%d scripts", n)
		}
		if err := writeWaves(io.Discard, run, all); err != nil {
			t.Error(err)
		}
		text, err := junit(t.TempDir(), []Run{run})
		if err == nil {
			err = wellFormed(string(text))
		}
		if err != nil {
			t.Error(err)
		}
	})
}
