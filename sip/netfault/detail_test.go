package netfault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// UX-05: what is said of a certificate, word for word: its dates, its names, who issued it.
func TestCertificateWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where it is the beginning of 2000
		at := func(year int) time.Time { return time.Date(year, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600)) }
		dated := x509.Certificate{Subject: pkix.Name{CommonName: "sip.example"}, NotBefore: at(1998), NotAfter: at(1999)}
		early := x509.Certificate{NotBefore: at(2001), NotAfter: at(2002)}
		odd := x509.Certificate{Subject: pkix.Name{CommonName: "sip.example"}, RawSubject: []byte{1}}
		named := x509.Certificate{Subject: pkix.Name{CommonName: "sip.example"}, RawSubject: []byte{1}, Issuer: pkix.Name{CommonName: "Lab CA"}}
		web := x509.Certificate{URIs: []*url.URL{{Scheme: "sip", Opaque: "example"}}, IPAddresses: []net.IP{{192, 0, 2, 1}}}
		for _, c := range []struct {
			err    error
			reason Reason
			detail string
		}{
			{x509.CertificateInvalidError{Cert: &dated, Reason: x509.Expired}, CertificateExpired, "CN=sip.example expired on 1999-02-03 03:05:06 UTC"},
			{x509.CertificateInvalidError{Cert: &early, Reason: x509.Expired}, CertificateEarly,
				"the certificate is valid from 2001-02-03 03:05:06 UTC on; the clock of the phone says 2000-01-01 00:00:00 UTC"},
			{x509.CertificateInvalidError{Reason: x509.Expired}, CertificateInvalid, "certificate has expired or is not yet valid: "},
			{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "sip.example"}, CertificateName, "the certificate has no name, wanted sip.example"},
			{x509.HostnameError{Certificate: &web, Host: "sip.example"}, CertificateName, "the certificate is for 192.0.2.1, sip:example, wanted sip.example"},
			{x509.UnknownAuthorityError{Cert: &odd}, UnknownAuthority, "certificate signed by unknown authority: CN=sip.example, issued by an authority without a name"},
			{x509.UnknownAuthorityError{Cert: &named}, UnknownAuthority, "certificate signed by unknown authority: CN=sip.example, issued by CN=Lab CA"},
			{x509.UnknownAuthorityError{Cert: &x509.Certificate{}}, UnknownAuthority, "certificate signed by unknown authority: the certificate, issued by itself"},
			{x509.UnknownAuthorityError{}, UnknownAuthority, "certificate signed by unknown authority"},
			{x509.SystemRootsError{Err: errors.New("none")}, UnknownAuthority, "this computer has no trusted certificates, and tls_ca_file is not set"},
			{&tls.CertificateVerificationError{Err: errors.New("x509: strange")}, CertificateInvalid, "strange"},
		} {
			if got := Of(fmt.Errorf("dial: %w", c.err)); got != (Fault{c.reason, c.detail}) {
				t.Errorf("%+v\nwant %s %q", got, c.reason, c.detail)
			}
		}
	})
}

// UX-05: what is said when a connection ends within the TLS handshake, and only then.
func TestEndOfHandshake(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Fault
	}{
		{io.EOF, Fault{"connection_closed", "the server closed the connection during the TLS handshake"}},
		{io.ErrUnexpectedEOF, Fault{"connection_closed", "the server closed the connection during the TLS handshake"}},
		{syscall.EPIPE, Fault{"connection_closed", "broken pipe"}},
		{syscall.ECONNRESET, Fault{"connection_reset", "the server reset the connection during the TLS handshake"}},
		{context.DeadlineExceeded, Fault{"connect_timeout", "the TLS handshake was not finished in time"}},
		{errors.New("strange"), Fault{"other", "strange"}},
	} {
		if got := Handshake(c.err); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.err, got, c.want)
		}
	}
}

// A detail has 240 octets at most, and ends with a whole character.
func TestLengthOfDetail(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("a", 240):       strings.Repeat("a", 240),
		strings.Repeat("a", 241):       strings.Repeat("a", 240) + "…",
		"a" + strings.Repeat("ü", 120): "a" + strings.Repeat("ü", 119) + "…",
		"a" + strings.Repeat("𝄞", 60):  "a" + strings.Repeat("𝄞", 59) + "…",
		strings.Repeat("\x80", 300):    "…",
	} {
		if got := Of(errors.New(text)).Detail; got != want {
			t.Errorf("%d octets: %q, want %q", len(text), got, want)
		}
	}
}

// UX-05: each error number of Linux that a connection ends with has its word.
func TestErrorNumbers(t *testing.T) {
	for errno, want := range map[syscall.Errno]Reason{
		syscall.ECONNREFUSED: "connection_refused", syscall.ECONNRESET: "connection_reset", syscall.ECONNABORTED: "connection_reset", syscall.EPIPE: "connection_closed",
		syscall.ETIMEDOUT: "connect_timeout", syscall.ENETUNREACH: "no_route", syscall.EHOSTUNREACH: "no_route", syscall.ENETDOWN: "no_route", syscall.EHOSTDOWN: "no_route",
		syscall.EPERM: "not_permitted", syscall.EACCES: "not_permitted", syscall.EADDRINUSE: "no_resources", syscall.EMFILE: "no_resources", syscall.ENFILE: "no_resources",
		syscall.ENOMEM: "no_resources", syscall.ENOBUFS: "no_resources", syscall.EADDRNOTAVAIL: "no_interface", syscall.EXDEV: "other",
	} {
		if got := Of(&net.OpError{Op: "dial", Err: errno}); got.Reason != want {
			t.Errorf("%v: %+v, want %s", errno, got, want)
		}
	}
}
