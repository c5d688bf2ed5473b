// Package pcapng is SIP messages as a capture file, as Wireshark and tshark read it.
//
// The phone has the messages, not the packets they came in: IP and UDP headers are made up from the addresses.
package pcapng

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Message is a SIP message on its way.
type Message struct {
	Time     time.Time // kept to the microsecond
	From, To string    // ADDRESS:PORT, of one IP version
	Raw      []byte
}

// Block and option types of pcapng (draft-ietf-opsawg-pcapng 4).
const (
	sectionHeader   = 0x0A0D0D0A
	interfaceHeader = 1
	enhancedPacket  = 6
	byteOrder       = 0x1A2B3C4D
	linkTypeRaw     = 101 // the packet begins with its IP header

	protocolUDP = 17
	maxIPv4     = 0xffff
)

// File is a capture of messages, as UDP datagrams whatever carried them. One without usable addresses, or too long for a datagram, is
// left out.
func File(messages []Message) []byte {
	file := block(nil, sectionHeader, func(b []byte) []byte {
		b = binary.LittleEndian.AppendUint32(b, byteOrder)
		b = binary.LittleEndian.AppendUint16(b, 1)
		b = binary.LittleEndian.AppendUint16(b, 0)
		return binary.LittleEndian.AppendUint64(b, ^uint64(0)) // length of the section not given
	})
	file = block(file, interfaceHeader, func(b []byte) []byte {
		b = binary.LittleEndian.AppendUint16(b, linkTypeRaw)
		b = binary.LittleEndian.AppendUint16(b, 0)
		return binary.LittleEndian.AppendUint32(b, 0) // no snap length; time stamps are microseconds unless said otherwise
	})
	for _, m := range messages {
		packet, ok := datagram(m)
		if !ok {
			continue
		}
		file = block(file, enhancedPacket, func(b []byte) []byte {
			us := uint64(m.Time.UnixMicro())
			for _, v := range []uint32{0, uint32(us >> 32), uint32(us), uint32(len(packet)), uint32(len(packet))} {
				b = binary.LittleEndian.AppendUint32(b, v)
			}
			return append(b, packet...)
		})
	}
	return file
}

// block appends a block: type, length, body padded to 32 bits, length again.
func block(file []byte, kind uint32, body func([]byte) []byte) []byte {
	at := len(file)
	file = binary.LittleEndian.AppendUint32(file, kind)
	file = body(append(file, 0, 0, 0, 0))
	for len(file)%4 != 0 {
		file = append(file, 0)
	}
	length := uint32(len(file) - at + 4)
	binary.LittleEndian.PutUint32(file[at+4:], length)
	return binary.LittleEndian.AppendUint32(file, length)
}

// datagram puts IP and UDP headers before a message.
func datagram(m Message) ([]byte, bool) {
	from, err1 := netip.ParseAddrPort(m.From)
	to, err2 := netip.ParseAddrPort(m.To)
	src, dst := from.Addr().Unmap().WithZone(""), to.Addr().Unmap().WithZone("")
	length := 8 + len(m.Raw)
	if err1 != nil || err2 != nil || src.Is4() != dst.Is4() || 20+length > maxIPv4 {
		return nil, false
	}
	var ip []byte
	if src.Is4() {
		ip = []byte{0x45, 0}
		ip = binary.BigEndian.AppendUint16(ip, uint16(20+length))
		ip = append(ip, 0, 0, 0x40, 0, 64, protocolUDP, 0, 0) // not fragmented
		ip = append(append(ip, src.AsSlice()...), dst.AsSlice()...)
		binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	} else {
		ip = []byte{0x60, 0, 0, 0}
		ip = binary.BigEndian.AppendUint16(ip, uint16(length))
		ip = append(ip, protocolUDP, 64)
		ip = append(append(ip, src.AsSlice()...), dst.AsSlice()...)
	}
	udp := binary.BigEndian.AppendUint16(nil, from.Port())
	udp = binary.BigEndian.AppendUint16(udp, to.Port())
	udp = binary.BigEndian.AppendUint16(udp, uint16(length))
	udp = append(append(udp, 0, 0), m.Raw...)
	pseudo := append(append(src.AsSlice(), dst.AsSlice()...), 0, protocolUDP)
	sum := checksum(append(binary.BigEndian.AppendUint16(pseudo, uint16(length)), udp...))
	if sum == 0 {
		sum = 0xffff // RFC 768: zero means none
	}
	binary.BigEndian.PutUint16(udp[6:], sum)
	return append(ip, udp...), true
}

// checksum is the Internet checksum (RFC 1071).
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
