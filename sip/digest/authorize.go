package digest

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Authorize answers the challenge: the value of the Authorization or Proxy-Authorization header field of one request (RFC 7616 3.4).
//
// uri is the Request-URI as it is sent; body is hashed only where the server insists on auth-int. nc counts the requests answered with
// this nonce, from 1, and each request, even the same one again, needs its own. cnonce is the caller's random string; it may change with
// each request except with a "-sess" algorithm, whose key is made from the first one.
//
// It returns "" for a challenge that cannot be answered.
func (c Challenge) Authorize(user, password, method, uri string, body []byte, nc int, cnonce string) string {
	if c.check() != nil {
		return ""
	}
	rank, _ := c.algorithm()
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
	qop, count := c.qop(), fmt.Sprintf("%08x", nc)
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
		name = sum(user, c.Realm) // RFC 7616 3.4.4
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s, response=\"%s\"",
		quote(name), quote(c.Realm), quote(c.Nonce), quote(uri), response)
	if c.Algorithm != "" {
		b.WriteString(", algorithm=" + algorithms[rank].name)
	}
	if c.HasOpaque {
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

// quote makes a quoted-string (RFC 3261 25.1). Control characters, which no quoted-string can hold and which would end the header field,
// are left out.
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
