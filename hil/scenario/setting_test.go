package scenario

import (
	"encoding/json"
	"testing"
)

// UX-11: a setting may take the value of another one of its type; where it cannot, what it may be and what the other one is are said.
func TestCopiedSettings(t *testing.T) {
	for text, want := range map[string]string{
		"setting domain {register_addr}": "", "setting register_port {backup_port}": "", "setting enable_failback {wraparound}": "", "setting line 20 transport {backup_transport}": "",
		"setting display_name {phone_number}":     "",
		"setting domain {t1_ms}":                  "domain: must be an IP address or a domain name, and t1_ms is a number",
		"setting enable_failback {t1_ms}":         "enable_failback: must be on or off, and t1_ms is a number",
		"setting transport {wraparound}":          "transport: must be one of udp, tcp, tls, and wraparound is a switch",
		"setting display_name {t1_ms}":            "display_name: must be a text, and t1_ms is a number",
		"setting register_failover_codes {t1_ms}": "register_failover_codes: must be response codes, as 500,5??, and t1_ms is a number",
		"setting accept_from {t1_ms}":             "accept_from: must be the addresses that requests may come from, and t1_ms is a number",
		"setting t1_ms {domain}":                  "t1_ms: must be a whole number from 10 to 10000 (ms), and domain is a text",
		"setting register_port {domain}":          "register_port: must be a whole number from 0 to 65535, and domain is a text",
	} {
		if got := refusal(t, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for value, name := range map[string]string{"{a}": "a", "{}": "", "{a": "!", "a}": "!", "a": "!", "": "!"} {
		got, ok := Setting{Value: value}.Copies()
		if ok != (name != "!") || ok && got != name {
			t.Errorf("%s copies %q, %v", value, got, ok)
		}
	}
}

// UX-11: the value of a setting, as it is written in a scenario and as it stands in a place file.
func TestSettingValues(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"t1_ms", "10", ""}, {"t1_ms", "10000", ""}, {"t1_ms", "9", `t1_ms: "9" is not a whole number from 10 to 10000 (ms)`}, {"t1_ms", "10001", `t1_ms: "10001" is not a whole number from 10 to 10000 (ms)`},
		{"t1_ms", "", `t1_ms: "" is not a whole number from 10 to 10000 (ms)`},
		{"wraparound", "on", ""}, {"wraparound", "off", ""}, {"wraparound", "true", ""}, {"wraparound", "false", ""}, {"wraparound", "0", ""}, {"wraparound", "1", ""}, {"wraparound", "no", ""}, {"wraparound", "yes", ""},
		{"wraparound", "2", `wraparound: "2" is not on or off`}, {"wraparound", "offf", `wraparound: "offf" is not on or off; did you mean off?`},
		{"transport", "tls", ""}, {"transport", "TLS", `transport: "TLS" is not one of udp, tcp, tls; did you mean tls?`}, {"register_addr", "", ""}, {"register_addr", "a b", `register_addr: "a b" must be an IP address or a domain name`},
		{"auth_password", "x", "auth_password: is a secret: it cannot be read, so it could not be put back"}, {"a_password", "x", "a_password: is a secret: it cannot be read, so it could not be put back"},
		{"t1", "1", `setting: a line has no setting "t1"; hilphone bench help setting lists them`}, {"t1_m", "1", `setting: a line has no setting "t1_m"; did you mean t1_ms?`},
	} {
		got := ""
		if err := CheckSetting(c.name, c.text); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %q: %s, want %s", c.name, c.text, got, c.want)
		}
	}
	for _, c := range []struct {
		name  string
		value any
		want  string
	}{
		{"t1_ms", uint64(10), ""}, {"t1_ms", int64(-1), `"-1" is not a whole number from 10 to 10000 (ms)`}, {"t1_ms", uint64(9), `"9" is not a whole number from 10 to 10000 (ms)`},
		{"t1_ms", json.Number("500"), ""}, {"t1_ms", "fast", `"fast" is not a whole number from 10 to 10000 (ms)`}, {"wraparound", true, ""}, {"wraparound", "maybe", `"maybe" is not on or off`},
		{"transport", "tcp", ""}, {"transport", "tpc", `"tpc" is not one of udp, tcp, tls; did you mean tcp?`}, {"auth_password", "x", "is a secret: it cannot be read, so it could not be put back"},
		{"t1_m", 1, `a line has no setting "t1_m"; did you mean t1_ms?`},
	} {
		got := ""
		if err := CheckSettingValue(c.name, c.value); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %v: %s, want %s", c.name, c.value, got, c.want)
		}
	}
}
