package hil

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
	"hilphone/hil/server"
)

// pairConfig says what a pair of the bench's own is.
type pairConfig struct {
	Addresses
	Transport string // udp, tcp, tls
	Separate  bool
	CAFile    string      // where the authority's certificate is written, for tls
	Commands  *ownServers // of the place, which take a server down instead of a behaviour; nil without
	Log       *slog.Logger
}

// pair is a primary, a backup and the phone 1002 that run inside the bench, for one scenario.
type pair struct {
	config  pairConfig
	lab     *server.Lab
	running sync.WaitGroup
	stop    context.CancelFunc
	peer    *within
	ended   chan struct{}
	err     error // of the lab; after ended
}

// openPair opens a pair and runs it. Nobody is asked for a password: that of the phone is its own affair.
func openPair(c pairConfig, tap func(name string, m server.Message)) (*pair, error) {
	p := &pair{config: c, peer: &within{number: server.Callee, moved: make(chan struct{}, 1)}, ended: make(chan struct{})}
	lab := server.LabConfig{Open: true, Separate: c.Separate, Log: c.Log,
		Primary: server.Loopback(c.Primary.Addr(), c.Primary.Port()), Backup: server.Loopback(c.Backup.Addr(), c.Backup.Port()),
		Phone: server.Loopback(c.Peer, 5060), Media: server.Loopback(c.Peer, 0), Tap: func(name string, m server.Message) {
			tap(name, m)
			if name == server.Callee {
				p.peer.stir()
			}
		}}
	var err error
	switch c.Transport {
	case "tcp", "udp": // requests that are too long for UDP come by TCP (RFC 3261 18.1.1)
		lab.PrimaryTCP, lab.BackupTCP = server.LoopbackTCP(c.Primary.Addr(), c.Primary.Port()), server.LoopbackTCP(c.Backup.Addr(), c.Backup.Port())
	case "tls":
		if err = Secure(&lab, c.Primary, c.Backup, c.CAFile); err != nil {
			return nil, err
		}
	}
	if p.lab, err = server.NewLab(lab); err != nil {
		return nil, fmt.Errorf("starting the servers: %w", err)
	}
	p.peer.phone, p.peer.dial, p.peer.send = p.lab.Phone, p.lab.Call, p.lab.Send
	p.peer.at = func(via string) netip.AddrPort {
		if via == server.Backup {
			return p.lab.Backup.Addr()
		}
		return p.lab.Primary.Addr()
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.running.Go(func() {
		p.err = p.lab.Run(ctx)
		close(p.ended)
	})
	return p, nil
}

// close ends the pair and waits until all of it has ended.
func (p *pair) close() error {
	p.stop()
	p.running.Wait()
	return p.err
}

func (p *pair) String() string {
	shared := "with registrations of each"
	if !p.config.Separate {
		shared = "with shared registrations"
	}
	return fmt.Sprintf("the bench's own pair by %s at %s and %s, %s", strings.ToUpper(p.config.Transport), p.address(p.lab.Primary), p.address(p.lab.Backup), shared)
}

func (p *pair) address(s *server.Server) netip.AddrPort {
	switch p.config.Transport {
	case "tcp":
		return s.AddrTCP()
	case "tls":
		return s.AddrTLS()
	}
	return s.Addr()
}

// Settings make a line use the pair. The number and the password of the line stay what they are.
func (p *pair) Settings() map[string]any {
	primary, backup := p.address(p.lab.Primary), p.address(p.lab.Backup)
	values := map[string]any{"enabled": true, "domain": "", "transport": p.config.Transport, "backup_transport": p.config.Transport,
		"register_addr": primary.Addr().String(), "register_port": int(primary.Port()),
		"backup_addr": backup.Addr().String(), "backup_port": int(backup.Port()), "outbound_proxy_addr": "", "backup_outbound_proxy_addr": ""}
	if p.config.Transport == "tls" {
		values["tls_ca_file"] = p.config.CAFile
	}
	return values
}

// Check refuses nothing: the pair can do all that can be written.
func (p *pair) Check(scenario.Action) error { return nil }

func (p *pair) Set(ctx context.Context, name string, do scenario.Server) error {
	if c := p.config.Commands; c != nil && c.servers[name].Down != "" {
		if err := c.Set(ctx, name, do); err != nil || do.Down {
			return err
		}
	}
	return p.lab.SetBehaviour(name, do.Behaviour)
}

// seenBy gives a message of the pair as evidence.
func seenBy(name string, m server.Message, at time.Duration) evidence.Message {
	e := evidence.Message{At: at, Seen: name, Out: m.Sent, Transport: strings.ToLower(m.Transport), CallID: m.CallID, Start: m.Start, Raw: slices.Clone(m.Raw)}
	if m.Malformed {
		e.Start = ""
	}
	if name == server.Callee {
		e.Seen = evidence.FromPeer
	} else {
		e.Slot = name
	}
	local, remote := m.To, m.From
	if m.Sent {
		local, remote = m.From, m.To
	}
	e.Local, e.Remote = local.String(), remote.String()
	return e
}

// route is the address of this machine that a phone sees, and whether that is the loopback.
func route(phone string) (netip.Addr, error) {
	host, port, err := net.SplitHostPort(phone)
	if err != nil {
		host, port = phone, "80"
	}
	conn, err := net.Dial("udp", net.JoinHostPort(host, port)) // nothing is sent
	if err != nil {
		return netip.Addr{}, fmt.Errorf("finding the address that the phone sees: %w", err)
	}
	defer conn.Close()
	at, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return at.Addr().Unmap(), err
}

// near are two addresses for servers and one for the peer: of their own on the loopback, ports of one address elsewhere.
func near(at netip.Addr) (primary, backup netip.AddrPort, peer netip.Addr) {
	if at.IsLoopback() && at.Is4() {
		at4 := func(last byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, last}) }
		return netip.AddrPortFrom(at4(12), 5060), netip.AddrPortFrom(at4(13), 5060), at4(14)
	}
	return netip.AddrPortFrom(at, 5070), netip.AddrPortFrom(at, 5080), at
}
