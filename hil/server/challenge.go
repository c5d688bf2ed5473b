package server

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// challenger asks for credentials in the ways of Behaviour.Challenges. Only the server's loop uses it.
type challenger struct {
	nonces map[string]*issued
	last   map[string]string // realm to the nonce issued last
	asked  map[string]bool   // Call-IDs whose next request need not be asked, with same-nonce
}

// issued is a nonce that was given out.
type issued struct {
	realm  string
	count  int    // the highest nonce count seen
	cnonce string // of the first credentials: that of a session's A1 (RFC 7616 3.4.2)
	used   bool   // a request was let pass with it
}

// mostNonces bounds what is remembered.
const mostNonces = 10000

func newChallenger() *challenger {
	return &challenger{nonces: map[string]*issued{}, last: map[string]string{}, asked: map[string]bool{}}
}

// demand is a realm and by what it is asked for.
type demand struct {
	realm string
	code  int // 401 or 407
}

// The realms of two.
const (
	realmOne = "one.example"
	realmTwo = "two.example"
)

// demands are what a request of this method has to satisfy, in order.
func demands(ways []string, method sip.RequestMethod) []demand {
	code := 407
	if method == sip.REGISTER {
		code = 401
	}
	switch {
	case slices.Contains(ways, "proxy-then-server"):
		return []demand{{realmOne, 407}, {realmTwo, 401}}
	case slices.Contains(ways, "two-realms"), slices.Contains(ways, "realm-by-realm"):
		return []demand{{realmOne, code}, {realmTwo, code}}
	}
	return []demand{{realmOne, code}}
}

// ask answers a request with a challenge for each realm that it has no valid credentials for, and reports false where none is missing.
func (s *Server) ask(req *sip.Request, b Behaviour) bool {
	if req.IsAck() || req.Method == sip.CANCEL {
		return false
	}
	c := s.asking
	var good []*issued
	var missing []demand
	for _, d := range demands(b.Challenges, req.Method) {
		if n := s.satisfied(req, b, d); n != nil {
			good = append(good, n)
		} else {
			missing = append(missing, d)
		}
	}
	callID := req.CallID().Value()
	if len(missing) == 0 {
		for _, n := range good {
			n.used = true
		}
		delete(c.asked, callID)
		return false
	}
	if !slices.Contains(b.Challenges, "two-realms") {
		missing = missing[:1]
	}
	res := respond(req, missing[0].code, "")
	for _, d := range missing {
		c.challenge(res, b.Challenges, d)
	}
	c.asked[callID] = true
	s.station.answer(req, res)
	return true
}

// satisfied is the nonce of good credentials for a realm, nil without such.
func (s *Server) satisfied(req *sip.Request, b Behaviour, d demand) *issued {
	ways, name := b.Challenges, "Authorization"
	if d.code == 407 {
		name = "Proxy-Authorization"
	}
	for _, h := range req.GetHeaders(name) {
		c, err := digest.ParseCredentials(h.Value())
		if err != nil || c.Realm != d.realm {
			continue
		}
		n := s.asking.nonces[c.Nonce]
		qop := !slices.Contains(ways, "no-qop")
		switch {
		case n == nil || n.realm != d.realm || c.URI == "" || c.Username == "":
			continue
		case qop && (c.QOP == "" || c.Nc <= n.count || c.Cnonce == ""):
			continue
		case !strings.EqualFold(c.Algorithm, algorithmOf(ways)) && !(c.Algorithm == "" && algorithmOf(ways) == "MD5"):
			continue
		case slices.Contains(ways, "empty-opaque") && !strings.Contains(strings.ReplaceAll(h.Value(), " ", ""), `opaque=""`),
			slices.Contains(ways, "opaque") && c.Opaque != opaqueText:
			continue
		}
		if n.cnonce == "" {
			n.cnonce = c.Cnonce
		}
		if s.auth != nil && !s.rightDigest(c, n, req) {
			continue
		}
		n.count = c.Nc
		if slices.Contains(ways, "one-time") && n.used || slices.Contains(ways, "same-nonce") && !s.asking.asked[req.CallID().Value()] {
			continue
		}
		return n
	}
	return nil
}

// rightDigest holds the digest against the password of the user.
func (s *Server) rightDigest(c *digest.Credentials, n *issued, req *sip.Request) bool {
	password, known := s.auth.Users[c.Username]
	if !known {
		return false
	}
	if !strings.EqualFold(c.Algorithm, "MD5-sess") {
		return s.auth.response(c, string(req.Method), password) == c.Response
	}
	sum := func(text string) string {
		h := md5.Sum([]byte(text))
		return hex.EncodeToString(h[:])
	}
	a1 := sum(sum(c.Username+":"+c.Realm+":"+password) + ":" + c.Nonce + ":" + n.cnonce)
	return sum(fmt.Sprintf("%s:%s:%08x:%s:%s:%s", a1, c.Nonce, c.Nc, c.Cnonce, c.QOP, sum(string(req.Method)+":"+c.URI))) == c.Response
}

// algorithmOf is the one that can be answered.
func algorithmOf(ways []string) string {
	switch {
	case slices.Contains(ways, "md5-sess"):
		return "MD5-sess"
	case slices.Contains(ways, "sha-256"):
		return "SHA-256"
	}
	return "MD5"
}

const (
	opaqueText       = "5ccc069c403ebaf9f0171e9517f40e41"
	unknownAlgorithm = "SHA-9000"
	longNonce        = 400
)

// challenge puts the challenges for one realm into an answer.
func (c *challenger) challenge(res *sip.Response, ways []string, d demand) {
	nonce := c.nonce(ways, d.realm)
	var algorithms []string
	if slices.Contains(ways, "unknown") || slices.Contains(ways, "unknown-first") {
		algorithms = append(algorithms, unknownAlgorithm)
	}
	if !slices.Contains(ways, "unknown") {
		algorithms = append(algorithms, algorithmOf(ways))
	}
	name := map[int]string{401: "WWW-Authenticate", 407: "Proxy-Authenticate"}[d.code]
	for _, algorithm := range algorithms {
		value := fmt.Sprintf("Digest realm=%q, nonce=%q, algorithm=%s", d.realm, nonce, algorithm)
		switch {
		case slices.Contains(ways, "empty-opaque"):
			value += `, opaque=""`
		case slices.Contains(ways, "opaque"):
			value += fmt.Sprintf(", opaque=%q", opaqueText)
		}
		if !slices.Contains(ways, "no-qop") {
			value += `, qop="auth"`
		}
		res.AppendHeader(sip.NewHeader(name, value))
	}
}

// nonce is the one that is asked with.
func (c *challenger) nonce(ways []string, realm string) string {
	if nonce, ok := c.last[realm]; ok && slices.Contains(ways, "same-nonce") {
		return nonce
	}
	if len(c.nonces) >= mostNonces {
		clear(c.nonces)
	}
	nonce := strings.ToLower(randomText())
	if slices.Contains(ways, "long-nonce") {
		nonce = strings.Repeat(nonce, longNonce/len(nonce)+1)[:longNonce]
	}
	c.nonces[nonce], c.last[realm] = &issued{realm: realm}, nonce
	return nonce
}
