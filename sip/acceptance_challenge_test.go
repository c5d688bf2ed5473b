package sip_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hilphone/sip/line"
)

// WR-50, RFC 3261 22.3: realms that ask one after the other each get credentials, and those of before are kept; the ACK carries what its INVITE
// carries.
func TestRealmsOneAfterTheOther(t *testing.T) {
	all := []challenger{{true, "a"}, {true, "b"}, {false, "c"}, {false, "a"}}
	for _, method := range []string{"REGISTER", "INVITE", "re-INVITE", "REFER", "BYE", "OPTIONS"} {
		for n := 1; n <= len(all); n++ {
			t.Run(fmt.Sprint(method, n), func(t *testing.T) {
				run(t, open, func(x *stack) {
					established := false // the call is, which the request under test changes or ends
					asked := func(m string) bool {
						if method == "re-INVITE" && m == "INVITE" {
							return established
						}
						return m == method
					}
					x.script(primaryAddr, func(d datagram) []string {
						answers := behind(asked, all[:n]...)(d)
						established = established || d.method() == "ACK"
						return answers
					})
					x.request(method)
					sip := strings.TrimPrefix(method, "re-")
					p := x.sent(primaryAddr)
					requests := slices.DeleteFunc(slices.Clone(p), func(d datagram) bool { return d.method() != sip })
					if len(requests) != n+1 {
						t.Fatalf("%d requests, want %d\n%s", len(requests), n+1, x.story())
					}
					for i, d := range requests {
						for j, c := range all[:n] {
							if c.answered(d) != (j < i) {
								t.Errorf("request %d, realm %s: %v\n%s", i, c.realm, c.answered(d), d.raw)
							}
						}
						if len(d.credentials()) != i || d.cseq() != requests[0].cseq()+i {
							t.Errorf("request %d is\n%s", i, d.raw)
						}
					}
					if last := p[len(p)-1]; sip == "INVITE" {
						if last.method() != "ACK" || len(last.credentials()) != n {
							t.Errorf("the ACK is\n%s", last.raw)
						}
						x.same(requests[n], last, "Authorization", "Proxy-Authorization")
					}
					x.wantRefused()
				})
			})
		}
	}
}

// WR-50: several challenges at once, in several header fields, in one, and of both kinds (RFC 3261 16.7): the strongest of each realm is answered.
func TestRealmsAtOnce(t *testing.T) {
	for name, fields := range map[string][]string{
		"two header fields": {`Proxy-Authenticate: Digest realm="a", nonce="n"`, `Proxy-Authenticate: Digest realm="b", nonce="n", algorithm=SHA-256`},
		"one header field":  {`Proxy-Authenticate: Digest realm="a", nonce="n", Digest realm="b", nonce="n", algorithm=SHA-256`},
		"two algorithms": {`Proxy-Authenticate: Digest realm="b", nonce="n"`, `Proxy-Authenticate: Digest realm="a", nonce="n", algorithm=MD5`,
			`Proxy-Authenticate: Digest realm="b", nonce="n", algorithm=SHA-256`, `Proxy-Authenticate: Digest realm="a", nonce="n", algorithm=SHA-999`},
		"both kinds": {`WWW-Authenticate: Digest realm="a", nonce="n"`, `Proxy-Authenticate: Digest realm="b", nonce="n", algorithm=SHA-256`},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.script(primaryAddr, func(d datagram) []string {
					if d.method() == "INVITE" && len(d.credentials()) == 0 {
						return []string{reply(d, "407 Proxy Authentication Required", fields...)}
					}
					return serves(d)
				})
				x.request("INVITE")
				p, _ := x.want("INVITE 0, ACK 0, INVITE 0, ACK 0", "")
				var got []string
				for _, c := range p[2].credentials() {
					for _, want := range []string{`realm="a", `, `realm="b", `, "algorithm=SHA-256"} {
						if strings.Contains(c, want) {
							got = append(got, want)
						}
					}
				}
				slices.Sort(got)
				if want := []string{"algorithm=SHA-256", `realm="a", `, `realm="b", `}; !slices.Equal(got, want) || len(p[2].credentials()) != 2 {
					t.Errorf("the credentials are %q", p[2].credentials())
				}
				if name == "both kinds" && (len(p[2].headers("Authorization")) != 1 || len(p[2].headers("Proxy-Authorization")) != 1) {
					t.Errorf("the INVITE is\n%s", p[2].raw)
				}
				x.same(p[2], p[3], "Authorization", "Proxy-Authorization")
				x.wantRefused()
			})
		})
	}
}

// WR-50: what a server may ask for is bounded: four realms of one request.
func TestRealmsWithoutEnd(t *testing.T) {
	for _, method := range []string{"REGISTER", "INVITE", "BYE"} {
		run(t, open, func(x *stack) {
			n := 0
			x.script(primaryAddr, func(d datagram) []string {
				if d.method() != method {
					return serves(d)
				}
				n++
				return []string{challenge(d, 407, fmt.Sprint("realm", n), "n")}
			})
			x.request(method)
			x.wantRefused(method + " 127.0.0.2:5060 realm5 MD5 too_many_realms")
			if n != 5 {
				t.Errorf("%s was sent %d times", method, n)
			}
			switch method {
			case "REGISTER":
				x.phase(line.AllFailed)
			case "INVITE":
				x.wantCall("1", "ended peer 407")
			}
		})
	}
}
