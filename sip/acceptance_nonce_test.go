package sip_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/sip/digest"
	"hilphone/sip/line"
)

// WR-51: 401 n1, answered; 423; 401 n2: the nonce was refused and not the password.
func TestNewNonceAfterInterval(t *testing.T) {
	run(t, open, func(x *stack) {
		n := 0
		x.script(primaryAddr, func(d datagram) []string {
			n++
			switch {
			case n == 2:
				return []string{reply(d, "423 Interval Too Brief", "Min-Expires: 7200")}
			case n < 4:
				return []string{challenge(d, 401, "r", fmt.Sprint("n", n))}
			}
			return []string{grant(d, 7200)}
		})
		x.start()
		x.wait(time.Second)
		p, _ := x.want("REGISTER 0 0 0 0", "")
		x.phase(line.OnPrimary)
		for i, nonce := range []string{"", "n1", "n1", "n3"} {
			if got := p[i].header("Authorization"); (nonce == "") != (got == "") || nonce != "" && !strings.Contains(got, `nonce="`+nonce+`"`) {
				t.Errorf("REGISTER %d has %q, want %s", i, got, nonce)
			}
		}
		x.wantRefused()
	})
}

// oneTime is a script of a server that takes each nonce once and never says stale; a request with the wrong password is refused too.
func oneTime(password string) func(d datagram) []string {
	given := map[string]bool{}
	return func(d datagram) []string {
		if d.method() == "ACK" {
			return nil
		}
		for _, v := range d.credentials() {
			_, nonce, _ := strings.Cut(v, `nonce="`)
			nonce, _, _ = strings.Cut(nonce, `"`)
			c := digest.Challenge{Realm: "r", HasRealm: true, Nonce: nonce}
			if given[nonce] && v == c.Authorize("1001", password, d.method(), d.uri(), nil, 1, "") {
				delete(given, nonce)
				return serves(d)
			}
		}
		nonce := fmt.Sprint("n", len(d.raw), "-", d.cseq(), "-", d.branch())
		given[nonce] = true
		return []string{challenge(d, 401, "r", nonce)}
	}
}

// WR-51: with a server that takes each nonce once, everything is answered: registration, refresh, call, hold, transfer and the end.
func TestOneTimeNonces(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primaryAddr, oneTime("right"))
		x.start("auth_password=right", "backup_addr=", "register_ttl=3600")
		x.wait(time.Second)
		x.phase(line.OnPrimary)
		x.dial("1", "1002")
		x.wait(time.Second)
		x.wantCall("1", "talking")
		x.post(line.Hold{Call: "1"})
		x.wait(time.Second)
		x.wantCall("1", "held")
		x.post(line.Transfer{Call: "1", To: "1003"})
		x.wait(time.Second)
		x.post(line.HangUp{Call: "1"})
		x.wait(time.Second)
		x.want("REGISTER 0 0, INVITE 1000, ACK 1000, INVITE 1000, ACK 1000, INVITE 2000, ACK 2000, INVITE 2000, ACK 2000, REFER 3000 3000, BYE 4000 4000", "")
		x.zero()
		x.until(3 * time.Hour)
		if n := len(x.sent(primaryAddr)); n != 2*3 { // each refresh has a nonce that was used before, and is asked for another one
			t.Errorf("%d REGISTERs\n%s", n, x.story())
		}
		x.phase(line.OnPrimary)
		x.wantRefused()
	})
}

// WR-51: a wrong password is distinguished from an old nonce: credentials made from a nonce that was given for this request are sent once, also
// after a nonce of before was refused.
func TestWrongPasswordAndNewNonces(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primaryAddr, oneTime("right"))
		x.start("auth_password=wrong", "backup_addr=")
		x.until(33 * time.Second)
		x.want("REGISTER 0 0 32000 32000", "")
		x.wantRefused("REGISTER 127.0.0.2:5060 r MD5 credentials_rejected", "REGISTER 127.0.0.2:5060 r MD5 credentials_rejected")
	})
	// The password changes at the server between two refreshes.
	run(t, open, func(x *stack) {
		before, after := oneTime("right"), oneTime("changed")
		changed := false
		x.script(primaryAddr, func(d datagram) []string {
			if changed {
				return after(d)
			}
			return before(d)
		})
		x.start("auth_password=right", "backup_addr=")
		x.wait(time.Second)
		x.phase(line.OnPrimary)
		changed = true
		x.zero()
		x.until(59 * time.Minute)
		x.want("REGISTER 3539000 3539000", "")
		x.phase(line.AllFailed)
	})
}

// WR-51, WR-21: a request with a long nonce is built for TCP, and again for UDP: it is one request, and its refusal is one of the password.
func TestLongNonce(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primaryAddr, func(d datagram) []string {
			if d.method() != "INVITE" {
				return serves(d)
			}
			return []string{challenge(d, 407, "r", strings.Repeat("n", 900)+d.branch(), `, qop="auth"`)}
		})
		x.request("INVITE")
		x.want("INVITE 0, ACK 0, INVITE 0, ACK 0", "")
		if x.dials[primaryAddr] != 1 {
			t.Errorf("%d connections were tried", x.dials[primaryAddr])
		}
		x.wantRefused("INVITE 127.0.0.2:5060 r MD5 credentials_rejected")
	})
}

// WR-51: a server that gives a new nonce whatever it gets comes to an end, with stale=true, without, and with two realms in turn.
func TestNoncesWithoutEnd(t *testing.T) {
	for _, c := range []struct {
		name, parameter string
		realms, want    int
		reason          string
	}{
		{"stale", ", stale=true", 1, 4, "a MD5 too_many_challenges"},
		{"not stale", "", 1, 2, "a MD5 credentials_rejected"},
		{"two realms in turn", "", 2, 7, "a MD5 too_many_challenges"},
		{"two realms in turn, stale", ", stale=true", 2, 7, "a MD5 too_many_challenges"},
	} {
		for _, method := range []string{"REGISTER", "INVITE", "re-INVITE", "REFER", "BYE", "OPTIONS"} {
			t.Run(c.name+", "+method, func(t *testing.T) {
				run(t, open, func(x *stack) {
					n, up := 0, false
					x.script(primaryAddr, func(d datagram) []string {
						if sip := strings.TrimPrefix(method, "re-"); d.method() != sip || method == "re-INVITE" && !up {
							up = up || d.method() == "ACK"
							return serves(d)
						}
						n++
						return []string{challenge(d, 401, []string{"a", "b"}[(n-1)%c.realms], fmt.Sprint("n", n), c.parameter)}
					})
					x.request(method)
					if n != c.want {
						t.Errorf("%d requests, want %d\n%s", n, c.want, x.story())
					}
					x.wantRefused(strings.TrimPrefix(method, "re-") + " 127.0.0.2:5060 " + c.reason)
				})
			})
		}
	}
}

// WR-52: what a server gives is returned as it was given, the count of a nonce goes on over requests and kinds of challenge, and a session keeps
// the cnonce that its key was made from.
func TestCredentialsInDetail(t *testing.T) {
	const parameters = `, qop="auth", opaque="", algorithm=`
	for _, algorithm := range []string{"MD5", "MD5-sess", "SHA-256-sess", "SHA-512-256-sess"} {
		run(t, open, func(x *stack) {
			x.script(primaryAddr, func(d datagram) []string {
				status := map[bool]int{true: 401, false: 407}[d.method() == "REGISTER"]
				if d.method() != "ACK" && len(d.credentials()) == 0 {
					return []string{challenge(d, status, "r", "n", parameters+algorithm)}
				}
				return serves(d)
			})
			x.start("auth_password=secret", "backup_addr=")
			x.wait(time.Second)
			x.dial("1", "1002")
			x.wait(time.Second)
			x.post(line.HangUp{Call: "1"})
			x.wait(2 * time.Hour)
			var cnonces []string
			for i, d := range slices.DeleteFunc(x.sent(primaryAddr), func(d datagram) bool { return len(d.credentials()) == 0 || d.method() == "ACK" }) {
				v := d.credentials()[0]
				cnonce := after(strings.NewReplacer(`"`, "", ", ", ";").Replace(v), "cnonce=")
				offered, err := digest.ParseChallenges([]string{`Digest realm="r", nonce="n"` + parameters + algorithm})
				if err != nil {
					t.Fatal(err)
				}
				if want := offered[0].Authorize("1001", "secret", d.method(), d.uri(), nil, i+1, cnonce); v != want || !strings.Contains(v, `opaque=""`) {
					t.Errorf("%s has\n%s\nwant\n%s", d.start(), v, want)
				}
				cnonces = append(cnonces, cnonce)
			}
			session := strings.HasSuffix(algorithm, "-sess")
			if len(cnonces) != 5 || session != (len(slices.Compact(slices.Sorted(slices.Values(cnonces)))) == 1) {
				t.Errorf("%s: cnonces %q", algorithm, cnonces)
			}
		})
	}
}
