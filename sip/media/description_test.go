package media

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// lines joins SDP lines.
func lines(l ...string) []byte { return []byte(strings.Join(l, "\r\n") + "\r\n") }

func ours(addr string) negotiation {
	return negotiation{addr: netip.MustParseAddrPort(addr), id: 42}
}

func TestOfferInFull(t *testing.T) {
	n := ours("192.0.2.1:10000")
	want := string(lines(
		"v=0", "o=- 42 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0",
		"m=audio 10000 RTP/AVP 0 8 101",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
		"a=ptime:20", "a=sendrecv"))
	if got := string(n.offer(SendRecv)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	n = ours("[2001:db8::1]:10000")
	if got := string(n.offer(SendRecv)); !strings.Contains(got, "o=- 42 1 IN IP6 2001:db8::1\r\n") ||
		!strings.Contains(got, "c=IN IP6 2001:db8::1\r\n") {
		t.Error(got)
	}
}

func TestVersionGrowsWithChangesOnly(t *testing.T) { // RFC 3264 section 8; FO-25
	n := ours("192.0.2.1:10000")
	first := string(n.offer(SendRecv))
	if again := string(n.offer(SendRecv)); again != first {
		t.Errorf("offered again:\n%s\nthen\n%s", first, again)
	}
	for i, c := range []struct {
		direction Direction
		version   int
	}{{SendOnly, 2}, {SendOnly, 2}, {SendRecv, 3}, {Inactive, 4}} {
		if got := string(n.offer(c.direction)); !strings.Contains(got, fmt.Sprintf("o=- 42 %d IN", c.version)) {
			t.Errorf("offer %d: %s", i, got)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name string
		sdp  []byte
		want string
	}{
		{"address of the session", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 0 8"), "192.0.2.7:4000 [{0 PCMU} {8 PCMA}] sendrecv"},
		{"address of the stream", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 0", "c=IN IP6 ::1"), "[::1]:4000 [{0 PCMU}] sendrecv"},
		{"direction of the session", lines("c=IN IP4 192.0.2.7", "a=sendonly", "m=audio 4000 RTP/AVP 8"), "192.0.2.7:4000 [{8 PCMA}] sendonly"},
		{"direction of the stream", lines("c=IN IP4 192.0.2.7", "a=sendonly", "m=audio 4000 RTP/AVP 8", "a=recvonly"), "192.0.2.7:4000 [{8 PCMA}] recvonly"},
		{"both directions, of the stream", lines("c=IN IP4 192.0.2.7", "a=sendonly", "m=audio 4000 RTP/AVP 8", "a=sendrecv"), "192.0.2.7:4000 [{8 PCMA}] sendrecv"},
		{"no direction, of the stream", lines("c=IN IP4 192.0.2.7", "a=sendonly", "m=audio 4000 RTP/AVP 8", "a=inactive"), "192.0.2.7:4000 [{8 PCMA}] inactive"},
		{"direction of another stream", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 8", "m=video 4002 RTP/AVP 31", "a=inactive"), "192.0.2.7:4000 [{8 PCMA}] sendrecv"},
		{"hold by 0.0.0.0", lines("c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0"), "0.0.0.0:4000 [{0 PCMU}] sendonly"},
		{"other numbers", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 97 98 18", "a=rtpmap:97 pcma/8000/1", "a=rtpmap:98 Telephone-Event/8000", "a=fmtp:98 0-16"), "192.0.2.7:4000 [{97 PCMA} {98 telephone-event}] sendrecv"},
		{"other clocks", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 96 97 98 0", "a=rtpmap:96 PCMU/16000", "a=rtpmap:97 PCMA/8000/2", "a=rtpmap:98 telephone-event/48000"), "192.0.2.7:4000 [{0 PCMU}] sendrecv"},
		{"bare line ends and unknown lines", []byte("v=0\nx=y\nfoo\n\n=\nc=IN IP4 192.0.2.7\nm=audio 4000/2 RTP/AVP 0 8 0 999 x\na=\na=foo:bar"), "192.0.2.7:4000 [{0 PCMU} {8 PCMA}] sendrecv"},
		{"second audio stream", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/SAVP 0", "m=audio 4002 RTP/AVP 0"), "192.0.2.7:4002 [{0 PCMU}] sendrecv"},
		{"profile in lower case", lines("c=IN IP4 192.0.2.7", "m=audio 4000 rtp/avp 0"), "192.0.2.7:4000 [{0 PCMU}] sendrecv"},
		{"IPv4-mapped", lines("c=IN IP6 ::ffff:192.0.2.7", "m=audio 4000 RTP/AVP 0"), "192.0.2.7:4000 [{0 PCMU}] sendrecv"},
		{"hold by ::", lines("c=IN IP6 ::", "m=audio 4000 RTP/AVP 0"), "[::]:4000 [{0 PCMU}] sendonly"},
		{"number mapped to something else", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 G729/8000"), "192.0.2.7:4000 [{8 PCMA}] sendrecv"},
	} {
		d, err := Parse(c.sdp, netip.Addr{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := fmt.Sprint(d.Addr, d.Formats, d.Direction); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestParseWithoutUsableAudio(t *testing.T) { // WR-37
	const c = "c=IN IP4 192.0.2.7"
	for _, sdp := range [][]byte{
		nil, lines("v=0"), []byte("hello"), lines(c, "m=video 4000 RTP/AVP 31"), lines(c, "m=audio 0 RTP/AVP 0", "m=video 4000 RTP/AVP 31"),
		lines(c, "m=audio 4000 RTP/SAVP 0"), lines(c, "m=audio 4000 RTP/AVP 18"), lines(c, "m=audio 4000 RTP/AVP"),
		lines(c, "m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), lines("m=audio 4000 RTP/AVP 0"),
		lines("c=IN", "m=audio 4000 RTP/AVP 0"), lines("c=ATM NSAP 47.0091", "m=audio 4000 RTP/AVP 0"),
		lines("c=IN IP4 224.2.1.1/127", "m=audio 4000 RTP/AVP 0"), lines("c=IN IP4 192.0.2.300", "m=audio 4000 RTP/AVP 0"),
		lines("c=IN IP4 192.0.2", "m=audio 4000 RTP/AVP 0"), lines("c=IN IP4 a..b", "m=audio 4000 RTP/AVP 0"),
		lines("c=IN IP4 a_b!", "m=audio 4000 RTP/AVP 0"), lines("c=IN IP4 "+strings.Repeat("a.", 130), "m=audio 4000 RTP/AVP 0"),
		lines(c, "m=audio"), lines(c, "m=audio x RTP/AVP 0"), lines(c, "m=audio 65536 RTP/AVP 0"),
		lines(c, "m=audio -1 RTP/AVP 0"), lines(c, "m=au\x00dio 4000 RTP/AVP 0"), lines(c, "m="),
		lines(strings.Split(c+strings.Repeat("\nm=video 1 RTP/AVP 31", 64)+"\nm=audio 4000 RTP/AVP 0", "\n")...),
	} {
		if d, err := Parse(sdp, netip.Addr{}); !errors.Is(err, ErrNoAudio) {
			t.Errorf("%q: %+v, %v", sdp, d, err)
		}
	}
}

// Offers whose streams all have port 0, and those without any stream, describe a session without media (RFC 3264 5, 5.1, 8.2).
func TestParseWithoutAudio(t *testing.T) { // WR-37
	for _, c := range []struct {
		sdp    []byte
		held   bool
		answer string
	}{
		{lines("c=IN IP4 192.0.2.7", "m=audio 0 RTP/AVP 0 8"), false, "m=audio 0 RTP/AVP 0 8\r\n"},
		{lines("c=IN IP4 192.0.2.7", "m=audio 0 RTP/AVP 18", "a=sendonly"), true, "m=audio 0 RTP/AVP 18\r\n"},
		{lines("m=video 0 RTP/AVP 31", "m=audio 0 RTP/AVP 0", "a=inactive"), true, "m=video 0 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\n"},
		{lines("c=IN IP6 2001:db8::1", "m=audio 0 RTP/AVP 0"), false, "m=audio 0 RTP/AVP 0\r\n"},
		{lines("m=image 0 udptl t38"), false, "m=image 0 udptl t38\r\n"},
		{lines("v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-", "t=0 0"), false, ""},
	} {
		n := ours("192.0.2.1:10000")
		answer, remote, err := n.answer(c.sdp, SendRecv)
		if err != nil || !remote.Off() || remote.Held() != c.held || n.mine().Direction != Inactive {
			t.Errorf("%q: %+v, %v", c.sdp, remote, err)
		}
		if want := "v=0\r\no=- 42 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" + c.answer; string(answer) != want {
			t.Errorf("%q is answered %q", c.sdp, answer)
		}
		if again := n.offer(SendOnly); string(again) != string(answer) { // the stream stays off
			t.Errorf("%q is followed by the offer %q", c.sdp, again)
		}
		if _, _, err := n.answer(lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 0"), SendRecv); err != nil || n.mine().Direction != SendRecv {
			t.Errorf("the stream is not taken up again: %v", err)
		}
		if _, _, err := n.answer(lines("v=0", "o=- 1 1 IN IP4 192.0.2.7"), SendRecv); !errors.Is(err, ErrNoAudio) {
			t.Errorf("the streams of a session are gone: %v", err)
		}
	}
}

func TestConnectionAddresses(t *testing.T) { // WR-39
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, c := range []struct {
		conn        string
		local       netip.Addr
		host, addr  string
		other, held bool
	}{
		{"IN IP4 192.0.2.7", v4, "", "192.0.2.7:4000", false, false},
		{"IN IP6 2001:db8::7", v6, "", "[2001:db8::7]:4000", false, false},
		{"IN IP6 fe80::1%eth0", v6, "", "[fe80::1]:4000", false, false},
		{"IN IP6 2001:db8::7", v4, "", "", true, false},
		{"IN IP4 192.0.2.7", v6, "", "", true, false},
		{"IN IP4 2001:db8::7", v4, "", "", true, false}, // the address counts
		{"IN IP4 Phone.example.", v4, "Phone.example", "invalid AddrPort", false, false},
		{"IN IP4 phone", v4, "phone", "invalid AddrPort", false, false},
		{"IN IP6 phone.example", v6, "phone.example", "invalid AddrPort", false, false},
		{"IN IP6 phone.example", v4, "", "", true, false},
		{"IN IP4 phone.example", v6, "", "", true, false},
		{"IN IP4 0.0.0.0", v6, "", "0.0.0.0:4000", false, true},
		{"IN IP6 ::", v4, "", "[::]:4000", false, true},
		{"IN IP6 hold.invalid", v6, "", "invalid AddrPort", false, true},
		{"IN IP4 hold.INVALID", v4, "", "invalid AddrPort", false, true},
	} {
		d, err := Parse(lines("c="+c.conn, "m=audio 4000 RTP/AVP 0"), c.local)
		if c.other {
			if !errors.Is(err, ErrIPVersion) || !errors.Is(err, ErrNoAudio) {
				t.Errorf("%s from %s: %v", c.conn, c.local, err)
			}
			continue
		}
		if err != nil || d.Host != c.host || d.Addr.String() != c.addr || d.Addr.Port() != 4000 || d.Held() != c.held {
			t.Errorf("%s from %s: %+v, %v", c.conn, c.local, d, err)
		}
		if got := d.At(c.local).Addr; got != netip.AddrPortFrom(c.local, 4000) {
			t.Errorf("%s resolved to %s: %s", c.conn, c.local, got)
		}
	}
	// The stream at an address of our IP version is taken, whichever is first.
	d, err := Parse(lines("m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::7", "m=audio 4002 RTP/AVP 0", "c=IN IP4 192.0.2.7"), v4)
	if err != nil || d.Addr.String() != "192.0.2.7:4002" {
		t.Errorf("%+v, %v", d, err)
	}
}

// A media line that cannot be read costs no other one, and is refused in a form that can be read (RFC 3264 6).
func TestBrokenStreamsAreRefused(t *testing.T) { // WR-39
	long := strings.Repeat("x", 65)
	for broken, refused := range map[string]string{
		"m=video x RTP/AVP 31":                               "m=video 0 RTP/AVP 31",
		"m=video 99999 RTP/AVP 31 32":                        "m=video 0 RTP/AVP 31 32",
		"m=video":                                            "m=video 0 RTP/AVP 0",
		"m=":                                                 "m=application 0 RTP/AVP 0",
		"m=video 5000":                                       "m=video 0 RTP/AVP 0",
		"m=video 5000 RTP/AVP":                               "m=video 0 RTP/AVP 0",
		"m=vi\x00deo 5000 RTP/AVP 31":                        "m=application 0 RTP/AVP 31",
		"m=vidéo 5000 RTP/AVP 31":                            "m=application 0 RTP/AVP 31",
		"m=video 5000 RTP//AVP\xff 3\x011 9":                 "m=video 0 RTP/AVP 9",
		"m=" + long + " 5000 " + long + " 31":                "m=application 0 RTP/AVP 31",
		"m=message 5000 TCP/TLS/MSRP *":                      "m=message 0 TCP/TLS/MSRP *",
		"m=image 5000 udptl t38":                             "m=image 0 udptl t38",
		"m=audio x RTP/AVP 0":                                "m=audio 0 RTP/AVP 0",
		"m=audio 4002 RTP/SAVP 0":                            "m=audio 0 RTP/SAVP 0",
		"m=audio 4002 RTP/AVP 0":                             "m=audio 0 RTP/AVP 0", // one is enough
		"m=video 5000 RTP/AVP" + strings.Repeat(" 31", 1000): "m=video 0 RTP/AVP" + strings.Repeat(" 31", 16),
	} {
		for _, first := range []bool{true, false} {
			audio := "m=audio 4000 RTP/AVP 8"
			ask, want := []string{audio, broken}, []string{"m=audio 10000 RTP/AVP 8", refused}
			if first && !strings.HasPrefix(broken, "m=audio 4002 RTP/AVP") {
				ask, want = []string{broken, audio}, []string{refused, "m=audio 10000 RTP/AVP 8"}
			}
			n := ours("192.0.2.1:10000")
			answer, remote, err := n.answer(lines(append([]string{"v=0", "c=IN IP4 192.0.2.7"}, ask...)...), SendRecv)
			if err != nil || remote.Addr.Port() != 4000 {
				t.Errorf("%q: %+v, %v", broken, remote, err)
				continue
			}
			var got []string
			for line := range strings.SplitSeq(string(answer), "\r\n") {
				if strings.HasPrefix(line, "m=") {
					got = append(got, line)
				}
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%q is answered %q, want %q", broken, got, want)
			}
		}
	}
	most := lines(strings.Split("c=IN IP4 192.0.2.7"+strings.Repeat("\nm=video 1 RTP/AVP 31", 63)+"\nm=audio 4000 RTP/AVP 0", "\n")...)
	n := ours("192.0.2.1:10000")
	answer, _, err := n.answer(most, SendRecv)
	if err != nil || strings.Count(string(answer), "m=video 0 RTP/AVP 31\r\n") != 63 {
		t.Errorf("%d streams: %v\n%s", 64, err, answer)
	}
}

func TestAnswer(t *testing.T) { // RFC 3264 section 6
	n := ours("192.0.2.1:10000")
	offer := lines("v=0", "o=- 1 1 IN IP4 192.0.2.7", "c=IN IP4 192.0.2.7",
		"m=video 4000 RTP/AVP 31 32", "m=audio 4002 RTP/AVPF 18 96 8 0", "a=rtpmap:96 telephone-event/8000", "a=sendonly",
		"m=application 4004 udp wb")
	got, remote, err := n.answer(offer, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	want := string(lines("v=0", "o=- 42 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0",
		"m=video 0 RTP/AVP 31 32",
		"m=audio 10000 RTP/AVPF 96 8 0", "a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15",
		"a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=recvonly",
		"m=application 0 udp wb"))
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if voice, _ := remote.Voice(); voice != (Format{8, PCMA}) || remote.Addr.String() != "192.0.2.7:4002" {
		t.Errorf("remote %+v", remote)
	}
	// A re-offer keeps the streams and the numbers (RFC 3264 section 8).
	re := string(n.offer(SendOnly))
	if re != strings.NewReplacer("42 1 IN", "42 2 IN", "a=recvonly", "a=sendonly").Replace(want) {
		t.Errorf("re-offer %s", re)
	}
}

func TestAccept(t *testing.T) {
	n := ours("192.0.2.1:10000")
	answer := lines("v=0", "c=IN IP4 192.0.2.7", "m=audio 4002 RTP/AVP 8 97", "a=rtpmap:97 telephone-event/8000")
	if _, err := n.accept(answer); err == nil {
		t.Error("an answer to nothing")
	}
	n.offer(SendRecv)
	for _, wrong := range [][]byte{lines("c=IN IP6 ::1", "m=audio 4002 RTP/AVP 0"), lines("c=IN IP4 192.0.2.7", "m=audio 4002 RTP/AVP 18"), nil} {
		if _, err := n.accept(wrong); !errors.Is(err, ErrNoAudio) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for range 2 { // 183 and 200 bear the same answer
		remote, err := n.accept(answer)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := remote.Event(); !ok || e.Type != 97 {
			t.Errorf("events as %v", e)
		}
		if v, ok := remote.Voice(); !ok || v.Codec != PCMA {
			t.Errorf("voice as %v", v)
		}
	}
	if codec, ok := n.mine().typed(101); !ok || codec != TelephoneEvent {
		t.Error("what arrives bears our own numbers")
	}
	// The other side refuses the stream; the next offer asks for it again.
	n.offer(SendOnly)
	if remote, err := n.accept(lines("c=IN IP4 192.0.2.7", "m=audio 0 RTP/AVP 0")); err != nil || !remote.Off() {
		t.Errorf("refused: %+v, %v", remote, err)
	}
	if again := string(n.offer(SendRecv)); !strings.Contains(again, "m=audio 10000 RTP/AVP 0 8 101") {
		t.Error(again)
	}
}

func TestAcceptTakesOnlyWhatWasOffered(t *testing.T) {
	n := ours("192.0.2.1:10000")
	if _, _, err := n.answer(lines("c=IN IP4 192.0.2.7", "m=audio 4002 RTP/AVP 0"), SendRecv); err != nil {
		t.Fatal(err)
	}
	n.offer(SendOnly)
	if _, err := n.accept(lines("c=IN IP4 192.0.2.7", "m=audio 4002 RTP/AVP 8")); !errors.Is(err, ErrNoAudio) {
		t.Errorf("PCMA was not offered: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4002 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n"))
	f.Add([]byte("c=IN IP6 ::ffff:1.2.3.4\nm=audio 1/2 RTP/AVPF 96 96 0\na=rtpmap:96 PCMA/8000/1\nm=video 9 x"))
	f.Add([]byte("c=IN IP4 0.0.0.0/127/3\r\nm=image 5 udptl t38\r\nm=audio 65535 RTP/AVP 8 8\r\na=inactive"))
	f.Add([]byte("v=0\no=- 1 1 IN IP4 192.0.2.7\nc=IN IP4 phone.example\nm=video x\nm=audio 0 RTP/AVP 0\nm=au\x00dio 1 RTP/AVP 0\nm=audio 4000 RTP/AVP 8\n"))
	f.Add([]byte("v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\nt=0 0\n"))
	f.Fuzz(func(t *testing.T, sdp []byte) {
		n := ours("192.0.2.1:10000")
		remote, err := Parse(sdp, n.addr.Addr())
		if err != nil {
			if !errors.Is(err, ErrNoAudio) {
				t.Fatalf("refused for another reason: %v", err)
			}
			return
		}
		body, _, err := n.answer(sdp, SendRecv)
		if err != nil {
			t.Fatalf("parsed but not answered: %v", err)
		}
		answer, err := Parse(body, n.addr.Addr())
		if err != nil {
			t.Fatalf("our own answer %q: %v", body, err)
		}
		streams := 0
		for line := range strings.Lines(string(sdp)) {
			if key, _, ok := strings.Cut(strings.TrimSpace(line), "="); ok && key == "m" {
				streams++
			}
		}
		if got := strings.Count(string(body), "\nm="); got != streams { // RFC 3264 6
			t.Fatalf("%d streams in the answer %q", got, body)
		}
		if strings.ContainsFunc(string(body), func(r rune) bool { return r != '\r' && r != '\n' && (r < ' ' || r > '~') }) {
			t.Fatalf("unprintable answer %q", body)
		}
		if answer.Off() != remote.Off() || !reflect.DeepEqual(answer.Formats, remote.Formats) || !remote.Off() && answer.Addr != n.addr ||
			!remote.Off() && answer.Direction&^remote.Direction.reverse() != 0 || len(answer.before) != len(remote.before) || len(answer.after) != len(remote.after) {
			t.Fatalf("offer %+v, answer %+v", remote, answer)
		}
	})
}
