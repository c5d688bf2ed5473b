package journal

import (
	"fmt"
	"testing"
	"testing/synctest"

	"hilphone/db/journal/event"
)

func TestSubscriptionBeginsWithHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{})
		for range 200 {
			j.Event("key", 1, "", nil)
		}
		s := j.Subscribe(Query{Since: 50, Line: 1})
		j.Event("key", 2, "", nil)
		for range 49 {
			j.Event("key", 1, "", nil)
		}
		for want := int64(51); want <= 250; want++ {
			if want == 201 {
				continue // line 2
			}
			if e := <-s.C; e.Seq != want || e.Line != 1 {
				t.Fatalf("event %d of line %d, want %d", e.Seq, e.Line, want)
			}
		}
		synctest.Wait()
		select {
		case e := <-s.C:
			t.Errorf("one event more: %+v", e)
		default:
		}
		s.Close()
		s.Close()
		if _, open := <-s.C; open {
			t.Error("the channel is open after Close")
		}
	})
}

func TestSlowReaderLearnsWhatItMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{Events: 10})
		s := j.Subscribe(Query{Types: []string{"key"}})
		defer s.Close()
		const all = 1000
		for i := range all {
			if j.Event("key", 0, "", nil); i < 500 {
				synctest.Wait() // lets the subscription fill its channel and then fall behind
			}
		}
		var got []Event
		for len(got) == 0 || got[len(got)-1].Seq < all {
			got = append(got, <-s.C)
		}
		drops, next := 0, int64(1)
		for _, e := range got {
			if e.Type == Dropped {
				drops++
				next += e.Data.(event.Dropped).Count
				if e.Seq != next-1 {
					t.Errorf("dropped event has number %d, want %d", e.Seq, next-1)
				}
				continue
			}
			if e.Seq != next {
				t.Fatalf("event %d, want %d", e.Seq, next)
			}
			next++
		}
		if drops != 1 || len(got) < subscriptionBuffer+10 {
			t.Errorf("%d dropped events among %d", drops, len(got))
		}
	})
}

func TestReconnectedReaderLearnsWhatItMissed(t *testing.T) {
	j := New(Config{Events: 10, First: 100})
	for range 20 {
		j.Event("key", 0, "", nil) // 100 to 119, of which 110 to 119 are held
	}
	for since, want := range map[int64]string{90: "109 dropped 19", 105: "109 dropped 4", 109: "110 key 0", 0: "110 key 0", 115: "116 key 0"} {
		s := j.Subscribe(Query{Since: since})
		e := <-s.C
		loss, _ := e.Data.(event.Dropped)
		if got := fmt.Sprint(e.Seq, " ", e.Type, " ", loss.Count); got != want {
			t.Errorf("subscribed since %d: first %s, want %s", since, got, want)
		}
		s.Close()
	}
}

func TestCloseReleasesABlockedSubscription(t *testing.T) {
	j := New(Config{})
	for range 10 * subscriptionBuffer {
		j.Event("key", 0, "", nil)
	}
	j.Subscribe(Query{}).Close() // hangs, and fails by the test's time limit, if it waits for a reader
}

// What a subscription has delivered when it is closed has no hole: events that were overwritten are named before those after them, and none is passed over.
func TestClosedSubscriptionHasNoHole(t *testing.T) {
	j := New(Config{Events: 100})
	for range 300 {
		j.Event("key", 1, "", nil)
	}
	stop := make(chan struct{})
	close(stop)
	some := 0
	for range 200 { // each ends by chance after some events, or before the first
		c := make(chan Event, 64)
		j.reader(150).deliver(Query{}, c, stop)
		close(c)
		want := int64(200)
		for e := range c {
			if e.Seq != want || (e.Type == Dropped) != (e.Seq == 200) {
				t.Fatalf("event %d of type %s, want %d", e.Seq, e.Type, want)
			}
			want++
			some++
		}
	}
	if some == 0 {
		t.Error("none has delivered anything")
	}
}
