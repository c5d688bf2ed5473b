package sip

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// strangers counts the requests that were refused because of where they came from (accept_from, SE-04).
type strangers struct {
	total atomic.Uint64
	limit eventLimit
}

// fromStranger refuses a request that begins something and does not come from where accept_from allows.
func (l *Line) fromStranger(r request) bool {
	if l.settings.AcceptFrom.Match(r.from.Addr(), l.isServer(r.from.Addr())) {
		return false
	}
	l.strangers.total.Add(1)
	if leftOut, ok := l.strangers.limit.take(time.Now()); ok {
		l.record("", event.Refused{From: r.from.String(), Method: string(r.Method), Setting: "accept_from", LeftOut: leftOut})
	}
	l.answer(r, 403, "Not A Server Of This Line", sip.NewHeader("Warning", `399 hilphone "accept_from does not allow this source"`))
	return true
}

// isServer says whether an address is one of the line's servers or of the outbound proxies before them: a server may send its calls by the proxy
// or itself.
func (l *Line) isServer(a netip.Addr) bool {
	has := func(k netip.AddrPort) bool { return k.Addr() == a.Unmap() }
	return slices.ContainsFunc(l.settings.Slots(), func(slot line.Slot) bool {
		s := l.server(slot)
		return slices.ContainsFunc(s.known, has) || s.behind != nil && slices.ContainsFunc(s.behind.known, has)
	})
}
