package media

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxStreams bounds the m= lines of a description. An answer repeats every one
// of them (RFC 3264 section 6), so an offer with more cannot be answered in
// part: it is refused. Gateways of video conferences offer some dozens.
const maxStreams = 64

// stream is one m= line with what follows it.
type stream struct {
	media, profile string
	port           uint16
	broken         error // the m= line cannot be read; it is refused
	types          []string
	conn           connection
	direction      Direction
	maps           map[string]string // payload type to encoding, as in rtpmap
}

// connection is a c= line: an address, or a name to be resolved.
type connection struct {
	addr netip.Addr
	host string
	ip6  bool // IP version of the host's address
	bad  error
}

// Parse reads an SDP body leniently: lines and attributes it does not know are
// passed over, their order does not matter, and a media line that cannot be read
// costs no other one. It takes the first audio stream a call can use from local;
// the zero Addr stands for an address of either IP version. Without a usable
// audio stream it fails with ErrNoAudio.
func Parse(sdp []byte, local netip.Addr) (Description, error) {
	session := stream{direction: SendRecv}
	var streams []*stream
	var version, origin bool
	current := &session
	for line := range strings.Lines(string(sdp)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || len(key) != 1 {
			continue
		}
		value = strings.TrimSpace(value)
		switch key {
		case "v":
			version = true
		case "o":
			origin = true
		case "m":
			if len(streams) == maxStreams {
				return Description{}, fmt.Errorf("sdp: %w: more than %d streams", ErrNoAudio, maxStreams)
			}
			current = parseStream(value, session)
			streams = append(streams, current)
		case "c":
			current.conn = parseConnection(value)
		case "a":
			current.attribute(value)
		}
	}
	if len(streams) == 0 && version && origin {
		// "Zero media streams" announces a session whose streams are added by a
		// later offer (RFC 3264 section 5), as third party call control makes it.
		return Description{Direction: session.direction}, nil
	}
	return choose(streams, local)
}

// parseStream reads the value of an m= line; what the session level said before
// it holds unless the stream says otherwise.
func parseStream(value string, session stream) *stream {
	s := &stream{conn: session.conn, direction: session.direction, maps: map[string]string{}}
	fields := strings.Fields(value)
	for i, field := range []*string{&s.media, nil, &s.profile} {
		if field != nil && i < len(fields) {
			*field = fields[i]
		}
	}
	if len(fields) < 3 {
		s.broken = fmt.Errorf("m=%.40q: media, port and profile expected", value)
		return s
	}
	s.types = fields[3:]
	number, _, _ := strings.Cut(fields[1], "/") // the count of ports
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		s.broken = fmt.Errorf("m=%.40q: bad port", value)
		return s
	}
	s.port = uint16(port)
	return s
}

// parseConnection reads the value of a c= line.
func parseConnection(value string) connection {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return connection{bad: fmt.Errorf("c=%.40q: network, family and address expected", value)}
	}
	host, _, _ := strings.Cut(fields[2], "/") // the TTL of a multicast address
	if addr, err := netip.ParseAddr(host); err == nil {
		return connection{addr: addr.WithZone("").Unmap()}
	}
	ip6 := strings.EqualFold(fields[1], "IP6")
	if !strings.EqualFold(fields[0], "IN") || !ip6 && !strings.EqualFold(fields[1], "IP4") || !isHostname(host) {
		return connection{bad: fmt.Errorf("c=%.40q: neither an IP address nor a host name", value)}
	}
	return connection{host: strings.TrimSuffix(host, "."), ip6: ip6}
}

// isHostname reports whether s has the form of a DNS host name. What is no
// address but ends in a number is a mistyped one.
func isHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 253 {
		return false
	}
	label := ""
	for label = range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return strings.Trim(label, "0123456789") != ""
}

func notInLabel(r rune) bool { return !isAlphanumeric(r) && r != '-' && r != '_' }

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
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
