package db

import (
	"errors"
	"maps"
	"testing"

	"hilphone/db/device"
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
	if text, err := d.deviceText(t.Context()); err != nil || !maps.Equal(text, map[string]string{"tomorrow": "x", "remote_control_faithful": "1"}) {
		t.Errorf("stored is %v, %v", text, err)
	}
}
