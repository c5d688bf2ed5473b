package limit

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"
)

// SE-06: five failures within a quarter of an hour; written by hand.
const (
	attempts = 5
	window   = 15 * time.Minute
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
		for i := range attempts {
			attempt, wait := a.Begin(key, other)
			if wait != 0 {
				t.Fatalf("attempt %d waits for %v", i, wait)
			}
			if left := attempt.Fail(); left != attempts-1-i {
				t.Errorf("%d left after %d", left, i+1)
			}
			time.Sleep(time.Minute)
		}
		want := window - attempts*time.Minute
		for _, k := range []Key{key, other} {
			if _, wait := a.Begin(k); wait != want || a.Failed(k) != attempts {
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
		if a.Failed(key) != 0 || a.Failed(other) != attempts-1 {
			t.Errorf("%d and %d count after a success of one", a.Failed(key), a.Failed(other))
		}
	})
}

// SE-06: attempts at the same time are no more than attempts one after the other.
func TestAttemptsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, key := NewAttempts(), Key{Account, "admin"}
		var open []*Attempt
		for range attempts {
			attempt, wait := a.Begin(key)
			if wait != 0 {
				t.Fatal(wait)
			}
			open = append(open, attempt)
		}
		if _, wait := a.Begin(key); wait != time.Second {
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
		if _, wait := a.Begin(key); wait != window {
			t.Errorf("after %d failures: %v", attempts, wait)
		}
	})
}

// SE-06: made-up addresses neither fill the memory nor set free an account or an address that is locked.
func TestAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAttempts()
		locked := []Key{{Account, "admin"}, {Address, "192.0.2.1/32"}, {Device, "admin browser"}}
		for range attempts {
			failOnce(t, a, locked...)
		}
		for i := range 4 * 1024 {
			for _, kind := range []Kind{Address, Device, Code} {
				failOnce(t, a, Key{kind, fmt.Sprint(i)})
			}
		}
		for _, k := range locked {
			if _, wait := a.Begin(k); wait == 0 {
				t.Errorf("%v is free", k)
			}
		}
		got := map[Kind]int{}
		for kind, counters := range a.counters {
			got[kind] = len(counters)
		}
		if want := (map[Kind]int{Account: 1, Address: 1024, Device: 1024, Code: 1024}); !maps.Equal(got, want) {
			t.Errorf("%v counters, want %v", got, want)
		}
		time.Sleep(window)
		failOnce(t, a, Key{Address, "last"})
		if n := len(a.counters[Address]); n != 1 {
			t.Errorf("%d counters are left when their time is over", n)
		}
	})
}

// SE-06: where a counter has to make room it is that with the fewest failures, the oldest of those, and no other; one with an attempt under way stays, and so
// do all accounts.
func TestWhichCounterMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAttempts()
		address := func(i int) Key { return Key{Address, fmt.Sprint(i)} }
		if _, wait := a.Begin(address(0)); wait != 0 { // under way, and without a failure so far
			t.Fatal(wait)
		}
		for i := range 1023 {
			failOnce(t, a, address(i+1))
			time.Sleep(time.Millisecond)
		}
		failOnce(t, a, address(1)) // the oldest has two now
		for i := range 1024 {
			want := map[int]int{0: 0, 1: 2}
			if n, ok := want[i]; a.Failed(address(i)) != n && ok || a.Failed(address(i)) != 1 && !ok {
				t.Errorf("of 1024: %d failures of %d", a.Failed(address(i)), i)
			}
		}
		failOnce(t, a, address(1024))
		for i := range 1025 {
			want := 1
			switch i {
			case 0, 2: // under way; gone
				want = 0
			case 1:
				want = 2
			}
			if got := a.Failed(address(i)); got != want {
				t.Errorf("after one more: %d failures of %d, want %d", got, i, want)
			}
		}
		if _, under := a.counters[Address]["0"]; !under || len(a.counters[Address]) != 1024 {
			t.Errorf("the one under way is there: %v, of %d", under, len(a.counters[Address]))
		}
		for i := range 1100 {
			failOnce(t, a, Key{Account, fmt.Sprint(i)})
		}
		if n := len(a.counters[Account]); n != 1100 {
			t.Errorf("%d accounts of 1100 are left", n)
		}
	})
}
