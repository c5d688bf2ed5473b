package server

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestRegistrar(t *testing.T) {
	const self = "Contact: <sip:1001@127.0.0.1:5070>"
	type step struct {
		extra    []string
		code     string
		contacts string // of the 200, joined
	}
	for _, tc := range []struct {
		name  string
		b     Behaviour
		steps []step
	}{
		{"new, query, remove", Behaviour{}, []step{
			{[]string{self, "Expires: 60"}, "200", "<sip:1001@127.0.0.1:5070>;expires=60"},
			{[]string{"Contact: <sip:1001@127.0.0.1:5070>;expires=30"}, "200", "<sip:1001@127.0.0.1:5070>;expires=30"},
			{[]string{self, "Expires: 0"}, "200", ""},
		}},
		{"default and longest", Behaviour{}, []step{
			{[]string{self}, "200", "<sip:1001@127.0.0.1:5070>;expires=3600"},
			{[]string{self, "Expires: 99999999999999"}, "200", "<sip:1001@127.0.0.1:5070>;expires=3600"},
		}},
		{"granted less", Behaviour{MaxExpires: 120 * time.Second}, []step{
			{[]string{self, "Expires: 3600"}, "200", "<sip:1001@127.0.0.1:5070>;expires=120"},
		}},
		{"423", Behaviour{MinExpires: 7200 * time.Second}, []step{
			{[]string{self, "Expires: 3600"}, "423", ""},
			{[]string{self, "Expires: 7200"}, "200", "<sip:1001@127.0.0.1:5070>;expires=7200"},
			{[]string{self, "Expires: 0"}, "200", ""},
		}},
		{"two contacts at once", Behaviour{}, []step{
			{[]string{"Contact: <sip:1001@127.0.0.1:5070>, <sip:1001@127.0.0.1:5072>;expires=10"}, "200",
				"<sip:1001@127.0.0.1:5070>;expires=3600 <sip:1001@127.0.0.1:5072>;expires=10"},
		}},
		{"remove all", Behaviour{}, []step{
			{[]string{self, "Contact: <sip:1001@127.0.0.1:5072>"}, "200", "<sip:1001@127.0.0.1:5070>;expires=3600 <sip:1001@127.0.0.1:5072>;expires=3600"},
			{[]string{"Contact: *"}, "400", ""},
			{[]string{"Contact: *", "Expires: 5"}, "400", ""},
			{[]string{"Contact: *", "Expires: 0"}, "200", ""},
		}},
		{"same Call-ID, CSeq not higher", Behaviour{}, []step{
			{[]string{self, "CSeq: 5 REGISTER"}, "200", "<sip:1001@127.0.0.1:5070>;expires=3600"},
			{[]string{self, "CSeq: 5 REGISTER", "Expires: 0"}, "400", ""},
			{[]string{self, "CSeq: 4 REGISTER"}, "400", ""},
			{[]string{"Contact: *", "Expires: 0", "CSeq: 5 REGISTER"}, "400", ""},
			{[]string{self, "CSeq: 6 REGISTER", "Expires: 50"}, "200", "<sip:1001@127.0.0.1:5070>;expires=50"},
		}},
		{"another Call-ID replaces and removes", Behaviour{}, []step{
			{[]string{self, "CSeq: 5 REGISTER"}, "200", "<sip:1001@127.0.0.1:5070>;expires=3600"},
			{[]string{self, "CSeq: 1 REGISTER", "Call-ID: other", "Expires: 70"}, "200", "<sip:1001@127.0.0.1:5070>;expires=70"},
			{[]string{self, "CSeq: 1 REGISTER", "Call-ID: third", "Expires: 0"}, "200", ""},
		}},
		{"bad values", Behaviour{}, []step{
			{[]string{self, "Expires: soon"}, "400", ""},
			{[]string{"Contact: <sip:1001@127.0.0.1:5070>;expires=-1"}, "400", ""},
			{[]string{"Contact: <sip:1001@host.invalid>"}, "400", ""},
			{[]string{self, "To: <sip:127.0.0.2>"}, "404", ""},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.server(Config{Behaviour: tc.b})
				c := w.client("127.0.0.1:5070")
				for i, s := range tc.steps {
					answer := register(c, primaryAt, s.extra...)
					if code := strings.Fields(answer.start)[1]; code != s.code {
						t.Fatalf("step %d: %s, want %s", i, answer.start, s.code)
					}
					if got := strings.Join(answer.fields["contact"], " "); got != s.contacts {
						t.Errorf("step %d: contacts %s, want %s", i, got, s.contacts)
					}
					if s.code == "423" && answer.get("Min-Expires") != "7200" {
						t.Errorf("Min-Expires %q", answer.get("Min-Expires"))
					}
				}
			})
		})
	}
}

func TestBindingExpires(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt, "Expires: 60")
		time.Sleep(59 * time.Second)
		if n := len(s.Registrations().Bindings("1001")); n != 1 {
			t.Errorf("%d bindings after 59 s", n)
		}
		time.Sleep(2 * time.Second)
		if n := len(s.Registrations().Bindings("1001")); n != 0 {
			t.Errorf("%d bindings after 61 s", n)
		}
		if users := s.Registrations().Users(); len(users) != 0 {
			t.Errorf("users %v", users)
		}
	})
}

// credentials answers a challenge by hand, so that the server is not checked by its own arithmetic.
func credentialsFor(challenge, user, password, method, uri string, nc int) string {
	field := func(name string) string {
		_, rest, _ := strings.Cut(challenge, name+"=")
		value, _, _ := strings.Cut(rest, ",")
		return strings.Trim(value, `" `)
	}
	sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	if field("algorithm") == "SHA-256" {
		sum = func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	}
	count := fmt.Sprintf("%08x", nc)
	response := sum(strings.Join([]string{sum(user + ":" + field("realm") + ":" + password), field("nonce"), count, "c0ffee",
		"auth", sum(method + ":" + uri)}, ":"))
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s, cnonce="c0ffee", qop=auth, nc=%s`,
		user, field("realm"), field("nonce"), uri, response, field("algorithm"), count)
}

func TestDigest(t *testing.T) {
	for _, algorithm := range []string{"MD5", "SHA-256"} {
		t.Run(algorithm, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.server(Config{Auth: &Auth{Users: map[string]string{"1001": "secret", "1003": "other"},
					Algorithms: []string{algorithm}, NonceLife: time.Minute}})
				c := w.client("127.0.0.1:5070")
				challenge := register(c, primaryAt).get("WWW-Authenticate")
				if !strings.Contains(challenge, "algorithm="+algorithm) || strings.Contains(challenge, "stale") {
					t.Fatalf("challenge %s", challenge)
				}
				const uri = "sip:127.0.0.2:5060"
				try := func(want, user, password, method, challenge string, nc int) wire {
					t.Helper()
					answer := register(c, primaryAt, "Authorization: "+credentialsFor(challenge, user, password, method, uri, nc))
					if !strings.HasPrefix(answer.start, "SIP/2.0 "+want) {
						t.Errorf("%s/%s nc %d: %s, want %s", user, password, nc, answer.start, want)
					}
					return answer
				}
				try("401", "1001", "wrong", "REGISTER", challenge, 1)
				try("401", "1001", "secret", "INVITE", challenge, 1)
				try("401", "nobody", "secret", "REGISTER", challenge, 1)
				try("403", "1003", "other", "REGISTER", challenge, 1)
				try("200", "1001", "secret", "REGISTER", challenge, 1)
				try("200", "1001", "secret", "REGISTER", challenge, 2)
				if again := try("401", "1001", "secret", "REGISTER", challenge, 2); !strings.Contains(again.get("WWW-Authenticate"), "stale=true") {
					t.Errorf("a replay is answered %s", again.get("WWW-Authenticate"))
				}
				time.Sleep(2 * time.Minute)
				stale := try("401", "1001", "secret", "REGISTER", challenge, 3).get("WWW-Authenticate")
				if !strings.Contains(stale, "stale=true") {
					t.Errorf("an old nonce is answered %s", stale)
				}
				try("200", "1001", "secret", "REGISTER", stale, 1)
				forged := strings.Replace(stale, `nonce="`, `nonce="1`, 1)
				try("401", "1001", "secret", "REGISTER", forged, 1)
			})
		})
	}
}

func TestBothAlgorithmsOffered(t *testing.T) {
	bubble(t, func(w *world) {
		w.server(Config{Auth: &Auth{Users: map[string]string{"1001": "x"}, Algorithms: []string{"SHA-256", "MD5"}}})
		c := w.client("127.0.0.1:5070")
		offers := register(c, primaryAt).fields["www-authenticate"]
		if len(offers) != 2 || !strings.Contains(offers[0], "SHA-256") || !strings.Contains(offers[1], "MD5") {
			t.Errorf("offers %q", offers)
		}
		if got := register(c, primaryAt, "Authorization: "+credentialsFor(offers[1], "1001", "x", "REGISTER", "sip:127.0.0.2:5060", 1)); !strings.HasPrefix(got.start, "SIP/2.0 200") {
			t.Errorf("the second choice is answered %s", got.start)
		}
	})
}

func TestBadAuth(t *testing.T) {
	bubble(t, func(w *world) {
		for _, a := range []Auth{{Realm: `a"b`}, {Algorithms: []string{"SHA-1"}}, {NonceLife: -1}} {
			if _, err := New(Config{Listen: w.listen("127.0.0.2:5060"), Auth: &a}); err == nil {
				t.Errorf("New with %+v succeeded", a)
			}
		}
	})
}

func TestBind(t *testing.T) {
	r := NewRegistrations()
	for _, bad := range []struct {
		user, contact string
		life          time.Duration
	}{{"1002", "", time.Hour}, {"1002", "x", time.Hour}, {"", "sip:1@127.0.0.1", time.Hour}, {"1002", "sip:1@127.0.0.1", 0}} {
		if err := r.Bind(bad.user, bad.contact, bad.life); err == nil {
			t.Errorf("Bind(%+v) succeeded", bad)
		}
	}
	if err := r.Bind("1002", "sip:1002@127.0.0.4:5060", time.Hour); err != nil {
		t.Fatal(err)
	}
	if b := r.Bindings("1002"); len(b) != 1 || b[0].Contact != "sip:1002@127.0.0.4:5060" {
		t.Errorf("bindings %+v", b)
	}
	r.Forget("1002")
	if b := r.Bindings("1002"); len(b) != 0 {
		t.Errorf("after Forget %+v", b)
	}
}
