package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"hilphone/db"
)

// httpsFlags are those of `run` and `demo` about HTTPS and names. HTTP at --listen stays beside it.
type httpsFlags struct {
	HTTPS   []string `name:"https" env:"HILPHONE_HTTPS" sep:"," placeholder:"ADDR:PORT" help:"Address of the web server by HTTPS, repeatable; default 127.0.0.1:8443 where --tls or --tls-cert is given."`
	TLS     string   `name:"tls" env:"HILPHONE_TLS" enum:"self," default:"" placeholder:"self" help:"self: the phone makes its certificate, keeps it with its data and prints its fingerprint; so it is without --tls-cert."`
	TLSCert string   `name:"tls-cert" env:"HILPHONE_TLS_CERT" placeholder:"FILE" help:"Certificate for HTTPS with those it descends from, in PEM; read again when it changes."`
	TLSKey  string   `name:"tls-key" env:"HILPHONE_TLS_KEY" placeholder:"FILE" help:"Its key, in PEM."`
	Name    []string `env:"HILPHONE_NAME" sep:"," placeholder:"HOST" help:"Host name by which browsers may ask for the phone, repeatable; IP addresses, localhost and names of --tls-cert always."`
}

const defaultHTTPS = "127.0.0.1:8443"

var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// check refuses flags that cannot be meant.
func (f *httpsFlags) check() error {
	for _, a := range f.HTTPS {
		if err := checkListen("--https", a); err != nil {
			return err
		}
	}
	for _, n := range f.Name {
		if !hostName.MatchString(n) || len(n) > 253 {
			return usage("--name: %q is not a host name", n)
		}
	}
	switch {
	case f.TLS != "" && f.TLSCert != "":
		return usage("--tls: self is without --tls-cert")
	case f.TLSCert != "" && f.TLSKey == "":
		return usage("--tls-key: is missing beside --tls-cert")
	case f.TLSKey != "" && f.TLSCert == "":
		return usage("--tls-cert: is missing beside --tls-key")
	}
	return nil
}

// certificate is nil where HTTPS is not asked for.
func (f *httpsFlags) certificate(dir string, log *slog.Logger) (*certificate, error) {
	switch {
	case f.TLSCert != "":
		return givenCertificate(f.TLSCert, f.TLSKey, log)
	case f.TLS != "" || len(f.HTTPS) > 0:
		return selfMadeCertificate(dir, f.hosts(), log)
	}
	return nil, nil
}

// addresses are those of HTTPS.
func (f *httpsFlags) addresses() []string {
	if len(f.HTTPS) == 0 {
		return []string{defaultHTTPS}
	}
	return f.HTTPS
}

// hosts are the names and addresses a self-made certificate is for: those that are listened at, and those the phone is called by.
func (f *httpsFlags) hosts() []string {
	hosts := append([]string{"localhost", "127.0.0.1", "::1"}, f.Name...)
	for _, a := range f.addresses() {
		host, _, err := net.SplitHostPort(a)
		ip, isIP := netip.ParseAddr(host)
		switch {
		case err != nil || host == "localhost":
		case host == "" || isIP == nil && ip.IsUnspecified():
			hosts = append(hosts, machineAddresses()...)
		default:
			hosts = append(hosts, ip.WithZone("").String())
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// machineAddresses are those of this computer that stay: link-local ones are left out, as no browser is sent there by a name.
func machineAddresses() (all []string) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
			all = append(all, n.IP.String())
		}
	}
	return all
}

// secureListener is a listener for HTTPS: the web server puts TLS on top of its connections.
type secureListener struct {
	net.Listener
	config *tls.Config
}

// TLSConfig is for webui.TLSListener.
func (l secureListener) TLSConfig() *tls.Config { return l.config }

// listenHTTPS opens the addresses of HTTPS with that certificate. HTTP/1.1 is all that the pages need.
func (f *httpsFlags) listenHTTPS(ctx context.Context, store *db.DB, c *certificate) (all []net.Listener, err error) {
	config := &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	for _, a := range f.addresses() {
		l, err := listenWeb(ctx, "--https", a, store)
		if err != nil {
			return all, err
		}
		all = append(all, secureListener{l, config})
	}
	return all, nil
}

// pagesAt is the address of the pages at a listener.
func pagesAt(l net.Listener) string {
	if _, ok := l.(secureListener); ok {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// logPages tells where the pages are, and how the certificate is to be recognised.
func logPages(log *slog.Logger, listeners []net.Listener, c *certificate) {
	for _, l := range listeners {
		if _, ok := l.(secureListener); ok {
			log.Info("web pages", "url", pagesAt(l)+"/", "sha256", c.print())
			continue
		}
		log.Info("web pages", "url", pagesAt(l)+"/")
	}
}

// warnPlain says once which addresses other computers can reach without HTTPS: passwords and tokens can be read on the network (SE-14).
func warnPlain(log *slog.Logger, listeners []net.Listener) {
	var plain []string
	for _, l := range listeners {
		if _, ok := l.(secureListener); !ok && !isLoopback(l.Addr().String()) {
			plain = append(plain, pagesAt(l)+"/")
		}
	}
	if len(plain) > 0 {
		log.Warn("plain HTTP beyond this computer: passwords and tokens can be read on the network; --https and --tls self are for HTTPS", "urls", strings.Join(plain, " "))
	}
}

// checkListen sees that an address can be listened at.
func checkListen(flag, a string) error {
	host, port, err := net.SplitHostPort(a)
	if err == nil {
		_, err = netip.ParseAddrPort("127.0.0.1:" + port)
	}
	var ip netip.Addr
	if err == nil && host != "" && host != "localhost" {
		ip, err = netip.ParseAddr(host)
	}
	if err != nil {
		return usage("%s: %q is not ADDR:PORT with an IP address", flag, a)
	}
	if ip.IsValid() {
		if err := checkUnicast(ip); err != nil {
			return usage("%s: %v", flag, err)
		}
	}
	return nil
}

// listening is where the web server listens, and what it needs for that.
type listening struct {
	all         []net.Listener
	certificate *certificate // nil without HTTPS
	names       []string     // by which browsers may ask for the phone
}

// listenAll opens the addresses of HTTP, first, and of HTTPS.
func (c *runFlags) listenAll(ctx context.Context, store *db.DB, dir string, log *slog.Logger) (l listening, err error) {
	l.names = c.Name
	for _, a := range c.HTTPS { // before a certificate is made for nothing
		if err := mayListen(ctx, "--https", a, store); err != nil {
			return l, err
		}
	}
	if l.certificate, err = c.certificate(dir, log); err != nil {
		return l, err
	}
	if l.all, err = c.listen(ctx, store); err != nil || l.certificate == nil {
		return l, err
	}
	l.names = append(slices.Clone(c.Name), l.certificate.hosts()...)
	secure, err := c.listenHTTPS(ctx, store, l.certificate)
	l.all = append(l.all, secure...)
	if err != nil {
		return l, errors.Join(err, closeAll(l.all))
	}
	return l, nil
}
