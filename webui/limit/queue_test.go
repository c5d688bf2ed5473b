package limit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// SE-06: tasks that have not failed run before those that have, and each client has few in the queue.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(1, 4, 2)
		var mu sync.Mutex
		var ran []string
		var all sync.WaitGroup
		task := func(client string, rank int) {
			all.Go(func() {
				leave, err := q.Enter(t.Context(), client, rank)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					ran = append(ran, fmt.Sprintf("%s %v", client, err))
					return
				}
				ran = append(ran, client)
				go func() { time.Sleep(time.Second); leave() }()
			})
			synctest.Wait()
		}
		task("a", 3)
		task("a", 3)
		task("a", 3) // has two already
		task("b", 1)
		task("c", 0)
		task("d", 0)
		task("e", 0) // takes the place of the second of a
		task("f", 4)
		all.Wait()
		want := []string{"a", "a " + ErrBusy.Error(), "a " + ErrBusy.Error(), "f " + ErrBusy.Error(), "c", "d", "e", "b"}
		if !slices.Equal(ran, want) {
			t.Errorf("%q\nwant %q", ran, want)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if q.running != 0 || len(q.of) != 0 || len(q.waiting) != 0 {
			t.Errorf("%d run, %v, %d wait when all is over", q.running, q.of, len(q.waiting))
		}
	})
}

// SE-06: who does not want to wait any longer leaves no trace, nor takes a turn with him.
func TestQueueGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(1, 4, 4)
		leave, err := q.Enter(t.Context(), "a", 0)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := q.Enter(ctx, "b", 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		leave()
		leave() // again: nothing more
		if q.running != 0 || len(q.of) != 0 {
			t.Errorf("%d run, %v", q.running, q.of)
		}
	})
}
