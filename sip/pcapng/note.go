package pcapng

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// ICMP is an ICMP error about a datagram. Its type and code are those of ICMPv4; between IPv6 addresses the packet has the ICMPv6 error that says
// the same (RFC 7915 4.2).
type ICMP struct {
	Time       time.Time
	Sender     string // ADDRESS of the router or host that sent it; empty: not known, and the address that the datagram went to stands for it
	From, To   string // ADDRESS:PORT of the datagram
	Type, Code int
	Datagram   []byte // the head of its payload, as far as the error returned it; empty: not known
	Length     int    // of the payload, where more than Datagram is known; 0: that of Datagram
	Comment    string
}

// End is the end of a TCP connection by one side: a reset, or otherwise a FIN.
type End struct {
	Time     time.Time
	From, To string // ADDRESS:PORT of the side that ended it, and of the other
	Reset    bool
	Comment  string
}

// Note is something that is no packet. It becomes a comment of the next packet, or of the last one where none follows, with its time.
type Note struct {
	Time time.Time
	Text string
}

// Capture is what a capture file holds.
type Capture struct {
	Messages []Message
	ICMP     []ICMP
	Ends     []End
	Notes    []Note
}

// record is one packet of the file with its comments.
type record struct {
	time     time.Time
	packet   []byte
	comments []string
}

// records are all packets in the order of their times. Segments get their sequence numbers in that order.
func (c Capture) records() (all []record) {
	type source struct {
		time time.Time
		make func(connections) []record
	}
	var sources []source
	for _, m := range c.Messages {
		sources = append(sources, source{m.Time, m.records})
	}
	for _, e := range c.Ends {
		sources = append(sources, source{e.Time, e.records})
	}
	for _, m := range c.ICMP {
		sources = append(sources, source{m.Time, m.records})
	}
	slices.SortStableFunc(sources, func(a, b source) int { return cmp.Compare(a.time.UnixMicro(), b.time.UnixMicro()) })
	open := connections{}
	for _, s := range sources {
		all = append(all, s.make(open)...)
	}
	return all
}

// annotate adds the notes to the packets, and returns those that find none.
func (c Capture) annotate(all []record) (left []Note) {
	if len(all) == 0 {
		return c.Notes
	}
	notes := slices.SortedStableFunc(slices.Values(c.Notes), func(a, b Note) int { return a.Time.Compare(b.Time) })
	for _, n := range notes {
		i := slices.IndexFunc(all, func(r record) bool { return !r.time.Before(n.Time) })
		if i < 0 {
			i = len(all) - 1
		}
		all[i].comments = append(all[i].comments, n.text())
	}
	return nil
}

func (n Note) text() string {
	return n.Time.UTC().Format("2006-01-02 15:04:05.000000 UTC") + ": " + n.Text
}

const (
	protocolICMP  = 1
	protocolICMP6 = 58
	fragmentation = 4 // code of a destination unreachable

	flagFIN = 0x11 // FIN and ACK (RFC 9293 3.1)
	flagRST = 0x14 // RST and ACK
)

func (e End) records(open connections) []record {
	from, to, ok := ends(Message{From: e.From, To: e.To})
	if !ok {
		return nil
	}
	flags := byte(flagFIN)
	if e.Reset {
		flags = flagRST
	}
	r := record{time: e.Time, packet: open.segment(from, to, nil, flags)}
	if !e.Reset {
		open[[2]netip.AddrPort{from, to}]++ // a FIN takes a sequence number
	}
	if e.Comment != "" {
		r.comments = []string{e.Comment}
	}
	return []record{r}
}

// records makes the packet: the error, and in it the headers and the beginning of the datagram (RFC 792, RFC 4443 3.1).
func (m ICMP) records(connections) []record {
	from, to, ok := ends(Message{From: m.From, To: m.To})
	if !ok {
		return nil
	}
	sender := to.Addr()
	comments := []string{fmt.Sprintf("ICMP type %d code %d.", m.Type, m.Code)}
	if a, err := netip.ParseAddr(m.Sender); err == nil && a.Unmap().Is4() == sender.Is4() {
		sender = a.Unmap().WithZone("")
	} else {
		comments = append(comments, "Its sender is not known: the address that the datagram went to stands for it.")
	}
	if len(m.Datagram) == 0 {
		comments = append(comments, "The octets of the datagram after its UDP header are not known.")
	}
	if m.Comment != "" {
		comments[0] = m.Comment
	}
	udp := ports(from, to)
	udp = binary.BigEndian.AppendUint16(udp, uint16(min(udpHeader+max(m.Length, len(m.Datagram)), maxLength-ipv6Header)))
	udp = append(udp, 0, 0)
	quoted := packet(protocolUDP, from.Addr(), to.Addr(), append(udp, m.Datagram...))
	var content []byte
	if sender.Is4() {
		content = append([]byte{byte(m.Type), byte(m.Code), 0, 0, 0, 0, 0, 0}, quoted...)
		binary.BigEndian.PutUint16(content[2:], checksum(content))
		return []record{{m.Time, packet(protocolICMP, sender, from.Addr(), content), comments}}
	}
	typ, code := icmp6(m.Type, m.Code)
	content = append([]byte{typ, code, 0, 0, 0, 0, 0, 0}, quoted[:min(len(quoted), 1232)]...) // RFC 4443 3.1: within 1280 octets
	if typ == 2 {
		binary.BigEndian.PutUint32(content[4:], mtu)
	}
	binary.BigEndian.PutUint16(content[2:], transportChecksum(protocolICMP6, sender, from.Addr(), content))
	comments[0] += fmt.Sprintf(" Written as the ICMPv6 error that says the same, type %d code %d.", typ, code)
	return []record{{m.Time, packet(protocolICMP6, sender, from.Addr(), content), comments}}
}

// icmp6 gives the ICMPv6 type and code that say the same as an ICMPv4 error (RFC 7915 4.2).
func icmp6(typ, code int) (byte, byte) {
	switch typ {
	case 3:
		switch code {
		case 2:
			return 4, 1
		case 3:
			return 1, 4
		case fragmentation:
			return 2, 0
		case 9, 10, 13, 15:
			return 1, 1
		}
		return 1, 0
	case 11:
		return 3, byte(code)
	}
	return 4, 0
}
