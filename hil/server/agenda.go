package server

import (
	"container/heap"
	"time"
)

// agenda holds what one goroutine has to do later. Equal times keep the order in which they were made.
type agenda struct {
	list appointments
	made int
}

type appointment struct {
	at    time.Time
	order int
	do    func() // nil when cancelled
}

// cancel takes the appointment back; nil and past ones too.
func (a *appointment) cancel() {
	if a != nil {
		a.do = nil
	}
}

func (a *agenda) after(d time.Duration, do func()) *appointment {
	a.made++
	next := &appointment{time.Now().Add(d), a.made, do}
	heap.Push(&a.list, next)
	return next
}

// wait is the time until the next appointment, or an hour.
func (a *agenda) wait(now time.Time) time.Duration {
	for len(a.list) > 0 && a.list[0].do == nil {
		heap.Pop(&a.list)
	}
	if len(a.list) == 0 {
		return time.Hour
	}
	return max(0, a.list[0].at.Sub(now))
}

// run does everything that is due.
func (a *agenda) run(now time.Time) {
	for len(a.list) > 0 && !a.list[0].at.After(now) {
		if due := heap.Pop(&a.list).(*appointment); due.do != nil {
			due.do()
		}
	}
}

type appointments []*appointment

func (l appointments) Len() int { return len(l) }
func (l appointments) Less(i, j int) bool {
	if l[i].at.Equal(l[j].at) {
		return l[i].order < l[j].order
	}
	return l[i].at.Before(l[j].at)
}
func (l appointments) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *appointments) Push(x any)   { *l = append(*l, x.(*appointment)) }
func (l *appointments) Pop() any {
	last := (*l)[len(*l)-1]
	(*l)[len(*l)-1] = nil
	*l = (*l)[:len(*l)-1]
	return last
}
