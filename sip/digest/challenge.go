// Package digest is HTTP digest authentication as SIP uses it (RFC 3261 22, RFC 7616, RFC 8760), seen from the client: it reads
// challenges, computes what answers them, and keeps the credentials of an account at one server. It has no clock, socket or randomness.
package digest

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"
	"slices"
	"strings"
)

// Challenge is one digest challenge of a 401 or 407 (RFC 7616 3.3, RFC 8760).
type Challenge struct {
	Realm     string
	HasRealm  bool
	Nonce     string
	Opaque    string
	HasOpaque bool     // opaque="" has to be returned too
	Algorithm string   // as the server spelt it; empty means MD5
	QOP       []string // lower case; empty means the server knows no qop (RFC 2069)
	Stale     bool     // the credentials were right, only the nonce was old
	UserHash  bool     // the server accepts a hashed user name
}

// Why a challenge is not answered.
var (
	ErrNoChallenge = errors.New("no digest challenge that is well formed")
	ErrNoRealm     = errors.New("the challenge names no realm")
	ErrAlgorithm   = errors.New("none of the algorithms is supported")
	ErrQOP         = errors.New("none of the qualities of protection is supported")
	ErrTooLong     = errors.New("the challenge is too long")
)

// maxLength bounds realm, nonce and opaque together: all three are kept and returned.
const maxLength = 4096

// algorithms are the supported ones, strongest first. A session variant is as strong as its hash, but stands behind it because its key
// lives longer.
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
		name = "MD5" // RFC 7616 3.3
	}
	for i, a := range algorithms {
		if strings.EqualFold(a.name, name) {
			return i, true
		}
	}
	return 0, false
}

// session reports whether the key is made from the first nonce and cnonce (RFC 7616 3.4.2).
func (c Challenge) session() bool {
	rank, ok := c.algorithm()
	return ok && algorithms[rank].session
}

// check returns why the challenge cannot be answered, nil if it can.
func (c Challenge) check() error {
	switch _, known := c.algorithm(); {
	case !known:
		return ErrAlgorithm
	case !c.HasRealm:
		return ErrNoRealm
	case c.Nonce == "":
		return ErrNoChallenge
	case len(c.QOP) > 0 && c.qop() == "":
		return ErrQOP
	case len(c.Realm)+len(c.Nonce)+len(c.Opaque) > maxLength:
		return ErrTooLong
	}
	return nil
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

// Refused is what a server asked for in one realm and why it is not answered.
type Refused struct {
	Realm     string
	Algorithm string // the offered ones, separated by commas
	Err       error
}

// Strongest chooses one challenge for each realm, in the order in which the realms come first: the one with the strongest algorithm,
// SHA-512-256, then SHA-256, then MD5 (RFC 8760); of equals the topmost. A realm of which no challenge can be answered is refused.
func Strongest(challenges []Challenge) (best []Challenge, refused []Refused) {
	var realms []string
	byRealm := make(map[string][]Challenge)
	for _, c := range challenges {
		if byRealm[c.Realm] == nil {
			realms = append(realms, c.Realm)
		}
		byRealm[c.Realm] = append(byRealm[c.Realm], c)
	}
	for _, realm := range realms {
		if c, r := strongest(byRealm[realm]); r.Err != nil {
			refused = append(refused, r)
		} else {
			best = append(best, c)
		}
	}
	return best, refused
}

// strongest chooses among the challenges of one realm.
func strongest(challenges []Challenge) (best Challenge, refused Refused) {
	found := false
	lowest := len(algorithms)
	for _, c := range challenges {
		err := c.check()
		if err != nil && refused.Err == nil {
			refused.Err = err
		}
		if err == nil {
			if rank, _ := c.algorithm(); rank < lowest {
				best, lowest, found = c, rank, true
			}
		}
	}
	if found {
		return best, Refused{}
	}
	refused.Realm, refused.Algorithm = challenges[0].Realm, Algorithms(challenges, challenges[0].Realm)
	return Challenge{}, refused
}

// Algorithms names the algorithms that challenges offer in one realm, separated by commas.
func Algorithms(challenges []Challenge, realm string) string {
	var names []string
	for _, c := range challenges {
		if name := c.algorithmName(); c.Realm == realm && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// algorithmName is the algorithm as it is shown: in the spelling of RFC 7616 where it is known.
func (c Challenge) algorithmName() string {
	if rank, ok := c.algorithm(); ok {
		return algorithms[rank].name
	}
	return c.Algorithm
}
