package digest

import (
	"fmt"
	"slices"
	"testing"
)

// OP-08: which login answers Proxy-Authenticate in a realm.
func TestTwoLogins(t *testing.T) {
	ask := func(realm string, n int) []string {
		return []string{fmt.Sprintf(`Digest realm=%q, nonce="%s%d"`, realm, realm, n)}
	}
	cnonce := func() string { return "c" }
	users := func(t *testing.T, c *Credentials) (all []string) {
		for _, h := range c.Headers("INVITE", "sip:x", nil, cnonce) {
			all = append(all, h.Name+" "+parameters(t, h.Value)["username"])
		}
		return all
	}
	want := func(t *testing.T, c *Credentials, all ...string) {
		t.Helper()
		if got := users(t, c); !slices.Equal(got, all) {
			t.Errorf("%q, want %q", got, all)
		}
	}
	account := func() *Account { return &Account{User: "line", Password: "p", Proxy: Login{"edge", "q"}} }

	a := account()
	c := a.Credentials()
	want(t, c)
	c, _ = c.Challenged(nil, ask("edge", 1))
	want(t, c, "Proxy-Authorization edge")
	c, _ = c.Challenged(ask("home", 1), nil)
	want(t, c, "Proxy-Authorization edge", "Authorization line")
	c.Accepted()
	// Of another request: the realm that the server named is the server's.
	c, _ = a.Credentials().Challenged(nil, ask("home", 2))
	want(t, c, "Proxy-Authorization line")

	// The login of the proxy is refused: the other one is tried once, and remembered once accepted.
	a = account()
	c, _ = a.Credentials().Challenged(nil, ask("edge", 1))
	want(t, c, "Proxy-Authorization edge")
	c, refused := c.Challenged(nil, ask("edge", 2))
	if c == nil {
		t.Fatal(refused)
	}
	want(t, c, "Proxy-Authorization line")
	if next, refused := c.Challenged(nil, ask("edge", 3)); next != nil || len(refused) != 1 || refused[0].Err != ErrRefused {
		t.Errorf("a third login: %v %v", next, refused)
	}
	c.Accepted()
	c, _ = a.Credentials().Challenged(nil, ask("edge", 4))
	want(t, c, "Proxy-Authorization line")

	// One realm of both, with the same nonce each time.
	a = account()
	c, _ = a.Credentials().Challenged(ask("one", 1), nil)
	want(t, c, "Authorization line")
	c.Accepted()
	c, _ = a.Credentials().Challenged(nil, ask("one", 2))
	want(t, c, "Proxy-Authorization line")
	c, _ = c.Challenged(nil, ask("one", 2))
	want(t, c, "Proxy-Authorization edge")
	c.Accepted()
	c, _ = a.Credentials().Challenged(nil, ask("one", 3))
	want(t, c, "Proxy-Authorization edge")

	// No second login: refused at once, and a server's challenge is never the proxy's.
	a = &Account{User: "line", Password: "p"}
	c, _ = a.Credentials().Challenged(nil, ask("edge", 1))
	want(t, c, "Proxy-Authorization line")
	if next, _ := c.Challenged(nil, ask("edge", 2)); next != nil {
		t.Error("another login without one")
	}
	a = &Account{User: "line", Proxy: Login{"edge", "q"}}
	if next, refused := a.Credentials().Challenged(ask("home", 1), nil); next != nil || refused[0].Err != ErrNoPassword {
		t.Errorf("the server is given the proxy's login: %v", refused)
	}

	// A realm that took the only login says nothing of a second one that is set later.
	a = &Account{User: "line", Password: "p"}
	c, _ = a.Credentials().Challenged(nil, ask("edge", 1))
	want(t, c, "Proxy-Authorization line")
	c.Accepted()
	a.Proxy = Login{"edge", "q"}
	c, _ = a.Credentials().Challenged(nil, ask("edge", 2))
	want(t, c, "Proxy-Authorization edge")

	// Realms of a hostile proxy are bounded.
	a = account()
	for i := range 1000 {
		a.know(fmt.Sprint(i), i%2 == 0)
	}
	if len(a.realms) != maxKnown || !a.edge("998") || a.edge("999") {
		t.Errorf("%d realms", len(a.realms))
	}
}
