package db

import (
	"testing"

	"hilphone/db/device"
	"hilphone/db/sysconf"
)

// IM-10: keys that an earlier program kept are obeyed when this one opens its store, once; what was set since, and what is wrong, stays out.
func TestPromote(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	err := d.ChangeConfiguration(t.Context(), "", func(c sysconf.Configuration) (sysconf.Configuration, error) {
		c.Foreign = nil
		return c, c.Device.SetValue(device.BusyReturnCode, "600", false)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []sysconf.Entry{
		{Path: "call.P1RejectReturnCode", Key: "P1 Reject Return Code", Module: "CALL FEATURE MODULE", Value: "488"},
		{Path: "call.P1BusyReturnCode", Key: "P1 Busy Return Code", Module: "CALL FEATURE MODULE", Value: "480"},
		{Path: "GLOBAL.RegOnUrl", Key: "Reg On Url", Module: "GLOBAL CONFIG MODULE", Value: "http://192.0.2.1/on"},
		{Path: "sip.SIPPort", Key: "SIP  Port", Module: "SIP CONFIG MODULE", Value: "x"},
		{Path: "sip.RegFailInterval", Key: "Reg Fail Interval", Module: "SIP CONFIG MODULE", Value: "60"},
		{Path: "sip.STUNPort", Key: "STUN Port", Module: "SIP CONFIG MODULE", Value: "3479"},
		{Line: 2, Path: "UDPUpdateTryTimes", Key: "UDPUpdate Try Times", Value: "5"},
		{Line: 2, Path: "RegisterTTL", Key: "Register TTL", Value: "03600"},
	} {
		_, err := d.write.ExecContext(t.Context(), "INSERT INTO foreign_setting (line, path, place, key, module, list, value) VALUES (?, ?, ?, ?, ?, '', ?)", e.Line, e.Path, i, e.Key, e.Module, e.Value)
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = mustOpen(t, dir)
		c, err := d.Configuration(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := c.Device
		if s.Number(device.RejectReturnCode) != 488 || s.Number(device.BusyReturnCode) != 600 || s.Number(device.SIPPort) != 5060 || s.ActionURLs["reg_on"] != "http://192.0.2.1/on" {
			t.Errorf("the phone is set to %v", s.Text())
		}
		if c.Lines[1].RegFailInterval != 60 || c.Lines[20].RegFailInterval != 60 || c.Lines[2].OptionsFailCount != 5 || c.Lines[1].OptionsFailCount != 1 {
			t.Errorf("line 2 is set to %+v", c.Lines[2])
		}
		if len(c.Foreign) != 2 || c.Foreign[0].Path != "sip.STUNPort" || c.Foreign[1].Value != "03600" {
			t.Errorf("kept is %+v", c.Foreign)
		}
	}
}
