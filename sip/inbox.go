package sip

import "sync"

// inbox is a queue that never blocks who puts something in: the SIP path waits for nobody.
type inbox struct {
	mu     *sync.Mutex
	queue  *[]any
	filled chan struct{} // holds a token while the queue may have something
}

func newInbox() inbox {
	return inbox{mu: new(sync.Mutex), queue: new([]any), filled: make(chan struct{}, 1)}
}

func (b inbox) put(e any) {
	b.mu.Lock()
	*b.queue = append(*b.queue, e)
	b.mu.Unlock()
	select {
	case b.filled <- struct{}{}:
	default:
	}
}

func (b inbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := *b.queue
	*b.queue = nil
	return q
}
