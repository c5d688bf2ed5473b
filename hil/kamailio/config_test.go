package kamailio

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kamailio.cfg")
	c := config{
		Name: "primary", Address: netip.MustParseAddr("127.0.0.1"), Peer: netip.MustParseAddr("127.0.0.2"), Port: 5064, TLSPort: 5065, SyncPort: 5066,
		Domain: "example.test", Realm: "realm.test", Control: "/run/primary.ctl",
		Certificate: "/run/primary.pem", Key: "/run/primary.key",
	}
	if err := c.write(path); err != nil {
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

func TestConfigNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "kamailio.cfg")
	if err := (config{}).write(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names %s", err, path)
	}
}
