package journal

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
)

// settled is how long Settle takes.
func settled(ctx context.Context, j *Journal) time.Duration {
	began := time.Now()
	j.Settle(ctx)
	return time.Since(began)
}

func TestSettleWaitsForWhatIsDecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{})
		d, other := j.Decider(), j.Decider()
		if took := settled(t.Context(), j); took != 0 {
			t.Errorf("nothing is decided: %v", took)
		}
		d.Deciding(time.Now())
		decided := time.Now()
		go func() {
			time.Sleep(30 * time.Millisecond)
			j.RecordAt(decided, 1, "", event.Failover{})
			d.Deciding(time.Now()) // the next decision: who asked before it does not wait for it
			time.Sleep(30 * time.Millisecond)
			d.Deciding(time.Time{})
		}()
		time.Sleep(10 * time.Millisecond)
		if took := settled(t.Context(), j); took != 20*time.Millisecond {
			t.Errorf("settled after %v", took)
		}
		wantSeqs(t, j.Events(Query{}), 1)
		if took := settled(t.Context(), j); took != 30*time.Millisecond {
			t.Errorf("the second decision was waited for %v", took)
		}

		d.Deciding(time.Now())
		if took := settled(t.Context(), j); took != time.Second {
			t.Errorf("a goroutine that is stuck was waited for %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if took := settled(ctx, j); took != 10*time.Millisecond {
			t.Errorf("a request that ended was waited for %v", took)
		}
		d.Close()
		if took := settled(t.Context(), j); took != 0 || len(j.deciders) != 1 {
			t.Errorf("a goroutine that has ended was waited for %v; %d are left", took, len(j.deciders))
		}
		other.Close()
	})
}
