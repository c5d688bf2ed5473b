package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxStreams is more streams than a call has; a body with more is nonsense.
const maxStreams = 16

// stream is one m= line with what follows it.
type stream struct {
	media, profile string
	port           uint16
	types          []string
	addr           netip.Addr
	badAddr        error
	direction      Direction
	maps           map[string]string // payload type to encoding, as in rtpmap
}

// Parse reads an SDP body leniently: lines and attributes it does not know are
// passed over and their order does not matter. It takes the first audio stream
// a call can use. Without one it fails with ErrNoAudio.
func Parse(sdp []byte) (Description, error) {
	session := stream{direction: SendRecv}
	var streams []*stream
	current := &session
	for line := range strings.Lines(string(sdp)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || len(key) != 1 {
			continue
		}
		value = strings.TrimSpace(value)
		switch key {
		case "m":
			m, err := parseStream(value, session)
			if err != nil {
				return Description{}, err
			}
			if len(streams) == maxStreams {
				return Description{}, fmt.Errorf("sdp: more than %d streams", maxStreams)
			}
			streams = append(streams, m)
			current = m
		case "c":
			current.addr, current.badAddr = parseConnection(value)
		case "a":
			current.attribute(value)
		}
	}
	return choose(streams)
}

// parseStream reads the value of an m= line; what the session level said before
// it holds unless the stream says otherwise.
func parseStream(value string, session stream) (*stream, error) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return nil, fmt.Errorf("sdp: m=%.40s: media, port and profile expected", value)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }) {
		return nil, fmt.Errorf("sdp: m=%.40q: not printable", value) // an answer repeats it
	}
	number, _, _ := strings.Cut(fields[1], "/") // the count of ports
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("sdp: m=%.40s: bad port", value)
	}
	return &stream{
		media: fields[0], profile: fields[2], port: uint16(port), types: fields[3:],
		addr: session.addr, badAddr: session.badAddr, direction: session.direction,
		maps: map[string]string{},
	}, nil
}

// parseConnection reads the value of a c= line.
func parseConnection(value string) (netip.Addr, error) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return netip.Addr{}, fmt.Errorf("sdp: c=%.40s: network, family and address expected", value)
	}
	host, _, _ := strings.Cut(fields[2], "/") // the TTL of a multicast address
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("sdp: c=%.40s: not an IP address", value)
	}
	return addr.Unmap(), nil
}

func (s *stream) attribute(value string) {
	name, rest, _ := strings.Cut(value, ":")
	switch name {
	case "rtpmap":
		if number, encoding, ok := strings.Cut(strings.TrimSpace(rest), " "); ok && s.maps != nil {
			s.maps[number] = strings.TrimSpace(encoding)
		}
	case "inactive":
		s.direction = Inactive
	case "sendonly":
		s.direction = SendOnly
	case "recvonly":
		s.direction = RecvOnly
	case "sendrecv":
		s.direction = SendRecv
	}
}

// choose takes the first audio stream that can be used.
func choose(streams []*stream) (Description, error) {
	why := errors.New("no m=audio line")
	for i, s := range streams {
		if s.media != "audio" {
			continue
		}
		d, err := s.description()
		if err != nil {
			why = err
			continue
		}
		d.before, d.after = names(streams[:i]), names(streams[i+1:])
		return d, nil
	}
	return Description{}, fmt.Errorf("sdp: %w: %w", ErrNoAudio, why)
}

func (s *stream) description() (Description, error) {
	if s.profile != "RTP/AVP" && s.profile != "RTP/AVPF" {
		return Description{}, fmt.Errorf("profile %.20s", s.profile)
	}
	if s.port == 0 {
		return Description{}, errors.New("refused, port 0")
	}
	if s.badAddr != nil {
		return Description{}, s.badAddr
	}
	if !s.addr.IsValid() {
		return Description{}, errors.New("no c= line")
	}
	d := Description{Addr: netip.AddrPortFrom(s.addr, s.port), Direction: s.direction, profile: s.profile}
	if s.addr.IsUnspecified() {
		d.Direction &^= RecvOnly // hold as RFC 2543 had it (RFC 3264 section 8.4)
	}
	for _, number := range s.types {
		if f, ok := s.format(number); ok && !has(d.Formats, f) {
			d.Formats = append(d.Formats, f)
		}
	}
	if _, ok := d.Voice(); !ok {
		return Description{}, errors.New("no codec in common")
	}
	return d, nil
}

// format is the known format behind a payload type of the m= line.
func (s *stream) format(number string) (Format, bool) {
	t, err := strconv.ParseUint(number, 10, 7)
	if err != nil {
		return Format{}, false
	}
	encoding, mapped := s.maps[number]
	if !mapped { // the static types need no rtpmap (RFC 3551 section 6)
		switch t {
		case 0:
			return Format{0, PCMU}, true
		case 8:
			return Format{8, PCMA}, true
		}
		return Format{}, false
	}
	name, clock, _ := strings.Cut(encoding, "/")
	clock, channels, _ := strings.Cut(clock, "/")
	if clock != "8000" || channels != "" && channels != "1" {
		return Format{}, false
	}
	for _, known := range preferred {
		if strings.EqualFold(name, string(known.Codec)) {
			return Format{uint8(t), known.Codec}, true
		}
	}
	return Format{}, false
}

// has reports a payload type or codec that came before; the first one counts.
func has(formats []Format, f Format) bool {
	for _, g := range formats {
		if g.Type == f.Type || g.Codec == f.Codec {
			return true
		}
	}
	return false
}

// names keeps of each stream what its refusal repeats.
func names(streams []*stream) []string {
	var list []string
	for _, s := range streams {
		list = append(list, strings.Join(append([]string{s.media, s.profile}, s.types...), " "))
	}
	return list
}
