package pcapng

import (
	"encoding/binary"
	"net/netip"
)

const (
	protocolTCP = 6
	protocolUDP = 17

	ipv4Header = 20
	ipv6Header = 40
	udpHeader  = 8
	tcpHeader  = 20
	maxLength  = 0xffff // of an IPv4 packet, and of what follows an IPv6 header

	mtu    = 1500
	window = 0xffff
	flags  = 0x18 // PSH and ACK (RFC 9293 3.1)
)

// datagram is a message as one UDP datagram, none if it is too long.
func datagram(from, to netip.AddrPort, message []byte) [][]byte {
	length := udpHeader + len(message)
	if ipv4Header+length > maxLength {
		return nil
	}
	udp := ports(from, to)
	udp = binary.BigEndian.AppendUint16(udp, uint16(length))
	udp = append(udp, 0, 0)
	udp = append(udp, message...)
	sum := transportChecksum(protocolUDP, from.Addr(), to.Addr(), udp)
	if sum == 0 {
		sum = 0xffff // RFC 768: zero means none
	}
	binary.BigEndian.PutUint16(udp[6:], sum)
	return [][]byte{packet(protocolUDP, from.Addr(), to.Addr(), udp)}
}

// connections are the TCP connections by sender and receiver: the sequence number that follows what was sent in this direction. All begin with
// 1, as if there had been a SYN before. A connection that takes the addresses of an earlier one continues it.
type connections map[[2]netip.AddrPort]uint32

// segments are a message as TCP segments that fit into an Ethernet frame.
func (c connections) segments(from, to netip.AddrPort, message []byte) (packets [][]byte) {
	most := mtu - ipv4Header - tcpHeader
	if from.Addr().Is6() {
		most = mtu - ipv6Header - tcpHeader
	}
	for len(message) > 0 {
		n := min(most, len(message))
		packets = append(packets, c.segment(from, to, message[:n], flags))
		message = message[n:]
	}
	return packets
}

func (c connections) segment(from, to netip.AddrPort, data []byte, flags byte) []byte {
	there, back := [2]netip.AddrPort{from, to}, [2]netip.AddrPort{to, from}
	const first = 1
	tcp := ports(from, to)
	tcp = binary.BigEndian.AppendUint32(tcp, first+c[there])
	tcp = binary.BigEndian.AppendUint32(tcp, first+c[back])
	tcp = append(tcp, tcpHeader/4<<4, flags)
	tcp = binary.BigEndian.AppendUint16(tcp, window)
	tcp = append(tcp, 0, 0, 0, 0) // checksum, urgent pointer
	tcp = append(tcp, data...)
	binary.BigEndian.PutUint16(tcp[16:], transportChecksum(protocolTCP, from.Addr(), to.Addr(), tcp))
	c[there] += uint32(len(data))
	return packet(protocolTCP, from.Addr(), to.Addr(), tcp)
}

func ports(from, to netip.AddrPort) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, from.Port()), to.Port())
}

// packet puts an IP header before what it carries.
func packet(protocol byte, from, to netip.Addr, content []byte) []byte {
	var ip []byte
	if from.Is4() {
		ip = []byte{0x45, 0}
		ip = binary.BigEndian.AppendUint16(ip, uint16(ipv4Header+len(content)))
		ip = append(ip, 0, 0, 0x40, 0, 64, protocol, 0, 0) // not fragmented
		ip = append(append(ip, from.AsSlice()...), to.AsSlice()...)
		binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	} else {
		ip = []byte{0x60, 0, 0, 0}
		ip = binary.BigEndian.AppendUint16(ip, uint16(len(content)))
		ip = append(ip, protocol, 64)
		ip = append(append(ip, from.AsSlice()...), to.AsSlice()...)
	}
	return append(ip, content...)
}

// transportChecksum is that of UDP and TCP, over a pseudo header and the content (RFC 768, RFC 9293 3.1, RFC 8200 8.1).
func transportChecksum(protocol byte, from, to netip.Addr, content []byte) uint16 {
	pseudo := append(append(from.AsSlice(), to.AsSlice()...), 0, protocol)
	return checksum(append(binary.BigEndian.AppendUint16(pseudo, uint16(len(content))), content...))
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
