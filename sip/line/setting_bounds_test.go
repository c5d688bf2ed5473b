package line

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// bound is a setting as the vendor document (SEED) and FAILOVER.md 3.0 give it, written here by hand: its default and, as configuration files
// have them, values that it takes and values that it refuses, the last inside and the first outside of each bound among them.
type bound struct {
	name, standard string
	kind           Kind
	good, bad      []string
}

var (
	switchTexts    = []string{"0", "1"}
	noSwitchTexts  = []string{"-1", "2", "", "00", "true", "on"}
	transportTexts = []string{"0", "1", "3", "udp", "tcp", "tls"}
	noTransports   = []string{"-1", "2", "4", "", "UDP", "sctp"} // 2 is TLS in some templates, and no transport of the document
	portTexts      = []string{"0", "1", "5060", "65535"}
	noPorts        = []string{"-1", "65536", "", "x", "1.5"}
	ttlTexts       = []string{"10", "3600", "2147483647"}
	noTTLs         = []string{"-1", "0", "9", "2147483648", ""}
	hostTexts      = []string{"", "192.0.2.1", "2001:db8::1", "a.example.test", name253}
	noHosts        = []string{name253 + "a", "192.0.2.256", "a b", "a..b", "fe80::1%eth0", label63 + "a.test"}
)

var (
	label63 = strings.Repeat("l", 63)
	name253 = strings.Repeat(label63+".", 3) + strings.Repeat("m", 61) // as long as a domain name can be (RFC 1035 2.3.4)
)

// long is a text of so many characters of two octets each.
func long(n int) string { return strings.Repeat("é", n) }

// Lists as long as they can be, and of one character more.
var (
	codes200   = strings.Repeat("503,", 49) + " 503"
	codes201   = strings.Repeat("503,", 49) + "  503"
	sources512 = strings.Repeat("10.0.0.12,", 48) + "192.168.100.101,192.168.100.0/24"
	sources513 = strings.Repeat("10.0.0.12,", 48) + "192.168.100.101,192.168.100.10/24"
)

var bounds = []bound{
	{"enabled", "0", Switch, switchTexts, noSwitchTexts},
	{"phone_number", "", Text, []string{"1", "+81-3-0000-0000", long(64)}, []string{long(65), "1 2", "1@2", "1\x00"}},
	{"display_name", "", Text, []string{"", "受付 <1>", long(64)}, []string{long(65), "a\nb"}},
	{"auth_user", "", Text, []string{"", "1001@example.test", long(128)}, []string{long(129), "a\tb"}},
	{"auth_password", "", Text, []string{"", "p w\"d", long(128)}, []string{long(129), "a\nb"}},
	{"domain", "", Host, hostTexts, noHosts},

	{"register_addr", "", Host, hostTexts, noHosts},
	{"register_port", "5060", Number, portTexts, noPorts},
	{"transport", "0", Choice, transportTexts, noTransports},
	{"register_ttl", "3600", Number, ttlTexts, noTTLs},
	{"outbound_proxy_addr", "", Host, hostTexts, noHosts},
	{"outbound_proxy_port", "5060", Number, portTexts, noPorts},
	{"outbound_proxy_user", "", Text, []string{"", long(128)}, []string{long(129), "a\nb"}},
	{"outbound_proxy_password", "", Text, []string{"", long(128)}, []string{long(129), "a\nb"}},
	{"outbound_proxy_need_reg", "0", Switch, switchTexts, noSwitchTexts},

	{"backup_addr", "", Host, hostTexts, noHosts},
	{"backup_port", "5060", Number, portTexts, noPorts},
	{"backup_transport", "0", Choice, transportTexts, noTransports},
	{"backup_ttl", "3600", Number, ttlTexts, noTTLs},
	{"backup_outbound_proxy_addr", "", Host, hostTexts, noHosts},
	{"backup_outbound_proxy_port", "5060", Number, portTexts, noPorts},
	{"backup_outbound_proxy_need_reg", "0", Switch, switchTexts, noSwitchTexts},

	{"enable_failback", "1", Switch, switchTexts, noSwitchTexts},
	{"failback_interval", "1800", Number, []string{"0", "1", "1800", "2147483647"}, []string{"-1", "2147483648", "", "30.5"}},
	{"signal_retry_counts", "3", Number, []string{"0", "3", "20"}, []string{"-1", "21", ""}},

	{"signal_retry_semantics", "retransmissions", Choice, []string{"retransmissions", "attempts"}, []string{"", "retransmission", "0"}},
	{"failover_mode", "count", Choice, []string{"count", "period"}, []string{"", "time", "0"}},
	{"failover_period_ms", "7500", Number, []string{"100", "7500", "32000"}, []string{"99", "32001", "0", ""}},
	{"reg_fail_interval", "32", Number, []string{"1", "32", "3600"}, []string{"0", "3601", "-1", ""}},
	{"t1_ms", "500", Number, []string{"10", "500", "4000"}, []string{"9", "10001", "0", ""}}, // up to 10000 with a T2 that is not shorter
	{"t2_ms", "4000", Number, []string{"500", "4000", "60000"}, []string{"9", "60001", "0", ""}},
	{"t4_ms", "5000", Number, []string{"10", "5000", "60000"}, []string{"9", "60001", "0", ""}},
	{"tcp_use_retry_timer", "0", Switch, switchTexts, noSwitchTexts},
	{"tls_ca_file", "", Text, []string{"", "/etc/ssl/ca.pem", long(512)}, []string{long(513), "a\x00"}},
	{"register_failover_codes", "500,503", List, []string{"", "300", "699", "5??", "6??", "500, 408", codes200},
		[]string{"299", "700", "2??", "7??", "401", "407", "423", "4??", codes201}},
	{"request_failover_codes", "503", List, []string{"", "300", "699", "5??", codes200}, []string{"299", "700", "401", "407", "423", "4??", codes201}},
	{"verify_500", "1", Switch, switchTexts, noSwitchTexts},
	{"in_dialog_failover", "preserve", Choice, []string{"preserve", "rewrite"}, []string{"", "keep", "0"}},
	{"icmp_failover", "1", Switch, switchTexts, noSwitchTexts},
	{"icmp_admin_prohibited", "1", Switch, switchTexts, noSwitchTexts},
	{"honor_retry_after", "1", Switch, switchTexts, noSwitchTexts},
	{"failback_idle_only", "0", Switch, switchTexts, noSwitchTexts},
	{"failback_success_count", "1", Number, []string{"1", "10"}, []string{"0", "11", ""}},
	{"failback_unregister_backup", "0", Switch, switchTexts, noSwitchTexts},
	{"failback_probe", "register", Choice, []string{"register", "options"}, []string{"", "REGISTER", "0"}},
	{"options_keepalive", "0", Switch, switchTexts, noSwitchTexts},
	{"udp_update_ttl", "30", Number, []string{"5", "30", "3600"}, []string{"4", "3601", "0", ""}},
	{"options_fail_count", "1", Number, []string{"1", "3", "10"}, []string{"0", "11", ""}},
	{"invite_retry_counts", "-1", Number, []string{"-1", "0", "20"}, []string{"-2", "21", ""}},
	{"invite_failover_register", "1", Switch, switchTexts, noSwitchTexts},
	{"signal_registered_only", "0", Switch, switchTexts, noSwitchTexts},
	{"wraparound", "0", Switch, switchTexts, noSwitchTexts},
	{"failover_symmetric", "0", Switch, switchTexts, noSwitchTexts},
	{"strict_proxy", "1", Switch, switchTexts, noSwitchTexts},
	{"accept_from", "servers", Source, []string{"servers", "anyone", "192.0.2.1", "2001:db8::/32", "servers,192.0.2.0/24", sources512},
		[]string{"", "everyone", "192.0.2.0/33", "192.0.2", sources513}},
	{"dns_srv", "0", Switch, switchTexts, noSwitchTexts},
	{"dns_expand", "1", Switch, switchTexts, noSwitchTexts},
	{"reg_backoff", "fixed", Choice, []string{"fixed", "rfc5626"}, []string{"", "none", "0"}},
	{"failover_jitter_ms", "0", Number, []string{"0", "60000"}, []string{"-1", "60001", ""}},
	{"failback_jitter_ms", "0", Number, []string{"0", "60000"}, []string{"-1", "60001", ""}},
}

// usable are settings that every single value of bounds leaves valid: the line may be activated, and a port of 0 is looked up by DNS SRV.
func usable() Settings {
	s := Default()
	s.PhoneNumber, s.RegisterAddr, s.DNSSRV = "1001", "192.0.2.1", true
	return s
}

// FAILOVER.md 3.0: each setting of a line begins at its default, takes the first and the last value of its range and refuses those beyond,
// from files and by REST.
func TestBoundsOfEverySetting(t *testing.T) {
	var listed, defined []string
	for _, b := range bounds {
		listed = append(listed, b.name)
	}
	for _, d := range Table {
		defined = append(defined, d.Name)
	}
	if !slices.Equal(listed, defined) {
		t.Errorf("the list of this test has\n%q\nthe phone has\n%q", listed, defined)
	}
	if len(bounds) != 60 {
		t.Errorf("%d settings are listed", len(bounds))
	}
	for _, b := range bounds {
		t.Run(b.name, func(t *testing.T) {
			d, ok := ByName(b.name)
			if !ok {
				t.Fatal("there is no such setting")
			}
			if got := d.Text(Default()); got != b.standard || d.Kind != b.kind {
				t.Errorf("%s %q by default, want %s %q", d.Kind, got, b.kind, b.standard)
			}
			if len(b.good) < 2 || len(b.bad) < 2 {
				t.Fatal("too few values are listed")
			}
			for _, text := range b.good {
				b.takes(t, d, text)
			}
			for _, text := range b.bad {
				b.refuses(t, d, text)
			}
		})
	}
}

// takes checks that the setting takes a value from a file, and the same one by REST.
func (b bound) takes(t *testing.T, d Setting, text string) {
	t.Helper()
	s := usable()
	if err := d.SetText(&s, text); err != nil {
		t.Errorf("%q: %v", text, err)
		return
	}
	if b.name == "dns_srv" { // without it the ports must not be 0, and they are not
		s.RegisterPort = 5060
	}
	if err := s.Validate(); err != nil {
		t.Errorf("%q is taken and does not run: %v", text, err)
	}
	if want := fileText(text); d.Text(s) != want {
		t.Errorf("%q is written as %q, want %q", text, d.Text(s), want)
	}
	byREST := usable()
	if err := byREST.Merge(map[string]any{b.name: b.restValue(text)}); err != nil || byREST != s {
		t.Errorf("%v by REST: %v, it is %q", b.restValue(text), err, d.Text(byREST))
	}
}

// refuses checks that the setting refuses a value from a file, and the same one by REST, and names itself.
func (b bound) refuses(t *testing.T, d Setting, text string) {
	t.Helper()
	s := usable()
	wantFault(t, b.name, d.SetText(&s, text))
	if s != usable() {
		t.Errorf("%q is refused and stored", text)
	}
	v := b.restValue(text)
	if on, isSwitch := v.(bool); isSwitch {
		t.Errorf("the list has %v as no value of a switch", on)
	}
	err := s.Merge(map[string]any{b.name: v})
	if faults := FieldErrors(err); len(faults) != 1 || faults[0].Name != b.name || s != usable() {
		t.Errorf("%#v by REST: %v", v, err)
	}
}

// fileText is how a file has a value that may be given by two names.
func fileText(text string) string {
	if number, ok := map[string]string{"udp": "0", "tcp": "1", "tls": "3"}[text]; ok {
		return number
	}
	return text
}

// restValue is the value of a file as REST has it: numbers, switches and transports differ, texts do not.
func (b bound) restValue(text string) any {
	switch {
	case b.kind == Switch && (text == "0" || text == "1"):
		return text == "1"
	case b.kind == Switch, b.kind == Number:
		return json.Number(text)
	case b.kind == Choice:
		if name, ok := map[string]string{"0": "udp", "1": "tcp", "3": "tls"}[text]; ok {
			return name
		}
	}
	return text
}

// What one setting permits depends on another: each such rule from both sides.
func TestBoundsThatDependOnOthers(t *testing.T) {
	for _, c := range []struct {
		name   string
		values map[string]string
		fault  string // the setting at fault; empty: none
	}{
		{"T1 at its end", map[string]string{"t1_ms": "10000", "t2_ms": "10000"}, ""},
		{"T2 equal to T1", map[string]string{"t1_ms": "700", "t2_ms": "700"}, ""},
		{"T2 below T1", map[string]string{"t1_ms": "700", "t2_ms": "699"}, "t2_ms"},
		{"T2 at its least", map[string]string{"t1_ms": "10", "t2_ms": "10"}, ""},
		{"a period of 64*T1", map[string]string{"failover_mode": "period", "t1_ms": "100", "failover_period_ms": "6400"}, ""},
		{"a longer period", map[string]string{"failover_mode": "period", "t1_ms": "100", "failover_period_ms": "6401"}, "failover_period_ms"},
		{"a longer period that is not used", map[string]string{"failover_mode": "count", "t1_ms": "100", "failover_period_ms": "6401"}, ""},
		{"activated with a number", map[string]string{"enabled": "1", "phone_number": "1"}, ""},
		{"activated without one", map[string]string{"enabled": "1", "phone_number": ""}, "phone_number"},
		{"off without one", map[string]string{"enabled": "0", "phone_number": ""}, ""},
		{"primary port 0 by SRV", map[string]string{"dns_srv": "1", "register_port": "0"}, ""},
		{"primary port 0 without", map[string]string{"dns_srv": "0", "register_port": "0"}, "register_port"},
		{"primary port 1 without", map[string]string{"dns_srv": "0", "register_port": "1"}, ""},
		{"backup port 0 without", map[string]string{"dns_srv": "0", "backup_port": "0"}, "backup_port"},
		{"proxy port 0 without", map[string]string{"dns_srv": "0", "outbound_proxy_addr": "192.0.2.9", "outbound_proxy_port": "0"}, "outbound_proxy_port"},
		{"port 0 of a proxy that is not used", map[string]string{"dns_srv": "0", "outbound_proxy_port": "0"}, ""},
		{"primary port 0 behind a proxy", map[string]string{"dns_srv": "0", "outbound_proxy_addr": "192.0.2.9", "register_port": "0"}, ""},
		{"backup proxy port 0 without", map[string]string{"dns_srv": "0", "backup_outbound_proxy_addr": "192.0.2.9", "backup_outbound_proxy_port": "0"}, "backup_outbound_proxy_port"},
		{"port 0 of a backup proxy that is not used", map[string]string{"dns_srv": "0", "backup_outbound_proxy_port": "0"}, ""},
		{"a proxy to no server", map[string]string{"enabled": "1", "register_addr": "", "outbound_proxy_addr": "192.0.2.9"}, "outbound_proxy_addr"},
		{"a proxy to no server of a line that is off", map[string]string{"enabled": "0", "register_addr": "", "outbound_proxy_addr": "192.0.2.9"}, ""},
		{"a backup proxy to no server", map[string]string{"enabled": "1", "register_addr": "", "backup_outbound_proxy_addr": "192.0.2.9"}, "backup_outbound_proxy_addr"},
		{"a backup proxy to the primary's server", map[string]string{"enabled": "1", "backup_outbound_proxy_addr": "192.0.2.9"}, ""},
		{"a backup proxy to the backup", map[string]string{"enabled": "1", "register_addr": "", "backup_addr": "192.0.2.2", "backup_outbound_proxy_addr": "192.0.2.9"}, ""},
	} {
		s := usable()
		for name, text := range c.values {
			d, ok := ByName(name)
			if !ok {
				t.Fatalf("%s: no setting %s", c.name, name)
			}
			if err := d.SetText(&s, text); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		err := s.Validate()
		faults := FieldErrors(err)
		if c.fault == "" && err != nil || c.fault != "" && (len(faults) != 1 || faults[0].Name != c.fault) {
			t.Errorf("%s: %v, want the fault %q", c.name, err, c.fault)
		}
	}
}
