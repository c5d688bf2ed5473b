package sip

import (
	"context"
	"net/netip"
	"slices"

	"hilphone/sip/line"
)

// The addresses of all servers are known before they are asked anything: whose a message is in the trace, and which server a call came from, does not
// depend on what the phone has sent before (FO-66, FO-67). Servers with an IP address are known from the start, those with a name once it is found.

// found is what a look-up has found that nothing waits for.
type found struct {
	server *server
	addrs  []netip.AddrPort
}

// know makes the servers of all slots. Where two are at one place, messages are shown as those of the first until one of them is asked.
func (l *Line) know() {
	for _, slot := range slices.Backward(l.settings.Slots()) {
		l.server(slot)
	}
}

// lookAhead looks up the names of servers, and of the servers behind outbound proxies (OP-06), at most once in hostLifetime each. Nothing waits for
// them, and a name that is not found is asked for when its server is (FO-63).
func (l *Line) lookAhead() {
	if !l.settings.Enabled {
		return
	}
	for _, slot := range l.settings.Slots() {
		s := l.server(slot)
		for _, s := range []*server{s, s.behind} {
			if s == nil || !s.named() || s.looking || s.expires > l.now() {
				continue
			}
			s.expires = l.now() + hostLifetime
			l.tasks.Go(func() {
				ctx, cancel := context.WithTimeout(l.serving, lookUpTimeout)
				defer cancel()
				if addrs, err := l.addresses(ctx, s); err == nil {
					l.inbox.put(found{s, addrs})
				}
			})
		}
	}
}

// found takes the addresses, unless the settings have changed meanwhile.
func (l *Line) found(f found) {
	s := f.server
	if at := l.slots[s.slot]; at != s && (at == nil || at.behind != s) {
		return
	}
	l.setAddrs(s, s.tried(f.addrs))
	l.setKnown(s, f.addrs)
}

// hostAt is the one server that is known at a host, by a transport if there is one, else by any; a server connects from any port.
func hostAt(servers map[place]far, host netip.Addr, transport line.Transport) far {
	var same, other []far
	for p, f := range servers {
		switch {
		case p.addr.Addr() != host:
		case p.transport == transport:
			same = append(same, f)
		default:
			other = append(other, f)
		}
	}
	all := same
	if len(all) == 0 {
		all = other
	}
	one := far{slot: line.None}
	for _, f := range all {
		if one.slot != line.None && one.slot != f.slot {
			return far{slot: line.None}
		}
		one = far{f.slot, one.proxy || f.proxy}
	}
	return one
}
