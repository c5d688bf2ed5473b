//go:build rig

package kamailio

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dialTLS connects to the server as a phone does that knows its name and the authority of the pair.
func (p *Pair) dialTLS(t *testing.T, s *Server, name string) (*tls.Conn, error) {
	t.Helper()
	pem, err := os.ReadFile(p.CAFile())
	must(t, err)
	known := x509.NewCertPool()
	want(t, "the authority is a certificate", known.AppendCertsFromPEM(pem), true)
	conn, err := p.DialContext(t.Context(), "tcp4", netip.AddrPortFrom(s.Addr.Addr(), TLSPort).String())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(startTimeout)))
	secure := tls.Client(conn, &tls.Config{RootCAs: known, ServerName: name})
	return secure, secure.HandshakeContext(t.Context())
}

// options asks over a stream and returns the status of the answer.
func options(conn net.Conn, transport string) (int, error) {
	branch := rand.Text()
	ask := pingRequest(branch, conn.LocalAddr().String(), netip.MustParseAddrPort(conn.RemoteAddr().String()))
	if _, err := conn.Write([]byte(strings.Replace(string(ask), "SIP/2.0/UDP", "SIP/2.0/"+transport, 1))); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return 0, err
	}
	return message(line).status(), nil
}

func TestTLS(t *testing.T) {
	p := start(t)
	for _, s := range p.servers() {
		for _, name := range []string{Domain, PrimaryName, BackupName, s.Addr.Addr().String()} {
			conn, err := p.dialTLS(t, s, name)
			must(t, err)
			status, err := options(conn, "TLS")
			must(t, err)
			want(t, "OPTIONS over TLS to the "+s.Name+" as "+name, status, 200)
		}
	}
	var name x509.HostnameError
	if _, err := p.dialTLS(t, p.Primary, "other."+Domain); !errors.As(err, &name) {
		t.Errorf("a name that is not the server's: %v, want a wrong name", err)
	}
}

// TestPresent: a certificate that is no good is shown until the server is restored.
func TestPresent(t *testing.T) {
	p := start(t)
	var unknown x509.UnknownAuthorityError
	must(t, p.Primary.Present(t.Context(), Foreign))
	if _, err := p.dialTLS(t, p.Primary, PrimaryName); !errors.As(err, &unknown) {
		t.Errorf("foreign certificate: %v, want an unknown authority", err)
	}
	var name x509.HostnameError
	must(t, p.Primary.Present(t.Context(), Misnamed))
	if _, err := p.dialTLS(t, p.Primary, PrimaryName); !errors.As(err, &name) {
		t.Errorf("misnamed certificate: %v, want a wrong name", err)
	}
	must(t, p.Primary.Restore(t.Context()))
	_, err := p.dialTLS(t, p.Primary, PrimaryName)
	must(t, err)
}

// TestRefuseTLS: an alert to everyone who says hello, until the server is restored.
func TestRefuseTLS(t *testing.T) {
	p := start(t)
	must(t, p.Primary.RefuseTLS())
	for range 2 {
		if _, err := p.dialTLS(t, p.Primary, PrimaryName); err == nil || !strings.Contains(err.Error(), "handshake failure") {
			t.Errorf("handshake: %v, want a handshake failure", err)
		}
	}
	must(t, p.Primary.RefuseTLS())
	must(t, p.Primary.Restore(t.Context()))
	_, err := p.dialTLS(t, p.Primary, PrimaryName)
	must(t, err)
	must(t, p.Backup.RefuseTLS()) // and stopped like that
}

// TestDropTCP: no connection, neither new nor old, and UDP as ever.
func TestDropTCP(t *testing.T) {
	p := start(t)
	conn, err := p.DialContext(t.Context(), "tcp4", p.Primary.Addr.String())
	must(t, err)
	defer conn.Close()
	must(t, p.Primary.DropTCP(t.Context()))
	must(t, conn.SetDeadline(time.Now().Add(silence)))
	if status, err := options(conn, "TCP"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("OPTIONS on a connection: %d, %v, want silence", status, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), silence)
	defer cancel()
	for _, port := range []uint16{Port, TLSPort} {
		_, err := p.DialContext(ctx, "tcp4", netip.AddrPortFrom(p.Primary.Addr.Addr(), port).String())
		var network net.Error
		if !errors.As(err, &network) || !network.Timeout() {
			t.Errorf("connecting to port %d: %v, want silence", port, err)
		}
	}
	status, err := p.Primary.Ping(t.Context())
	must(t, err)
	want(t, "OPTIONS over UDP", status, 200)
	must(t, p.Primary.Restore(t.Context()))
	again, err := p.DialContext(t.Context(), "tcp4", p.Primary.Addr.String())
	must(t, err)
	again.Close()
}

// TestPowerOff: nobody is told, and the connection turns out dead when it is used.
func TestPowerOff(t *testing.T) {
	p := start(t)
	conn, err := p.DialContext(t.Context(), "tcp4", p.Primary.Addr.String())
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(startTimeout)))
	status, err := options(conn, "TCP")
	must(t, err)
	want(t, "OPTIONS", status, 200)
	before := time.Now()
	must(t, p.Primary.PowerOff(t.Context()))
	t.Logf("forgotten after %v", time.Since(before).Round(time.Millisecond))
	must(t, p.Primary.Restore(t.Context()))
	must(t, conn.SetReadDeadline(time.Now().Add(silence)))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection of before: %v, want silence", err)
	}
	must(t, conn.SetReadDeadline(time.Now().Add(startTimeout)))
	if status, err := options(conn, "TCP"); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("OPTIONS on the connection of before: %d, %v, want a reset", status, err)
	}
}

// TestNames: programs in the network find the servers by name.
func TestNames(t *testing.T) {
	p := start(t)
	for name, address := range map[string]string{PrimaryName: PrimaryAddress, BackupName: BackupAddress, Domain: PrimaryAddress} {
		out, err := p.Command(t.Context(), "getent", "ahostsv4", name).CombinedOutput()
		must(t, err)
		if !strings.HasPrefix(string(out), address+" ") {
			t.Errorf("a program finds %s at %s, want %s", name, out, address)
		}
	}
	for _, c := range []struct {
		service, transport string
		port               uint16
	}{{"sip", "udp", Port}, {"sip", "tcp", Port}, {"sips", "tcp", TLSPort}} {
		_, found, err := p.resolver().LookupSRV(t.Context(), c.service, c.transport, Domain)
		must(t, err)
		var got []string
		for _, r := range found {
			got = append(got, fmt.Sprintf("%s %d", r.Target, r.Port))
		}
		if want := []string{fmt.Sprintf("%s. %d", PrimaryName, c.port), fmt.Sprintf("%s. %d", BackupName, c.port)}; !slices.Equal(got, want) {
			t.Errorf("SRV of %s over %s: %q, want %q", c.service, c.transport, got, want)
		}
	}
	own, err := os.ReadFile("/etc/resolv.conf")
	must(t, err)
	if strings.Contains(string(own), NameServer) {
		t.Errorf("this machine's own names are looked up at %s too", NameServer)
	}
}
