package media

import (
	"fmt"
	"net/netip"
)

// negotiation is our side of offer and answer (RFC 3264): what was offered, what
// holds, and the numbers of the o= line.
type negotiation struct {
	addr    netip.AddrPort
	id      uint64
	version uint64
	sent    string // the last description sent, without its version

	offered *Description // waits for its answer
	agreed  *Description // holds now
}

// offer is the description to offer: of a running call the agreed one with
// another direction, so that streams and numbers stay (RFC 3264 section 8).
func (n *negotiation) offer(direction Direction) []byte {
	d := Description{Addr: n.addr, Formats: preferred[:]}
	if n.agreed != nil {
		d = *n.agreed
	}
	d.Direction = direction
	n.offered = &d
	return n.body(d)
}

// read reads an offer of the other side. One without any stream can begin a
// session, but not go on with one: m= lines are never taken out of a session (RFC
// 3264 section 8).
func (n *negotiation) read(offer []byte) (Description, error) {
	remote, err := Parse(offer, n.addr.Addr())
	if err == nil && n.agreed != nil && remote.Off() && len(remote.before) == 0 {
		err = fmt.Errorf("sdp: %w: no m= line", ErrNoAudio)
	}
	if err != nil {
		return Description{}, fmt.Errorf("offer: %w", err)
	}
	return remote, nil
}

func (n *negotiation) answer(offer []byte, direction Direction) (body []byte, remote Description, err error) {
	remote, err = n.read(offer)
	if err != nil {
		return nil, Description{}, err
	}
	mine := Description{Addr: n.addr, Formats: preferred[:], Direction: direction}
	answer := mine.answer(remote)
	n.agreed, n.offered = &answer, nil
	return n.body(answer), remote, nil
}

// accept takes the answer to an offer. One without audio leaves the stream
// offered: a later offer of ours asks for it again.
func (n *negotiation) accept(answer []byte) (remote Description, err error) {
	mine := n.offered
	if mine == nil {
		mine = n.agreed // the answer once more, or that of another fork
	}
	if mine == nil {
		return Description{}, fmt.Errorf("answer: nothing was offered")
	}
	remote, err = Parse(answer, n.addr.Addr())
	if err != nil {
		return Description{}, fmt.Errorf("answer: %w", err)
	}
	if !remote.Off() {
		remote = remote.common(*mine)
		if _, ok := remote.Voice(); !ok {
			return Description{}, fmt.Errorf("answer: %w: no codec that was offered", ErrNoAudio)
		}
	}
	n.agreed, n.offered = mine, nil
	return remote, nil
}

// body writes a description; its version grows only when it says something else
// than the one before.
func (n *negotiation) body(d Description) []byte {
	if text := string(d.body(n.id, 0)); text != n.sent {
		n.sent = text
		n.version++
	}
	return d.body(n.id, n.version)
}

// mine is what the other side may send to us: the agreed formats, and before the
// answer the offered ones.
func (n *negotiation) mine() Description {
	switch {
	case n.agreed != nil:
		return *n.agreed
	case n.offered != nil:
		return *n.offered
	}
	return Description{}
}
