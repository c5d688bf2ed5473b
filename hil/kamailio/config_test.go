package kamailio

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
)

func TestConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kamailio.cfg")
	c := config{
		Name: "primary", Address: netip.MustParseAddr("127.0.0.1"), Peer: netip.MustParseAddr("127.0.0.2"), Port: 5064, TLSPort: 5065, SyncPort: 5066,
		Domain: "example.test", Realm: "realm.test", Control: "/run/primary.ctl",
		Certificate: "/run/primary.pem", Key: "/run/primary.key", TCP: true,
	}
	if err := write(path, configTemplate, c); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"listen=udp:127.0.0.1:5064\n", "listen=tcp:127.0.0.1:5064\n", "listen=udp:127.0.0.1:5066\n", "listen=tls:127.0.0.1:5065\n",
		"alias=udp:127.0.0.2:5064\n", "alias=tls:127.0.0.2:5065\n", `alias="example.test"`, `www_challenge("realm.test", "0")`,
		`modparam("dmq", "notification_address", "sip:127.0.0.2:5066")`, `modparam("jsonrpcs", "dgram_socket", "/run/primary.ctl")`,
		`modparam("tls", "certificate", "/run/primary.pem")`, `modparam("tls", "private_key", "/run/primary.key")`,
	} {
		if !strings.Contains(string(text), line) {
			t.Errorf("the configuration lacks %q", line)
		}
	}
	if strings.Contains(string(text), "{{") {
		t.Error("the configuration has blanks left")
	}
}

// TestProxyConfig fills in the configurations of two proxies that have everything and nothing.
func TestProxyConfig(t *testing.T) {
	address := netip.MustParseAddr("127.0.0.3")
	for _, c := range []struct {
		proxyConfig
		has, lacks []string
	}{
		{proxyConfig{Address: address, Port: 5064, TCP: true, Inward: netip.MustParseAddr("127.0.0.1"), Backup: netip.MustParseAddr("127.0.0.2"), BackupAfter: 700, TCPIfLong: true, Parameter: "long"},
			[]string{"listen=tcp:127.0.0.3:5064\n", "udp_mtu=1300\n", `$du = "sip:127.0.0.1:5064"`, `$du = "sip:127.0.0.2:5064"`, "t_set_fr(0, 700)", "t_relay()", `record_route(";path=long")`},
			[]string{"disable_tcp", "forward()", "insert_hf"}},
		{proxyConfig{Address: address, Port: 5064, Inward: netip.MustParseAddr("127.0.0.1"), Stateless: true, Quoted: true, Parameter: "long"},
			[]string{"disable_tcp=yes\n", "forward()", `lr>;note=\"a, <b>; c\";path=long\r\n`},
			[]string{"listen=tcp", "udp_mtu", "t_on_failure", "t_relay", "record_route("}},
	} {
		path := filepath.Join(t.TempDir(), "proxy.cfg")
		if err := write(path, proxyTemplate, c.proxyConfig); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range c.has {
			if !strings.Contains(string(text), part) {
				t.Errorf("the configuration lacks %q:\n%s", part, text)
			}
		}
		for _, part := range c.lacks {
			if strings.Contains(string(text), part) {
				t.Errorf("the configuration has %q:\n%s", part, text)
			}
		}
	}
}

func TestConfigNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "kamailio.cfg")
	if err := write(path, configTemplate, config{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names %s", err, path)
	}
}

// TestEdgeConfig fills in the configurations of an outbound proxy that has everything and of one that has nothing, and that of a registrar behind them.
func TestEdgeConfig(t *testing.T) {
	address := netip.MustParseAddr
	for _, c := range []struct {
		template   *template.Template
		data       any
		has, lacks []string
	}{
		{edgeTemplate, edgeConfig{Address: address("127.0.0.1"), Peer: address("127.0.0.2"), Registrar: address("127.0.0.3"), Port: 5064, TLSPort: 5065, TCP: true, Account: true, Realm: "realm.test", Password: "pass"},
			[]string{"listen=tcp:127.0.0.1:5064\n", "alias=udp:127.0.0.2:5064\n", "alias=tls:127.0.0.2:5065\n", `$si != "127.0.0.3"`, `$du = "sip:127.0.0.3:5064"`, `pv_proxy_authenticate("realm.test", "pass", "0")`, "add_path_received()"}, nil},
		{edgeTemplate, edgeConfig{Address: address("127.0.0.1"), Registrar: address("127.0.0.3"), Port: 5064, TLSPort: 5065},
			[]string{"listen=udp:127.0.0.1:5064\n", "listen=tls:127.0.0.1:5065\n"}, []string{"listen=tcp", "alias=", "authenticate("}},
		{configTemplate, config{Address: address("127.0.0.3"), Port: 5064}, []string{`"use_path", 1`, `"path_mode", 1`}, []string{"dmq", "alias=udp"}},
		{configTemplate, config{Address: address("127.0.0.3"), Peer: address("127.0.0.4"), Port: 5064}, []string{`"dmq.so"`, "alias=udp:127.0.0.4:5064"}, []string{"use_path"}},
	} {
		path := filepath.Join(t.TempDir(), "edge.cfg")
		if err := write(path, c.template, c.data); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range c.has {
			if !strings.Contains(string(text), part) {
				t.Errorf("the configuration lacks %q:\n%s", part, text)
			}
		}
		for _, part := range append(c.lacks, "{{") {
			if strings.Contains(string(text), part) {
				t.Errorf("the configuration has %q:\n%s", part, text)
			}
		}
	}
}
