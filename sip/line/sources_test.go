package line

import (
	"net/netip"
	"testing"
)

// SE-04
func TestSources(t *testing.T) {
	for _, c := range []struct {
		list   Sources
		from   string
		server bool
		want   bool
	}{
		{"servers", "192.0.2.1", true, true}, {"servers", "192.0.2.1", false, false}, {"anyone", "192.0.2.1", false, true}, {"192.0.2.1", "192.0.2.1", false, true},
		{"192.0.2.1", "192.0.2.1", true, true}, {"192.0.2.1", "192.0.2.2", true, false}, {"servers, 198.51.100.0/24", "198.51.100.7", false, true}, {"198.51.100.9/24", "198.51.100.7", false, true},
		{"2001:db8::/32", "2001:db8::1", false, true}, {"[2001:db8::1]", "2001:db8::1", false, true}, {"192.0.2.1", "::ffff:192.0.2.1", false, true}, {"fe80::/10", "fe80::1%eth0", false, true}, {"", "192.0.2.1", true, false},
	} {
		if got := c.list.Match(netip.MustParseAddr(c.from), c.server); got != c.want {
			t.Errorf("%q, %s, server %v: %v", c.list, c.from, c.server, got)
		}
	}
	for list, ok := range map[Sources]bool{"servers": true, "anyone": true, "servers,192.0.2.1 , 2001:db8::/32": true, "": false, "server": false, "192.0.2.0/33": false, "a.example.com": false, "fe80::1%eth0": false, "servers,,": false, "192.0.2": false} {
		if err := list.check(); (err == nil) != ok {
			t.Errorf("%q: %v", list, err)
		}
	}
}
