package webui

import "sync"

// doubt tells those who hold an answer open that a login or a token may have ended: each then asks for its own.
type doubt struct {
	mu  sync.Mutex
	now chan struct{} // closed at the next doubt
}

func newDoubt() *doubt { return &doubt{now: make(chan struct{})} }

// wait returns a channel that is closed at the next doubt.
func (d *doubt) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *doubt) tell() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.now)
	d.now = make(chan struct{})
}
