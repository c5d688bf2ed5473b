// Package limit bounds what clients of the web server can take: connections, places of streams, login attempts, and the time that
// password hashes cost. It knows nothing of HTTP.
package limit

import "net/netip"

// loopback stands for all loopback addresses: they are one machine.
var loopback = netip.MustParsePrefix("127.0.0.0/8")

// Network returns what clients are counted by: an IPv4 address, the /64 of an IPv6 address, since one host has a /64 as a rule, and
// all loopback addresses as one.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	if a.IsLoopback() {
		return loopback
	}
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the bits fit; an invalid address gives the zero Prefix
	return p
}

// NetworkOf is Network of an address in text form. All texts that are no address share the zero Prefix.
func NetworkOf(address string) netip.Prefix {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	return Network(a)
}
