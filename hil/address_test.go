package hil

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// BE-03: servers and peer have one IP version, whichever of them is given, whatever the address that the phone sees; or are refused in words.
func TestAddresses(t *testing.T) {
	const loopback, lan, loopback6, lan6 = "127.0.0.1", "192.0.2.5", "::1", "2001:db8::5"
	for _, c := range []struct{ primary, backup, peer, sees, want string }{
		{"", "", "", loopback, "127.0.0.12:5060 127.0.0.13:5060 127.0.0.14"},
		{"", "", "", lan, "192.0.2.5:5070 192.0.2.5:5080 192.0.2.5"},
		{"", "", "", loopback6, "[::1]:5070 [::1]:5080 ::1"},
		{"", "", "", lan6, "[2001:db8::5]:5070 [2001:db8::5]:5080 2001:db8::5"},
		{"[::1]:7060", "", "", loopback, "[::1]:7060 [::1]:5080 ::1"},
		{"", "[::1]:7060", "", lan, "[::1]:5070 [::1]:7060 ::1"},
		{"", "", "::1", loopback, "[::1]:5070 [::1]:5080 ::1"},
		{"[2001:db8::7]:5060", "", "", lan, "[2001:db8::7]:5060 [2001:db8::7]:5080 2001:db8::7"},
		{"[2001:db8::7]:5060", "", "", lan6, "[2001:db8::7]:5060 [2001:db8::5]:5080 2001:db8::5"},
		{"127.0.0.2:7060", "", "", loopback6, "127.0.0.2:7060 127.0.0.13:5060 127.0.0.14"},
		{"192.0.2.9:7060", "", "", lan6, "192.0.2.9:7060 192.0.2.9:5080 192.0.2.9"},
		{"[::ffff:127.0.0.2]:7060", "127.0.0.3:7060", "", loopback6, "127.0.0.2:7060 127.0.0.3:7060 127.0.0.14"},
		{"127.0.0.2:7060", "127.0.0.3:7060", "127.0.0.4", "", "127.0.0.2:7060 127.0.0.3:7060 127.0.0.4"},
		{"[::1]:7060", "", "", "fe80::1%eth0", "[::1]:7060 [::1]:5080 ::1"},
		{"", "", "", "fe80::1%eth0", "servers.primary.address: is needed, as this machine is fe80::1%eth0 for the phone, which is of one link alone"},
		{"", "", "", "", "no route"},
		{"[::1]:7060", "127.0.0.3:7060", "", loopback, "servers.backup.address: is IPv4, and servers.primary.address is IPv6"},
		{"", "127.0.0.3:7060", "::1", loopback, "servers.peer.address: is IPv6, and servers.backup.address is IPv4"},
		{"127.0.0.3:7060", "127.0.0.4:7060", "::1", loopback, "servers.peer.address: is IPv6, and servers.primary.address is IPv4"},
		{"[fe80::1%eth0]:7060", "", "", loopback, "servers.primary.address: is of one link alone"},
		{"", "[fe80::1]:7060", "", loopback, "servers.backup.address: is of one link alone"},
		{"", "", "::1%lo", loopback, "servers.peer.address: is of one link alone"},
		{"0.0.0.0:5060", "", "", loopback, "servers.primary.address: is not the address of one machine"},
		{"", "[::]:5060", "", loopback, "servers.backup.address: is not the address of one machine"},
		{"[ff02::1%eth0]:5060", "", "", loopback, "servers.primary.address: is of one link alone"},
		{"", "224.0.0.1:5060", "", loopback, "servers.backup.address: is not the address of one machine"},
		{"localhost:7060", "", "", loopback, `servers.primary.address: must be ADDR:PORT with an IP address, as 127.0.0.12:5060 or [::1]:5060, not "localhost:7060"`},
		{"::1", "", "", loopback, "servers.primary.address: must be ADDR:PORT"},
		{"", "", "127.0.0.4:5060", loopback, "servers.peer.address: must be an IP address"},
		{"", "", "localhost", loopback, "servers.peer.address: must be an IP address"},
	} {
		at, err := ServersAt{Primary: ServerAt{Address: c.primary}, Backup: ServerAt{Address: c.backup}, Peer: PeerAt{Address: c.peer}}.Addresses(func() (netip.Addr, error) {
			if c.sees == "" {
				return netip.Addr{}, errors.New("no route")
			}
			return netip.MustParseAddr(c.sees), nil
		})
		got := fmt.Sprint(at.Primary, " ", at.Backup, " ", at.Peer)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != c.want || !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, %q, %q for a phone that sees %q: %s, want %s", c.primary, c.backup, c.peer, c.sees, got, c.want)
		}
	}
}

// BE-03: a place file with them names the line, of kind bench and of kind own where the bench's peer registers there.
func TestPlaceFileAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"servers:\n  kind: bench\n  primary: {address: '[::1]:7060'}\n  backup: {address: 127.0.0.1:7060}\n":                           "p.yaml:4: servers.backup.address: is IPv4, and",
		"servers:\n  kind: own\n  peer: {number: 1002}\n  primary: {address: '[::1]:7060'}\n  backup: {address: 127.0.0.1:7060}\n":     "p.yaml:5: servers.backup.address: is IPv4, and",
		"servers:\n  kind: own\n  peer: {number: 1002, address: ::1}\n  primary: {address: 1.2.3.4:1}\n  backup: {address: 1.2.3.5:1}": "p.yaml:3: servers.peer.address: is IPv6, and",
		"servers:\n  kind: bench\n  primary: {address: '[fe80::1%eth0]:7060'}\n":                                                       "p.yaml:3: servers.primary.address: is of one link",
		"servers:\n  kind: own\n  primary: {address: sip.example.com}\n  backup: {address: '[::1]:7060'}\n":                            "",
		"servers:\n  kind: bench\n  primary: {address: '[::1]:7060'}\n":                                                                "",
	} {
		_, err := parsePlace("p.yaml", []byte(text), func(string) (string, bool) { return "", false })
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
