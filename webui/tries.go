package webui

import (
	"net/netip"
	"sync"
	"time"
)

const (
	maxTries    = 5
	triesWindow = 15 * time.Minute
	maxTried    = 1024 // addresses and accounts remembered
)

// tries counts failed logins per address and per account.
type tries struct {
	mu     sync.Mutex
	failed map[string][]time.Time // the last maxTries, oldest first
}

func newTries() *tries { return &tries{failed: map[string][]time.Time{}} }

// wait returns how long none of the keys may try again; 0: now.
func (t *tries) wait(keys ...string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, longest := time.Now(), time.Duration(0)
	for _, k := range keys {
		if f := t.recent(k, now); len(f) >= maxTries {
			longest = max(longest, triesWindow-now.Sub(f[len(f)-maxTries]))
		}
	}
	return longest
}

// left returns how many tries are left to the key that has failed most.
func (t *tries) left(keys ...string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, left := time.Now(), maxTries
	for _, k := range keys {
		left = min(left, maxTries-len(t.recent(k, now)))
	}
	return left
}

// fail counts a failure for each of the keys.
func (t *tries) fail(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for _, k := range keys {
		f := append(t.recent(k, now), now)
		if len(t.failed) >= maxTried && t.failed[k] == nil {
			t.forget(now)
		}
		t.failed[k] = f[max(0, len(f)-maxTries):]
	}
}

// succeed forgets the failures of the keys.
func (t *tries) succeed(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		delete(t.failed, k)
	}
}

func (t *tries) recent(k string, now time.Time) []time.Time {
	f := t.failed[k]
	for len(f) > 0 && now.Sub(f[0]) >= triesWindow {
		f = f[1:]
	}
	return f
}

// forget makes room: those whose time is over go, and if there are none the one that failed longest ago.
func (t *tries) forget(now time.Time) {
	var oldest string
	var oldestAt time.Time
	for k, f := range t.failed {
		last := f[len(f)-1]
		if now.Sub(last) >= triesWindow {
			delete(t.failed, k)
		} else if oldest == "" || last.Before(oldestAt) {
			oldest, oldestAt = k, last
		}
	}
	if len(t.failed) >= maxTried {
		delete(t.failed, oldest)
	}
}

// addressKey is the key of an address. Whoever has one IPv6 address has the /64 around it.
func addressKey(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "from " + ip
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		p, _ := a.Prefix(64) // 64 fits every IPv6 address
		return "from " + p.String()
	}
	return "from " + a.String()
}

func accountKey(account string) string { return "account " + account[:min(len(account), 64)] }
