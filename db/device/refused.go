package device

import (
	"net"
	"net/netip"
)

// Networks that are nobody's business of a phone's, by the words for them.
var refusedNetworks = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "the unspecified address"},
	{netip.MustParsePrefix("::/128"), "the unspecified address"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local addresses"}, // the metadata of clouds at 169.254.169.254 among them
	{netip.MustParsePrefix("fe80::/10"), "link-local addresses"},
	{netip.MustParsePrefix("fec0::/10"), "site-local addresses"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "metadata addresses"},
	{netip.MustParsePrefix("fd20:ce::/32"), "metadata addresses"},
	{netip.MustParsePrefix("100.100.100.200/32"), "metadata addresses"},
	{netip.MustParsePrefix("168.63.129.16/32"), "metadata addresses"},
	{netip.MustParsePrefix("192.0.0.192/32"), "metadata addresses"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast addresses"},
	{netip.MustParsePrefix("ff00::/8"), "multicast addresses"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved and broadcast addresses"},
}

// Refused says in words why the phone does not call an address that its settings lead to, or nothing where it does. IPv4 addresses in any
// IPv6 form count as what they are. Loopback, and what counts as loopback, the addresses of this computer's interfaces (SE-13), is
// called only by a phone with a lab.
func Refused(a netip.Addr, lab bool) string {
	return refused(a, lab, net.InterfaceAddrs)
}

// refused is Refused on a computer with these addresses. Where they cannot be listed, the caller has to see whether a connection has
// left the computer.
func refused(a netip.Addr, lab bool, interfaces func() ([]net.Addr, error)) string {
	if !a.IsValid() {
		return "what is no address"
	}
	a = bare(a)
	for _, n := range refusedNetworks {
		if n.prefix.Contains(a) {
			return n.what
		}
	}
	if lab {
		return ""
	}
	if a.IsLoopback() {
		return "loopback addresses, this machine's own"
	}
	own, err := interfaces()
	if err != nil {
		return ""
	}
	for _, i := range own {
		if n, ok := i.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok && addr.Unmap() == a {
				return "this machine's own addresses"
			}
		}
	}
	return ""
}

// bare takes an IPv4 address out of the IPv6 forms that networks turn into it: mapped, compatible, NAT64 (RFC 6052, RFC 8215), 6to4.
func bare(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() || a == netip.IPv6Loopback() || a.IsUnspecified() {
		return a
	}
	b := a.As16()
	four := func(i int) netip.Addr { return netip.AddrFrom4([4]byte(b[i : i+4])) }
	switch {
	case compatible.Contains(a), nat64.Contains(a), nat64Local.Contains(a):
		return four(12)
	case sixToFour.Contains(a):
		return four(2)
	}
	return a
}

var (
	compatible = netip.MustParsePrefix("::/96")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour  = netip.MustParsePrefix("2002::/16")
)
