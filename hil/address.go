package hil

import (
	"fmt"
	"net/netip"
)

// Addresses are where a pair of the bench and the phone at the far end are: of one IP version, as the phone at the far end has one address (BE-03).
type Addresses struct {
	Primary, Backup netip.AddrPort
	Peer            netip.Addr
}

// Addresses reads the addresses of a pair. Those that are empty are chosen: near the address of this machine that route gives, or near one that
// is there where that is of another IP version. The error names the fields.
func (s ServersAt) Addresses(route func() (netip.Addr, error)) (a Addresses, err error) {
	s.addressFaults(func(bad bool, field, why string) {
		if bad && err == nil {
			err = fmt.Errorf("%s: %s", field, why)
		}
	})
	if err != nil {
		return a, err
	}
	var given netip.Addr
	for _, f := range s.addressFields() {
		if at, err := f.parse(); err == nil && !given.IsValid() {
			given = at.Addr()
		}
	}
	base, err := route()
	if given.IsValid() && (err != nil || base.Is4() != given.Is4() || unusable(base) != "") {
		base, err = given, nil
	}
	if err != nil {
		return a, err
	}
	if why := unusable(base); why != "" {
		return a, fmt.Errorf("servers.primary.address: is needed, as this machine is %s for the phone, which %s", base, why)
	}
	a.Primary, a.Backup, a.Peer = near(base)
	for _, f := range s.addressFields() {
		if at, err := f.parse(); err == nil {
			f.put(&a, at)
		}
	}
	return a, nil
}

// addressField is a field with the address of a server or of the peer.
type addressField struct {
	name, text string
	noPort     bool
	put        func(*Addresses, netip.AddrPort)
}

func (s ServersAt) addressFields() []addressField {
	fields := []addressField{
		{"servers.primary.address", s.Primary.Address, false, func(a *Addresses, at netip.AddrPort) { a.Primary = at }},
		{"servers.backup.address", s.Backup.Address, false, func(a *Addresses, at netip.AddrPort) { a.Backup = at }},
		{"servers.peer.address", s.Peer.Address, true, func(a *Addresses, at netip.AddrPort) { a.Peer = at.Addr() }},
	}
	if s.Kind == OwnServers {
		fields = append(fields, addressField{"servers.peer.registrar", s.Peer.Registrar, false, func(*Addresses, netip.AddrPort) {}})
	}
	return fields
}

// parse reads the address; that of the peer has no port.
func (f addressField) parse() (netip.AddrPort, error) {
	if f.noPort {
		ip, err := netip.ParseAddr(f.text)
		return netip.AddrPortFrom(ip.Unmap(), 0), err
	}
	at, err := netip.ParseAddrPort(f.text)
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), err
}

// addressFaults refuses addresses that are none, that a phone cannot be given, or that are of two IP versions.
func (s ServersAt) addressFaults(refuse func(bad bool, field, why string)) {
	var first addressField
	var of netip.Addr
	for _, f := range s.addressFields() {
		if f.text == "" {
			continue
		}
		at, err := f.parse()
		if err != nil {
			refuse(true, f.name, f.form())
			continue
		}
		if why := unusable(at.Addr()); why != "" {
			refuse(true, f.name, why)
			continue
		}
		if !of.IsValid() {
			first, of = f, at.Addr()
			continue
		}
		refuse(at.Addr().Is4() != of.Is4(), f.name, fmt.Sprintf("is %s, and %s is %s: the servers and the phone at the far end have one IP version", version(at.Addr()), first.name, version(of)))
	}
}

// form says what an address has to look like. A name is none: it may stand for addresses of both versions.
func (f addressField) form() string {
	if f.noPort {
		return fmt.Sprintf("must be an IP address of this machine, as 127.0.0.14 or ::1, not %q", f.text)
	}
	return fmt.Sprintf("must be ADDR:PORT with an IP address, as 127.0.0.12:5060 or [::1]:5060, not %q", f.text)
}

// unusable says why a phone cannot be given an address, or nothing.
func unusable(a netip.Addr) string {
	switch {
	case a.Is6() && (a.IsLinkLocalUnicast() || a.Zone() != ""):
		return "is of one link alone: it needs a zone, and a SIP message cannot hold one"
	case a.IsUnspecified() || a.IsMulticast():
		return "is not the address of one machine"
	}
	return ""
}

func version(a netip.Addr) string {
	if a.Is4() {
		return "IPv4"
	}
	return "IPv6"
}
