package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hilphone/db/journal/event"
	"hilphone/sip"
	"hilphone/sip/line"
)

// moved looks where each line is reached from now. A line whose address has changed registers anew; one whose socket is at an address
// that is gone begins anew at the right one (CL-04).
func (l *lines) moved() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, r := range l.running {
		s := l.settings[n]
		if l.ctx == nil || !s.Enabled || r.over() {
			continue
		}
		reached := reachedFrom(s)
		switch {
		case r.local != l.localFor(s):
			l.journal.Record(n, "", event.AddressChange{})
			r.stop()
			l.start(n, s, r)
		case reached != r.reached:
			r.reached = reached
			l.journal.Record(n, "", event.AddressChange{})
			r.Post(line.Moved{})
		}
	}
}

// localFor is where a line's socket belongs: the address given on the command line, else the one that routes to both servers, else all.
func (l *lines) localFor(s line.Settings) string {
	if l.sip != "" {
		return l.sip
	}
	if all := strings.Fields(reachedFrom(s)); len(all) > 0 && !slices.ContainsFunc(all, func(a string) bool { return a != all[0] || a == nowhere }) {
		return all[0]
	}
	return ""
}

// nowhere stands for a server without a route, and for a name, which can be anywhere.
const nowhere = "-"

// reachedFrom lists the local addresses that route to a line's servers, in their order.
func reachedFrom(s line.Settings) string {
	var all []string
	for _, slot := range s.Slots() {
		next, local := s.Server(slot).Hop(), nowhere
		if _, err := netip.ParseAddr(next.Addr); err == nil {
			if a, err := sip.LocalAddrFor(net.JoinHostPort(next.Addr, "5060")); err == nil {
				local = a.String()
			}
		}
		all = append(all, local)
	}
	return strings.Join(all, " ")
}

// sameServers reports whether a line asks the servers at the same addresses with both settings.
func sameServers(a, b line.Settings) bool {
	return slices.Equal(a.Slots(), b.Slots()) && a.Server(line.Primary).Addr == b.Server(line.Primary).Addr && a.Server(line.Backup).Addr == b.Server(line.Backup).Addr
}

// open opens a line's socket. A port on the command line is the first line's; the others take the next free ones.
func (l *lines) open(n int, local string) (sip.Socket, error) {
	if a, port, err := splitSIP(local); err == nil {
		local = a.String()
		if a.Is6() {
			local = "[" + local + "]"
		}
		if port != 0 && n == 1 {
			local += ":" + strconv.Itoa(int(port))
		}
	}
	s, err := sip.Listen(local)
	if err != nil {
		return nil, fmt.Errorf("--sip: %w", err)
	}
	return s, nil
}
