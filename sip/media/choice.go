package media

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Why a description cannot be used. As the answer to an offer each of them is a
// 488 (RFC 3261 section 21.4.26).
var (
	// ErrNoAudio says that a description has no audio stream that a call can
	// use: none at all, encrypted, at an address or in a form that does not
	// serve, or without a codec known here.
	ErrNoAudio = errors.New("no usable audio stream")
	// ErrNoCodec is the ErrNoAudio of a stream without a codec known here.
	ErrNoCodec = errors.New("no codec in common")
	// ErrIPVersion is the ErrNoAudio of a stream at an IPv6 address for a call
	// over IPv4, or the other way round.
	ErrIPVersion = errors.New("address of another IP version")
)

// choose takes the first audio stream that can be used. Where every stream has
// port 0 the description is one without audio: such an offer cannot be answered
// otherwise than with port 0 (RFC 3264 sections 5.1, 6 and 8.2), and the session
// stays without media until the next offer.
func choose(streams []*stream, local netip.Addr) (Description, error) {
	why := errors.New("no m=audio line")
	off, direction := len(streams) > 0, SendRecv
	for i, s := range streams {
		off = off && s.broken == nil && s.port == 0
		if s.media != "audio" {
			continue
		}
		if off {
			direction = s.direction
		}
		d, err := s.description(local)
		if err != nil {
			why = err
			continue
		}
		d.before, d.after = refusals(streams[:i]), refusals(streams[i+1:])
		return d, nil
	}
	if off {
		return Description{Direction: direction, before: refusals(streams)}, nil
	}
	return Description{}, fmt.Errorf("sdp: %w: %w", ErrNoAudio, why)
}

func (s *stream) description(local netip.Addr) (Description, error) {
	switch {
	case s.broken != nil:
		return Description{}, s.broken
	case !slices.Contains([]string{"RTP/AVP", "RTP/AVPF"}, strings.ToUpper(s.profile)):
		return Description{}, fmt.Errorf("profile %.20q", s.profile)
	case s.port == 0:
		return Description{}, errors.New("refused, port 0")
	}
	d := Description{Direction: s.direction, profile: s.profile}
	if err := s.conn.place(&d, s.port, local); err != nil {
		return Description{}, err
	}
	for _, number := range s.types {
		if f, ok := s.format(number); ok && !has(d.Formats, f) {
			d.Formats = append(d.Formats, f)
		}
	}
	if _, ok := d.Voice(); !ok {
		return Description{}, ErrNoCodec
	}
	return d, nil
}

// place enters where RTP goes. The unspecified address of either IP version is a
// hold as RFC 2543 had it (RFC 3264 section 8.4), and so is a name under .invalid,
// which is used in its place with IPv6 and never resolves (RFC 2606 section 2).
func (c connection) place(d *Description, port uint16, local netip.Addr) error {
	ip6 := c.ip6 || c.addr.Is6()
	wanted := !local.IsValid() || local.Unmap().Is6() == ip6
	switch {
	case c.bad != nil:
		return c.bad
	case c.host != "" && !wanted:
		return fmt.Errorf("%s: %w", c.host, ErrIPVersion)
	case strings.HasSuffix(strings.ToLower(c.host), ".invalid"):
		d.Direction &^= RecvOnly
	case c.host != "":
		d.Host = c.host
	case !c.addr.IsValid():
		return errors.New("no c= line")
	case c.addr.IsUnspecified():
		d.Direction &^= RecvOnly
	case !wanted:
		return fmt.Errorf("%s: %w", c.addr, ErrIPVersion)
	case c.addr.IsMulticast():
		return fmt.Errorf("%s: a multicast address", c.addr)
	}
	d.Addr = netip.AddrPortFrom(c.addr, port)
	return nil
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

func refusals(streams []*stream) []string {
	var list []string
	for _, s := range streams {
		list = append(list, s.refusal())
	}
	return list
}

// Bounds of what a refusal repeats.
const (
	maxToken   = 64
	maxFormats = 16
)

// refusal is the m= line with port 0 (RFC 3264 section 6). What of a broken line
// cannot be repeated in SDP is replaced, so that a peer can read it: one format
// at least has to be there, its value does not matter.
func (s *stream) refusal() string {
	profile := "RTP/AVP"
	if isToken(strings.ReplaceAll(s.profile, "/", "")) && strings.Trim(s.profile, "/") == s.profile {
		profile = s.profile
	}
	var types []string
	for _, t := range s.types {
		if isToken(t) && len(types) < maxFormats {
			types = append(types, t)
		}
	}
	if len(types) == 0 {
		types = []string{"0"}
	}
	media := "application"
	if isToken(s.media) {
		media = s.media
	}
	return "m=" + media + " 0 " + profile + " " + strings.Join(types, " ")
}

// isToken reports a token of RFC 8866 section 9.
func isToken(s string) bool {
	return s != "" && len(s) <= maxToken && !strings.ContainsFunc(s, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+-.^_`{|}~", r)
	})
}
