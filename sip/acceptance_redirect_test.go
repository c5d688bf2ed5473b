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

// A digest answer is given to nobody but the line's own servers: not to where one of them points, unless in a realm of theirs.
func TestCredentialsStayWithTheServers(t *testing.T) {
	challenge := func(d datagram, realm string) []string {
		return []string{reply(d, "401 Unauthorized", `WWW-Authenticate: Digest realm="`+realm+`", nonce="n", algorithm=MD5`)}
	}
	for realm, want := range map[string]string{"elsewhere": "REGISTER 0", "home": "REGISTER 0 0"} {
		t.Run(realm, func(t *testing.T) {
			run(t, open, func(x *stack) {
				asked := false
				x.script(primaryAddr, func(d datagram) []string {
					if !asked {
						asked = true
						return challenge(d, "home")
					}
					return []string{reply(d, "302 Moved Temporarily", "Contact: <sip:1001@"+thirdAddr.String()+">")}
				})
				x.script(thirdAddr, func(d datagram) []string { return challenge(d, realm) })
				x.start()
				x.wait(time.Second)
				x.traffic(lists{primaryAddr: "REGISTER 0 0", thirdAddr: want})
			})
		})
	}
	t.Run("from another host", func(t *testing.T) {
		run(t, open, func(x *stack) {
			x.behave("primary", silent)
			x.start()
			x.wait(time.Millisecond)
			x.inject(thirdAddr, challenge(x.sent(primaryAddr)[0], "home")[0])
			x.wait(time.Second)
			for _, d := range x.sent(primaryAddr) {
				if d.header("Authorization") != "" {
					t.Errorf("an answer to somebody else's challenge:\n%s", d.raw)
				}
			}
		})
	})
}
