package sip

import (
	"context"
	"time"

	"hilphone/sip/line"
	"hilphone/sip/media"
)

// Mute stops or resumes what the phone says in a call.
func (l *Line) Mute(id line.CallID, on bool) {
	l.inbox.put(func() {
		if c := l.calls[id]; c != nil && c.media != nil {
			c.media.Mute(on)
		}
	})
}

// DTMF sends digits in a call, 100 ms each (RFC 4733). A call that cannot carry them is logged.
func (l *Line) DTMF(id line.CallID, digits string) {
	l.inbox.put(func() {
		c := l.calls[id]
		if c == nil || c.media == nil {
			return
		}
		const press, gap = 100 * time.Millisecond, 60 * time.Millisecond
		if err := c.media.DTMF(digits, press, gap); err != nil {
			l.log.Warn("digits were not sent", "call", id, "err", err)
		}
	})
}

// MediaStats returns the packet counters of a call that has sound.
func (l *Line) MediaStats(ctx context.Context, id line.CallID) (media.Stats, bool) {
	found := make(chan *media.Session, 1)
	l.inbox.put(func() {
		var m *media.Session
		if c := l.calls[id]; c != nil {
			m = c.media
		}
		found <- m
	})
	select {
	case m := <-found:
		if m != nil {
			return m.Stats(), true
		}
	case <-ctx.Done():
	}
	return media.Stats{}, false
}
