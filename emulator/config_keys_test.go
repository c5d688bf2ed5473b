package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// IM-10: `hilphone config keys` lists each key with what the phone does with it, unknown ones that it was given too.
func TestConfigKeys(t *testing.T) {
	dir := t.TempDir()
	file := "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP1 Nothing:1\n<<END OF FILE>>\n"
	if code, _, err := command(t, file, "config", "import", "-", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	code, out, err := command(t, "", "config", "keys", "--data", dir)
	if code != 0 || err != "" {
		t.Fatalf("%d %s", code, err)
	}
	for _, want := range []string{"obeyed   SIPn Failback Interval ", "kept     SIPn PRACK ", "unknown  SIP1 Nothing ", "obeyed   P1 Reject Return Code ", " 1 unknown.\n"} {
		if strings.Count(out, want) != 1 {
			t.Errorf("there is not one %q in\n%s", want, out)
		}
	}
	code, out, err = command(t, "", "config", "keys", "--json", "--data", dir)
	var keys []keyView
	if e := json.Unmarshal([]byte(out), &keys); code != 0 || err != "" || e != nil {
		t.Fatalf("%d %s %v", code, err, e)
	}
	found := 0
	for _, k := range keys {
		switch k.Key {
		case "SIPn Register Pswd":
			found++
			if k.Path != "sip.line.n.RegisterPswd" || k.Use != "obeyed" || k.Setting == nil || *k.Setting != "auth_password" || len(k.Aliases) == 0 {
				t.Errorf("%+v", k)
			}
		case "SIPn PRACK":
			found++
			if k.Use != "kept" || k.Setting != nil || k.Default != "0" || k.Aliases == nil {
				t.Errorf("%+v", k)
			}
		case "Reg Fail Interval":
			found++
			if k.Use != "obeyed" || *k.Setting != "reg_fail_interval" || k.Default != "32" {
				t.Errorf("%+v", k)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d of the keys are there", found)
	}
}
