package sysconf

import (
	"slices"
	"strings"
	"testing"

	"hilphone/db/device"
)

const canaryURL = "http://u:canary-2@192.0.2.1/hook?line=$line"

// remote is a configuration with an address of each kind and remote control.
func remote() Configuration {
	c := Factory()
	c.Device = device.Settings{
		ActionURLs:    device.ActionURLs{"reg_on": "http://192.0.2.1/on?a=1&b=$line", "failover": "http://192.0.2.1/over", "failback": canaryURL},
		RemoteControl: device.RemoteControl{Enabled: true, Allow: []string{"192.0.2.0/24", "198.51.100.7"}, Faithful: true},
	}
	return c
}

func TestSettingsOfThePhoneInFiles(t *testing.T) {
	for _, format := range Formats {
		whole := string(remote().Export(format, true))
		next, report := merged(t, Factory(), whole)
		if left := Changes(remote(), next); len(left) > 0 || len(next.Foreign) > 0 || len(report.Unknown) > 0 {
			t.Errorf("%s: %+v is left, %+v is foreign, %+v unknown", format, left, next.Foreign, report.Unknown)
		}
		open := string(remote().Export(format, false))
		if strings.Contains(open, "canary") || !strings.Contains(open, "192.0.2.1/over") {
			t.Errorf("%s without secrets:\n%s", format, open)
		}
		if _, report := merged(t, remote(), open); len(report.Changes) > 0 {
			t.Errorf("%s: an import without secrets changes %+v", format, report.Changes)
		}
		if again, _ := merged(t, remote(), string(Factory().Export(format, false))); len(again.Device.Text()) > 0 {
			t.Errorf("%s: the factory's file leaves %v", format, again.Device.Text())
		}
	}
	rows := strings.Split(string(remote().Export(Text, true)), "\r\n")
	for _, want := range []string{"<CTI CONFIG MODULE>", "Reg On Url         :http://192.0.2.1/on?a=1&b=$line", "Enabled Active Uri :1", "Active Uri IP      :192.0.2.0/24,198.51.100.7",
		"X-action_url_failover:http://192.0.2.1/over", "X-remote_control_faithful:1"} {
		if !slices.Contains(rows, want) {
			t.Errorf("there is no row %q", want)
		}
	}
	if text := string(remote().Export(XML, true)); !strings.Contains(text, "<RegOnUrl>http://192.0.2.1/on?a=1&amp;b=$line</RegOnUrl>") {
		t.Error(text)
	}
}

func TestDifferenceOfThePhone(t *testing.T) {
	const head = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<CTI CONFIG MODULE>\n"
	next, report := merged(t, remote(), head+"Reg On Url:\nX-action_url_failback:http://u:canary-3@192.0.2.1/hook?line=$line\nX-action_url_failover:http://u:canary-3@192.0.2.1/\nEnabled Active Uri:0\nDND On Url:http://192.0.2.1/\n")
	want := []Change{
		{Name: "action_url_reg_on", Key: "Reg On Url", Old: "http://192.0.2.1/on?a=1&b=$line", Used: true},
		{Name: "action_url_failover", Key: "X-action_url_failover", Old: "http://192.0.2.1/over", New: "http://u:***@192.0.2.1/", Used: true},
		{Name: "action_url_failback", Key: "X-action_url_failback", Secret: true, Set: true, Used: true},
		{Name: "remote_control_enabled", Key: "Enabled Active Uri", Old: "1", New: "0", Used: true},
		{Name: "cti.DNDOnUrl", Key: "DND On Url", New: "http://192.0.2.1/"},
	}
	if !slices.Equal(report.Changes, want) {
		t.Errorf("%+v", report.Changes)
	}
	if next.Device.ActionURLs["reg_on"] != "" || next.Device.RemoteControl.Enabled || !next.Device.RemoteControl.Faithful {
		t.Errorf("%+v", next.Device)
	}
	// An address as it is shown leaves the one that is set.
	for _, url := range []string{"http://u:***@192.0.2.1/hook?line=$line", "http://u:***@x.test/"} { // IM-04: and so does one with the mask of another's
		next, report := merged(t, remote(), head+"X-action_url_failback: "+url+" \n")
		if len(report.Changes) > 0 || maskNotes(report) != 1 || next.Device.ActionURLs["failback"] != canaryURL {
			t.Errorf("%+v, %+v", report.Changes, report.Notes)
		}
	}
	for file, fault := range map[string]string{
		"Reg On Url:ftp://192.0.2.1/":             "line 3: Reg On Url: must begin with http:// or https://",
		"Reg On Url:http://169.254.169.254/":      "line 3: Reg On Url: this phone does not call",
		"Reg On Url:http://127.0.0.1/":            "line 3: Reg On Url: this phone does not call",
		"Enabled Active Uri:yes":                  "line 3: Enabled Active Uri: must be 0 or 1",
		"Active Uri IP:10.0.0.0/8,everybody":      "line 3: Active Uri IP: must be IP addresses or networks",
		"X-action_url_tomorrow:http://192.0.2.1/": "",
	} {
		c, report, err := remote().Merge(must(ParsePartial([]byte(head+file))), false)
		switch {
		case fault == "" && (err != nil || len(report.Unknown) != 1):
			t.Errorf("%s: %v, %+v", file, err, report)
		case fault != "" && (err == nil || !strings.HasPrefix(column.ReplaceAllString(err.Error(), ""), fault) || len(Faults(err)) != 1):
			t.Errorf("%s: %v, want %s", file, err, fault)
		case fault != "" && len(Changes(remote(), c)) > 0:
			t.Errorf("%s changes something", file)
		}
	}
	if _, _, err := Factory().Merge(must(ParsePartial([]byte(head+"Reg On Url:http://127.0.0.1:8000/"))), true); err != nil {
		t.Errorf("loopback in a lab: %v", err)
	}
}

// IM-04: an address with a mask in the place of its password, of the same user and host, is another one with that password; the address that is set is
// none to be set again, so that one of this computer, from a time with a lab, is no fault.
func TestMaskedAddresses(t *testing.T) {
	const head = "<<VOIP CONFIG FILE>>Version:2.0000000000\n<CTI CONFIG MODULE>\nX-action_url_failback:"
	for _, c := range []struct{ set, given, want string }{
		{"http://u:canary-3@192.0.2.1/a", "http://u:***@192.0.2.1/a", "http://u:canary-3@192.0.2.1/a"},
		{"http://u:canary-3@192.0.2.1/a", "http://u:***@192.0.2.1/b?c=$line", "http://u:canary-3@192.0.2.1/b?c=$line"},
		{"http://u:canary-3@127.0.0.1/a", "http://u:***@127.0.0.1/a", "http://u:canary-3@127.0.0.1/a"},
	} {
		stored := Factory()
		stored.Device.ActionURLs = device.ActionURLs{"failback": c.set}
		next, report := merged(t, stored, head+c.given+"\n")
		if got := next.Device.ActionURLs["failback"]; got != c.want || maskNotes(report) != 1 || (len(report.Changes) == 1) != (c.want != c.set) {
			t.Errorf("%s over %s is %s, want %s; %+v", c.given, c.set, got, c.want, report)
		}
	}
}
