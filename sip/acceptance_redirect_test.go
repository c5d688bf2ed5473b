package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// FAILOVER 3.3: a redirected REGISTER goes to the Contact of the answer and never to the backup; a dead target is a rejection.
func TestRegistrationRedirected(t *testing.T) {
	for _, c := range []struct {
		name  string
		third func(d datagram) []string // nil: nobody there
		phase line.Phase
	}{
		{"to a registrar", func(d datagram) []string { return []string{grant(d, 3600)} }, line.OnPrimary},
		{"to nobody", nil, line.AllFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.script(primaryAddr, func(d datagram) []string {
					return []string{reply(d, "302 Moved Temporarily", "Contact: <mailto:a@b>, <sip:1001@"+thirdAddr.String()+">;q=1")}
				})
				if c.third != nil {
					x.script(thirdAddr, c.third)
				}
				x.start()
				x.wait(time.Second)
				x.traffic(lists{primaryAddr: "REGISTER 0", thirdAddr: "REGISTER 0"})
				if d := x.sent(thirdAddr)[0]; d.uri() != "sip:127.0.0.9" && !strings.HasPrefix(d.uri(), "sip:"+thirdAddr.Addr().String()) {
					t.Errorf("Request-URI %s", d.uri())
				}
				x.phase(c.phase)
			})
		})
	}
}
