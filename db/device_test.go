package db

import (
	"errors"
	"maps"
	"testing"

	"hilphone/db/device"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

func TestDevice(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	if s, err := d.Device(t.Context()); err != nil || len(s.Text()) != 0 {
		t.Errorf("a new phone is set to %v, %v", s.Text(), err)
	}
	want := device.Settings{
		ActionURLs:    device.ActionURLs{"failover": "http://u:p@192.0.2.1/?l=$line", "reg_on": "http://192.0.2.1/"},
		RemoteControl: device.RemoteControl{Enabled: true, Allow: []string{"192.0.2.0/24"}},
	}
	for range 2 {
		if err := d.PutDevice(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if s, err := d.Device(t.Context()); err != nil || !maps.Equal(s.Text(), want.Text()) {
			t.Errorf("%v, %v", s.Text(), err)
		}
	}
	bad := want.Clone()
	bad.ActionURLs["failover"] = "ftp://x"
	var field *line.FieldError
	if err := d.PutDevice(t.Context(), bad); !errors.As(err, &field) || field.Name != "failover" {
		t.Errorf("%v", err)
	}
	if _, err := d.write.ExecContext(t.Context(), "INSERT INTO device_setting VALUES ('tomorrow', 'x'), ('action_url_reg_off', 'ftp://x')"); err != nil {
		t.Fatal(err)
	}
	less := device.Settings{RemoteControl: device.RemoteControl{Faithful: true}}
	if s, err := d.Device(t.Context()); err != nil || !maps.Equal(s.Text(), want.Text()) {
		t.Errorf("beside what cannot be used: %v, %v", s.Text(), err)
	}
	if err := d.PutDevice(t.Context(), less); err != nil {
		t.Fatal(err)
	}
	if text, err := deviceText(t.Context(), d.read); err != nil || !maps.Equal(text, map[string]string{"tomorrow": "x", "remote_control_faithful": "1"}) {
		t.Errorf("stored is %v, %v", text, err)
	}
}

// Action URLs and remote control are part of the configuration as a whole: stored with it, copied, restored, reset.
func TestDeviceInConfiguration(t *testing.T) {
	d := opened(t, t.TempDir())
	const address = "http://u:canary-8@192.0.2.1/"
	if err := imported(t, d, "<<VOIP CONFIG FILE>>Version:2.0000000000\n<CTI CONFIG MODULE>\nReg On Url:"+address+"\nEnabled Active Uri:1\nSIP1 Failback Interval:60\n"); err != nil {
		t.Fatal(err)
	}
	if err := imported(t, d, `{"device":[{"path":"cti.RegOnUrl","value":"ftp://x"},{"path":"cti.EnabledActiveUri","value":"0"}]}`); err == nil {
		t.Error("ftp:// is stored")
	}
	set, err := d.Device(t.Context())
	if err != nil || set.ActionURLs["reg_on"] != address || !set.RemoteControl.Enabled {
		t.Errorf("%v, %v", set.Text(), err)
	}
	if err := imported(t, d, `{"device":[{"path":"cti.RegOnUrl","value":""}]}`); err != nil {
		t.Fatal(err)
	}
	copies, err := d.Copies(t.Context())
	if err != nil || len(copies) != 2 {
		t.Fatalf("%v, %v", copies, err)
	}
	kept, err := d.Copy(t.Context(), copies[0].ID)
	if err != nil || kept.Device.ActionURLs["reg_on"] != address || kept.Lines[1].FailbackInterval != 60 {
		t.Fatalf("%v, %v", kept.Device.Text(), err)
	}
	// A change without a reason keeps no copy.
	if err := d.ChangeConfiguration(t.Context(), "", func(sysconf.Configuration) (sysconf.Configuration, error) { return kept, nil }); err != nil {
		t.Fatal(err)
	}
	if set, err := d.Device(t.Context()); err != nil || set.ActionURLs["reg_on"] != address {
		t.Errorf("%v, %v", set.Text(), err)
	}
	if copies, err := d.Copies(t.Context()); err != nil || len(copies) != 2 {
		t.Errorf("%v, %v", copies, err)
	}
}
