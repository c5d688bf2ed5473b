package limit

import (
	"errors"
	"testing"
)

// SE-12: one client has its share of the places, all clients together have all.
func TestShares(t *testing.T) {
	s := NewShares(3, 2)
	take := func(client string, want error) func() {
		t.Helper()
		giveBack, err := s.Take(client)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", client, err, want)
		}
		return giveBack
	}
	first := take("a", nil)
	second := take("a", nil)
	take("a", ErrShare)
	third := take("b", nil)
	take("b", ErrFull)
	first()
	first() // again: nothing more
	if s.Held() != 2 {
		t.Errorf("%d places are taken", s.Held())
	}
	fourth := take("b", nil)
	take("c", ErrFull)
	for _, giveBack := range []func(){second, third, fourth} {
		giveBack()
	}
	if s.Held() != 0 || len(s.of) != 0 { // or each client that ever came would be held in memory
		t.Errorf("%d places are taken by %v when all are given back", s.Held(), s.of)
	}
}
