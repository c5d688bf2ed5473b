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
		{"direction of another stream", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 8", "m=video 4002 RTP/AVP 31", "a=inactive"), "192.0.2.7:4000 [{8 PCMA}] sendrecv"},
		{"hold by 0.0.0.0", lines("c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0"), "0.0.0.0:4000 [{0 PCMU}] sendonly"},
		{"other numbers", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 97 98 18", "a=rtpmap:97 pcma/8000/1", "a=rtpmap:98 Telephone-Event/8000", "a=fmtp:98 0-16"), "192.0.2.7:4000 [{97 PCMA} {98 telephone-event}] sendrecv"},
		{"other clocks", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 96 97 98 0", "a=rtpmap:96 PCMU/16000", "a=rtpmap:97 PCMA/8000/2", "a=rtpmap:98 telephone-event/48000"), "192.0.2.7:4000 [{0 PCMU}] sendrecv"},
		{"bare line ends and unknown lines", []byte("v=0\nx=y\nfoo\n\n=\nc=IN IP4 192.0.2.7\nm=audio 4000/2 RTP/AVP 0 8 0 999 x\na=\na=foo:bar"), "192.0.2.7:4000 [{0 PCMU} {8 PCMA}] sendrecv"},
		{"second audio stream", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/SAVP 0", "m=audio 4002 RTP/AVP 0"), "192.0.2.7:4002 [{0 PCMU}] sendrecv"},
		{"number mapped to something else", lines("c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 G729/8000"), "192.0.2.7:4000 [{8 PCMA}] sendrecv"},
	} {
		d, err := Parse(c.sdp)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := fmt.Sprint(d.Addr, d.Formats, d.Direction); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestParseWithoutUsableAudio(t *testing.T) {
	const c = "c=IN IP4 192.0.2.7"
	for _, sdp := range [][]byte{
		nil, lines("v=0"), lines(c, "m=video 4000 RTP/AVP 31"), lines(c, "m=audio 0 RTP/AVP 0"),
		lines(c, "m=audio 4000 RTP/SAVP 0"), lines(c, "m=audio 4000 RTP/AVP 18"), lines(c, "m=audio 4000 RTP/AVP"),
		lines(c, "m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), lines("m=audio 4000 RTP/AVP 0"),
		lines("c=IN IP4 phone.example", "m=audio 4000 RTP/AVP 0"), lines("c=IN", "m=audio 4000 RTP/AVP 0"),
	} {
		if d, err := Parse(sdp); !errors.Is(err, ErrNoAudio) {
			t.Errorf("%q: %+v, %v", sdp, d, err)
		}
	}
	for _, sdp := range [][]byte{
		lines(c, "m=audio"), lines(c, "m=audio x RTP/AVP 0"), lines(c, "m=audio 65536 RTP/AVP 0"),
		lines(c, "m=audio -1 RTP/AVP 0"), lines(c, "m=au\x00dio 4000 RTP/AVP 0"),
		lines(strings.Split(c+strings.Repeat("\nm=video 1 RTP/AVP 31", maxStreams+1), "\n")...),
	} {
		if d, err := Parse(sdp); err == nil {
			t.Errorf("%q: %+v", sdp, d)
		}
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
	for _, refused := range [][]byte{lines("c=IN IP4 192.0.2.7", "m=audio 0 RTP/AVP 0"), nil} {
		if _, err := n.accept(refused); !errors.Is(err, ErrNoAudio) {
			t.Errorf("%q: %v", refused, err)
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
	f.Fuzz(func(t *testing.T, sdp []byte) {
		remote, err := Parse(sdp)
		if err != nil {
			return
		}
		n := ours("192.0.2.1:10000")
		body, _, err := n.answer(sdp, SendRecv)
		if err != nil {
			t.Fatalf("parsed but not answered: %v", err)
		}
		answer, err := Parse(body)
		if err != nil {
			t.Fatalf("our own answer %q: %v", body, err)
		}
		if !reflect.DeepEqual(answer.Formats, remote.Formats) || answer.Addr != n.addr ||
			answer.Direction&^remote.Direction.reverse() != 0 ||
			len(answer.before) != len(remote.before) || len(answer.after) != len(remote.after) {
			t.Fatalf("offer %+v, answer %+v", remote, answer)
		}
	})
}
