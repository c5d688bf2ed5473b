package sip

import (
	"bytes"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

// Message is one SIP message as it crossed the wire, retransmissions included. Secrets in Raw are masked.
type Message struct {
	At        time.Time // just before it was written, just after it was read
	Line      int
	Out       bool
	Slot      line.Slot // the server it went to or came from; None: somebody else
	Transport line.Transport
	Local     string
	Remote    string
	Raw       []byte
}

// tap is the line's socket with an observer on it. It keeps answers for the line's own transactions and passes requests on to sipgo.
type tap struct {
	Socket
	line    *Line
	parser  *sip.Parser
	servers atomic.Pointer[map[place]line.Slot]
}

// place is where a server is: the same address over another transport may be another server (FO-61).
type place struct {
	addr      netip.AddrPort
	transport line.Transport
}

func newTap(s Socket, l *Line) *tap {
	t := &tap{Socket: s, line: l, parser: sip.NewParser()}
	t.servers.Store(&map[place]line.Slot{})
	return t
}

var answerPrefix = []byte("SIP/2.0 ")

// ReadFrom returns the next datagram that is no answer.
func (t *tap) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := t.Socket.ReadFrom(b)
		if err != nil {
			return n, from, err
		}
		if keepAlive(b[:n]) {
			continue
		}
		t.trace(false, from, b[:n])
		if !bytes.HasPrefix(b[:n], answerPrefix) {
			return n, from, nil
		}
		// The parser keeps parts of what it is given.
		msg, err := t.parser.ParseSIP(bytes.Clone(b[:n]))
		if res, ok := msg.(*sip.Response); ok && err == nil {
			res.SetSource(from.String())
			t.line.inbox.put(response{res})
		}
	}
}

func keepAlive(b []byte) bool { return len(bytes.Trim(b, "\r\n\x00")) == 0 }

// WriteTo is used by sipgo for answers to requests.
func (t *tap) WriteTo(b []byte, to net.Addr) (int, error) {
	t.trace(true, to, b)
	return t.Socket.WriteTo(b, to)
}

func (t *tap) trace(out bool, remote net.Addr, b []byte) {
	t.record(out, line.UDP, t.LocalAddr(), remote, b)
}

// record shows a message of any transport.
func (t *tap) record(out bool, transport line.Transport, local, remote net.Addr, b []byte) {
	a := addrPort(remote)
	slot, ok := (*t.servers.Load())[place{a, transport}]
	if !ok {
		slot = line.None
	}
	t.line.cfg.Trace(Message{
		At: time.Now(), Line: t.line.cfg.Number, Out: out, Slot: slot, Transport: transport,
		Local: local.String(), Remote: a.String(), Raw: Mask(b),
	})
}

// setServer lets messages to and from an address be shown as the slot's.
func (t *tap) setServer(a place, slot line.Slot) {
	old := *t.servers.Load()
	if old[a] == slot {
		return
	}
	servers := make(map[place]line.Slot, len(old)+1)
	for k, v := range old {
		servers[k] = v
	}
	servers[a] = slot
	t.servers.Store(&servers)
}

var (
	credentials = regexp.MustCompile(`(?im)^((?:Proxy-)?Authorization[ \t]*:[ \t]*)([^ \t\r\n]*)([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)`)
	// A quoted string is taken as a whole: what looks like a parameter inside it is none.
	digests = regexp.MustCompile(`(?is)"(?:[^"\\]|\\.)*"|\b(response|cnonce)(\s*=\s*)(?:"(?:[^"\\]|\\.)*"|[^,\s"]+)`)
)

// Mask returns a copy of a message in which nothing helps to find a password: the answers to digest challenges are starred out, and
// credentials that are no well-formed digest altogether.
func Mask(message []byte) []byte {
	return credentials.ReplaceAllFunc(message, func(field []byte) []byte {
		part := credentials.FindSubmatch(field)
		name, scheme, rest := part[1], part[2], part[3]
		switch wellFormed := !bytes.ContainsRune(digests.ReplaceAll(rest, nil), '"'); {
		case len(rest) == 0:
			return slices.Concat(name, []byte("***"))
		case !wellFormed || !bytes.EqualFold(scheme, []byte("Digest")):
			return slices.Concat(name, scheme, []byte(" ***"))
		}
		return slices.Concat(name, scheme, digests.ReplaceAllFunc(rest, func(p []byte) []byte {
			if p[0] == '"' {
				return p
			}
			return digests.ReplaceAll(p, []byte(`$1$2"***"`))
		}))
	})
}

func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	default:
		ap, _ = netip.ParseAddrPort(a.String())
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
