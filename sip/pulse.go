package sip

// Pulse returns a channel that the line's goroutine closes when it comes to it, after all that was in its inbox before. It stays open
// while the line is stuck, and where Run does not run. It never waits.
func (l *Line) Pulse() <-chan struct{} {
	here := make(chan struct{})
	l.inbox.put(func() { close(here) })
	return here
}
