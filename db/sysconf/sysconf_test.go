package sysconf

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hilphone/db/secret"
	"hilphone/sip/line"
)

// merged reads a file, or a part of one, into the configuration.
func merged(t testing.TB, c Configuration, text string) (Configuration, Report) {
	t.Helper()
	f, err := ParsePartial([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	next, report, err := c.Merge(f, false)
	if err != nil {
		t.Fatal(err)
	}
	return next, report
}

func TestKeys(t *testing.T) {
	keys, tags := LineKeys(), map[string]bool{}
	if len(keys) != 163 || len(deviceKeys()) != 163 {
		t.Fatalf("%d keys of a line, %d of the device", len(keys), len(deviceKeys()))
	}
	for _, k := range keys {
		if tags[k.Tag] {
			t.Errorf("two keys have the tag %s", k.Tag)
		}
		tags[k.Tag] = true
	}
	if first, last := keys[0], keys[162]; first.Name != "Phone Number" || last.Name != "Group Callpark Number" || keys[25].Path(3) != "sip.line.3.FailbackInterval" {
		t.Errorf("%+v, %+v, %s", first, last, keys[25].Path(3))
	}
	for _, d := range line.Table {
		if d.Key != "" && !tags[tagOf(d.Key)] {
			t.Errorf("%s: the real phones have no key %q", d.Name, d.Key)
		}
		if d.Key != "" && d.Secret != secret.Is(d.Key, "x") {
			t.Errorf("%s is a secret: %v, and by its key it is not so", d.Name, d.Secret)
		}
	}
}

// strange returns a configuration file in which every one of the 163 keys has a value that is not its default.
func strange(line int) (file string, values map[string]string) {
	given := map[string]string{
		"Phone Number": "1001", "Register Addr": "pbx.lab", "Register Port": "5070", "Register TTL": "0600", "Enable Reg": "1", "Transport": "3",
		"Backup Addr": "192.0.2.2", "Backup Port": "5080", "Backup TTL": "120", "Backup Transport": "2", "Enable Failback": "0", "Failback Interval": "60",
		"Signal Retry Counts": " 5", "Local Domain": "lab", "Session Timer T1": "400", "Session Timer T2": "3000", "Session Timer T4": "4000",
		"TCP Use Retry Timer": "1", "UDPUpdate TTL": "40", "Strict Proxy": "0", "DNS SRV": "1", "UDPUpdate Try Times": "5",
		"Proxy Addr": "sbc.lab", "Proxy Port": "5061", "Proxy Need Reg On": "1", "BakProxy Addr": "192.0.2.8", "BakProxy Port": "05062", "BakProxy Need Reg On": "1",
	}
	values = map[string]string{}
	var b strings.Builder
	b.WriteString("<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<SIP CONFIG MODULE>\r\nSIP  Port          :5062\r\n--SIP Line List--  :\r\n")
	for i, k := range LineKeys() {
		v, ok := given[k.Name]
		if !ok {
			v = fmt.Sprintf(" %d:<&\"'>\tä€ \\x \" ", i)
			if d, isSetting := (Entry{Line: line, Path: k.Tag}).setting(); isSetting && d.Kind != "text" {
				panic(k.Name)
			} else if isSetting {
				v = fmt.Sprintf(" %d:<&\"'> ä€ \\x ", i)
			}
		}
		values[k.Name] = v
		fmt.Fprintf(&b, "SIP%d %s:%s\r\n", line, k.Name, v)
	}
	b.WriteString("<<END OF FILE>>\r\n")
	return b.String(), values
}

// Every key of the real phones comes out as it went in, through every format and from each into every other.
func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, 12, 20} {
		file, values := strange(n)
		first, report := merged(t, Factory(), file)
		if report.Keys != 164 || len(report.Unknown) != 0 {
			t.Fatalf("%+v", report)
		}
		for _, a := range Formats {
			for _, b := range Formats {
				c, _ := merged(t, Factory(), string(first.Export(a, true)))
				c, _ = merged(t, Factory(), string(c.Export(b, true)))
				if changes := Changes(first, c); len(changes) != 0 {
					t.Errorf("through %s and %s: %+v", a, b, changes)
				}
				got := map[string]string{}
				for _, e := range c.entries(Text) {
					if e.Line == n {
						got[e.Key] = e.Value
					}
				}
				for name, want := range values {
					if got[name] != want {
						t.Errorf("SIP%d %s through %s and %s: %q, was %q", n, name, a, b, got[name], want)
					}
				}
			}
		}
	}
}

// The text file is written as the real phones write it.
func TestTextFile(t *testing.T) {
	c, _ := merged(t, Factory(), "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP  Port          :5060\n--SIP Line List--  :\nSIP1 Phone Number:1001\n<AUTOUPDATE CONFIG MODULE>\nPNP Enable:0\n<<END OF FILE>>")
	got := string(c.Export(Text, true))
	rows := strings.Split(got, "\r\n")
	if strings.Contains(strings.ReplaceAll(got, "\r\n", ""), "\n") || len(rows[0]) != 62 || !strings.HasPrefix(rows[0], "<<VOIP CONFIG FILE>>Version:2.0000000000 ") {
		t.Errorf("the first row is %q", rows[0])
	}
	for _, want := range []string{"<SIP CONFIG MODULE>", "SIP  Port          :5060", "--SIP Line List--  :", "SIP1 Phone Number       :1001", "SIP1 BakProxy Need Reg On:0",
		"SIP1 Signal Retry Counts:3", "SIP1 Record Start       :Record:on", "SIP1 X-failover_mode    :count", "<AUTOUPDATE CONFIG MODULE>", "PNP Enable         :0", "<<END OF FILE>>"} {
		if !slices.Contains(rows, want) {
			t.Errorf("there is no row %q", want)
		}
	}
	order := []string{"SIP  Port", "--SIP Line", "SIP1 Phone Number", "SIP1 Failback Interval", "SIP1 Group Callpark", "AUTOUPDATE", "PNP Enable"}
	for i := 1; i < len(order); i++ {
		if strings.Index(got, order[i-1]) > strings.Index(got, order[i]) {
			t.Errorf("%s stands behind %s", order[i-1], order[i])
		}
	}
	legacy := string(c.Export(LegacyText, true))
	for _, want := range []string{"Version:2.0002", "\r\nSIP1 Enable Failbac:1\r\n", "\r\nSIP1 Failback Inter:1800\r\n", "\r\nSIP1 Signal Retry C:3\r\n", "\r\nSIP1 Session Timer :0\r\n",
		"\r\nSIP1 Session Timer T1:500\r\n"} {
		if !strings.Contains(legacy, want) {
			t.Errorf("the legacy file has no %q", want)
		}
	}
}

// Files as they are found: of both generations, with aliases, without an end, with a line of text before XML.
func TestFound(t *testing.T) {
	for name, c := range map[string]struct {
		format Format
		file   string
	}{
		"legacy text":  {LegacyText, "<<VOIP CONFIG FILE>>Version:2.0002     \n\n<SIP CONFIG MODULE>\n--SIP Line List--  :\nSIP1 Phone Number  :1001\nSIP1 Register Pwd  :geheim\nSIP1 Failback Inter:60\nSIP1 Backup Transpo:1\n# a comment\n"},
		"current text": {Text, "\ufeff\r\n<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<TELE CONFIG MODULE>\r\nSIP1 Phone Number :1001\r\nSIP1 Register Pswd:geheim\r\nSIP1 Failback Interval:60\r\nSIP1 Backup Transport:1\r\n<<END OF FILE>>\r\nafter the end"},
		"current XML":  {XML, `<?xml version="1.0" encoding="utf-8"?><sysConf><Version>2.0000000000</Version><sip><line index="1"><PhoneNumber>1001</PhoneNumber><RegisterPswd>geheim</RegisterPswd><FailbackInterval>60</FailbackInterval><BackupTransport>1</BackupTransport></line></sip></sysConf>`},
		"header, XML":  {XML, "<<VOIP CONFIG FILE>>Version:2.0000000000        \n<sysConf><sip>\n<!-- x --><line index=\"1\"><PhoneNumber>1001</PhoneNumber><RegisterPswd>ge&#104;eim</RegisterPswd><FailbackInterval>60</FailbackInterval><BackupTransport>1</BackupTransport></line></sip></sysConf>"},
		"legacy XML":   {LegacyXML, "<VOIP_CONFIG_FILE><version>2.0002</version><SIP_CONFIG_MODULE><SIP_Line_List><SIP_Line_List_Entry><ID>SIP1</ID>\n<Phone_Number>1001</Phone_Number><Register_Pswd>geheim</Register_Pswd><Failback_Inter>60</Failback_Inter><Backup_Transpo>1</Backup_Transpo></SIP_Line_List_Entry></SIP_Line_List></SIP_CONFIG_MODULE></VOIP_CONFIG_FILE>"},
		"JSON":         {JSON, `{"lines":{"1":{"phone_number":"1001","auth_password":"geheim","auth_password_set":true,"failback_interval":60,"backup_transport":"tcp","display_name":""}}}`},
	} {
		got, report := merged(t, Factory(), c.file)
		s := got.Lines[1]
		if s.PhoneNumber != "1001" || s.AuthPassword != "geheim" || s.FailbackInterval != 60 || s.BackupTransport != line.TCP || report.Format != c.format || len(report.Unknown) > 0 {
			t.Errorf("%s: %+v, %+v", name, s, report)
		}
		if len(got.Foreign) > 0 || len(report.Changes) != 4 {
			t.Errorf("%s: %+v, %+v", name, got.Foreign, report.Changes)
		}
	}
}

func TestUnknownKeysAreKept(t *testing.T) {
	const file = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP1 Need Reg On:1\nSIP1 Moon Phase:full\nSIP21 Phone Number:7\n<DSSKEY CONFIG MODULE>\n--Sidekey Config1--:\nFkey1 Type         :1\nFkey1 Value        :200@1/bc\n<<END OF FILE>>\n"
	c, report := merged(t, Factory(), file)
	want := []Unknown{{4, "SIP1 Moon Phase", 1, "sip.line.1.MoonPhase"}, {5, "SIP21 Phone Number", 21, "sip.line.21.PhoneNumber"},
		{8, "Fkey1 Type", 0, "dsskey.--SidekeyConfig1--.Fkey1Type"}, {9, "Fkey1 Value", 0, "dsskey.--SidekeyConfig1--.Fkey1Value"}}
	if !slices.Equal(report.Unknown, want) {
		t.Errorf("unknown: %v", report.Unknown)
	}
	if len(report.Changes) != 5 || report.Changes[2].Name != "sip.line.1.NeedRegOn" || report.Changes[2].Used {
		t.Errorf("changes: %+v", report.Changes)
	}
	for _, part := range []string{"\r\nSIP1 Need Reg On        :1\r\n", "\r\nSIP1 Moon Phase         :full\r\n", "\r\nSIP21 Phone Number      :7\r\n",
		"\r\n<DSSKEY CONFIG MODULE>\r\n--Sidekey Config1--:\r\nFkey1 Type         :1\r\nFkey1 Value        :200@1/bc\r\n"} {
		if !strings.Contains(string(c.Export(Text, false)), part) {
			t.Errorf("the export has no %q:\n%s", part, c.Export(Text, false))
		}
	}
	// What a file does not name stays.
	next, report := merged(t, c, `{"lines":{"2":{"phone_number":"1002"}}}`)
	if len(report.Changes) != 1 || len(next.Foreign) != len(c.Foreign) || next.Lines[2].PhoneNumber != "1002" {
		t.Errorf("%+v", report.Changes)
	}
}

func TestSecretsStay(t *testing.T) {
	const canary = "canary-1"
	c, report := merged(t, Factory(), "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP1 Phone Number:1001\nSIP1 Register Pswd:"+canary+"\nSIP1 Proxy Pswd:"+canary+"\nSIP1 MedCrypto Key:"+canary+"\n<MMI CONFIG MODULE>\nAccount1 Password:"+canary+"\n")
	for _, change := range report.Changes {
		if text := fmt.Sprint(change); strings.Contains(text, canary) || change.Secret != (change.Name != "phone_number") {
			t.Errorf("the change %s", text)
		}
	}
	for _, format := range Formats {
		open, whole := string(c.Export(format, false)), string(c.Export(format, true))
		if strings.Contains(open, canary) || strings.Count(whole, canary) != 4 {
			t.Errorf("%s: %d secrets without being asked for, %d with", format, strings.Count(open, canary), strings.Count(whole, canary))
		}
		if next, report := merged(t, c, open); len(report.Changes) > 0 || next.Lines[1].AuthPassword != canary {
			t.Errorf("%s: an import without secrets changes %+v", format, report.Changes)
		}
	}
	if next, _ := merged(t, c, `{"lines":{"1":{"auth_password":null}}}`); next.Lines[1].AuthPassword != canary {
		t.Error("null takes the secret away")
	}
	if next, _ := merged(t, c, `{"lines":{"1":{"auth_password":""}}}`); next.Lines[1].AuthPassword != "" {
		t.Error(`"" leaves the secret`)
	}
}

var column = regexp.MustCompile(`, column [1-9][0-9]*`)

// What is wrong is told by line and key, all of it at once, and nothing comes of the file.
func TestFaults(t *testing.T) {
	const head = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\n"
	for file, want := range map[string]string{
		"": "the file is empty", " \n\n": "the file is empty", "hello": "line 1: is no configuration file", "\nhello": "line 2: is no configuration file",
		"<<VOIP CONFIG FILE>>":                                "line 1: the file does not begin with",
		"\xff\xfe<\x00":                                       "line 1: is not XML: unexpected EOF",
		"<sysConf>\n<a>\xe4</a></sysConf>":                    "line 2: is not UTF-8, and no other encoding is declared",
		head + "SIP1 Register Port":                           `line 3: is neither a module nor KEY:VALUE: "SIP1 Register Port"`,
		head + "\n:x":                                         "line 4: a key without a name",
		head + "SIP1 Register Port:70000":                     "line 3: SIP1 Register Port: must be a whole number from 0 to 65535",
		head + "SIP1 Transport:9":                             "line 3: SIP1 Transport: must be one of udp, tcp, tls",
		head + "SIP1 Register Port:a\nSIP1 Enable Failback:2": "line 3: SIP1 Register Port: must be a whole number from 0 to 65535\nline 4: SIP1 Enable Failback: must be 0 or 1",
		head + "SIP1 Session Timer T2:100":                    "line 3: SIP1 Session Timer T2: must not be less than t1_ms (500)",
		head + "SIP1 Enable Reg:1":                            "SIP1 Phone Number: is needed to activate the line",
		head + "SIP1 Need Reg On:\x00":                        "line 3: SIP1 Need Reg On: the value must not contain control characters",
		"<sysConf>\n<sip>\n<line index=\"1\"><RegisterPort>x</RegisterPort></line></sip></sysConf>": "line 3: SIP1 Register Port: must be a whole number",
		"<sysConf>\n<sip>": "line 2: is not XML: unexpected EOF", "<foo/>": "line 1: is no configuration file: the outermost element is <foo>",
		"<!DOCTYPE x [<!ENTITY a \"b\">]>\n<sysConf/>":                                    "line 1: a document type is not allowed",
		"<sysConf><a>&lol;</a></sysConf>":                                                 "line 1: is not XML: invalid character entity",
		"<sysConf>" + strings.Repeat("<a>", 13):                                           "line 1: there are too many elements, or they are nested too deep",
		`<?xml version="1.0" encoding="klingon"?><sysConf/>`:                              `line 1: its encoding "klingon" is not known`,
		"<sysConf><a>x<b>y</b></a></sysConf>":                                             "line 1: <a> has text beside its elements",
		"{\n\"lines\": {\"1\": {\n\"register_portt\": 1}}}":                               "line 3: register_portt: is not a setting of a line",
		"{\n\"lines\": {\"21\": {\n\"register_port\": 1}}}":                               "line 3: register_port: is not a setting",
		"{\n\"lines\": {\"1\": {\n\"register_port\": []}}}":                               "line 3: must be a string, a number, true or false here",
		"{\n\"lines\": {\"x\": {}}}":                                                      `line 2: "x" is no number of a line`,
		"{\n\"lines\": [":                                                                 "line 2: must be an object here",
		"{\n\"lines\": {\n":                                                               "ends too early",
		"{\n\"lines\": {}\n} {}":                                                          "line 3: there is more than one JSON value",
		"{\"lines\":{\"1\":{\"register_port\":70000,\n\"enable_failback\":\"perhaps\"}}}": "line 1: SIP1 Register Port: must be a whole number from 0 to 65535\nline 2: SIP1 Enable Failback: must be 0 or 1",
	} {
		f, err := ParsePartial([]byte(file))
		if err == nil {
			var same Configuration
			var report Report
			factory := Factory()
			same, report, err = factory.Merge(f, false)
			if err != nil && len(Changes(factory, same)) > 0 {
				t.Errorf("%q: changes something", shorten(file))
			}
			if len(report.Refused) != len(Faults(err)) || len(report.Changes) > 0 {
				t.Errorf("%q: the report has the changes %v and refuses %v", shorten(file), report.Changes, report.Refused)
			}
		}
		if err == nil || !strings.Contains(column.ReplaceAllString(err.Error(), ""), want) {
			t.Errorf("%q: %v, want %s", shorten(file), err, want)
		}
		if err != nil && len(Faults(err)) == 0 {
			t.Errorf("%q: %v is no fault", shorten(file), err)
		}
	}
	if _, err := Parse(make([]byte, MaxSize+1)); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Error(err)
	}
	var fault *Fault
	if f, err := ParsePartial([]byte(head + "SIP1 Register Pswd:" + strings.Repeat("x", 200))); err != nil {
		t.Error(err)
	} else if _, _, err := Factory().Merge(f, false); !errors.As(err, &fault) || fault.Value != nil || fault.Path != "sip.line.1.RegisterPswd" {
		t.Errorf("%+v", fault)
	}
}

func TestNotes(t *testing.T) {
	_, report := merged(t, Factory(), "<<VOIP CONFIG FILE>>Version:2.0000000000\nSIP1 Transport:2\nSIP1 Transport:0\n<<END OF FILE>>\n")
	if len(report.Notes) != 2 || report.Notes[0].At != 2 || report.Notes[1].At != 3 || len(report.Changes) != 0 {
		t.Errorf("%+v", report)
	}
}

func must(f *File, err error) *File {
	if err != nil {
		panic(err)
	}
	return f
}

// IM-11: outbound proxies of a file are settings of the line: what provisioning systems write, with no backup server and a backup proxy, is a line with
// two servers. A file whose unused lines carry a proxy is taken as well.
func TestOutboundProxies(t *testing.T) {
	const text = `<<VOIP CONFIG FILE>>Version:2.0000000000
<SIP CONFIG MODULE>
SIP1 Phone Number       :1001
SIP1 Register Addr      :pbx.example.test
SIP1 Register Port      :5060
SIP1 Backup Addr        :
SIP1 Backup Transport   :1
SIP1 Proxy Addr         :sbc1.example.test
SIP1 Proxy Port         :5080
SIP1 Proxy User         :edge
SIP1 Proxy Pswd         :canary-1
SIP1 Proxy Need Reg On  :1
SIP1 BakProxy Addr      :sbc2.example.test
SIP1 BakProxy Port      :5081
SIP1 BakProxy Need Reg On:1
SIP1 Enable Failback    :1
SIP1 Enable Reg         :1
SIP2 Proxy Addr         :sbc1.example.test
SIP2 Enable Reg         :0
<<END OF FILE>>
`
	const tags = `<<VOIP CONFIG FILE>>Version:2.0000000000
<sysConf><sip><line index="1"><PhoneNumber>1001</PhoneNumber><RegisterAddr>pbx.example.test</RegisterAddr><BackupAddr></BackupAddr><BackupTransport>1</BackupTransport>
<ProxyAddr>sbc1.example.test</ProxyAddr><ProxyPort>5080</ProxyPort><ProxyUser>edge</ProxyUser><ProxyPswd>canary-1</ProxyPswd><ProxyNeedRegOn>1</ProxyNeedRegOn>
<BakProxyAddr>sbc2.example.test</BakProxyAddr><BakProxyPort>5081</BakProxyPort><BakProxyNeedRegOn>1</BakProxyNeedRegOn><EnableReg>1</EnableReg></line>
<line index="2"><ProxyAddr>sbc1.example.test</ProxyAddr><EnableReg>0</EnableReg></line></sip></sysConf>
`
	for _, file := range []string{text, strings.TrimPrefix(tags, "<<VOIP CONFIG FILE>>Version:2.0000000000\n")} {
		c, _ := merged(t, Factory(), file)
		s := c.Lines[1]
		primary := line.Server{Addr: "pbx.example.test", Port: 5060, TTL: 3600, Transport: line.UDP, Proxy: line.Proxy{Addr: "sbc1.example.test", Port: 5080}}
		backup := line.Server{Addr: "pbx.example.test", Port: 5060, TTL: 3600, Transport: line.TCP, Proxy: line.Proxy{Addr: "sbc2.example.test", Port: 5081}}
		if s.Server(line.Primary) != primary || s.Server(line.Backup) != backup || len(s.Slots()) != 2 {
			t.Errorf("%+v, %+v", s.Server(line.Primary), s.Server(line.Backup))
		}
		if s.OutboundProxyUser != "edge" || s.OutboundProxyPassword != "canary-1" || !s.OutboundProxyNeedReg || !s.BackupOutboundProxyNeedReg {
			t.Errorf("%+v", s)
		}
		if c.Lines[2].OutboundProxyAddr != "sbc1.example.test" {
			t.Errorf("line 2: %+v", c.Lines[2])
		}
	}
}
