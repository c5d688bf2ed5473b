package digest

import (
	"errors"
	"slices"
)

// Account is a user of one server, with the nonces that the server has given out. It is not safe for concurrent use.
type Account struct {
	User     string
	Password string
	// Proxy is the login at the outbound proxy before the server; without a password the proxy too is given User and Password.
	Proxy  Login
	nonces []*nonce // the newest last
	realms []known  // the newest last
}

// nonce is one nonce of a server and what has become of the credentials made from it.
type nonce struct {
	realm, value string
	cnonce       string // with a "-sess" algorithm: the one its key was made from
	uses         int    // requests that carried it, whatever the header field (RFC 7616 3.4, nc)
	accepted     bool
	refused      bool // and not because it was old
	old          bool // the server has asked for another one instead
}

// The bounds of what is kept and tried.
const (
	maxNonces   = 16 // of one server
	maxKnown    = 16 // realms of one server
	maxRealms   = 4  // of one request
	maxRenewals = 2  // of a nonce, in one realm of one request
)

// Why a server that has asked is not answered once more.
var (
	ErrNoPassword    = errors.New("no password is set")
	ErrRefused       = errors.New("the server refused credentials made from its newest nonce")
	ErrTooManyRealms = errors.New("the server asks for more realms than one request may answer")
	ErrTooManyNonces = errors.New("the server keeps asking for another nonce")
)

// nonce returns the record of a challenge's nonce. The same nonce in another challenge is counted on.
func (a *Account) nonce(c Challenge) *nonce {
	i := slices.IndexFunc(a.nonces, func(n *nonce) bool { return n.realm == c.Realm && n.value == c.Nonce })
	n := &nonce{realm: c.Realm, value: c.Nonce}
	if i >= 0 {
		n = a.nonces[i]
		a.nonces = slices.Delete(a.nonces, i, i+1)
		n.old = false
	}
	a.nonces = append(a.nonces, n)
	if extra := len(a.nonces) - maxNonces; extra > 0 {
		a.nonces = slices.Delete(a.nonces, 0, extra)
	}
	return n
}

// Credentials are what one request carries: an answer for each realm that has asked for one (RFC 3261 22.3). A request that is sent again
// because it was challenged has separate Credentials. The methods of nil Credentials do nothing.
type Credentials struct {
	account *Account
	answers []answer
}

// answer is what a request carries for one realm of a proxy or of the server itself.
type answer struct {
	challenge Challenge
	proxy     bool
	edge      bool // made with the login at the outbound proxy
	other     bool // and before with the other login
	nonce     *nonce
	sent      bool // the request has been made
	first     bool // and no request before it carried the nonce
	renewed   int  // how often the nonce was replaced
	refused   bool // nothing more is sent for this realm
}

// Credentials are those of a request that has not been challenged yet: none.
func (a *Account) Credentials() *Credentials { return &Credentials{account: a} }

// Of reports whether the credentials are those of an account.
func (c *Credentials) Of(a *Account) bool { return c != nil && a != nil && c.account == a }

// Again returns the credentials of the same request when it is sent again for another reason than a challenge.
func (c *Credentials) Again() *Credentials {
	if c == nil {
		return nil
	}
	next := &Credentials{c.account, slices.Clone(c.answers)}
	for i := range next.answers {
		next.answers[i].sent, next.answers[i].first = false, false
	}
	return next
}

// Next returns the credentials of another request that follows this one, such as a refresh: those that the server has accepted, to be
// sent without being asked (RFC 3261 22.3).
func (c *Credentials) Next() *Credentials {
	next := c.Again()
	if next == nil {
		return nil
	}
	next.answers = slices.DeleteFunc(next.answers, func(a answer) bool { return a.refused || !a.nonce.accepted || a.nonce.refused || a.nonce.old })
	for i := range next.answers {
		next.answers[i].renewed = 0
	}
	return next
}

// Header is a header field.
type Header struct{ Name, Value string }

// Headers makes the header fields of a request, one for each realm. newCnonce returns a random string. A request that has to be built
// again, for another transport, is counted as another use of its nonces.
func (c *Credentials) Headers(method, uri string, body []byte, newCnonce func() string) []Header {
	if c == nil {
		return nil
	}
	var made []Header
	for i := range c.answers {
		a := &c.answers[i]
		if a.refused {
			continue
		}
		if !a.sent {
			a.sent, a.first = true, a.nonce.uses == 0
		}
		a.nonce.uses++
		cnonce := newCnonce()
		if a.challenge.session() {
			if a.nonce.cnonce == "" {
				a.nonce.cnonce = cnonce
			}
			cnonce = a.nonce.cnonce
		}
		name := "Authorization"
		if a.proxy {
			name = "Proxy-Authorization"
		}
		login := c.account.login(a.edge)
		made = append(made, Header{name, a.challenge.Authorize(login.User, login.Password, method, uri, body, a.nonce.uses, cnonce)})
	}
	return made
}

// Accepted notes that the server has answered the request with something else than a challenge.
func (c *Credentials) Accepted() {
	if c == nil {
		return
	}
	for _, a := range c.answers {
		c.accepted(a)
	}
}

func (c *Credentials) accepted(a answer) {
	if a.sent {
		a.nonce.accepted, a.nonce.refused = true, false
		if a.proxy {
			c.account.know(a.challenge.Realm, a.edge)
		}
	}
}

// Challenged takes the challenges of a 401 or 407 to the request: the values of its WWW-Authenticate and of its Proxy-Authenticate header
// fields, either of which may come with either status (RFC 3261 16.7, 22.3). It returns the credentials with which the request is to be
// sent again, those of before among them, or nil if no challenge can be answered; and the realms that are not answered.
//
// A challenge in a realm for which the request carried credentials refuses either their nonce or the password. It is taken to refuse the
// password if no request before had carried that nonce: the server gave it out for this one. If an earlier request had carried it, or
// with stale=true, the new nonce is tried.
func (c *Credentials) Challenged(www, proxy []string) (*Credentials, []Refused) {
	next := c.Again()
	answered := 0
	var refused []Refused
	challenged := make(map[realm]bool)
	for _, asked := range []struct {
		proxy  bool
		values []string
	}{{false, www}, {true, proxy}} {
		offered, _ := ParseChallenges(asked.values)
		best, unanswerable := Strongest(offered)
		refused = append(refused, unanswerable...)
		for _, r := range unanswerable {
			challenged[realm{asked.proxy, r.Realm}] = true
		}
		for _, ch := range best {
			challenged[realm{asked.proxy, ch.Realm}] = true
			if err := next.take(asked.proxy, ch, c); err != nil {
				refused = append(refused, Refused{ch.Realm, ch.algorithmName(), err})
			} else {
				answered++
			}
		}
	}
	for _, a := range c.answers {
		if !challenged[realm{a.proxy, a.challenge.Realm}] {
			c.accepted(a)
		}
	}
	if len(challenged) == 0 {
		refused = []Refused{{Err: ErrNoChallenge}}
	}
	if answered == 0 {
		return nil, refused
	}
	return next, refused
}

// realm is a realm of a proxy or of the server itself: one name may be both, and then has two answers.
type realm struct {
	proxy bool
	name  string
}

// take answers a challenge to the request that carried the credentials before.
func (c *Credentials) take(proxy bool, ch Challenge, before *Credentials) error {
	edge := proxy && c.account.edge(ch.Realm)
	if !proxy {
		c.account.names(ch.Realm)
	}
	i := slices.IndexFunc(c.answers, func(a answer) bool { return a.proxy == proxy && a.challenge.Realm == ch.Realm })
	if i < 0 {
		switch {
		case c.account.login(edge).Password == "":
			return ErrNoPassword
		case len(c.answers) == maxRealms:
			return ErrTooManyRealms
		}
		c.answers = append(c.answers, answer{challenge: ch, proxy: proxy, edge: edge, nonce: c.account.nonce(ch)})
		return nil
	}
	was, a := before.answers[i], &c.answers[i]
	switch {
	case was.refused:
		return ErrRefused
	case !ch.Stale && was.passwordRefused(ch):
		a.nonce.refused = true
		if !proxy || was.other || c.account.Proxy.Password == "" || c.account.login(!was.edge).Password == "" {
			a.refused = true
			return ErrRefused
		}
		a.edge, a.other, a.renewed = !was.edge, true, 0
		a.challenge, a.nonce = ch, c.account.nonce(ch)
		return nil
	case was.renewed == maxRenewals:
		a.refused = true
		return ErrTooManyNonces
	}
	was.nonce.old = true
	a.challenge, a.nonce = ch, c.account.nonce(ch)
	a.renewed++
	return nil
}

// passwordRefused reports whether a challenge to a request with this answer means that the password is wrong, and not only the nonce old.
func (a answer) passwordRefused(ch Challenge) bool {
	switch {
	case a.first:
		return true
	case a.nonce.refused && !a.nonce.accepted:
		return true // refused before and never accepted
	}
	return a.renewed > 0 && ch.Nonce == a.nonce.value
}
