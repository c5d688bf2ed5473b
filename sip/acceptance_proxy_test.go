package sip_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// Outbound proxies: the lab's primary and backup are the proxies of a line whose server is pbx.example.test, or an address that only they can reach.
const innerHost = "127.0.0.7"

// byProxies is a line with one server behind two outbound proxies (OP-02).
func byProxies(more ...string) []string {
	return append([]string{"register_addr=pbx.example.test", "backup_addr=", "outbound_proxy_addr=127.0.0.2", "backup_outbound_proxy_addr=127.0.0.3"}, more...)
}

// wantRoute checks that a request names an outbound proxy in its Route, or with the empty string that it has none.
func wantRoute(t *testing.T, d datagram, want string) {
	t.Helper()
	if got := strings.Join(d.headers("Route"), " "); got != want {
		t.Errorf("Route %q, want %q:\n%s", got, want, d.raw)
	}
}

// OP-01, OP-02, OP-04: a REGISTER goes to the primary's outbound proxy and says what it would say without; the backup's proxy is the backup.
// strict_proxy says whether a Route names the proxy.
func TestRegistrationByProxies(t *testing.T) {
	for _, strict := range []string{"1", "0"} {
		run(t, open, func(x *stack) {
			x.behave("primary", silent)
			x.start(byProxies("backup_ttl=120", "strict_proxy="+strict)...)
			x.until(40 * time.Second)
			p, b := x.want(fourSends, "REGISTER 7500")
			x.phase(line.OnBackup)
			x.wantEvents("failover", "7500")
			for i, d := range []datagram{p[0], b[0]} {
				if d.uri() != "sip:pbx.example.test" || d.header("To") != "<sip:1001@pbx.example.test>" || !strings.HasPrefix(d.header("From"), "<sip:1001@pbx.example.test>;tag=") {
					t.Errorf("not named after the server:\n%s", d.raw)
				}
				if want := []string{"3600", "120"}[i]; d.header("Expires") != want || d.header("Contact") != "<sip:1001@127.0.0.1:5070>" {
					t.Errorf("Expires %s, Contact %s", d.header("Expires"), d.header("Contact"))
				}
			}
			x.differ(p[0], b[0])
			if strict == "1" {
				wantRoute(t, p[0], "")
				wantRoute(t, b[0], "")
			} else {
				wantRoute(t, p[0], "<sip:127.0.0.2;lr>")
				wantRoute(t, b[0], "<sip:127.0.0.3;lr>")
			}
			var targets []string
			for _, e := range x.events {
				if e.kind == "attempt_start" {
					targets = append(targets, fmt.Sprintf("%+v", e.data))
				}
			}
			if len(targets) != 2 || !strings.Contains(targets[0], "Target:127.0.0.2:5060 Proxy:127.0.0.2:5060") || !strings.Contains(targets[1], "Target:127.0.0.3:5060 Proxy:127.0.0.3:5060") {
				t.Errorf("events attempt_start: %s", targets)
			}
		})
	}
}

// OP-02, FO-50, FO-52: both proxies silent: the last one has 64*T1, the failure is known after 39.5 s. ICMP, 503 and one proxy alone are as with two
// servers.
func TestProxiesUnavailable(t *testing.T) {
	for _, c := range []struct {
		name                string
		settings            []string
		primary, backup     server.Behaviour
		wait                time.Duration
		atPrimary, atBackup string
		phase               line.Phase
	}{
		{"both silent", byProxies(), silent, silent, 71 * time.Second,
			fourSends, "REGISTER 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000", line.AllFailed},
		{"ICMP", byProxies(), refuse, serve, 30 * time.Second, "REGISTER 0", "REGISTER 0", line.OnBackup},
		{"503", byProxies(), status(503, "REGISTER"), serve, 30 * time.Second, "REGISTER 0", "REGISTER 0", line.OnBackup},
		{"403 does not fail over", byProxies(), status(403, "REGISTER"), serve, 30 * time.Second, "REGISTER 0", "", line.AllFailed},
		{"a proxy alone is the last server", byProxies("backup_outbound_proxy_addr="), silent, serve, 40 * time.Second, elevenSends, "", line.AllFailed},
		{"a backup proxy alone", []string{"backup_addr=", "backup_outbound_proxy_addr=127.0.0.3"}, silent, serve, 40 * time.Second, fourSends, "REGISTER 7500", line.OnBackup},
		{"a proxy of the primary, a backup without", []string{"register_addr=pbx.example.test", "outbound_proxy_addr=127.0.0.2"}, silent, serve, 40 * time.Second,
			fourSends, "REGISTER 7500", line.OnBackup},
		{"the backup is its primary's proxy", []string{"register_addr=" + innerHost, "outbound_proxy_addr=127.0.0.3"}, serve, silent, 71 * time.Second,
			"", "REGISTER 0 500 1500 3500 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000", line.AllFailed},
		{"the same with a domain is one server", []string{"register_addr=" + innerHost, "outbound_proxy_addr=127.0.0.3", "domain=example.test"}, serve, silent, 40 * time.Second,
			"", elevenSends, line.AllFailed},
		{"one proxy for both servers", []string{"register_addr=" + innerHost, "outbound_proxy_addr=127.0.0.2", "backup_outbound_proxy_addr=127.0.0.2"}, silent, serve, 71 * time.Second,
			"REGISTER 0 500 1500 3500 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000", "", line.AllFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.behave("primary", c.primary)
				x.behave("backup", c.backup)
				x.start(append(c.settings, "reg_fail_interval=3600")...)
				x.until(c.wait)
				x.want(c.atPrimary, c.atBackup)
				x.phase(c.phase)
			})
		})
	}
}

// OP-03: two servers behind one outbound proxy are told apart by the Request-URI, and the trace shows whose message it is.
func TestTwoServersBehindOneProxy(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primaryAddr, func(d datagram) []string {
			if strings.Contains(d.uri(), innerHost) {
				return []string{reply(d, "503 Service Unavailable")}
			}
			return []string{grant(d, 3600)}
		})
		x.start("register_addr="+innerHost, "outbound_proxy_addr=127.0.0.2", "backup_outbound_proxy_addr=127.0.0.2")
		p, _ := x.want("REGISTER 0 0", "")
		x.phase(line.OnBackup)
		if p[0].uri() != "sip:"+innerHost || p[1].uri() != "sip:127.0.0.3" || p[1].header("To") != "<sip:1001@127.0.0.3>" {
			t.Errorf("%s\n%s", p[0].raw, p[1].raw)
		}
		var slots []line.Slot
		for _, m := range x.traced {
			slots = append(slots, m.Slot)
			if !m.Proxy { // OP-11
				t.Errorf("%s is not traced as the proxy's", m.Remote)
			}
		}
		if want := fmt.Sprint([]line.Slot{line.Primary, line.Primary, line.Backup, line.Backup}); fmt.Sprint(slots) != want {
			t.Errorf("traced as %v, want %s", slots, want)
		}
	})
}

// OP-02, FB-01 to FB-05: the probe goes to the primary's proxy, has 64*T1, and its success is the way back.
func TestProbeByProxies(t *testing.T) {
	for _, probe := range []string{"register", "options"} {
		run(t, open, func(x *stack) {
			onBackup(x, byProxies("failback_interval=60", "failback_probe="+probe, "strict_proxy=0")...)
			x.behave("primary", silent)
			x.until(100 * time.Second)
			name := strings.ToUpper(probe)
			p, _ := x.want(name+" 60000 60500 61500 63500 67500 71500 75500 79500 83500 87500 91500", "")
			if p[0].uri() != "sip:pbx.example.test" {
				t.Errorf("%s", p[0].raw)
			}
			wantRoute(t, p[0], "<sip:127.0.0.2;lr>")
			x.zero()
			x.behave("primary", serve)
			x.until(60 * time.Second)
			x.phase(line.OnPrimary)
			x.want(map[string]string{"register": "REGISTER 52000", "options": "OPTIONS 52000, REGISTER 52000"}[probe], "")
			x.wantEvents("failback", "52000")
		})
	}
}

// OP-06, FO-62, FO-63: the names that are looked up are those of the proxies, with all their addresses. The server's name need not be known; where it
// is, its requests are taken.
func TestProxiesByName(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.hosts = map[string][]string{"a.example.test": {second.Addr().String(), "127.0.0.2"}, "b.example.test": {"127.0.0.3"}}
		x.net.BlackHole(second)
		x.behave("primary", silent)
		x.start(byProxies("outbound_proxy_addr=a.example.test", "backup_outbound_proxy_addr=b.example.test")...)
		x.until(20 * time.Second)
		x.traffic(lists{second: "REGISTER 0 500 1500 3500", primaryAddr: "REGISTER 7500 8000 9000 11000", backupAddr: "REGISTER 15000"})
		x.phase(line.OnBackup)
	})
	run(t, open, func(x *stack) {
		x.start(byProxies("outbound_proxy_addr=a.example.test")...)
		x.until(10 * time.Second)
		x.want("", "REGISTER 0")
		x.phase(line.OnBackup)
	})
}

// OP-07, SE-04: with accept_from servers the calls of the proxies and of the server itself are taken, the server given by its address or its name; not
// those of strangers.
func TestAcceptFromBehindProxies(t *testing.T) {
	for _, server := range []string{innerHost, "pbx.example.test"} {
		run(t, open, func(x *stack) {
			x.names.hosts = map[string][]string{"pbx.example.test": {innerHost}}
			registered(x, byProxies("register_addr="+server, "accept_from=servers")...)
			x.behave("primary", silent)
			x.behave("backup", silent)
			for from, want := range map[string]string{"127.0.0.66:6000": "403", "127.0.0.2:6000": "180", "127.0.0.3:6000": "180", innerHost + ":6000": "180"} {
				at := addrPortOf(from)
				x.net.BlackHole(at)
				branch := "z9hG4bK" + strings.ReplaceAll(from, ":", "-")
				x.inject(at, inviteOf(branch, fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=%s", from, branch)))
				if sent := x.sent(at); len(sent) != 1 || sent[0].name() != want {
					t.Errorf("%s, a call from %s: %v, want %s", server, from, sent, want)
				}
			}
			for id, call := range x.calls {
				if call.State == line.Ringing {
					x.post(line.Reject{Call: id})
				}
			}
		})
	}
}

// OP-06, FO-65: with port 0 and DNS SRV the proxy is a name with SRV records; the server's own port says nothing then.
func TestProxyByService(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.hosts = map[string][]string{"one.test": {"127.0.0.2"}}
		x.names.srv = map[string][]*net.SRV{services: {record("one.test.", 5060)}}
		x.start(byProxies("outbound_proxy_addr=example.test", "outbound_proxy_port=0", "dns_srv=1", "register_port=0", "strict_proxy=0")...)
		x.wait(100 * time.Millisecond)
		p, _ := x.want("REGISTER 0", "")
		x.phase(line.OnPrimary)
		wantRoute(t, p[0], "<sip:example.test;lr>")
		if p[0].uri() != "sip:pbx.example.test" {
			t.Errorf("%s", p[0].raw)
		}
	})
}

// OP-01: an outbound proxy of IPv6, before a server that is named by an IPv6 address.
func TestProxyOfIPv6(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primary6, func(d datagram) []string {
			if d.method() == "REGISTER" {
				return []string{grant(d, 3600)}
			}
			return nil
		})
		x.startLine(1, phone6, "register_addr=2001:db8::1", "register_port=5070", "backup_addr=", "outbound_proxy_addr=::2", "strict_proxy=0")
		x.wait(time.Millisecond)
		x.phase(line.OnPrimary)
		d := x.sentBy(phone6)[0]
		wantRoute(t, d, "<sip:[::2];lr>")
		if d.uri() != "sip:[2001:db8::1]:5070" || d.header("To") != "<sip:1001@[2001:db8::1]:5070>" || d.header("Contact") != "<sip:1001@[::1]:5070>" {
			t.Errorf("%s", d.raw)
		}
	})
}
