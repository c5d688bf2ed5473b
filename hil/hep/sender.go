package hep

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// waiting is how many messages may wait for the socket; more are dropped.
	waiting = 1024
	// again is how long a capture server whose name is not known is left alone.
	again = 5 * time.Second
)

// Sender hands messages to one capture server. Whether somebody listens there makes no difference to who sends.
type Sender struct {
	address string
	log     *slog.Logger
	queue   chan Message
	dropped atomic.Uint64
}

// New makes a sender to HOST, HOST:PORT or [IPv6]:PORT; without one the port is Port.
func New(address string, log *slog.Logger) (*Sender, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port, err = net.SplitHostPort(net.JoinHostPort(address, strconv.Itoa(Port)))
	}
	number, wrong := strconv.ParseUint(port, 10, 16)
	if err != nil || wrong != nil || number == 0 || host == "" {
		return nil, fmt.Errorf("hep: %q is no HOST or HOST:PORT", address)
	}
	return &Sender{net.JoinHostPort(host, port), log, make(chan Message, waiting), atomic.Uint64{}}, nil
}

// Send takes a message. It never waits: one that does not find room is dropped and counted.
func (s *Sender) Send(m Message) {
	select {
	case s.queue <- m:
	default:
		s.dropped.Add(1)
	}
}

// Dropped is how many messages have not been sent: they found no room, had no addresses, were too long, or the network did not take them.
func (s *Sender) Dropped() uint64 { return s.dropped.Load() }

// Run sends until ctx ends, and then what is still waiting. It returns nil.
func (s *Sender) Run(ctx context.Context) error {
	conn := s.dial(ctx)
	if conn == nil {
		return nil
	}
	defer conn.Close()
	var packet []byte
	failing := false
	send := func(m Message) {
		var err error
		if packet, err = Append(packet[:0], m); err == nil {
			_, err = conn.Write(packet)
		}
		if err != nil {
			s.dropped.Add(1)
		}
		if (err != nil) != failing {
			failing = err != nil
			s.log.Info("hep", "to", s.address, "sent", !failing, "cause", err)
		}
	}
	for {
		select {
		case m := <-s.queue:
			send(m)
		case <-ctx.Done():
			for {
				select {
				case m := <-s.queue:
					send(m)
				default:
					return nil
				}
			}
		}
	}
}

// dial finds the capture server's address; nil: ctx has ended before.
func (s *Sender) dial(ctx context.Context) net.Conn {
	var told bool
	for ctx.Err() == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "udp", s.address)
		if err == nil {
			return conn
		}
		if !told {
			told = true
			s.log.Warn("hep", "to", s.address, "cause", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
	return nil
}
