package hil

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"

	"hilphone/hil/server"
)

// secure gives the pair TLS, with a certificate of an authority that lives as long as the scenario; the phone is given its file.
func (p *pair) secure(lab *server.LabConfig) (err error) {
	if p.authority, err = server.NewAuthority(); err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	listen := func(at netip.AddrPort) (func() (net.Listener, error), error) {
		certificate, err := p.authority.Certificate(at.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("making a certificate: %w", err)
		}
		return server.LoopbackTLS(at.Addr(), at.Port()+1, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), nil
	}
	if lab.PrimaryTLS, err = listen(p.config.Primary); err != nil {
		return err
	}
	if lab.BackupTLS, err = listen(p.config.Backup); err != nil {
		return err
	}
	if err := os.WriteFile(p.config.CAFile, p.authority.PEM(), 0o644); err != nil {
		return fmt.Errorf("writing the authority's certificate: %w", err)
	}
	return nil
}
