// Package media is the sound of a call: what the two sides agree on in SDP, and
// the RTP packets that go out every 20 ms and come in.
package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
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
	peer    *Description   // of the other side, since Start
	remote  netip.AddrPort // where packets go
	source  netip.AddrPort // where packets are taken from
	heard   time.Time      // last packet from source
	out     sender
	in      reception
	ear     digitReceiver
	stats   Stats
	watch   supervision
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

// Local is where RTP is received.
func (s *Session) Local() netip.AddrPort { return s.local }

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
// wraps ErrNoAudio where the offer has nothing to talk with, and the session is
// what it was.
func (s *Session) Answer(offer []byte, direction Direction) (answer []byte, remote Description, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.talks.answer(offer, direction)
}

// Check reads an offer as Answer does, and changes nothing.
func (s *Session) Check(offer []byte) (remote Description, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.talks.read(offer)
}

// Accept takes the answer to the last Offer; the same answer may come again, or
// that of another fork. remote is for Start.
func (s *Session) Accept(answer []byte) (remote Description, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.talks.accept(answer)
}

// Start sends to the other side from now on, as far as both directions allow.
// Called again with another description it moves, holds or resumes the call. A
// side that gave a Host is sent nothing before its address is entered.
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
	if addr := remote.Addr.Addr(); ok && way.Sends() && !remote.Off() && addr.IsValid() && !addr.IsUnspecified() {
		to = net.UDPAddrFromAddrPort(remote.Addr)
	}
	event, _ := remote.Event()
	now := time.Now()
	s.peer = &remote
	s.out.direct(to, voice, event, now)
	s.watch.block(obstacle(remote, way.Sends()), now)
	s.supervise(now)
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
