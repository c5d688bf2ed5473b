package sip_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// wantNoCredentials checks that no request to an address carries credentials.
func (x *stack) wantNoCredentials(to netip.AddrPort) {
	x.t.Helper()
	for _, d := range x.sent(to) {
		if len(d.credentials()) > 0 {
			x.t.Errorf("credentials for %s:\n%s", to, d.raw)
		}
	}
}

// SE-01: a stranger's INVITE is answered. The BYE of that call goes to the stranger, which challenges it in another realm or in that of the
// line's server. The challenge is not answered, with a Record-Route and without, and also when the BYE is sent because the ACK is missing.
func TestStrangerAsksForCredentials(t *testing.T) {
	for _, realm := range []string{"evil", "home"} {
		for _, c := range []struct {
			name  string
			more  []string // header fields of the INVITE
			acked bool
			want  string // at the stranger, without the answers to the INVITE
		}{
			{"hung up", nil, true, "BYE 1000"},
			{"Record-Route", []string{"Record-Route: <sip:" + stranger.String() + ";lr>"}, true, "BYE 1000"},
			{"never acknowledged", nil, false, "200 500 1500 3500 7500 11500 15500 19500 23500 27500 31500, BYE 32000"},
		} {
			t.Run(realm+", "+c.name, func(t *testing.T) {
				run(t, open, func(x *stack) {
					x.script(primaryAddr, challenging("home"))
					send := x.script(stranger, func(d datagram) []string {
						if d.method() != "BYE" {
							return nil
						}
						return []string{challenge(d, 407, realm, "n")}
					})
					registered(x)
					call := strings.Replace(invite("stray", "sip:1002@"+stranger.String(), c.more...), "127.0.0.2:5062", stranger.String(), 1)
					send(call)
					x.post(line.Answer{Call: "in1"})
					x.zero()
					if c.acked {
						send(strings.Replace(ackOf(call), "To: <sip:1001@127.0.0.2>", "To: <sip:1001@127.0.0.2>;tag="+x.sentBefore(stranger).tag("To"), 1))
						x.until(time.Second)
						x.post(line.HangUp{Call: "in1"})
					}
					x.until(40 * time.Second)
					x.traffic(lists{stranger: c.want})
					x.wantNoCredentials(stranger)
					x.wantRefused("BYE " + stranger.String() + " " + realm + " MD5 not_a_server")
				})
			})
		}
	}
}

// ackOf is the ACK for a 2xx to an INVITE.
func ackOf(invite string) string {
	head, _, _ := strings.Cut(invite, "Content-Type")
	return strings.NewReplacer("INVITE sip:", "ACK sip:", "1 INVITE", "1 ACK", "bK-", "bK-ack-").Replace(head) + "Content-Length: 0\r\n\r\n"
}

// sentBefore is the newest datagram that the phone sent to an address before zero.
func (x *stack) sentBefore(to netip.AddrPort) (last datagram) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range x.wire[:x.from] {
		if d.to == to && d.from.Addr() == phoneAddr.Addr() {
			last = d
		}
	}
	return last
}

// SE-01: the next hop of a dialog is another host than the server that challenged its INVITE: neither the ACK nor a later request carries
// credentials, and the challenge of that host, in any realm, is not answered.
func TestDialogLeadsElsewhere(t *testing.T) {
	elsewhere := "<sip:" + thirdAddr.String() + ";lr>"
	for _, c := range []struct {
		name     string
		accepted []string
		settings []string
	}{
		{"Record-Route", []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: " + elsewhere}, nil},
		{"Record-Route before the server's", []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:127.0.0.2;lr>", "Record-Route: " + elsewhere}, nil},
		{"remote target, strict_proxy 0", []string{"Contact: <sip:1002@" + thirdAddr.String() + ">"}, []string{"strict_proxy=0"}},
		{"Record-Route with a name", []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:elsewhere.example.test:5060;lr>"}, nil},
		{"a strict router", []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:" + thirdAddr.String() + ">"}, nil},
		{"the server's host, another port", []string{"Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:127.0.0.2:5062;lr>"}, nil},
	} {
		for _, realm := range []string{"home", "evil"} {
			t.Run(c.name+", "+realm, func(t *testing.T) {
				run(t, open, func(x *stack) {
					x.names.hosts = map[string][]string{"elsewhere.example.test": {thirdAddr.Addr().String()}}
					x.script(primaryAddr, challenging("home", c.accepted...))
					third := thirdAddr
					if strings.Contains(c.name, "port") {
						third = primaryAddr2
					}
					x.script(third, func(d datagram) []string {
						if d.method() == "ACK" {
							return nil
						}
						return []string{challenge(d, map[bool]int{true: 401, false: 407}[d.method() == "REFER"], realm, "n")}
					})
					registered(x, c.settings...)
					x.dial("1", "1002")
					x.wait(time.Second)
					x.wantCall("1", "talking")
					x.post(line.Hold{Call: "1"})
					x.post(line.Transfer{Call: "1", To: "1003"})
					x.wait(time.Second)
					x.post(line.HangUp{Call: "1"})
					x.wait(time.Second)
					ack := "ACK 0, "
					if strings.Contains(c.name, "name") {
						ack = "" // it is sent when the 2xx comes again, once the name has been looked up
					}
					x.traffic(lists{primaryAddr: "INVITE 0, ACK 0, INVITE 0", third: ack + "INVITE 1000, ACK 1000, REFER 1000, BYE 2000"})
					x.wantNoCredentials(third)
					x.wantRefused("INVITE "+third.String()+" "+realm+" MD5 not_a_server", "REFER "+third.String()+" "+realm+" MD5 not_a_server", "BYE "+third.String()+" "+realm+" MD5 not_a_server")
				})
			})
		}
	}
}

// SE-01, RFC 3261 13.2.2.4: an INVITE forks. The ACK and the BYE of the answer that came through the server have credentials, those of the
// answer that leads elsewhere have none.
func TestForksLeadElsewhere(t *testing.T) {
	run(t, open, func(x *stack) {
		ask := challenging("home")
		x.script(primaryAddr, func(d datagram) []string {
			if d.method() == "INVITE" && len(d.credentials()) > 0 {
				return []string{accept(d, "Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:127.0.0.2;lr>"),
					tagged(accept(d, "Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:"+thirdAddr.String()+";lr>"), "fork")}
			}
			return ask(d)
		})
		x.script(thirdAddr, challenging("home"))
		registered(x)
		x.dial("1", "1002")
		x.wait(time.Second)
		x.post(line.HangUp{Call: "1"})
		x.wait(time.Second)
		x.traffic(lists{primaryAddr: "INVITE 0, ACK 0, INVITE 0, ACK 0, BYE 1000 1000", thirdAddr: "ACK 0, BYE 0"})
		p := x.sent(primaryAddr)
		x.same(p[2], p[3], "Proxy-Authorization")
		if p[3].header("Proxy-Authorization") == "" || p[5].header("Proxy-Authorization") == "" {
			t.Error("no credentials for the server")
		}
		x.wantNoCredentials(thirdAddr)
		x.wantRefused("BYE " + thirdAddr.String() + " home MD5 not_a_server")
	})
}

// SE-01: a target refresh moves the remote target of a call away from the server (strict_proxy 0): requests that carried credentials to the
// server carry none to the new target.
func TestTargetRefreshLeadsElsewhere(t *testing.T) {
	run(t, open, func(x *stack) {
		send := x.script(primaryAddr, challenging("home", "Contact: <sip:1002@127.0.0.2>"))
		x.script(thirdAddr, challenging("home"))
		registered(x, "strict_proxy=0")
		x.dial("1", "1002")
		x.wait(time.Second)
		p := x.sent(primaryAddr)
		ours := p[len(p)-1]
		if ours.method() != "ACK" || ours.header("Proxy-Authorization") == "" {
			t.Fatalf("the ACK is\n%s", ours.raw)
		}
		refresh := strings.NewReplacer("tag=from", "tag="+ours.tag("To"), "To: <sip:1001@127.0.0.2>", "To: "+ours.header("From"), "127.0.0.2:5062", primaryAddr.String()).
			Replace(invite(ours.header("Call-ID"), "sip:1002@"+thirdAddr.String()))
		send(refresh)
		send(ackOf(refresh))
		x.zero()
		x.post(line.HangUp{Call: "1"})
		x.wait(100 * time.Millisecond)
		x.traffic(lists{primaryAddr: "", thirdAddr: "BYE 0"})
		x.wantRefused("BYE " + thirdAddr.String() + " home MD5 not_a_server")
	})
}

// SE-01: a REGISTER that is redirected outside the line's servers gets no credentials there, not even in their realm; one that is redirected to
// another of the line's servers does.
func TestRedirectionGetsNoCredentials(t *testing.T) {
	for _, c := range []struct {
		name    string
		to      netip.AddrPort
		realm   string
		want    string
		refused []string
	}{
		{"another realm", thirdAddr, "elsewhere", "REGISTER 0", []string{"REGISTER " + thirdAddr.String() + " elsewhere MD5 not_a_server"}},
		{"the servers' realm", thirdAddr, "home", "REGISTER 0", []string{"REGISTER " + thirdAddr.String() + " home MD5 not_a_server"}},
		{"another port", primaryAddr2, "home", "REGISTER 0", []string{"REGISTER " + primaryAddr2.String() + " home MD5 not_a_server"}},
		{"the backup", backupAddr, "home", "REGISTER 0 0", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				asked := false
				x.script(primaryAddr, func(d datagram) []string {
					if !asked {
						asked = true
						return []string{challenge(d, 401, "home", "n")}
					}
					return []string{reply(d, "302 Moved Temporarily", "Contact: <sip:1001@"+c.to.String()+">")}
				})
				x.script(c.to, challenging(c.realm))
				x.start()
				x.wait(time.Second)
				x.traffic(lists{primaryAddr: "REGISTER 0 0", c.to: c.want})
				x.wantRefused(c.refused...)
			})
		})
	}
}

// SE-01: a challenge from another address than was asked, with the right branch, is not answered: to a REGISTER, an INVITE, an OPTIONS, a BYE.
func TestSpoofedChallenge(t *testing.T) {
	spoof := func(x *stack, status int, refused ...string) {
		x.t.Helper()
		sent := x.sent(primaryAddr)
		x.inject(thirdAddr, challenge(sent[len(sent)-1], status, "home", "spoofed"))
		x.wait(20 * time.Second)
		x.wantRefused(refused...)
		for _, d := range x.sent(noAddr) {
			if strings.Contains(d.raw, "spoofed") {
				x.t.Errorf("an answer to another host's challenge:\n%s", d.raw)
			}
		}
	}
	t.Run("REGISTER", func(t *testing.T) {
		run(t, open, func(x *stack) {
			x.behave("primary", silent)
			x.start()
			x.wait(time.Millisecond)
			spoof(x, 401, "REGISTER 127.0.0.2:5060 home MD5 other_source")
		})
	})
	t.Run("INVITE", func(t *testing.T) {
		run(t, server.LabConfig{}, func(x *stack) {
			registered(x)
			x.behave("primary", silent)
			x.dial("1", "1002")
			spoof(x, 407, "INVITE 127.0.0.2:5060 home MD5 other_source")
		})
	})
	t.Run("OPTIONS", func(t *testing.T) {
		run(t, server.LabConfig{}, func(x *stack) {
			registered(x, "options_keepalive=1")
			x.behave("primary", silent)
			x.until(30 * time.Second)
			spoof(x, 401, "OPTIONS 127.0.0.2:5060 home MD5 other_source")
		})
	})
	t.Run("BYE", func(t *testing.T) {
		run(t, open, func(x *stack) {
			id := talking(x, false)
			x.behave("primary", silent)
			x.post(line.HangUp{Call: id})
			spoof(x, 401, "BYE 127.0.0.2:5060 home MD5 other_source")
		})
	})
	// Some servers answer from another port of their host.
	t.Run("another port of the server", func(t *testing.T) {
		run(t, open, func(x *stack) {
			x.behave("primary", silent)
			x.start()
			x.wait(time.Millisecond)
			x.inject(primaryAddr2, challenge(x.sent(primaryAddr)[0], 401, "home", "n"))
			x.want("REGISTER 0 1", "")
			x.wantRefused()
		})
	})
}

// SE-01: a CANCEL is not sent again with credentials, and neither is an INVITE that the user has given up.
func TestChallengedCancel(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primaryAddr, func(d datagram) []string {
			switch {
			case d.method() == "REGISTER":
				return []string{grant(d, 3600)}
			case d.method() == "CANCEL":
				return []string{challenge(d, 401, "home", "c")}
			case d.method() == "INVITE" && len(d.credentials()) == 0:
				return []string{challenge(d, 407, "home", "n")}
			case d.method() == "INVITE":
				return []string{reply(d, "180 Ringing")}
			}
			return nil
		})
		registered(x)
		x.dial("1", "1002")
		x.wait(time.Second)
		x.post(line.HangUp{Call: "1"})
		x.wait(time.Second)
		p, _ := x.want("INVITE 0, ACK 0, INVITE 0, CANCEL 1000", "")
		if len(p[3].credentials()) > 0 {
			t.Errorf("the CANCEL is\n%s", p[3].raw)
		}
		x.wantRefused("CANCEL 127.0.0.2:5060 home MD5 cancel")
		x.unruled = true // the INVITE is not answered any more
	})
}

// SE-01: an OPTIONS that the server challenges is answered; one that it redirects is not sent anywhere else.
func TestOptionsChallengedOrRedirected(t *testing.T) {
	run(t, open, func(x *stack) {
		ask, n := challenging("home"), 0
		x.script(primaryAddr, func(d datagram) []string {
			if d.method() == "OPTIONS" {
				if n++; n > 2 {
					return []string{reply(d, "302 Moved", "Contact: <sip:"+thirdAddr.String()+">")}
				}
			}
			return ask(d)
		})
		x.script(thirdAddr, challenging("home"))
		registered(x, "options_keepalive=1")
		x.until(61 * time.Second)
		p, _ := x.want("OPTIONS 29999 29999 59999", "")
		if len(p[1].credentials()) != 1 {
			t.Errorf("the OPTIONS is\n%s", p[1].raw)
		}
		x.wantRefused()
	})
}
