package secret

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Stars stand where a secret was.
const Stars = "***"

// span is a secret in a text.
type span struct {
	from, to int
	label    string // what it belongs to: user and host, or the name of a parameter and the host
}

// Mask returns a value without the passwords of user:password@host in it, with a scheme or without, plain or percent-encoded, and without
// the values of parameters whose names are those of secrets. All else can still be read.
func Mask(value string) string { return masked(value, find(value)) }

// MaskText is Mask for a text that is no single value, such as a message or a line of a log: only the passwords of URIs with a scheme are
// secrets there, and a URI ends with a space, a quote or an angle bracket.
func MaskText(text string) string {
	if !mayHold(text) {
		return text
	}
	return masked(text, inText(text))
}

// MaskBytes is MaskText, without a copy where there is no secret.
func MaskBytes(text []byte) []byte {
	if !mayHold(text) {
		return text
	}
	whole := string(text)
	spans := inText(whole)
	if len(spans) == 0 {
		return text
	}
	return []byte(masked(whole, spans))
}

// mayHold reports whether inText is worth its time, which it is not for most SIP messages: a word with two colons before an @, or
// a URL with a query.
func mayHold[T string | []byte](text T) bool {
	colons, slashes := 0, false
	for i := 0; i < len(text); {
		n, end := next(text, i)
		if end {
			colons = 0
		}
		switch text[i] {
		case ':':
			colons++
			slashes = slashes || i+2 < len(text) && text[i+1] == '/' && text[i+2] == '/'
		case '@':
			if colons > 1 {
				return true
			}
		case '?':
			if slashes {
				return true
			}
		}
		i += n
	}
	return false
}

// next is the next part of a text: one octet, or in JSON and quoted strings of SIP an escaped one, and whether a word ends with it. Escaped
// quotes and backslashes are parts of a word.
func next[T string | []byte](text T, i int) (length int, end bool) {
	switch text[i] {
	case ' ', '\t', '\r', '\n', '"', '<', '>':
		return 1, true
	case '\\':
		if i+1 == len(text) {
			return 1, true
		}
		switch text[i+1] {
		case 'n', 'r', 't':
			return 2, true
		case 'u':
			return min(6, len(text)-i), true
		}
		return 2, false
	}
	return 1, false
}

func masked(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	last := 0
	for _, s := range spans {
		b.WriteString(text[last:s.from])
		b.WriteString(Stars)
		last = s.to
	}
	b.WriteString(text[last:])
	return b.String()
}

// maxDecoded is how often a value is decoded to find a URI in it.
const maxDecoded = 3

// find returns the secrets in a value, in order and apart from each other.
func find(value string) []span {
	if !strings.ContainsAny(value, "@%?") {
		return nil
	}
	all := append(userInfos(value, 0), parameters(value)...)
	if !strings.Contains(value, "%") {
		return apart(all)
	}
	text, at := value, []int(nil)
	for range maxDecoded {
		next, places := decoded(text, at)
		if next == text {
			break
		}
		text, at = next, places
		for _, s := range append(userInfos(text, 0), parameters(text)...) {
			all = append(all, span{at[s.from], at[s.to], s.label})
		}
	}
	return apart(all)
}

// inText returns the secrets in a text that is no single value.
func inText(text string) (all []span) {
	for from := 0; from < len(text); {
		n, gap := 0, 0
		for from+n < len(text) {
			part, end := next(text, from+n)
			if end {
				gap = part
				break
			}
			n += part
		}
		if part := text[from : from+n]; strings.ContainsAny(part, "@?") {
			for start, end, ok := scheme(part, 0); ok; start, end, ok = scheme(part, end) {
				if s, _, found := userInfo(part, start, end); found {
					all = append(all, span{from + s.from, from + s.to, s.label})
				}
			}
			if strings.Contains(part, "://") {
				for _, s := range parameters(part) {
					all = append(all, span{from + s.from, from + s.to, s.label})
				}
			}
		}
		from += n + gap
	}
	return apart(all)
}

// apart sorts spans and joins those that overlap.
func apart(all []span) (sorted []span) {
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	for _, s := range all {
		if n := len(sorted); n > 0 && s.from < sorted[n-1].to {
			if s.to > sorted[n-1].to {
				sorted[n-1].to, sorted[n-1].label = s.to, s.label
			}
			continue
		}
		if s.from < s.to {
			sorted = append(sorted, s)
		}
	}
	return sorted
}

// decoded is a text with its percent-encoding taken away once (RFC 3986 2.1), and where each of its octets stands in the value. Before is
// that of the text itself; nil: it is the value.
func decoded(text string, before []int) (string, []int) {
	var b strings.Builder
	at := make([]int, 0, len(text)+1)
	place := func(i int) int {
		if before == nil {
			return i
		}
		return before[i]
	}
	for i := 0; i < len(text); i++ {
		at = append(at, place(i))
		if text[i] == '%' && i+2 < len(text) {
			if c, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String(), append(at, place(len(text)))
}

var (
	parameter = regexp.MustCompile(`[?&;]([A-Za-z0-9_.%\[\]-]+)=([^&;#\s"'<>]+)`)
	// Names of parameters whose values are secrets besides those that Named knows.
	secretParameter = regexp.MustCompile(`(?i)pass|pwd|pswd|secret|token|api_?key|auth|signature|^sig$`)
	// The vendor's phones take the names of keys to press as the parameter "key".
	pressed = regexp.MustCompile(`^[A-Z0-9_]+$`)
)

// parameters returns the values of parameters of a query that are named like a secret. A variable of an action URL is none.
func parameters(value string) (all []span) {
	query := strings.IndexByte(value, '?')
	if query < 0 {
		return nil
	}
	asked, address := -1, "" // where the query began, and before it
	for _, m := range parameter.FindAllStringSubmatchIndex(value[query:], -1) {
		name, from, to := value[query+m[2]:query+m[3]], query+m[4], query+m[5]
		if next, _, ok := scheme(value[:to], from); ok && next > from && strings.IndexByte(",|", value[next-1]) >= 0 {
			to = next - 1 // the next of a list
		}
		given := value[from:to]
		if strings.HasPrefix(given, "$") || !secretParameter.MatchString(name) && !Is(name, given) || strings.EqualFold(name, "key") && pressed.MatchString(given) {
			continue
		}
		if i := strings.LastIndexByte(value[query:from], '?') + query; i != asked {
			asked, address = i, value[:i]
			if i := strings.LastIndex(address, "://"); i >= 0 {
				address = address[i:]
			}
			address = address[strings.LastIndexByte(address, '@')+1:]
		}
		all = append(all, span{from, to, name + "?" + address})
	}
	return all
}
