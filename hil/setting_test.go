package hil

import (
	"encoding/json"
	"testing"

	"hilphone/hil/scenario"
)

// A setting may take the value of another one of its kind; a secret, what the phone has not, and what is of another kind are refused.
func TestSettingTakesAnother(t *testing.T) {
	has := map[string]any{"register_addr": "127.0.0.2", "register_port": 5060.0, "outbound_proxy_addr": "", "outbound_proxy_port": json.Number("5080"), "enabled": true,
		"auth_password": nil, "auth_password_set": true}
	for _, c := range []struct {
		name, value string
		want        any // nil: refused
	}{
		{"outbound_proxy_addr", "{register_addr}", "127.0.0.2"}, {"outbound_proxy_port", "{register_port}", 5060.0}, {"register_port", "{outbound_proxy_port}", json.Number("5080")},
		{"outbound_proxy_addr", "{register_port}", nil}, {"outbound_proxy_addr", "{nothing}", nil}, {"outbound_proxy_addr", "{auth_password}", nil}, {"enabled", "{auth_password_set}", nil},
		{"nothing", "{register_addr}", nil}, {"outbound_proxy_addr", "{register_addr", "{register_addr"},
	} {
		got, err := settingValue(has, scenario.Setting{Name: c.name, Value: c.value})
		if got != c.want || (err == nil) != (c.want != nil) {
			t.Errorf("setting %s %s: %v, %v, want %v", c.name, c.value, got, err, c.want)
		}
	}
}
