package sip

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/digest"
	"hilphone/sip/line"
)

// Credentials go to the line's own servers, or to the outbound proxies before them, and nowhere else (SE-01). This file is the only place that adds them to requests and that reads
// challenges. Both begin with the address that the request goes to: a server of the line with this address has an account, and any other
// address has none. Credentials are made by an account, for challenges that its own server sent to requests of this line.

// account is the user and password of one server, with what that server has asked for.
type account struct {
	*digest.Account
	server line.Server
}

// setAccounts takes user and password from the settings. A server that stays the same for the same user keeps its account, so that its
// nonces are counted on and the dialogs through it have the new password; a dialog through a server of before keeps the old account.
func (l *Line) setAccounts() {
	for _, slot := range []line.Slot{line.Primary, line.Backup} {
		server := l.settings.Server(slot)
		server.TTL = 0
		var proxy digest.Login // OP-08
		if server.Proxy.Addr != "" {
			proxy.User, proxy.Password = l.settings.ProxyLogin()
		}
		a := l.accounts[slot]
		if a.Account == nil || a.server != server || a.User != l.settings.AuthName() || a.Proxy.User != proxy.User {
			a = account{&digest.Account{User: l.settings.AuthName()}, server}
		}
		a.Password, a.Proxy = l.settings.AuthPassword, proxy
		l.accounts[slot] = a
	}
}

// accountAt returns the account at the next hop of a request: that of the request's own server, else that of the configured server with this
// address. It is nil where the address is none of theirs: a redirection, a route or a remote target leads away from the servers, or the
// dialog began with a request from elsewhere.
func (l *Line) accountAt(t *target, h hop) *digest.Account {
	if t.foreign {
		return nil
	}
	if t.account != nil && t.has(h) {
		return t.account
	}
	for _, slot := range l.settings.Slots() {
		if s := l.server(slot); s.account != nil && s.at(0).has(h) {
			return s.account
		}
	}
	return nil
}

// has reports whether a hop leads to the target or to another address of its server. The transport may be another one than is configured, as
// for a request that is too long for UDP or where a Record-Route says so, but for TLS none is weaker (FO-09).
func (t *target) has(h hop) bool {
	if t.config.Transport == line.TLS && h.transport != line.TLS || !h.to.IsValid() {
		return false
	}
	return t.addr == h.to || slices.ContainsFunc(t.targets, func(other *target) bool { return other.addr == h.to })
}

// redirect is the target that a 3xx of a server points to. Only an address of the server itself has its account. Behind an outbound proxy the
// request goes by that proxy (OP-01).
func (t *target) redirect(to netip.AddrPort) *target {
	for _, other := range t.targets {
		if other.addr == to {
			return other
		}
	}
	if t.behind == nil {
		return &target{server: &server{slot: t.slot, config: t.config, caFile: t.caFile}, addr: to}
	}
	if slices.Contains(t.behind.known, to) {
		return &target{server: t.server, addr: t.addr, redirected: to}
	}
	other := &server{slot: t.slot, config: t.config, behind: t.behind, foreign: true, caFile: t.caFile}
	return &target{server: other, addr: t.addr, redirected: to}
}

// authorize adds the credentials of a request: those of the transaction that it follows with what answers its challenge, or without being
// asked those that the registration dialog had last, so that a refresh needs one request instead of two (RFC 3261 22.1). Nothing that was
// made for one server is sent to another.
func (l *Line) authorize(tx *transaction, req *sip.Request) {
	account := l.accountAt(tx.target, tx.hop)
	registration := l.series[tx.Series]
	refreshes := tx.Method == line.REGISTER && tx.Follow == 0 && registration != nil
	switch {
	case account == nil:
		tx.credentials = nil
		return
	case tx.credentials.Of(account):
	case refreshes && registration.credentials.Of(account):
		tx.credentials = registration.credentials.Next()
	default:
		tx.credentials = account.Credentials()
	}
	if refreshes {
		registration.credentials = tx.credentials
	}
	newCnonce := func() string { return token(16) }
	for _, h := range tx.credentials.Headers(string(tx.Method), req.Recipient.String(), req.Body(), newCnonce) {
		req.AppendHeader(sip.NewHeader(h.Name, h.Value))
	}
}

// authorizeAck copies the credentials of an INVITE into the ACK for its 2xx (RFC 3261 22.1), where the ACK goes to the same server.
func (l *Line) authorizeAck(ack *sip.Request, tx, invite *transaction) {
	if !invite.credentials.Of(l.accountAt(tx.target, tx.hop)) {
		return
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, h := range invite.request.GetHeaders(name) {
			ack.AppendHeader(h)
		}
	}
}

// readChallenge finds what answers a 401 or 407 and keeps it for the request that is sent again. A challenge is answered only if the request
// went to a server of the line and the response came from there.
func (l *Line) readChallenge(tx *transaction, res *sip.Response) (line.Challenge, line.Refusal) {
	www, proxy := values(res, "WWW-Authenticate"), values(res, "Proxy-Authenticate")
	source, err := netip.ParseAddrPort(res.Source())
	refusal := line.Refusal{Target: tx.to.String()}
	switch {
	case tx.credentials == nil:
		refusal.Reason = line.RefusedTarget
	case err != nil || source.Addr().Unmap() != tx.to.Addr():
		// Some servers answer from another port than they were asked at, so the host counts.
		refusal.Reason = line.RefusedSource
	}
	if refusal.Reason != "" {
		refusal.Realm, refusal.Algorithm = offered(www, proxy)
		return line.RefusedChallenge, refusal
	}
	next, refused := tx.credentials.Challenged(www, proxy)
	refusal.Realm, refusal.Algorithm = offered(www, proxy)
	if len(refused) > 0 {
		refusal.Realm, refusal.Algorithm, refusal.Reason = shown(refused[0].Realm), shown(refused[0].Algorithm), reasonOf(refused[0].Err)
	}
	if next == nil {
		return line.RefusedChallenge, refusal
	}
	tx.next = next
	return line.FreshChallenge, refusal
}

// continued returns the credentials for a request that follows this one.
func (tx *transaction) continued() *digest.Credentials {
	switch {
	case tx == nil:
		return nil
	case tx.next != nil:
		return tx.next
	}
	return tx.credentials.Again()
}

func values(res *sip.Response, name string) []string {
	var all []string
	for _, h := range res.GetHeaders(name) {
		all = append(all, h.Value())
	}
	return all
}

// offered is the first realm that challenges name, and its algorithms, for the event.
func offered(www, proxy []string) (realm, algorithm string) {
	challenges, _ := digest.ParseChallenges(slices.Concat(www, proxy))
	if len(challenges) == 0 {
		return "", ""
	}
	return shown(challenges[0].Realm), shown(digest.Algorithms(challenges, challenges[0].Realm))
}

// maxShown bounds what events hold of a challenge, in octets.
const maxShown = 128

func shown(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// reasonOf names why a challenge is not answered.
func reasonOf(err error) line.RefusalReason {
	for _, r := range []struct {
		err    error
		reason line.RefusalReason
	}{
		{digest.ErrAlgorithm, line.RefusedAlgorithm}, {digest.ErrQOP, line.RefusedAlgorithm}, {digest.ErrNoRealm, line.RefusedRealm},
		{digest.ErrNoPassword, line.RefusedPassword}, {digest.ErrRefused, line.RefusedLogin}, {digest.ErrTooManyRealms, line.RefusedRealms}, {digest.ErrTooManyNonces, line.RefusedNonces},
	} {
		if errors.Is(err, r.err) {
			return r.reason
		}
	}
	return line.RefusedMalformed
}
