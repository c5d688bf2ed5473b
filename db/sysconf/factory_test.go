package sysconf

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"hilphone/sip/line"
)

// vendorKey is a row of testdata/sipn_keys.tsv, which has the SIPn keys of a real X7C-V2 in the order of its file: the key of the text file,
// the tag of the XML file, the path of the XML service and the value in a phone as delivered.
type vendorKey struct{ text, tag, path, standard string }

func vendorKeys(t *testing.T) []vendorKey {
	t.Helper()
	data, err := os.ReadFile("testdata/sipn_keys.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	var keys []vendorKey
	for _, row := range rows[1:] {
		f := strings.Split(row, "\t")
		text, ok := strings.CutPrefix(f[0], "SIPn ")
		if len(f) != 4 || !ok {
			t.Fatalf("row %q", row)
		}
		keys = append(keys, vendorKey{text, f[1], f[2], f[3]})
	}
	if len(keys) != 163 {
		t.Fatalf("%d keys", len(keys))
	}
	return keys
}

// otherDefault are the settings that are not delivered as on the real phones, each with its reason.
var otherDefault = map[string]string{
	"UDPUpdate Try Times": "1", // FO-17: one timeout of OPTIONS is the trigger that the vendor document names
}

// PHONE.md 1.2: a line as delivered has the real phones' 163 keys in their order, in all spellings, with their values.
func TestFactoryValuesOfALine(t *testing.T) {
	keys := vendorKeys(t)
	others := 0
	for i, k := range keys {
		if got := LineKeys()[i]; got != (Key{k.text, k.tag, k.standard}) || got.Path(7) != strings.Replace(k.path, ".n.", ".7.", 1) {
			t.Errorf("key %d is %+v with the path %s, want %+v", i, got, got.Path(7), k)
		}
		want := k.standard
		if other, ok := otherDefault[k.text]; ok {
			want = other
			others++
		}
		if got, known := (Entry{Line: 20, Path: k.tag, Key: k.text}).Standard(); got != want || !known {
			t.Errorf("%s is delivered as %q (known: %v), want %q", k.text, got, known, want)
		}
	}
	if others != len(otherDefault) {
		t.Errorf("%d of %d exceptions are keys", others, len(otherDefault))
	}
	texts, tags := linesOfText(Factory(), "SIP1 "), linesOfXML(t, Factory(), "1")
	if len(texts) < 163 || len(tags) < 163 {
		t.Fatalf("a file has %d and %d keys of line 1", len(texts), len(tags))
	}
	for i, k := range keys {
		want := k.standard
		if other, ok := otherDefault[k.text]; ok {
			want = other
		}
		if row := fmt.Sprintf("%-24s:%s", "SIP1 "+k.text, want); texts[i] != row {
			t.Errorf("row %d of the text file is %q, want %q", i, texts[i], row)
		}
		if element := k.tag + "=" + want; tags[i] != element {
			t.Errorf("element %d of the XML file is %q, want %q", i, tags[i], element)
		}
	}
}

// linesOfText are the rows of a line in the text file.
func linesOfText(c Configuration, prefix string) (rows []string) {
	for row := range strings.SplitSeq(string(c.Export(Text, true)), "\r\n") {
		if strings.HasPrefix(row, prefix) {
			rows = append(rows, row)
		}
	}
	return rows
}

// linesOfXML are the elements of a line in the XML file, each as TAG=VALUE.
func linesOfXML(t *testing.T, c Configuration, index string) (elements []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(c.Export(XML, true))))
	inside := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return elements
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Local == "line" {
				inside = len(e.Attr) == 1 && e.Attr[0].Value == index
			} else if inside {
				var value string
				if err := d.DecodeElement(&value, &e); err != nil {
					t.Fatal(err)
				}
				elements = append(elements, e.Name.Local+"="+value)
			}
		case xml.EndElement:
			if e.Name.Local == "line" {
				inside = false
			}
		}
	}
}

// The file of a real phone as delivered changes nothing in a phone as delivered, but for the settings that are not delivered alike; nothing of it
// is unknown, refused, or kept with a value that would do something on a real phone.
func TestFactoryFileOfARealPhone(t *testing.T) {
	var file strings.Builder
	file.WriteString("<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<SIP CONFIG MODULE>\r\n--SIP Line List--  :\r\n")
	for n := 1; n <= 20; n++ {
		for _, k := range vendorKeys(t) {
			fmt.Fprintf(&file, "%-24s:%s\r\n", fmt.Sprintf("SIP%d %s", n, k.text), k.standard)
		}
	}
	file.WriteString("<<END OF FILE>>\r\n")
	f, err := Parse([]byte(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	next, report, err := Factory().Merge(f, false)
	if err != nil {
		t.Fatal(err)
	}
	if report.Keys != 20*163 || len(report.Kept) != 0 || len(report.Unknown) != 0 || len(report.Refused) != 0 || len(report.Notes) != 0 {
		t.Errorf("%d keys, kept %v, unknown %v, refused %v, notes %v", report.Keys, report.Kept, report.Unknown, report.Refused, report.Notes)
	}
	if len(report.Changes) != 20 {
		t.Errorf("%d changes", len(report.Changes))
	}
	for i, c := range report.Changes {
		if c.Line != i+1 || c.Key != fmt.Sprintf("SIP%d UDPUpdate Try Times", i+1) || c.Old != "1" || c.New != "3" {
			t.Errorf("change %d: %+v", i, c)
		}
	}
	want := line.Default()
	want.OptionsFailCount = 3
	for n := 1; n <= 20; n++ {
		if next.Lines[n] != want {
			t.Errorf("line %d: %+v", n, next.Lines[n])
		}
	}
}

// PHONE.md 1.3: the keys of the device that it names are delivered with its values.
func TestFactoryValuesOfTheDevice(t *testing.T) {
	const sip, call, provisioning = "SIP CONFIG MODULE", "CALL FEATURE MODULE", "AUTOUPDATE CONFIG MODULE"
	for _, k := range []struct{ module, key, standard string }{
		{sip, "SIP  Port", "5060"}, {sip, "STUN Server", ""}, {sip, "STUN Port", "3478"}, {sip, "STUN Refresh Time", "50"}, {sip, "SIP Wait Stun Time", "800"},
		{sip, "Reg Fail Interval", "32"}, {sip, "Strict BranchPrefix", "0"}, {sip, "Enable Group Backup", "0"}, {sip, "Enable RFC4475", "1"},
		{sip, "Strict UA Match", "1"}, {sip, "CSTA Enable", "0"}, {sip, "Notify Reboot", "1"},
		{call, "P1 DND Return Code", "480"}, {call, "P1 Busy Return Code", "486"}, {call, "P1 Reject Return Code", "603"},
		{call, "P1 Call Timeout", "120"}, {call, "P1 Ring Timeout", "120"}, {call, "P1 Auto Onhook", "1"}, {call, "P1 Auto Onhook Time", "3"},
		{call, "P1 Default Ext Line", "1"}, {call, "Dial by Pound", "1"}, {call, "Dial by Timeout", "1"}, {call, "Dial Timeout value", "10"},
		{call, "Dial Fixed Length", "0"}, {call, "Fixed Length Nums", "11"},
		{provisioning, "Flash Server IP", ""}, {provisioning, "Flash File Name", ""}, {provisioning, "Flash Protocol", "2"}, {provisioning, "Flash Mode", "0"},
		{provisioning, "Flash Interval", "1"}, {provisioning, "update PB Interval", "720"}, {provisioning, "Download CommonConf", "1"},
		{provisioning, "Check FailTimes", "1"}, {provisioning, "Save Provision Info", "0"}, {provisioning, "PNP Enable", "1"},
		{provisioning, "PNP IP", "224.0.1.75"}, {provisioning, "PNP Port", "5060"}, {provisioning, "DHCP Option", "66"}, {provisioning, "Save DHCP Opion", ""},
	} {
		list := ""
		if strings.HasPrefix(k.key, "P1 ") {
			list = "--Port Config--    :\n"
		}
		f, err := Parse([]byte(currentText + "<" + k.module + ">\n" + list + k.key + ":x\n" + end))
		if err != nil || len(f.Entries) != 1 {
			t.Fatalf("%s: %v", k.key, err)
		}
		if got, known := f.Entries[0].Standard(); got != k.standard || !known {
			t.Errorf("%s %s is delivered as %q (known: %v), want %q", k.module, k.key, got, known, k.standard)
		}
	}
	if n := len(deviceKeys()); n != 163 {
		t.Errorf("%d keys of the device are known", n)
	}
}
