package phone

import (
	"sync"

	"hilphone/hal"
	"hilphone/sip/line"
)

// input is one thing for the loop to do.
type input struct {
	event  Event       // nil: only to be recorded
	from   hal.Event   // the movement on the board behind it; zero if there is none
	answer chan answer // of capacity 1; nil when nobody waits
}

type answer struct {
	id       line.CallID
	noEffect string // why the key had none
	err      error
}

// inbox holds inputs in order until the loop takes them. It has no bound so that nobody who reports ever waits or loses a report;
// the loop needs microseconds for one.
type inbox struct {
	mu    sync.Mutex
	items []input
	ready chan struct{} // of capacity 1: there is something to take
}

func (b *inbox) put(in input) {
	b.mu.Lock()
	b.items = append(b.items, in)
	b.mu.Unlock()
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

func (b *inbox) take() []input {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items = nil
	return items
}
