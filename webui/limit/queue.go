package limit

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrBusy says that too many wait already.
var ErrBusy = errors.New("too many wait for their turn")

// Queue lets a few tasks run at a time, such as password hashes, which cost memory. Those that wait are bounded: in all, and of
// each client. The task with the lowest rank runs next, of equal ones the one that has waited longest.
type Queue struct {
	slots, all, each int

	mu      sync.Mutex
	running int
	waiting []*turn
	of      map[string]int // of each client: running and waiting
}

// turn is a task that waits.
type turn struct {
	client string
	rank   int
	run    chan error // of one: nil when it may run, ErrBusy when another took its place
}

// NewQueue makes a queue of so many tasks at a time, of which so many may wait. Each client may have so many, running and waiting.
func NewQueue(slots, all, each int) *Queue {
	return &Queue{slots: slots, all: all, each: each, of: map[string]int{}}
}

// Enter waits until a task of a client may run; leave ends it. The error is ErrBusy, or that of ctx.
func (q *Queue) Enter(ctx context.Context, client string, rank int) (leave func(), err error) {
	leave = sync.OnceFunc(func() { q.leave(client) })
	t, err := q.enter(client, rank)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return leave, nil
	}
	select {
	case err := <-t.run:
		if err != nil {
			return nil, err
		}
		return leave, nil
	case <-ctx.Done():
	}
	if !q.giveUp(t) {
		if err := <-t.run; err == nil { // its turn came at the same moment
			leave()
		}
	}
	return nil, ctx.Err()
}

// enter lets a task run (nil), has it wait, or refuses it.
func (q *Queue) enter(client string, rank int) (*turn, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.of[client] >= q.each {
		return nil, ErrBusy
	}
	if q.running < q.slots {
		q.running++
		q.of[client]++
		return nil, nil
	}
	t := &turn{client, rank, make(chan error, 1)}
	if len(q.waiting) >= q.all {
		last := q.waiting[len(q.waiting)-1]
		if last.rank <= rank {
			return nil, ErrBusy
		}
		q.remove(last)
		last.run <- ErrBusy
	}
	at, _ := slices.BinarySearchFunc(q.waiting, rank+1, func(w *turn, rank int) int { return w.rank - rank })
	q.waiting = slices.Insert(q.waiting, at, t)
	q.of[client]++
	return t, nil
}

// remove takes a waiting task out of the queue.
func (q *Queue) remove(t *turn) {
	i := slices.Index(q.waiting, t)
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.count(t.client)
}

func (q *Queue) count(client string) {
	if q.of[client]--; q.of[client] == 0 {
		delete(q.of, client)
	}
}

// giveUp takes a task out of the queue; false: it waits no more.
func (q *Queue) giveUp(t *turn) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !slices.Contains(q.waiting, t) {
		return false
	}
	q.remove(t)
	return true
}

// leave ends a running task and lets the next one run.
func (q *Queue) leave(client string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count(client)
	if len(q.waiting) == 0 {
		q.running--
		return
	}
	next := q.waiting[0]
	q.waiting = q.waiting[1:]
	next.run <- nil
}
