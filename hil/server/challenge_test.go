package server

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"hilphone/hil/behaviour"
)

// digester answers challenges by hand: one credential for each realm, each nonce with its own count.
type digester struct {
	password   string
	challenges map[string]string // header field and realm to the latest challenge
	counts     map[string]int    // nonce
	dropOpaque bool
	resetCount bool // begins with 1 whenever it is asked
}

func parameter(challenge, name string) (value string, there bool) {
	_, rest, there := strings.Cut(challenge, " "+name+"=")
	if text, quoted := strings.CutPrefix(rest, `"`); quoted {
		value, _, _ = strings.Cut(text, `"`)
		return value, there
	}
	value, _, _ = strings.Cut(rest, ",")
	return value, there
}

// take notes the challenges of an answer; those of an algorithm that is not known count for nothing.
func (d *digester) take(answer wire) {
	for field, reply := range map[string]string{"www-authenticate": "Authorization", "proxy-authenticate": "Proxy-Authorization"} {
		for _, c := range answer.fields[field] {
			if algorithm, _ := parameter(c, "algorithm"); algorithm != unknownAlgorithm {
				realm, _ := parameter(c, "realm")
				d.challenges[reply+" "+realm] = c
				if nonce, _ := parameter(c, "nonce"); d.resetCount {
					delete(d.counts, nonce)
				}
			}
		}
	}
}

// lines are the credentials for a REGISTER.
func (d *digester) lines() (lines []string) {
	const uri = "sip:127.0.0.2:5060"
	for key, c := range d.challenges {
		reply, realm, _ := strings.Cut(key, " ")
		nonce, _ := parameter(c, "nonce")
		algorithm, _ := parameter(c, "algorithm")
		_, qop := parameter(c, "qop")
		sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
		if algorithm == "SHA-256" {
			sum = func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
		}
		d.counts[nonce]++
		count := fmt.Sprintf("%08x", d.counts[nonce])
		a1, a2 := sum("1001:"+realm+":"+d.password), sum("REGISTER:"+uri)
		if algorithm == "MD5-sess" {
			a1 = sum(a1 + ":" + nonce + ":c0ffee")
		}
		line := fmt.Sprintf(`%s: Digest username="1001", realm="%s", nonce="%s", uri="%s", algorithm=%s`, reply, realm, nonce, uri, algorithm)
		if qop {
			line += fmt.Sprintf(`, response="%s", cnonce="c0ffee", qop=auth, nc=%s`, sum(a1+":"+nonce+":"+count+":c0ffee:auth:"+a2), count)
		} else {
			line += fmt.Sprintf(`, response="%s"`, sum(a1+":"+nonce+":"+a2))
		}
		if opaque, there := parameter(c, "opaque"); there && !d.dropOpaque {
			line += fmt.Sprintf(`, opaque="%s"`, opaque)
		}
		lines = append(lines, line)
	}
	return lines
}

// until registers until it is taken, four times at most, and gives the answers.
func (d *digester) until(c *client) string {
	var got []string
	for range 4 {
		answer := register(c, primaryAt, d.lines()...)
		got = append(got, fmt.Sprint(answer.status()))
		if answer.status() == 200 {
			break
		}
		d.take(answer)
	}
	return strings.Join(got, " ")
}

// TestChallenges registers twice with each way to ask, at a server that knows the password and at one that takes any (WR-50 to WR-52).
func TestChallenges(t *testing.T) {
	for _, c := range []struct {
		ways         string
		first, again string
	}{
		{"two-realms", "401 200", "200"},
		{"realm-by-realm", "401 401 200", "200"},
		{"proxy-then-server", "407 401 200", "200"},
		{"one-time", "401 200", "401 200"},
		{"same-nonce", "401 200", "401 200"},
		{"long-nonce", "401 200", "200"},
		{"opaque", "401 200", "200"},
		{"empty-opaque", "401 200", "200"},
		{"md5-sess", "401 200", "200"},
		{"sha-256", "401 200", "200"},
		{"unknown", "401 401 401 401", "401 401 401 401"},
		{"unknown-first", "401 200", "200"},
		{"no-qop", "401 200", "200"},
		{"realm-by-realm,one-time,long-nonce,empty-opaque,md5-sess", "401 401 200", "401 401 200"},
	} {
		for _, auth := range []*Auth{nil, {Users: map[string]string{"1001": "secret"}}} {
			bubble(t, func(w *world) {
				b := Behaviour{Challenges: strings.Split(c.ways, ",")}
				s := w.server(Config{Auth: auth, Behaviour: b})
				d := &digester{password: "secret", challenges: map[string]string{}, counts: map[string]int{}}
				client := w.client("127.0.0.1:5070")
				first, again := d.until(client), d.until(client)
				if first != c.first || again != c.again {
					t.Errorf("%s: answered %s and then %s, want %s and %s", c.ways, first, again, c.first, c.again)
				}
				if strings.Contains(c.ways, "long-nonce") {
					for nonce := range d.counts {
						if len(nonce) != 400 {
							t.Errorf("a nonce of %d characters", len(nonce))
						}
					}
				}
				// What is not covered is asked as usual.
				b.Methods = []string{"INVITE"}
				if err := s.SetBehaviour(b); err != nil {
					t.Fatal(err)
				}
				if got := register(client, primaryAt).status(); (got == 401) != (auth != nil) {
					t.Errorf("%s only INVITE: a REGISTER is answered %d", c.ways, got)
				}
			})
		}
	}
}

// TestBadCredentials: what a phone may not do is asked again (WR-52).
func TestBadCredentials(t *testing.T) {
	for name, c := range map[string]struct {
		ways string
		d    digester
		auth *Auth
	}{
		"wrong password": {"two-realms", digester{password: "wrong"}, &Auth{Users: map[string]string{"1001": "secret"}}},
		"no opaque":      {"empty-opaque", digester{password: "secret", dropOpaque: true}, nil},
		"other opaque":   {"opaque", digester{password: "secret", dropOpaque: true}, nil},
		"wrong session":  {"md5-sess", digester{password: "wrong"}, &Auth{Users: map[string]string{"1001": "secret"}}},
	} {
		bubble(t, func(w *world) {
			w.server(Config{Auth: c.auth, Behaviour: Behaviour{Challenges: []string{c.ways}}})
			d := &c.d
			d.challenges, d.counts = map[string]string{}, map[string]int{}
			if got := d.until(w.client("127.0.0.1:5070")); strings.Contains(got, "200") {
				t.Errorf("%s: answered %s", name, got)
			}
		})
	}
	bubble(t, func(w *world) { // the nonce count of a nonce that comes again goes on
		w.server(Config{Behaviour: Behaviour{Challenges: []string{"same-nonce"}}})
		c := w.client("127.0.0.1:5070")
		d := &digester{challenges: map[string]string{}, counts: map[string]int{}, resetCount: true}
		if first, again := d.until(c), d.until(c); first != "401 200" || strings.Contains(again, "200") {
			t.Errorf("answered %s and then %s", first, again)
		}
	})
}

// TestEveryChallengeChangesSomething: each way to ask asks.
func TestEveryChallengeChangesSomething(t *testing.T) {
	if n := len(behaviour.Challenges); n != 13 {
		t.Errorf("%d ways to ask", n)
	}
	for _, way := range behaviour.Challenges {
		bubble(t, func(w *world) {
			w.server(Config{Behaviour: Behaviour{Challenges: []string{way.Name}}})
			answer := register(w.client("127.0.0.1:5070"), primaryAt)
			if s := answer.status(); s != 401 && s != 407 {
				t.Errorf("%s: answered %d", way.Name, s)
			}
		})
	}
}
