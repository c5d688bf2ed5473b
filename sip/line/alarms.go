package line

import (
	"cmp"
	"time"
)

// Alarms are the armed timers of a machine, kept by the goroutine that owns it. The zero value has none. Because Set, Stop and Due are
// called by one goroutine, a timer that was stopped can never expire afterwards.
type Alarms[T comparable] struct {
	at    map[T]alarm
	order int
}

type alarm struct {
	at    time.Duration
	order int // alarms of one instant expire in the order in which they were set
}

// Set arms a timer, or moves it.
func (a *Alarms[T]) Set(timer T, at time.Duration) {
	if a.at == nil {
		a.at = make(map[T]alarm)
	}
	a.order++
	a.at[timer] = alarm{at, a.order}
}

// Stop disarms a timer and reports whether it was armed.
func (a *Alarms[T]) Stop(timer T) bool {
	_, armed := a.at[timer]
	delete(a.at, timer)
	return armed
}

// Next returns the timer that expires first, without disarming it. ok is false where none is armed.
func (a *Alarms[T]) Next() (timer T, at time.Duration, ok bool) {
	var first alarm
	for t, al := range a.at {
		if !ok || cmp.Or(cmp.Compare(al.at, first.at), cmp.Compare(al.order, first.order)) < 0 {
			timer, first, ok = t, al, true
		}
	}
	return timer, first.at, ok
}

// Due disarms and returns the first timer that has expired at the instant now.
func (a *Alarms[T]) Due(now time.Duration) (timer T, at time.Duration, ok bool) {
	timer, at, ok = a.Next()
	if !ok || at > now {
		return timer, at, false
	}
	a.Stop(timer)
	return timer, at, true
}
