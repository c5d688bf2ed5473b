// Package kamailio is the telephone company next door: two real registrars, a primary and a backup that share what is
// registered with them, each of which can be killed, frozen, cut off, made deaf or made to refuse. Together they are a fair
// judge of a phone that fails over and back: neither was written for it.
//
// Both are Kamailio servers of Debian's package, in a network namespace of their own, so they always have the same
// addresses, disturb nobody, and several pairs run side by side. Programs started with [Pair.Command] and sockets opened in
// [Pair.Do] are in that network too. Its name service knows both servers; only programs of [Pair.Command] ask it by themselves.
//
// With [Options] a pair has four proxies besides that calls go through, does without TCP, or routes strictly; or the two are outbound
// proxies before one registrar.
//
// It needs Linux, root (or CAP_SYS_ADMIN) and the programs that `make deps` installs.
package kamailio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"
)

// What the pair looks like from inside its network. All of 127.0.0.0/8 is free for the phones under test.
const (
	PrimaryAddress   = "127.0.0.11"
	BackupAddress    = "127.0.0.12"
	RegistrarAddress = "127.0.0.13" // of the registrar behind an edge
	PhoneAddress     = "10.99.0.21" // of the one interface that is not loopback
	Port             = 5060         // of both servers, UDP and TCP
	TLSPort          = 5061         // of both servers
	Domain           = "lab.test"   // both servers answer for it, and for each other's address
)

// LongDomain is another name that both servers answer for. It makes whatever names it three times, as REGISTER and INVITE do, too long for UDP
// (RFC 3261 18.1.1).
var LongDomain = strings.Repeat(strings.Repeat("long", 15)+".", 4) + Domain

// syncPort is where the two tell each other of registrations; none of the faults reaches it but a black hole.
const syncPort = 5062

// startTimeout bounds the start of both servers, restoring one, the end of one and the wait for a registration; each takes
// well under a second.
const startTimeout = 15 * time.Second

// A Pair is two running servers and the network they are in. Its methods may be called from several goroutines.
type Pair struct {
	Primary, Backup *Server
	Registrar       *Server  // behind the two, with Options.Edge; else nil
	Chain           []*Proxy // from the pair to the phones beyond; empty without Options.Chain
	options         Options
	network         *namespace
	dir             string
	stopNames       func() // nil when there is no name service
}

// Password returns the digest password of a user. Users are "1001" to "1010"; the user name is the number.
func Password(user string) string { return "secret" + user }

// Options are how a pair differs from the usual one.
type Options struct {
	Chain         bool   // calls go through four proxies besides, see [Proxy]
	NoTCP         bool   // neither the servers nor the proxies listen on TCP, except for TLS
	StrictRouters bool   // the servers record a route without lr, as the strict routers of RFC 2543 do
	Realm         string // of digest authentication; empty: [Domain]

	Edge    bool // the two are outbound proxies before one registrar, see [Pair.Registrar] and edge.go
	Apart   bool // with Edge: a Route that names the one proxy is not taken by the other
	Account bool // with Edge: the proxies ask for [EdgeUser] and [EdgePassword] themselves
}

func (o Options) realm() string { return cmp.Or(o.Realm, Domain) }

// Start makes the network, starts both servers and returns when both answer and share registrations. End it with
// [Pair.Stop]. The context bounds the start only.
func Start(ctx context.Context) (*Pair, error) { return StartWith(ctx, Options{}) }

// StartWith is Start of a pair with options.
func StartWith(ctx context.Context, o Options) (*Pair, error) {
	for _, name := range []string{"kamailio", "cc", "dnsmasq", "ip", "nft", "nsenter", "unshare", "mount"} {
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
	p := &Pair{network: network, dir: dir, options: o}
	p.Primary = newServer(p, "primary", PrimaryAddress)
	p.Backup = newServer(p, "backup", BackupAddress)
	if o.Chain {
		p.newChain()
	}
	if o.Edge {
		p.Registrar = newServer(p, "registrar", RegistrarAddress)
	}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Pair) start(ctx context.Context) error {
	if err := p.certify(); err != nil {
		return err
	}
	if err := p.buildPreload(ctx); err != nil {
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
	for _, x := range p.Chain {
		if err := x.start(); err != nil {
			return err
		}
	}
	for _, n := range p.nodes() {
		if err := n.serving(ctx); err != nil {
			return err
		}
	}
	return p.Primary.synchronised(ctx)
}

// Stop ends all servers and gives the network back. Programs of [Pair.Command] should have ended before: they keep the
// network alive, though nothing else of it.
func (p *Pair) Stop() error {
	var errs []error
	if p.stopNames != nil {
		p.stopNames()
	}
	for _, s := range p.servers() {
		errs = append(errs, s.Kill())
	}
	for _, x := range p.Chain {
		errs = append(errs, x.stop())
	}
	return errors.Join(append(errs, p.network.close(), os.RemoveAll(p.dir))...)
}

// Alive returns an error for each server and proxy whose process has ended though nothing here ended it, with the end of its log.
func (p *Pair) Alive() error {
	var errs []error
	for _, n := range p.nodes() {
		errs = append(errs, n.alive())
	}
	return errors.Join(errs...)
}

func (p *Pair) servers() []*Server {
	if p.Registrar == nil {
		return []*Server{p.Primary, p.Backup}
	}
	return []*Server{p.Registrar, p.Primary, p.Backup}
}

// nodes are the servers and the proxies.
func (p *Pair) nodes() (all []*node) {
	for _, s := range p.servers() {
		all = append(all, &s.node)
	}
	for _, x := range p.Chain {
		all = append(all, &x.node)
	}
	return all
}

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
