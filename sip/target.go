package sip

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"hilphone/sip/digest"
	"hilphone/sip/line"
)

// server is one slot under the settings that were in force when it was made: the name of its next hop and the addresses the name has.
type server struct {
	slot    line.Slot
	config  line.Hop
	behind  *server         // the server itself, where the next hop is its outbound proxy; nil without one
	unasked bool            // it is behind an outbound proxy: nothing is sent to it
	foreign bool            // a redirection led there: it has no account, though the next hop may have one
	srv     bool            // look its SRV records up
	all     bool            // try every address, not only the first
	caFile  string          // TLS
	account *digest.Account // nil where it is none of the line's servers
	targets []*target
	known   []netip.AddrPort // all addresses of its name; requests are taken from them (accept_from)
	looking bool
	expires time.Duration // when its addresses are looked up again, of a host named in a route, or of a server that nothing is sent to
	waiting []line.TxID   // requests that wait for an address
}

// target is one address of a server.
type target struct {
	*server
	addr       netip.AddrPort // zero until it is known
	redirected netip.AddrPort // where a redirection points to that goes by the outbound proxy
}

// server returns the slot's server under the present settings.
func (l *Line) server(slot line.Slot) *server {
	s := l.slots[slot]
	if s == nil {
		s = l.newServer(slot)
		l.slots[slot] = s
		if a, err := netip.ParseAddr(s.config.Addr); err == nil {
			addrs := []netip.AddrPort{netip.AddrPortFrom(a, s.port())}
			l.setAddrs(s, addrs)
			l.setKnown(s, addrs)
		}
		if s.behind != nil {
			l.setKnown(s.behind, s.behind.known)
		}
	}
	return s
}

func (s *server) port() uint16 {
	if s.config.Port == 0 { // left to SRV, which an IP address has not: the default of the transport (RFC 3263 4.2)
		if s.config.Transport == line.TLS {
			return 5061
		}
		return 5060
	}
	return uint16(s.config.Port)
}

// target returns the address of the slot that is used now.
func (l *Line) target(slot line.Slot) *target { return l.server(slot).at(0) }

// at returns address i; the last one where there are not so many, and none at all as a target without an address.
func (s *server) at(i int) *target {
	if len(s.targets) == 0 {
		return &target{server: s}
	}
	return s.targets[min(i, len(s.targets)-1)]
}

// setAddrs takes a new list of addresses. The one that holds the registration stays first while it is among them (FO-64); targets that
// stay keep their identity, so that dialogs know theirs.
func (l *Line) setAddrs(s *server, addrs []netip.AddrPort) {
	old := s.targets
	s.targets = nil
	for _, a := range addrs {
		a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		i := slices.IndexFunc(old, func(t *target) bool { return t.addr == a })
		t := &target{server: s, addr: a}
		if i >= 0 {
			t = old[i]
		}
		s.targets = append(s.targets, t)
	}
	if len(old) > 0 {
		s.pin(old[0])
	}
}

// setKnown takes all addresses that a server has.
func (l *Line) setKnown(s *server, addrs []netip.AddrPort) {
	s.known = nil
	for _, a := range addrs {
		a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		s.known = append(s.known, a)
		at := place{a, s.config.Transport}
		if s.unasked && l.socket.has(at) {
			continue // it is the next hop to a server, too
		}
		l.socket.setServer(at, far{s.slot, s.behind != nil})
	}
}

// pin moves the target that holds the registration to the front (FO-64).
func (s *server) pin(t *target) {
	if i := slices.Index(s.targets, t); i > 0 {
		s.targets = slices.Insert(slices.Delete(s.targets, i, i+1), 0, t)
	}
}

// routed tells the machine to which address of a server with a name a request goes. A server with an IP address has one.
func (l *Line) routed(tx *transaction) {
	if tx == nil || !tx.to.IsValid() || !tx.target.named() {
		return
	}
	if m := tx.Method; m == line.REGISTER || m == line.BYE || m == line.INVITE && tx.Dialog == (line.Dialog{}) {
		l.inbox.put(line.Routed{Tx: tx.Tx, To: tx.to})
	}
}

// named reports whether the server is configured by name.
func (s *server) named() bool {
	_, err := netip.ParseAddr(s.config.Addr)
	return err != nil
}

// localFor is the address peers reach us at from a target.
func (l *Line) localFor(t *target) (netip.AddrPort, error) {
	if !l.local.Addr().IsUnspecified() {
		return l.local, nil
	}
	a, err := l.cfg.LocalAddr(t.addr.String())
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("finding the local address toward %s: %w", t.addr, err)
	}
	return netip.AddrPortFrom(a.Unmap(), l.local.Port()), nil
}

// host is how a slot's server is named in URIs: the configured domain, else its own address (FO-15).
func host(s line.Settings, slot line.Slot) (name string, port int) {
	if s.Domain != "" {
		return bracketed(s.Domain), 0
	}
	server := s.Server(slot)
	if server.Port != 5060 {
		port = server.Port
	}
	return bracketed(server.Addr), port
}

func bracketed(name string) string {
	if a, err := netip.ParseAddr(name); err == nil && a.Is6() {
		return "[" + name + "]"
	}
	return name
}
