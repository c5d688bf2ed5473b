package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestCertificates(t *testing.T) {
	ours, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool() // by way of a CA file
	if !roots.AppendCertsFromPEM(ours.PEM()) || !roots.Equal(ours.Pool()) {
		t.Fatalf("CA file\n%s", ours.PEM())
	}
	cert := func(c tls.Certificate, err error) tls.Certificate {
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	good := func(err error) bool { return err == nil }
	for _, tc := range []struct {
		name, as string
		cert     tls.Certificate
		want     func(error) bool
		shaken   int
	}{
		{"right address", "127.0.0.1", cert(ours.Certificate("127.0.0.1", "::1", "sip.example.test")), good, 1},
		{"right name", "sip.example.test", cert(ours.Certificate("127.0.0.1", "sip.example.test")), good, 1},
		{"wrong name", "127.0.0.1", cert(ours.Certificate("sip.example.test")), func(err error) bool {
			var wrong x509.HostnameError
			return errors.As(err, &wrong)
		}, 0},
		{"expired", "127.0.0.1", cert(ours.Until(time.Now().Add(-time.Hour), "127.0.0.1")), func(err error) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(err, &invalid) && invalid.Reason == x509.Expired
		}, 0},
		{"another authority", "127.0.0.1", cert(theirs.Certificate("127.0.0.1")), func(err error) bool {
			var unknown x509.UnknownAuthorityError
			return errors.As(err, &unknown)
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := New(Config{ListenTLS: LoopbackTLS(netip.MustParseAddr("127.0.0.1"), 0, &tls.Config{Certificates: []tls.Certificate{tc.cert}})})
			if err != nil {
				t.Fatal(err)
			}
			real(t, s.Run)
			conn, err := tls.Dial("tcp", s.AddrTLS().String(), &tls.Config{RootCAs: roots, ServerName: tc.as})
			if !tc.want(err) {
				t.Errorf("dialled with %v", err)
			}
			if err == nil {
				if got := register(overStream(t, conn), s.Addr()); !strings.HasPrefix(got.start, "SIP/2.0 200") {
					t.Errorf("registered with %s", got.start)
				}
			}
			if got := s.Counts(); got.Handshakes != tc.shaken {
				t.Errorf("counts %+v", got)
			}
		})
	}
	if _, err := ours.Certificate(); err == nil {
		t.Error("a certificate for nobody")
	}
}
