// Package pcapng writes SIP messages as a capture file that Wireshark and tshark read.
//
// The phone keeps the messages, not the packets they came in: IP, UDP and TCP headers are made from the addresses. A message of TCP is one or
// more segments of the connection between the two addresses, with sequence numbers that continue from message to message, so that readers
// reassemble it; there is no SYN, and no segment without data except a FIN or RST of the other side that the phone saw. A message of TLS is written in the same way, not encrypted, and has a
// comment that says so.
package pcapng

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"time"
)

// Message is a SIP message on its way.
type Message struct {
	Time      time.Time // kept to the microsecond
	From, To  string    // ADDRESS:PORT, of one IP version
	Transport string    // udp, tcp or tls in any case; anything else is taken for udp
	Raw       []byte
}

// Block and option types of pcapng (draft-ietf-opsawg-pcapng 4, 3.5).
const (
	sectionHeader   = 0x0A0D0D0A
	interfaceHeader = 1
	enhancedPacket  = 6
	byteOrder       = 0x1A2B3C4D
	linkTypeRaw     = 101 // the packet begins with its IP header
	optionEnd       = 0
	optionComment   = 1
)

// Comments of the file, and of what went over TLS.
const (
	fileComment = "SIP messages as they were sent and received, secrets masked. The IP, UDP and TCP headers are made from the addresses; " +
		"connections have no SYN and no acknowledgements; a FIN or RST is there where the phone saw the other side end the connection. ICMP errors are made from what the system reported."
	tlsComment = "Sent over TLS; written here as plain TCP, not encrypted."
)

// File is a capture of messages, ordered by their time. One without usable addresses, or too long for a datagram of UDP, is left out.
func File(messages []Message) []byte { return Capture{Messages: messages}.File() }

// File writes the capture, ordered by time. What has no usable addresses is left out.
func (c Capture) File() []byte {
	all := c.records()
	about := []string{fileComment}
	for _, n := range c.annotate(all) {
		about = append(about, n.text())
	}
	file := block(nil, sectionHeader, func(b []byte) []byte {
		b = binary.LittleEndian.AppendUint32(b, byteOrder)
		b = binary.LittleEndian.AppendUint16(b, 1)
		b = binary.LittleEndian.AppendUint16(b, 0)
		b = binary.LittleEndian.AppendUint64(b, ^uint64(0)) // length of the section not given
		return options(b, about)
	})
	file = block(file, interfaceHeader, func(b []byte) []byte {
		b = binary.LittleEndian.AppendUint16(b, linkTypeRaw)
		b = binary.LittleEndian.AppendUint16(b, 0)
		return binary.LittleEndian.AppendUint32(b, 0) // no snap length; time stamps are microseconds unless said otherwise
	})
	for _, r := range all {
		file = block(file, enhancedPacket, func(b []byte) []byte {
			us := uint64(r.time.UnixMicro())
			for _, v := range []uint32{0, uint32(us >> 32), uint32(us), uint32(len(r.packet)), uint32(len(r.packet))} {
				b = binary.LittleEndian.AppendUint32(b, v)
			}
			return options(pad(append(b, r.packet...)), r.comments)
		})
	}
	return file
}

// records are the packets of a message.
func (m Message) records(open connections) (all []record) {
	from, to, ok := ends(m)
	if !ok {
		return nil
	}
	transport := strings.ToLower(m.Transport)
	var packets [][]byte
	if transport == "tcp" || transport == "tls" {
		packets = open.segments(from, to, m.Raw)
	} else {
		packets = datagram(from, to, m.Raw)
	}
	for i, p := range packets {
		r := record{time: m.Time, packet: p}
		if transport == "tls" && i == 0 {
			r.comments = []string{tlsComment}
		}
		all = append(all, r)
	}
	return all
}

// ends are the addresses of a message. An unspecified address, of a socket that is bound to all, takes the IP version of the other.
func ends(m Message) (from, to netip.AddrPort, ok bool) {
	from, err1 := netip.ParseAddrPort(m.From)
	to, err2 := netip.ParseAddrPort(m.To)
	src, dst := from.Addr().Unmap().WithZone(""), to.Addr().Unmap().WithZone("")
	if src.IsUnspecified() {
		src = unspecified(dst)
	} else if dst.IsUnspecified() {
		dst = unspecified(src)
	}
	ok = err1 == nil && err2 == nil && src.Is4() == dst.Is4()
	return netip.AddrPortFrom(src, from.Port()), netip.AddrPortFrom(dst, to.Port()), ok
}

func unspecified(like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// block appends a block: type, length, body padded to 32 bits, length again.
func block(file []byte, kind uint32, body func([]byte) []byte) []byte {
	at := len(file)
	file = binary.LittleEndian.AppendUint32(file, kind)
	file = pad(body(append(file, 0, 0, 0, 0)))
	length := uint32(len(file) - at + 4)
	binary.LittleEndian.PutUint32(file[at+4:], length)
	return binary.LittleEndian.AppendUint32(file, length)
}

// pad fills up to 32 bits; blocks begin at a multiple of that.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// options appends the comments of a block, and the end of its options; without comments nothing.
func options(b []byte, comments []string) []byte {
	if len(comments) == 0 {
		return b
	}
	for _, text := range comments {
		text = text[:min(len(text), maxComment)]
		b = binary.LittleEndian.AppendUint16(b, optionComment)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
		b = pad(append(b, text...))
	}
	return append(b, optionEnd, 0, 0, 0)
}

const maxComment = 4096
