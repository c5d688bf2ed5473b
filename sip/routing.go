package sip

import (
	"cmp"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

// hop is where a message goes next: an address and a transport, and for TLS whom the certificate must name.
type hop struct {
	to        netip.AddrPort
	transport line.Transport
	name      string
	ca        string
}

func (h hop) reliable() bool { return h.transport != line.UDP }

// hop is the server itself as the next hop.
func (t *target) hop() hop {
	h := hop{to: t.addr, transport: t.config.Transport}
	if h.transport == line.TLS {
		h.name, h.ca = t.config.Addr, t.caFile
	}
	return h
}

// routed puts a request's way into its Request-URI and its Route header fields. The first route of a strict router, which has no lr, becomes
// the Request-URI, less what none may have, and the remote target the last route (RFC 3261 12.2.1.1, WR-23).
func routed(remote sip.Uri, routes []route) (sip.Uri, []string) {
	values := make([]string, 0, len(routes)+1)
	for _, r := range routes {
		values = append(values, r.value)
	}
	if len(routes) == 0 || routes[0].uri.UriParams.Has("lr") {
		return remote, values
	}
	strict := *routes[0].uri.Clone()
	strict.Headers = nil
	strict.UriParams.Remove("method") // RFC 3261 19.1.1, table 1
	return strict, append(values[1:], "<"+remote.String()+">")
}

// next is the URI that a request within the dialog goes to: the topmost route, or with strict_proxy 0 the peer. ok is false where that is the
// dialog server (FO-40).
func (d *dialog) next() (u sip.Uri, ok bool) {
	switch {
	case len(d.routes) > 0:
		return d.routes[0].uri, true
	case d.direct:
		return d.remote, true
	}
	return sip.Uri{}, false
}

// nextHop is where a request within the dialog goes next. Where that is a host whose addresses are not known, host says which.
func (l *Line) nextHop(d *dialog) (h hop, host *server) {
	u, ok := d.next()
	if !ok {
		return d.target.hop(), nil
	}
	return l.hopOf(u, d.target)
}

// hopOf is the hop that a URI names, seen from a server of the line: the transport is the URI's (RFC 3263 4.1), else that of the server. From
// TLS no URI leads to a weaker transport (FO-09).
func (l *Line) hopOf(u sip.Uri, t *target) (h hop, host *server) {
	h = t.hop()
	if t.leadsTo(u) {
		return h, nil
	}
	switch transport := line.Transport(strings.ToLower(u.UriParams.GetOr("transport", ""))); {
	case h.transport == line.TLS:
	case u.Scheme == "sips", transport == line.TLS:
		h.transport, h.name, h.ca = line.TLS, trimBrackets(u.Host), t.caFile
	case transport == line.UDP, transport == line.TCP:
		h.transport = transport
	}
	if a, ok := uriAddr(u); ok {
		h.to = a
		return h, nil
	}
	if namesServer(u, t) {
		return h, nil
	}
	if h.transport == line.TLS {
		h.name = u.Host
	}
	s := l.routeHost(u, h.transport)
	if len(s.targets) > 0 {
		h.to = s.targets[0].addr
		return h, nil
	}
	return h, s
}

// namesServer says whether a URI has the server's configured name and port.
func namesServer(u sip.Uri, t *target) bool {
	return t.config.Addr != "" && strings.EqualFold(u.Host, t.config.Addr) && (u.Port == 0 || u.Port == int(t.addr.Port()))
}

// elsewhere says whether a dialog's next hop is not the server (FO-40).
func (l *Line) elsewhere(d *dialog, t *target) bool {
	u, ok := d.next()
	if !ok {
		return d.target.addr != t.addr
	}
	if t.leadsTo(u) {
		return false
	}
	if a, ok := uriAddr(u); ok {
		return a != t.addr
	}
	return !namesServer(u, t)
}

// hostLifetime is how long the addresses of a host named in a route are used without another look-up.
const hostLifetime = time.Minute

// routeHost is a host named in a route: a server that no slot has.
func (l *Line) routeHost(u sip.Uri, t line.Transport) *server {
	key := routeKey{strings.ToLower(u.Host), u.Port, t}
	if s := l.hosts[key]; s != nil && (s.looking || l.now() < s.expires) {
		return s
	}
	for k, s := range l.hosts { // those of dialogs that are over
		if !s.looking && l.now() >= s.expires {
			delete(l.hosts, k)
		}
	}
	s := &server{slot: line.None, config: line.Hop{Addr: u.Host, Port: u.Port, Transport: t}, srv: u.Port == 0}
	l.hosts[key] = s
	return s
}

type routeKey struct {
	host      string
	port      int
	transport line.Transport
}

// route finds where a request goes that does not just go to its server: a CANCEL goes the way of its INVITE, on its branch (RFC 3261 9.1);
// a request within a dialog goes the dialog's way, unless another server has taken over (FO-38). host is set where the way is a name that
// has to be looked up first.
func (l *Line) route(tx *transaction) (host *server) {
	switch tx.Method {
	case line.CANCEL:
		if invite := l.txs[tx.Of]; invite != nil {
			tx.branch, tx.hop, tx.long = invite.branch, invite.hop, invite.long
		}
	case line.BYE, line.INVITE, line.REFER:
		if d := l.dialog(tx.Dialog); d != nil && tx.target == d.target {
			tx.hop, host = l.nextHop(d)
		}
	}
	return host
}

// uriAddr is the address of a URI whose host is an IP address, with the default port of its transport (RFC 3261 19.1.2).
func uriAddr(u sip.Uri) (netip.AddrPort, bool) {
	a, err := parseAddr(u.Host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	port := defaultPort
	if u.Scheme == "sips" || strings.EqualFold(u.UriParams.GetOr("transport", ""), "tls") {
		port = 5061
	}
	return netip.AddrPortFrom(a, uint16(cmp.Or(u.Port, port))), true
}

// parseAddr reads an IP address, IPv6 with or without brackets.
func parseAddr(host string) (netip.Addr, error) {
	a, err := netip.ParseAddr(trimBrackets(host))
	return a.Unmap(), err
}

func withPort(a netip.AddrPort, port int) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), uint16(port))
}

func trimBrackets(h string) string {
	if len(h) > 2 && h[0] == '[' && h[len(h)-1] == ']' {
		return h[1 : len(h)-1]
	}
	return h
}
