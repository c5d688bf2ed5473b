package netfault

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// authority is a certificate with its key.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	raw         []byte
}

func issue(t *testing.T, by *authority, change func(*x509.Certificate)) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sip.example"}, DNSNames: []string{"sip.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if change != nil {
		change(c)
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{parsed, key, raw}
}

func newCA(t *testing.T, name string) *authority {
	return issue(t, nil, func(c *x509.Certificate) {
		c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid, c.DNSNames, c.ExtKeyUsage = name, true, true, nil, nil
		c.KeyUsage = x509.KeyUsageCertSign
	})
}

func (a *authority) pair() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{a.raw}, PrivateKey: a.key}
}

// shake returns why a client's handshake, or the first read after it, ended.
func shake(t *testing.T, roots *authority, client *tls.Config, serve func(net.Conn)) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		far, err := l.Accept()
		if err != nil {
			return
		}
		serve(far)
		_ = far.Close()
	}()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = near.Close()
		<-done
	}()
	pool := x509.NewCertPool()
	pool.AddCert(roots.certificate)
	client.RootCAs, client.ServerName = pool, "sip.example"
	c := tls.Client(near, client)
	if err := c.HandshakeContext(t.Context()); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return err
}

func serveTLS(config *tls.Config) func(net.Conn) {
	return func(c net.Conn) {
		s := tls.Server(c, config)
		if s.Handshake() != nil {
			_, _ = io.Copy(io.Discard, c) // the client's alert
		}
	}
}

// UX-05: each way in which TLS fails has its word, and a detail that names what was found and what was wanted.
func TestTLS(t *testing.T) {
	ca, other := newCA(t, "Lab CA"), newCA(t, "Other CA")
	with := func(by *authority, change func(*x509.Certificate)) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{issue(t, by, change).pair()}}
	}
	right := with(ca, nil)
	for _, c := range []struct {
		name   string
		client *tls.Config
		serve  func(net.Conn)
		want   Reason
		detail string
	}{
		{"unknown authority", &tls.Config{}, serveTLS(with(other, nil)), UnknownAuthority, "certificate signed by unknown authority: CN=sip.example, issued by CN=Other CA"},
		{"self-signed", &tls.Config{}, serveTLS(with(nil, nil)), UnknownAuthority, "issued by itself"},
		{"expired", &tls.Config{}, serveTLS(with(ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), CertificateExpired, "CN=sip.example expired on "},
		{"early", &tls.Config{}, serveTLS(with(ca, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })), CertificateEarly, "the clock of the phone says "},
		{"name", &tls.Config{}, serveTLS(with(ca, func(c *x509.Certificate) { c.DNSNames = []string{"a.example", "b.example"} })), CertificateName,
			"the certificate is for a.example, b.example, wanted sip.example"},
		{"address", &tls.Config{}, serveTLS(with(ca, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{{127, 0, 0, 2}} })), CertificateName,
			"the certificate is for 127.0.0.2, wanted sip.example"},
		{"common name", &tls.Config{}, serveTLS(with(ca, func(c *x509.Certificate) { c.DNSNames = nil })), CertificateName, "sip.example (common name only"},
		{"usage", &tls.Config{}, serveTLS(with(ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })), CertificateInvalid, "usage"},
		{"version of the server", &tls.Config{MinVersion: tls.VersionTLS13}, serveTLS(&tls.Config{Certificates: right.Certificates, MaxVersion: tls.VersionTLS12}), TLSVersion, "protocol_version (70)"},
		{"version of the phone", &tls.Config{MaxVersion: tls.VersionTLS12}, serveTLS(&tls.Config{Certificates: right.Certificates, MinVersion: tls.VersionTLS13}), TLSVersion, "the server sent"},
		{"cipher", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}, serveTLS(right), TLSCipher,
			"the server sent the TLS alert handshake_failure (40)"},
		{"client certificate", &tls.Config{}, serveTLS(&tls.Config{Certificates: right.Certificates, ClientAuth: tls.RequireAnyClientCert}), ClientCertificate, "certificate_required (116)"},
		{"no TLS", &tls.Config{}, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "SIP/2.0 400 Bad Request\r\n\r\n")
		}, NotTLS, "does not speak TLS"},
		{"closed", &tls.Config{}, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }, Closed, "during the TLS handshake"},
		{"alert", &tls.Config{}, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, 80})
		}, TLSAlert, "internal_error (80)"},
		{"nonsense", &tls.Config{}, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte{22, 3, 3, 0, 4, 14, 0, 0, 0})
			_, _ = io.Copy(io.Discard, c)
		}, TLSProtocol, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := shake(t, ca, c.client, c.serve)
			if got := Handshake(err); got.Reason != c.want || !strings.Contains(got.Detail, c.detail) || got.Detail == "" {
				t.Errorf("%v is %s: %s; want %s: %s", err, got.Reason, got.Detail, c.want, c.detail)
			}
		})
	}
}

// UX-05: the errors of DNS, TCP and files.
func TestErrors(t *testing.T) {
	op := func(err error) error {
		return fmt.Errorf("connecting: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)})
	}
	for _, c := range []struct {
		err    error
		want   Reason
		detail string
	}{
		{op(syscall.ECONNREFUSED), Refused, "refused"},
		{op(syscall.ECONNRESET), Reset, "reset by peer"},
		{op(syscall.EPIPE), Closed, ""},
		{op(syscall.ETIMEDOUT), Timeout, ""},
		{op(syscall.EHOSTUNREACH), NoRoute, ""},
		{op(syscall.ENETUNREACH), NoRoute, ""},
		{op(syscall.EPERM), NotPermitted, ""},
		{op(syscall.EMFILE), NoResources, ""},
		{op(syscall.EADDRNOTAVAIL), NoInterface, ""},
		{io.EOF, Closed, "the other side closed"},
		{io.ErrUnexpectedEOF, Closed, ""},
		{context.DeadlineExceeded, Timeout, ""},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, Timeout, ""},
		{&net.DNSError{Err: "no such host", Name: "a.example", Server: "192.0.2.53:53", IsNotFound: true}, NameUnknown, "DNS has no address for a.example, asked 192.0.2.53:53"},
		{&net.DNSError{Err: "i/o timeout", Name: "a.example", IsTimeout: true}, DNSTimeout, "no answer from DNS about a.example"},
		{&net.DNSError{Err: "server misbehaving", Name: "a.example", IsTemporary: true}, DNSFailure, "SERVFAIL"},
		{fmt.Errorf("looking up: %w", &net.DNSError{Err: "cannot unmarshal", Name: "a.example"}), DNSFailure, "cannot unmarshal"},
		{fmt.Errorf("x: %w", Fault{NoAddress, "d"}), NoAddress, "d"},
		{errors.New("strange"), Other, "strange"},
	} {
		if got := Of(c.err); got.Reason != c.want || !strings.Contains(got.Detail, c.detail) || got.Detail == "" {
			t.Errorf("%v is %s: %q, want %s: %q", c.err, got.Reason, got.Detail, c.want, c.detail)
		}
	}
	if got := Of(nil); got != (Fault{}) {
		t.Error(got)
	}
	_, err := os.Open("/nonexistent.pem")
	if got := File(err); got.Reason != CAFile || got.Detail != "tls_ca_file: no such file or directory" {
		t.Error(got)
	}
	long := Of(errors.New(strings.Repeat("ü", 10000)))
	if len(long.Detail) > 240+len("…") || len(long.Detail) < 239+len("…") || !strings.HasSuffix(long.Detail, "ü…") {
		t.Errorf("a detail of %d octets", len(long.Detail))
	}
	if Fault.Error(Fault{Reset, ""}) != "connection_reset" || len(slices.Compact(slices.Sorted(slices.Values(Reasons)))) != len(Reasons) {
		t.Error("reasons")
	}
}

// UX-14, FO-05: each ICMP error has a name and a reason.
func TestICMP(t *testing.T) {
	for _, c := range []struct {
		typ, code int
		name      string
		want      Reason
	}{
		{3, 0, "network unreachable", NetworkUnreachable}, {3, 1, "host unreachable", HostUnreachable}, {3, 2, "protocol unreachable", ProtocolUnreachable},
		{3, 3, "port unreachable", PortUnreachable}, {3, 4, "fragmentation needed", ICMPError}, {3, 10, "host administratively prohibited", AdminProhibited},
		{3, 13, "communication administratively prohibited", AdminProhibited}, {3, 99, "destination unreachable", ICMPError}, {3, -1, "destination unreachable", ICMPError},
		{4, 0, "source quench", ICMPError}, {11, 0, "time to live exceeded", ICMPError}, {12, 0, "parameter problem", ICMPError}, {42, 7, "type 42", ICMPError},
	} {
		got := OfICMP(c.typ, c.code)
		if got.Reason != c.want || ICMPName(c.typ, c.code) != c.name || got.Detail != fmt.Sprintf("ICMP type %d code %d, %s", c.typ, c.code, c.name) {
			t.Errorf("%d/%d: %+v", c.typ, c.code, got)
		}
	}
}
