package line

import (
	"cmp"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Server is what the settings say of one slot.
type Server struct {
	Addr      string // IP address or domain name, empty: not configured
	Port      int
	TTL       int       // seconds
	Transport Transport // to the next hop: the server itself, or its outbound proxy
	Proxy     Proxy
}

// Proxy is the outbound proxy of a server: everything for the server goes to this address, with the Request-URI, From and To that it would have
// without (OP-01). Without an address there is none.
type Proxy struct {
	Addr string
	Port int
}

// Hop is where requests for a server go: an address that may be a name, a port that may be left to SRV, a transport.
type Hop struct {
	Addr      string
	Port      int
	Transport Transport
}

// Hop returns the next hop to the server.
func (v Server) Hop() Hop {
	if v.Proxy.Addr != "" {
		return Hop{v.Proxy.Addr, v.Proxy.Port, v.Transport}
	}
	return Hop{v.Addr, v.Port, v.Transport}
}

// String returns the server as pages and events show it.
func (v Server) String() string { return withPort(v.Addr, v.Port) }

// String returns the proxy as pages and events show it, nothing where there is none.
func (p Proxy) String() string { return withPort(p.Addr, p.Port) }

func withPort(addr string, port int) string {
	switch {
	case addr == "":
		return ""
	case port == 0: // left to SRV
		return addr
	}
	return net.JoinHostPort(addr, strconv.Itoa(port))
}

// Server returns the settings of one slot. Without an address the backup is the primary's server through the backup's outbound proxy, by the
// backup's transport and for the backup's registration interval (OP-02).
func (s Settings) Server(slot Slot) Server {
	switch slot {
	case Primary:
		return Server{s.RegisterAddr, s.RegisterPort, s.RegisterTTL, s.Transport, proxyOf(s.OutboundProxyAddr, s.OutboundProxyPort)}
	case Backup:
		v := Server{s.BackupAddr, s.BackupPort, s.BackupTTL, s.BackupTransport, proxyOf(s.BackupOutboundProxyAddr, s.BackupOutboundProxyPort)}
		if v.Addr == "" && v.Proxy.Addr != "" {
			v.Addr, v.Port = s.RegisterAddr, s.RegisterPort
		}
		return v
	}
	return Server{}
}

func proxyOf(addr string, port int) Proxy {
	if addr == "" {
		return Proxy{}
	}
	return Proxy{addr, port}
}

// Slots returns the configured servers in the order in which they are tried. A backup for which the same would be sent to the same place as
// for the primary is no second server (FO-03, FO-60, FO-61).
func (s Settings) Slots() []Slot {
	var slots []Slot
	for _, slot := range []Slot{Primary, Backup} {
		if s.has(slot) {
			slots = append(slots, slot)
		}
	}
	return slots
}

func (s Settings) has(slot Slot) bool {
	switch slot {
	case Primary:
		return s.RegisterAddr != ""
	case Backup:
		return s.Server(Backup).Addr != "" && (s.RegisterAddr == "" || !s.sameServer())
	}
	return false
}

// sameServer reports whether the requests for both slots are the same: they go to one next hop, and name one server. Two servers behind one
// outbound proxy are two, unless the line has a domain, which is the only name in requests then (FO-15, OP-03).
func (s Settings) sameServer() bool {
	p, b := s.Server(Primary), s.Server(Backup)
	return p.Hop().same(b.Hop()) && (s.Domain != "" || sameHost(p.Addr, b.Addr) && p.Port == b.Port)
}

// same reports whether two hops are one.
func (h Hop) same(other Hop) bool {
	return sameHost(h.Addr, other.Addr) && h.Port == other.Port && h.Transport == other.Transport
}

// sameHost compares addresses in whatever way they are written. Two names of one address are told apart only by resolving them.
func sameHost(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX == nil && errY == nil {
		return x.Unmap() == y.Unmap()
	}
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// ProxyLogin returns the user name and the password for what an outbound proxy itself asks for. Without a password in the settings there are none:
// a proxy is given those of the line then (OP-08).
func (s Settings) ProxyLogin() (user, password string) {
	if s.OutboundProxyPassword == "" {
		return "", ""
	}
	return cmp.Or(s.OutboundProxyUser, s.AuthName()), s.OutboundProxyPassword
}

// needsRegistration reports whether calls go to a slot only after a REGISTER there has been accepted (OP-09).
func (s Settings) needsRegistration(slot Slot) bool {
	switch slot {
	case Primary:
		return s.OutboundProxyAddr != "" && s.OutboundProxyNeedReg
	case Backup:
		return s.BackupOutboundProxyAddr != "" && s.BackupOutboundProxyNeedReg
	}
	return false
}

// RegistersFirst reports whether a call that the primary does not take waits for a REGISTER to the backup (FO-24).
func (s Settings) RegistersFirst() bool { return s.InviteRegisters || s.needsRegistration(Backup) }

// checkPorts finds ports that are left to DNS SRV while that is off. Behind an outbound proxy the port of a server only stands in URIs, where
// none is fine.
func (s Settings) checkPorts() []error {
	var errs []error
	for _, p := range []struct {
		name string
		port int
		used bool
	}{
		{"register_port", s.RegisterPort, s.OutboundProxyAddr == ""},
		{"backup_port", s.BackupPort, s.BackupOutboundProxyAddr == ""},
		{"outbound_proxy_port", s.OutboundProxyPort, s.OutboundProxyAddr != ""},
		{"backup_outbound_proxy_port", s.BackupOutboundProxyPort, s.BackupOutboundProxyAddr != ""},
	} {
		if p.used && p.port == 0 && !s.DNSSRV {
			errs = append(errs, &FieldError{p.name, "must be a whole number from 1 to 65535; 0 leaves it to DNS SRV, which is off", 0})
		}
	}
	return errs
}

// checkProxies finds outbound proxies of an activated line that lead to no server. Files of phones carry them in lines that are not used.
func (s Settings) checkProxies() []error {
	var errs []error
	if !s.Enabled {
		return nil
	}
	if s.OutboundProxyAddr != "" && s.RegisterAddr == "" {
		errs = append(errs, &FieldError{"outbound_proxy_addr", "leads to no server: register_addr is empty", s.OutboundProxyAddr})
	}
	if s.BackupOutboundProxyAddr != "" && s.Server(Backup).Addr == "" {
		errs = append(errs, &FieldError{"backup_outbound_proxy_addr", "leads to no server: register_addr and backup_addr are empty", s.BackupOutboundProxyAddr})
	}
	return errs
}
