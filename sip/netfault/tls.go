package netfault

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"time"
)

// certificate reads why the server's certificate was not accepted.
func certificate(err error) (Fault, bool) {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		roots     x509.SystemRootsError
		any       *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &name):
		return Fault{CertificateName, nameDetail(name)}, true
	case errors.As(err, &invalid):
		return invalidFault(invalid), true
	case errors.As(err, &authority):
		detail := "certificate signed by unknown authority"
		if authority.Cert != nil {
			detail += fmt.Sprintf(": %s, issued by %s", subject(authority.Cert), issuer(authority.Cert))
		}
		return Fault{UnknownAuthority, detail}, true
	case errors.As(err, &roots):
		return Fault{UnknownAuthority, "this computer has no trusted certificates, and tls_ca_file is not set"}, true
	case errors.As(err, &any):
		return Fault{CertificateInvalid, strings.TrimPrefix(any.Err.Error(), "x509: ")}, true
	}
	return Fault{}, false
}

func nameDetail(e x509.HostnameError) string {
	wanted := e.Host
	names := certificateNames(e.Certificate)
	if names == "" {
		return "the certificate has no name, wanted " + wanted
	}
	return "the certificate is for " + names + ", wanted " + wanted
}

// certificateNames are the names that a certificate is for; of one without subject alternative names the common name, which counts no more.
func certificateNames(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	if len(names) == 0 && c.Subject.CommonName != "" {
		return c.Subject.CommonName + " (common name only, which is not used)"
	}
	const most = 4
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

const dateFormat = "2006-01-02 15:04:05 UTC"

func invalidFault(e x509.CertificateInvalidError) Fault {
	if e.Reason == x509.Expired && e.Cert != nil {
		if now := time.Now(); now.Before(e.Cert.NotBefore) {
			return Fault{CertificateEarly, fmt.Sprintf("%s is valid from %s on; the clock of the phone says %s", subject(e.Cert),
				e.Cert.NotBefore.UTC().Format(dateFormat), now.UTC().Format(dateFormat))}
		}
		return Fault{CertificateExpired, fmt.Sprintf("%s expired on %s", subject(e.Cert), e.Cert.NotAfter.UTC().Format(dateFormat))}
	}
	return Fault{CertificateInvalid, strings.TrimPrefix(e.Error(), "x509: ")}
}

func subject(c *x509.Certificate) string {
	if name := c.Subject.String(); name != "" {
		return name
	}
	return "the certificate"
}

func issuer(c *x509.Certificate) string {
	switch name := c.Issuer.String(); {
	case slices.Equal(c.RawIssuer, c.RawSubject):
		return "itself"
	case name != "":
		return name
	}
	return "an authority without a name"
}

// handshake reads why the TLS handshake, or the connection after it, ended.
func handshake(err error) (Fault, bool) {
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return Fault{NotTLS, "the server does not speak TLS at this port"}, true
	}
	if number, remote, ok := alert(err); ok {
		return alertFault(number, remote), true
	}
	text := err.Error()
	at := strings.LastIndex(text, "tls: ")
	if at < 0 {
		return Fault{}, false
	}
	text = text[at+len("tls: "):]
	for _, k := range localTexts {
		if strings.Contains(text, k.text) {
			return Fault{k.reason, text}, true
		}
	}
	return Fault{TLSProtocol, text}, true
}

// localTexts are the errors of crypto/tls that have no type.
var localTexts = []struct {
	text   string
	reason Reason
}{
	{"version", TLSVersion}, {"cipher suite", TLSCipher}, {"unsupported curve", TLSCipher}, {"unsupported group", TLSCipher}, {"signature algorithm", TLSCipher},
	{"first record does not look like a TLS handshake", NotTLS}, {"parse certificate", CertificateInvalid}, {"server's certificate", CertificateInvalid},
}

// alert returns the number of a TLS alert (RFC 8446 6). crypto/tls has it as a type of kind uint8 that is not exported, within a net.OpError
// that says who sent it.
func alert(err error) (number uint8, remote, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Err == nil || op.Op != "remote error" && op.Op != "local error" {
		return 0, false, false
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return uint8(v.Uint()), op.Op == "remote error", true
	}
	return 0, false, false
}

// alerts are the names of RFC 8446 6 and RFC 5246 7.2.
var alerts = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure",
	41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
	47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
	71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
	110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response", 115: "unknown_psk_identity",
	116: "certificate_required", 120: "no_application_protocol", 121: "ech_required",
}

func alertFault(number uint8, remote bool) Fault {
	name := alerts[number]
	if name == "" {
		name = "of an unknown kind"
	}
	by := "the server sent"
	if !remote {
		by = "the phone sent"
	}
	f := Fault{TLSAlert, fmt.Sprintf("%s the TLS alert %s (%d)", by, name, number)}
	switch number {
	case 0:
		f.Reason = Closed
	case 40, 71:
		f.Reason = TLSCipher
	case 41, 42, 43, 44, 45, 46, 48, 116:
		if remote { // it is about the certificate of the phone
			f.Reason = ClientCertificate
		}
	case 70, 86:
		f.Reason = TLSVersion
	default:
		if !remote {
			f.Reason = TLSProtocol
		}
	}
	return f
}

// Handshake classifies the error of a TLS handshake: a connection that ends within it has the detail for that.
func Handshake(err error) Fault {
	f := Of(err)
	switch {
	case f.Reason == Closed && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		f.Detail = "the server closed the connection during the TLS handshake"
	case f.Reason == Reset:
		f.Detail = "the server reset the connection during the TLS handshake"
	case f.Reason == Timeout:
		f.Detail = "the TLS handshake was not finished in time"
	}
	return f
}
