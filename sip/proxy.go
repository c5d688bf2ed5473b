package sip

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

// An outbound proxy is the next hop to a server: every message of the line for the server goes to the proxy, with the same content as without it (OP-01).
// The server itself is in field behind then: the phone takes requests from its addresses, and what a route or a remote target would send to it
// goes to the proxy.

// newServer makes the server of a slot from the present settings.
func (l *Line) newServer(slot line.Slot) *server {
	v := l.settings.Server(slot)
	s := &server{slot: slot, config: v.Hop(), srv: l.settings.DNSSRV, all: l.settings.DNSExpand, caFile: l.settings.TLSCAFile, account: l.accounts[slot].Account}
	if v.Proxy.Addr == "" {
		return s
	}
	v.Proxy = line.Proxy{}
	s.behind = &server{slot: slot, config: v.Hop(), srv: s.srv, unasked: true}
	if a, err := netip.ParseAddr(v.Addr); err == nil {
		s.behind.known = []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), s.behind.port())}
	}
	return s
}

// routeTo is a hop as a Route of a loose router (RFC 3261 8.1.2, 19.1.1).
func routeTo(h line.Hop) string {
	u := sip.Uri{Scheme: "sip", Host: bracketed(h.Addr), UriParams: sip.NewParams()}
	if h.Port != defaultPort || h.Transport == line.TLS {
		u.Port = h.Port
	}
	if h.Transport != line.UDP {
		u.UriParams.Add("transport", string(h.Transport))
	}
	u.UriParams.Add("lr", "")
	return "<" + u.String() + ">"
}

// preload names the outbound proxy in a Route of a request that begins something (RFC 3261 8.1.2). With strict_proxy it is the next hop alone (OP-04).
func (l *Line) preload(tx *transaction, req *sip.Request) {
	if tx.target.behind != nil && !l.settings.StrictProxy {
		req.AppendHeader(sip.NewHeader("Route", routeTo(tx.target.config)))
	}
}

// proxy is the outbound proxy of a request as it is configured; empty where the request does not go to one.
func (tx *transaction) proxy() string {
	t := tx.target
	if t.behind == nil || tx.to != t.addr {
		return ""
	}
	return line.Proxy{Addr: t.config.Addr, Port: t.config.Port}.String()
}

// leadsTo reports whether a URI names the server behind the target's outbound proxy, by an address or by its name. An address of the proxy itself names
// the proxy, also where the server's name has that address in DNS.
func (t *target) leadsTo(u sip.Uri) bool {
	s := t.behind
	if s == nil {
		return false
	}
	if a, ok := uriAddr(u); ok {
		return a != t.addr && slices.Contains(s.known, a)
	}
	return strings.EqualFold(u.Host, s.config.Addr) && (u.Port == 0 || u.Port == int(s.port()))
}

// serverBehind is the server to which one of the addresses belongs though it is reached by an outbound proxy: the active one, or the first. An
// answer to it goes by the proxy.
func (l *Line) serverBehind(addrs []netip.AddrPort) *target {
	var found *target
	for _, slot := range l.settings.Slots() {
		s, t := l.server(slot), l.target(slot)
		if s.behind == nil || !t.addr.IsValid() || !slices.ContainsFunc(addrs, func(a netip.AddrPort) bool { return slices.Contains(s.behind.known, a) }) {
			continue
		}
		if found == nil || slot == l.machine.Status().Active {
			found = t
		}
	}
	return found
}

// atPlace has the messages to and from the next hop of a request shown as those of its slot: two servers behind one outbound proxy are at one place.
func (l *Line) atPlace(tx *transaction) {
	if t := tx.target; t.addr == tx.to && t.config == l.server(tx.Slot).config {
		l.socket.setServer(place{tx.to, t.config.Transport}, far{tx.Slot, t.behind != nil})
	}
	if tx.Method == line.REGISTER {
		l.lookAhead()
	}
}

// rewrittenBehind names another server in a URI that names the server behind an outbound proxy (FO-39). The server behind the other proxy may be the
// same one.
func rewrittenBehind(u sip.Uri, other *target) sip.Uri {
	at := other.config
	if other.behind != nil {
		at = other.behind.config
	}
	u = *u.Clone()
	u.Host, u.Port = bracketed(at.Addr), at.Port
	return u
}
