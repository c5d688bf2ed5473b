package kamailio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// handshakeFailure is a TLS alert: fatal, 40 (RFC 8446 6).
var handshakeFailure = [...]byte{21, 3, 3, 0, 2, 2, 40}

// A refusal takes connections at a TLS port, reads what comes first, and answers it with an alert.
type refusal struct {
	listener net.Listener
	serving  sync.WaitGroup
}

// RefuseTLS ends the server, and in its place every TLS handshake is refused by a fatal alert, as by a server whose certificate
// could not be loaded. [Server.Restore] brings the server back.
func (s *Server) RefuseTLS() error {
	if err := s.Kill(); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	r := new(refusal)
	err := s.pair.Do(func() (err error) {
		r.listener, err = net.Listen("tcp4", netip.AddrPortFrom(s.Addr.Addr(), TLSPort).String())
		return err
	})
	if err != nil {
		return fmt.Errorf("refuse TLS at the %s: %w", s.Name, err)
	}
	r.serving.Go(r.serve)
	s.refusal = r
	return nil
}

// end closes the port and waits for the connections that are being refused. There may be no refusal.
func (r *refusal) end() error {
	if r == nil {
		return nil
	}
	err := r.listener.Close()
	r.serving.Wait()
	return err
}

func (r *refusal) serve() {
	for {
		conn, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the caller has gone again
		}
		r.serving.Go(func() { refuse(conn) })
	}
}

// refuse gives up on a caller who says nothing.
func refuse(conn net.Conn) {
	defer conn.Close()
	if conn.SetDeadline(time.Now().Add(controlTimeout)) != nil {
		return
	}
	if _, err := conn.Read(make([]byte, 16<<10)); err != nil {
		return
	}
	_, _ = conn.Write(handshakeFailure[:]) // the caller may have gone
}
