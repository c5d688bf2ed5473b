package memnet

import (
	"math/rand/v2"
	"net/netip"
	"sort"
	"time"
)

// Fate is what becomes of a datagram: each filter of the chain may add to it.
type Fate struct {
	Drop  bool
	Delay time.Duration
}

// Filter is one fault. It sees every datagram sent, also those an earlier filter has dropped, and may change the fate.
// Filters run one at a time under the network's lock: they need no lock of their own, and must neither block nor call
// the network.
type Filter func(p Packet, fate *Fate)

// Match chooses datagrams.
type Match func(Packet) bool

// Filter adds a fault at the end of the chain until remove is called.
func (n *Network) Filter(f Filter) (remove func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := &f
	n.filters = append(n.filters, p)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.filters = without(n.filters, p)
	}
}

// Any matches every datagram.
func Any(Packet) bool { return true }

// To matches datagrams towards an address; port 0 means every port of it.
func To(addr netip.AddrPort) Match {
	return func(p Packet) bool { return covers(addr, p.To) }
}

// From matches datagrams from an address; port 0 means every port of it.
func From(addr netip.AddrPort) Match {
	return func(p Packet) bool { return covers(addr, p.From) }
}

// Between matches datagrams of a pair of addresses in both directions; port 0 means every port.
func Between(a, b netip.AddrPort) Match {
	return func(p Packet) bool {
		return covers(a, p.From) && covers(b, p.To) || covers(b, p.From) && covers(a, p.To)
	}
}

// All matches what every part matches.
func All(parts ...Match) Match {
	return func(p Packet) bool {
		for _, m := range parts {
			if !m(p) {
				return false
			}
		}
		return true
	}
}

// DropFirst loses the first n datagrams that match.
func DropFirst(n int, m Match) Filter {
	return func(p Packet, fate *Fate) {
		if n > 0 && m(p) {
			n--
			fate.Drop = true
		}
	}
}

// Lose loses matching datagrams with a probability of 0 to 1. The same seed loses the same ones.
func Lose(probability float64, seed uint64, m Match) Filter {
	dice := rand.New(rand.NewPCG(seed, seed))
	return func(p Packet, fate *Fate) {
		if m(p) && dice.Float64() < probability {
			fate.Drop = true
		}
	}
}

// Late delays matching datagrams by d, in addition to other delays. Datagrams of equal delay keep their order.
func Late(d time.Duration, m Match) Filter {
	return func(p Packet, fate *Fate) {
		if m(p) {
			fate.Delay += d
		}
	}
}

// Jitter delays matching datagrams by a seeded duration from 0 up to, not including, limit; they may overtake each other.
func Jitter(limit time.Duration, seed uint64, m Match) Filter {
	dice := rand.New(rand.NewPCG(seed, seed))
	return func(p Packet, fate *Fate) {
		if limit > 0 && m(p) {
			fate.Delay += time.Duration(dice.Int64N(int64(limit)))
		}
	}
}

// Cut loses every matching datagram: Cut(Between(a, b)) separates a pair of addresses.
func Cut(m Match) Filter {
	return func(p Packet, fate *Fate) {
		if m(p) {
			fate.Drop = true
		}
	}
}

func covers(wanted, addr netip.AddrPort) bool {
	wanted = plain(wanted)
	return wanted.Addr() == addr.Addr() && (wanted.Port() == 0 || wanted.Port() == addr.Port())
}

// flying holds the delayed datagrams, the next to land first.
type flying []flight

type flight struct {
	due    time.Time
	from   *conn
	packet Packet
}

func (f *flying) add(next flight) {
	at := sort.Search(len(*f), func(i int) bool { return (*f)[i].due.After(next.due) })
	*f = append(*f, flight{})
	copy((*f)[at+1:], (*f)[at:])
	(*f)[at] = next
}

func (f *flying) take(now time.Time) []flight {
	due := sort.Search(len(*f), func(i int) bool { return (*f)[i].due.After(now) })
	landed := append([]flight(nil), (*f)[:due]...)
	*f = append(flying(nil), (*f)[due:]...)
	return landed
}
