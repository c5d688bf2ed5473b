// Package media is the sound of a call: what the two sides agree on in SDP, and
// the RTP packets that go out every 20 ms and come in.
package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// Ports an RTP socket is tried at, even ones (RFC 3550 section 11).
const (
	firstPort  = 10000
	lastPort   = 20000
	portsTried = 50
)

const (
	waitingDigits = 32
	// A source silent for so long may be replaced by another: the peer moved.
	sourceHold = time.Second
)

// Session is the sound of one call. Open gives it a port, Offer and Accept or
// Answer agree on what is sent, Start begins, Run does the work until Stop.
// Every method may be called from any goroutine.
type Session struct {
	conn   net.PacketConn
	local  netip.AddrPort
	opened time.Time
	wake   chan struct{} // something changed for the sender
	done   chan struct{} // closed by Stop
	digits chan Digit

	mu      sync.Mutex // a packet is sent under it, so that Stop is final
	ran     bool
	stopped bool
	talks   negotiation
	remote  netip.AddrPort
	source  netip.AddrPort // where packets are taken from
	heard   time.Time      // last packet from source
	out     sender
	in      reception
	ear     listener
	stats   Stats
}

// Stats counts the packets of a call. Bytes are payload octets (RFC 3550 section
// 6.4.1).
type Stats struct {
	Sent, SentBytes         uint64
	Received, ReceivedBytes uint64
	Lost                    uint64        // gaps in the received sequence numbers
	Jitter                  time.Duration // interarrival jitter, RFC 3550 section 6.4.1
	Codec                   Codec         // of the last voice packet received
	SendErrors              uint64        // packets the socket refused
	Malformed               uint64        // datagrams that are no RTP
	Foreign                 uint64        // packets from somewhere else, not taken

	Remote netip.AddrPort // where packets go
}

// Open takes an RTP port at ip: an even one of 10000 to 20000, else any free
// one. listen is net.ListenPacket or its like.
func Open(listen func(network, addr string) (net.PacketConn, error), ip string) (*Session, error) {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return nil, fmt.Errorf("rtp address: %w", err)
	}
	conn, err := listenEven(listen, ip)
	if err != nil {
		return nil, fmt.Errorf("rtp port at %s: %w", ip, err)
	}
	bound, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("rtp port at %s: %w", ip, err), conn.Close())
	}
	local := netip.AddrPortFrom(addr.Unmap(), bound.Port())
	return &Session{
		conn:   conn,
		local:  local,
		opened: time.Now(),
		wake:   make(chan struct{}, 1),
		done:   make(chan struct{}),
		digits: make(chan Digit, waitingDigits),
		talks:  negotiation{addr: local, id: rand.Uint64() >> 1},
		out:    newSender(),
	}, nil
}

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

// LocalPort is the port RTP is received at.
func (s *Session) LocalPort() int { return int(s.local.Port()) }

// Offer makes an SDP offer. The same direction gives the same octets again; any
// other raises the version of the o= line. In a running call it changes nothing
// until Accept takes the answer.
func (s *Session) Offer(direction Direction) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.talks.offer(direction)
}

// Answer makes the SDP answer to an offer. direction is what this side wants;
// the answer grants what the offer allows of it. remote is for Start. The error
// is or wraps ErrNoAudio where the offer has nothing to talk with.
func (s *Session) Answer(offer []byte, direction Direction) (answer []byte, remote Description, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.talks.answer(offer, direction)
}

// Accept takes the answer to the last Offer; the same answer may come again.
// remote is for Start.
func (s *Session) Accept(answer []byte) (remote Description, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.talks.accept(answer)
}

// Start sends to the other side from now on, as far as both directions allow.
// Called again with another description it moves, holds or resumes the call.
func (s *Session) Start(remote Description) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	if remote.Addr != s.remote {
		s.remote, s.source = remote.Addr, netip.AddrPort{}
	}
	var to net.Addr
	voice, ok := remote.Voice()
	way := s.talks.mine().Direction & remote.Direction.reverse()
	if ok && way.Sends() && remote.Addr.Port() != 0 && !remote.Addr.Addr().IsUnspecified() {
		to = net.UDPAddrFromAddrPort(remote.Addr)
	}
	event, _ := remote.Event()
	s.out.direct(to, voice, event, time.Now())
	s.signal()
}

// Say changes what is said; nil is Silence, which a new session says.
func (s *Session) Say(source Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source == nil {
		source = Silence{}
	}
	s.out.source = source
}

// Mute sends silence instead of the source while on.
func (s *Session) Mute(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.muted = on
}

// DTMF queues digits to be sent as telephone events (RFC 4733): each is pressed
// for press, 40 ms to 8 s, and followed by gap, at least 40 ms; other values are
// taken to the limit. It does not wait. It fails with ErrNoDigits if the call
// cannot carry them, and sends none of them if one is not 0-9, *, # or A-D.
func (s *Session) DTMF(digits string, press, gap time.Duration) error {
	queue, err := presses(digits, press, gap)
	if err != nil {
		return fmt.Errorf("dtmf: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.out.to == nil || s.out.event.Codec == "" {
		return fmt.Errorf("dtmf: %w", ErrNoDigits)
	}
	if len(s.out.queue)+len(queue) > maxPresses {
		return fmt.Errorf("dtmf: more than %d digits waiting", maxPresses)
	}
	s.out.queue = append(s.out.queue, queue...)
	return nil
}

// Digits hands out the digits that arrive. Up to 32 wait for a reader; what
// arrives beyond that is lost. Run closes it.
func (s *Session) Digits() <-chan Digit { return s.digits }

// Stats is a snapshot of the counters.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Lost, stats.Jitter, stats.Remote = s.in.total(), s.in.interarrivalJitter(), s.remote
	return stats
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
	s.conn.Close() // its reader is told; there is nobody else to tell
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
	failed := make(chan error, 1)
	go func() {
		err := s.receive()
		s.Stop()
		failed <- err
	}()
	s.send(ctx)
	s.Stop()
	return <-failed
}

// signal tells the sender to look again.
func (s *Session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// send sends each packet when it is due. While nothing is to be sent it sleeps.
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

// sendDue sends the packets that are due and returns the time until the next.
func (s *Session) sendDue() (wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.out.to == nil {
		return 0, false
	}
	now := time.Now()
	for {
		if wait := s.out.due(now); wait > 0 {
			return wait, true
		}
		packet, size := s.out.next()
		if _, err := s.conn.WriteTo(packet, s.out.to); err != nil {
			s.stats.SendErrors++ // the next packet is a new chance
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
