package media

import (
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

// take counts one datagram that arrived.
func (s *Session) take(packet *rtp.Packet, b []byte, from net.Addr, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || isRTCP(b) {
		return
	}
	if err := packet.Unmarshal(b); err != nil || packet.Version != 2 {
		s.stats.Malformed++
		return
	}
	if !s.from(from, now) {
		s.stats.Foreign++
		return
	}
	s.watch.received(now)
	if !s.in.packet(packet.SSRC, packet.SequenceNumber) {
		return
	}
	s.stats.Received++
	s.stats.ReceivedBytes += uint64(len(packet.Payload))

	codec, _ := s.talks.mine().typed(packet.PayloadType)
	switch codec {
	case TelephoneEvent:
		s.ear.packet(packet, now, s.digit)
		s.signal() // the digit may end without another packet
	case PCMU, PCMA:
		s.stats.Codec = codec
		s.in.arrival(packet.Timestamp, uint32(now.Sub(s.opened).Microseconds()*clockRate/1e6))
		s.ear.voice(packet.Timestamp, s.digit)
	}
}

// isRTCP tells RTCP on the RTP port by its packet types (RFC 5761 section 4).
func isRTCP(b []byte) bool { return len(b) >= 2 && b[1] >= 192 && b[1] <= 223 }

// from reports whether a packet is taken: from where the other side said it is,
// or from whoever came first, for behind a NAT it does not know where it is.
func (s *Session) from(addr net.Addr, now time.Time) bool {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return false
	}
	a := udp.AddrPort()
	a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	if a != s.source && a != s.remote && s.source.IsValid() && now.Sub(s.heard) < sourceHold {
		return false
	}
	s.source, s.heard = a, now
	return true
}

// digit hands a digit out if there is room.
func (s *Session) digit(d Digit) {
	select {
	case s.digits <- d:
	default:
	}
}
