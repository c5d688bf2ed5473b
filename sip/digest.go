package sip

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Challenge is what a server wants to be answered before it serves: one digest
// challenge of a 401 or 407 (RFC 7616, RFC 8760). The zero value is none.
type Challenge struct {
	Realm     string
	Nonce     string
	Opaque    string
	Algorithm string   // as the server spelt it; empty means MD5
	QOP       []string // lower case; empty means the server knows no qop (RFC 2069)
	Stale     bool     // the credentials were right, only the nonce was old
	UserHash  bool     // the server accepts a hashed user name
}

// ErrNoChallenge says that none of the challenges can be answered: none is a
// digest challenge that is well formed and whose algorithm and qop are known.
var ErrNoChallenge = errors.New("no digest challenge that can be answered")

// ParseChallenge reads the values of every WWW-Authenticate or
// Proxy-Authenticate header field of a response and chooses the challenge with
// the strongest algorithm: SHA-512-256, then SHA-256, then MD5; of equals the
// topmost. Challenges that are malformed or of another scheme are passed over.
func ParseChallenge(values []string) (Challenge, error) {
	var best Challenge
	strength := 0
	var malformed error
	for _, value := range values {
		found, err := parseAuthenticate(value)
		if err != nil {
			malformed = err
		}
		for _, c := range found {
			if s := c.strength(); s > strength {
				best, strength = c, s
			}
		}
	}
	if strength > 0 {
		return best, nil
	}
	if malformed != nil {
		return Challenge{}, fmt.Errorf("%w: %w", ErrNoChallenge, malformed)
	}
	return Challenge{}, ErrNoChallenge
}

// algorithms are the supported ones, strongest first. A session variant is as
// strong as its hash, but stands behind it because its key lives longer.
var algorithms = [...]struct {
	name    string
	session bool
	new     func() hash.Hash
}{
	{"SHA-512-256", false, sha512.New512_256},
	{"SHA-512-256-sess", true, sha512.New512_256},
	{"SHA-256", false, sha256.New},
	{"SHA-256-sess", true, sha256.New},
	{"MD5", false, md5.New},
	{"MD5-sess", true, md5.New},
}

// algorithm looks the algorithm up; ok is false for one that is not supported.
func (c Challenge) algorithm() (rank int, ok bool) {
	name := c.Algorithm
	if name == "" {
		name = "MD5" // RFC 7616 section 3.3
	}
	for i, a := range algorithms {
		if strings.EqualFold(a.name, name) {
			return i, true
		}
	}
	return 0, false
}

// strength orders challenges; 0 is one that cannot be answered.
func (c Challenge) strength() int {
	rank, ok := c.algorithm()
	if !ok || c.Nonce == "" || len(c.QOP) > 0 && c.qop() == "" {
		return 0
	}
	return len(algorithms) - rank
}

// qop is the quality of protection used: auth unless only auth-int is offered.
func (c Challenge) qop() string {
	for _, qop := range []string{"auth", "auth-int"} {
		if slices.Contains(c.QOP, qop) {
			return qop
		}
	}
	return ""
}

// Authorize answers the challenge: the value of the Authorization or
// Proxy-Authorization header field of one request (RFC 7616 section 3.4).
//
// uri is the Request-URI as it is sent; body is hashed only where the server
// insists on auth-int. nc counts the requests answered with this nonce, from 1,
// and each request, even the same one again, needs its own. cnonce is the
// caller's random string; it may change with each request except with a "-sess"
// algorithm, whose key is made from the first one.
//
// It returns "" for a challenge that ParseChallenge did not choose and that
// cannot be answered.
func (c Challenge) Authorize(user, password, method, uri string, body []byte, nc int, cnonce string) string {
	rank, ok := c.algorithm()
	if !ok || c.strength() == 0 {
		return ""
	}
	h := algorithms[rank].new()
	sum := func(parts ...string) string {
		h.Reset()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}

	ha1 := sum(user, c.Realm, password)
	if algorithms[rank].session {
		ha1 = sum(ha1, c.Nonce, cnonce)
	}
	qop, count := c.qop(), fmt.Sprintf("%08x", max(nc, 1))
	ha2 := sum(method, uri)
	if qop == "auth-int" {
		ha2 = sum(method, uri, sum(string(body)))
	}
	response := sum(ha1, c.Nonce, ha2)
	if qop != "" {
		response = sum(ha1, c.Nonce, count, cnonce, qop, ha2)
	}

	name := user
	if c.UserHash {
		name = sum(user, c.Realm) // RFC 7616 section 3.4.4
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s, response=\"%s\"",
		quote(name), quote(c.Realm), quote(c.Nonce), quote(uri), response)
	if c.Algorithm != "" {
		b.WriteString(", algorithm=" + algorithms[rank].name)
	}
	if c.Opaque != "" {
		b.WriteString(", opaque=" + quote(c.Opaque))
	}
	if qop != "" {
		fmt.Fprintf(&b, ", qop=%s, nc=%s, cnonce=%s", qop, count, quote(cnonce))
	} else if algorithms[rank].session {
		b.WriteString(", cnonce=" + quote(cnonce))
	}
	if c.UserHash {
		b.WriteString(", userhash=true")
	}
	return b.String()
}

// quote makes a quoted-string (RFC 3261 section 25.1). Control characters, which
// no quoted-string can hold and which would end the header field, are left out.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range []byte(s) {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(r)
		case r >= ' ' && r != 0x7f || r == '\t':
			b.WriteByte(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// parseAuthenticate reads the digest challenges of one header field value.
// RFC 3261 section 20.44 has one in each field; RFC 9110 section 11.6.1 allows
// several, and it costs nothing to read them. With an error it returns those
// before it.
func parseAuthenticate(value string) ([]Challenge, error) {
	var found []Challenge
	in := &authReader{rest: value}
	for {
		for in.skip(); in.take(','); in.skip() {
		}
		if in.rest == "" {
			return found, nil
		}
		scheme := in.token()
		if scheme == "" {
			return found, fmt.Errorf("challenge: scheme expected at %.20q", in.rest)
		}
		c, err := in.challenge()
		if err != nil {
			return found, err
		}
		if strings.EqualFold(scheme, "Digest") {
			found = append(found, c)
		}
	}
}

// authReader reads a header field value from its start.
type authReader struct{ rest string }

func (in *authReader) skip() { in.rest = strings.TrimLeft(in.rest, " \t\r\n") }

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

// quoted reads a quoted-string and takes its backslashes out.
func (in *authReader) quoted() (string, error) {
	var b strings.Builder
	for i := 1; i < len(in.rest); i++ {
		c := in.rest[i]
		switch {
		case c == '"':
			in.rest = in.rest[i+1:]
			return b.String(), nil
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

// challenge reads the parameters up to the next scheme or the end. Of a
// parameter that comes twice the first counts.
func (in *authReader) challenge() (Challenge, error) {
	var c Challenge
	seen := map[string]bool{}
	for {
		for in.skip(); in.take(','); in.skip() {
		}
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
	for in.take('=') { // the padding of a token68
	}
	return in.token(), nil
}

// set takes one parameter; unknown ones are ignored (RFC 7616 section 3.3).
func (c *Challenge) set(name, value string) {
	switch name {
	case "realm":
		c.Realm = value
	case "nonce":
		c.Nonce = value
	case "opaque":
		c.Opaque = value
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
