package sip

import (
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/media"
)

// maxDigits is how many received digits a call keeps, the newest.
const maxDigits = 128

// Digits of a call that are taken at once and then one in digitEvery. Telephones send at most ten in a second.
const (
	digitBurst = 64
	digitEvery = 100 * time.Millisecond
)

// heardDigit reports whether another digit of the call may be recorded now. It may be called from any goroutine.
func (c *call) heardDigit(now time.Time) bool {
	_, ok := c.digitLimit.take(now)
	return ok
}

// hearDigits passes the digits on that arrive in the sound of a call (RFC 4733), until that ends.
func (l *Line) hearDigits(c *call, m *media.Session) {
	l.tasks.Go(func() {
		for d := range m.Digits() {
			if c.heardDigit(time.Now()) {
				l.inbox.put(func() { l.digitReceived(c, d, "rfc4733") })
			}
		}
	})
}

// digitReceived records a digit that the other side sent (RS-13).
func (l *Line) digitReceived(c *call, d media.Digit, how string) {
	if c.dropped || l.calls[c.ID] != c {
		return
	}
	if c.digits += string(d.Key); len(c.digits) > maxDigits {
		c.digits = c.digits[len(c.digits)-maxDigits:]
	}
	c.Digits = c.digits
	if l.cfg.KeepCall != nil {
		l.cfg.KeepCall(l.at, c.Call)
	}
	l.record(c.ID, event.DTMF{Digit: string(d.Key), How: how, Duration: d.Duration.Milliseconds()})
}
