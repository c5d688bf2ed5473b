package sip

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// Config is what a line needs of the program around it. Every field is required unless it says otherwise.
type Config struct {
	Number   int // 1 to line.MaxLines
	Settings line.Settings
	// Open opens the line's socket; Line closes it.
	Open func() (Socket, error)
	// Dial connects to servers over TCP; nil: a net.Dialer, from the address of the line's socket.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Listen opens the TCP port at which servers call us; nil: none is opened.
	Listen func(network, addr string) (net.Listener, error)
	// Media opens RTP sockets: net.ListenPacket or its like.
	Media func(network, addr string) (net.PacketConn, error)
	// Roots returns the certificates of the file that tls_ca_file names. It is called when a connection is made and must not read the file
	// (SE-02). nil: there are none.
	Roots func(file string) (*x509.CertPool, error)
	// LocalAddr gives the local address that routes to a remote "host:port"; nil: LocalAddrFor.
	LocalAddr func(remote string) (netip.Addr, error)
	// Resolver looks domain names up; nil: the system's.
	Resolver Resolver
	// NextCall numbers calls; lines share it.
	NextCall func() line.CallID
	// Record and Trace take the line's events and messages. An event has the instant at which it was decided. They must not block.
	Record func(at time.Time, number int, call line.CallID, data event.Data)
	Trace  func(Message)
	// Deciding is called before the line decides: what it records from then on is of that instant or later, and all of before has been recorded.
	// With the zero time all has been. nil: it is not called. It must not block.
	Deciding func(since time.Time)
	// KeepCall is given each call before the event of its change is recorded, with the instant of that: a client that asks for the call because
	// of the event finds it. nil: nothing is given. It must not block.
	KeepCall func(at time.Time, c line.Call)
	// CallChanged and StatusChanged are told of each change. They must not block.
	CallChanged   func(line.Call)
	StatusChanged func(number int, s line.Status)
	// Suspended is the time this machine has spent suspended since it was booted; nil: the kernel's.
	Suspended func() time.Duration
	UserAgent string // of the User-Agent and Server header fields
	Log       *slog.Logger
}

func (cfg Config) withDefaults() Config {
	if cfg.LocalAddr == nil {
		cfg.LocalAddr = LocalAddrFor
	}
	if cfg.Roots == nil {
		cfg.Roots = func(file string) (*x509.CertPool, error) { return nil, errors.New(file + ": has not been read") }
	}
	if cfg.Resolver == nil {
		cfg.Resolver = net.DefaultResolver
	}
	if cfg.Deciding == nil {
		cfg.Deciding = func(time.Time) {}
	}
	if cfg.Suspended == nil {
		cfg.Suspended = suspended
	}
	return cfg
}
