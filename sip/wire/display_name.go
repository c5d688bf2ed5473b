package wire

import (
	"strings"
	"unicode"
)

// MaxDisplayName bounds a display name, in characters.
const MaxDisplayName = 128

// DisplayName is a display name as people read it, of the name of a From, To or Contact: quoted pairs are unescaped (RFC 3261 25.1), what is no
// UTF-8 is U+FFFD, and characters are left out that would control a terminal, a page or the direction of the text around them.
func DisplayName(quoted string) string {
	var b strings.Builder
	n, escaped, space := 0, false, false
	for _, r := range quoted { // an octet that is no UTF-8 comes as U+FFFD
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.IsControl(r), isFormat(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			n++
		}
		space = false
		b.WriteRune(r)
		if n++; n >= MaxDisplayName {
			break
		}
	}
	return b.String()
}

// isFormat reports whether a character only changes how others are shown. The joiners, of which emoji and some scripts are made, may stay.
func isFormat(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.Is(unicode.Cf, r) && r != nonJoiner && r != joiner || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cs, r)
}
