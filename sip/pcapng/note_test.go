package pcapng

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// faults is a capture with each kind of record.
func faults() Capture {
	at := time.Date(2026, 3, 12, 10, 58, 25, 0, time.UTC)
	request := []byte("REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:1@h>;tag=1\r\nTo: <sip:1@h>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n" +
		"Content-Length: 0\r\n\r\n")
	const phone, primary, backup, phone6, server6 = "127.0.0.1:5060", "127.0.0.2:5060", "127.0.0.3:5060", "[2001:db8::1]:5060", "[2001:db8::2]:5060"
	return Capture{
		Messages: []Message{
			{Time: at, From: phone, To: primary, Transport: "udp", Raw: request}, {Time: at.Add(2 * time.Second), From: phone, To: backup, Transport: "udp", Raw: request},
			{Time: at.Add(3 * time.Second), From: phone6, To: server6, Transport: "udp", Raw: request},
			{Time: at.Add(4 * time.Second), From: "127.0.0.1:40000", To: primary, Transport: "tcp", Raw: request},
			{Time: at.Add(6 * time.Second), From: "127.0.0.1:40001", To: primary, Transport: "tcp", Raw: request},
		},
		ICMP: []ICMP{
			{Time: at.Add(time.Millisecond), Sender: "127.0.0.2", From: phone, To: primary, Type: 3, Code: 3, Datagram: request, Comment: "ICMP port unreachable for REGISTER."},
			{Time: at.Add(2 * time.Millisecond), Sender: "192.0.2.9", From: phone, To: primary, Type: 3, Code: 1, Datagram: request[:20], Length: len(request)},
			{Time: at.Add(3 * time.Millisecond), From: phone, To: primary, Type: 3, Code: 13},
			{Time: at.Add(3100 * time.Millisecond), Sender: "2001:db8::2", From: phone6, To: server6, Type: 3, Code: 3, Datagram: request},
			{Time: at.Add(3200 * time.Millisecond), Sender: "2001:db8::9", From: phone6, To: server6, Type: 3, Code: 4, Datagram: bytes.Repeat(request, 9)},
			{Time: at, From: "", To: primary},
		},
		Ends: []End{{Time: at.Add(5 * time.Second), From: primary, To: "127.0.0.1:40000", Reset: true, Comment: "reset"},
			{Time: at.Add(7 * time.Second), From: primary, To: "127.0.0.1:40001"}, {Time: at, From: "x", To: primary}},
		Notes: []Note{{at.Add(time.Second), "failover from the primary to the backup"}, {at.Add(time.Hour), "failback from the backup to the primary"}},
	}
}

// UX-14: an ICMP error is a packet with sound checksums, from who sent it, and quotes the headers and the head of the datagram; the end of a
// connection is a segment that continues its sequence numbers; notes are comments.
func TestCaptureOfFaults(t *testing.T) {
	file := faults().File()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		data, _, err := r.ReadPacketData()
		if err != nil {
			break
		}
		kind := layers.LayerTypeIPv4
		if data[0]>>4 == 6 {
			kind = layers.LayerTypeIPv6
		}
		p := gopacket.NewPacket(data, kind, gopacket.Default)
		if fault := p.ErrorLayer(); fault != nil {
			t.Errorf("packet %d: %v", len(got), fault.Error())
		}
		src, _ := p.NetworkLayer().NetworkFlow().Endpoints()
		switch {
		case p.Layer(layers.LayerTypeICMPv4) != nil:
			l := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4)
			quoted := l.Payload
			if checksum(append(l.Contents, l.Payload...)) != 0 || quoted[0] != 0x45 || binary.BigEndian.Uint16(quoted[20:]) != 5060 {
				t.Errorf("packet %d: checksum, or %x quoted", len(got), quoted)
			}
			got = append(got, src.String()+" "+l.TypeCode.String())
		case p.Layer(layers.LayerTypeICMPv6) != nil:
			got = append(got, src.String()+" "+p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6).TypeCode.String())
		case p.Layer(layers.LayerTypeTCP) != nil:
			l := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
			text := src.String()
			if l.RST {
				text += " RST"
			}
			if l.FIN {
				text += " FIN"
			}
			if len(l.Payload) == 0 && l.Ack != 1+uint32(len(faults().Messages[0].Raw)) {
				t.Errorf("packet %d acknowledges %d", len(got), l.Ack)
			}
			got = append(got, text)
		default:
			got = append(got, src.String()+" SIP")
		}
	}
	want := []string{"127.0.0.1 SIP", "127.0.0.2 DestinationUnreachable(Port)", "192.0.2.9 DestinationUnreachable(Host)", "127.0.0.2 DestinationUnreachable(CommAdminProhibited)",
		"127.0.0.1 SIP", "2001:db8::1 SIP", "2001:db8::2 DestinationUnreachable(PortUnreachable)", "2001:db8::9 PacketTooBig",
		"127.0.0.1", "127.0.0.2 RST", "127.0.0.1", "127.0.0.2 FIN"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, text := range []string{"2026-03-12 10:58:26.000000 UTC: failover from the primary to the backup", "11:58:25.000000 UTC: failback from the backup", "ICMP port unreachable for REGISTER."} {
		if !bytes.Contains(file, []byte(text)) {
			t.Errorf("no comment %q", text)
		}
	}
	if alone := (Capture{Notes: []Note{{time.Unix(0, 0), "DNS failed"}}}).File(); !bytes.Contains(alone, []byte("DNS failed")) {
		t.Error("the note of a capture without packets is lost")
	}
}

// UX-14: each ICMPv4 error that ends an attempt has an ICMPv6 error that says the same.
func TestICMP6(t *testing.T) {
	for _, c := range [][4]int{{3, 0, 1, 0}, {3, 1, 1, 0}, {3, 2, 4, 1}, {3, 3, 1, 4}, {3, 4, 2, 0}, {3, 10, 1, 1}, {3, 13, 1, 1}, {11, 1, 3, 1}, {12, 0, 4, 0}} {
		if typ, code := icmp6(c[0], c[1]); int(typ) != c[2] || int(code) != c[3] {
			t.Errorf("%v: %d/%d", c, typ, code)
		}
	}
}
