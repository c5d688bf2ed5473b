package pcapng

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// captured is what another implementation reads of a packet: its addresses as "FROM > TO", its layers, when it was sent.
type captured struct {
	way  string
	at   time.Time
	link gopacket.Packet
}

// read reads a capture and checks the checksums.
func read(t testing.TB, file []byte) (all []captured) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		kind := layers.LayerTypeIPv4
		if data[0]>>4 == 6 {
			kind = layers.LayerTypeIPv6
		}
		p := gopacket.NewPacket(data, kind, gopacket.Default)
		if p.TransportLayer() == nil {
			t.Fatalf("packet %d: %v", i, p)
		}
		address := func(e gopacket.Endpoint, port gopacket.Endpoint) string {
			a, _ := netip.AddrFromSlice(e.Raw())
			return netip.AddrPortFrom(a, binary.BigEndian.Uint16(port.Raw())).String()
		}
		src, dst := p.NetworkLayer().NetworkFlow().Endpoints()
		srcPort, dstPort := p.TransportLayer().TransportFlow().Endpoints()
		all = append(all, captured{address(src, srcPort) + " > " + address(dst, dstPort), info.Timestamp, p})
		if l, ok := p.TransportLayer().(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); !ok || l.SetNetworkLayerForChecksum(p.NetworkLayer()) != nil {
			t.Fatalf("packet %d: no checksum", i)
		}
		if fault, wrong := p.VerifyChecksums(); fault != nil || len(wrong) > 0 {
			t.Errorf("packet %d: checksums %v, %v", i, wrong, fault)
		}
	}
}

// The capture is read by another implementation: each message is there with its time, its direction and sound checksums. Messages come in the
// order of their times.
func TestFile(t *testing.T) {
	at := time.Date(2026, 3, 12, 10, 58, 25, 405123000, time.UTC)
	raw := []byte("OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nFrom: \"\xff\" <sip:a>\r\n\r\n") // BE-02: octets that are not UTF-8
	messages := []Message{
		{Time: at, From: "127.0.0.1:5060", To: "127.0.0.2:5070", Raw: raw},
		{Time: at.Add(time.Millisecond), From: "127.0.0.2:5070", To: "127.0.0.1:5060", Transport: "UDP", Raw: append(raw, 'x')}, // odd length
		{Time: at.Add(time.Second), From: "[2001:db8::1]:5060", To: "[2001:db8::2]:5060", Transport: "udp", Raw: raw},
		{Time: at.Add(time.Second), From: "[::ffff:127.0.0.1]:5060", To: "127.0.0.2:5060"}, // empty
		{Time: at.Add(time.Second), From: "[fe80::1%eth0]:5060", To: "[fe80::2%eth0]:5060"},
		{Time: at.Add(time.Second), From: "[::]:5060", To: "127.0.0.2:5060"}, // a socket bound to all addresses
		{Time: at.Add(time.Second), From: "[2001:db8::2]:5060", To: "0.0.0.0:5060"},
	}
	want := []string{"127.0.0.1:5060 > 127.0.0.2:5070", "127.0.0.2:5070 > 127.0.0.1:5060", "[2001:db8::1]:5060 > [2001:db8::2]:5060", "127.0.0.1:5060 > 127.0.0.2:5060",
		"[fe80::1]:5060 > [fe80::2]:5060", "0.0.0.0:5060 > 127.0.0.2:5060", "[2001:db8::2]:5060 > [::]:5060"}
	given := append(slices.Clone(messages),
		Message{Time: at, From: "", To: "127.0.0.2:5060", Raw: raw},                                  // no address: left out
		Message{Time: at, From: "127.0.0.1:5060", To: "[::1]:5060", Raw: raw},                        // of two kinds: left out
		Message{Time: at, From: "127.0.0.1:5060", To: "127.0.0.1:5060", Raw: make([]byte, 65535-27)}, // too long: left out
	)
	given[0], given[1] = given[1], given[0]
	packets := read(t, File(given))
	if len(packets) != len(want) {
		t.Fatalf("%d packets, want %d", len(packets), len(want))
	}
	for i, p := range packets {
		udp, ok := p.link.TransportLayer().(*layers.UDP)
		if p.way != want[i] || !ok || !p.at.Equal(messages[i].Time) || !bytes.Equal(udp.Payload, messages[i].Raw) {
			t.Errorf("packet %d: %s at %v, %v; want %s", i, p.way, p.at, p.link, want[i])
		}
	}
}

// BE-04: messages of TCP and TLS are segments of a connection, without gaps and without repeats in both directions, however long they are.
func TestSegments(t *testing.T) {
	at := time.Date(2026, 3, 12, 10, 58, 25, 0, time.UTC)
	const phone, server, phone6, server6 = "127.0.0.1:40000", "127.0.0.2:5060", "[2001:db8::1]:40000", "[2001:db8::2]:5061"
	sizes := []int{1, 1440, 1441, 1460, 1461, 70000, 0, 333}
	var messages []Message
	sent := map[string][]byte{} // by direction
	add := func(transport, from, to string, size int) {
		raw := bytes.Repeat([]byte{byte(len(messages))}, size)
		messages = append(messages, Message{Time: at, From: from, To: to, Transport: transport, Raw: raw})
		sent[from+" > "+to] = append(sent[from+" > "+to], raw...)
		at = at.Add(time.Millisecond)
	}
	for _, n := range sizes {
		add("tcp", phone, server, n)
		add("TLS", server6, phone6, n)
		add("tcp", server, phone, 3*n/2)
		add("tls", phone6, server6, n)
		add("tcp", phone, "127.0.0.2:5070", n)
	}
	seen := map[string][]byte{}
	for i, p := range read(t, File(messages)) {
		tcp, ok := p.link.TransportLayer().(*layers.TCP)
		if !ok {
			t.Fatalf("packet %d is %v", i, p.link)
		}
		from, to, _ := strings.Cut(p.way, " > ")
		if next, back := uint32(1+len(seen[p.way])), uint32(1+len(seen[to+" > "+from])); tcp.Seq != next || tcp.Ack != back || !tcp.ACK || tcp.SYN || tcp.FIN || tcp.RST {
			t.Errorf("packet %d, %s: sequence number %d, acknowledged %d, want %d and %d", i, p.way, tcp.Seq, tcp.Ack, next, back)
		}
		if n := len(p.link.Data()); n > 1500 || len(tcp.Payload) == 0 {
			t.Errorf("packet %d has %d octets, %d of them payload", i, n, len(tcp.Payload))
		}
		seen[p.way] = append(seen[p.way], tcp.Payload...)
	}
	for way, want := range sent {
		if !bytes.Equal(seen[way], want) {
			t.Errorf("%s: %d octets, want %d", way, len(seen[way]), len(want))
		}
	}
}

func TestFileEmpty(t *testing.T) {
	if _, err := pcapgo.NewNgReader(bytes.NewReader(File(nil)), pcapgo.DefaultNgReaderOptions); err != nil {
		t.Error(err)
	}
}
