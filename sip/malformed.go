package sip

import (
	"cmp"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// Of what strangers can cause at will at most eventBurst events are recorded at once, then one in eventEvery.
const (
	eventBurst = 10
	eventEvery = 10 * time.Second
)

// eventLimit bounds the events of one kind. It may be used from any goroutine.
type eventLimit struct {
	burst int           // how many at once; 0: eventBurst
	every time.Duration // and then one in this time; 0: eventEvery

	mu      sync.Mutex
	tokens  int
	refill  time.Time
	leftOut uint64 // since the last one that was recorded
}

// take says whether an event may be recorded now, and how many were not since the last one.
func (e *eventLimit) take(now time.Time) (leftOut uint64, ok bool) {
	burst, every := cmp.Or(e.burst, eventBurst), cmp.Or(e.every, eventEvery)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refill.IsZero() {
		e.tokens, e.refill = burst, now
	}
	if n := int(now.Sub(e.refill) / every); n > 0 {
		e.tokens = min(burst, e.tokens+n)
		e.refill = e.refill.Add(time.Duration(n) * every)
	}
	if e.tokens == 0 {
		e.leftOut++
		return 0, false
	}
	e.tokens--
	leftOut, e.leftOut = e.leftOut, 0
	return leftOut, true
}

// malformed counts what came to the line and could be neither matched nor answered.
type malformed struct {
	record func(at time.Time, data event.Data)
	total  atomic.Uint64
	limit  eventLimit
}

// count may be called from any goroutine.
func (m *malformed) count(from netip.AddrPort, t line.Transport, size int, why error) {
	m.total.Add(1)
	now := time.Now()
	if leftOut, ok := m.limit.take(now); ok {
		m.record(now, event.Malformed{From: from.String(), Transport: string(t), Size: size, Reason: why.Error(), LeftOut: leftOut})
	}
}
