// Package limit bounds what clients of the web server can take: connections, places of streams, login attempts, and the time that
// password hashes cost. It knows nothing of HTTP.
package limit

import "net/netip"

// Network returns what clients are counted by: an IPv4 address, or the /64 of an IPv6 address, since one host has a /64 as a rule.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
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
