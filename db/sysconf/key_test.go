package sysconf

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// keyCharacters are characters that keys of files have, those that formats give a meaning to above all.
var keyCharacters = []rune("abcABC019 .,_-#=/\\&<>\"'%+*()[]{}|~^$@!?;äß€中 \u00a0\u3000")

var keyModules = []string{"", "SIP CONFIG MODULE", "CALL FEATURE CONFIG MODULE", "AP DEFINED MODULE", "APP MODULE", "DOT1.X CONFIG MODULE", "A%2EB MODULE", "GLOBAL CONFIG MODULE",
	"sip", "X-key", "1", "Version", "a<b", "DSSKEY CONFIG MODULE", "line CONFIG MODULE", "CALL FEATURE MODULE", "TELE CONFIG MODULE", " 0 MODULE"}

var keyLists = []string{"", "", "--Sidekey Config1--", "--SoftDss Config--", "--a.b--", "--%2E--", "-----", "--SIP Line List--", "--x=\"&--", "--Port Config--", "--0--"}

// made is an entry with a random key, as a text file could have it.
func made(r *rand.Rand) Entry {
	key := strings.TrimSpace(string(characters(r, 1+r.IntN(24))))
	if given := []string{"P1 Busy N/A Line", "802.1P Value", "Failback Inter", "Session Timer", "Fkey1 Type", "X-key X-key", "X-key", "SIP1 Foo", "X-failover_mode", "ID", "Version", "1.2",
		".a", "a.", "a..b", "line.1.x", "SIP Line List Entry", "Register Pwd", "Phone_Number", "index",
		"P1 Foo", "P1 a_b", "P1", "P12 Foo", "P2 Enable DND", "P1 Enable DND", "P1 Contact Type", "P1 Alert Timeout", "Ena RFC5939", "port.1.Foo", "PortConfig.P1.Foo", "00.0", "0"}; r.IntN(3) == 0 {
		key = given[r.IntN(len(given))]
	}
	value := strings.ReplaceAll(string(characters(r, r.IntN(12))), "%", "x")
	if r.IntN(3) == 0 {
		return Entry{Line: 1 + r.IntN(22), Path: tagOf(key), Key: key, Value: value}
	}
	module, list := keyModules[r.IntN(len(keyModules))], keyLists[r.IntN(len(keyLists))]
	return Entry{Path: devicePath(module, "", key), Key: key, Module: module, List: list, Value: value}
}

func characters(r *rand.Rand, n int) []rune {
	var all []rune
	for range n {
		all = append(all, keyCharacters[r.IntN(len(keyCharacters))])
	}
	return all
}

// IM-02, IM-06: whatever a key is made of, and in whatever module and sub-list it stands, it comes out of every format as it went in, in its order.
func TestAnyKeySurvives(t *testing.T) {
	tried := 0
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := &File{Format: Text}
		for range 40 {
			if err := f.add(made(r)); err != nil {
				t.Fatal(err)
			}
		}
		f.faults = nil // of keys that no file can have
		first, _, err := Factory().Merge(f, false)
		if err != nil {
			continue // a setting with a random value
		}
		tried++
		survives(t, first)
	}
	if tried != 8 {
		t.Errorf("%d files were read", tried)
	}
}

// survives holds the configuration against what is left of it after every format.
func survives(t *testing.T, first Configuration) {
	t.Helper()
	want := string(first.Export(Text, true))
	for _, a := range Formats {
		file := string(first.Export(a, true))
		f, err := Parse([]byte(file))
		if err != nil {
			t.Fatalf("%s: %v in\n%s", a, err, file)
		}
		c, _, err := Factory().Merge(f, false)
		if err != nil {
			t.Fatalf("%s: %v in\n%s", a, err, file)
		}
		if got := string(c.Export(Text, true)); got != want {
			t.Fatalf("through %s:\n%s\nin\n%s", a, difference(want, got), file)
		}
	}
}

// oddFiles have keys, modules and lists that other formats could take for something else.
var oddFiles = []string{
	currentText + "<00.0:00\n" + end,
	"<<VOIP CONFIG FILE>>Version:000000000000\n<00.0:00\n<<END OF FILE>>",
	currentText + "00.0:00\n" + end,
	currentText + "< 0 MODULE>\n--0--:\n0:0\n" + end,
	"<<VOIP CONFIG FILE>>Version:000000000000\n< 0 MODULE>\n--0--:\n0:0\n<<END OF FILE>>",
	`{"device":[{"path":"0:0.0"}]}`,
	`{"device":[{"path":"0:0.0","value":"1"}]}`,
	`{"device":[{"path":"<00.0","value":"1"}]}`,
	currentText + "<CALL FEATURE MODULE>\nP1 Foo:1\n--x--:\nP1 Foo:2\nP1 Enable DND:0\n--Port Config--:\nP1 Foo:3\nP1 a_b:4\nP1 a.b:5\nP12 Foo:6\nP1 Call Timeout:7\nport.1.Bar:8\n" + end,
	legacyText + "<TELE CONFIG MODULE>\n--Port Config--:\nP1 Foo:1\nP1 DND Code:1\nP1 Contact Type:1\n" + end,
	`<VOIP_CONFIG_FILE><CALL_FEATURE_MODULE><Port_Config><Port_Config_Entry><ID>P1</ID><Foo_Bar>1</Foo_Bar><Ring_Timeout>9</Ring_Timeout></Port_Config_Entry><Port_Config_Entry><ID>P2</ID><Foo_Bar>2</Foo_Bar></Port_Config_Entry></Port_Config></CALL_FEATURE_MODULE></VOIP_CONFIG_FILE>`,
}

// IM-06: they survive every format, or the file is refused with the place of the key.
func TestOddKeys(t *testing.T) {
	survivors := 0
	for i, file := range oddFiles {
		c, err := merge(Factory(), []byte(file))
		if err == nil && len(c.Foreign) > 0 {
			survives(t, c)
			survivors++
			continue
		}
		if faults := Faults(err); len(faults) == 0 || faults[0].At == 0 || faults[0].Message == "" {
			t.Errorf("%d: %v, kept %+v", i, err, c.Foreign)
		}
	}
	if survivors != 8 {
		t.Errorf("%d of %d files are read", survivors, len(oddFiles))
	}
}

func difference(want, got string) string {
	a, b := strings.Split(want, "\r\n"), strings.Split(got, "\r\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return "want " + strings.Join(a[max(i-2, 0):min(i+3, len(a))], "\n") + "\ngot " + strings.Join(b[max(min(i, len(b))-2, 0):min(i+3, len(b))], "\n")
		}
	}
	return "more rows"
}

// FuzzKey: any key, module and sub-list that a text file can hold survives every format (IM-02, IM-06).
func FuzzKey(f *testing.F) {
	f.Add("CALL FEATURE CONFIG MODULE", "", "P1 Busy N/A Line", "7", uint16(0))
	f.Add("QOS CONFIG MODULE", "", "802.1P Value", "0", uint16(0))
	f.Add("DSSKEY CONFIG MODULE", "--Sidekey Config1--", "Fkey1 Type", "2", uint16(0))
	f.Add("", "", "Failback Inter", " x ", uint16(3))
	f.Fuzz(func(t *testing.T, module, list, key, value string, line uint16) {
		file := &File{Format: Text}
		e := Entry{Path: devicePath(module, "", key), Key: key, Module: module, List: list, Value: value}
		if line > 0 {
			e = Entry{Line: int(line), Path: tagOf(key), Key: key, Value: value}
		}
		if decoded, _, err := decode([]byte(module + list + key + value)); err != nil || len(decoded) != len(module+list+key+value) {
			return // no file has it
		}
		if err := file.add(e); err != nil || len(file.Entries) == 0 {
			return
		}
		c, _, err := Factory().Merge(file, false)
		if err != nil {
			return
		}
		survives(t, c)
	})
}
