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

// Paths are the addresses of the proxies by which the registrar reaches a user, by contact address; invalid for one that it reaches directly.
func (s *Server) Paths(ctx context.Context, user string) (map[string]netip.Addr, error) {
	all, err := s.bindings(ctx, user)
	if err != nil {
		return nil, err
	}
	paths := make(map[string]netip.Addr, len(all))
	for _, b := range all {
		var path netip.Addr
		if host := pathHost.FindStringSubmatch(b.Path); host != nil {
			if path, err = netip.ParseAddr(host[1]); err != nil {
				return nil, fmt.Errorf("path of %s: %w", b.Address, err)
			}
		}
		paths[b.Address] = path
	}
	return paths, nil
}
