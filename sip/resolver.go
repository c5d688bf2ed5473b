package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hilphone/sip/line"
	"hilphone/sip/netfault"
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

// errNotOffered is a final answer of DNS, not a failure to get one: an address that was known before must not be used any more.
var errNotOffered = errors.New("the service is not offered there (RFC 2782)")

// lookUpFault is the fault of a look-up that found nothing.
func lookUpFault(err error) netfault.Fault {
	if errors.Is(err, errNotOffered) {
		return netfault.Fault{Reason: netfault.SRVNotOffered, Detail: err.Error()}
	}
	return netfault.Of(err)
}

// addresses are those of a name, at the port of the settings; where that is 0 and SRV is on, those of its SRV records (RFC 3263 4.2, FO-65).
// The transport is configured, so NAPTR has nothing to choose.
func (l *Line) addresses(ctx context.Context, s *server) ([]netip.AddrPort, error) {
	look := l.ofHost
	if s.srv && s.config.Port == 0 {
		look = l.ofService
	}
	found, err := look(ctx, s, s.config.Addr, s.port())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, netfault.Fault{Reason: netfault.NoAddress, Detail: s.config.Addr + " has no address of the IP version of the line"}
	}
	return found, nil
}

// tried are those addresses of a name that requests may go to.
func (s *server) tried(addrs []netip.AddrPort) []netip.AddrPort {
	if !s.all {
		return addrs[:1]
	}
	return addrs[:min(len(addrs), maxTargets)]
}

// ofService are the addresses of a name's SRV records, in the order of RFC 2782. Only a name that has no such record at all is looked up as a
// host (RFC 3263 4.2): records whose targets are "." or have no address say that the service is not offered, and a look-up that failed says
// nothing.
func (l *Line) ofService(ctx context.Context, s *server, name string, port uint16) ([]netip.AddrPort, error) {
	service, proto := "sip", "udp"
	switch s.config.Transport {
	case line.TCP:
		proto = "tcp"
	case line.TLS:
		service, proto = "sips", "tcp"
	}
	_, records, err := l.cfg.Resolver.LookupSRV(ctx, service, proto, name)
	switch {
	case len(records) > 0: // an error is about others, whose names are invalid
	case err == nil, notFound(err):
		return l.ofHost(ctx, s, name, port)
	default:
		return nil, fmt.Errorf("looking up the SRV records of %s: %w", name, err)
	}
	var found []netip.AddrPort
	var failed error
	for _, r := range records {
		target := strings.TrimSuffix(r.Target, ".")
		if target == "" {
			continue
		}
		addrs, err := l.ofHost(ctx, s, target, r.Port)
		if failed == nil && !notFound(err) {
			failed = err
		}
		for _, a := range addrs {
			if !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case failed != nil:
		return nil, failed
	}
	return nil, fmt.Errorf("_%s._%s.%s: %w", service, proto, name, errNotOffered)
}

// notFound reports whether DNS has answered that there is no such record (NXDOMAIN or no data).
func notFound(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// ofHost are the addresses of a host in the family of the line's socket, in the resolver's order. A host that has none in this family is no error.
func (l *Line) ofHost(ctx context.Context, s *server, host string, port uint16) ([]netip.AddrPort, error) {
	addrs, err := l.cfg.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		level := slog.LevelWarn
		if s.unasked {
			level = slog.LevelDebug // only its outbound proxy has to know it (OP-06)
		}
		l.log.Log(ctx, level, "a name was not resolved", "name", host, "err", err)
		return nil, fmt.Errorf("looking up %s: %w", host, err)
	}
	var found []netip.AddrPort
	for _, a := range addrs {
		if a = a.Unmap(); l.local.Addr().IsUnspecified() || a.Is4() == l.local.Addr().Is4() {
			found = append(found, netip.AddrPortFrom(a, port))
		}
	}
	return found, nil
}

// resolved tells the machine, and sends what waited for the address or lets it fail: a name that cannot be resolved makes its server
// unavailable, unless it could be resolved before (FO-63). A service that is not offered any more counts as never resolved; dialogs keep their
// address.
func (l *Line) resolved(r resolved) {
	s := r.server
	s.looking = false
	notOffered := errors.Is(r.err, errNotOffered)
	switch {
	case notOffered:
		s.targets = nil
	case r.err != nil:
	case s.slot == line.None: // a host named in a route
		s.targets, s.expires = []*target{{server: s, addr: r.addrs[0]}}, l.now()+hostLifetime
	default:
		l.setAddrs(s, s.tried(r.addrs))
		l.setKnown(s, r.addrs)
		s.expires = l.now() + hostLifetime
	}
	waiting := s.waiting
	s.waiting = nil
	for _, id := range waiting {
		tx := l.txs[id]
		switch {
		case tx == nil:
		case len(s.targets) == 0:
			l.step(line.Failed{Tx: id, Cause: line.CauseDNS, Fault: lookUpFault(r.err)})
		case s.slot == line.None:
			l.first(tx)
		default:
			tx.target = s.at(tx.Target)
			l.first(tx)
			l.routed(tx)
		}
	}
	if l.slots[s.slot] == s { // and not one of the settings before
		found := 0
		if r.err == nil {
			found = len(s.targets)
		}
		l.step(line.Resolved{Slot: s.slot, Targets: found, NotOffered: notOffered, Fault: lookUpFault(r.err)})
	}
}
