package journal

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shelf is a Sink in memory that fails on demand.

type shelf struct {
	mu     sync.Mutex
	events []Event
	calls  int
	broken bool
}

func (s *shelf) SaveEvents(ctx context.Context, events []Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.broken {
		return errors.New("disk full")
	}
	s.events = append(s.events, events...)
	return ctx.Err()
}

func (s *shelf) set(broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = broken
}

func (s *shelf) saved() (events []Event, calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events, s.calls
}

func TestRunSavesInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		j := New(Config{Sink: s, First: 5})
		j.Event("hook", 0, "", nil) // before Run
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- j.Run(ctx) }()
		synctest.Wait()
		for range 50 {
			j.Event("key", 0, "", nil)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		if events, calls := s.saved(); calls != 2 || len(events) != 51 {
			t.Errorf("%d events saved in %d batches, want 51 in 2", len(events), calls)
		}
		for range 2500 {
			j.Event("key", 0, "", nil)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		events, calls := s.saved()
		got := seqs(events)
		for i, n := range got {
			if n != int64(5+i) {
				t.Fatalf("saved %d at place %d", n, i)
			}
		}
		if len(got) != 2551 || calls != 5 {
			t.Errorf("%d events saved in %d batches at the end, want 2551 in 5", len(got), calls)
		}
	})
}

func TestRunOutlivesAFailingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{broken: true}
		j := New(Config{Sink: s})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- j.Run(ctx) }()
		for range 10 {
			j.Event("key", 0, "", nil)
			time.Sleep(time.Second)
		}
		s.set(false)
		time.Sleep(2 * time.Second)
		events, _ := s.saved()
		wantSeqs(t, events, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
		s.set(true)
		j.Event("key", 0, "", nil)
		cancel()
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "save events 11 to 11: disk full") {
			t.Errorf("the end of Run says %v", err)
		}
	})
}

func TestRunWithoutSinkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(Config{}).Run(ctx); err != nil {
		t.Error(err)
	}
}
