// Package hep hands SIP messages to a capture server as they pass: HOMER, or sngrep -L. The protocol is HEP version 3 (the EEP document of
// sipcapture.org), each message a datagram of its own.
package hep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Port is the one that capture servers listen on.
const Port = 9060

// Message is a SIP message to show. Secrets in Raw are for the caller to mask.
type Message struct {
	Time      time.Time // kept to the microsecond
	From, To  string    // ADDRESS:PORT, of one IP version
	Transport string    // udp, tcp or tls
	CallID    string    // empty: none
	Agent     uint32    // that the capture server knows who saw it by
	Raw       []byte
}

// Errors of Append.
var (
	ErrAddress = errors.New("hep: From and To are no addresses with a port, of one IP version")
	ErrLong    = errors.New("hep: too long for a datagram")
)

// Types of chunks, of vendor 0.
const (
	chunkFamily      = 0x01
	chunkProtocol    = 0x02
	chunkSource4     = 0x03
	chunkTarget4     = 0x04
	chunkSource6     = 0x05
	chunkTarget6     = 0x06
	chunkSourcePort  = 0x07
	chunkTargetPort  = 0x08
	chunkSeconds     = 0x09
	chunkMicros      = 0x0a
	chunkContent     = 0x0b
	chunkAgent       = 0x0c
	chunkPayload     = 0x0f
	chunkCorrelation = 0x11
)

const (
	magic       = "HEP3"
	headLength  = 6
	chunkLength = 6 // of its head
	// maxDatagram is what fits into a UDP datagram over IPv4.
	maxDatagram = 65507

	familyIPv4, familyIPv6   = 2, 10
	protocolTCP, protocolUDP = 6, 17
	contentSIP               = 1
)

// Append appends a message as a packet.
func Append(b []byte, m Message) ([]byte, error) {
	from, err1 := netip.ParseAddrPort(m.From)
	to, err2 := netip.ParseAddrPort(m.To)
	source, target := from.Addr().Unmap(), to.Addr().Unmap()
	if err1 != nil || err2 != nil || source.Is4() != target.Is4() {
		return b, fmt.Errorf("%w: %q, %q", ErrAddress, m.From, m.To)
	}
	begin := len(b)
	b = append(append(b, magic...), 0, 0)
	family, sourceChunk, targetChunk := byte(familyIPv4), uint16(chunkSource4), uint16(chunkTarget4)
	if source.Is6() {
		family, sourceChunk, targetChunk = familyIPv6, chunkSource6, chunkTarget6
	}
	protocol := byte(protocolUDP)
	if m.Transport == "tcp" || m.Transport == "tls" {
		protocol = protocolTCP
	}
	b = chunk(b, chunkFamily, []byte{family})
	b = chunk(b, chunkProtocol, []byte{protocol})
	b = chunk(b, sourceChunk, source.AsSlice())
	b = chunk(b, targetChunk, target.AsSlice())
	b = chunk(b, chunkSourcePort, binary.BigEndian.AppendUint16(nil, from.Port()))
	b = chunk(b, chunkTargetPort, binary.BigEndian.AppendUint16(nil, to.Port()))
	us := m.Time.UnixMicro()
	b = chunk(b, chunkSeconds, binary.BigEndian.AppendUint32(nil, uint32(us/1e6)))
	b = chunk(b, chunkMicros, binary.BigEndian.AppendUint32(nil, uint32(us%1e6)))
	b = chunk(b, chunkContent, []byte{contentSIP})
	b = chunk(b, chunkAgent, binary.BigEndian.AppendUint32(nil, m.Agent))
	if length := len(b) - begin + len(m.CallID) + len(m.Raw) + 2*chunkLength; length > maxDatagram {
		return b[:begin], fmt.Errorf("%w: %d bytes", ErrLong, length)
	}
	if m.CallID != "" {
		b = chunk(b, chunkCorrelation, []byte(m.CallID))
	}
	b = chunk(b, chunkPayload, m.Raw)
	binary.BigEndian.PutUint16(b[begin+len(magic):], uint16(len(b)-begin))
	return b, nil
}

// chunk appends vendor, type, length with this head, content.
func chunk(b []byte, kind uint16, content []byte) []byte {
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(chunkLength+len(content)))
	return append(b, content...)
}
