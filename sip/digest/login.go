package digest

import "slices"

// Login is a user name and a password.
type Login struct{ User, Password string }

// known is a realm and which login is its own.
type known struct {
	realm string
	edge  bool // the login at the outbound proxy
}

// login returns one of the two logins of an account: at the outbound proxy, or at the server.
func (a *Account) login(edge bool) Login {
	if edge {
		return a.Proxy
	}
	return Login{a.User, a.Password}
}

// edge reports which login answers Proxy-Authenticate in a realm first. Both the outbound proxy and, for calls, the server behind it send that
// header field (RFC 3261 22.3): it is the login that was accepted there before, that of the server if the server has named the realm in
// WWW-Authenticate, and else that of the outbound proxy. If it is refused the other one is tried.
func (a *Account) edge(realm string) bool {
	if a.Proxy.Password == "" {
		return false
	}
	if i := slices.IndexFunc(a.realms, func(k known) bool { return k.realm == realm }); i >= 0 {
		return a.realms[i].edge
	}
	return true
}

// names keeps that the server itself has named a realm, unless more is known of it.
func (a *Account) names(realm string) {
	if !slices.ContainsFunc(a.realms, func(k known) bool { return k.realm == realm }) {
		a.know(realm, false)
	}
}

// know keeps which login a realm takes, where there are two.
func (a *Account) know(realm string, edge bool) {
	if a.Proxy.Password == "" {
		return
	}
	a.realms = slices.DeleteFunc(a.realms, func(k known) bool { return k.realm == realm })
	if a.realms = append(a.realms, known{realm, edge}); len(a.realms) > maxKnown {
		a.realms = slices.Delete(a.realms, 0, 1)
	}
}
