// Package kamailio is the telephone company next door: two real registrars, a primary and a backup that share what is
// registered with them, each of which can be killed, frozen, cut off, made deaf or made to refuse. Together they are a fair
// judge of a phone that fails over and back: neither was written for it.
//
// Both are Kamailio servers of Debian's package, in a network namespace of their own, so they always have the same
// addresses, disturb nobody, and several pairs run side by side. Programs started with [Pair.Command] and sockets opened in
// [Pair.Do] are in that network too. Its name service knows both servers; only programs of [Pair.Command] ask it by themselves.
//
// It needs Linux, root (or CAP_SYS_ADMIN) and the programs that `make deps` installs.
package kamailio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"time"
)

// What the pair looks like from inside its network. All of 127.0.0.0/8 is free for the phones under test.
const (
	PrimaryAddress = "127.0.0.11"
	BackupAddress  = "127.0.0.12"
	PhoneAddress   = "10.99.0.21" // of the one interface that is not loopback
	Port           = 5060         // of both servers, UDP and TCP
	TLSPort        = 5061         // of both servers
	Domain         = "lab.test"   // both servers answer for it, and for each other's address
)

// syncPort is where the two tell each other of registrations; none of the faults reaches it but a black hole.
const syncPort = 5062

// startTimeout bounds the start of both servers, restoring one, the end of one and the wait for a registration; each takes
// well under a second.
const startTimeout = 15 * time.Second

// A Pair is two running registrars and the network they are in. Its methods may be called from several goroutines.
type Pair struct {
	Primary, Backup *Server
	network         *namespace
	dir             string
	stopNames       func() // nil when there is no name service
}

// Password returns the digest password of a user. Users are "1001" to "1010"; the user name is the number.
func Password(user string) string { return "secret" + user }

// Start makes the network, starts both servers and returns when both answer and share registrations. End it with
// [Pair.Stop]. The context bounds the start only.
func Start(ctx context.Context) (*Pair, error) {
	for _, name := range []string{"kamailio", "dnsmasq", "ip", "nft", "nsenter", "unshare", "mount"} {
		if _, err := exec.LookPath(program(name)); err != nil {
			return nil, fmt.Errorf("%s is not installed: run make deps", name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	network, err := newNamespace(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kamailio-")
	if err != nil {
		return nil, errors.Join(err, network.close())
	}
	p := &Pair{network: network, dir: dir}
	p.Primary = newServer(p, "primary", PrimaryAddress)
	p.Backup = newServer(p, "backup", BackupAddress)
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Pair) start(ctx context.Context) error {
	if err := p.certify(); err != nil {
		return err
	}
	if err := p.writeResolver(); err != nil {
		return err
	}
	if err := p.startNames(ctx); err != nil {
		return err
	}
	for _, s := range p.servers() {
		if err := s.start(); err != nil {
			return err
		}
	}
	for _, s := range p.servers() {
		if err := s.serving(ctx); err != nil {
			return err
		}
	}
	return p.Primary.synchronised(ctx)
}

// Stop ends both servers and gives the network back. Programs of [Pair.Command] should have ended before: they keep the
// network alive, though nothing else of it.
func (p *Pair) Stop() error {
	var errs []error
	if p.stopNames != nil {
		p.stopNames()
	}
	for _, s := range p.servers() {
		errs = append(errs, s.Kill())
	}
	return errors.Join(append(errs, p.network.close(), os.RemoveAll(p.dir))...)
}

func (p *Pair) servers() []*Server { return []*Server{p.Primary, p.Backup} }

// Command prepares a program to run inside the pair's network, as [exec.CommandContext] does: it is killed when the context
// ends, and also when this process ends, however it ends. It looks names up at the pair's name service.
func (p *Pair) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return p.network.command(ctx, name, args...)
}

// Do runs f on a thread inside the pair's network. Sockets that f itself opens belong there for good and can be used from
// anywhere; goroutines that f starts run outside, so open sockets by address, not by name.
func (p *Pair) Do(f func() error) error { return p.network.do(f) }

// DialContext connects from inside the pair's network: the DialContext of a [net/http.Transport], for instance.
func (p *Pair) DialContext(ctx context.Context, network, address string) (conn net.Conn, err error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("dial %s: not an address and port", address)
	}
	err = p.Do(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// ListenPacket opens a UDP socket inside the pair's network.
func (p *Pair) ListenPacket(network, address string) (conn net.PacketConn, err error) {
	err = p.Do(func() error {
		conn, err = net.ListenPacket(network, address)
		return err
	})
	return conn, err
}
