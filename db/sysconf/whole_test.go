package sysconf

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var wholeNames = map[Format]string{Text: "text.cfg", LegacyText: "legacy-text.cfg", XML: "xml.xml", LegacyXML: "legacy-xml.xml", JSON: "json.json"}

// wholeFiles are whole files written by hand, by the format; all say the same.
func wholeFiles(t *testing.T) map[Format]string {
	t.Helper()
	files := map[Format]string{}
	for format, name := range wholeNames {
		text, err := os.ReadFile(filepath.Join("testdata", "whole", name))
		if err != nil {
			t.Fatal(err)
		}
		files[format] = string(text)
	}
	return files
}

const (
	netModule  = "NET CONFIG MODULE"
	callPart   = "CALL FEATURE MODULE"
	ctiModule  = "CTI CONFIG MODULE"
	keysModule = "DSSKEY CONFIG MODULE"
	moonModule = "MOON PHASE MODULE"
	ports      = "--Port Config--"
	sideKeys   = "--Sidekey Config1--"
)

// wholeEntries are what the files of wholeFiles say.
var wholeEntries = []Entry{
	{Path: "LooseKey", Key: "Loose Key", Value: "1"},
	{Path: "net.MTU", Key: "MTU", Module: netModule, Value: "1500"},
	{Path: "net.802.1PValue", Key: "802.1P Value", Module: netModule, Value: "0"},
	{Path: "net.--PortConfig--.LAN1Mode", Key: "LAN1 Mode", Module: netModule, List: ports, Value: "7"},
	{Path: "sip.SIPPort", Key: "SIP  Port", Module: "SIP CONFIG MODULE", Value: "5062"},
	{Path: "sip.RegFailInterval", Key: "Reg Fail Interval", Module: "SIP CONFIG MODULE", Value: "32"},
	{Line: 1, Path: "PhoneNumber", Key: "Phone Number", Value: "1001"},
	{Line: 1, Path: "FailbackInterval", Key: "Failback Interval", Value: "60"},
	{Line: 1, Path: "SessionTimer", Key: "Session Timer", Value: "0"},
	{Line: 1, Path: "SessionTimerT1", Key: "Session Timer T1", Value: "500"},
	{Line: 1, Path: "STimerExpires", Key: "S Timer Expires", Value: "90"},
	{Line: 1, Path: "KeepHigherCallerID", Key: "Keep Higher Caller ID", Value: "1"},
	{Line: 1, Path: "RecordStart", Key: "Record Start", Value: "Record:on"},
	{Line: 1, Path: "X-failover_mode", Key: "X-failover_mode", Value: "period"},
	{Line: 1, Path: "MoonPhase", Key: "Moon Phase", Value: "a<b & \"c\"\t'd'"},
	{Line: 1, Path: "Busy/Idle", Key: "Busy/Idle", Value: " 2 "},
	{Line: 21, Path: "PhoneNumber", Key: "Phone Number", Value: "ä€"},
	{Path: "call.port.1.RejectReturnCode", Key: "P1 Reject Return Code", Module: callPart, List: ports, Value: "486"},
	{Path: "call.port.1.BusyReturnCode", Key: "P1 Busy Return Code", Module: callPart, List: ports, Value: "488"},
	{Path: "call.port.1.DNDReturnCode", Key: "P1 DND Return Code", Module: callPart, List: ports, Value: "404"},
	{Path: "call.port.1.BusyN/ALine", Key: "P1 Busy N/A Line", Module: callPart, List: ports, Value: "7"},
	{Path: "cti.IncomingCallUrl", Key: "Incoming Call Url", Module: ctiModule, Value: "http://192.0.2.1/a?b=1&c=2"},
	{Path: "dsskey.--SidekeyConfig1--.Fkey1Type", Key: "Fkey1 Type", Module: keysModule, List: sideKeys, Value: "1"},
	{Path: "dsskey.--SidekeyConfig1--.Fkey1Value", Key: "Fkey1 Value", Module: keysModule, List: sideKeys, Value: "200@1/bc"},
	{Path: "dsskey.--SidekeyConfig1--.Fkey2Type", Key: "Fkey2 Type", Module: keysModule, List: sideKeys, Value: "2"},
	{Path: "MOONPHASE.FullMoon", Key: "Full Moon", Module: moonModule, Value: "yes"},
	{Path: "MOONPHASE.X-keyHalf", Key: "X-key Half", Module: moonModule, Value: "no"},
}

// IM-02, IM-06, IM-12: each format is written as the phones of its generation have it, byte for byte.
func TestWholeFilesWritten(t *testing.T) {
	for format, want := range wholeFiles(t) {
		if got := string(write(format, slices.Clone(wholeEntries))); got != want {
			t.Errorf("%s: %s\nwhole:\n%s", format, firstDifference(want, got), got)
		}
	}
}

// firstDifference shows the first row in which two texts differ.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range a {
		if i == len(b) || a[i] != b[i] {
			return fmt.Sprintf("row %d is %q, want %q", i+1, strings.Join(b[min(i, len(b)):min(i+1, len(b))], ""), a[i])
		}
	}
	return fmt.Sprintf("row %d is %q and should not be there", len(a)+1, b[len(a)])
}

// IM-02, IM-06, IM-12: each of them is read as what it says, whole.
func TestWholeFilesRead(t *testing.T) {
	said := func(e Entry) string {
		return fmt.Sprintf("%d %s, %q in %q %q: %q", e.Line, e.Path, e.Key, e.Module, e.List, e.Value)
	}
	var want []string
	for _, e := range wholeEntries {
		want = append(want, said(e))
	}
	slices.Sort(want)
	for format, file := range wholeFiles(t) {
		f, err := Parse([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		var got []string
		for _, e := range f.Entries {
			if e.Module == "" && e.Line == 0 { // XML files do not say it where it follows from the group
				e.Module = e.module()
			}
			got = append(got, said(e))
		}
		slices.Sort(got)
		if f.Format != format || len(f.Notes)+len(f.faults) > 0 || !slices.Equal(got, want) {
			t.Errorf("%s is read as %s, notes %v, faults %v:\n%s\nwant\n%s", format, f.Format, f.Notes, f.faults, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// The lists of a legacy XML file have the keys of the text file's sub-lists: <ID>Account1</ID><Name> of MMI_Account is Account1 Name in --MMI Account--
// (IM-02). What has the shape of an entry and is none keeps the path of its elements.
func TestLegacyLists(t *testing.T) {
	const mmi = "MMI CONFIG MODULE"
	for _, c := range []struct {
		inside string // of the outermost element
		want   Entry
	}{
		{"<MMI_CONFIG_MODULE><MMI_Account><MMI_Account_Entry><ID>Account1</ID><Name>x</Name></MMI_Account_Entry></MMI_Account></MMI_CONFIG_MODULE>",
			Entry{Path: "web.--MMIAccount--.Account1Name", Key: "Account1 Name", Module: mmi, List: "--MMI Account--"}},
		{"<MMI_CONFIG_MODULE><MMI_Account><MMI_Account_Entry><ID> Account1 </ID><Full_Name>x</Full_Name></MMI_Account_Entry></MMI_Account></MMI_CONFIG_MODULE>",
			Entry{Path: "web.--MMIAccount--.Account1FullName", Key: "Account1 Full Name", Module: mmi, List: "--MMI Account--"}},
		{"<MOON_MODULE><A><A_Entry><ID>b</ID><c>x</c></A_Entry></A></MOON_MODULE>", Entry{Path: "MOON.--A--.bc", Key: "b c", Module: "MOON MODULE", List: "--A--"}},
		{"<TELE_CONFIG_MODULE><Port_Config><Port_Config_Entry><ID>P1</ID><Foo_Bar>x</Foo_Bar></Port_Config_Entry></Port_Config></TELE_CONFIG_MODULE>",
			Entry{Path: "TELE.--PortConfig--.P1FooBar", Key: "P1 Foo Bar", Module: "TELE CONFIG MODULE", List: ports}},
		{"<CALL_FEATURE_MODULE><Port_Config><Port_Config_Entry><ID>P1</ID><Foo_Bar>x</Foo_Bar></Port_Config_Entry></Port_Config></CALL_FEATURE_MODULE>",
			Entry{Path: "call.port.1.FooBar", Key: "P1 Foo Bar", Module: callPart, List: ports}},
		{"<SIP_CONFIG_MODULE><SIP_Line_List><SIP_Line_List_Entry><ID>SIP21</ID><Foo_Bar>x</Foo_Bar></SIP_Line_List_Entry></SIP_Line_List></SIP_CONFIG_MODULE>",
			Entry{Line: 21, Path: "FooBar", Key: "Foo Bar"}},
		{"<SIP_CONFIG_MODULE><SIP_Line_List><SIP_Line_List_Entry><ID>SIP0</ID><Foo>x</Foo></SIP_Line_List_Entry></SIP_Line_List></SIP_CONFIG_MODULE>",
			Entry{Path: "sip.SIPLineList.SIP0.Foo", Key: "SIPLineList.SIP0.Foo", Module: "SIP CONFIG MODULE"}},
		// Not an entry: of another list, without an ID, in another element, in no module.
		{"<MMI_CONFIG_MODULE><MMI_Account><Other_Entry><ID>a</ID><Name>x</Name></Other_Entry></MMI_Account></MMI_CONFIG_MODULE>",
			Entry{Path: "web.MMIAccount.a.Name", Key: "MMIAccount.a.Name", Module: mmi}},
		{"<MMI_CONFIG_MODULE><MMI_Account><MMI_Account_Entry><Name>x</Name></MMI_Account_Entry></MMI_Account></MMI_CONFIG_MODULE>",
			Entry{Path: "web.MMIAccount.MMIAccountEntry.Name", Key: "MMIAccount.MMIAccountEntry.Name", Module: mmi}},
		{"<MMI_CONFIG_MODULE><MMI_Account><MMI_Account_Entry><ID/><Name>x</Name></MMI_Account_Entry></MMI_Account></MMI_CONFIG_MODULE>",
			Entry{Path: "web.MMIAccount..Name", Key: "MMIAccount..Name", Module: mmi}},
		{"<MMI_CONFIG_MODULE><a><MMI_Account><MMI_Account_Entry><ID>b</ID><Name>x</Name></MMI_Account_Entry></MMI_Account></a></MMI_CONFIG_MODULE>",
			Entry{Path: "web.a.MMIAccount.b.Name", Key: "a.MMIAccount.b.Name", Module: mmi}},
		{"<MMI_CONFIG_MODULE><MMI_Account><MMI_Account_Entry><ID>b</ID><c><Name>x</Name></c></MMI_Account_Entry></MMI_Account></MMI_CONFIG_MODULE>",
			Entry{Path: "web.MMIAccount.b.c.Name", Key: "MMIAccount.b.c.Name", Module: mmi}},
	} {
		f, err := Parse([]byte("<VOIP_CONFIG_FILE><version>2.0002</version>" + c.inside + "</VOIP_CONFIG_FILE>"))
		if err != nil || len(f.Entries) != 1 || len(f.faults) > 0 {
			t.Errorf("%s: %+v, %v", c.inside, f, err)
			continue
		}
		got := f.Entries[0]
		got.At, got.Column = 0, 0
		if c.want.Value = "x"; got != c.want {
			t.Errorf("%s\n%+v, want\n%+v", c.inside, got, c.want)
		}
		config, _, err := Factory().Merge(f, false)
		if err != nil {
			t.Error(err)
			continue
		}
		survives(t, config)
	}
}

// IM-02: a list of the device that a legacy XML file has comes out of a legacy text file as its sub-list, and comes back.
func TestLegacyListInText(t *testing.T) {
	const list = `  <MMI_CONFIG_MODULE>
    <MMI_Account>
      <MMI_Account_Entry>
        <ID>Account1</ID>
        <Name>admin</Name>
        <Level>10</Level>
      </MMI_Account_Entry>
      <MMI_Account_Entry>
        <ID>Account2</ID>
        <Name>guest</Name>
      </MMI_Account_Entry>
    </MMI_Account>
  </MMI_CONFIG_MODULE>
`
	const rows = "\r\n<MMI CONFIG MODULE>\r\n--MMI Account--    :\r\nAccount1 Name      :admin\r\nAccount1 Level     :10\r\nAccount2 Name      :guest\r\n"
	c, _ := merged(t, Factory(), "<VOIP_CONFIG_FILE>\n  <version>2.0002</version>\n"+list+"</VOIP_CONFIG_FILE>\n")
	text := string(c.Export(LegacyText, true))
	if !strings.Contains(text, rows) {
		t.Errorf("no list in\n%s", text)
	}
	back, _ := merged(t, Factory(), text)
	if xml := string(back.Export(LegacyXML, true)); !strings.Contains(xml, list) {
		t.Errorf("no list in\n%s", xml)
	}
}

// Legacy files cut keys to 19 columns with SIPn before them, but for those that could then be taken for another; the reader finds the whole key again.
func TestCutKeys(t *testing.T) {
	for _, c := range []struct {
		line       int
		key, short string
	}{
		{1, "Failback Interval", "Failback Inter"}, {12, "Failback Interval", "Failback Inte"}, {123, "Failback Interval", "Failback Int"},
		{1, "Signal Retry Counts", "Signal Retry C"}, {1, "BakProxy Need Reg On", "BakProxy Need"}, {1, "Keep Higher Caller ID", "Keep Higher Ca"},
		{1, "Session Timer T1", "Session Timer T1"}, {1, "Session Timer T4", "Session Timer T4"}, {1, "Session Timer", "Session Timer"},
		{1, "Phone Number", "Phone Number"}, {1, "SRTP Auth-Tag", "SRTP Auth-Tag"}, {1, "Backup Need Reg On", "Backup Need Re"}, {1, "Unknown Key That Is Long", "Unknown Key That Is Long"},
		{1, "Enable Failback", "Enable Failbac"}, {12, "Enable Failback", "Enable Failba"}, {12, "Hotline Num", "Hotline Num"}, {12, "Enable Hotline", "Enable Hotlin"},
	} {
		prefix := fmt.Sprintf("SIP%d ", c.line)
		row := pad(prefix+c.short, 19) + ":7"
		text := string(write(LegacyText, []Entry{{Line: c.line, Path: tagOf(c.key), Key: c.key, Value: "7"}}))
		if !strings.Contains(text, "\r\n"+row+"\r\n") {
			t.Errorf("%s%s: no %q in\n%s", prefix, c.key, row, text)
		}
		f, err := Parse([]byte(text))
		if err != nil || len(f.Entries) != 1 || f.Entries[0].Key != c.key || f.Entries[0].Line != c.line {
			t.Errorf("%s: %+v, %v", row, f, err)
		}
	}
	// What is cut to fewer columns than there were, or begins several keys, is a key that is not known.
	for _, name := range []string{"Failback In", "Failback Int", "Session Tim", "Fail"} {
		if f, err := Parse([]byte(legacyText + "SIP1 " + name + ":7\n" + end)); err != nil || f.Entries[0].Key != name || f.Entries[0].known() {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for _, c := range []struct {
		name string
		cut  int
		want string
	}{{"Failback Interval", 17, "Failback Interval"}, {"Failback Interval", 16, "Failback Interva"}, {"Failback Interval", -1, "Failback Interval"}, {"Failback Interval", 0, "Failback Interval"}} {
		if got := cutKey(c.name, c.cut); got != c.want {
			t.Errorf("%s cut to %d: %q, want %q", c.name, c.cut, got, c.want)
		}
	}
}
