package sip_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// FO-66: an answer goes where the Via of its request says (RFC 3261 18.2.2, RFC 3581 4), whichever server is active.
func TestAnswersFollowTheVia(t *testing.T) {
	run(t, open, func(x *stack) {
		onBackup(x)
		x.net.BlackHole(netip.AddrPortFrom(stranger.Addr(), 0))
		x.net.BlackHole(primaryAddr)
		for i, c := range []struct {
			from netip.AddrPort
			via  string
			to   string
		}{
			{stranger, "127.0.0.66:6000", "127.0.0.66:6000"},
			{stranger, "127.0.0.66:6002", "127.0.0.66:6002"},                                // another port than it came from
			{stranger, "127.0.0.66:6002;rport", "127.0.0.66:6000"},                          // asked to go back to where it came from
			{stranger, "10.0.0.1:6000", "127.0.0.66:6000"},                                  // behind a NAT: received
			{netip.MustParseAddrPort("127.0.0.2:5062"), "127.0.0.2:5060", "127.0.0.2:5060"}, // the primary, which is not active
		} {
			raw := request("OPTIONS")
			raw = strings.Replace(raw, "127.0.0.66:6000;branch=z9hG4bKstranger", c.via+";branch=z9hG4bK"+strings.Repeat("x", i+1), 1)
			before := len(x.sent(noAddr))
			x.inject(c.from, raw)
			x.wait(time.Millisecond)
			sent := x.sent(noAddr)[before:]
			if len(sent) != 1 || sent[0].status() != 200 || sent[0].to.String() != c.to {
				t.Errorf("from %s with Via %s: %d answers, %v\n%s", c.from, c.via, len(sent), sent, x.story())
			}
		}
	})
}
