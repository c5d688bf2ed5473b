package pcapng

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"
)

// octets reads testdata/capture.txt: hexadecimal octets and texts in quotes; # begins a comment.
func octets(t *testing.T) (file []byte) {
	t.Helper()
	raw, err := os.ReadFile("testdata/capture.txt")
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(line, `"`); ok {
			var text string
			text, line, _ = strings.Cut(rest, `"`)
			file = append(file, text...)
		}
		line, _, _ = strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.ReplaceAll(line, " ", ""))
		if err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		file = append(file, b...)
	}
	return file
}

// BE-04, UX-14: each octet of a capture with a packet of each kind, as pcapng, RFC 791, 768, 792, 4443 and 9293 have it.
func TestOctets(t *testing.T) {
	at := func(us int) time.Time { return time.Date(2026, 3, 12, 10, 58, 25, us*1000, time.UTC) }
	const phone, server, phone6, server6 = "192.0.2.1:5060", "192.0.2.2:5060", "[2001:db8::1]:5060", "[2001:db8::2]:5060"
	got := Capture{
		Messages: []Message{
			{Time: at(0), From: phone, To: server, Transport: "udp", Raw: []byte{0x54, 0x4e}},
			{Time: at(4), From: "192.0.2.1:40000", To: server, Transport: "tls", Raw: []byte("abc")},
		},
		ICMP: []ICMP{
			{Time: at(1), From: phone, To: server, Type: 3, Code: 13},
			{Time: at(2), Sender: "2001:db8::9", From: phone6, To: server6, Type: 3, Code: 4, Datagram: []byte("abcd"), Length: 1500, Comment: "Too big for the path."},
		},
		Ends:  []End{{Time: at(3), From: server, To: "192.0.2.1:40000", Comment: "The server closed the connection."}},
		Notes: []Note{{at(3), "failover from the primary to the backup"}},
	}.File()
	want := octets(t)
	if len(want) < 500 {
		t.Fatalf("%d octets are wanted", len(want))
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("octet %d differs:\n%s\nwant\n%s", i, hex.Dump(got[min(i&^15, len(got)):]), hex.Dump(want[i&^15:]))
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d octets, want %d", len(got), len(want))
	}
}

// UX-14: what an ICMPv6 error quotes ends where the error has 1280 octets (RFC 4443 3.1): 40 of its IPv6 header, 8 of its own, 1232 of the datagram.
func TestLengthOfICMP6(t *testing.T) {
	for size, want := range map[int]int{0: 40 + 8 + 48, 1183: 1279, 1184: 1280, 1185: 1280, 9000: 1280} {
		m := ICMP{From: "[2001:db8::1]:5060", To: "[2001:db8::2]:5060", Type: 3, Code: 3, Datagram: make([]byte, size)}
		if r := m.records(nil); len(r) != 1 || len(r[0].packet) != want {
			t.Errorf("a datagram of %d octets: %d records, want one of %d octets", size, len(r), want)
		}
	}
}
