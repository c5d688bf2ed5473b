package sysconf

import (
	"strings"
	"testing"

	"hilphone/db/device"
	"hilphone/sip/line"
)

// IM-10, IM-12: of each key it is known whether it is obeyed, kept or unknown, and whether a value would do something on a real phone only.
func TestUse(t *testing.T) {
	for _, c := range []struct {
		row     string
		use     Use
		ignored bool
	}{
		{"<SIP CONFIG MODULE>\nSIP1 Register Pwd:x\n", UseObeyed, false},
		{"<SIP CONFIG MODULE>\nSIP1 UDPUpdate Try Times:3\n", UseObeyed, false},
		{"<SIP CONFIG MODULE>\nSIP1 PRACK:0\n", UseKept, false},
		{"<SIP CONFIG MODULE>\nSIP1 PRACK: 0 \n", UseKept, false},
		{"<SIP CONFIG MODULE>\nSIP1 PRACK:1\n", UseKept, true},
		{"<SIP CONFIG MODULE>\nSIP1 Ena RFC5939:1\n", UseKept, true},
		{"<SIP CONFIG MODULE>\nSIP21 PRACK:1\n", UseUnknown, false},
		{"<SIP CONFIG MODULE>\nSIP1 Nothing:1\n", UseUnknown, false},
		{"<SIP CONFIG MODULE>\nReg Fail Interval:60\n", UseObeyed, false},
		{"<SIP CONFIG MODULE>\nSTUN Port:3479\n", UseKept, true},
		{"<CALL FEATURE MODULE>\nP1 Reject Return Code:603\n", UseObeyed, false},
		{"<CALL FEATURE MODULE>\nP1 CallWaiting:1\n", UseKept, false},
		{"<CALL FEATURE MODULE>\nP1 DND Return Code:486\n", UseKept, true},
		{"<CALL FEATURE MODULE>\nP1 Nothing:486\n", UseUnknown, false},
		{"<TELE CONFIG MODULE>\nDial by Pound:1\n", UseKept, false},
		{"<TELE CONFIG MODULE>\nP1 CallWaiting:1\n", UseKept, false},
		{"<TELE CONFIG MODULE>\nP1 DND Code:1\n", UseKept, false},
		{"<TELE CONFIG MODULE>\nP1 DND Code:2\n", UseKept, true},
		{"<GLOBAL CONFIG MODULE>\nActive Uri IP:192.0.2.1\n", UseObeyed, false},
		{"<GLOBAL CONFIG MODULE>\nHost Name:x\n", UseUnknown, false},
	} {
		f, err := Parse([]byte(currentText + c.row + end))
		if err != nil {
			t.Fatal(err)
		}
		if e := f.Entries[0]; e.Use() != c.use || e.Ignored() != c.ignored {
			t.Errorf("%s is %s, ignored %v: %+v", c.row, e.Use(), e.Ignored(), e)
		}
	}
}

// The list has each key once, those of all settings among them, and unknown ones that were given.
func TestKnownKeys(t *testing.T) {
	c, _ := merged(t, Factory(), currentText+"<SIP CONFIG MODULE>\nSIP3 Nothing:1\n<NEW MODULE>\nOther:2\n"+end)
	byKey, settings := map[string]KnownKey{}, map[string]bool{}
	for _, k := range c.KnownKeys() {
		if _, twice := byKey[k.Path]; twice {
			t.Errorf("%s is there twice", k.Path)
		}
		byKey[k.Path], settings[k.Setting] = k, true
		if (k.Use == UseObeyed) != (k.Setting != "") {
			t.Errorf("%+v", k)
		}
	}
	if len(byKey) != 361 || len(settings) != 98 {
		t.Errorf("%d keys, %d settings", len(byKey), len(settings))
	}
	for _, d := range line.Table {
		if !settings[d.Name] {
			t.Errorf("no key is for %s", d.Name)
		}
	}
	for _, name := range device.Names() {
		if !settings[name] {
			t.Errorf("no key is for %s", name)
		}
	}
	if k := byKey["sip.line.n.RegisterPswd"]; k.Key != "SIPn Register Pswd" || len(k.Aliases) != 1 || !strings.HasPrefix(k.Aliases[0], "Register Pwd, legacy files") {
		t.Errorf("%+v", k)
	}
	if k := byKey["sip.line.3.Nothing"]; k.Key != "SIP3 Nothing" || k.Use != UseUnknown {
		t.Errorf("%+v", k)
	}
	if k := byKey["NEW.Other"]; k.Key != "Other" || k.Use != UseUnknown {
		t.Errorf("%+v", k)
	}
}
