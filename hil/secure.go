package hil

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"

	"hilphone/hil/server"
)

// Secure gives the servers of a lab TLS too, at the ports after their others, with certificates of an authority that lives as long as the program.
// What phones need to trust it is written to a file.
func Secure(lab *server.LabConfig, primary, backup netip.AddrPort, file string) error {
	authority, err := server.NewAuthority()
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	listen := func(at netip.AddrPort) (func() (net.Listener, error), error) {
		certificate, err := authority.Certificate(at.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("making a certificate: %w", err)
		}
		return server.LoopbackTLS(at.Addr(), at.Port()+1, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), nil
	}
	if lab.PrimaryTLS, err = listen(primary); err != nil {
		return err
	}
	if lab.BackupTLS, err = listen(backup); err != nil {
		return err
	}
	if err := os.WriteFile(file, authority.PEM(), 0o644); err != nil {
		return fmt.Errorf("writing the authority's certificate: %w", err)
	}
	return nil
}
