package digest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// parameters reads the parameters of an Authorization value back; quoted strings keep their escapes out.
func parameters(t *testing.T, value string) map[string]string {
	t.Helper()
	rest, ok := strings.CutPrefix(value, "Digest ")
	if !ok {
		t.Fatalf("not a digest answer: %q", value)
	}
	params := map[string]string{}
	in := &authReader{rest: rest}
	for {
		in.skip()
		name := in.token()
		if name == "" || !in.take('=') {
			t.Fatalf("parameter expected at %q of %q", in.rest, value)
		}
		v, err := in.value()
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := params[name]; twice {
			t.Fatalf("%s twice in %q", name, value)
		}
		params[name] = v
		if in.rest == "" {
			return params
		}
		if !in.take(',') {
			t.Fatalf("comma expected at %q of %q", in.rest, value)
		}
	}
}

// choose reads challenges of one realm and returns the one to be answered.
func choose(values ...string) (Challenge, error) {
	offered, err := ParseChallenges(values)
	best, refused := Strongest(offered)
	switch {
	case len(best) > 0:
		return best[0], nil
	case len(refused) > 0:
		return Challenge{}, refused[0].Err
	case err != nil:
		return Challenge{}, errors.Join(ErrNoChallenge, err)
	}
	return Challenge{}, ErrNoChallenge
}

const rfc7616 = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%, ` +
	`nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`

func TestDigestVectors(t *testing.T) {
	with := func(algorithm string) string { return strings.ReplaceAll(rfc7616, "%", algorithm) }
	const mufasa, circle, cnonce = "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	for _, c := range []struct {
		name, challenge, user, password, uri, cnonce, username, response string
	}{
		{"RFC 7616 3.9.1 MD5", with("MD5"), mufasa, circle, "/dir/index.html", cnonce,
			"Mufasa", "8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 3.9.1 SHA-256", with("SHA-256"), mufasa, circle, "/dir/index.html", cnonce,
			"Mufasa", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"algorithm in lower case", with("sha-256"), mufasa, circle, "/dir/index.html", cnonce,
			"Mufasa", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 7616 3.9.2 with erratum 4897", `Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, ` +
			`nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", ` +
			`charset=UTF-8, userhash=true`,
			"Jäsøn Doe", "Secret, or not?", "/doe.json", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
			"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
			"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"},
		{"RFC 2617 3.5", `Digest realm="testrealm@host.com", qop="auth,auth-int", ` +
			`nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
			"Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b",
			"Mufasa", "6629fae49393a05397450978507c4ef1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			challenge, err := choose(c.challenge)
			if err != nil {
				t.Fatal(err)
			}
			got := parameters(t, challenge.Authorize(c.user, c.password, "GET", c.uri, nil, 1, c.cnonce))
			if got["response"] != c.response || got["username"] != c.username {
				t.Errorf("username %s response %s", got["username"], got["response"])
			}
			if got["nc"] != "00000001" || got["qop"] != "auth" || got["opaque"] == "" || got["cnonce"] != c.cnonce {
				t.Errorf("answer %v", got)
			}
		})
	}
}

func TestDigestVariants(t *testing.T) {
	// The responses were computed with openssl dgst, part by part.
	const base = `Digest realm="r", nonce="n"`
	for _, c := range []struct {
		name, challenge, body, response string
		absent                          []string
	}{
		{"no qop (RFC 2069)", base, "", "f7949f33797a7abbe390eaa95b1ca294", []string{"qop", "nc", "cnonce", "algorithm", "opaque"}},
		{"empty qop", base + `, qop=""`, "", "f7949f33797a7abbe390eaa95b1ca294", []string{"qop", "nc", "cnonce"}},
		{"auth-int", base + `, qop="auth-int"`, "v=0", "3f1b3a6d025bac67ffe58546df92fd7a", nil},
		{"MD5-sess", base + `, qop=auth, algorithm=MD5-sess`, "", "dbee7579ce8108b61a27f656ea957ae1", nil},
		{"MD5-sess without qop", base + `, algorithm=MD5-sess`, "", "869f537d6891fd6b329d53c1d15f26fb", []string{"qop", "nc"}},
	} {
		challenge, err := choose(c.challenge)
		if err != nil {
			t.Fatal(c.name, err)
		}
		got := parameters(t, challenge.Authorize("u", "p", "REGISTER", "sip:h", []byte(c.body), 2, "c"))
		if got["response"] != c.response {
			t.Errorf("%s: response %s, want %s", c.name, got["response"], c.response)
		}
		for _, name := range c.absent {
			if v, ok := got[name]; ok {
				t.Errorf("%s: %s=%s", c.name, name, v)
			}
		}
	}
}

func TestStrongestChallengeWins(t *testing.T) { // RFC 8760
	md5 := `Digest realm="r", nonce="md5", qop="auth"`
	sha := `Digest realm="r", nonce="sha", qop="auth", algorithm=SHA-256`
	top := `Digest realm="r", nonce="top", qop="auth", algorithm="SHA-512-256"`
	for _, c := range []struct {
		values []string
		nonce  string
	}{
		{[]string{md5}, "md5"},
		{[]string{md5, sha}, "sha"},
		{[]string{sha, md5}, "sha"},
		{[]string{md5, top, sha}, "top"},
		{[]string{md5 + ", " + sha}, "sha"},
		{[]string{`Basic realm="r", ` + sha}, "sha"},
		{[]string{`Negotiate`, `Negotiate, ` + md5}, "md5"},
		{[]string{`Bearer dGVzdA==, ` + md5}, "md5"},
		{[]string{`Digest realm="r", nonce="x", algorithm=AKAv1-MD5`, md5}, "md5"},
		{[]string{`Digest realm="r", nonce="x", algorithm=SHA-256, qop="token"`, md5}, "md5"},
		{[]string{`Digest realm="broken`, md5}, "md5"},
		{[]string{`Digest realm="r", nonce="sess", algorithm=MD5-sess`, md5}, "md5"},
		{[]string{`Digest realm="r", nonce="first", qop="auth"`, md5}, "first"},
	} {
		got, err := choose(c.values...)
		if err != nil || got.Nonce != c.nonce {
			t.Errorf("%q: %q, %v, want %s", c.values, got.Nonce, err, c.nonce)
		}
	}
}

func TestChallengeThatCannotBeAnswered(t *testing.T) {
	for _, c := range []struct {
		value string
		want  error
	}{
		{"", ErrNoChallenge}, {"Digest", ErrNoRealm}, {`Basic realm="r"`, ErrNoChallenge}, {`Digest realm="r"`, ErrNoChallenge}, {`Digest realm="r", nonce=""`, ErrNoChallenge},
		{`Digest nonce="n"`, ErrNoRealm}, {`Digest realm="r", nonce="n", algorithm=SHA-1`, ErrAlgorithm}, {`Digest realm="r", nonce="n", qop="x"`, ErrQOP},
		{`Digest realm="r", nonce="n`, ErrNoChallenge}, {`Digest realm="r", nonce="n\`, ErrNoChallenge}, {`=`, ErrNoChallenge}, {`"`, ErrNoChallenge},
		{"Digest realm=\"a\r\nb\", nonce=\"n\"", ErrNoChallenge}, {`Digest realm="r", nonce="` + strings.Repeat("n", 4096) + `"`, ErrTooLong},
		{`Digest realm="r", nonce="` + strings.Repeat("n", 4094) + `", opaque="oo"`, ErrTooLong}, {`Digest realm="r", nonce="` + strings.Repeat("n", 4094) + `", opaque="o"`, nil},
	} {
		if got, err := choose(c.value); !errors.Is(err, c.want) {
			t.Errorf("%.60q: %+v, %v, want %v", c.value, got, err, c.want)
		}
	}
	if _, err := choose(); !errors.Is(err, ErrNoChallenge) {
		t.Error(err)
	}
	if got := (Challenge{}).Authorize("u", "p", "REGISTER", "sip:h", nil, 1, "c"); got != "" {
		t.Errorf("an answer to nothing: %s", got)
	}
}

// WR-52: a realm of which no algorithm is known is refused by its name, with all the algorithms that were offered.
func TestRefusedNamesAlgorithms(t *testing.T) {
	offered, _ := ParseChallenges([]string{
		`Digest realm="a", nonce="n", algorithm=AKAv1-MD5`, `Digest realm="b", nonce="n", algorithm=md5, qop="token"`,
		`Digest realm="a", nonce="n", algorithm=AKAv2-SHA-256`, `Digest realm="c", nonce="n"`, `Digest realm="a", nonce="n", algorithm=AKAv1-MD5`,
	})
	best, refused := Strongest(offered)
	want := []Refused{{"a", "AKAv1-MD5, AKAv2-SHA-256", ErrAlgorithm}, {"b", "MD5", ErrQOP}}
	if !slices.Equal(refused, want) || len(best) != 1 || best[0].Realm != "c" {
		t.Errorf("%+v, refused %+v", best, refused)
	}
}

// WR-50, RFC 8760: of each realm the strongest, in the order of the realms.
func TestStrongestOfEachRealm(t *testing.T) {
	offered, err := ParseChallenges([]string{
		`Digest realm="b", nonce="b1", Digest realm="a", nonce="a1"`, `Digest realm="a", nonce="a2", algorithm=SHA-256`, `Digest realm="b", nonce="b2"`,
	})
	best, refused := Strongest(offered)
	if err != nil || len(refused) > 0 || len(best) != 2 || best[0].Nonce != "b1" || best[1].Nonce != "a2" {
		t.Errorf("%+v, refused %+v, %v", best, refused, err)
	}
}

func TestChallengeDetails(t *testing.T) {
	c, err := choose("  digest\tREALM = \"a \\\"b\\\" \\\\c\" ,,\r\n nonce=n1,nonce=n2, stale=TRUE, qop=\"Auth , x\", opaque=\"\", ts=1.5:2 ")
	if err != nil {
		t.Fatal(err)
	}
	if c.Realm != `a "b" \c` || c.Nonce != "n1" || !c.Stale || c.qop() != "auth" || !c.HasOpaque {
		t.Errorf("%+v", c)
	}
	if c, err := choose("Digest realm=\"two\r\n\t words\", nonce=dGVzdA==, algorithm=\"MD5\""); err != nil || c.Realm != "two words" || c.Nonce != "dGVzdA==" || c.HasOpaque {
		t.Errorf("%+v, %v", c, err)
	}
}

// A value without quotes may be empty; a quoted string is folded as often as may be, has no control character but a tab, and has an end.
func TestValues(t *testing.T) {
	for value, want := range map[string]string{
		`Digest realm=, nonce=n`:                         `"" "n"`,
		`Digest realm=a nonce="n"`:                       `"a" "n"`,
		"Digest realm=\"a\r\n \r\n\t b\r\n c\", nonce=n": `"a  b c" "n"`,
		"Digest realm=\"a\tb\", nonce=\"n\"":             `"a\tb" "n"`,
		"Digest realm=\"a\x7fb\", nonce=n":               "challenge: control character in a quoted string: parameter \"realm\"",
		"Digest realm=\"a\r\nb\", nonce=n":               "challenge: control character in a quoted string: parameter \"realm\"",
		"Digest realm=\"a\\\x01b\", nonce=n":             "challenge: control character in a quoted string: parameter \"realm\"",
		"Digest realm=\"a\r\n \n":                        "challenge: quoted string without an end: parameter \"realm\"",
		"Digest realm=\"a\r\n":                           "challenge: control character in a quoted string: parameter \"realm\"",
		`Digest realm="a`:                                "challenge: quoted string without an end: parameter \"realm\"",
		`Digest realm="a\`:                               "challenge: quoted string without an end: parameter \"realm\"",
		`Digest realm=a, "b"`:                            `challenge: parameter expected at "\"b\""`,
	} {
		found, err := ParseChallenges([]string{value})
		got := fmt.Sprint(err)
		if err == nil && len(found) == 1 {
			got = fmt.Sprintf("%q %q", found[0].Realm, found[0].Nonce)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

// WR-52: opaque is returned as it came, also when it is empty, and not made up.
func TestOpaque(t *testing.T) {
	for given, want := range map[string]string{`, opaque=""`: `, opaque=""`, ``: ``, `, opaque="a\"b"`: `, opaque="a\"b"`} {
		c, err := choose(`Digest realm="r", nonce="n"` + given)
		if err != nil {
			t.Fatal(err)
		}
		if value := c.Authorize("u", "p", "REGISTER", "sip:h", nil, 1, "c"); want == "" && strings.Contains(value, "opaque") || !strings.Contains(value, want) {
			t.Errorf("%q is answered with %s", given, value)
		}
	}
}

func TestAnswerIsQuotedSafely(t *testing.T) {
	c := Challenge{Realm: `a"b\c`, HasRealm: true, Nonce: "n\", x=\"y", Opaque: `\`, HasOpaque: true}
	value := c.Authorize("u\"\r\nEvil: 1", "hunter2", "REGISTER", "sip:h", nil, 1, "c")
	got := parameters(t, value)
	if got["realm"] != c.Realm || got["nonce"] != c.Nonce || got["opaque"] != c.Opaque || got["username"] != `u"Evil: 1` {
		t.Errorf("%v from %s", got, value)
	}
	if strings.ContainsAny(value, "\r\n") {
		t.Errorf("a line break in %q", value)
	}
	if strings.Contains(value, "hunter2") {
		t.Errorf("the password in %q", value)
	}
}

// FuzzParseChallenges: whatever two header field values say, the header fields that answer them are well formed, hold what the
// challenges gave and are no more than one for each realm.
func FuzzParseChallenges(f *testing.F) {
	for _, seed := range []string{
		strings.ReplaceAll(rfc7616, "%", "SHA-256"),
		`Digest realm="r", nonce="n", Basic realm="x", Digest realm="s", nonce="m", qop=auth`,
		`Digest realm="a\"b\\", nonce="n", stale=true`, "Digest realm=\"\x00\", nonce=n", `Bearer a==, Digest realm=r, nonce=n`, `,,=,"`,
		`Digest realm="r", nonce="n", opaque="", algorithm=MD5-sess`, "Digest realm=\"a\r\n b\", nonce=\"n\", algorithm=AKAv1-MD5",
	} {
		f.Add(seed, `Digest realm="r", nonce="n"`)
	}
	f.Fuzz(func(t *testing.T, www, proxy string) {
		account := &Account{User: "1001", Password: "secret"}
		c := account.Credentials()
		for round := range 12 {
			next, refused := c.Challenged([]string{www}, []string{proxy})
			if next == nil {
				if len(refused) == 0 {
					t.Fatal("not answered for no reason")
				}
				return
			}
			if round > 1+4*2 {
				t.Fatal("there is no end to it")
			}
			c = next
			headers := c.Headers("REGISTER", "sip:example.test", nil, func() string { return "0a4f" })
			if len(headers) == 0 || len(headers) > 4 {
				t.Fatalf("%d header fields", len(headers))
			}
			i := 0
			for _, a := range c.answers {
				if a.refused {
					continue
				}
				h := headers[i]
				i++
				got := parameters(t, h.Value)
				opaque, ok := got["opaque"]
				if got["realm"] != a.challenge.Realm || got["nonce"] != a.challenge.Nonce || ok != a.challenge.HasOpaque || opaque != a.challenge.Opaque {
					t.Fatalf("%+v is answered with %q", a.challenge, h.Value)
				}
				for _, r := range []byte(h.Value) {
					if r < ' ' && r != '\t' || r == 0x7f {
						t.Fatalf("control character in %q", h.Value)
					}
				}
			}
		}
	})
}

// Of a response with very many challenges the first 64 are read, in whatever header fields they are.
func TestChallengesAreBounded(t *testing.T) {
	for _, n := range []int{63, 64, 65, 500} {
		var one string
		var each []string
		for i := range n {
			c := fmt.Sprintf(`Digest realm="r%d", nonce="n"`, i)
			each = append(each, c)
			one += c + ", "
		}
		for _, values := range [][]string{{one}, each} {
			found, err := ParseChallenges(values)
			if want := min(n, 64); err != nil || len(found) != want || found[want-1].Realm != fmt.Sprint("r", want-1) {
				t.Errorf("%d challenges in %d fields: %d, %v", n, len(values), len(found), err)
			}
		}
	}
}
