package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"hilphone/db/limit"
)

// certificate is what the pages show by HTTPS: a given one, or one the phone makes itself. It is looked after at each handshake: a
// given one whose files have changed is read again, one of the phone's own is made anew before it ends. No clock runs for it.
type certificate struct {
	certFile, keyFile string
	names             []string // host names and IP addresses a self-made one is for; nil: it is given
	log               *slog.Logger
	now               func() time.Time

	mu      sync.Mutex
	held    *tls.Certificate
	version string // of the files
}

const (
	// selfMadeFor is as long as browsers take of any certificate.
	selfMadeFor = 397 * 24 * time.Hour
	// renewBefore is how long before its end a self-made one is made anew.
	renewBefore = 30 * 24 * time.Hour
	// The files of the self-made one, in the data directory.
	selfMadeCert, selfMadeKey = "web.crt", "web.key"
)

// givenCertificate reads a certificate, with those that it descends from, and its key, both in PEM.
func givenCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, now: time.Now}
	version, _ := c.stamp() // an error comes with the reading
	held, err := c.read()
	if err != nil {
		return nil, usageError{err}
	}
	if end := held.Leaf.NotAfter; c.now().After(end) {
		log.Warn("the certificate for HTTPS has expired", "file", certFile, "ended", end)
	}
	c.held, c.version = held, version
	return c, nil
}

// selfMadeCertificate takes the phone's own certificate from its data directory, or makes it.
func selfMadeCertificate(dir string, names []string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: filepath.Join(dir, selfMadeCert), keyFile: filepath.Join(dir, selfMadeKey), names: names, log: log, now: time.Now}
	held, err := c.read()
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		log.Warn("the phone's own certificate is made anew", "err", err)
	case c.good(held.Leaf):
		c.held = held
		return c, nil
	}
	if err := c.make(); err != nil {
		return nil, err
	}
	return c, nil
}

// good reports whether a self-made certificate will do for a while yet.
func (c *certificate) good(leaf *x509.Certificate) bool {
	return c.now().Before(leaf.NotAfter.Add(-renewBefore)) && !c.now().Before(leaf.NotBefore) &&
		!slices.ContainsFunc(c.names, func(name string) bool { return leaf.VerifyHostname(name) != nil })
}

// read reads certificate and key. An error names flag and file, and nothing that stands in the key.
func (c *certificate) read() (*tls.Certificate, error) {
	chain, err := limit.ReadFile(c.certFile, limit.FileSize)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	key, err := limit.ReadFile(c.keyFile, limit.FileSize)
	if err != nil {
		return nil, fmt.Errorf("--tls-key: %w", err)
	}
	if block, _ := pem.Decode(chain); block == nil || !bytes.Contains(chain, []byte("-----BEGIN CERTIFICATE-----")) {
		return nil, fmt.Errorf("--tls-cert: %s holds no certificate in PEM", c.certFile)
	}
	if block, _ := pem.Decode(key); block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") && block.Type != "EC PARAMETERS" {
		return nil, fmt.Errorf("--tls-key: %s holds no private key in PEM", c.keyFile)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.certFile, c.keyFile, err)
	}
	return &pair, nil
}

// make makes a certificate for c.names and stores it. The key stays as long as it can be read.
func (c *certificate) make() error {
	key, err := c.key()
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return fmt.Errorf("certificate for HTTPS: %w", err)
	}
	now := c.now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "hilphone"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfMadeFor),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, name := range c.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("certificate for HTTPS: %w", err)
	}
	if err := writePrivate(c.certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})); err != nil {
		return fmt.Errorf("certificate for HTTPS: %w", err)
	}
	held, err := c.read()
	if err != nil {
		return err
	}
	c.held = held
	c.log.Info("the phone has made a certificate for HTTPS", "sha256", c.print(), "for", strings.Join(c.names, " "), "until", template.NotAfter.Format(time.DateOnly))
	return nil
}

// key returns the stored key, or a new one that is stored.
func (c *certificate) key() (*ecdsa.PrivateKey, error) {
	if text, err := limit.ReadFile(c.keyFile, limit.FileSize); err == nil {
		if block, _ := pem.Decode(text); block != nil {
			if old, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
				if key, ok := old.(*ecdsa.PrivateKey); ok {
					return key, nil
				}
			}
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key for HTTPS: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("key for HTTPS: %w", err)
	}
	if err := writePrivate(c.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return nil, fmt.Errorf("key for HTTPS: %w", err)
	}
	return key, nil
}

// writePrivate writes a file that is its owner's alone, whole or not at all.
func writePrivate(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// stamp changes when one of the files does.
func (c *certificate) stamp() (string, error) {
	var all strings.Builder
	for _, file := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&all, info.ModTime().UnixNano(), info.Size())
	}
	return all.String(), nil
}

// get is tls.Config.GetCertificate. What cannot be read or made leaves the one there was in its place.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names != nil {
		if c.now().After(c.held.Leaf.NotAfter.Add(-renewBefore)) {
			quietly(c.log, "the certificate for HTTPS is not renewed", c.make())
		}
		return c.held, nil
	}
	version, err := c.stamp()
	if err != nil || version == c.version {
		return c.held, nil // a file that is being exchanged is missing for a moment
	}
	c.version = version
	held, err := c.read()
	if err != nil {
		c.log.Error("the new certificate for HTTPS is not taken", "err", err)
		return c.held, nil
	}
	c.held = held
	c.log.Info("the certificate for HTTPS was read again", "sha256", c.print())
	return c.held, nil
}

// print is the SHA-256 fingerprint, as browsers show it.
func (c *certificate) print() string {
	var parts []string
	for _, b := range sha256.Sum256(c.held.Leaf.Raw) {
		parts = append(parts, fmt.Sprintf("%02X", b))
	}
	return strings.Join(parts, ":")
}

// hosts returns the host names the certificate is for, wildcards left out: browsers may ask for the phone by them.
func (c *certificate) hosts() []string {
	return slices.DeleteFunc(slices.Clone(c.held.Leaf.DNSNames), func(name string) bool { return strings.Contains(name, "*") })
}
