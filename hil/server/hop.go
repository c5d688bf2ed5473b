package server

import (
	"net"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Transports, as a Via and Message.Transport name them.
const (
	overUDP = "UDP"
	overTCP = "TCP"
	overTLS = "TLS"
)

// hop is the other end of a message: an address and how it is reached. Over TCP and TLS it names a connection.
type hop struct {
	transport string
	at        netip.AddrPort
}

func udp(at netip.AddrPort) hop { return hop{overUDP, at} }

// origin is where a received message came from.
func origin(msg sip.Message) hop {
	from, _ := netip.ParseAddrPort(msg.Source())
	return hop{msg.Transport(), from}
}

// transportOf is the transport a URI asks for, "" when it leaves that open (RFC 3261 19.1.1).
func transportOf(uri sip.Uri) string {
	if strings.EqualFold(uri.Scheme, "sips") {
		return overTLS
	}
	return strings.ToUpper(uri.UriParams.GetOr("transport", ""))
}

// hopOf is where a URI with a numeric host leads; fallback is the transport of a URI that names none.
func hopOf(uri sip.Uri, fallback string) (hop, bool) {
	transport := transportOf(uri)
	if transport == "" {
		transport = fallback
	}
	if uri.Port == 0 && transport == overTLS {
		uri.Port = 5061 // RFC 3261 19.1.2
	}
	at, ok := address(uri)
	return hop{transport, at}, ok
}

// addrPort reads an address as the net package gives it.
func addrPort(addr net.Addr) (netip.AddrPort, error) {
	at, err := netip.ParseAddrPort(addr.String())
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), err
}
