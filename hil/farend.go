package hil

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"

	"hilphone/hil/evidence"
	"hilphone/hil/server"
)

// peerless says why there is no phone at the far end that can be told what to do, or nothing.
func (b *Bench) peerless(ctx context.Context, kind string, phone *Phone) (string, error) {
	switch kind {
	case BenchServers:
		return "", nil
	case OwnServers:
		if b.Place.Servers.Peer.Number == "" {
			return "the place names no phone at the far end: servers.peer in the place file has its number and password", nil
		}
		return "", nil
	}
	if b.Place.Servers.URL != "" {
		phone = b.labPhone(nil)
	}
	err := phone.Get(ctx, "lab/phone", nil)
	if status(err) == http.StatusNotFound {
		return "the lab has no phone that can be told what to do: take servers of the bench, --servers bench", nil
	}
	return "", err
}

// open gives a run its servers and its peer.
func (b *Bench) open(ctx context.Context, r *run) error {
	kind, err := b.kind(ctx, r.phone)
	if err != nil {
		return err
	}
	lab := r.phone
	switch {
	case kind == OwnServers:
		err = b.openOwn(ctx, r)
	case kind == BenchServers:
		err = b.openPair(r)
	default:
		r.servers = embeddedLab{labServers{r.phone}}
		if b.Place.Servers.URL != "" {
			lab = b.labPhone(r.heard)
			r.servers = labServers{lab}
			r.watchLab(lab)
		}
		r.peer, err = r.peerOf(ctx, lab)
	}
	if err != nil || r.peer == nil {
		return err
	}
	return r.watchPeer(ctx)
}

func (b *Bench) own(told func(server, text string)) *ownServers {
	timeout, _ := b.Place.commandTime() // was checked
	at := func(s ServerAt) ownServer { return ownServer(s) }
	return &ownServers{servers: map[string]ownServer{"primary": at(b.Place.Servers.Primary), "backup": at(b.Place.Servers.Backup)}, timeout: timeout,
		environment: commandEnvironment(os.Environ(), b.Place.Servers.Environment), down: map[string]bool{}, mask: evidence.Masker(b.secrets()...), told: told}
}

// openOwn gives a run the servers of the engineer, and a peer that registers with them where the place has one.
func (b *Bench) openOwn(ctx context.Context, r *run) error {
	own := b.own(func(server, text string) { r.entry(evidence.ServerKind, server, text, nil) })
	r.servers = own
	if b.Place.Servers.Peer.Number == "" {
		return nil
	}
	p, err := b.openOwnPeer(func(m server.Message) { r.folder.Message(seenBy(server.Callee, m, r.clock.at(m.At))) })
	if err != nil {
		return err
	}
	r.peer = p
	r.after(p.close)
	own.back = func(name string) {
		if r.tidying {
			return
		}
		r.behind(func(ctx context.Context) {
			if err := p.register(ctx, name); err != nil && ctx.Err() == nil {
				r.entry(evidence.LogKind, evidence.FromPeer, err.Error(), nil)
			}
		})
	}
	return p.registerAnywhere(ctx)
}

// openPair gives a run a pair of the bench's own.
func (b *Bench) openPair(r *run) error {
	c, err := b.pairFor(r.scenario)
	if err != nil {
		return err
	}
	if b.hasCommand() {
		c.Commands = b.own(func(server, text string) { r.entry(evidence.ServerKind, server, text, nil) })
	}
	if c.Transport == "tls" {
		dir, err := os.MkdirTemp("", "hilphone-bench-")
		if err != nil {
			return fmt.Errorf("making a place for the authority's certificate: %w", err)
		}
		r.after(func(context.Context) error { return os.RemoveAll(dir) })
		c.CAFile = dir + "/ca.pem"
	}
	p, err := openPair(c, func(name string, m server.Message) { r.tapped(netip.AddrPortFrom(c.Peer, 5060), name, m) })
	if err != nil {
		return err
	}
	r.servers, r.peer = p, p.peer
	r.after(func(context.Context) error { return p.close() })
	r.behind(func(ctx context.Context) {
		select {
		case <-p.ended:
			r.sight.lose(errors.Join(errors.New("the servers of the bench have ended"), p.err))
		case <-ctx.Done():
		}
	})
	return nil
}
