package sip_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// users are the user and the realm of each header field with credentials.
func users(d datagram) string {
	var all []string
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, v := range d.headers(name) {
			_, user, _ := strings.Cut(v, `username="`)
			user, _, _ = strings.Cut(user, `"`)
			_, realm, _ := strings.Cut(v, `realm="`)
			realm, _, _ = strings.Cut(realm, `"`)
			all = append(all, fmt.Sprintf("%s %s@%s", name, user, realm))
		}
	}
	return strings.Join(all, ", ")
}

// asking is an outbound proxy that asks for an account in a realm, before a server that asks in another one: for a registration by 401, for a call
// by 407. Each takes one user.
func asking(edge, edgeUser, home, homeUser string) func(d datagram) []string {
	n := 0
	return func(d datagram) []string {
		if d.status() != 0 || d.method() == "ACK" || d.method() == "BYE" {
			return nil
		}
		n++
		has, nonce := users(d), fmt.Sprint("n", n)
		status, field := 401, "Authorization"
		if d.method() != "REGISTER" {
			status, field = 407, "Proxy-Authorization"
		}
		switch {
		case !strings.Contains(has, "Proxy-Authorization "+edgeUser+"@"+edge):
			return []string{challenge(d, 407, edge, nonce)}
		case !strings.Contains(has, field+" "+homeUser+"@"+home):
			return []string{challenge(d, status, home, nonce)}
		case d.method() == "REGISTER":
			return []string{grant(d, 3600)}
		case d.method() == "INVITE":
			return []string{accept(d)}
		}
		return []string{reply(d, "200 OK")}
	}
}

// OP-08, SE-01: an outbound proxy is given its own account, the server behind it that of the line, for registrations and for calls, where both ask by
// 407; the backup's proxy too. Without an account for proxies all is the line's.
func TestProxyAccount(t *testing.T) {
	const account = "outbound_proxy_user=edge outbound_proxy_password=edge-secret"
	for _, c := range []struct {
		name, settings string
		edge, home     string // realms
		edgeUser       string
		register       int // REGISTERs until the line is registered
	}{
		{"its own account", account, "edge", "home", "edge", 3},
		{"no account for proxies", "", "edge", "home", "1001", 3},
		{"a user without a password", "outbound_proxy_user=edge", "edge", "home", "1001", 3},
		{"a password without a user", "outbound_proxy_password=edge-secret", "edge", "home", "1001", 3},
		// The realm is that of both: the other login is tried once, and remembered.
		{"the proxy takes the line's account", account, "edge", "home", "1001", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.script(primaryAddr, asking(c.edge, c.edgeUser, c.home, "1001"))
				x.start(byProxies(strings.Fields(c.settings)...)...)
				x.wait(time.Second)
				x.phase(line.OnPrimary)
				p := x.sent(primaryAddr)
				if len(p) != c.register {
					t.Errorf("%d REGISTERs, want %d:\n%s", len(p), c.register, x.story())
				}
				if want := fmt.Sprintf("Authorization 1001@%s, Proxy-Authorization %s@%s", c.home, c.edgeUser, c.edge); users(p[len(p)-1]) != want {
					t.Errorf("the REGISTER carries %s, want %s", users(p[len(p)-1]), want)
				}
				x.zero()
				x.dial("1", "1002")
				x.wait(time.Second)
				x.wantCall("1", "talking")
				p = x.sent(primaryAddr)
				if len(p) != 6 { // three INVITEs, each with its ACK
					t.Errorf("%d requests\n%s", len(p), x.story())
				}
				if want := fmt.Sprintf("Proxy-Authorization %s@%s, Proxy-Authorization 1001@%s", c.edgeUser, c.edge, c.home); users(p[len(p)-2]) != want {
					t.Errorf("the INVITE carries %s, want %s\n%s", users(p[len(p)-2]), want, x.story())
				}
			})
		})
	}
}

// OP-08: an account that the proxy refuses is not sent again and again, and a line by no proxy never sends the proxies' account.
func TestProxyAccountRefused(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primaryAddr, asking("edge", "somebody else", "home", "1001"))
		x.start(byProxies("outbound_proxy_user=edge", "outbound_proxy_password=wrong", "backup_outbound_proxy_addr=", "reg_fail_interval=3600")...)
		x.wait(time.Minute)
		x.phase(line.AllFailed)
		var tried []string
		for _, d := range x.sent(primaryAddr) {
			tried = append(tried, users(d))
		}
		if want := []string{"", "Proxy-Authorization edge@edge", "Proxy-Authorization 1001@edge"}; strings.Join(tried, "|") != strings.Join(want, "|") {
			t.Errorf("tried %q, want %q", tried, want)
		}
		x.wantRefused("REGISTER 127.0.0.2:5060 edge MD5 credentials_rejected")
	})
	run(t, open, func(x *stack) {
		x.script(primaryAddr, challenging("home"))
		registered(x, "outbound_proxy_user=edge", "outbound_proxy_password=edge-secret")
		x.dial("1", "1002")
		x.wait(time.Second)
		for _, d := range x.sent(primaryAddr) {
			if strings.Contains(users(d), "edge@") {
				t.Errorf("%s carries %s", d.name(), users(d))
			}
		}
		x.wantCall("1", "talking")
	})
}
