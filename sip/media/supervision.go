package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Way is a direction of RTP, seen from this side.
type Way string

// The two directions. Each is watched for itself.
const (
	In  Way = "in"
	Out Way = "out"
)

// Flow reports that RTP of a call does not flow in one direction, or flows again.
type Flow struct {
	Way    Way
	Lost   bool
	Reason string // why it is lost
}

const (
	// lossTime is how long a direction may be without RTP before that is reported.
	lossTime = 2 * time.Second
	// quietTime is how long packets leave without an error before they are taken
	// to arrive. Linux sends at most one ICMP error a second to a host.
	quietTime = 1500 * time.Millisecond
)

// supervision finds out whether RTP flows in each direction. A direction in which
// no RTP is to flow by what was agreed, as in a call on hold, is not reported. A
// report stays in force through a hold, until packets flow.
type supervision struct {
	report func(Flow) // nil: the call is not up yet

	expected time.Time // when a packet was last taken, or first expected; zero: none is expected
	inLost   bool

	sending time.Time // since when packets leave; zero: none do
	failing time.Time // the first error of those that go on
	failed  time.Time // the last error
	blocked string    // why none can leave although one should
	since   time.Time // when that began
	outLost bool
}

// block notes why nothing can be sent; the empty reason: it can.
func (v *supervision) block(reason string, now time.Time) {
	if v.blocked == "" {
		v.since = now
	}
	v.blocked = reason
}

// direct notes what is expected of both directions from now on.
func (v *supervision) direct(expect, send bool, now time.Time) {
	switch {
	case v.report == nil || !expect:
		v.expected = time.Time{}
	case v.expected.IsZero():
		v.expected = now
	}
	switch {
	case !send:
		v.sending, v.failing = time.Time{}, time.Time{}
	case v.sending.IsZero():
		v.sending = now
	}
}

// received notes a packet that was taken.
func (v *supervision) received(now time.Time) {
	if !v.expected.IsZero() {
		v.expected = now
	}
	if v.inLost {
		v.inLost = false
		v.report(Flow{Way: In})
	}
}

// failure notes that a packet did not leave or did not arrive. Errors are reported
// when one comes the loss time after the first, with no quiet time in between: an
// error at the beginning, before the other side has opened its port, is no loss.
func (v *supervision) failure(why string, now time.Time) {
	if v.failing.IsZero() {
		v.failing = now
	}
	v.failed = now
	if v.report != nil && v.blocked == "" && !v.outLost && now.Sub(v.failing) >= lossTime {
		v.outLost = true
		v.report(Flow{Out, true, why})
	}
}

// check reports what is due, and returns when to look again if nothing is sent
// until then; zero: not at all.
func (v *supervision) check(now time.Time) time.Time {
	if v.report == nil {
		return time.Time{}
	}
	if !v.inLost && !v.expected.IsZero() && now.Sub(v.expected) >= lossTime {
		v.inLost = true
		v.report(Flow{In, true, "no packet received"})
	}
	v.checkOut(now)
	next := time.Time{}
	if !v.inLost && !v.expected.IsZero() {
		next = v.expected.Add(lossTime)
	}
	if at := v.since.Add(lossTime); v.blocked != "" && !v.outLost && (next.IsZero() || at.Before(next)) {
		next = at
	}
	return next
}

func (v *supervision) checkOut(now time.Time) {
	switch {
	case v.blocked != "":
		if !v.outLost && now.Sub(v.since) >= lossTime {
			v.outLost = true
			v.report(Flow{Out, true, v.blocked})
		}
	case v.sending.IsZero() || now.Sub(v.failed) < quietTime || now.Sub(v.sending) < quietTime:
	default: // packets arrive
		v.failing = time.Time{}
		if v.outLost {
			v.outLost = false
			v.report(Flow{Way: Out})
		}
	}
}

// Supervise says that the call is up: from now on report is called when no RTP
// has flowed in a direction for 2 s although it should, and when it flows again.
// report must neither block nor call the session.
func (s *Session) Supervise(report func(Flow)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.watch.report == nil {
		// What failed before, while the call was set up, does not count.
		s.watch.failing, s.watch.since = time.Time{}, now
	}
	s.watch.report = report
	s.supervise(now)
}

// Block says why nothing can be sent, until the next Start: the description of
// the other side cannot be used, or its name has no address.
func (s *Session) Block(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	now := time.Now()
	s.out.direct(nil, Format{}, Format{}, now)
	s.watch.block(reason, now)
	s.supervise(now)
}

// supervise takes over what is agreed now. Before the other side has described
// itself it may send whatever was offered to it. One that holds the call may send
// music, and need not.
func (s *Session) supervise(now time.Time) {
	expect := s.talks.mine().Direction.Receives()
	if p := s.peer; p != nil && (p.Off() || p.Held() || !p.Direction.Sends()) {
		expect = false
	}
	s.watch.direct(expect, s.out.to != nil, now)
	s.signal()
}

// obstacle says why nothing can be sent to the other side although it is to be.
func obstacle(remote Description, sends bool) string {
	switch {
	case remote.Off():
		return "the other side has no audio stream, port 0"
	case sends && remote.Host != "" && !remote.Addr.Addr().IsValid():
		return remote.Host + " is not resolved"
	}
	return ""
}

// unsent is the reason of a packet that the socket refused.
func unsent(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// icmpReader is a socket that gives the ICMP errors about its datagrams.
type icmpReader interface {
	ReadICMP(payload []byte) (n int, to, from net.Addr, typ, code int, err error)
}

// readICMP takes ICMP errors until the socket is closed.
func (s *Session) readICMP(socket icmpReader) {
	for {
		_, to, _, typ, code, err := socket.ReadICMP(nil)
		if err != nil {
			return
		}
		if udp, ok := to.(*net.UDPAddr); ok {
			s.unreachable(udp.AddrPort(), typ, code, time.Now())
		}
	}
}

// unreachable takes an ICMP error; types and codes are those of IPv4.
func (s *Session) unreachable(to netip.AddrPort, typ, code int, now time.Time) {
	const destinationUnreachable, portUnreachable, fragmentationNeeded = 3, 3, 4
	if typ != destinationUnreachable || code == fragmentationNeeded {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.to == nil || netip.AddrPortFrom(to.Addr().Unmap(), to.Port()) != s.remote {
		return
	}
	why := fmt.Sprintf("ICMP destination unreachable, code %d", code)
	if code == portUnreachable {
		why = "ICMP port unreachable"
	}
	s.watch.failure(why, now)
}
