package kamailio

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
)

// With [Options.Edge] the primary and the backup are outbound proxies, and [Pair.Registrar] is the registrar behind them, as in a network
// with several edges. A proxy takes requests by UDP, TCP and TLS, and passes them on by UDP. It records its route, and adds a Path to each REGISTER
// (RFC 3327), so that calls to a phone go by the proxy through which it has registered last. All faults of a [Server] are those of a proxy, too.
// Nothing of a dialog or of a registration is kept in a proxy: one that has been restored goes on with those of before.

// EdgeUser and EdgePassword are the account that the proxies ask for with [Options.Account], in a realm of their own.
const (
	EdgeUser     = "edge"
	EdgePassword = "secret of the edge"
)

// edge is the configuration of one of the proxies.
func (s *Server) edge() edgeConfig {
	p := s.pair
	c := edgeConfig{
		Name: s.Name, Address: s.Addr.Addr(), Registrar: p.Registrar.Addr.Addr(), Port: Port, TLSPort: TLSPort, TCP: !p.options.NoTCP, Control: s.path("ctl"),
		Certificate: p.certificateFile(s.shows), Key: p.keyFile(s.shows), Account: p.options.Account, Realm: "edge." + Domain, Password: EdgePassword,
	}
	if !p.options.Apart {
		c.Peer = s.peer().Addr.Addr()
	}
	return c
}

var pathHost = regexp.MustCompile(`sip:(?:[^@>]*@)?([0-9.]+)`)

// Path is the address of the proxy by which the registrar reaches a contact of a user, invalid where it reaches it directly. A contact that is not
// registered is an error.
func (s *Server) Path(ctx context.Context, user, contact string) (netip.Addr, error) {
	all, err := s.bindings(ctx, user)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, b := range all {
		if b.Address != contact {
			continue
		}
		host := pathHost.FindStringSubmatch(b.Path)
		if host == nil {
			return netip.Addr{}, nil
		}
		return netip.ParseAddr(host[1])
	}
	return netip.Addr{}, fmt.Errorf("%s knows %s at %+v and not at %s", s.Name, user, all, contact)
}
