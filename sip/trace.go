package sip

import (
	"bytes"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hilphone/db/secret"
	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// Message is one SIP message as it crossed the wire, retransmissions included, or what came instead of one. Secrets in it are masked.
type Message struct {
	At        time.Time // just before it was written, just after it was read
	Line      int
	Out       bool
	Slot      line.Slot // the server it went to or came from; None: somebody else
	Proxy     bool      // it is the outbound proxy of that server (OP-11)
	Transport line.Transport
	Local     string
	Remote    string
	Raw       []byte
	Fault     string // why it, or which of its header fields, could not be read; empty where all could
}

// Start is the request line or the status line in the customary spelling, empty for what is no SIP message.
func (m Message) Start() string { return wire.StartLine(m.Raw) }

// CallID is the Call-ID header field, empty where there is none.
func (m Message) CallID() string {
	if m.Start() == "" {
		return ""
	}
	return wire.HeaderValue(m.Raw, "Call-ID")
}

var (
	credentials = regexp.MustCompile(`(?im)^((?:Proxy-)?Authorization[ \t]*:[ \t]*)([^ \t\r\n]*)([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)`)
	// A quoted string is taken as a whole: what looks like a parameter inside it is none.
	digests = regexp.MustCompile(`(?is)"(?:[^"\\]|\\.)*"|\b(response|cnonce)(\s*=\s*)(?:"(?:[^"\\]|\\.)*"|[^,\s"]+)`)
)

// Mask returns a copy of a message in which nothing helps to find a password: the answers to digest challenges are starred out,
// credentials that are no well-formed digest altogether, and the passwords of URIs (IM-05).
func Mask(message []byte) []byte {
	message = secret.MaskBytes(message)
	if !mayHoldCredentials(message) {
		return bytes.Clone(message)
	}
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

// mayHoldCredentials looks for the name of the header fields, which most messages do not have, by its rarest letter.
func mayHoldCredentials(message []byte) bool {
	const name, z = "authorization", 7 // where the z stands
	for i := range message {
		if c := message[i]; (c == 'z' || c == 'Z') && i >= z && i-z+len(name) <= len(message) && bytes.EqualFold(message[i-z:i-z+len(name)], []byte(name)) {
			return true
		}
	}
	return false
}

// briefLength bounds, in octets, what reports and events repeat of a message.
const briefLength = 256

// brief is a part of a message for reports and events, which live longer than the message: a copy, so that they do not hold the whole text, and
// not longer than briefLength.
func brief(s string) string {
	if len(s) > briefLength {
		n := briefLength
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Clone(s)
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
