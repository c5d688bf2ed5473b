package netfault

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// UX-05: the closed list of reasons, as REST, events and scenarios write them.
func TestReasonWords(t *testing.T) {
	const want = "unknown_authority certificate_expired certificate_not_yet_valid certificate_name certificate_invalid client_certificate tls_version tls_cipher tls_alert " +
		"tls_protocol not_tls ca_file connection_refused connection_reset connection_closed connect_timeout no_route not_reading unframed not_permitted no_resources " +
		"no_interface name_unknown dns_timeout dns_failure no_address srv_not_offered port_unreachable host_unreachable network_unreachable protocol_unreachable " +
		"admin_prohibited icmp_error other"
	var got []string
	for _, r := range Reasons {
		got = append(got, string(r))
	}
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

// UX-05, FO-05: each ICMP error by type and code has its word and the name of RFC 792, RFC 1122 and RFC 1812.
func TestEveryICMPError(t *testing.T) {
	for _, c := range []struct {
		typ, code int
		reason    Reason
		name      string
	}{
		{3, 0, "network_unreachable", "network unreachable"}, {3, 1, "host_unreachable", "host unreachable"}, {3, 2, "protocol_unreachable", "protocol unreachable"},
		{3, 3, "port_unreachable", "port unreachable"}, {3, 4, "icmp_error", "fragmentation needed"}, {3, 5, "host_unreachable", "source route failed"},
		{3, 6, "network_unreachable", "network unknown"}, {3, 7, "host_unreachable", "host unknown"}, {3, 8, "host_unreachable", "source host isolated"},
		{3, 9, "admin_prohibited", "network administratively prohibited"}, {3, 10, "admin_prohibited", "host administratively prohibited"},
		{3, 11, "network_unreachable", "network unreachable for this type of service"}, {3, 12, "host_unreachable", "host unreachable for this type of service"},
		{3, 13, "admin_prohibited", "communication administratively prohibited"}, {3, 14, "icmp_error", "host precedence violation"}, {3, 15, "icmp_error", "precedence cutoff in effect"},
		{3, 16, "icmp_error", "destination unreachable"}, {3, -1, "icmp_error", "destination unreachable"}, {4, 0, "icmp_error", "source quench"}, {5, 1, "icmp_error", "redirect"},
		{11, 0, "icmp_error", "time to live exceeded"}, {11, 1, "icmp_error", "fragment reassembly time exceeded"}, {11, 2, "icmp_error", "time exceeded"},
		{12, 0, "icmp_error", "parameter problem"}, {12, 2, "icmp_error", "parameter problem"}, {99, 0, "icmp_error", "type 99"},
	} {
		want := Fault{c.reason, fmt.Sprintf("ICMP type %d code %d, %s", c.typ, c.code, c.name)}
		if got := OfICMP(c.typ, c.code); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// UX-05: each TLS alert of RFC 8446 6 and RFC 5246 7.2, sent by the server and by the phone, has its name and its word.
func TestEveryTLSAlert(t *testing.T) {
	named := map[uint8]string{
		0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure",
		41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
		47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
		71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
		110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response", 115: "unknown_psk_identity",
		116: "certificate_required", 120: "no_application_protocol", 121: "ech_required",
	}
	remote := map[uint8]Reason{0: "connection_closed", 40: "tls_cipher", 71: "tls_cipher", 70: "tls_version", 86: "tls_version",
		41: "client_certificate", 42: "client_certificate", 43: "client_certificate", 44: "client_certificate", 45: "client_certificate", 46: "client_certificate",
		48: "client_certificate", 116: "client_certificate"}
	local := map[uint8]Reason{0: "connection_closed", 40: "tls_cipher", 71: "tls_cipher", 70: "tls_version", 86: "tls_version",
		41: "tls_alert", 42: "tls_alert", 43: "tls_alert", 44: "tls_alert", 45: "tls_alert", 46: "tls_alert", 48: "tls_alert", 116: "tls_alert"}
	for n := range 256 {
		number := uint8(n)
		name, from, by := named[number], remote[number], local[number]
		if name == "" {
			name = "of an unknown kind"
		}
		if from == "" {
			from = "tls_alert"
		}
		if by == "" {
			by = "tls_protocol"
		}
		if got, want := alertFault(number, true), (Fault{from, fmt.Sprintf("the server sent the TLS alert %s (%d)", name, n)}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if got, want := alertFault(number, false), (Fault{by, fmt.Sprintf("the phone sent the TLS alert %s (%d)", name, n)}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// UX-05: the names of a certificate in a detail are four at most, and one without a name is called the certificate.
func TestNamesOfCertificates(t *testing.T) {
	for want, names := range map[string][]string{"": nil, "a": {"a"}, "a, b, c, d": {"a", "b", "c", "d"}, "a, b, c, d and 1 more": {"a", "b", "c", "d", "e"}, "a, b, c, d and 2 more": {"a", "b", "c", "d", "e", "f"}} {
		if got := certificateNames(&x509.Certificate{DNSNames: names}); got != want {
			t.Errorf("%v: %q, want %q", names, got, want)
		}
	}
	if got := subject(&x509.Certificate{}); got != "the certificate" {
		t.Errorf("%q", got)
	}
}

// UX-05: errors of the phone's side of TLS, which have no type, by what they say.
func TestLocalTLSErrors(t *testing.T) {
	for text, want := range map[string]Reason{
		"tls: server selected unsupported protocol version 301":                  TLSVersion,
		"tls: server chose an unconfigured cipher suite":                         TLSCipher,
		"tls: server selected unsupported curve":                                 TLSCipher,
		"tls: server selected unsupported group":                                 TLSCipher,
		"tls: certificate used with invalid signature algorithm":                 TLSCipher,
		"tls: first record does not look like a TLS handshake":                   NotTLS,
		"tls: failed to parse certificate from server: x509: malformed":          CertificateInvalid,
		"tls: server's certificate contains an unsupported type of public key":   CertificateInvalid,
		"tls: received unexpected handshake message of type":                     TLSProtocol,
		"read tcp 127.0.0.1:1->127.0.0.2:2: tls: server sent two HelloRetryRequ": TLSProtocol,
	} {
		_, detail, _ := strings.Cut(text, "tls: ")
		if got, ok := handshake(errors.New(text)); !ok || got != (Fault{want, detail}) {
			t.Errorf("%s: %+v, %v, want %s", text, got, ok, want)
		}
	}
	if got, ok := handshake(errors.New("x")); ok {
		t.Errorf("%+v", got)
	}
}
