package sip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"hilphone/sip/line"
)

// target is where the messages for one slot go. It belongs to the settings it was made from.
type target struct {
	slot       line.Slot
	server     line.Server
	addr       netip.AddrPort // zero until it is known
	serverName string         // TLS: whom the certificate must name, the configured server
	caFile     string
	looking    bool
	waiting    []line.TxID // requests that wait for the address
}

// resolved brings the result of a look-up back to the line's goroutine.
type resolved struct {
	t    *target
	addr netip.Addr
	err  error
}

const lookUpTimeout = 32 * time.Second

// target returns the slot's target under the present settings. A name that was resolved before is used at once and looked up again
// behind: a stale answer is better than none (FO-63).
func (l *Line) target(slot line.Slot) *target {
	t := l.slots[slot]
	if t == nil {
		t = &target{slot: slot, server: l.settings.Server(slot), caFile: l.settings.TLSCAFile}
		t.serverName = t.server.Addr
		l.slots[slot] = t
		if a, err := netip.ParseAddr(t.server.Addr); err == nil {
			l.setAddr(t, a)
		}
	}
	return t
}

func (l *Line) setAddr(t *target, a netip.Addr) {
	t.addr = netip.AddrPortFrom(a.Unmap(), uint16(t.server.Port))
	l.socket.setServer(t.addr, t.slot)
}

func (t *target) isName() bool {
	_, err := netip.ParseAddr(t.server.Addr)
	return err != nil
}

// lookUp resolves a target's name away from the line's goroutine.
func (l *Line) lookUp(t *target) {
	if t.looking || !t.isName() {
		return
	}
	t.looking = true
	l.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), lookUpTimeout)
		defer cancel()
		addrs, err := l.cfg.Resolve(ctx, t.server.Addr)
		r := resolved{t: t, err: err}
		for _, a := range addrs {
			if a = a.Unmap(); a.Is4() == l.local.Addr().Is4() || l.local.Addr().IsUnspecified() {
				r.addr = a
				break
			}
		}
		if err == nil && !r.addr.IsValid() {
			r.err = fmt.Errorf("%s has no address of the right family", t.server.Addr)
		}
		l.inbox.put(r)
	})
}

// resolved sends what waited for the address, or lets it fail: a name that cannot be resolved makes its server unavailable (FO-63).
func (l *Line) resolved(r resolved) {
	r.t.looking = false
	if r.err == nil {
		l.setAddr(r.t, r.addr)
	}
	waiting := r.t.waiting
	r.t.waiting = nil
	for _, id := range waiting {
		if r.err != nil {
			l.step(line.Failed{Tx: id, Cause: line.CauseDNS, Reason: r.err.Error()})
		} else if tx := l.txs[id]; tx != nil {
			l.first(tx)
		}
	}
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

func udpAddr(a netip.AddrPort) net.Addr { return net.UDPAddrFromAddrPort(a) }

func hostPort(name string, port int) string {
	if port == 0 {
		return name
	}
	return name + ":" + strconv.Itoa(port)
}
