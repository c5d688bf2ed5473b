package pcapng

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// The capture is read by another implementation: each message is there with its time, its direction and sound checksums.
func TestFile(t *testing.T) {
	at := time.Date(2026, 3, 12, 10, 58, 25, 405123000, time.UTC)
	raw := []byte("OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n")
	messages := []Message{
		{Time: at, From: "127.0.0.1:5060", To: "127.0.0.2:5070", Raw: raw},
		{Time: at.Add(time.Millisecond), From: "127.0.0.2:5070", To: "127.0.0.1:5060", Raw: append(raw, 'x')}, // odd length
		{Time: at.Add(time.Second), From: "[2001:db8::1]:5060", To: "[2001:db8::2]:5060", Raw: raw},
		{Time: at, From: "[::ffff:127.0.0.1]:5060", To: "127.0.0.2:5060"}, // empty
		{Time: at, From: "", To: "127.0.0.2:5060", Raw: raw},              // no address: left out
		{Time: at, From: "127.0.0.1:5060", To: "[::1]:5060", Raw: raw},    // of two kinds: left out
	}
	want := []string{"127.0.0.1:5060 > 127.0.0.2:5070", "127.0.0.2:5070 > 127.0.0.1:5060", "[2001:db8::1]:5060 > [2001:db8::2]:5060", "127.0.0.1:5060 > 127.0.0.2:5060"}
	r, err := pcapgo.NewNgReader(bytes.NewReader(File(messages)), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for i, way := range want {
		data, info, err := r.ReadPacketData()
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		kind := layers.LayerTypeIPv4
		if data[0]>>4 == 6 {
			kind = layers.LayerTypeIPv6
		}
		p := gopacket.NewPacket(data, kind, gopacket.Default)
		udp, ok := p.TransportLayer().(*layers.UDP)
		if !ok {
			t.Fatalf("packet %d: %v", i, p)
		}
		address := func(e gopacket.Endpoint, port layers.UDPPort) netip.AddrPort {
			a, _ := netip.AddrFromSlice(e.Raw())
			return netip.AddrPortFrom(a, uint16(port))
		}
		src, dst := p.NetworkLayer().NetworkFlow().Endpoints()
		if got := fmt.Sprint(address(src, udp.SrcPort), " > ", address(dst, udp.DstPort)); got != way {
			t.Errorf("packet %d: %s, want %s", i, got, way)
		}
		if !info.Timestamp.Equal(messages[i].Time) || !bytes.Equal(udp.Payload, messages[i].Raw) {
			t.Errorf("packet %d: %v %q", i, info.Timestamp, udp.Payload)
		}
		if err := udp.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
			t.Fatal(err)
		}
		if fault, wrong := p.VerifyChecksums(); fault != nil || len(wrong) > 0 {
			t.Errorf("packet %d: checksums %v, %v", i, wrong, fault)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Errorf("after the last: %v", err)
	}
}

func TestFileEmpty(t *testing.T) {
	if _, err := pcapgo.NewNgReader(bytes.NewReader(File(nil)), pcapgo.DefaultNgReaderOptions); err != nil {
		t.Error(err)
	}
}
