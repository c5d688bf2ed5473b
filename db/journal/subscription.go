package journal

import (
	"sync"

	"hilphone/db/journal/event"
)

// subscriptionBuffer is how many events wait in a subscription's channel. A reader that is slower than that still misses none until
// it is a whole ring behind.
const subscriptionBuffer = 64

// Subscription delivers events in their order: first those held after Query.Since, then those that come, none missing and none twice.
type Subscription struct {
	// C is closed by Close. For events that were overwritten before they could be delivered it gives one Event of type Dropped,
	// whose Data is an event.Dropped and whose Seq is that of the last of them. The loss counts events of any type and line.
	C <-chan Event

	stop func()
	done chan struct{}
}

// Subscribe starts a subscription, which must be closed. Where Since is a number that is no longer held, it begins with a Dropped event.
func (j *Journal) Subscribe(q Query) *Subscription {
	var (
		c    = make(chan Event, subscriptionBuffer)
		stop = make(chan struct{})
		s    = &Subscription{C: c, stop: sync.OnceFunc(func() { close(stop) }), done: make(chan struct{})}
		r    = j.reader(q.Since)
	)
	go func() {
		defer close(s.done)
		defer close(c)
		r.deliver(q, c, stop)
	}()
	return s
}

// Close ends the subscription and returns when it has ended. It may be called more than once.
func (s *Subscription) Close() {
	s.stop()
	<-s.done
}

// deliver sends the wanted events to c until stop is closed.
func (r *reader) deliver(q Query, c chan<- Event, stop <-chan struct{}) {
	for {
		events, changed := r.next()
		if r.lost > 0 {
			first := events[0]
			gap := Event{Seq: first.Seq - 1, Time: first.Time, MonoUS: first.MonoUS, Type: Dropped, Data: event.Dropped{Count: r.lost}}
			r.lost = 0
			select {
			case c <- gap:
			case <-stop:
				return
			}
		}
		for _, e := range events {
			if !q.Match(e) {
				continue
			}
			select {
			case c <- e:
			case <-stop:
				return
			}
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-stop:
			return
		}
	}
}
