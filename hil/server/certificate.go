package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// Authority is a certificate authority that is thrown away: its key lives in memory alone. It gives the certificates a
// phone should accept, and by a wrong name, an old date or another Authority those it should refuse.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certificateLife is how long an Authority and its certificates hold.
const certificateLife = 365 * 24 * time.Hour

// NewAuthority makes a new key (ECDSA P-256) and its certificate.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the authority's key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "hilphone lab authority " + rand.Text()[:8]},
		NotBefore: now.Add(-certificateLife), NotAfter: now.Add(certificateLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	cert, err := sign(template, template, key, key)
	if err != nil {
		return nil, fmt.Errorf("make the authority's certificate: %w", err)
	}
	return &Authority{cert, key}, nil
}

// Certificate makes a server's certificate for host names and IP addresses, good from an hour ago for a year.
func (a *Authority) Certificate(names ...string) (tls.Certificate, error) {
	return a.Until(time.Now().Add(certificateLife), names...)
}

// Until makes a server's certificate that ends at a time, which may be past, and began a day before it or an hour ago,
// whichever is earlier.
func (a *Authority) Until(end time.Time, names ...string) (tls.Certificate, error) {
	if len(names) == 0 {
		return tls.Certificate{}, wrong("names", "missing")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a key for %s: %w", names[0], err)
	}
	begin := time.Now().Add(-time.Hour)
	if early := end.Add(-24 * time.Hour); early.Before(begin) {
		begin = early
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: names[0]}, NotBefore: begin, NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	cert, err := sign(template, a.cert, key, a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a certificate for %s: %w", names[0], err)
	}
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

// Pool is what a client that trusts this authority puts into tls.Config.RootCAs.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// PEM is the content of a CA file with this authority.
func (a *Authority) PEM() []byte {
	var b bytes.Buffer
	pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	return b.Bytes()
}

// Certificate makes a certificate for host names and IP addresses by an Authority of its own, and the pool to trust it.
func Certificate(names ...string) (tls.Certificate, *x509.CertPool, error) {
	a, err := NewAuthority()
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	cert, err := a.Certificate(names...)
	return cert, a.Pool(), err
}

func sign(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
