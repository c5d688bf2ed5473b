package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

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
			l.start(n, s, r)
		case r.blockedBy() != nil:
			r.reached = reached
			r.tryAgain()
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

// portFor is the port from which a line looks for a free one. Where both are at one address, the first line has the port of the setting.
func (l *lines) portFor(n int, s line.Settings) int {
	if first := l.settings[1]; n != 1 && first.Enabled && l.port < math.MaxUint16 && l.localFor(first) == l.localFor(s) {
		return l.port + 1
	}
	return l.port
}

// SetPort moves the lines to another port: each ends and begins again there. A port on the command line goes before the setting.
func (l *lines) SetPort(port int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if port == l.port {
		return
	}
	l.port = port
	if _, fixed, err := splitSIP(l.sip); l.ctx == nil || err == nil && fixed != 0 {
		return
	}
	for n := 1; n <= line.MaxLines; n++ {
		if r, s := l.running[n], l.settings[n]; r != nil && s.Enabled && !r.over() {
			l.start(n, s, r)
		}
	}
}

// open opens a line's socket. A port on the command line is the first line's; the others take the next free ones.
func (l *lines) open(n int, local string, port int) (sip.Socket, error) {
	if a, fixed, err := splitSIP(local); err == nil {
		local = a.String()
		if a.Is6() {
			local = "[" + local + "]"
		}
		if fixed != 0 && n == 1 {
			local += ":" + strconv.Itoa(int(fixed))
		}
	}
	s, err := sip.ListenFrom(local, port)
	if err != nil {
		return nil, l.socketError(local, err)
	}
	return s, nil
}

// listenTCP opens the TCP port of a line.
func listenTCP(network, at string) (net.Listener, error) {
	listener, err := net.Listen(network, at)
	if err != nil {
		return nil, asBindError("TCP "+at, err)
	}
	return listener, nil
}

// socketError says why the socket of a line cannot be opened, with the flag where the address was given by it.
func (l *lines) socketError(local string, err error) error {
	at := local
	if _, port, fault := splitSIP(local); fault != nil || port == 0 {
		at = strings.TrimSpace("each SIP port tried of " + local)
		if !errors.Is(err, syscall.EADDRINUSE) {
			at = local
		}
	}
	err = asBindError(at, err)
	if l.sip != "" {
		return fmt.Errorf("--sip: %w", err)
	}
	return err
}
