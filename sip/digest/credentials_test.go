package digest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// play is one request to a server and its repeats.
type play struct {
	t *testing.T
	*Credentials
	cnonces int
}

func (p *play) send() []Header {
	return p.Headers("REGISTER", "sip:h", nil, func() string {
		p.cnonces++
		return fmt.Sprintf("cnonce%d", p.cnonces)
	})
}

// carries sends the request and checks what it carries: "realm nonce nc", in order, with a * for a proxy.
func (p *play) carries(want ...string) {
	p.t.Helper()
	var got []string
	for _, h := range p.send() {
		v := parameters(p.t, h.Value)
		s := v["realm"] + " " + v["nonce"] + " " + strings.TrimLeft(v["nc"], "0")
		if h.Name == "Proxy-Authorization" {
			s += "*"
		}
		got = append(got, s)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		p.t.Errorf("the request carries %q, want %q", got, want)
	}
}

// challenged answers a challenge by the server, or with a * at the end of a value by a proxy.
func (p *play) challenged(values ...string) {
	p.t.Helper()
	if next, refused := p.ask(values...); next == nil || len(refused) > 0 {
		p.t.Fatalf("%q is not answered: %v", values, refused)
	} else {
		p.Credentials = next
	}
}

func (p *play) refused(want error, values ...string) []Refused {
	p.t.Helper()
	next, refused := p.ask(values...)
	if next != nil || len(refused) == 0 || !errors.Is(refused[0].Err, want) {
		p.t.Fatalf("%q: answered %v, refused %v, want %v", values, next != nil, refused, want)
	}
	return refused
}

func (p *play) ask(values ...string) (*Credentials, []Refused) {
	var www, proxy []string
	for _, v := range values {
		if v, ok := strings.CutSuffix(v, "*"); ok {
			proxy = append(proxy, v)
		} else {
			www = append(www, v)
		}
	}
	return p.Challenged(www, proxy)
}

// ch is a challenge; more are further parameters.
func ch(realm, nonce string, more ...string) string {
	return fmt.Sprintf(`Digest realm=%q, nonce=%q, qop="auth"`, realm, nonce) + strings.Join(more, "")
}

const stale = ", stale=true"

func account() *Account { return &Account{User: "1001", Password: "secret"} }

// WR-50: one answer for each realm, the earlier ones kept, whichever status and header field each came with.
func TestSeveralRealms(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	p.carries()
	p.challenged(ch("a", "a1")+", "+ch("c", "c1")+"*", ch("b", "b1"))
	p.carries("b b1 1", "a a1 1*", "c c1 1*") // those of the server first, then one header field with two
	p.challenged(ch("a", "a2"))               // the same name, but not a proxy
	p.carries("b b1 2", "a a1 2*", "c c1 2*", "a a2 1")
	p.refused(ErrTooManyRealms, ch("e", "e1"))
}

// WR-50: a realm that cannot be answered does not keep the others from being answered, and is reported.
func TestOneRealmOfTwo(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	next, refused := p.ask(ch("a", "a1", ", algorithm=X"), ch("b", "b1"))
	if len(refused) != 1 || refused[0] != (Refused{"a", "X", ErrAlgorithm}) {
		t.Errorf("refused %+v", refused)
	}
	p.Credentials = next
	p.carries("b b1 1")
	next, refused = p.ask(ch("b", "b2"), ch("c", "c1"))
	if len(refused) != 1 || refused[0].Realm != "b" || refused[0].Err != ErrRefused {
		t.Errorf("refused %+v", refused)
	}
	p.Credentials = next
	p.carries("c c1 1") // the wrong ones are not sent again
	p.refused(ErrRefused, ch("b", "b3"))
}

// WR-51: a nonce that was first used in this request and is refused means that the password is wrong.
func TestWrongPassword(t *testing.T) {
	a := account()
	p := &play{t: t, Credentials: a.Credentials()}
	p.carries()
	p.challenged(ch("r", "n1"))
	p.carries("r n1 1")
	p.refused(ErrRefused, ch("r", "n2"))
	// A server with one nonce for all does not get the wrong password twice a time.
	p.Credentials = a.Credentials()
	p.carries()
	p.challenged(ch("r", "n1"))
	p.carries("r n1 2")
	p.refused(ErrRefused, ch("r", "n1"))
	if p.Credentials = p.Next(); len(p.answers) > 0 {
		t.Error("refused credentials are sent without being asked for")
	}
}

// WR-51: 401 n1, 423, 401 n2: n1 had been used before, so its refusal says nothing about the password.
func TestOneTimeNonce(t *testing.T) {
	a := account()
	p := &play{t: t, Credentials: a.Credentials()}
	p.carries()
	p.challenged(ch("r", "n1"))
	p.carries("r n1 1")
	p.Accepted() // 423
	p.Credentials = p.Again()
	p.carries("r n1 2")
	p.challenged(ch("r", "n2"))
	p.carries("r n2 1")
	p.Accepted()
	for i := range 5 { // refreshes
		p.Credentials = p.Next()
		p.carries(fmt.Sprintf("r n%d 2", i+2))
		p.challenged(ch("r", fmt.Sprintf("n%d", i+3)))
		p.carries(fmt.Sprintf("r n%d 1", i+3))
		p.Accepted()
	}
	p.Credentials = p.Next()
	p.carries("r n7 2")
	p.challenged(ch("r", "n8"))
	p.carries("r n8 1")
	p.refused(ErrRefused, ch("r", "n9"))
}

// WR-51: a request that was sent again, its connection having broken, carries a nonce of which it is not known whether it was used up.
func TestNonceUsedByARequestWithoutAnswer(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	p.challenged(ch("r", "n1"))
	p.carries("r n1 1")
	p.Credentials = p.Again()
	p.carries("r n1 2")
	p.challenged(ch("r", "n2"))
	p.carries("r n2 1")
	p.refused(ErrRefused, ch("r", "n3"))
}

// WR-51: a server that asks for another nonce each time, saying that the last one was old, is answered a fixed number of times.
func TestRenewalsAreBounded(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	p.challenged(ch("r", "n0"))
	for i := range 2 {
		p.carries(fmt.Sprintf("r n%d 1", i))
		p.challenged(ch("r", fmt.Sprintf("n%d", i+1), stale))
	}
	p.carries("r n2 1")
	p.refused(ErrTooManyNonces, ch("r", "last", stale))
}

// WR-51: two proxies with one-time nonces, each of which uses up what the other has let pass: the end comes by itself.
func TestTwoRealmsWithOneTimeNonces(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	for i := range 20 {
		next, _ := p.ask(ch([]string{"a", "b"}[i%2], fmt.Sprint("n", i)))
		if next == nil {
			if want := 6; i != want { // the first nonce of each realm, and two more
				t.Errorf("%d challenges are answered, want %d", i, want)
			}
			return
		}
		p.Credentials = next
		p.send()
	}
	t.Error("there is no end to it")
}

// WR-52: the same nonce in a new challenge: the count goes on, over requests, header fields and calls.
func TestSameNonceAgain(t *testing.T) {
	a := account()
	p := &play{t: t, Credentials: a.Credentials()}
	p.challenged(ch("r", "n"))
	p.carries("r n 1")
	p.Accepted()
	p.Credentials = p.Next()
	p.carries("r n 2")
	p.challenged(ch("r", "n")) // not old, and refused all the same: perhaps for its count
	p.carries("r n 3")
	p.refused(ErrRefused, ch("r", "n"))

	p.Credentials = a.Credentials() // an INVITE
	p.challenged(ch("r", "n") + "*")
	p.carries("r n 4*")
	p.Accepted()

	p.Credentials = a.Credentials()
	p.challenged(ch("other", "n")) // another realm's nonce is another one
	p.carries("other n 1")

	b := account() // another server
	p.Credentials = b.Credentials()
	p.challenged(ch("r", "n"))
	p.carries("r n 1")
}

// WR-52: a nonce that the server asks for once more, and then accepts, is sent without being asked for.
func TestSameNonceAcceptedAgain(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	p.challenged(ch("r", "n"))
	p.carries("r n 1")
	p.Accepted()
	p.Credentials = p.Next()
	p.carries("r n 2")
	p.challenged(ch("r", "n"))
	p.carries("r n 3")
	p.Accepted()
	p.Credentials = p.Next()
	p.carries("r n 4")
}

// WR-52: with a session algorithm every request carries the cnonce that the key was made from; a new nonce begins another session.
func TestSessionKeepsItsCnonce(t *testing.T) {
	for _, algorithm := range []string{"MD5-sess", "SHA-256-sess", "SHA-512-256-sess"} {
		p := &play{t: t, Credentials: account().Credentials()}
		cnonce := func() string {
			h := p.send()[0]
			v := parameters(t, h.Value)
			c, _ := choose(ch("r", v["nonce"], ", algorithm=", algorithm))
			var nc int
			fmt.Sscanf(v["nc"], "%x", &nc)
			if want := c.Authorize("1001", "secret", "REGISTER", "sip:h", nil, nc, v["cnonce"]); h.Value != want {
				t.Errorf("%s\nwant\n%s", h.Value, want)
			}
			return v["cnonce"]
		}
		p.challenged(ch("r", "n1", ", algorithm=", algorithm))
		first := cnonce()
		p.Accepted()
		p.Credentials = p.Next()
		if got := cnonce(); got != first {
			t.Errorf("%s: the refresh has cnonce %s, its key was made from %s", algorithm, got, first)
		}
		p.challenged(ch("r", "n2", ", algorithm=", algorithm))
		if got := cnonce(); got == first {
			t.Errorf("%s: another session has the same cnonce", algorithm)
		}
	}
	p := &play{t: t, Credentials: account().Credentials()}
	p.challenged(ch("r", "n"))
	if a, b := parameters(t, p.send()[0].Value), parameters(t, p.send()[0].Value); a["cnonce"] == b["cnonce"] {
		t.Error("without a session each request has its own cnonce")
	}
}

// What an attempt is not answered with is sent neither: only accepted credentials go out without being asked for.
func TestNextHoldsWhatWasAccepted(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	p.challenged(ch("a", "a1") + "*")
	p.carries("a a1 1*")
	p.challenged(ch("b", "b1")) // so the proxy has let it pass
	p.carries("a a1 2*", "b b1 1")
	p.Credentials = p.Next()
	p.carries("a a1 3*")
	if (*Credentials)(nil).Next() != nil || (*Credentials)(nil).Again() != nil || (*Credentials)(nil).Headers("", "", nil, nil) != nil {
		t.Error("no credentials became some")
	}
}

// A request that is built twice, for another transport, is still the first with its nonce.
func TestBuiltTwice(t *testing.T) {
	p := &play{t: t, Credentials: account().Credentials()}
	p.challenged(ch("r", "n1"))
	p.carries("r n1 1")
	p.carries("r n1 2")
	p.refused(ErrRefused, ch("r", "n2"))
}

func TestNoPassword(t *testing.T) {
	p := &play{t: t, Credentials: (&Account{User: "1001"}).Credentials()}
	p.refused(ErrNoPassword, ch("r", "n"))
}

func TestNoncesAreBounded(t *testing.T) {
	a := account()
	for i := range 100 {
		c, _ := a.Credentials().Challenged([]string{ch("r", fmt.Sprint(i))}, nil)
		c.Headers("REGISTER", "sip:h", nil, func() string { return "c" })
	}
	if len(a.nonces) != 16 {
		t.Errorf("%d nonces are kept", len(a.nonces))
	}
	if c := (&Account{User: "2"}).Credentials(); c.Of(a) || !a.Credentials().Of(a) || (*Credentials)(nil).Of(a) || (*Credentials)(nil).Of(nil) {
		t.Error("credentials of another account")
	}
}
