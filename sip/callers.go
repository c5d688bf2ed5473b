package sip

import (
	"net/netip"
	"sync"
	"time"
)

// Connections that others have made to a line's TCP port at a time (SE-07). Those of the line's servers are counted apart, so that others cannot
// shut them out.
const (
	maxPerServer  = 32
	maxPerAddress = 8 // an IPv6 network of 64 bits counts as one address
	maxStrangers  = 48
)

// How long a connection of somebody who is none of the line's servers may take for its first message, and for each one after it.
const (
	strangerFirst = 10 * time.Second
	strangerNext  = 3 * time.Minute
)

// callers counts connections. It may be used from any goroutine.
type callers struct {
	mu        sync.Mutex
	of        map[netip.Prefix]int
	strangers int
}

// enter counts a connection, unless there are too many; leave takes it off the count.
func (c *callers) enter(from netip.Addr, server bool) (leave func(), ok bool) {
	bits := from.BitLen()
	if from.Is6() && !server {
		bits = 64
	}
	key := netip.PrefixFrom(from.WithZone(""), bits).Masked()
	limit := maxPerAddress
	if server {
		limit = maxPerServer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[key] >= limit || !server && c.strangers >= maxStrangers {
		return nil, false
	}
	if c.of == nil {
		c.of = make(map[netip.Prefix]int)
	}
	c.of[key]++
	if !server {
		c.strangers++
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.of[key]--; c.of[key] == 0 {
			delete(c.of, key)
		}
		if !server {
			c.strangers--
		}
	}, true
}
