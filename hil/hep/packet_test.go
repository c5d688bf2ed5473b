package hep

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// decode reads a packet back, as a capture server does.
func decode(b []byte) (m Message, err error) {
	if len(b) < headLength || string(b[:4]) != magic || int(binary.BigEndian.Uint16(b[4:])) != len(b) {
		return m, errors.New("no packet")
	}
	var source, target netip.Addr
	var ports [2]uint16
	var seconds, micros uint32
	for b = b[headLength:]; len(b) > 0; {
		if len(b) < chunkLength {
			return m, errors.New("a chunk without a head")
		}
		length := int(binary.BigEndian.Uint16(b[4:]))
		if length < chunkLength || length > len(b) {
			return m, fmt.Errorf("a chunk of %d bytes", length)
		}
		content := b[chunkLength:length]
		number := func(width int) uint32 {
			if len(content) != width {
				err = fmt.Errorf("a chunk with %d bytes, not %d", len(content), width)
				return 0
			}
			return uint32(new(bigEndian).add(content))
		}
		switch binary.BigEndian.Uint16(b[2:]) {
		case chunkSource4, chunkSource6:
			source, _ = netip.AddrFromSlice(content)
		case chunkTarget4, chunkTarget6:
			target, _ = netip.AddrFromSlice(content)
		case chunkSourcePort:
			ports[0] = uint16(number(2))
		case chunkTargetPort:
			ports[1] = uint16(number(2))
		case chunkSeconds:
			seconds = number(4)
		case chunkMicros:
			micros = number(4)
		case chunkAgent:
			m.Agent = number(4)
		case chunkProtocol:
			m.Transport = map[uint32]string{protocolTCP: "tcp", protocolUDP: "udp"}[number(1)]
		case chunkCorrelation:
			m.CallID = string(content)
		case chunkPayload:
			m.Raw = bytes.Clone(content)
		}
		b = b[length:]
	}
	m.From, m.To = netip.AddrPortFrom(source, ports[0]).String(), netip.AddrPortFrom(target, ports[1]).String()
	m.Time = time.UnixMicro(int64(seconds)*1e6 + int64(micros))
	return m, err
}

type bigEndian uint64

func (n *bigEndian) add(b []byte) uint64 {
	for _, c := range b {
		*n = *n<<8 | bigEndian(c)
	}
	return uint64(*n)
}

var at = time.Date(2026, 3, 12, 9, 58, 25, 405123000, time.UTC)

func TestPacket(t *testing.T) {
	for _, m := range []Message{
		{Time: at, From: "127.0.0.1:5070", To: "127.0.0.2:5060", Transport: "udp", CallID: "58c2@a", Agent: 2001, Raw: []byte("BYE sip:a SIP/2.0\r\n\r\n")},
		{Time: at, From: "[2001:db8::1]:5070", To: "[2001:db8::2]:5061", Transport: "tcp", Agent: 1 << 31, Raw: []byte{}},
	} {
		b, err := Append([]byte("before"), m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(b[len("before"):])
		if err != nil || got.Agent != m.Agent || got.From != m.From || got.To != m.To || got.CallID != m.CallID || got.Transport != m.Transport || !got.Time.Equal(at) || !bytes.Equal(got.Raw, m.Raw) {
			t.Errorf("%+v reads as %+v, %v", m, got, err)
		}
	}
	// The bytes of the first chunks, as the document has them.
	b, _ := Append(nil, Message{From: "1.2.3.4:5", To: "6.7.8.9:10"})
	if want := []byte("HEP3\x00\x63\x00\x00\x00\x01\x00\x07\x02\x00\x00\x00\x02\x00\x07\x11\x00\x00\x00\x03\x00\x0a\x01\x02\x03\x04"); !bytes.HasPrefix(b, want) || len(b) != 0x63 {
		t.Errorf("packet % x of %d bytes", b[:len(want)], len(b))
	}
}

// TestWholePackets: all octets, as the document has them: the types of the chunks, family and protocol by their numbers, and no correlation where there
// is no Call-ID.
func TestWholePackets(t *testing.T) {
	when := time.UnixMicro(0x0102030405)
	for _, c := range []struct {
		m    Message
		want string
	}{
		{Message{Time: when, From: "1.2.3.4:5060", To: "6.7.8.9:10", Transport: "udp", CallID: "id", Agent: 0x0a0b0c0d, Raw: []byte("BYE")},
			"HEP3\x00\x6e" + "\x00\x00\x00\x01\x00\x07\x02" + "\x00\x00\x00\x02\x00\x07\x11" + "\x00\x00\x00\x03\x00\x0a\x01\x02\x03\x04" + "\x00\x00\x00\x04\x00\x0a\x06\x07\x08\x09" +
				"\x00\x00\x00\x07\x00\x08\x13\xc4" + "\x00\x00\x00\x08\x00\x08\x00\x0a" + "\x00\x00\x00\x09\x00\x0a\x00\x00\x10\xe8" + "\x00\x00\x00\x0a\x00\x0a\x00\x0a\xfa\x05" +
				"\x00\x00\x00\x0b\x00\x07\x01" + "\x00\x00\x00\x0c\x00\x0a\x0a\x0b\x0c\x0d" + "\x00\x00\x00\x11\x00\x08id" + "\x00\x00\x00\x0f\x00\x09BYE"},
		{Message{Time: time.Unix(1, 0), From: "[2001:db8::1]:1", To: "[2001:db8::2]:2", Transport: "tls", Agent: 1},
			"HEP3\x00\x7b" + "\x00\x00\x00\x01\x00\x07\x0a" + "\x00\x00\x00\x02\x00\x07\x06" + "\x00\x00\x00\x05\x00\x16\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
				"\x00\x00\x00\x06\x00\x16\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02" +
				"\x00\x00\x00\x07\x00\x08\x00\x01" + "\x00\x00\x00\x08\x00\x08\x00\x02" + "\x00\x00\x00\x09\x00\x0a\x00\x00\x00\x01" + "\x00\x00\x00\x0a\x00\x0a\x00\x00\x00\x00" +
				"\x00\x00\x00\x0b\x00\x07\x01" + "\x00\x00\x00\x0c\x00\x0a\x00\x00\x00\x01" + "\x00\x00\x00\x0f\x00\x06"},
	} {
		b, err := Append(nil, c.m)
		if err != nil || string(b) != c.want {
			t.Errorf("%+v, %v:\n% x, want\n% x", c.m, err, b, c.want)
		}
	}
	if b, err := Append(nil, Message{From: "1.2.3.4:1", To: "1.2.3.4:2", Transport: "tcp"}); err != nil || b[19] != 6 {
		t.Errorf("tcp is protocol %d, %v", b[19], err)
	}
	// 65507 octets fit into a datagram (RFC 768, RFC 791), 65508 do not.
	whole := Message{From: "1.2.3.4:1", To: "1.2.3.4:2", CallID: "id", Raw: make([]byte, 65507-107)}
	if b, err := Append(nil, whole); err != nil || len(b) != 65507 {
		t.Errorf("%d octets, %v", len(b), err)
	}
	whole.Raw = append(whole.Raw, 0)
	if b, err := Append(nil, whole); !errors.Is(err, ErrLong) || err.Error() != "hep: too long for a datagram: 65508 bytes" || len(b) != 0 {
		t.Errorf("%d octets, %v", len(b), err)
	}
}

func TestPacketRefused(t *testing.T) {
	before := []byte("before")
	for _, c := range []struct {
		m    Message
		want error
	}{
		{Message{From: "", To: "1.2.3.4:5"}, ErrAddress},
		{Message{From: "primary:5060", To: "1.2.3.4:5"}, ErrAddress},
		{Message{From: "1.2.3.4:5", To: "[::1]:5"}, ErrAddress},
		{Message{From: "1.2.3.4:5", To: "1.2.3.4:6", Raw: make([]byte, 65500)}, ErrLong},
		{Message{From: "1.2.3.4:5", To: "1.2.3.4:6", CallID: strings.Repeat("c", 70000)}, ErrLong},
	} {
		if b, err := Append(before, c.m); !errors.Is(err, c.want) || string(b) != "before" {
			t.Errorf("%.80v: %v, %d bytes", c.m, err, len(b))
		}
	}
}

func FuzzPacket(f *testing.F) {
	f.Add("1.2.3.4:5060", "1.2.3.5:5060", "id", []byte("INVITE"), []byte("HEP3\x00\x06"))
	f.Add("[::1]:1", "[fe80::1%eth0]:1", "", []byte{}, []byte("HEP3\x00\x0c\x00\x00\x00\x01\x00\x06"))
	f.Fuzz(func(t *testing.T, from, to, id string, raw, packet []byte) {
		_, _ = decode(packet) // the reader of these tests must not be what falls over
		b, err := Append(nil, Message{Time: at, From: from, To: to, CallID: id, Agent: 7, Raw: raw})
		if err != nil {
			if len(b) != 0 {
				t.Error("an error and a packet")
			}
			return
		}
		m, err := decode(b)
		if err != nil || m.Agent != 7 || !bytes.Equal(m.Raw, raw) || m.CallID != id || len(b) > maxDatagram {
			t.Errorf("%q to %q reads as %+v, %v", from, to, m, err)
		}
	})
}

// BE-02: a packet has the octets of the message, UTF-8 or not.
func TestOctets(t *testing.T) {
	raw := []byte("INVITE sip:a SIP/2.0\r\nFrom: \"\xff\" <sip:b>\r\n\r\n\x00\xfe")
	b, err := Append(nil, Message{Time: time.Unix(1, 0), From: "127.0.0.1:5060", To: "127.0.0.2:5060", CallID: "\xff@a", Raw: raw})
	if err != nil || !bytes.HasSuffix(b, raw) || !bytes.Contains(b, []byte("\xff@a")) {
		t.Errorf("%q, %v", b, err)
	}
}
