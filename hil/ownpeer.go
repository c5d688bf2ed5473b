package hil

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hilphone/hil/behaviour"
	"hilphone/hil/server"
)

// ownPeer is a phone of the bench's at servers of the engineer: it registers with them as any phone does, by UDP.
type ownPeer struct {
	within
	servers map[string]netip.AddrPort // of the primary and of the backup; of both it is the registrar behind outbound proxies
	running sync.WaitGroup
	stop    context.CancelFunc
	err     error // of the phone; after running
}

const (
	peerLife  = time.Hour        // of its registrations; no scenario is longer
	peerBye   = 2 * time.Second  // for taking them back
	peerStart = 10 * time.Second // for a server that was just brought back
)

// openOwnPeer opens the peer and runs it; it is not registered yet.
func (b *Bench) openOwnPeer(tap func(server.Message)) (*ownPeer, error) {
	at := b.Place.Servers
	p := &ownPeer{within: within{number: at.Peer.Number, moved: make(chan struct{}, 1)}, servers: map[string]netip.AddrPort{}}
	for name, s := range map[string]ServerAt{server.Primary: at.Primary, server.Backup: at.Backup} {
		addr, err := netip.ParseAddrPort(cmp.Or(at.Peer.Registrar, s.Address))
		if err != nil {
			return nil, fmt.Errorf("the server of the peer in place of the %s: %w", name, err)
		}
		p.servers[name] = addr
	}
	var here netip.Addr
	var err error
	if at.Peer.Address != "" {
		here, err = netip.ParseAddr(at.Peer.Address)
	} else {
		here, err = route(p.servers[server.Primary].String())
	}
	if err != nil {
		return nil, fmt.Errorf("the address of the peer: %w", err)
	}
	p.phone, err = server.NewPhone(server.PhoneConfig{User: at.Peer.Number, Password: at.Peer.Password, Log: b.Log,
		Listen: server.Loopback(here, 5060), ListenMedia: server.Loopback(here, 0), Tap: func(m server.Message) {
			tap(m)
			p.stir()
		}})
	if err != nil {
		return nil, fmt.Errorf("starting the peer: %w", err)
	}
	p.at = func(via string) netip.AddrPort {
		if via == "" {
			via = server.Primary
		}
		return p.servers[via]
	}
	p.dial = func(ctx context.Context, r behaviour.Request) error {
		_, err := p.phone.Start(ctx, p.at(r.Via), r)
		return err
	}
	p.send = func(ctx context.Context, r behaviour.Request) error { return p.phone.Send(ctx, p.at(r.Via), r) }
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.running.Go(func() { p.err = p.phone.Run(ctx) })
	return p, nil
}

// register registers the peer at one of the servers.
func (p *ownPeer) register(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, peerStart)
	defer cancel()
	if err := p.phone.Register(ctx, p.servers[name], peerLife); err != nil {
		return fmt.Errorf("the peer at the %s: %w", name, err)
	}
	return nil
}

// registerAnywhere registers it at both; one is enough, for a pair may share what it knows.
func (p *ownPeer) registerAnywhere(ctx context.Context) error {
	if p.servers[server.Primary] == p.servers[server.Backup] {
		return p.register(ctx, server.Primary)
	}
	var both sync.WaitGroup
	var errs [2]error
	for i, name := range []string{server.Primary, server.Backup} {
		both.Go(func() { errs[i] = p.register(ctx, name) })
	}
	both.Wait()
	if errs[0] != nil && errs[1] != nil {
		return errors.Join(errs[:]...)
	}
	return nil
}

// close takes the registrations back, as far as there is somebody to tell, and ends the peer.
func (p *ownPeer) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, peerBye)
	defer cancel()
	var both sync.WaitGroup
	for _, at := range slices.Compact([]netip.AddrPort{p.servers[server.Primary], p.servers[server.Backup]}) {
		both.Go(func() { _ = p.phone.Register(ctx, at, 0) })
	}
	both.Wait()
	p.stop()
	p.running.Wait()
	return p.err
}
