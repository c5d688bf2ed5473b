package line

import (
	"cmp"
	"container/heap"
	"time"
)

// Alarms are the armed timers of a machine, kept by the goroutine that owns it. The zero value has none. Because Set, Stop and Due are
// called by one goroutine, a timer that was stopped can never expire afterwards. Each call costs the logarithm of the number of timers.
type Alarms[T comparable] struct {
	queue alarmQueue[T]
	order int
}

type alarm[T comparable] struct {
	timer T
	at    time.Duration
	order int // alarms of one instant expire in the order in which they were set
}

// alarmQueue is a heap that knows where each timer stands in it.
type alarmQueue[T comparable] struct {
	alarms []alarm[T]
	index  map[T]int
}

func (q *alarmQueue[T]) Len() int { return len(q.alarms) }

func (q *alarmQueue[T]) Less(i, j int) bool {
	a, b := &q.alarms[i], &q.alarms[j]
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) < 0
}

func (q *alarmQueue[T]) Swap(i, j int) {
	q.alarms[i], q.alarms[j] = q.alarms[j], q.alarms[i]
	q.index[q.alarms[i].timer], q.index[q.alarms[j].timer] = i, j
}

func (q *alarmQueue[T]) Push(x any) {
	a := x.(alarm[T])
	q.index[a.timer] = len(q.alarms)
	q.alarms = append(q.alarms, a)
}

func (q *alarmQueue[T]) Pop() any {
	last := len(q.alarms) - 1
	a := q.alarms[last]
	q.alarms[last] = alarm[T]{}
	q.alarms = q.alarms[:last]
	delete(q.index, a.timer)
	return a
}

// Set arms a timer, or moves it.
func (a *Alarms[T]) Set(timer T, at time.Duration) {
	q := &a.queue
	if q.index == nil {
		q.index = make(map[T]int)
	}
	a.order++
	if i, armed := q.index[timer]; armed {
		q.alarms[i].at, q.alarms[i].order = at, a.order
		heap.Fix(q, i)
		return
	}
	heap.Push(q, alarm[T]{timer, at, a.order})
}

// Stop disarms a timer and reports whether it was armed.
func (a *Alarms[T]) Stop(timer T) bool {
	i, armed := a.queue.index[timer]
	if armed {
		heap.Remove(&a.queue, i)
	}
	return armed
}

// Next returns the timer that expires first, without disarming it. ok is false where none is armed.
func (a *Alarms[T]) Next() (timer T, at time.Duration, ok bool) {
	if len(a.queue.alarms) == 0 {
		return timer, 0, false
	}
	first := &a.queue.alarms[0]
	return first.timer, first.at, true
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
