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

// DTMF sends digits in a call, 100 ms each (RFC 4733). A call that cannot carry them is logged. It does not wait.
func (l *Line) DTMF(id line.CallID, digits string) {
	l.inbox.put(func() {
		if err := l.dtmf(id, digits); err != nil {
			l.log.Warn("digits were not sent", "call", id, "err", err)
		}
	})
}

// QueueDTMF is DTMF for a caller that has to know: it returns when the digits wait to be sent, or why they cannot be (UX-08).
func (l *Line) QueueDTMF(ctx context.Context, id line.CallID, digits string) error {
	queued := make(chan error, 1)
	l.inbox.put(func() { queued <- l.dtmf(id, digits) })
	select {
	case err := <-queued:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Line) dtmf(id line.CallID, digits string) error {
	c := l.calls[id]
	if c == nil || c.media == nil {
		return media.ErrNoDigits
	}
	const press, gap = 100 * time.Millisecond, 60 * time.Millisecond
	return c.media.DTMF(digits, press, gap)
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
