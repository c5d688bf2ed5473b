package sip_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// SE-01: a line gets other servers and another password while a call is up. The call's server is asked for the password that it had, and never
// sees what is made of the new one.
func TestNewPasswordIsForTheNewServer(t *testing.T) {
	for _, c := range []struct{ name, change, password string }{
		{"another server", "register_addr=" + thirdAddr.Addr().String(), "old"},
		{"another user", "auth_user=1009", "old"},
		{"the same server and user", "register_ttl=1800", "new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.script(primaryAddr, challenging("home"))
				x.script(thirdAddr, challenging("home"))
				registered(x, "auth_password=old", "backup_addr=")
				x.dial("1", "1002")
				x.wait(time.Second)
				x.change(c.change, "auth_password=new")
				x.wait(time.Second)
				x.wantCall("1", "talking")
				x.zero()
				x.post(line.HangUp{Call: "1"})
				x.wait(100 * time.Millisecond)
				p, _ := x.want("BYE 0 0", "")
				bye := p[len(p)-1]
				answer := bye.header("Proxy-Authorization")
				_, nonce, _ := strings.Cut(answer, `nonce="`)
				nonce, _, _ = strings.Cut(nonce, `"`)
				sum := func(parts ...string) string {
					h := md5.Sum([]byte(strings.Join(parts, ":")))
					return hex.EncodeToString(h[:])
				}
				if want := sum(sum("1001", "home", c.password), nonce, sum("BYE", bye.uri())); !strings.Contains(answer, fmt.Sprintf("response=%q", want)) {
					t.Errorf("the BYE is not authorized with the password %q: %s", c.password, answer)
				}
			})
		})
	}
}

// SE-01: all addresses of a server's name are the server's: a dialog whose way leads through another one of them has credentials there.
func TestOtherAddressOfTheServer(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.hosts = map[string][]string{"p.example.test": {"127.0.0.2", "127.0.0.9"}}
		x.script(primaryAddr, challenging("home", "Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:"+second.String()+";lr>"))
		x.script(second, challenging("other"))
		registered(x, "register_addr=p.example.test")
		x.dial("1", "1002")
		x.wait(time.Second)
		x.post(line.HangUp{Call: "1"})
		x.wait(100 * time.Millisecond)
		x.traffic(lists{primaryAddr: "INVITE 0, ACK 0, INVITE 0", second: "ACK 0, BYE 1000 1000"})
		x.same(x.sent(primaryAddr)[2], x.sent(second)[0], "Proxy-Authorization")
		x.wantRefused()
	})
}

// SE-01, FO-25: both servers ask in the same realm with the same nonce: what the backup gets is counted from its own challenge, and an ACK
// carries the credentials of its INVITE.
func TestServersDoNotShareCredentials(t *testing.T) {
	run(t, open, func(x *stack) {
		same := func(also func(d datagram) bool) func(d datagram) []string {
			return func(d datagram) []string {
				switch {
				case d.method() == "ACK" || !also(d):
					return nil
				case len(d.credentials()) == 0:
					return []string{challenge(d, 401, "home", "shared", `, qop="auth"`)}
				case d.method() == "REGISTER":
					return []string{grant(d, 3600)}
				}
				return []string{accept(d, "Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:"+d.to.String()+";lr>")}
			}
		}
		x.script(primaryAddr, same(func(d datagram) bool { return d.method() == "REGISTER" || len(d.credentials()) == 0 }))
		x.script(backupAddr, same(func(datagram) bool { return true }))
		registered(x)
		x.dial("1", "1002")
		x.wait(20 * time.Second)
		p, b := x.want("INVITE 0, ACK 0, INVITE 0 500 1500 3500", "REGISTER 7500 7500, INVITE 7500, ACK 7500, INVITE 7500, ACK 7500")
		x.wantCall("1", "talking")
		for _, c := range []struct {
			d    datagram
			want string
		}{{p[2], "nc=00000002"}, {b[0], ""}, {b[1], "nc=00000001"}, {b[2], ""}, {b[4], "nc=00000002"}, {b[5], "nc=00000002"}} {
			if got := c.d.header("Authorization"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("%s has %q, want %s", c.d.start(), got, c.want)
			}
		}
		x.same(b[4], b[5], "Authorization")
	})
}

// SE-01: the BYE of a call that came through the server goes back through it, and is sent again with credentials if the server challenges it.
func TestIncomingCallThroughTheServer(t *testing.T) {
	run(t, open, func(x *stack) {
		send := x.script(primaryAddr, challenging("home"))
		registered(x)
		send(strings.Replace(invite("call", "sip:1002@127.0.0.4", "Record-Route: <sip:127.0.0.2;lr>"), "127.0.0.2:5062", primaryAddr.String(), 1))
		x.post(line.Answer{Call: "in1"})
		x.zero()
		x.until(33 * time.Second) // never acknowledged
		x.want("200 500 1500 3500 7500 11500 15500 19500 23500 27500 31500, BYE 32000 32000", "")
		x.wantRefused()
	})
}
