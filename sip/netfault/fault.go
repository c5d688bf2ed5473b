// Package netfault names what went wrong below SIP: in DNS, TCP and TLS, and what ICMP reports.
//
// A Reason is one word of a closed list, which programs compare and the pages translate. Beside it stands a detail in English: the names in a
// certificate, a date, an address. Neither holds a secret.
package netfault

// Reason is why a request could not be sent, or why its connection failed.
type Reason string

// The reasons of TLS (FO-09, UX-05).
const (
	UnknownAuthority   Reason = "unknown_authority"         // the certificate is signed by no authority that is trusted
	CertificateExpired Reason = "certificate_expired"       // the certificate is not valid any more
	CertificateEarly   Reason = "certificate_not_yet_valid" // the certificate is valid from a later time on
	CertificateName    Reason = "certificate_name"          // the certificate is for another name
	CertificateInvalid Reason = "certificate_invalid"       // anything else about the certificate or its chain
	ClientCertificate  Reason = "client_certificate"        // the server wants a certificate of the phone, or does not accept it
	TLSVersion         Reason = "tls_version"               // no version of TLS in common
	TLSCipher          Reason = "tls_cipher"                // no cipher suite, group or signature algorithm in common
	TLSAlert           Reason = "tls_alert"                 // the server ended the handshake with another alert
	TLSProtocol        Reason = "tls_protocol"              // the server sent what TLS does not allow at this place
	NotTLS             Reason = "not_tls"                   // the server does not speak TLS at this port
	CAFile             Reason = "ca_file"                   // the file that tls_ca_file names cannot be used
)

// The reasons of TCP and IP.
const (
	Refused      Reason = "connection_refused" // nothing listens at the port: the host answered with a reset
	Reset        Reason = "connection_reset"   // the other side reset the connection
	Closed       Reason = "connection_closed"  // the other side closed the connection
	Timeout      Reason = "connect_timeout"    // no connection was made in time
	NoRoute      Reason = "no_route"           // the network or the host cannot be reached
	NotReading   Reason = "not_reading"        // the other side does not take what is sent
	Unframed     Reason = "unframed"           // what arrived on the connection cannot be divided into messages
	NotPermitted Reason = "not_permitted"      // this computer does not allow it: a packet filter, or missing rights
	NoResources  Reason = "no_resources"       // this computer has no port, memory or file descriptor left
	NoInterface  Reason = "no_interface"       // the local address is not, or not any more, an address of this computer
)

// The reasons of DNS (FO-63, FO-65).
const (
	NameUnknown   Reason = "name_unknown"    // DNS has no such name, or no address for it
	DNSTimeout    Reason = "dns_timeout"     // no answer from the DNS server
	DNSFailure    Reason = "dns_failure"     // the DNS server answered with a failure: SERVFAIL, REFUSED
	NoAddress     Reason = "no_address"      // the addresses are of an IP version that the line does not use
	SRVNotOffered Reason = "srv_not_offered" // the SRV records say that the service is not offered
)

// The reasons of ICMP (FO-05).
const (
	PortUnreachable     Reason = "port_unreachable"
	HostUnreachable     Reason = "host_unreachable"
	NetworkUnreachable  Reason = "network_unreachable"
	ProtocolUnreachable Reason = "protocol_unreachable"
	AdminProhibited     Reason = "admin_prohibited"
	ICMPError           Reason = "icmp_error" // any other
)

// Other is a failure without a word; its detail says all that is known.
const Other Reason = "other"

// Reasons are all of them.
var Reasons = []Reason{
	UnknownAuthority, CertificateExpired, CertificateEarly, CertificateName, CertificateInvalid, ClientCertificate, TLSVersion, TLSCipher, TLSAlert, TLSProtocol, NotTLS, CAFile,
	Refused, Reset, Closed, Timeout, NoRoute, NotReading, Unframed, NotPermitted, NoResources, NoInterface,
	NameUnknown, DNSTimeout, DNSFailure, NoAddress, SRVNotOffered,
	PortUnreachable, HostUnreachable, NetworkUnreachable, ProtocolUnreachable, AdminProhibited, ICMPError,
	Other,
}

// Fault is a reason with its detail.
type Fault struct {
	Reason Reason
	Detail string
}

// Error makes a Fault an error, so that code that knows the reason can return it.
func (f Fault) Error() string {
	if f.Detail == "" {
		return string(f.Reason)
	}
	return f.Detail
}
