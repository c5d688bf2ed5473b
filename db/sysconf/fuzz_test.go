package sysconf

import "testing"

// Each format has a target with small files: no file makes the readers fail, and what they take is taken again from
// whatever format it is written in.

func FuzzText(f *testing.F) {
	f.Add("<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP  Port          :5060\n--SIP Line List--  :\nSIP1 Phone Number:1001\nSIP1 Failback Interval:60\nSIP1 Zeta: 1 \n<<END OF FILE>>")
	f.Add("<<VOIP CONFIG FILE>>Version:2.0000000000\n<A B MODULE>\n--x--:\na.b:c\na..b:\nx_y:1\n1:2\n a :b\nsip.line.4.x: y\nX-key:1\nVersion:1\n<SIP CONFIG MODULE>\nline.0.a:1\nline.x.y:2\n")
	f.Add("<<VOIP CONFIG FILE>>Version:2.0000000000\n<CTI CONFIG MODULE>\nReg On Url:http://u:p@192.0.2.1/?l=$line\nX-action_url_failover:http://192.0.2.1/\nEnabled Active Uri:1\nActive Uri IP:192.0.2.0/24\n")
	f.Add("<<VOIP CONFIG FILE>>Version:2.0000000000\n<CALL FEATURE MODULE>\n--Port Config--    :\nP1 Call Timeout:45\nP1 Nothing:x\nP2 CallWaiting:0\nP1:a\nP12 b:c\nDial by Pound:0\n<SIP CONFIG MODULE>\nReg Fail Interval:60\nSIP2 X-reg_fail_interval:9\n")
	f.Fuzz(fuzzFile)
}

func FuzzLegacyText(f *testing.F) {
	f.Add("<<VOIP CONFIG FILE>>Version:2.0002     \n\n<SIP CONFIG MODULE>\n--SIP Line List--  :\nSIP1 Phone Number  :1001\nSIP1 Register Pwd  :x\nSIP1 Failback Inter:60\nSIP1 Backup Transpo:1\n# a comment\n")
	f.Add("<<VOIP CONFIG FILE>>Version:2.0002\n<GLOBAL CONFIG MODULE>\nIncmoing Call Url:http://192.0.2.1/\nCall Timeout:5\n<TELE CONFIG MODULE>\n--Port Config--    :\nP1 Auto Onhook:0\nP1 Reject Code:2\nP1 Enable DND:1\n")
	f.Fuzz(fuzzFile)
}

func FuzzXML(f *testing.F) {
	f.Add(`<sysConf><Version>2.0000000000</Version><sip><line index="1"><PhoneNumber>1001</PhoneNumber><FailbackInterval>60</FailbackInterval></line></sip></sysConf>`)
	f.Add(`<sysConf><a index="1"><b index="2">x</b><b>y</b></a><dss><page index="1"><key index="1"><Type>1</Type></key></page></dss><X-key name="a b">1</X-key></sysConf>`)
	f.Add(`<sysConf><call><port index="1"><RingTimeout>20</RingTimeout><Other>1</Other></port><port index="2"><RingTimeout>9</RingTimeout></port><port.x>1</port.x></call></sysConf>`)
	f.Add(`<sysConf><cti><RegOnUrl>http://192.0.2.1/?a=1&amp;b=$line</RegOnUrl><X-remote_control_faithful>1</X-remote_control_faithful></cti></sysConf>`)
	f.Fuzz(fuzzFile)
}

func FuzzLegacyXML(f *testing.F) {
	f.Add(`<VOIP_CONFIG_FILE><SIP_CONFIG_MODULE><SIP_Line_List><SIP_Line_List_Entry><ID>SIP1</ID><Phone_Number>1001</Phone_Number><Failback_Inter>60</Failback_Inter></SIP_Line_List_Entry></SIP_Line_List></SIP_CONFIG_MODULE></VOIP_CONFIG_FILE>`)
	f.Add(`<VOIP_CONFIG_FILE><TELE_CONFIG_MODULE><Port_Config><Port_Config_Entry><ID>P1</ID><Auto_Onhook>0</Auto_Onhook><Busy_Code>1</Busy_Code><X>1</X></Port_Config_Entry></Port_Config></TELE_CONFIG_MODULE></VOIP_CONFIG_FILE>`)
	f.Add(`<VOIP_CONFIG_FILE><MMI_CONFIG_MODULE><MMI_Account><MMI_Account_Entry><ID>Account1</ID><Name>admin</Name></MMI_Account_Entry></MMI_Account></MMI_CONFIG_MODULE></VOIP_CONFIG_FILE>`)
	f.Fuzz(fuzzFile)
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"version":"1","lines":{"3":{"failback_interval":60,"auth_password":"x","keys":{"Foo Bar":"1"}}},"device":[{"path":"a.b","key":"B","module":"A CONFIG MODULE","list":"--l--","value":"v"}]}`)
	f.Add(`{"device":[{"path":"cti.RegOnUrl","value":"http://192.0.2.1/"},{"path":"cti.ActiveUriIP","value":"10.0.0.0/8,::1"}]}`)
	f.Fuzz(fuzzFile)
}

// FuzzOdd has all formats, with keys that another could take for something else.
func FuzzOdd(f *testing.F) {
	for _, file := range oddFiles {
		f.Add(file)
	}
	f.Fuzz(fuzzFile)
}

func fuzzFile(t *testing.T, data string) {
	file, err := ParsePartial([]byte(data))
	if err != nil {
		if len(Faults(err)) == 0 {
			t.Fatalf("%v is no fault", err)
		}
		return
	}
	c, _, err := Factory().Merge(file, false)
	if err != nil {
		return
	}
	format := Formats[len(data)%len(Formats)] // one each time: a file of a line has over 200 keys
	text := c.Export(format, true)
	again, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v in\n%s", format, err, text)
	}
	next, _, err := Factory().Merge(again, false)
	if err != nil {
		t.Fatalf("%s: %v in\n%s", format, err, text)
	}
	if changes := Changes(c, next); len(changes) > 0 {
		t.Fatalf("%s changes %+v in\n%s", format, changes, text)
	}
}
