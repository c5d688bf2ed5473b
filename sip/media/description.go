package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Codec names an RTP payload format by its encoding name (RFC 4855).
type Codec string

// The formats a call can have. All of them have a clock of 8000 Hz.
const (
	PCMU           Codec = "PCMU"            // G.711 mu-law, RFC 3551
	PCMA           Codec = "PCMA"            // G.711 A-law, RFC 3551
	TelephoneEvent Codec = "telephone-event" // DTMF digits, RFC 4733
)

// Format is a codec under the payload type number one side gave it.
type Format struct {
	Type  uint8 // RTP payload type, 0 to 127
	Codec Codec
}

// preferred are the formats of an offer of ours, in order of preference.
var preferred = [...]Format{{0, PCMU}, {8, PCMA}, {101, TelephoneEvent}}

// Direction says which way sound flows, seen from the side that describes
// itself (RFC 3264 section 5.1). It is a set of two: bit 0 sends, bit 1 receives.
type Direction uint8

// The directions of SDP.
const (
	Inactive Direction = iota
	SendOnly
	RecvOnly
	SendRecv
)

var directions = [...]string{"inactive", "sendonly", "recvonly", "sendrecv"}

// String is the name of the SDP attribute.
func (d Direction) String() string { return directions[d&SendRecv] }

// Sends reports whether the describing side sends.
func (d Direction) Sends() bool { return d&SendOnly != 0 }

// Receives reports whether the describing side receives.
func (d Direction) Receives() bool { return d&RecvOnly != 0 }

// reverse is the same direction seen from the other side.
func (d Direction) reverse() Direction { return d>>1&1 | d<<1&2 }

// Description is what one side says of its audio: where it wants RTP, in which
// formats, and which way. Only one audio stream is used; other streams are kept
// so that an answer can refuse them.
type Description struct {
	Addr      netip.AddrPort // where to send RTP; port 0: there is no audio
	Host      string         // a name whose address is to be entered with At; Addr has the port
	Formats   []Format       // in order of preference, only formats known here
	Direction Direction

	profile string   // of the audio stream: RTP/AVP or RTP/AVPF
	before  []string // refused m= lines before the audio one
	after   []string // and after it
}

// Off reports a description without audio: every stream has port 0, or there is
// none. A call can be set up or go on with it, but without sound.
func (d Description) Off() bool { return d.Addr.Port() == 0 }

// Held reports that the describing side does not want to hear anything.
func (d Description) Held() bool { return !d.Direction.Receives() }

// At enters the address that Host was resolved to.
func (d Description) At(addr netip.Addr) Description {
	d.Addr = netip.AddrPortFrom(addr.Unmap(), d.Addr.Port())
	return d
}

// Voice is the first voice format, the one to send.
func (d Description) Voice() (Format, bool) {
	for _, f := range d.Formats {
		if f.Codec != TelephoneEvent {
			return f, true
		}
	}
	return Format{}, false
}

// Event is the format for DTMF digits.
func (d Description) Event() (Format, bool) { return d.format(TelephoneEvent) }

func (d Description) format(c Codec) (Format, bool) {
	for _, f := range d.Formats {
		if f.Codec == c {
			return f, true
		}
	}
	return Format{}, false
}

// typed is the codec behind a payload type.
func (d Description) typed(t uint8) (Codec, bool) {
	for _, f := range d.Formats {
		if f.Type == t {
			return f.Codec, true
		}
	}
	return "", false
}

// common keeps the formats whose codec the other side has too.
func (d Description) common(other Description) Description {
	d.Formats = slices.DeleteFunc(slices.Clone(d.Formats), func(f Format) bool {
		_, ok := other.format(f.Codec)
		return !ok
	})
	return d
}

// answer is the answer to an offer (RFC 3264 section 6): the formats and their
// numbers are the offerer's, the direction is what both want, and every other
// stream is refused.
func (d Description) answer(offer Description) Description {
	if offer.Off() {
		return Description{Addr: netip.AddrPortFrom(d.Addr.Addr(), 0), before: offer.before}
	}
	a := offer.common(d)
	a.Host = ""
	a.Addr = d.Addr
	a.Direction = d.Direction & offer.Direction.reverse()
	return a
}

// body writes the description as SDP (RFC 8866) with the given o= line numbers.
func (d Description) body(id, version uint64) []byte {
	family := "IP4"
	if d.Addr.Addr().Is6() {
		family = "IP6"
	}
	addr := d.Addr.Addr().WithZone("").String()
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", id, version, family, addr, family, addr)
	for _, stream := range d.before {
		b.WriteString(stream + "\r\n")
	}
	if !d.Off() {
		d.audio(&b)
	}
	for _, stream := range d.after {
		b.WriteString(stream + "\r\n")
	}
	return []byte(b.String())
}

// audio writes the audio stream.
func (d Description) audio(b *strings.Builder) {
	profile := d.profile
	if profile == "" {
		profile = "RTP/AVP"
	}
	fmt.Fprintf(b, "m=audio %d %s", d.Addr.Port(), profile)
	for _, f := range d.Formats {
		b.WriteString(" " + strconv.Itoa(int(f.Type)))
	}
	b.WriteString("\r\n")
	for _, f := range d.Formats {
		fmt.Fprintf(b, "a=rtpmap:%d %s/8000\r\n", f.Type, f.Codec)
		if f.Codec == TelephoneEvent {
			fmt.Fprintf(b, "a=fmtp:%d 0-15\r\n", f.Type)
		}
	}
	fmt.Fprintf(b, "a=ptime:%d\r\na=%s\r\n", packetTime.Milliseconds(), d.Direction)
}
