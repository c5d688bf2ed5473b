package sysconf

import (
	"fmt"
	"strings"
	"testing"

	"hilphone/db/device"
	"hilphone/db/secret"
	"hilphone/sip/line"
)

const (
	currentText = "<<VOIP CONFIG FILE>>Version:2.0000000000\n"
	legacyText  = "<<VOIP CONFIG FILE>>Version:2.0002\n"
	end         = "<<END OF FILE>>\n"
)

// IM-12: each other spelling is read as the current key, whatever the header; an export has the current key, a legacy one the legacy key, once.
func TestAliasesOfLines(t *testing.T) {
	for _, c := range []struct{ other, key string }{
		{"Register Pwd", "Register Pswd"}, {"Proxy Pwd", "Proxy Pswd"}, {"S.Timer Expire", "S Timer Expires"}, {"Ena RFC5939", "Enable RFC5939"},
		{"Deal 180", "Enable Deal 180"}, {"Ena MAC Header", "Enable MAC Header"}, {"Ena REG MAC", "Enable Register MAC"}, {"BLF dialog mat", "BLF Dialog Match"},
		{"Unreg Reboot", "Unregister On Boot"}, {"Enable Failbac", "Enable Failback"}, {"Failback Inter", "Failback Interval"}, {"Signal Retry C", "Signal Retry Counts"},
		{"Update Reg Exp", "Update Reg Expire"}, {"NoAnswer FWD N", "NoAnswer FWD Num"}, {"UDPUpdate Try", "UDPUpdate Try Times"},
	} {
		value := "1"
		for name, file := range map[string]string{
			"text":        currentText + "<SIP CONFIG MODULE>\nSIP1 " + c.other + ":" + value + "\n" + end,
			"legacy text": legacyText + "<SIP CONFIG MODULE>\nSIP1 " + c.other + ":" + value + "\n" + end,
			"xml":         `<sysConf><Version>2.0000000000</Version><sip><line index="1"><` + tagOf(c.other) + ">" + value + "</" + tagOf(c.other) + "></line></sip></sysConf>",
			"legacy xml": "<VOIP_CONFIG_FILE><version>2.0002</version><SIP_CONFIG_MODULE><SIP_Line_List><SIP_Line_List_Entry><ID>SIP1</ID><" +
				strings.ReplaceAll(c.other, " ", "_") + ">" + value + "</" + strings.ReplaceAll(c.other, " ", "_") + "></SIP_Line_List_Entry></SIP_Line_List></SIP_CONFIG_MODULE></VOIP_CONFIG_FILE>",
			"json": fmt.Sprintf(`{"lines":{"1":{"keys":{%q:%q}}}}`, c.other, value),
		} {
			f, err := Parse([]byte(file))
			if err != nil {
				t.Errorf("%s, %s: %v", name, c.other, err)
				continue
			}
			next, report, err := Factory().Merge(f, false)
			if err != nil || len(report.Unknown) > 0 || f.Entries[0].Key != c.key {
				t.Errorf("%s, %s: %+v, unknown %v, %v", name, c.other, f.Entries, report.Unknown, err)
				continue
			}
			if name != "text" {
				continue
			}
			for _, format := range Formats {
				again, report := merged(t, Factory(), string(next.Export(format, true)))
				if changes := Changes(next, again); len(changes) > 0 || len(report.Notes) > 0 || len(report.Unknown) > 0 {
					t.Errorf("%s by %s: %+v, notes %v, unknown %v", c.other, format, changes, report.Notes, report.Unknown)
				}
			}
		}
	}
}

// IM-12: of two spellings with different values the later one counts, and a note names both; with one value there is nothing to say.
func TestBothSpellings(t *testing.T) {
	c, report := merged(t, Factory(), currentText+"<SIP CONFIG MODULE>\nSIP1 Register Pswd:one\nSIP1 Register Pwd:two\n"+end)
	if c.Lines[1].AuthPassword != "two" || len(report.Notes) != 1 || report.Notes[0].At != 4 ||
		report.Notes[0].Message != "is given as Register Pswd and as Register Pwd, with another value; the later one, as Register Pwd, counts" {
		t.Errorf("%q, %+v", c.Lines[1].AuthPassword, report.Notes)
	}
	c, report = merged(t, Factory(), currentText+"<SIP CONFIG MODULE>\nSIP1 Register Pwd:one\nSIP1 Register Pswd:one\n"+end)
	if c.Lines[1].AuthPassword != "one" || len(report.Notes) != 0 {
		t.Errorf("%q, %+v", c.Lines[1].AuthPassword, report.Notes)
	}
	c, report = merged(t, Factory(), legacyText+"<TELE CONFIG MODULE>\nP1 Reject Code:2\n<CALL FEATURE MODULE>\nP1 Reject Return Code:488\n"+end)
	if c.Device.Number(device.RejectReturnCode) != 488 || len(report.Notes) != 1 {
		t.Errorf("%v, %+v", c.Device.Numbers, report.Notes)
	}
}

// IM-10: the keys of the phone as a whole that are obeyed, in text and XML files, current and legacy, and where legacy files have them in GLOBAL.
func TestKeysOfThePhone(t *testing.T) {
	port := func(keys string) string {
		return "<VOIP_CONFIG_FILE><version>2.0002</version><TELE_CONFIG_MODULE><Port_Config><Port_Config_Entry><ID>P1</ID>" + keys + "</Port_Config_Entry></Port_Config></TELE_CONFIG_MODULE></VOIP_CONFIG_FILE>"
	}
	for _, c := range []struct{ file, name, value string }{
		{currentText + "<SIP CONFIG MODULE>\nSIP  Port          :5070\n" + end, "sip_port", "5070"},
		{legacyText + "<SIP CONFIG MODULE>\nSIP  Port          :5070\n" + end, "sip_port", "5070"},
		{legacyText + "<GLOBAL CONFIG MODULE>\nSIP  Port          :5070\n" + end, "sip_port", "5070"},
		{"<sysConf><Version>2.0000000000</Version><sip><SIPPort>5070</SIPPort></sip></sysConf>", "sip_port", "5070"},
		{"<VOIP_CONFIG_FILE><version>2.0002</version><SIP_CONFIG_MODULE><SIP__Port>5070</SIP__Port></SIP_CONFIG_MODULE></VOIP_CONFIG_FILE>", "sip_port", "5070"},
		{currentText + "<CALL FEATURE MODULE>\n--Port Config--    :\nP1 Reject Return Code :488\n" + end, "reject_return_code", "488"},
		{currentText + "<CALL FEATURE CONFIG MODULE>\nP1 Busy Return Code:600\n" + end, "busy_return_code", "600"},
		{currentText + "<CALL FEATURE MODULE>\nP1 Call Timeout:45\n" + end, "call_timeout", "45"},
		{currentText + "<CALL FEATURE MODULE>\nP1 Alert Timeout:45\n" + end, "call_timeout", "45"},
		{currentText + "<CALL FEATURE MODULE>\nCall Timeout:45\n" + end, "call_timeout", "45"},
		{currentText + "<CALL FEATURE MODULE>\nP1 Ring Timeout:20\n" + end, "ring_timeout", "20"},
		{currentText + "<CALL FEATURE MODULE>\nP1 Auto Onhook:0\n" + end, "auto_onhook", "0"},
		{`<sysConf><Version>2</Version><call><port index="1"><AutoOnhookTime>9</AutoOnhookTime></port></call></sysConf>`, "auto_onhook_time", "9"},
		{`<sysConf><Version>2</Version><call><port index="1"><RejectReturnCode>488</RejectReturnCode></port></call></sysConf>`, "reject_return_code", "488"},
		{legacyText + "<TELE CONFIG MODULE>\n--Port Config--    :\nP1 Auto Onhook Time:9\n" + end, "auto_onhook_time", "9"},
		{legacyText + "<TELE CONFIG MODULE>\n--Port Config--    :\nP1 Busy Code       :1\n" + end, "busy_return_code", "480"},
		{legacyText + "<TELE CONFIG MODULE>\n--Port Config--    :\nP1 Reject Code     :0\n" + end, "reject_return_code", "404"},
		{port("<Auto_Onhook>0</Auto_Onhook>"), "auto_onhook", "0"},
		{port("<Reject_Code>2</Reject_Code>"), "reject_return_code", "486"},
		{legacyText + "<GLOBAL CONFIG MODULE>\nActive Uri IP      :192.0.2.7\n" + end, "remote_control_allow", "192.0.2.7"},
		{legacyText + "<GLOBAL CONFIG MODULE>\nReg On Url         :http://192.0.2.1/on\n" + end, "action_url_reg_on", "http://192.0.2.1/on"},
		{legacyText + "<GLOBAL CONFIG MODULE>\nIncmoing Call Url  :http://192.0.2.1/in\n" + end, "action_url_incoming_call", "http://192.0.2.1/in"},
		{legacyText + "<GLOBAL CONFIG MODULE>\nUnhold Url         :http://192.0.2.1/x\n" + end, "action_url_hold_off", "http://192.0.2.1/x"},
		{"<VOIP_CONFIG_FILE><version>2.0002</version><GLOBAL_CONFIG_MODULE><Missed_call_Url>http://192.0.2.1/m</Missed_call_Url></GLOBAL_CONFIG_MODULE></VOIP_CONFIG_FILE>", "action_url_new_missed_call", "http://192.0.2.1/m"},
		{`{"device":[{"path":"call.port.1.RingTimeout","value":"20"}]}`, "ring_timeout", "20"},
	} {
		next, report := merged(t, Factory(), c.file)
		if got := next.Device.Value(c.name); got != c.value || len(report.Changes) != 1 || !report.Changes[0].Used || report.Changes[0].Name != c.name || len(next.Foreign) > 0 || len(report.Unknown) > 0 {
			t.Errorf("%s\n%s is %q, want %q; %+v, foreign %+v", c.file, c.name, got, c.value, report, next.Foreign)
		}
		for _, format := range Formats {
			file := string(next.Export(format, true))
			again, report := merged(t, Factory(), file)
			if changes := Changes(next, again); len(changes) > 0 || len(report.Notes) > 0 || len(report.Unknown) > 0 {
				t.Errorf("%s by %s: %+v, %+v\n%s", c.name, format, changes, report, file)
			}
		}
	}
	for _, bad := range []string{
		"<SIP CONFIG MODULE>\nSIP  Port:0\n", "<SIP CONFIG MODULE>\nSIP  Port:65536\n", "<SIP CONFIG MODULE>\nSIP  Port:x\n", "<CALL FEATURE MODULE>\nP1 Reject Return Code:200\n",
		"<CALL FEATURE MODULE>\nP1 Auto Onhook:2\n", "<SIP CONFIG MODULE>\nReg Fail Interval:0\n", "<TELE CONFIG MODULE>\nP1 Reject Code:4\n",
	} {
		f, err := Parse([]byte(currentText + bad + end))
		if err == nil {
			_, _, err = Factory().Merge(f, false)
		}
		if faults := Faults(err); len(faults) != 1 || faults[0].At != 3 || faults[0].Key == "" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// A legacy file has the legacy keys, as the phones that read it know no others.
func TestLegacyKeysOfThePhone(t *testing.T) {
	c, _ := merged(t, Factory(), currentText+"<CALL FEATURE MODULE>\nP1 Reject Return Code:486\nP1 Busy Return Code:488\n<CTI CONFIG MODULE>\nIncoming Call Url:http://192.0.2.1/\n"+end)
	text := string(c.Export(LegacyText, true))
	for _, want := range []string{"P1 Reject Code     :2\r\n", "P1 Busy Return Code:488\r\n", "<TELE CONFIG MODULE>\r\n--Port Config--    :\r\n", "Incmoing Call Url  :http://192.0.2.1/\r\n", "<GLOBAL CONFIG MODULE>\r\n"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("there is not one %q in\n%s", want, text)
		}
	}
	for _, other := range []string{"Reject Return", "P1 Busy Code", "Incoming Call Url"} {
		if strings.Contains(text, other) {
			t.Errorf("there is %q too", other)
		}
	}
	more, _ := merged(t, c, currentText+"<SIP CONFIG MODULE>\nSIP1 S Timer Expires:90\nSIP1 Enable RFC5939:1\nSIP1 Register Pswd:x\n<CALL FEATURE MODULE>\nP1 DND Return Code:404\n"+end)
	text = string(more.Export(LegacyText, true))
	for _, want := range []string{"SIP1 S.Timer Expire:90\r\n", "SIP1 Ena RFC5939   :1\r\n", "SIP1 Register Pswd :x\r\n", "P1 DND Code        :0\r\n"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("there is not one %q in\n%s", want, text)
		}
	}
	if text := string(c.Export(LegacyXML, true)); !strings.Contains(text, "<Port_Config_Entry>\n        <ID>P1</ID>\n") || !strings.Contains(text, "<Reject_Code>2</Reject_Code>") {
		t.Errorf("%s", text)
	}
	if text := string(c.Export(XML, true)); !strings.Contains(text, "<port index=\"1\">") || !strings.Contains(text, "<RejectReturnCode>486</RejectReturnCode>") {
		t.Errorf("%s", text)
	}
	if text := string(c.Export(Text, true)); !strings.Contains(text, "<CALL FEATURE MODULE>\r\n--Port Config--    :\r\nP1 Call Timeout    :120\r\n") {
		t.Errorf("%s", text)
	}
}

// IM-10: Reg Fail Interval is a key of the phone as a whole and sets all lines, but for those that the file sets one by one; UDPUpdate Try Times is
// a key of the line.
func TestRegFailInterval(t *testing.T) {
	interval := func(c Configuration) (all []int) {
		for n := 1; n <= line.MaxLines; n++ {
			all = append(all, c.Lines[n].RegFailInterval)
		}
		return all
	}
	for _, file := range []string{
		currentText + "<SIP CONFIG MODULE>\nReg Fail Interval  :60\n--SIP Line List--  :\nSIP2 X-reg_fail_interval:10\n" + end,
		currentText + "<SIP CONFIG MODULE>\n--SIP Line List--  :\nSIP2 X-reg_fail_interval:10\nReg Fail Interval  :60\n" + end,
		legacyText + "<GLOBAL CONFIG MODULE>\nReg Fail Interval  :60\n<SIP CONFIG MODULE>\nSIP2 X-reg_fail_interval:10\n" + end,
		`<sysConf><Version>2</Version><sip><line index="2"><X-reg_fail_interval>10</X-reg_fail_interval></line><RegFailInterval>60</RegFailInterval></sip></sysConf>`,
	} {
		c, report := merged(t, Factory(), file)
		want := slicesOf(60)
		want[1] = 10
		if got := interval(c); fmt.Sprint(got) != fmt.Sprint(want) || len(c.Foreign) > 0 || len(report.Unknown) > 0 {
			t.Errorf("%s\n%v, foreign %v", file, got, c.Foreign)
		}
		for _, format := range Formats {
			again, _ := merged(t, Factory(), string(c.Export(format, true)))
			if fmt.Sprint(interval(again)) != fmt.Sprint(want) {
				t.Errorf("by %s: %v", format, interval(again))
			}
		}
	}
	c, report := merged(t, Factory(), currentText+"<SIP CONFIG MODULE>\nReg Fail Interval  :60\nSIP1 UDPUpdate Try Times:4\n"+end)
	if len(report.Changes) != 2 || report.Changes[0] != (Change{Name: "reg_fail_interval", Key: "Reg Fail Interval", Old: "32", New: "60", Used: true}) || report.Changes[1].Name != "options_fail_count" || c.Lines[1].OptionsFailCount != 4 {
		t.Errorf("%+v", report.Changes)
	}
	// What is exported has the key once, and no line but the first that was set up.
	text := string(c.Export(Text, true))
	if strings.Count(text, "Reg Fail Interval  :60\r\n") != 1 || strings.Contains(text, "reg_fail_interval") || strings.Contains(text, "SIP2 ") {
		t.Errorf("%s", text)
	}
	c, report = merged(t, c, strings.Replace(text, "Reg Fail Interval  :60", "Reg Fail Interval  :90", 1))
	if len(report.Changes) != 1 || c.Lines[1].RegFailInterval != 90 || c.Lines[20].RegFailInterval != 90 {
		t.Errorf("%+v", report.Changes)
	}
}

func slicesOf(n int) []int {
	all := make([]int, line.MaxLines)
	for i := range all {
		all[i] = n
	}
	return all
}

// IM-12: the table leads from spellings that no current key has to keys that there are, and each setting has one legacy spelling at most.
func TestAliasTable(t *testing.T) {
	seen, legacy := map[string]bool{}, map[string]bool{}
	for _, a := range Aliases() {
		id := fmt.Sprint(a.Line, a.Path)
		_, line := keysByTag()[a.Path]
		_, device := deviceKeys()[a.Path]
		if a.Line && line || !a.Line && device {
			t.Errorf("%s is a current key", a.Path)
		}
		_, toLine := keysByTag()[a.To]
		_, toDevice := deviceKeys()[a.To]
		if seen[id] || a.Line && !toLine || !a.Line && !toDevice || a.Seen == "" && (a.Line || a.Module != "") || a.Key == "" {
			t.Errorf("%+v", a)
		}
		if (a.Module != "" || a.Legacy) && legacy[a.To] {
			t.Errorf("%s has two legacy spellings", a.To)
		}
		seen[id], legacy[a.To] = true, legacy[a.To] || a.Module != "" || a.Legacy
	}
}

// IM-05, IM-04: a secret by another spelling of its key is one too: no export without secrets, difference, fault or note has it, and a mask leaves it.
// The name of each spelling says the same of its value as the current one does.
func TestAliasesOfSecrets(t *testing.T) {
	tried := 0
	for _, a := range Aliases() {
		to := Entry{Path: a.To, Key: a.To}
		if a.Line {
			to = Entry{Line: 1, Path: a.To, Key: keysByTag()[a.To].Name}
		}
		if named := secret.Named(a.Key); named != to.Secret() {
			t.Errorf("%s is named a secret: %v, %s: %v", a.Key, named, a.To, to.Secret())
		}
		if !to.Secret() {
			continue
		}
		tried++
		c, report := merged(t, Factory(), currentText+"<SIP CONFIG MODULE>\nSIP1 "+a.Key+":cnry1\nSIP1 "+to.Key+":cnry2\nSIP1 "+a.Key+":cnry3\n"+end)
		if silent(t, "the report", fmt.Sprintf("%+v", report)); len(report.Notes) != 2 || !strings.Contains(string(c.Export(Text, true)), "cnry3") {
			t.Errorf("%s: %+v", a.Key, report.Notes)
		}
		for _, format := range Formats {
			silent(t, string(format), string(c.Export(format, false))+string(c.ExportOpen(format)))
		}
		next, report := merged(t, c, currentText+"<SIP CONFIG MODULE>\nSIP1 "+a.Key+":****\n"+end)
		if len(Changes(c, next)) > 0 || maskNotes(report) != 1 {
			t.Errorf("a mask as %s: %+v", a.Key, report)
		}
		f, err := Parse([]byte(currentText + "<SIP CONFIG MODULE>\nSIP1 " + a.Key + ":cnry4\x01\n" + end))
		if err == nil {
			_, report, err = Factory().Merge(f, false)
		}
		if silent(t, "the fault", fmt.Sprintf("%v %+v", err, report)); err == nil {
			t.Errorf("%s: no fault", a.Key)
		}
	}
	if tried != 2 {
		t.Errorf("%d secrets have another spelling", tried)
	}
}

// IM-12: of two spellings in legacy XML files, and in JSON with the paths that they lead to, where the key is several elements, the note names both as
// text files have them.
func TestBothSpellingsOfSeveralElements(t *testing.T) {
	for _, file := range []string{
		"<VOIP_CONFIG_FILE><version>2.0002</version><TELE_CONFIG_MODULE><Port_Config><Port_Config_Entry><ID>P1</ID><Busy_Code>1</Busy_Code></Port_Config_Entry></Port_Config></TELE_CONFIG_MODULE>" +
			"<CALL_FEATURE_MODULE><Port_Config><Port_Config_Entry><ID>P1</ID><Busy_Return_Code>600</Busy_Return_Code></Port_Config_Entry></Port_Config></CALL_FEATURE_MODULE></VOIP_CONFIG_FILE>",
		`{"device":[{"path":"TELE.PortConfig.P1.BusyCode","value":"1"},{"path":"call.port.1.BusyReturnCode","value":"600"}]}`,
	} {
		c, report := merged(t, Factory(), file)
		if c.Device.Number(device.BusyReturnCode) != 600 || len(report.Notes) != 1 ||
			report.Notes[0].Message != "is given as P1 Busy Code and as P1 Busy Return Code, with another value; the later one, as P1 Busy Return Code, counts" {
			t.Errorf("%s\n%v, %+v", file, c.Device.Numbers, report.Notes)
		}
	}
}
