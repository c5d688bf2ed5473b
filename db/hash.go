package db

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a password: 32 MiB and some 60 ms on a desktop computer. hashesAtOnce of them fit a small computer.
const (
	hashMemory   = 32 << 10 // KiB
	hashTime     = 3
	hashThreads  = 1
	hashSalt     = 16
	hashKey      = 32
	hashesAtOnce = 2
)

// passwordHash is the argon2id hash of a password (RFC 9106) with what it takes to compute it again.
type passwordHash struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
	salt    []byte
	key     []byte
}

// newHash hashes a password with a new salt.
func newHash(password string) passwordHash {
	h := nobody()
	_, _ = rand.Read(h.salt) // never fails
	h.key = h.of(password)
	return h
}

// nobody is a hash of today's cost that no password has: it makes an unknown account cost what a known one does.
func nobody() passwordHash {
	return passwordHash{hashMemory, hashTime, hashThreads, make([]byte, hashSalt), make([]byte, hashKey)}
}

func (h passwordHash) of(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
}

// matches reports whether it is the hash of the password, in a time that does not tell how nearly.
func (h passwordHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.of(password), h.key) == 1
}

// String writes the PHC string format: $argon2id$v=19$m=32768,t=3,p=1$SALT$KEY.
func (h passwordHash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// errHash does not quote the text, which is as good as a secret.
var errHash = errors.New("stored password is not an argon2id hash")

// parseHash reads the PHC string format. The bounds keep a damaged text from costing minutes or all memory.
func parseHash(text string) (h passwordHash, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return h, errHash
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return h, errHash
	}
	memory, ok1 := cost(costs[0], "m=", 8, 256<<10)
	time, ok2 := cost(costs[1], "t=", 1, 16)
	threads, ok3 := cost(costs[2], "p=", 1, 16)
	if !ok1 || !ok2 || !ok3 || memory < 8*threads {
		return h, errHash
	}
	b64 := base64.RawStdEncoding
	salt, err1 := b64.DecodeString(parts[4])
	key, err2 := b64.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return h, errHash
	}
	h = passwordHash{memory, time, uint8(threads), salt, key}
	if h.String() != text { // base64 overlooks line ends
		return passwordHash{}, errHash
	}
	return h, nil
}

func cost(text, name string, least, most uint64) (uint32, bool) {
	digits, ok := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && n >= least && n <= most
}
