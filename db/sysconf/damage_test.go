package sysconf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// refused holds that a file is refused with line and column and changes nothing.
func refused(t *testing.T, what string, data []byte) {
	t.Helper()
	f, err := Parse(data)
	if err == nil {
		_, _, err = Factory().Merge(f, false)
	}
	if err == nil {
		t.Errorf("%s: it is taken", what)
	}
	for _, fault := range Faults(err) {
		if fault.At < 1 || fault.Column < 1 {
			t.Errorf("%s: %v has no line and column", what, fault)
		}
	}
}

// IM-03: a file of whatever format that ends early, at any octet, is refused with line and column.
func TestCutAtEveryOctet(t *testing.T) {
	for _, name := range []string{"current.cfg", "legacy.cfg", "cr.cfg", "current.xml", "legacy.xml", "header.xml", "own.json", "utf16.xml"} {
		data, err := os.ReadFile(filepath.Join("testdata", "good", name))
		if err != nil {
			t.Fatal(err)
		}
		end := len(bytes.TrimRight(data, "\r\n\x00"))
		if name == "cr.cfg" {
			data = data[bytes.LastIndex(data, []byte("<AP")):] // as current.cfg before
			data = append([]byte("<<VOIP CONFIG FILE>>Version:2.0000000000\r"), data...)
			end = len(bytes.TrimRight(data, "\r"))
		}
		for i := range end {
			refused(t, fmt.Sprintf("%s, %d octets", name, i), data[:i])
		}
		if _, err := Parse(data[:end]); err != nil {
			t.Errorf("%s without its last end of line: %v", name, err)
		}
	}
}

// IM-03: --partial takes a text file without its end, and of no other format a part.
func TestPartial(t *testing.T) {
	const part = "<<VOIP CONFIG FILE>>Version:2.0000000000\nSIP1 Phone Number:1001\nSIP1 Register Addr:pbx.exam"
	refused(t, "without being asked for", []byte(part))
	f, err := ParsePartial([]byte(part))
	if err != nil || len(f.Entries) != 2 || len(f.Notes) != 1 || f.Notes[0].At != 3 || !strings.Contains(f.Notes[0].Message, "no last line") {
		t.Errorf("%+v, %v", f, err)
	}
	for _, other := range []string{"<sysConf><sip><SIPPort>5060</SIPPort>", `{"lines":{"1":{"phone_number":"1"}}`} {
		if _, err := ParsePartial([]byte(other)); err == nil {
			t.Errorf("%s is taken", other)
		}
	}
}

// Files that are too large in one way or another are refused with line and column.
func TestTooMuch(t *testing.T) {
	const head, end = "<<VOIP CONFIG FILE>>Version:2.0000000000\n", "<<END OF FILE>>\n"
	long, keys, elements, members := strings.Repeat("x", 10<<20), strings.Builder{}, strings.Builder{}, strings.Builder{}
	for i := range 100_000 {
		fmt.Fprintf(&keys, "K%d:\n", i)
		fmt.Fprintf(&elements, "<K%d/>", i)
		fmt.Fprintf(&members, ",\"K%d\":\"\"", i)
	}
	var bomb strings.Builder
	bomb.WriteString("<sysConf>")
	for range 60 {
		bomb.WriteString(`<a b="` + strings.Repeat("&lt;", 10_000) + `">`)
	}
	for what, text := range map[string]string{
		"10 MB in a value of text": head + "SIP1 Display Name:" + long + "\n" + end,
		"10 MB in a value of XML":  `<sysConf><sip><line index="1"><DisplayName>` + long + "</DisplayName></line></sip></sysConf>",
		"10 MB in a value of JSON": `{"lines":{"1":{"display_name":"` + long + `"}}}`,
		"1 MB in a value of text":  head + "SIP1 Display Name:" + long[:1<<20] + "\n" + end,
		"1 MB in a value of XML":   `<sysConf><sip><line index="1"><DisplayName>` + long[:1<<20] + "</DisplayName></line></sip></sysConf>",
		"1 MB in a value of JSON":  `{"lines":{"1":{"display_name":"` + long[:1<<20] + `"}}}`,
		"1 MB in a key":            head + long[:1<<20] + ":1\n" + end,
		"100 000 keys of text":     head + keys.String() + end,
		"100 000 keys of XML":      "<sysConf><a>" + elements.String() + "</a></sysConf>",
		"100 000 keys of JSON":     `{"lines":{"1":{"keys":{` + members.String()[1:] + "}}}}",
		"1 000 000 faults":         head + strings.Repeat("x\n", 1_000_000) + end,
		"an XML bomb":              bomb.String(),
		"much that is kept":        head + strings.Repeat("A:"+long[:8000]+"\n", 10) + strings.ReplaceAll(keys.String()[:160_000], ":", ":"+long[:40]) + end,
	} {
		refused(t, what, []byte(text))
	}
}

// IM-09: in whatever encoding a file is, it is read as the same, with a note, or refused.
func TestEncodings(t *testing.T) {
	const text = "<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<SIP CONFIG MODULE>\r\nSIP1 Display Name:Grün\r\n<<END OF FILE>>\r\n"
	const xml = "<?xml version='1.0' encoding = 'UTF-8'?><sysConf><sip><line index='1'><DisplayName>Grün</DisplayName></line></sip></sysConf>"
	declared := func(name string) string { return strings.Replace(xml, "UTF-8", name, 1) }
	latin := func(s string) string { return strings.ReplaceAll(s, "ü", "\xfc") }
	for what, c := range map[string]struct {
		data string
		note string // a part of it
	}{
		"UTF-8":                         {text, ""},
		"UTF-8 with a mark":             {"\ufeff" + text, ""},
		"CR alone":                      {strings.ReplaceAll(text, "\r\n", "\r"), ""},
		"LF":                            {strings.ReplaceAll(text, "\r\n", "\n"), ""},
		"mixed ends":                    {strings.Replace(text, "\r\n", "\r", 2), ""},
		"empty lines with CR":           {"\r\r" + strings.ReplaceAll(text, "\r\n", "\r\r"), ""},
		"Latin-1":                       {latin(text), "Latin-1"},
		"UTF-16 LE":                     {wide("\ufeff"+text, false), "UTF-16"},
		"UTF-16 BE":                     {wide("\ufeff"+text, true), "UTF-16"},
		"UTF-16 LE without a mark":      {wide(text, false), "UTF-16"},
		"UTF-16 BE without a mark":      {wide(text, true), "UTF-16"},
		"UTF-32 LE":                     {"\xff\xfe\x00\x00" + wider(text), "UTF-32"},
		"XML":                           {xml, ""},
		"XML in Latin-1":                {latin(declared("iso-8859-1")), "iso-8859-1"},
		"XML in Windows-1252":           {latin(declared("Windows-1252")), "Windows-1252"},
		"XML with a mark":               {"\ufeff" + xml, ""},
		"XML in UTF-16":                 {wide("\ufeff"+declared("UTF-16"), false), "UTF-16"},
		"XML in UTF-16, without a mark": {wide(declared("UTF-16"), true), "UTF-16"},
		"XML converted and still UTF-16 by its declaration": {declared("utf-16"), "UTF-8"},
		"XML with CR":            {"<?xml version='1.0'?>\r" + strings.SplitN(xml, "?>", 2)[1], ""},
		"text, then XML Latin-1": {"<<VOIP CONFIG FILE>>Version:2.0000000000\r\n" + latin(declared("latin1")), "latin1"},
		"text, then XML, CR":     {"<<VOIP CONFIG FILE>>Version:2.0000000000\r" + xml, ""},
		"JSON in UTF-16":         {wide(`{"lines":{"1":{"display_name":"Grün"}}}`, false), "UTF-16"},
		"JSON with a mark":       {"\ufeff" + `{"lines":{"1":{"display_name":"Grün"}}}`, ""},
	} {
		f, err := Parse([]byte(c.data))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		n, report, err := Factory().Merge(f, false)
		if err != nil || n.Lines[1].DisplayName != "Grün" {
			t.Errorf("%s: %q, %v", what, n.Lines[1].DisplayName, err)
		}
		if noted := len(report.Notes) == 1 && strings.Contains(report.Notes[0].Message, c.note); len(report.Notes) > 1 || noted != (c.note != "") {
			t.Errorf("%s: %+v", what, report.Notes)
		}
	}
	for what, data := range map[string]string{
		"an odd number of octets": wide("\ufeff"+text, false)[:101], "half a surrogate pair": wide("\ufeff<sysConf>", false) + "\x00\xd8<\x00", "XML that is not its encoding": declared("shift_jis") + "\x81",
		"XML in Latin-1 that declares nothing": strings.SplitN(latin(xml), "?>", 2)[1], "an unknown encoding": declared("klingon"), "no characters": "\x00\x01\x02\xff", "Latin-1 with control characters": text + "SIP1 Register Pswd:\x81",
		"a program": "\x7fELF\x02\x01\x01\x00", "an archive": "PK\x03\x04\x14\x00\x00\x00",
	} {
		refused(t, what, []byte(data))
	}
}

// wide is a text in UTF-16.
func wide(text string, big bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		two := []byte{byte(u), byte(u >> 8)}
		if big {
			slices.Reverse(two)
		}
		b = append(b, two...)
	}
	return string(b)
}

// wider is a text in UTF-32, little endian.
func wider(text string) string {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r), byte(r>>8), byte(r>>16), 0)
	}
	return string(b)
}

// IM-01: in every format an empty value of a number, a switch or a choice, and null of anything, leaves what is set, with one note for all of them.
func TestEmptyValuesAreNotSet(t *testing.T) {
	was := Factory()
	s := was.Lines[2]
	s.RegisterPort, s.FailbackInterval, s.EnableFailback, s.Transport, s.BackupTransport, s.T1, s.AuthPassword = 5070, 60, false, "tcp", "tls", 400, "x"
	was.Lines[2] = s
	was.Device.RemoteControl.Enabled = true
	was.Foreign = []Entry{{Line: 2, Path: "BackupMode", Key: "Backup Mode", Value: "1"}, {Path: "sip.STUNPort", Key: "STUN Port", Module: "SIP CONFIG MODULE", Value: "3479"}}
	var empty []Entry
	for _, e := range was.entries(Text) {
		if e.numeric() {
			e.Value = ""
			empty = append(empty, e)
		}
	}
	if len(empty) != 267 {
		t.Fatalf("%d numbers", len(empty))
	}
	for _, format := range Formats {
		for _, blank := range []string{"", " \t "} {
			for i := range empty {
				empty[i].Value = blank
			}
			got, report := merged(t, was, string(write(format, empty)))
			if len(Changes(was, got)) > 0 || report.Keys < len(empty) || len(report.Notes) != 1 || !strings.Contains(report.Notes[0].Message, fmt.Sprint("so do ", report.Keys-1, " more")) {
				t.Errorf("%s: %d of %d keys, %+v, %+v", format, report.Keys, len(empty), report.Changes, report.Notes)
			}
		}
	}
	got, report := merged(t, was, `{"lines":{"2":{"register_port":null,"transport":null,"enable_failback":null,"auth_password":null,"phone_number":null,"keys":{"Backup Mode":null,"Moon Phase":null}}},
		"device":[{"path":"cti.EnabledActiveUri","value":null},{"path":"sip.STUNPort","value":null}]}`)
	if len(Changes(was, got)) > 0 || report.Keys != 9 || len(report.Notes) != 1 || len(report.Unknown) > 0 {
		t.Errorf("null: %+v", report)
	}
	// What may be empty is emptied.
	s.DisplayName = "Reception"
	was.Lines[2] = s
	if got, _ := merged(t, was, `<sysConf><sip><line index="2"><DisplayName></DisplayName><RegisterPort></RegisterPort></line></sip></sysConf>`); got.Lines[2].DisplayName != "" || got.Lines[2].RegisterPort != 5070 {
		t.Errorf("%+v", got.Lines[2])
	}
}

// IM-02: keys of the same name in sub-lists of one module are different keys, also where the real phones have it outside of them, and come back in order.
func TestSubLists(t *testing.T) {
	const file = "<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<DSSKEY CONFIG MODULE>\r\n--Sidekey Config1--:\r\nFkey1 Type         :2\r\nFkey2 Type         :3\r\n--SoftDss Config-- :\r\nFkey1 Type         :1\r\n--Sidekey Config2--:\r\nFkey1 Type         :4\r\n" +
		"<SIP CONFIG MODULE>\r\nSTUN Port          :1\r\n--A Config1--      :\r\nSTUN Port          :2\r\nFoo                :5\r\n--A Config2--\r\nSTUN Port          :3\r\nFoo                :6\r\n--SIP Line List--  :\r\nSIP1 Phone Number:7\r\nBar                :8\r\n<<END OF FILE>>\r\n"
	c, report := merged(t, Factory(), file)
	if report.Keys != 11 || len(c.Foreign) != 10 || len(report.Notes) > 0 {
		t.Fatalf("%+v\n%+v", report, c.Foreign)
	}
	survives(t, c)
	text := string(c.Export(Text, true))
	for _, want := range []string{
		"<DSSKEY CONFIG MODULE>\r\n--Sidekey Config1--:\r\nFkey1 Type         :2\r\nFkey2 Type         :3\r\n--SoftDss Config-- :\r\nFkey1 Type         :1\r\n--Sidekey Config2--:\r\nFkey1 Type         :4\r\n",
		"STUN Port          :1\r\nBar                :8\r\nSIP  Port          :5060\r\nReg Fail Interval  :32\r\n--A Config1--      :\r\nSTUN Port          :2\r\nFoo                :5\r\n--A Config2--      :\r\nSTUN Port          :3\r\nFoo                :6\r\n--SIP Line List--  :\r\nSIP1 ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, text)
		}
	}
	// Of one list a file changes its own key alone.
	next, report := merged(t, c, "<<VOIP CONFIG FILE>>Version:2.0000000000\n<DSSKEY CONFIG MODULE>\n--SoftDss Config--:\nFkey1 Type:9\n<<END OF FILE>>\n")
	if len(report.Changes) != 1 || report.Changes[0].Old != "1" || !strings.Contains(string(next.Export(Text, true)), "--SoftDss Config-- :\r\nFkey1 Type         :9\r\n") {
		t.Errorf("%+v", report.Changes)
	}
	// Rows and copies of an earlier version have the list beside the path.
	old := Entry{Path: "dsskey.Fkey1Type", Key: "Fkey1 Type", Module: "DSSKEY CONFIG MODULE", List: "--SoftDss Config--", Value: "1"}
	if now := old.Agreed(); now.Path != "dsskey.--SoftDssConfig--.Fkey1Type" || now.Agreed() != now {
		t.Errorf("%+v", now)
	}
}

// IM-13: what is a placeholder and what is not.
func TestPlaceholders(t *testing.T) {
	for _, text := range []string{"{$x}", "a{$account.name|escape}b", "{{x}}", "{{ x.y }}", "http://{{ host }}/", "{% if a %}", "%server%", "%SIP_SERVER%", "sip.%DOMAIN%.example", "${x}", "http://${HOST:-a}/", "#{x}", "<%= x %>",
		"<%x%>", "<?php echo $x ?>", "<?= $x ?>", "[[x1]]", "[[ server.name ]]", "__X__", "__SIP_USER__", "sip.__DOMAIN__.example", "@SERVER@", "{if $x}", "{/foreach}", " %ab% "} {
		if placeholder(text) == "" {
			t.Errorf("%s is none", text)
		}
	}
	for _, text := range []string{"", "%", "100%", "50% off, 20% more", "a%20b", "http://h/a%20b%20c", "http://h/%E3%81%82%E3%82%8B/x", "%C3%A4bc%20d", "http://h/%ABC%20", "%Y%m%d", "%H:%M:%S", "%s%d%5.2f", "{mac}.cfg", "$mac.cfg", "$id@$ip",
		"{}", "{{}}", `{"a":{"b":1}}`, "[2-9]xxx", "[[:digit:]]+", "[[0-9]x]", "[[2001:db8::1]]", "x{2}", "^(\\d{3,4})$", "\\+[0-9]{4,}", "__init__.py", "a__b", "_x_", "user@HOST", "@", "a@b@c", "<b>x</b>", "< 5% >", "$x", "$(x)", "#4", "*%*",
		"100%sure%", "ä%öü%", "p%ss{w}rd", "sip:1@[2001:db8::1]:5060", "(0|00)?x.T"} {
		if found := placeholder(text); found != "" {
			t.Errorf("%s has %s", text, found)
		}
	}
}
