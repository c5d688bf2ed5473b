package line

import (
	"slices"
	"strings"
	"testing"
)

// OP-01, OP-02, OP-03: which servers the settings name, where requests for each go, and which two are one.
func TestServersBehindProxies(t *testing.T) {
	const p, b, a, z = "192.0.2.1:5060", "192.0.2.2:5060", "192.0.2.7:5060", "192.0.2.8:5060"
	type way struct{ server, hop string }
	for _, c := range []struct {
		values  []string
		primary way
		backup  way // zero: there is none
	}{
		{nil, way{p, p}, way{b, b}},
		{[]string{"outbound_proxy_addr=192.0.2.7"}, way{p, a}, way{b, b}},
		{[]string{"backup_outbound_proxy_addr=192.0.2.8"}, way{p, p}, way{b, z}},
		{[]string{"outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.8"}, way{p, a}, way{b, z}},
		// The backup is the primary's server by the backup proxy.
		{[]string{"backup_addr=", "backup_outbound_proxy_addr=192.0.2.8"}, way{p, p}, way{p, z}},
		{[]string{"backup_addr=", "backup_outbound_proxy_addr=192.0.2.8", "outbound_proxy_addr=192.0.2.7"}, way{p, a}, way{p, z}},
		{[]string{"backup_addr=", "backup_outbound_proxy_addr=192.0.2.8", "backup_port=7"}, way{p, p}, way{p, z}},
		// A proxy alone makes no second server.
		{[]string{"backup_addr=", "outbound_proxy_addr=192.0.2.7"}, way{p, a}, way{}},
		// Two servers behind one proxy are two; with a domain the requests would be the same.
		{[]string{"outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.7"}, way{p, a}, way{b, a}},
		{[]string{"outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.7", "domain=example.test"}, way{p, a}, way{}},
		// One server by one way twice is one server.
		{[]string{"backup_addr=", "outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.7"}, way{p, a}, way{}},
		{[]string{"backup_addr=", "backup_outbound_proxy_addr=192.0.2.1"}, way{p, p}, way{}},
		{[]string{"backup_addr=", "outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.7", "backup_transport=tcp"}, way{p, a}, way{p, a}},
		{[]string{"backup_addr=", "outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_port=5080"}, way{p, a}, way{p, "192.0.2.7:5080"}},
		{[]string{"backup_addr=192.0.2.1", "outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=::ffff:192.0.2.7"}, way{p, a}, way{}},
		// The proxy of one server is the other server.
		{[]string{"outbound_proxy_addr=192.0.2.2"}, way{p, b}, way{b, b}},
		{[]string{"outbound_proxy_addr=192.0.2.2", "domain=example.test"}, way{p, b}, way{}},
		{[]string{"backup_outbound_proxy_addr=192.0.2.1"}, way{p, p}, way{b, p}},
		// The primary is missing.
		{[]string{"register_addr=", "backup_outbound_proxy_addr=192.0.2.8"}, way{}, way{b, z}},
		{[]string{"backup_addr=", "register_addr=pbx.example.test", "backup_outbound_proxy_addr=2001:db8::1", "outbound_proxy_addr=sbc.example.test", "outbound_proxy_port=0", "dns_srv=1"},
			way{"pbx.example.test:5060", "sbc.example.test"}, way{"pbx.example.test:5060", "[2001:db8::1]:5060"}},
	} {
		s := testSettings(t, c.values...)
		var want []Slot
		for slot, w := range map[Slot]way{Primary: c.primary, Backup: c.backup} {
			if w == (way{}) {
				continue
			}
			want = append(want, slot)
			v := s.Server(slot)
			h := v.Hop()
			if got := (way{v.String(), withPort(h.Addr, h.Port)}); got != w {
				t.Errorf("%v: the %s is %v, want %v", c.values, slot, got, w)
			}
			if h.Transport != v.Transport {
				t.Errorf("%v: the %s is reached by %s, not by %s", c.values, slot, h.Transport, v.Transport)
			}
		}
		slices.Sort(want)
		slices.Reverse(want) // primary, backup
		if got := s.Slots(); !slices.Equal(got, want) {
			t.Errorf("%v: servers %v, want %v", c.values, got, want)
		}
	}
}

// OP-02: the transport and the interval of a backup that is the primary's server are those of the backup.
func TestBackupByProxyAlone(t *testing.T) {
	v := testSettings(t, "backup_addr=", "register_port=5070", "backup_outbound_proxy_addr=192.0.2.8", "backup_outbound_proxy_port=5080", "backup_transport=tcp", "backup_ttl=60").Server(Backup)
	if want := (Server{"192.0.2.1", 5070, 60, TCP, Proxy{"192.0.2.8", 5080}}); v != want {
		t.Errorf("%+v, want %+v", v, want)
	}
}

// OP-10: an outbound proxy that leads to no server, and a port that nothing says, are errors that name their field; a line that is not activated
// may have both.
func TestFaultyProxies(t *testing.T) {
	for _, c := range []struct{ values, fault string }{
		{"register_addr= backup_addr= outbound_proxy_addr=192.0.2.7", "outbound_proxy_addr"},
		{"register_addr= outbound_proxy_addr=192.0.2.7", "outbound_proxy_addr"},
		{"register_addr= backup_addr= backup_outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr"},
		{"outbound_proxy_addr=192.0.2.7 outbound_proxy_port=0", "outbound_proxy_port"},
		{"backup_outbound_proxy_addr=192.0.2.7 backup_outbound_proxy_port=0", "backup_outbound_proxy_port"},
		{"register_addr= backup_addr= outbound_proxy_addr=192.0.2.7 enabled=0", ""},
		{"outbound_proxy_port=0 backup_outbound_proxy_port=0", ""},
		{"outbound_proxy_addr=192.0.2.7 register_port=0", ""},
		{"outbound_proxy_addr=a.example.test outbound_proxy_port=0 dns_srv=1", ""},
		{"register_port=0", "register_port"},
	} {
		s := testSettings(t)
		for _, v := range strings.Fields(c.values) {
			name, value, _ := strings.Cut(v, "=")
			d, _ := ByName(name)
			if err := d.SetText(&s, value); err != nil {
				t.Fatal(err)
			}
		}
		found := FieldErrors(s.Validate())
		switch {
		case c.fault == "" && len(found) > 0:
			t.Errorf("%s: %v", c.values, found[0])
		case c.fault != "" && (len(found) != 1 || found[0].Name != c.fault):
			t.Errorf("%s: %v, want one fault of %s", c.values, found, c.fault)
		}
	}
	for _, v := range []string{"a b", "sip:192.0.2.7", "192.0.2.7:5060", "<192.0.2.7>"} {
		s := testSettings(t)
		if err := s.Merge(map[string]any{"outbound_proxy_addr": v}); err == nil {
			t.Errorf("%q is taken for an address", v)
		}
	}
}

// OP-08: the account of the proxies is that of the line where no password is set for them.
func TestProxyLogin(t *testing.T) {
	for _, c := range []struct{ user, password, wantUser, wantPassword string }{
		{"", "", "", ""}, {"edge", "", "", ""}, {"edge", "x", "edge", "x"}, {"", "x", "1001", "x"},
	} {
		s := testSettings(t)
		s.OutboundProxyUser, s.OutboundProxyPassword = c.user, c.password
		if user, password := s.ProxyLogin(); user != c.wantUser || password != c.wantPassword {
			t.Errorf("%+v: %q %q", c, user, password)
		}
	}
}
