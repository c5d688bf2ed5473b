package sip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"hilphone/sip/line"
)

// Resolver looks names up in DNS; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	// LookupSRV returns the records in the order in which they are to be tried (RFC 2782).
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

const (
	lookUpTimeout = 32 * time.Second
	maxTargets    = 4 // addresses of one server that are tried (FO-62)
)

// resolved brings the result of a look-up back to the line's goroutine.
type resolved struct {
	server *server
	addrs  []netip.AddrPort
	err    error
}

// lookUp resolves a server's name away from the line's goroutine.
func (l *Line) lookUp(s *server) {
	if s.looking {
		return
	}
	s.looking = true
	l.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(l.serving, lookUpTimeout)
		defer cancel()
		addrs, err := l.addresses(ctx, s)
		l.inbox.put(resolved{s, addrs, err})
	})
}

// addresses are those of a name, at the port of the settings; where that is 0 and SRV is on, those of its SRV records (RFC 3263 4.2, FO-65).
// The transport is configured, so NAPTR has nothing to choose.
func (l *Line) addresses(ctx context.Context, s *server) ([]netip.AddrPort, error) {
	var found []netip.AddrPort
	if s.srv && s.config.Port == 0 {
		service, proto := "sip", "udp"
		switch s.config.Transport {
		case line.TCP:
			proto = "tcp"
		case line.TLS:
			service, proto = "sips", "tcp"
		}
		_, records, err := l.cfg.Resolver.LookupSRV(ctx, service, proto, s.config.Addr)
		for _, r := range records {
			found = append(found, l.ofHost(ctx, strings.TrimSuffix(r.Target, "."), r.Port)...)
		}
		if len(found) == 0 && ctx.Err() != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		found = l.ofHost(ctx, s.config.Addr, s.port())
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no address that this phone can reach", s.config.Addr)
	}
	if !s.all {
		return found[:1], nil
	}
	return found[:min(len(found), maxTargets)], nil
}

// ofHost are the addresses of a host in the family of the line's socket, in the resolver's order.
func (l *Line) ofHost(ctx context.Context, host string, port uint16) []netip.AddrPort {
	addrs, err := l.cfg.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		l.log.Warn("a name was not resolved", "name", host, "err", err)
	}
	var found []netip.AddrPort
	for _, a := range addrs {
		if a = a.Unmap(); l.local.Addr().IsUnspecified() || a.Is4() == l.local.Addr().Is4() {
			found = append(found, netip.AddrPortFrom(a, port))
		}
	}
	return found
}

// resolved tells the machine, and sends what waited for the address or lets it fail: a name that cannot be resolved makes its server
// unavailable, unless it could be resolved before (FO-63).
func (l *Line) resolved(r resolved) {
	s := r.server
	s.looking = false
	switch {
	case r.err != nil:
	case s.slot == line.None: // a host named in a route
		s.targets, s.expires = []*target{{server: s, addr: r.addrs[0]}}, l.now()+hostLifetime
	default:
		l.setAddrs(s, r.addrs)
	}
	waiting := s.waiting
	s.waiting = nil
	for _, id := range waiting {
		tx := l.txs[id]
		switch {
		case tx == nil:
		case len(s.targets) == 0:
			l.step(line.Failed{Tx: id, Cause: line.CauseDNS, Reason: errorText(r.err)})
		case s.slot == line.None:
			l.first(tx)
		default:
			tx.target = s.at(tx.Target)
			l.first(tx)
			l.routed(tx)
		}
	}
	if l.slots[s.slot] == s {
		found := 0
		if r.err == nil {
			found = len(s.targets)
		}
		l.step(line.Resolved{Slot: s.slot, Targets: found})
	}
}
