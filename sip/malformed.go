package sip

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hilphone/sip/line"
)

// What is told of octets that are no SIP message: at most malformedBurst events at once, then one in malformedEvery. Each is counted.
const (
	malformedBurst = 10
	malformedEvery = 10 * time.Second
)

// malformed counts what came to the line and could be neither read nor answered.
type malformed struct {
	record func(kind string, call line.CallID, data any)
	total  atomic.Uint64

	mu      sync.Mutex
	tokens  int
	refill  time.Time
	unheard uint64 // events left out since the last one
}

type malformedNote struct {
	From      string         `json:"from"`
	Transport line.Transport `json:"transport"`
	Size      int            `json:"size"` // octets
	Reason    string         `json:"reason"`
	LeftOut   uint64         `json:"left_out,omitempty"` // events like this that were not recorded since the one before
}

// count may be called from any goroutine.
func (m *malformed) count(from netip.AddrPort, t line.Transport, size int, why error) {
	m.total.Add(1)
	if leftOut, ok := m.take(time.Now()); ok {
		m.record("malformed", "", malformedNote{from.String(), t, size, why.Error(), leftOut})
	}
}

// take says whether an event may be recorded now, and how many were not since the last one.
func (m *malformed) take(now time.Time) (leftOut uint64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refill.IsZero() {
		m.tokens, m.refill = malformedBurst, now
	}
	if n := int(now.Sub(m.refill) / malformedEvery); n > 0 {
		m.tokens = min(malformedBurst, m.tokens+n)
		m.refill = m.refill.Add(time.Duration(n) * malformedEvery)
	}
	if m.tokens == 0 {
		m.unheard++
		return 0, false
	}
	m.tokens--
	leftOut, m.unheard = m.unheard, 0
	return leftOut, true
}
