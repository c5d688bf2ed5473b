package device

import "testing"

// The events of action URLs, as scripts and the vendor's files have them, in the order of the page: the name, and the key, which is empty where the
// vendor has none.
func TestActionNames(t *testing.T) {
	want := [][2]string{
		{"reg_on", "Reg On Url"}, {"reg_off", "Reg Off Url"}, {"reg_failed", "Reg Failed Url"}, {"failover", ""}, {"failback", ""}, {"all_failed", ""}, {"probe_recovered", ""}, {"probe_failed", ""},
		{"boot_completed", "Boot Completed Url"}, {"ip_change", "IP Change Url"}, {"phonestate_idle", "PhoneState Idle Url"}, {"phonestate_talking", "PhoneState Talking"},
		{"phonestate_ringing", "PhoneState Ringing"}, {"onhook", "Onhook Uri"}, {"offhook", "Offhook Url"}, {"incoming_call", "Incoming Call Url"}, {"outgoing_call", "Outgoing Call Url"},
		{"call_active", "Call Active Url"}, {"call_stop", "Call Stop Url"}, {"new_missed_call", "New Missed call Url"}, {"hold_on", "Hold On Url"}, {"hold_off", "Hold Off Url"}, {"held_on", "Held On Url"},
		{"held_off", "Held Off Url"}, {"transfer", "Transfer Url"}, {"mute_on", "Mute On Url"}, {"mute_off", "Mute Off Url"},
	}
	if len(Actions) != len(want) {
		t.Fatalf("%d actions, want %d", len(Actions), len(want))
	}
	for i, w := range want {
		if a := Actions[i]; a.Name != w[0] || a.Key != w[1] || a.Label.EN == "" || a.Label.JA == "" || a.Label.ZH == "" {
			t.Errorf("%+v, want %v with a label in three languages", a, w)
		}
		if a, ok := ActionNamed(w[0]); !ok || a.Key != w[1] {
			t.Errorf("%s is %+v, %v", w[0], a, ok)
		}
	}
	if _, ok := ActionNamed("reg"); ok {
		t.Error("there is an action reg")
	}
}

// The numbers, in the order of their pages, and the words of what is refused.
func TestNumberNames(t *testing.T) {
	want := []string{"call_timeout", "ring_timeout", "auto_onhook", "auto_onhook_time", "busy_return_code", "reject_return_code", "sip_port"}
	if len(Numbers) != len(want) {
		t.Fatalf("%d numbers, want %d", len(Numbers), len(want))
	}
	for i, w := range want {
		if Numbers[i].Name != w {
			t.Errorf("%s, want %s", Numbers[i].Name, w)
		}
	}
	var s Settings
	for value, problem := range map[string]string{" 30 ": "", "": "", "3601": "call_timeout: must be a whole number from 0 to 3600", "-1": "call_timeout: must be a whole number from 0 to 3600"} {
		err := s.SetValue("call_timeout", value, false)
		if problem == "" && err != nil || problem != "" && (err == nil || err.Error() != problem) {
			t.Errorf("call_timeout %q: %v, want %q", value, err, problem)
		}
	}
	if n := s.Number("call_timeout"); n != 30 {
		t.Errorf("call_timeout is %d, want 30", n)
	}
	if err := s.SetValues(Features, map[string]any{"call_timeout": 45, "auto_onhook": true}); err != nil {
		t.Error(err)
	}
	if n, on := s.Number("call_timeout"), s.Number("auto_onhook"); n != 45 || on != 1 {
		t.Errorf("call_timeout is %d, want 45, auto_onhook %d, want 1", n, on)
	}
}
