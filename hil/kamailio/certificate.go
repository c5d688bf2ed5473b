package kamailio

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// A Certificate is one of those that a server can show to whoever speaks TLS with it.
type Certificate string

const (
	Trusted  Certificate = "trusted"  // by the authority of [Pair.CAFile], for all names and addresses of the pair
	Foreign  Certificate = "foreign"  // for the same names, by an authority that nobody knows
	Misnamed Certificate = "misnamed" // by the right authority, for another host
)

// validity is how long before and after the start of the pair its certificates are valid: nobody sets the clock meanwhile.
const validity = 24 * time.Hour

// CAFile is the path of the certificate, in PEM, that the certificates of both servers descend from. It is there until [Pair.Stop].
func (p *Pair) CAFile() string { return filepath.Join(p.dir, "ca.pem") }

func (p *Pair) certificateFile(c Certificate) string { return filepath.Join(p.dir, string(c)+".pem") }
func (p *Pair) keyFile(c Certificate) string         { return filepath.Join(p.dir, string(c)+".key") }

// certify makes the authority of the pair and the certificates of its servers. No key outlives the pair.
func (p *Pair) certify() error {
	known, err := newAuthority("known authority")
	if err != nil {
		return err
	}
	unknown, err := newAuthority("unknown authority")
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.CAFile(), known.pem, 0o600); err != nil {
		return err
	}
	own := []string{Domain, PrimaryName, BackupName}
	var addresses []netip.Addr
	for _, s := range p.servers() {
		addresses = append(addresses, s.Addr.Addr())
	}
	return errors.Join(
		p.issue(Trusted, known, own, addresses),
		p.issue(Foreign, unknown, own, addresses),
		p.issue(Misnamed, known, []string{"other." + Domain}, nil),
	)
}

func (p *Pair) issue(c Certificate, by *authority, names []string, addresses []netip.Addr) error {
	certificate, key, err := by.issue(names, addresses)
	if err != nil {
		return fmt.Errorf("%s certificate: %w", c, err)
	}
	return errors.Join(os.WriteFile(p.certificateFile(c), certificate, 0o600), os.WriteFile(p.keyFile(c), key, 0o600))
}

// An authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	sketch := sketch(name)
	sketch.IsCA, sketch.BasicConstraintsValid, sketch.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, sketch, sketch, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &authority{certificate, key, block("CERTIFICATE", der)}, nil
}

// issue returns a certificate for the names and addresses, and its key, both in PEM.
func (a *authority) issue(names []string, addresses []netip.Addr) (certificate, key []byte, err error) {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	sketch := sketch(names[0])
	sketch.KeyUsage, sketch.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	sketch.DNSNames = names
	for _, address := range addresses {
		sketch.IPAddresses = append(sketch.IPAddresses, net.IP(address.AsSlice()))
	}
	der, err := x509.CreateCertificate(rand.Reader, sketch, a.certificate, own.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return nil, nil, err
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", secret), nil
}

func sketch(name string) *x509.Certificate {
	serial := new(big.Int).SetBytes([]byte(rand.Text())[:8])
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-validity), NotAfter: now.Add(validity)}
}

func block(kind string, content []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
}
