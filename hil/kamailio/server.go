package kamailio

import (
	"errors"
	"net/netip"
	"os"
	"sync"
)

// A Server is one of the two registrars, or of the three servers of an edge. It stays the same Server when it is killed and restored.
type Server struct {
	node
	shows   Certificate
	refusal *refusal // takes the place of the process at the TLS port; most often nil

	controlMutex sync.Mutex // one command at a time: the answers come to one socket
}

func newServer(p *Pair, name, address string) *Server {
	return &Server{node: newNode(p, name, netip.MustParseAddr(address)), shows: Trusted}
}

// peer is the other server of the pair; nil for the registrar behind an edge.
func (s *Server) peer() *Server {
	switch s {
	case s.pair.Primary:
		return s.pair.Backup
	case s.pair.Backup:
		return s.pair.Primary
	}
	return nil
}

// start starts the process, which answers a little later.
func (s *Server) start() error {
	if err := s.closeRefusal(); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	if err := os.Remove(s.path("ctl")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return s.launch()
}

// configure writes the configuration file.
func (s *Server) configure() error {
	o := s.pair.options
	if o.Edge && s.peer() != nil {
		return write(s.path("cfg"), edgeTemplate, s.edge())
	}
	var peer netip.Addr
	if p := s.peer(); p != nil {
		peer = p.Addr.Addr()
	}
	c := config{
		Name: s.Name, Address: s.Addr.Addr(), Peer: peer, Port: Port, TLSPort: TLSPort, SyncPort: syncPort,
		Domain: Domain, LongDomain: LongDomain, Realm: o.realm(), Control: s.path("ctl"),
		Certificate: s.pair.certificateFile(s.shows), Key: s.pair.keyFile(s.shows),
		TCP: !o.NoTCP, Strict: o.StrictRouters, Chain: s.pair.chainAddresses(),
	}
	return write(s.path("cfg"), configTemplate, c)
}

// Kill ends the server at once, with all its workers, as a crash does: its port is closed on return, and UDP to it is
// answered by ICMP port unreachable. Killing a server that is gone does nothing.
func (s *Server) Kill() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.closeRefusal(); err != nil {
		return err
	}
	return s.kill()
}

func (s *Server) closeRefusal() error {
	err := s.refusal.end()
	s.refusal = nil
	return err
}
