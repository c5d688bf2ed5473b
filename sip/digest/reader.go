package digest

import (
	"errors"
	"fmt"
	"strings"
)

// maxRead bounds the challenges read from one response.
const maxRead = 64

// ParseChallenges reads the values of all WWW-Authenticate or all Proxy-Authenticate header fields of a response and returns the digest
// challenges in them, in order. RFC 3261 20.44 has one challenge in each header field, RFC 9110 11.6.1 allows several. Other schemes are
// passed over; of a malformed value the challenges before the fault are returned, with the first fault as the error.
func ParseChallenges(values []string) ([]Challenge, error) {
	var found []Challenge
	var malformed error
	for _, value := range values {
		in := &authReader{rest: value}
		for len(found) < maxRead {
			c, scheme, err := in.next()
			if err != nil && malformed == nil {
				malformed = err
			}
			if err != nil || scheme == "" {
				break
			}
			if strings.EqualFold(scheme, "Digest") {
				found = append(found, c)
			}
		}
	}
	return found, malformed
}

// authReader reads a header field value from its start.
type authReader struct{ rest string }

// next reads one challenge; scheme is empty at the end of the value.
func (in *authReader) next() (c Challenge, scheme string, err error) {
	in.skipCommas()
	if in.rest == "" {
		return c, "", nil
	}
	if scheme = in.token(); scheme == "" {
		return c, "", fmt.Errorf("challenge: scheme expected at %.20q", in.rest)
	}
	c, err = in.challenge()
	return c, scheme, err
}

func (in *authReader) skip() { in.rest = strings.TrimLeft(in.rest, " \t\r\n") }

func (in *authReader) skipCommas() { in.rest = strings.TrimLeft(in.rest, " \t\r\n,") }

func (in *authReader) take(c byte) bool {
	if in.rest == "" || in.rest[0] != c {
		return false
	}
	in.rest = in.rest[1:]
	return true
}

// token reads up to a separator; token68 of other schemes passes too.
func (in *authReader) token() string {
	n := strings.IndexFunc(in.rest, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`",=\`, r)
	})
	if n < 0 {
		n = len(in.rest)
	}
	token := in.rest[:n]
	in.rest = in.rest[n:]
	return token
}

// quoted reads a quoted-string (RFC 3261 25.1): its backslashes are taken out, a line folded inside it is joined with one space.
func (in *authReader) quoted() (string, error) {
	var b strings.Builder
	for i := 1; i < len(in.rest); i++ {
		c := in.rest[i]
		switch {
		case c == '"':
			in.rest = in.rest[i+1:]
			return b.String(), nil
		case folded(in.rest[i:]):
			b.WriteByte(' ')
			for i++; i+1 < len(in.rest) && strings.IndexByte(" \t\n", in.rest[i+1]) >= 0; i++ {
			}
			continue
		case c == '\\' && i+1 < len(in.rest):
			i++
			c = in.rest[i]
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			return "", errors.New("challenge: control character in a quoted string")
		}
		b.WriteByte(in.rest[i])
	}
	return "", errors.New("challenge: quoted string without an end")
}

// folded reports whether a folded line goes on here: a line break and then white space.
func folded(s string) bool {
	return len(s) > 2 && s[:2] == "\r\n" && (s[2] == ' ' || s[2] == '\t')
}

// challenge reads the parameters up to the next scheme or the end. Of a parameter that comes twice the first counts.
func (in *authReader) challenge() (Challenge, error) {
	var c Challenge
	seen := map[string]bool{}
	for {
		in.skipCommas()
		before := in.rest
		name := strings.ToLower(in.token())
		in.skip()
		if name == "" && in.rest == "" {
			return c, nil
		}
		if !in.take('=') {
			if name == "" {
				return c, fmt.Errorf("challenge: parameter expected at %.20q", before)
			}
			in.rest = before // the next scheme
			return c, nil
		}
		in.skip()
		value, err := in.value()
		if err != nil {
			return c, fmt.Errorf("%w: parameter %.20q", err, name)
		}
		if !seen[name] {
			seen[name] = true
			c.set(name, value)
		}
	}
}

func (in *authReader) value() (string, error) {
	if strings.HasPrefix(in.rest, `"`) {
		return in.quoted()
	}
	return in.unquoted(), nil
}

// unquoted reads a value without quotes: more than the token that the grammar has, so that a nonce in Base64 without quotes stays whole.
func (in *authReader) unquoted() string {
	n := strings.IndexFunc(in.rest, func(r rune) bool { return r <= ' ' || r == 0x7f || r == ',' || r == '"' })
	if n < 0 {
		n = len(in.rest)
	}
	value := in.rest[:n]
	in.rest = in.rest[n:]
	return value
}

// set takes one parameter; unknown ones are ignored (RFC 7616 3.3).
func (c *Challenge) set(name, value string) {
	switch name {
	case "realm":
		c.Realm, c.HasRealm = value, true
	case "nonce":
		c.Nonce = value
	case "opaque":
		c.Opaque, c.HasOpaque = value, true
	case "algorithm":
		c.Algorithm = value
	case "stale":
		c.Stale = strings.EqualFold(value, "true")
	case "userhash":
		c.UserHash = strings.EqualFold(value, "true")
	case "qop":
		c.QOP = strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	}
}
