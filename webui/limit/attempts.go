package limit

import (
	"sync"
	"time"
)

// How many attempts may fail within a window of time.
const (
	MaxAttempts    = 5
	AttemptsWindow = 15 * time.Minute

	// busyWait is how long a client is to wait while as many attempts are under way as may still fail.
	busyWait = time.Second

	// maxCounters bounds the counters of a kind whose keys strangers can make up.
	maxCounters = 1024
)

// Kind is what failed attempts are counted by.
type Kind string

// The kinds.
const (
	// Account is an account that exists. There are only a few, so their counters are never removed before their time.
	Account Kind = "account"
	Address Kind = "address" // of any client
	Device  Kind = "device"  // a client that has logged in before
	Code    Kind = "code"    // an address that tries the code of the first run
)

// Key names a counter.
type Key struct {
	Kind Kind
	Name string
}

// Attempts counts failed attempts, as of logins.
type Attempts struct {
	mu       sync.Mutex
	counters map[Kind]map[string]*counter
}

// counter is what is known of one key.
type counter struct {
	failed []time.Time // the last MaxAttempts, oldest first
	open   int         // attempts under way: they may all fail
}

// NewAttempts makes a set of counters at zero.
func NewAttempts() *Attempts { return &Attempts{counters: map[Kind]map[string]*counter{}} }

// Attempt is an attempt under way. One of Fail, Succeed and Cancel ends it.
type Attempt struct {
	of   *Attempts
	keys []Key
}

// Begin begins an attempt that counts for all of the keys, or returns how long to wait before the next. Attempts under way count
// as if they had failed: many at once are no more than MaxAttempts.
func (a *Attempts) Begin(keys ...Key) (*Attempt, time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, wait := time.Now(), time.Duration(0)
	for _, k := range keys {
		c := a.counters[k.Kind][k.Name]
		if c == nil {
			continue
		}
		c.expire(now)
		switch {
		case len(c.failed) >= MaxAttempts:
			wait = max(wait, AttemptsWindow-now.Sub(c.failed[len(c.failed)-MaxAttempts]))
		case len(c.failed)+c.open >= MaxAttempts:
			wait = max(wait, busyWait)
		}
	}
	if wait > 0 {
		return nil, wait
	}
	for _, k := range keys {
		a.counter(k, now).open++
	}
	return &Attempt{a, keys}, 0
}

// Failed returns how many attempts of a key have failed within the window.
func (a *Attempts) Failed(k Key) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.counters[k.Kind][k.Name]
	if c == nil {
		return 0
	}
	c.expire(time.Now())
	return len(c.failed)
}

// Fail ends the attempt as a failed one, and returns how many more may fail: the fewest of all keys.
func (t *Attempt) Fail() (left int) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	now, left := time.Now(), MaxAttempts
	for _, k := range t.keys {
		c := t.of.counter(k, now)
		c.open--
		c.expire(now)
		c.failed = append(c.failed, now)
		c.failed = c.failed[max(0, len(c.failed)-MaxAttempts):]
		left = min(left, MaxAttempts-len(c.failed))
	}
	return left
}

// Succeed ends the attempt as a successful one: the earlier failures of its keys no longer count.
func (t *Attempt) Succeed() {
	t.end(func(c *counter) { c.failed = nil })
}

// Cancel ends an attempt of which nothing came.
func (t *Attempt) Cancel() { t.end(func(*counter) {}) }

func (t *Attempt) end(then func(*counter)) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	for _, k := range t.keys {
		c := t.of.counters[k.Kind][k.Name]
		c.open--
		then(c)
		if c.open == 0 && len(c.failed) == 0 {
			delete(t.of.counters[k.Kind], k.Name)
		}
	}
}

// counter returns the counter of a key and makes it where there is none.
func (a *Attempts) counter(k Key, now time.Time) *counter {
	kind := a.counters[k.Kind]
	if kind == nil {
		kind = map[string]*counter{}
		a.counters[k.Kind] = kind
	}
	c := kind[k.Name]
	if c == nil {
		if k.Kind != Account && len(kind) >= maxCounters {
			makeRoom(kind, now)
		}
		c = &counter{}
		kind[k.Name] = c
	}
	return c
}

// makeRoom removes the counters whose time is over or, where there are none, the one with the fewest failures, the oldest of those:
// a key that is locked stays so. A counter with an attempt under way stays.
func makeRoom(kind map[string]*counter, now time.Time) {
	var least string
	var fewest *counter
	for name, c := range kind {
		c.expire(now)
		switch {
		case c.open > 0:
		case len(c.failed) == 0:
			delete(kind, name)
		case fewest == nil || len(c.failed) < len(fewest.failed) || len(c.failed) == len(fewest.failed) && c.last().Before(fewest.last()):
			least, fewest = name, c
		}
	}
	if len(kind) >= maxCounters && fewest != nil {
		delete(kind, least)
	}
}

func (c *counter) last() time.Time { return c.failed[len(c.failed)-1] }

// expire removes the failures that no longer count.
func (c *counter) expire(now time.Time) {
	for len(c.failed) > 0 && now.Sub(c.failed[0]) >= AttemptsWindow {
		c.failed = c.failed[1:]
	}
}
