package sysconf

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hilphone/sip/line"
)

// strangers are keys that this phone has never heard of, of a line and of the device.
var strangers = []Entry{
	{Path: "SignalKey", Key: "Signal Key"}, {Path: "MediaKey", Key: "Media Key"}, {Path: "AuthToken", Key: "Auth Token"}, {Path: "MoonPhase", Key: "Moon Phase"}, {Path: "LockPIN", Key: "Lock PIN"},
	{Path: "ap.ConfigFileKey", Key: "Config File Key"}, {Path: "ap.DefaultPassword", Key: "Default Password"}, {Path: "ap.AutoPbookUrl", Key: "Auto Pbook Url"},
	{Path: "phone.XML-PBook1Auth", Key: "XML-PBook1 Auth"}, {Path: "phone.XML-PBook1Addr", Key: "XML-PBook1 Addr"}, {Path: "phone.KeyLockPassword", Key: "KeyLock Password"},
	{Path: "tr069.ACSPasswd", Key: "ACS Passwd"}, {Path: "vpn.L2TPPwd", Key: "L2TP Pwd"}, {Path: "dot1x.XSUPPassword", Key: "XSUP Password"}, {Path: "net.PPPOEPswd", Key: "PPPOE Pswd"},
	{Path: "web.Account1Password", Key: "Account1 Password"}, {Path: "dsskey.Fkey1Value", Key: "Fkey1 Value"}, {Path: "Zeta", Key: "Zeta"}, {Path: "mt.a.2.Secret", Key: "a.2.Secret"},
	{Path: "sip.DialByPoundKey", Key: "Dial By Pound Key"}, {Path: "web.a_bPassphrase", Key: "a_b Passphrase"},
}

// planted are entries with a canary each, of every key that can hold one: of line n, of the device, and those that are not known. Those named
// like a secret have it for their value, all others, and with urls all of them, have it in a URL.
func planted(n int, urls bool) (all []Entry) {
	plant := func(e Entry) {
		if d, used := e.setting(); used && (d.Kind != line.Text || d.Name == "phone_number") {
			return
		}
		e.Value = fmt.Sprintf("cnry%03dz", len(all))
		if urls || !e.Secret() {
			e.Value = "http://u:" + e.Value + "@192.0.2.1/x"
		}
		if d, used := e.deviceSetting(); used && !strings.HasPrefix(d.Name, "action_url_") {
			return
		}
		if _, used := e.wideSetting(); used {
			return
		}
		all = append(all, e)
	}
	for _, k := range LineKeys() {
		plant(Entry{Line: n, Path: k.Tag, Key: k.Name})
	}
	for _, path := range slices.Sorted(maps.Keys(deviceKeys())) {
		group, _, _ := strings.Cut(path, ".")
		plant(Entry{Path: path, Key: deviceKeys()[path].Name, Module: moduleOf(group)})
	}
	for _, e := range strangers {
		if group, _, device := strings.Cut(e.Path, "."); device {
			e.Module = moduleOf(group)
		} else if e.Path != "Zeta" {
			e.Line = n
		}
		plant(e)
	}
	return all
}

var canaryBird = regexp.MustCompile(`cnry[0-9]+`)

// silent fails where a canary sings.
func silent(t *testing.T, where string, text string) {
	t.Helper()
	if found := canaryBird.FindStringIndex(text); found != nil {
		t.Errorf("%s has …%s", where, text[max(0, found[0]-60):found[1]])
	}
}

// IM-05: a canary in every key is in no export without secrets, in no difference and in no note, whatever format it comes in and goes out
// in; what was left out or masked changes nothing when it is taken over again (IM-04).
func TestCanaryInEveryKey(t *testing.T) {
	for _, urls := range []bool{false, true} {
		entries := planted(2, urls)
		if len(entries) != 309 { // of 163 keys of a line and some 90 others; numbers, switches and addresses hold no text
			t.Fatalf("%d keys have a canary", len(entries))
		}
		for _, in := range Formats {
			name := fmt.Sprintf("%s, urls %v", in, urls)
			c, report := merged(t, Factory(), string(write(in, entries)))
			silent(t, name+": the report", fmt.Sprintf("%+v", report))
			if len(report.Changes) != len(entries) {
				t.Errorf("%s: %d changes of %d", name, len(report.Changes), len(entries))
			}
			for _, out := range Formats {
				open, whole := c.Export(out, false), c.Export(out, true)
				silent(t, name+" as "+string(out), string(open))
				silent(t, name+" for others as "+string(out), string(c.ExportOpen(out)))
				if found := len(canaryBird.FindAll(whole, -1)); found < len(entries) {
					t.Errorf("%s as %s with secrets: %d canaries of %d", name, out, found, len(entries))
				}
				for _, file := range [][]byte{open, c.ExportOpen(out)} {
					next, report := merged(t, c, string(file))
					if changes := Changes(c, next); len(changes)+len(report.Changes) > 0 || !maps.Equal(valuesOf(next), valuesOf(c)) {
						t.Errorf("%s as %s: an import of what was left changes %+v", name, out, changes)
					}
					silent(t, name+" as "+string(out)+": the second report", fmt.Sprintf("%+v", report))
				}
			}
			silent(t, name+": taken away", fmt.Sprintf("%+v", Changes(c, Factory())))
		}
	}
}

// maskNotes is how many notes say that there was a mask.
func maskNotes(r Report) (n int) {
	for _, note := range r.Notes {
		if strings.Contains(note.Message, "mask") {
			n++
		}
	}
	return n
}

func valuesOf(c Configuration) map[place]string {
	values := map[place]string{}
	for _, e := range c.entries(Text) {
		values[place{e.Line, e.Path}] = e.Value
	}
	return values
}

func merge(c Configuration, file []byte) (Configuration, error) {
	f, err := Parse(file)
	if err != nil {
		return c, err
	}
	next, _, err := c.Merge(f, false)
	return next, err
}

// IM-04: a mask in the place of a secret leaves it, and a note says so; of what is no secret it is a value.
func TestMasksStay(t *testing.T) {
	for _, urls := range []bool{false, true} {
		entries := planted(1, urls)
		for _, format := range Formats {
			c, _ := merged(t, Factory(), string(write(format, entries)))
			for _, mask := range []string{"*", "****", "••••••", "<hidden>"} {
				veiled := slices.Clone(entries)
				for i, e := range veiled {
					veiled[i].Value = canaryBird.ReplaceAllString(strings.TrimSuffix(e.Value, "z"), mask)
					if strings.Contains(e.Value, "@") {
						veiled[i].Value = "http://u:" + mask + "@192.0.2.1/x"
					}
				}
				next, report := merged(t, c, string(write(format, veiled)))
				if len(report.Changes) > 0 || maskNotes(report) != len(entries) || !maps.Equal(valuesOf(next), valuesOf(c)) {
					t.Errorf("%s, urls %v, %s: %d notes of %d, changes %+v", format, urls, mask, maskNotes(report), len(entries), report.Changes)
				}
				// Where nothing is stored a mask is no value either.
				if next, report := merged(t, Factory(), string(write(format, veiled))); len(report.Changes) > 0 || strings.Contains(string(next.Export(Text, true)), mask+"@") {
					t.Errorf("%s, urls %v, %s over nothing: %+v", format, urls, mask, report.Changes)
				}
			}
		}
	}
	c, _ := merged(t, Factory(), "<<VOIP CONFIG FILE>>Version:2.0000000000\nSIP1 Register Pswd:one\nSIP1 XML Auth:user:two\nSIP1 Feed:ftp://u:three@h1/x\n")
	for row, want := range map[string]string{
		"SIP1 Register Pswd:****":                      "one",
		"SIP1 Register Pswd:new":                       "new",
		"SIP1 Register Pswd:xxxx":                      "xxxx",
		"SIP1 Register Pswd:":                          "",
		"SIP1 XML Auth:****":                           "user:two",
		"SIP1 XML Auth:user:****":                      "user:two",
		"SIP1 XML Auth:user:new":                       "user:new",
		"SIP1 Feed:ftp://u:****@h1/y":                  "ftp://u:three@h1/y",
		"SIP1 Feed:ftp://u:****@h2/x":                  "ftp://u:three@h1/x", // another server gets no password
		"SIP1 Feed:ftp://v:****@h1/x":                  "ftp://u:three@h1/x",
		"SIP1 Feed:ftp://u:new@h2/x":                   "ftp://u:new@h2/x",
		"SIP1 Hotline Num:***":                         "***",
		"SIP1 Pickup Num:**":                           "**",
		"SIP1 Feed:x\nSIP1 Feed:ftp://u:***@h1":        "x",
		"SIP1 Register Pswd:a\nSIP1 Register Pswd:***": "a",
	} {
		next, _ := merged(t, c, "<<VOIP CONFIG FILE>>Version:2.0000000000\n"+row+"\n")
		key, _, _ := strings.Cut(row, ":")
		if text := string(next.Export(Text, true)); !regexp.MustCompile(`(?m)^` + key + ` *:` + regexp.QuoteMeta(want) + `\r$`).MatchString(text) {
			t.Errorf("%s: want %q in %s", row, want, text[:min(len(text), 900)])
		}
	}
}

// IM-05: what is wrong with a file is told without the secrets in it.
func TestFaultsSayNoSecret(t *testing.T) {
	const head = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\n"
	files := []string{
		head + "SIP1 Register Pswd cnry001z\n", head + "cnry001z\n", head + "Config File Key\tcnry001z\n", head + "SIP1 Register Pswd:" + strings.Repeat("cnry001z", 20) + "\n",
		head + "SIP1 Register Pswd:cnry001z\x01\n", head + "SIP1 Config File Key:" + strings.Repeat("cnry001z", 2000), head + "SIP1 Phone Number:http://u:cnry001z@192.0.2.1/\n",
		head + "SIP1 Display Name:http://u:cnry001z@192.0.2.1/" + strings.Repeat("x", 99) + "\n", head + "SIP1 X-accept_from:u:cnry001z@h\n", head + "SIP1 X-accept_from:u:cnry001z,x@h\n",
		"<<VOIP CONFIG FILE>>cnry001z", "<sysConf><sip><line index=\"1\"><RegisterPswd>a&cnry001z;b</RegisterPswd></line></sip></sysConf>",
		"<sysConf><sip><line index=\"1\"><RegisterPswd>a&cnry001z b</RegisterPswd></line></sip></sysConf>", "<sysConf><RegisterPswd>a<cnry001z</RegisterPswd></sysConf>",
		"<sysConf><RegisterPswd>a<cnry001z></RegisterPswd></sysConf>", "<sysConf><RegisterPswd>a</cnry001z></RegisterPswd></sysConf>", "<sysConf><a>cnry001z<b>cnry001z</b></a></sysConf>", "<sysConf>cnry001z",
		`{"lines":{"1":{"auth_password":cnry001z}}}`, `{"lines":{"1":{"auth_password":["cnry001z"]}}}`, `{"lines":{"1":{"auth_password":"cnry001z"}}`, `{"lines":{"1":{"auth_password":"cnry001z\x"}}}`,
		`{"lines":{"1":{"keys":{"Config File Key":["cnry001z"]}}}}`, `{"device":[{"path":"ap.ConfigFileKey","value":{"x":"cnry001z"}}]}`, "cnry001z", "\xffcnry001z",
		"<<VOIP CONFIG FILE>>Version:2.0000000000\n<CTI CONFIG MODULE>\nReg On Url:ftp://u:cnry001z@192.0.2.1/\nActive Uri IP:http://u:cnry001z@192.0.2.1/\nEnabled Active Uri:u:cnry001z@192.0.2.1\n",
	}
	for _, d := range line.Table { // settings that hold no text
		e := entryOf(1, d, line.Default())
		files = append(files, head+e.Name()+":http://u:cnry001z@192.0.2.1/\n", head+e.Name()+":u:cnry001z@192.0.2.1\n")
	}
	for _, file := range files {
		_, err := merge(Factory(), []byte(file))
		if err == nil && !strings.Contains(file, "Display Name:u:") && !slices.ContainsFunc(line.Table, func(d line.Setting) bool {
			return d.Kind == line.Text && strings.Contains(file, entryOf(1, d, line.Default()).Name()+":")
		}) {
			t.Errorf("%q is taken", shorten(file))
		}
		for _, f := range Faults(err) {
			silent(t, shorten(file), fmt.Sprintf("%v %v %v %v", f.Error(), f.Key, f.Path, f.Value))
		}
		if err != nil && len(Faults(err)) == 0 {
			t.Error(errors.Unwrap(err))
		}
	}
}
