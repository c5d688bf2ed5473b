package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// listenEven starts at a random port, so that a late packet of an earlier call
// does not meet the next one.
func listenEven(listen func(network, addr string) (net.PacketConn, error), ip string) (net.PacketConn, error) {
	const ports = (lastPort - firstPort) / 2
	start := rand.IntN(ports)
	for i := range portsTried {
		port := firstPort + (start+i)%ports*2
		if conn, err := listen("udp", net.JoinHostPort(ip, strconv.Itoa(port))); err == nil {
			return conn, nil
		}
	}
	return listen("udp", net.JoinHostPort(ip, "0"))
}

// Stop ends the session: after it returned not one more packet leaves (FO-37).
// Run ends soon after.
func (s *Session) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	close(s.done)
	s.conn.Close() // the reader gets the error
}

// Run sends and receives until Stop or the end of ctx, which stops the session.
// It is called once. The error is that of a socket that failed.
func (s *Session) Run(ctx context.Context) error {
	s.mu.Lock()
	ran := s.ran
	s.ran = true
	s.mu.Unlock()
	if ran {
		return errors.New("rtp session: already run")
	}
	defer close(s.digits)
	var reading sync.WaitGroup
	var failed error
	reading.Go(func() {
		failed = s.receive()
		s.Stop()
	})
	if socket, ok := s.conn.(icmpReader); ok {
		reading.Go(func() { s.readICMP(socket) })
	}
	s.send(ctx)
	s.Stop()
	reading.Wait()
	return failed
}

// signal tells the sender to look again.
func (s *Session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// send sends each packet when it is due. While nothing is to be sent it sleeps,
// until a direction without RTP is to be reported.
func (s *Session) send(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if wait, ok := s.sendDue(); ok {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case <-due:
		case <-s.wake:
		case <-s.done:
			return
		case <-ctx.Done():
			return
		}
	}
}

// sendDue sends the packets that are due and returns the time until something is
// to be done again.
func (s *Session) sendDue() (wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return 0, false
	}
	now := time.Now()
	if s.out.to != nil {
		wait, ok = s.sendUntil(now), true
	}
	s.ear.expire(now, s.digit)
	for _, next := range []time.Time{s.watch.check(now), s.ear.due()} {
		if !next.IsZero() && (!ok || next.Sub(now) < wait) {
			wait, ok = next.Sub(now), true
		}
	}
	return wait, ok
}

// sendUntil sends the packets due at an instant and returns the time until the
// next.
func (s *Session) sendUntil(now time.Time) time.Duration {
	for {
		if wait := s.out.due(now); wait > 0 {
			return wait
		}
		packet, size := s.out.next()
		if _, err := s.conn.WriteTo(packet, s.out.to); err != nil {
			s.stats.SendErrors++ // the next packet is a new chance
			s.watch.failure(unsent(err), now)
			continue
		}
		s.stats.Sent++
		s.stats.SentBytes += uint64(size)
	}
}

// receive reads packets until the socket is closed.
func (s *Session) receive() error {
	var b [2048]byte
	var packet rtp.Packet
	for {
		n, from, err := s.conn.ReadFrom(b[:])
		if err != nil {
			select {
			case <-s.done:
				return nil
			default:
				return fmt.Errorf("rtp port %d: %w", s.local.Port(), err)
			}
		}
		s.take(&packet, b[:n], from, time.Now())
	}
}
