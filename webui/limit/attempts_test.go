package limit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func failOnce(t *testing.T, a *Attempts, keys ...Key) {
	t.Helper()
	attempt, wait := a.Begin(keys...)
	if wait != 0 {
		t.Fatalf("%v has to wait for %v", keys, wait)
	}
	attempt.Fail()
}

// SE-06: five failures within a quarter of an hour, then none until the first of them is over.
func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, key, other := NewAttempts(), Key{Account, "admin"}, Key{Address, "192.0.2.1/32"}
		for i := range MaxAttempts {
			attempt, wait := a.Begin(key, other)
			if wait != 0 {
				t.Fatalf("attempt %d waits for %v", i, wait)
			}
			if left := attempt.Fail(); left != MaxAttempts-1-i {
				t.Errorf("%d left after %d", left, i+1)
			}
			time.Sleep(time.Minute)
		}
		want := AttemptsWindow - MaxAttempts*time.Minute
		for _, k := range []Key{key, other} {
			if _, wait := a.Begin(k); wait != want || a.Failed(k) != MaxAttempts {
				t.Errorf("%v: %v, want %v", k, wait, want)
			}
		}
		if _, wait := a.Begin(Key{Address, "192.0.2.2/32"}, Key{Device, "admin"}); wait != 0 {
			t.Errorf("others wait for %v", wait)
		}
		time.Sleep(want)
		attempt, wait := a.Begin(key)
		if wait != 0 {
			t.Fatalf("after that: %v", wait)
		}
		attempt.Succeed()
		if a.Failed(key) != 0 || a.Failed(other) != MaxAttempts-1 {
			t.Errorf("%d and %d count after a success of one", a.Failed(key), a.Failed(other))
		}
	})
}

// SE-06: attempts at the same time are no more than attempts one after the other.
func TestAttemptsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, key := NewAttempts(), Key{Account, "admin"}
		var open []*Attempt
		for range MaxAttempts {
			attempt, wait := a.Begin(key)
			if wait != 0 {
				t.Fatal(wait)
			}
			open = append(open, attempt)
		}
		if _, wait := a.Begin(key); wait != busyWait {
			t.Errorf("one too many waits for %v", wait)
		}
		open[0].Cancel()
		again, wait := a.Begin(key)
		if wait != 0 {
			t.Errorf("after one was given up: %v", wait)
		}
		for _, attempt := range append(open[1:], again) {
			attempt.Fail()
		}
		if _, wait := a.Begin(key); wait != AttemptsWindow {
			t.Errorf("after %d failures: %v", MaxAttempts, wait)
		}
	})
}

// SE-06: made-up addresses neither fill the memory nor set free an account or an address that is locked.
func TestAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAttempts()
		locked := []Key{{Account, "admin"}, {Address, "192.0.2.1/32"}, {Device, "admin browser"}}
		for range MaxAttempts {
			failOnce(t, a, locked...)
		}
		for i := range 4 * maxCounters {
			for _, kind := range []Kind{Address, Device, Code} {
				failOnce(t, a, Key{kind, fmt.Sprint(i)})
			}
		}
		for _, k := range locked {
			if _, wait := a.Begin(k); wait == 0 {
				t.Errorf("%v is free", k)
			}
		}
		for kind, counters := range a.counters {
			if len(counters) > maxCounters {
				t.Errorf("%d counters of kind %s", len(counters), kind)
			}
		}
		time.Sleep(AttemptsWindow)
		failOnce(t, a, Key{Address, "last"})
		if n := len(a.counters[Address]); n != 1 {
			t.Errorf("%d counters are left when their time is over", n)
		}
	})
}
