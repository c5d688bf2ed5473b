package server

import (
	"context"
	"io"
	"time"
)

// handshake is what is done to a TLS connection before anything is said on it.
type handshake int

const (
	handshakeDone handshake = iota
	handshakeNever
	handshakeFailed
)

// alert is the TLS record of a fatal handshake_failure (RFC 8446 5.1, 6.2; the same in RFC 5246).
var alert = [...]byte{21, 3, 3, 0, 2, 2, 40}

// shake does the handshake the behaviour asks for, and reports whether there is a connection afterwards.
func (s *station) shake(ctx context.Context, f *flow, peer secured) bool {
	how := handshakeDone
	if s.greet != nil {
		how = s.greet()
	}
	bare := peer.NetConn()
	switch how {
	case handshakeNever:
		io.Copy(io.Discard, bare) // until either side closes
		return false
	case handshakeFailed:
		if _, err := bare.Read(make([]byte, 16384)); err != nil { // the ClientHello
			return false
		}
		bare.Write(alert[:])
		if half, ok := bare.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		bare.SetReadDeadline(time.Now().Add(t2))
		io.Copy(io.Discard, bare) // closing with something unread would reset, and the peer might miss the alert
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, giveUpAt)
	defer cancel()
	if err := peer.HandshakeContext(ctx); err != nil {
		s.log.Info("tls handshake", "from", f.at, "err", err)
		return false
	}
	s.record.secured()
	return true
}
