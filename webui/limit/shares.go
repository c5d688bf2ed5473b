package limit

import (
	"errors"
	"sync"
)

// Errors of Shares.Take.
var (
	ErrFull  = errors.New("all places are taken")
	ErrShare = errors.New("the client has its share of the places")
)

// Shares are places of which each client may hold a part only, so that one client cannot hold all of them.
type Shares struct {
	all, each int

	mu   sync.Mutex
	held int
	of   map[string]int
}

// NewShares makes so many places, of which each client may hold so many.
func NewShares(all, each int) *Shares { return &Shares{all: all, each: each, of: map[string]int{}} }

// Take takes a place for a client; giveBack ends that. The error is ErrFull or ErrShare.
func (s *Shares) Take(client string) (giveBack func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.of[client] >= s.each:
		return nil, ErrShare
	case s.held >= s.all:
		return nil, ErrFull
	}
	s.held++
	s.of[client]++
	return sync.OnceFunc(func() { s.giveBack(client) }), nil
}

func (s *Shares) giveBack(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held--
	if s.of[client]--; s.of[client] == 0 {
		delete(s.of, client)
	}
}

// Held returns how many places are taken.
func (s *Shares) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}
