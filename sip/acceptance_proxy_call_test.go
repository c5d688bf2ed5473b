package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// OP-02, FO-24, FO-25, OP-04: a call that the primary's proxy does not take goes on by the backup's after a REGISTER; nothing but the branch, and the
// Route where there is one, is another.
func TestCallByProxies(t *testing.T) {
	for _, strict := range []string{"1", "0"} {
		run(t, open, func(x *stack) {
			registered(x, byProxies("strict_proxy="+strict)...)
			x.behave("primary", silent)
			x.dial("1", "1002")
			x.until(8 * time.Second)
			x.wantCall("1", "talking")
			p, b := x.want("INVITE 0 500 1500 3500", "REGISTER 7500, INVITE 7500, ACK 7500")
			want := strings.Replace(p[0].raw, p[0].branch(), b[1].branch(), 1)
			if strict == "0" {
				want = strings.Replace(want, "Route: <sip:127.0.0.2;lr>", "Route: <sip:127.0.0.3;lr>", 1)
			}
			if b[1].raw != want {
				t.Errorf("the INVITE changed from\n%s\nto\n%s", p[0].raw, b[1].raw)
			}
			if p[0].uri() != "sip:1002@pbx.example.test" || p[0].header("To") != "<sip:1002@pbx.example.test>" {
				t.Errorf("%s", p[0].raw)
			}
			x.post(line.HangUp{Call: "1"})
		})
	}
}

// OP-04: CANCEL and the ACK for a refusal have the Route of their INVITE (RFC 3261 9.1, 17.1.1.3).
func TestCancelByProxy(t *testing.T) {
	run(t, open, func(x *stack) {
		x.answering(server.Answering{Mode: server.Ring})
		registered(x, byProxies("strict_proxy=0")...)
		x.dial("1", "1002")
		x.wait(time.Second)
		x.post(line.HangUp{Call: "1"})
		x.until(3 * time.Second)
		p, _ := x.want("INVITE 0, CANCEL 1000, ACK 1000", "")
		for _, d := range p {
			wantRoute(t, d, "<sip:127.0.0.2;lr>")
			x.same(p[0], d, "Via")
		}
	})
}

// OP-05, FO-36 to FO-39: the BYE goes to the proxy the call was made through and fails over to the other one, with preserve unchanged and with
// rewrite by the other proxy's Route, for calls in either direction.
func TestByeByProxies(t *testing.T) {
	for _, incoming := range []bool{false, true} {
		for _, how := range []string{"preserve", "rewrite"} {
			t.Run(name("incoming", incoming)+" "+how, func(t *testing.T) {
				run(t, open, func(x *stack) {
					id := talking(x, incoming, byProxies("in_dialog_failover="+how, "accept_from=servers")...)
					x.behave("primary", silent)
					x.post(line.HangUp{Call: id})
					quiet(x, id)
					x.until(50 * time.Second)
					p, b := x.want("BYE 0 500 1500 3500", "REGISTER 7500, BYE 7500")
					wantRoute(t, p[0], "<sip:127.0.0.2:5060;lr>")
					wantRoute(t, b[1], map[string]string{"preserve": "<sip:127.0.0.2:5060;lr>", "rewrite": "<sip:127.0.0.3:5060;lr>"}[how])
					x.same(p[0], b[1], "Call-ID", "From", "To", "CSeq")
					if p[0].uri() != b[1].uri() {
						t.Errorf("Request-URI %s, then %s", p[0].uri(), b[1].uri())
					}
					x.wantPeer(server.CallOver)
					x.phase(line.OnBackup)
				})
			})
		}
	}
}

// OP-05, CF-01: after the settings name other proxies, the BYE of a call still goes to the proxy it was made through.
func TestDialogKeepsItsProxy(t *testing.T) {
	run(t, open, func(x *stack) {
		talking(x, false, byProxies()...)
		x.change("outbound_proxy_addr=127.0.0.3", "backup_outbound_proxy_addr=")
		x.post(line.HangUp{Call: "1"})
		x.until(time.Second)
		x.want("BYE 0", "REGISTER 0")
		x.wantPeer(server.CallOver)
	})
}

// OP-01, OP-05: what a route or a remote target would send to the server itself goes to the proxy, by which alone the server may be reached, and
// fails over with it; a route to anywhere else is followed (FO-40). FO-39: rewritten, it names the other proxy, or the server behind that.
func TestServerIsReachedByItsProxyAlone(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings []string
		accepted []string
		want     string // Route of the BYE at the backup's proxy
	}{
		{"Record-Route of the server", nil, []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:" + innerHost + ";lr>"}, "<sip:" + innerHost + ";lr>"},
		{"rewritten, one server", []string{"in_dialog_failover=rewrite"}, []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:" + innerHost + ";lr>"}, "<sip:" + innerHost + ":5060;lr>"},
		{"rewritten, another server", []string{"in_dialog_failover=rewrite", "backup_addr=127.0.0.8"}, []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:" + innerHost + ";lr>"}, "<sip:127.0.0.8:5060;lr>"},
		{"rewritten, an address of the proxy and of the server's name", []string{"in_dialog_failover=rewrite", "register_addr=pbx.example.test"},
			[]string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:127.0.0.2;lr>"}, "<sip:127.0.0.3:5060;lr>"},
		{"rewritten, the name of the proxy", []string{"in_dialog_failover=rewrite", "outbound_proxy_addr=p.example.test", "backup_outbound_proxy_addr=b.example.test"},
			[]string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:P.example.test:5060;lr;x=1>"}, "<sip:b.example.test:5060;lr;x=1>"},
		{"rewritten, the name of the proxy, the other has none", []string{"in_dialog_failover=rewrite", "outbound_proxy_addr=p.example.test"},
			[]string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:p.example.test;lr>"}, "<sip:127.0.0.3:5060;lr>"},
		{"remote target", []string{"strict_proxy=0"}, []string{"Contact: <sip:b2b@" + innerHost + ":5060>"}, ""},
		{"no Record-Route", nil, []string{"Contact: <sip:1002@127.0.0.4>"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.names.hosts = map[string][]string{"pbx.example.test": {"127.0.0.2"}, "p.example.test": {"127.0.0.2"}, "b.example.test": {"127.0.0.3"}}
				x.script(primaryAddr, func(d datagram) []string {
					switch d.method() {
					case "REGISTER":
						return []string{grant(d, 3600)}
					case "INVITE":
						return []string{accept(d, c.accepted...)}
					}
					return nil
				})
				registered(x, byProxies(append([]string{"register_addr=" + innerHost}, c.settings...)...)...)
				x.dial("1", "1002")
				x.wantCall("1", "talking")
				x.post(line.HangUp{Call: "1"})
				x.until(60 * time.Second)
				p, b := x.sent(primaryAddr), x.sent(backupAddr)
				if len(b) < 2 || b[0].method() != "REGISTER" || b[1].method() != "BYE" || len(p) != 6 || p[5].method() != "BYE" {
					t.Fatalf("no failover of the BYE:\n%s", x.story())
				}
				wantRoute(t, b[1], c.want)
				x.wantOnlyServers()
			})
		})
	}
}

// wantOnlyServers checks that everything has gone to the primary and the backup.
func (x *stack) wantOnlyServers() {
	x.t.Helper()
	for _, d := range x.sent(noAddr) {
		if d.to != primaryAddr && d.to != backupAddr {
			x.t.Errorf("%s to %s", d.name(), d.to)
		}
	}
}

// OP-01: a redirection of a REGISTER goes by the proxy too, and only the server itself is given credentials (SE-01).
func TestRedirectionBehindProxy(t *testing.T) {
	for _, to := range []string{"127.0.0.66", innerHost} {
		run(t, open, func(x *stack) {
			serve := challenging("home")
			redirected := false
			x.script(primaryAddr, func(d datagram) []string {
				if !redirected {
					redirected = true
					return []string{reply(d, "302 Moved Temporarily", "Contact: <sip:"+to+">")}
				}
				return serve(d)
			})
			x.start(byProxies("register_addr="+innerHost, "backup_outbound_proxy_addr=")...)
			x.wait(time.Second)
			p := x.sent(primaryAddr)
			if len(p) < 2 || p[1].uri() != "sip:"+to+":5060" {
				t.Fatalf("not redirected:\n%s", x.story())
			}
			x.wantOnlyServers()
			if to != innerHost {
				x.wantNoCredentials(primaryAddr)
				x.wantRefused("REGISTER 127.0.0.2:5060 home MD5 not_a_server")
				return
			}
			x.phase(line.OnPrimary)
		})
	}
}
